//! `agentos test`: policies with their cases in, what does not answer as its
//! cases say out.

mod coverage;
mod files;
mod json;
mod judge;
mod junit;
mod lcov;
mod outcome;
mod text;
mod watch;

use std::{io, path::PathBuf, time::Instant};

use agentos_compiler::{
    Options, Sources,
    finding::{Unread, visible},
};

use crate::{
    Status, input,
    output::{self, Failure},
};
use coverage::Coverage;
use files::{Files, PolicyFile};
use judge::{Asked, judge};
use outcome::Outcome;
use text::Paint;

/// Runs the cases beside policies: request in, effect, rule and reason out.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  agentos test                          the policies of this project
  agentos test policies/mail.policy --coverage
  agentos test --coverage=lcov --coverage-output target/policies.lcov
  agentos test --watch                  again at every change
  agentos test --update                 writes NAME.snap beside each policy, to review

The cases of `mail.policy` stand beside it in `mail.cases.toml`:

  floor = [\"permissive\"]          # policies that are asked beside it; may be left out

  [[request]]
  name = \"a key in the body\"
  action = \"send_email\"           # agent, stage, context and attested go here too
  params.body = \"my API_KEY is 12\"
  decision = \"deny\"
  rule = \"no-secrets\"             # without it: no rule decided
  reason = \"a secret would leave\" # without it: any

Ends with 1 when a case fails, a cases file has a mistake, a page (NAME.snap) does
not say what its policy says, or coverage is too low; with 2 when a file cannot be
read; with 130 when --watch is interrupted.")]
pub(crate) struct Test {
    /// Policy files, cases files, and folders of them [default: .agents and policies]
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,
    /// Runs only the cases whose name has this text.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Shows the rules, patterns and signals that no case reached.
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text"
    )]
    coverage: Option<CoverageFormat>,
    /// Where coverage is written [default: standard output]
    #[arg(long, value_name = "FILE", requires = "coverage")]
    coverage_output: Option<PathBuf>,
    /// Ends with 1 when less than this is covered.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    fail_under: Option<f64>,
    /// Writes the page of each policy beside it, for review.
    #[arg(long, conflicts_with = "filter")]
    update: bool,
    /// Runs again when a policy or a cases file changes, until it is interrupted.
    #[arg(long)]
    watch: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One document with every case.
    Json,
    #[value(help = "JUnit XML, for build servers")]
    Junit,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum CoverageFormat {
    /// For people.
    Text,
    /// One document with every rule, pattern and signal.
    Json,
    /// An LCOV trace file, for editors.
    Lcov,
}

pub(crate) fn run(verb: &Test) -> Result<Status, Failure> {
    check(verb)?;
    if verb.watch {
        return watch::watch(verb);
    }
    let begun = Instant::now();
    match files::read(&verb.files) {
        Ok(files) => once(verb, &files, begun),
        Err(unread) => {
            if verb.format == Format::Json {
                output::print(&json::nothing(&Sources::new(), &[], &unread))?;
            }
            Err(Failure::Unread(unread))
        }
    }
}

/// Says what cannot be asked for together.
fn check(verb: &Test) -> Result<(), Failure> {
    let wrong = |message: &str| Err(Failure::Usage(message.to_owned()));
    if verb.watch && verb.format != Format::Text {
        return wrong("`--watch` is for people to read: it goes with `--format text`");
    }
    let is_to_output = verb.coverage.is_some() && verb.coverage_output.is_none();
    let has_room = match verb.format {
        Format::Text => true,
        // The document has coverage in it.
        Format::Json => verb.coverage != Some(CoverageFormat::Lcov),
        Format::Junit => false,
    };
    if is_to_output && !has_room {
        return wrong(
            "two documents do not fit on standard output\nhelp: name a file for one: `--coverage-output FILE`",
        );
    }
    Ok(())
}

fn percent(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.trim_end_matches('%').trim_end().parse().ok();
    number
        .filter(|percent| (0.0..=100.0).contains(percent))
        .ok_or_else(|| "a number from 0 to 100 belongs here".to_owned())
}

