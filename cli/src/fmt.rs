//! `agentos fmt`: policy files in, the same policies as they are best read out.
//!
//! What is printed is read again before it replaces anything: a file is only
//! rewritten when it still says the same.

use std::{
    path::{Path, PathBuf},
    slice,
};

use agentos_compiler::{
    Finding, Source, Sources,
    finding::{Level, visible},
    grammar::{SourceId, ast, normalise, print},
    read,
};

use crate::{
    Status, input,
    output::{self, Failure},
};

/// Writes policies the way they are best read, or in the other spelling.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  agentos fmt policies/*.policy         rewrites the files that are not in form
  agentos fmt --check policies/*.policy lists them, and ends with 1 if there are any
  agentos fmt --to yaml mail.policy     shows the other spelling
  agentos fmt --to dsl rules.yaml -o rules.policy

A file of a dialect is turned into the language by --to, and left alone otherwise.")]
pub(crate) struct Fmt {
    /// Policy files.
    #[arg(value_name = "FILES", required = true)]
    files: Vec<PathBuf>,
    /// Lists the files that would change, and changes none.
    #[arg(long, conflicts_with_all = ["to", "stdout"])]
    check: bool,
    /// Prints the policies in this spelling instead of rewriting their files.
    #[arg(long, value_enum, value_name = "SPELLING")]
    to: Option<Spelling>,
    /// Prints the result instead of rewriting the file.
    #[arg(long)]
    stdout: bool,
    /// Where --to writes its one file [default: standard output]
    #[arg(
        short,
        long,
        value_name = "FILE",
        requires = "to",
        conflicts_with = "stdout"
    )]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Spelling {
    /// The policy language.
    Dsl,
    /// YAML.
    Yaml,
}

pub(crate) fn run(verb: &Fmt) -> Result<Status, Failure> {
    if verb.output.is_some() && verb.files.len() > 1 {
        let message = "`-o` takes one file, and several are to be written";
        return Err(Failure::Usage(message.to_owned()));
    }
    let mut files = Vec::new();
    let mut unread = Vec::new();
    for path in &verb.files {
        match input::read_files(slice::from_ref(path)) {
            Ok(sources) => files.push((path, sources)),
            Err(more) => unread.extend(more),
        }
    }
    if !unread.is_empty() {
        return Err(Failure::Unread(unread));
    }
    let mut status = Status::Fine;
    for (path, sources) in files {
        if one(verb, path, &sources)? == Status::Findings {
            status = Status::Findings;
        }
    }
    Ok(status)
}

fn one(verb: &Fmt, path: &Path, sources: &Sources) -> Result<Status, Failure> {
    let (id, source) = sources
        .iter()
        .next()
        .expect("a file that was read is a source");
    let text = match in_form(id, source, verb.to) {
        Form::Text(text) => text,
        Form::Broken(findings) => {
            output::show_errors(sources, &findings);
            return Ok(Status::Findings);
        }
        Form::Dialect(dialect) => {
            output::complain(&format!(
                "`{}`: left as it is: {dialect}; `--to dsl` prints it in the language\n",
                visible(&source.name),
            ));
            return Ok(Status::Fine);
        }
        Form::Another => {
            return Err(Failure::Usage(format!(
                "`{}`: left as it is: in form it would no longer say the same; please report this",
                visible(&source.name)
            )));
        }
    };
    if let Some(other) = &verb.output {
        output::write_whole(other, text.as_bytes())?;
    } else if verb.to.is_some() || verb.stdout {
        output::print(&text)?;
    } else if text == source.text {
        // In form already.
    } else if verb.check {
        output::print(&format!("{}\n", visible(&source.name)))?;
        return Ok(Status::Findings);
    } else {
        output::write_whole(path, text.as_bytes())?;
    }
    Ok(Status::Fine)
}

/// What a source is in form.
pub(crate) enum Form {
    /// This text.
    Text(String),
    /// Nothing, since it does not read.
    Broken(Vec<Finding>),
    /// Nothing, unless a spelling is asked for: this dialect has no form.
    Dialect(&'static str),
    /// Nothing, since the text would say something else.
    Another,
}

/// A source in form, in its own spelling unless another one is asked for.
pub(crate) fn in_form(id: SourceId, source: &Source, to: Option<Spelling>) -> Form {
    let read = read(id, source);
    let mut levels = read.findings.iter().map(|finding| finding.level);
    if levels.any(|level| level == Level::Error) {
        return Form::Broken(read.findings);
    }
    let own = match read.dialect {
        "policy" => Some(Spelling::Dsl),
        "yaml" => Some(Spelling::Yaml),
        _ => None,
    };
    let Some(spelling) = to.or(own) else {
        return Form::Dialect(read.dialect);
    };
    let text = spell(&read.file, source, spelling);
    if says_the_same(&read.file, &text, spelling) {
        Form::Text(text)
    } else {
        Form::Another
    }
}

fn spell(file: &ast::File, source: &Source, spelling: Spelling) -> String {
    match spelling {
        Spelling::Dsl => print::dsl(file, Some(&source.text)),
        Spelling::Yaml => print::yaml(file, Some(&source.text)),
    }
}

fn says_the_same(file: &ast::File, text: &str, spelling: Spelling) -> bool {
    let name = match spelling {
        Spelling::Dsl => "again.policy",
        Spelling::Yaml => "again.yaml",
    };
    let again = Sources::one(name, text);
    let (id, source) = again.iter().next().expect("a source was just added");
    let again = read(id, source);
    let sound = again
        .findings
        .iter()
        .all(|finding| finding.level != Level::Error);
    // YAML has an order of its own, and every comment is to be kept.
    sound
        && normalise(&again.file) == normalise(file)
        && again.file.comments.len() >= file.comments.len()
}
