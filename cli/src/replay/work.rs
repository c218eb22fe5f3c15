//! Logs and engines in, the tally of all their requests out.
//!
//! One thread reads, some decide, and this one adds up what they counted, in the
//! order of the log: the outcome does not depend on who was faster. There are so
//! many batches and no more; reading waits until one has been added up.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver},
    },
    thread,
};

use agentos_compiler::replay::{Basis, Judges, Line, LineAt, Tally};
use agentos_runtime::{Record, RequestSource};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::log::{Batch, Logs, Row};
use crate::output::Failure;

/// The most threads that decide.
const MOST_THREADS: usize = 64;
/// How many batches there are for each of them.
const BATCHES: usize = 4;

/// Decides every request of `logs`.
pub(super) fn replay<'e>(
    logs: &Logs,
    judges: Judges<'e>,
    examples: usize,
) -> Result<Tally<'e>, Failure> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(MOST_THREADS);
    let (give_back, empty) = mpsc::channel();
    for _ in 0..threads * BATCHES {
        // The receiver is here.
        let _ = give_back.send(Batch::default());
    }
    let (send, full) = mpsc::channel();
    let full = &Mutex::new(full);
    let (tell, told) = mpsc::channel();
    let read = Arc::new(AtomicU64::new(0));
    thread::scope(move |scope| {
        let reader = scope.spawn({
            let read = Arc::clone(&read);
            move || {
                let Ok(first) = empty.recv() else {
                    return Ok(());
                };
                let mut number = 0_u64;
                logs.read(&read, first, |batch| {
                    send.send((number, batch)).ok()?;
                    number += 1;
                    empty.recv().ok()
                })
            }
        });
        for _ in 0..threads {
            let tell = tell.clone();
            scope.spawn(move || {
                while let Some((number, batch)) = next(full) {
                    // Unsaid, a panic would leave the others waiting for this batch.
                    let tally = catch_unwind(AssertUnwindSafe(|| tally(&batch, judges, examples)));
                    if tell.send((number, batch, tally)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(tell);
        let bar = bar(logs.bytes);
        let mut whole = Tally::new(examples);
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        for (number, batch, tally) in told {
            waiting.insert(number, (batch, tally));
            while let Some((batch, tally)) = waiting.remove(&due) {
                whole.merge(tally.unwrap_or_else(|panic| resume_unwind(panic)));
                due += 1;
                // Once all is read, nobody takes it.
                let _ = give_back.send(batch);
                bar.set_position(read.load(Ordering::Relaxed));
            }
        }
        bar.finish_and_clear();
        match reader.join() {
            Ok(ended) => ended.map(|()| whole),
            Err(panic) => resume_unwind(panic),
        }
    })
}

fn next(full: &Mutex<Receiver<(u64, Batch)>>) -> Option<(u64, Batch)> {
    full.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .recv()
        .ok()
}

/// Decides what a batch holds.
fn tally<'e>(batch: &Batch, judges: Judges<'e>, examples: usize) -> Tally<'e> {
    let mut tally = Tally::new(examples);
    for (line, row) in (batch.first..).zip(&batch.lines) {
        let at = LineAt {
            log: batch.log,
            line,
        };
        match row {
            Row::None(message) => tally.add_unreadable(at, message),
            Row::Line(range) => {
                let text = batch.bytes.get(range.clone()).unwrap_or_default();
                if !text.trim_ascii().is_empty() {
                    decide(text, at, judges, &mut tally);
                }
            }
        }
    }
    tally
}

fn decide<'e>(text: &[u8], at: LineAt, judges: Judges<'e>, tally: &mut Tally<'e>) {
    let record = match Record::from_json(text, RequestSource::Host) {
        Ok(record) => record,
        Err(error) => return tally.add_unreadable(at, &error.to_string()),
    };
    let new = Basis::from(&judges.new.decide(&record.request));
    let old = match judges.old {
        Some(old) => Some(Basis::from(&old.decide(&record.request))),
        None => record.decision.map(Basis::from),
    };
    let text = text.get(record.span).unwrap_or_default();
    tally.add(new, old, Line { at, text });
}

/// How far reading has come, on a terminal only.
fn bar(bytes: Option<u64>) -> ProgressBar {
    const STYLE: &str = "{wide_bar} {bytes}/{total_bytes} {eta}";
    const UNKNOWN: &str = "{spinner} {bytes} {elapsed}";
    let style = ProgressStyle::with_template(if bytes.is_some() { STYLE } else { UNKNOWN });
    ProgressBar::with_draw_target(bytes, ProgressDrawTarget::stderr())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