/// One run, and what is printed of it.
fn once(verb: &Test, files: &Files, begun: Instant) -> Result<Status, Failure> {
    let (plan, findings) = agentos_compiler::compile(&files.sources, &Options::default());
    output::show_errors(&files.sources, &findings);
    let Some(plan) = plan else {
        if verb.format == Format::Json {
            output::print(&json::nothing(&files.sources, &findings, &[]))?;
        }
        return Ok(Status::Findings);
    };
    let has_work = files
        .policies
        .iter()
        .any(|file| file.cases.is_some() || file.page.is_some());
    if !has_work && !verb.update {
        return Err(no_cases(files));
    }
    spares_what_is_read(verb, files)?;
    let asked = Asked {
        filter: verb.filter.as_deref(),
        update: verb.update,
    };
    let outcome = judge(files, &plan, &asked, begun)?;
    if let Some(filter) = &verb.filter
        && outcome.ran() == 0
        && outcome.mistakes.is_empty()
    {
        return Err(Failure::Usage(format!(
            "no case has `{filter}` in its name"
        )));
    }
    print(verb, &outcome)?;
    let is_covered = is_covered(verb, &outcome.coverage);
    Ok(if outcome.is_fine() && is_covered {
        Status::Fine
    } else {
        Status::Findings
    })
}

/// Coverage is not written over what it is measured with.
fn spares_what_is_read(verb: &Test, files: &Files) -> Result<(), Failure> {
    let Some(output) = &verb.coverage_output else {
        return Ok(());
    };
    let Ok(place) = output.canonicalize() else {
        return Ok(());
    };
    let is_place = |path: PathBuf| path.canonicalize().is_ok_and(|path| path == place);
    if files
        .policies
        .iter()
        .flat_map(PolicyFile::paths)
        .any(is_place)
    {
        return Err(Failure::Usage(format!(
            "coverage would be written over `{}`, which this run reads\nhelp: name another file after `--coverage-output`",
            visible(&input::name(output))
        )));
    }
    Ok(())
}

/// A run that tests nothing must not look like one that passed.
fn no_cases(files: &Files) -> Failure {
    let first = files.policies.first();
    let name = first.map_or("NAME.cases.toml".into(), |file| {
        file.path.with_extension("cases.toml")
    });
    Failure::Unread(vec![Unread {
        name: input::name(&name),
        message: "there are no cases beside these policies\nhelp: write some here: `agentos test --help` shows how".to_owned(),
    }])
}

fn print(verb: &Test, outcome: &Outcome) -> Result<(), Failure> {
    let coverage = &outcome.coverage;
    output::complain(&text::mistakes(&outcome.mistakes));
    let to_file = verb.coverage.zip(verb.coverage_output.as_ref());
    let to_output = verb.coverage.filter(|_| to_file.is_none());
    let paint = Paint::new(output::is_coloured(&io::stdout()));
    match (verb.format, to_output) {
        (Format::Json, _) => output::print(&json::render(outcome, verb.coverage.is_some()))?,
        (Format::Junit, _) => output::print(&junit::render(outcome)?)?,
        (Format::Text, None) => output::print(&text::render(outcome, paint))?,
        (Format::Text, Some(CoverageFormat::Text)) => {
            let results = text::render(outcome, paint);
            output::print(&(results + &text::coverage(coverage, paint)))?;
        }
        (Format::Text, Some(format @ (CoverageFormat::Json | CoverageFormat::Lcov))) => {
            // Programs read standard output now, and people standard error.
            let paint = Paint::new(output::is_coloured(&io::stderr()));
            output::complain(&text::render(outcome, paint));
            output::print(&covered(format, coverage))?;
        }
    }
    if let Some((format, path)) = to_file {
        output::write_whole(path, covered(format, coverage).as_bytes())?;
    }
    Ok(())
}

/// Coverage as a document of its own.
fn covered(format: CoverageFormat, coverage: &Coverage) -> String {
    match format {
        CoverageFormat::Text => text::coverage(coverage, Paint::default()),
        CoverageFormat::Json => json::coverage(coverage),
        CoverageFormat::Lcov => lcov::render(coverage),
    }
}

/// Whether as much is covered as was asked for; says so where it is not.
fn is_covered(verb: &Test, coverage: &Coverage) -> bool {
    let Some(least) = verb.fail_under else {
        return true;
    };
    let percent = coverage.share().percent();
    if percent < least {
        output::complain(&format!(
            "error: coverage is {percent:.1} %, under {least} %\n"
        ));
    }
    percent >= least
}
