//! Checks agentos policies and compiles them to tables, artifacts and Rust.
//!
//! The path of a policy: [`read()`] gives a syntax tree, [`lower()`] its meaning,
//! [`check()`] what its author hardly means, and [`Plan`] the rows that the
//! runtime reads. [`compile`] walks it. Nothing here but [`build`] does I/O, and
//! nothing depends on a clock, the environment or hash order: the same text
//! gives the same bytes.
#![forbid(unsafe_code)]

pub mod build;
#[cfg(feature = "cases")]
pub mod cases;
pub mod check;
pub mod dialect;
pub mod diff;
pub mod emit;
pub mod finding;
pub mod governance;
pub mod graph;
pub mod ir;
pub mod lower;
pub mod nearest;
pub mod pattern;
pub mod plan;
mod prove;
pub mod read;
pub mod replay;
pub mod review;
pub mod semantic;
pub mod shipped;
pub mod source;

use finding::{Fit, Level, Lint, codes};
use read::is_yaml;

/// The syntax that is compiled: trees, printers, bounds.
pub use agentos_grammar as grammar;
pub use agentos_runtime as runtime;
pub use check::check;
pub use finding::Finding;
pub use lower::lower;
pub use plan::Plan;
pub use read::{Read, read};
pub use source::{Source, Sources};

/// How strictly a compilation looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether warnings and notes are errors.
    pub strict: bool,
    /// Whether it is proved what rules decide, which may take as long as all else:
    /// for what people read, less for what is compiled to be run at once.
    pub proves: bool,
}

/// Compiles texts that belong together.
///
/// There is a plan where no finding is an error. Findings come by place.
///
/// ```
/// use agentos_compiler::{Options, Sources, compile};
///
/// let sources = Sources::one("mail.policy", "policy mail { forbid send_email; }");
/// let (plan, findings) = compile(&sources, &Options::default());
/// assert!(plan.is_none());
/// assert_eq!(findings[0].primary.span.range(), 14..20);
/// ```
pub fn compile(sources: &Sources, options: &Options) -> (Option<Plan>, Vec<Finding>) {
    compiled(sources, *options, &|| true)
}

/// The same for as long as `goes_on` says so, which is asked while proving; `None`
/// where it said no. For editors, whose texts change in the meantime.
///
/// ```
/// use agentos_compiler::{Options, Sources, compile_while};
///
/// let sources = Sources::one("mail.policy", "policy mail { deny *; allow send_email; }");
/// let options = Options { proves: true, ..Options::default() };
/// assert!(compile_while(&sources, &options, &|| true).is_some());
/// assert!(compile_while(&sources, &options, &|| false).is_none());
/// ```
pub fn compile_while(
    sources: &Sources,
    options: &Options,
    goes_on: &dyn Fn() -> bool,
) -> Option<(Option<Plan>, Vec<Finding>)> {
    let compiled = compiled(sources, *options, goes_on);
    goes_on().then_some(compiled)
}

/// What is found while it goes on.
fn compiled(
    sources: &Sources,
    options: Options,
    goes_on: &dyn Fn() -> bool,
) -> (Option<Plan>, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut files = Vec::new();
    let mut dialects = Vec::new();
    for (id, source) in sources.iter() {
        let read = read(id, source);
        findings.extend(read.findings);
        files.push(read.file);
        dialects.push(read.dialect);
    }
    let (program, lowered) = lower(&files);
    findings.extend(lowered.into_iter().filter(|finding| {
        // What a dialect's home looks at from end to end, it looks at so here.
        let dialect = dialects.get(finding.primary.span.source.0 as usize);
        *finding.lint != codes::ANCHORED_TEXT
            || dialect.is_none_or(|dialect| ["policy", "yaml"].contains(dialect))
    }));
    findings.extend(check(&program));
    let expects: Vec<ir::Expect> = program
        .policies
        .iter()
        .flat_map(|policy| policy.expects.iter().cloned())
        .collect();
    // A program with errors has holes.
    let is_whole = findings.iter().all(|finding| finding.level < Level::Error);
    let plan = if is_whole {
        Plan::new(program, sources)
    } else {
        Err(plan::outgrown_in(&program))
    };
    match &plan {
        Ok(plan) if options.proves => findings.extend(check::deciding::check(plan, goes_on)),
        Ok(_) => {}
        Err(outgrown) => findings.extend(outgrown.iter().cloned()),
    }
    let plan = plan.ok();
    let is_proved = options.proves && plan.is_some();
    let is_looked_for = |lint: &Lint| is_proved || !check::deciding::finds(lint);
    let mut findings = expected(&expects, is_looked_for, findings);
    let mut fit = Fit::new(sources);
    findings.retain_mut(|finding| {
        if is_yaml(&sources.get(finding.primary.span.source).name) {
            finding.speak_yaml();
        }
        fit.fit(finding);
        if options.strict {
            finding.level = Level::Error;
        }
        finding.level > Level::Note
    });
    findings.sort_by_key(|finding| {
        let span = finding.primary.span;
        (span.source, span.start, span.end, finding.lint.code)
    });
    let broken = findings.iter().any(|finding| finding.level == Level::Error);
    (plan.filter(|_| !broken), findings)
}

/// Takes out what an `expect` says is fine, and reports each `expect` that
/// nothing answered to. An error cannot be expected away.
fn expected(
    expects: &[ir::Expect],
    is_looked_for: impl Fn(&Lint) -> bool,
    findings: Vec<Finding>,
) -> Vec<Finding> {
    let mut answered = vec![false; expects.len()];
    let mut left: Vec<Finding> = findings
        .into_iter()
        .filter(|finding| {
            let mut silenced = false;
            for (expect, answered) in expects.iter().zip(&mut answered) {
                if std::ptr::eq(expect.lint, finding.lint)
                    && finding.lint.level < Level::Error
                    && expect.about.contains(finding.primary.span)
                {
                    *answered = true;
                    silenced = true;
                }
            }
            !silenced
        })
        .collect();
    for (expect, _) in expects
        .iter()
        .zip(answered)
        .filter(|(expect, answered)| !answered && is_looked_for(expect.lint))
    {
        let name = expect.lint.name;
        let finding = if expect.lint.level == Level::Error {
            Finding::new(
                &codes::UNFULFILLED_EXPECT,
                expect.span,
                format!("`{name}` is an error and cannot be expected"),
            )
            .help("mend what it finds")
        } else {
            Finding::new(
                &codes::UNFULFILLED_EXPECT,
                expect.span,
                format!("`{name}` is expected here, and nothing of the kind is found"),
            )
            .other(expect.about, "about this")
            .help("take the `expect` out")
            .without_statement(expect.span, "`expect`")
        };
        left.push(finding);
    }
    left
}
