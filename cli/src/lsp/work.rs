//! What is open in the editor in, the findings of each text out: on threads of their
//! own, so that no request waits for a compilation.
//!
//! One thread compiles without proofs, as soon as nobody types for a moment; another
//! one proves, once nobody did for longer. Both take the newest texts only, and leave
//! out what they have told already.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use agentos_compiler::{Options, compile_while, finding::Level};
use gen_lsp_types::Uri;

use super::{
    Event,
    diagnostics::{Shown, by_file},
    document::{Document, Documents},
    project::{Disk, Project},
    shipped::Shipped,
};

/// The stack of a thread that reads policies: what the main thread usually has.
pub(super) const STACK_BYTES: usize = 8 * 1024 * 1024;
/// However busily somebody types, now and then something is told.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// How a thread checks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub proves: bool,
    pub strict: bool,
    /// So long nothing has to change before it begins.
    pub quiet: Duration,
}

/// Texts to check.
pub(super) struct Job {
    /// Counts the changes.
    pub generation: u64,
    pub open: Documents,
    /// The one that changed, which is looked at first.
    pub first: Option<Uri>,
}

/// What was found in a text.
pub(super) struct Checked {
    pub generation: u64,
    pub uri: Uri,
    pub opened: u64,
    pub version: i32,
    pub is_proved: bool,
    pub shown: Arc<Vec<Shown>>,
}

/// Starts a thread that checks; it ends when nobody sends jobs any more. It gives up a
/// proof once `newest` is another generation.
pub(super) fn start(
    kind: Kind,
    shipped: Arc<Shipped>,
    newest: Arc<AtomicU64>,
    events: Sender<Event>,
) -> std::io::Result<Sender<Job>> {
    let (sender, jobs) = channel();
    let mut worker = Worker {
        kind,
        shipped,
        newest,
        events,
        disk: Disk::default(),
        told: HashMap::new(),
        compiled: Vec::new(),
    };
    thread::Builder::new()
        .name(if kind.proves { "proofs" } else { "checks" }.to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || worker.run(&jobs))?;
    Ok(sender)
}

struct Worker {
    kind: Kind,
    shipped: Arc<Shipped>,
    newest: Arc<AtomicU64>,
    events: Sender<Event>,
    disk: Disk,
    /// What was told of each text last: which opening of it, and what it was compiled with.
    told: HashMap<String, (u64, i32, Project)>,
    /// What was compiled last, for the texts that share it.
    compiled: Vec<Compiled>,
}

struct Compiled {
    project: Project,
    by_file: Vec<Arc<Vec<Shown>>>,
    is_whole: bool,
}

impl Worker {
    fn run(&mut self, jobs: &Receiver<Job>) {
        let mut next = jobs.recv().ok();
        while let Some(job) = next {
            let Some(job) = newest(job, jobs, self.kind.quiet) else {
                return;
            };
            next = self.check(&job, jobs);
            if next.is_none() {
                next = jobs.recv().ok();
            }
        }
    }

    /// Checks all that is open; a newer job ends that, and is given back.
    fn check(&mut self, job: &Job, jobs: &Receiver<Job>) -> Option<Job> {
        let is_first = |document: &&Arc<Document>| Some(&document.uri) == job.first.as_ref();
        let mut documents: Vec<&Arc<Document>> = job.open.iter().collect();
        documents.sort_by_key(|document| !is_first(document));
        let is_open = |uri: &String| documents.iter().any(|document| document.uri.0 == *uri);
        self.told.retain(|uri, _| is_open(uri));
        let mut used: Vec<Project> = Vec::new();
        for document in documents {
            let work = AssertUnwindSafe(|| self.one(job, document));
            // What broke was said on standard error; the text keeps what was told of it.
            if let Ok(project) = catch_unwind(work) {
                used.extend(project);
            } else {
                self.compiled.clear();
            }
            if let Ok(newer) = jobs.try_recv() {
                return Some(newer);
            }
        }
        self.compiled
            .retain(|compiled| used.iter().any(|used| used.is_same(&compiled.project)));
        None
    }

    /// Checks one text, unless that was told of it already.
    fn one(&mut self, job: &Job, document: &Document) -> Option<Project> {
        let is_shipped = document
            .path
            .as_deref()
            .is_some_and(|path| self.shipped.has(path));
        if is_shipped {
            return None;
        }
        let project = self.disk.project(&job.open, document);
        let told = self.told.get(&document.uri.0);
        let is_told = told.is_some_and(|(opened, version, told)| {
            (*opened, *version) == (document.opened, document.version) && told == &project
        });
        if is_told {
            return Some(project);
        }
        let shown = self.shown(job, document, &project)?;
        let checked = Checked {
            generation: job.generation,
            uri: document.uri.clone(),
            opened: document.opened,
            version: document.version,
            is_proved: self.kind.proves,
            shown,
        };
        // Nobody listens only when the server ends.
        let _ = self.events.send(Event::Checked(checked));
        let told = (document.opened, document.version, project.clone());
        self.told.insert(document.uri.0.clone(), told);
        Some(project)
    }

    /// What is found in a text; `None` where a newer one came in between.
    fn shown(
        &mut self,
        job: &Job,
        document: &Document,
        project: &Project,
    ) -> Option<Arc<Vec<Shown>>> {
        let at = self.compiled(job, project)?;
        let all = &self.compiled[at];
        let shown = Arc::clone(&all.by_file[project.main]);
        let has_error =
            |shown: &[Shown]| shown.iter().any(|shown| shown.lint.level == Level::Error);
        if all.is_whole || !self.kind.proves || has_error(&shown) {
            return Some(shown);
        }
        // An error elsewhere is no reason to prove nothing here.
        let alone = self.disk.alone(&job.open, document);
        let at = self.compiled(job, &alone)?;
        let mut more = self.compiled[at].by_file[alone.main].to_vec();
        for known in shown.iter() {
            let is_there = |other: &Shown| other.diagnostic == known.diagnostic;
            if !more.iter().any(is_there) {
                more.push(known.clone());
            }
        }
        Some(Arc::new(more))
    }

    /// The number of these texts among what was compiled.
    fn compiled(&mut self, job: &Job, project: &Project) -> Option<usize> {
        let known = |compiled: &Compiled| compiled.project.is_same(project);
        if let Some(at) = self.compiled.iter().position(known) {
            return Some(at);
        }
        let sources = project.sources();
        let options = Options {
            strict: self.kind.strict,
            proves: self.kind.proves,
        };
        let (newest, proves) = (&self.newest, self.kind.proves);
        let goes_on = || !proves || newest.load(Ordering::Relaxed) == job.generation;
        let (plan, findings) = compile_while(&sources, &options, &goes_on)?;
        let is_whole = plan.is_some()
            || (self.kind.strict && findings.iter().all(|found| found.lint.level < Level::Error));
        let encoding = job.open.encoding;
        let by_file = by_file(project, &sources, findings, encoding, &self.shipped);
        self.compiled.push(Compiled {
            project: project.clone(),
            by_file: by_file.into_iter().map(Arc::new).collect(),
            is_whole,
        });
        Some(self.compiled.len() - 1)
    }
}

/// The newest job, once none came for a while; `None` where none will come any more.
fn newest(mut job: Job, jobs: &Receiver<Job>, quiet: Duration) -> Option<Job> {
    let deadline = Instant::now() + LONGEST_WAIT.max(quiet);
    loop {
        match jobs.recv_timeout(quiet) {
            Ok(newer) => job = newer,
            Err(RecvTimeoutError::Timeout) => return Some(job),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
        if Instant::now() >= deadline {
            return Some(job);
        }
    }
}
