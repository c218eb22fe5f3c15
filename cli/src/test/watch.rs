//! Files that change in, a run at each change out, until it is interrupted.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, RecvError, RecvTimeoutError},
    time::{Duration, Instant},
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::{Test, files, once};
use crate::{
    Status, input,
    output::{self, Failure},
};

/// How long nothing may change before a run, since editors write in several steps.
const SETTLE: Duration = Duration::from_millis(100);
/// How long a run is put off at most, where something changes all the time.
const LONGEST_SETTLE: Duration = Duration::from_secs(2);

enum Event {
    /// Something was written where we look.
    Changed,
    /// Ctrl-C.
    Interrupted,
}

/// Runs now and at every change. A mistake ends nothing: it is there to be mended.
pub(super) fn watch(verb: &Test) -> Result<Status, Failure> {
    let (send, events) = mpsc::channel();
    let interrupted = send.clone();
    ctrlc::set_handler(move || {
        // Where nobody listens any more, the process is ending.
        let _ = interrupted.send(Event::Interrupted);
    })
    .map_err(|error| Failure::Usage(format!("cannot listen for Ctrl-C: {error}")))?;
    // Before the first look, so that no change falls between.
    let with_pages = !verb.update;
    let watcher = watcher(verb, move |event: notify::Result<notify::Event>| {
        // A folder that comes or goes takes files with it.
        let is_ours = |path: &PathBuf| {
            files::is_wanted(path) || (with_pages && files::is_page(path)) || !path.is_file()
        };
        // Where something was missed, it may have been ours; who only reads
        // changes nothing, and we read ourselves.
        let is_ours = event.map_or(true, |event| {
            event.need_rescan() || (!event.kind.is_access() && event.paths.iter().any(is_ours))
        });
        if is_ours {
            let _ = send.send(Event::Changed);
        }
    });
    let _watcher = watcher.map_err(|(folder, error)| {
        let folder = input::name(&folder);
        Failure::Usage(format!("cannot watch `{folder}`: {error}"))
    })?;
    let mut last = None;
    loop {
        let begun = Instant::now();
        let files = files::read(&verb.files).map_err(Failure::Unread);
        let files = files.map_err(|failure| failure.to_string());
        // A file that was only touched says nothing new.
        let texts = files.as_ref().map(|files| files.texts(with_pages));
        let now = Some(texts.map_err(String::clone));
        if last != now {
            if last.is_some() {
                output::complain("\n");
            }
            let ran = files
                .and_then(|files| once(verb, &files, begun).map_err(|failure| failure.to_string()));
            if let Err(message) = ran {
                output::complain(&format!("error: {message}\n"));
            }
            output::complain("watching for changes; Ctrl-C ends it\n");
            last = now;
        }
        if is_interrupted(&events) {
            return Ok(Status::Interrupted);
        }
    }
}

/// Waits for something to happen, and takes all of it until nothing more does.
fn is_interrupted(events: &Receiver<Event>) -> bool {
    let mut event = events.recv();
    let begun = Instant::now();
    loop {
        match event {
            Ok(Event::Changed) if begun.elapsed() < LONGEST_SETTLE => {}
            Ok(Event::Changed) => return false,
            // Nobody is left to tell of changes.
            Ok(Event::Interrupted) | Err(_) => return true,
        }
        event = match events.recv_timeout(SETTLE) {
            Ok(event) => Ok(event),
            Err(RecvTimeoutError::Timeout) => return false,
            Err(RecvTimeoutError::Disconnected) => Err(RecvError),
        };
    }
}

/// Watches the folders that the files of a run stand in: who watches a file
/// loses it when an editor puts another in its place.
fn watcher(
    verb: &Test,
    changed: impl notify::EventHandler,
) -> Result<RecommendedWatcher, (PathBuf, notify::Error)> {
    let here = || PathBuf::from(".");
    let mut watcher = notify::recommended_watcher(changed).map_err(|error| (here(), error))?;
    let mut watch = |folder: &Path, mode| {
        let watched = watcher.watch(folder, mode);
        watched.map_err(|error| (folder.to_owned(), error))
    };
    if verb.files.is_empty() {
        for folder in input::project_folders() {
            watch(&folder, RecursiveMode::Recursive)?;
        }
    }
    for path in &verb.files {
        if path.is_dir() {
            watch(path, RecursiveMode::Recursive)?;
            continue;
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => here(),
        };
        watch(&folder, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}
