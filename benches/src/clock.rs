//! Closures in, what a call of each costs out: medians of batches, and the slow end of single calls.
//!
//! On a machine that other work shares, a mean says little and two runs one
//! after the other compare two moods of the machine. So the contenders take
//! turns, a batch each, and what is told is the median over batches.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// How long one batch is at least.
const BATCH: Duration = Duration::from_micros(100);

/// For how long each contender is timed, unless it is so slow that
/// [`FEWEST_BATCHES`] take longer.
const BUDGET: Duration = Duration::from_millis(300);

/// How many batches there are at least.
const FEWEST_BATCHES: usize = 3;

/// Below this many single calls, a p99.9 is not told.
const FEWEST_SINGLES: usize = 2_000;

/// Something that answers numbered questions, and what it is called.
pub struct Contender<'a> {
    name: &'static str,
    turn: Box<dyn Turn + 'a>,
}

/// What a call of a contender costs.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// The median over batches, a call, in picoseconds: some take a few nanoseconds.
    picoseconds: u128,
    /// What 999 of 1,000 single calls stay below, where singles were timed.
    pub p999: Option<Duration>,
}

impl Cost {
    /// The median in nanoseconds.
    pub fn nanoseconds(&self) -> f64 {
        self.picoseconds as f64 / 1e3
    }
}

impl<'a> Contender<'a> {
    /// A contender that answers question `0..questions`.
    pub fn new(
        name: &'static str,
        questions: usize,
        answer: impl FnMut(usize) -> bool + 'a,
    ) -> Contender<'a> {
        Contender {
            name,
            turn: Box::new(Asked { questions, answer }),
        }
    }

    /// What it is called.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its answer to a question.
    pub fn answer(&mut self, question: usize) -> bool {
        self.turn.answer(question)
    }
}

/// What is timed of a contender. The loops stand behind this trait, so that a
/// call inside of them is a direct one.
trait Turn {
    fn questions(&self) -> usize;
    fn answer(&mut self, question: usize) -> bool;
    fn batch(&mut self, rounds: u32) -> Duration;
    fn singles(&mut self, into: &mut Vec<Duration>);
}

struct Asked<F> {
    questions: usize,
    answer: F,
}

impl<F: FnMut(usize) -> bool> Turn for Asked<F> {
    fn questions(&self) -> usize {
        self.questions
    }

    fn answer(&mut self, question: usize) -> bool {
        (self.answer)(question)
    }

    fn batch(&mut self, rounds: u32) -> Duration {
        let start = Instant::now();
        for _ in 0..rounds {
            for question in 0..self.questions {
                black_box((self.answer)(black_box(question)));
            }
        }
        start.elapsed()
    }

    fn singles(&mut self, into: &mut Vec<Duration>) {
        for question in 0..self.questions {
            let start = Instant::now();
            black_box((self.answer)(black_box(question)));
            into.push(start.elapsed());
        }
    }
}

struct Record {
    rounds: u32,
    spent: Duration,
    batches: Vec<u128>,
    singles: Vec<Duration>,
}

/// What a call of each contender costs, in their order. With `singles`, calls
/// are timed one by one as well.
pub fn race(contenders: &mut [Contender<'_>], singles: bool) -> Vec<Cost> {
    let mut records: Vec<Record> = contenders
        .iter_mut()
        .map(|contender| Record {
            rounds: rounds(&mut *contender.turn),
            spent: Duration::ZERO,
            batches: Vec::new(),
            singles: Vec::new(),
        })
        .collect();
    let mut first = 0;
    loop {
        let mut done = true;
        for turn in 0..contenders.len() {
            // Another one begins each time, so that nobody always follows the same one.
            let place = (first + turn) % contenders.len();
            let (contender, record) = (&mut contenders[place], &mut records[place]);
            if record.spent >= BUDGET && record.batches.len() >= FEWEST_BATCHES {
                continue;
            }
            done = false;
            let start = Instant::now();
            let taken = contender.turn.batch(record.rounds);
            let calls = u128::from(record.rounds) * contender.turn.questions() as u128;
            record.batches.push(taken.as_nanos() * 1_000 / calls);
            if singles {
                contender.turn.singles(&mut record.singles);
            }
            record.spent += start.elapsed();
        }
        if done {
            return records.into_iter().map(Record::cost).collect();
        }
        first += 1;
    }
}

/// How often all questions are asked for a batch to be long enough.
fn rounds(turn: &mut dyn Turn) -> u32 {
    let mut rounds = 1;
    while turn.batch(rounds) < BATCH {
        rounds *= 2;
    }
    rounds
}

impl Record {
    fn cost(mut self) -> Cost {
        self.batches.sort_unstable();
        self.singles.sort_unstable();
        let p999 = (self.singles.len() >= FEWEST_SINGLES)
            .then(|| self.singles[self.singles.len() * 999 / 1_000]);
        Cost {
            picoseconds: self.batches[self.batches.len() / 2],
            p999,
        }
    }
}

/// The median of what `work` takes, done `times` times; `prepare` is not counted.
pub fn median<T, R>(
    times: usize,
    mut prepare: impl FnMut() -> T,
    mut work: impl FnMut(T) -> R,
) -> Duration {
    let mut taken: Vec<Duration> = (0..times)
        .map(|_| {
            let given = prepare();
            let start = Instant::now();
            let made = black_box(work(black_box(given)));
            let taken = start.elapsed();
            drop(made);
            taken
        })
        .collect();
    taken.sort_unstable();
    taken[taken.len() / 2]
}
