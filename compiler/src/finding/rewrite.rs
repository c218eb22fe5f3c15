//! What a finding's help says, ready to be done: a stretch of the source and the
//! text to write there instead.
//!
//! A pass says what goes and what comes in its own terms (this name, this rule, that
//! entry of a list). Once all findings are there, each is fitted to the text: quotes
//! stay, a rule goes with its line, an entry with its comma. What does not fit is
//! dropped: a finding without a rewrite is better than a rewrite that breaks a text.

use agentos_grammar::{Edit, SourceId, Span};

use crate::{
    finding::Level,
    read::{is_yaml, read},
    source::{Source, Sources},
};

/// One way to mend what a finding finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// What it does, as an order: "write `allow`".
    pub title: String,
    /// The text to change, and what to write there.
    pub edit: Edit,
    /// Whether it is the one thing that was likely meant, and not one way of several.
    pub is_likely: bool,
    /// What the edit is about.
    form: Form,
}

/// What an edit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A name, in quotes or not.
    Name,
    /// A text, letter by letter.
    Exact,
    /// A statement or an entry of a block, which goes.
    Statement,
    /// An entry between commas, which goes.
    Entry,
    /// The value of a clause that begins with this word, which goes.
    Clause(&'static str),
}

impl Rewrite {
    /// Another name in the place of a name.
    pub(super) fn name(span: Span, name: &str) -> Rewrite {
        Rewrite {
            title: format!("write `{name}`"),
            edit: Edit {
                span,
                text: name.to_owned(),
            },
            is_likely: true,
            form: Form::Name,
        }
    }

    /// An edit as it is.
    pub(super) fn exact(title: String, edit: Edit, is_likely: bool) -> Rewrite {
        Rewrite {
            title,
            edit,
            is_likely,
            form: Form::Exact,
        }
    }

    /// A mistake of the grammar and the edit that mends it.
    pub(super) fn of_syntax(edit: Edit) -> Rewrite {
        let title = match edit.text.as_str() {
            "" => "take it out".to_owned(),
            text if edit.span.start == edit.span.end => format!("put in `{text}`"),
            text => format!("write `{text}`"),
        };
        Rewrite::exact(title, edit, true)
    }

    /// Without a statement.
    pub(super) fn without_statement(span: Span, what: &str) -> Rewrite {
        Rewrite::without(span, format!("take the {what} out"), Form::Statement)
    }

    /// Without an entry of a list.
    pub(super) fn without_entry(span: Span) -> Rewrite {
        Rewrite::without(span, "take it out of the list".to_owned(), Form::Entry)
    }

    /// Without a clause; the place is that of what stands after its word.
    pub(super) fn without_clause(span: Span, word: &'static str) -> Rewrite {
        Rewrite::without(span, format!("take the `{word}` out"), Form::Clause(word))
    }

    fn without(span: Span, title: String, form: Form) -> Rewrite {
        Rewrite {
            title,
            edit: Edit {
                span,
                text: String::new(),
            },
            is_likely: false,
            form,
        }
    }

    /// The same for the text as it stands there; nothing where it does not fit.
    pub(super) fn fitted(mut self, source: &Source) -> Option<Rewrite> {
        let range = self.edit.span.range();
        let written = source.text.get(range.clone())?;
        let in_yaml = is_yaml(&source.name);
        let place = match self.form {
            Form::Exact => return Some(self),
            Form::Name => {
                self.edit.text = named(written, &self.edit.text)?;
                return Some(self);
            }
            // Where an entry of YAML ends is for its writer to say.
            Form::Statement | Form::Entry | Form::Clause(_) if in_yaml => return None,
            Form::Statement => with_lines(&source.text, range),
            Form::Entry => with_comma(&source.text, range)?,
            Form::Clause(word) => {
                let before = source.text[..range.start].trim_end();
                let start = before.strip_suffix(word)?.trim_end().len();
                start..range.end
            }
        };
        self.edit.span = Span::new(self.edit.span.source, place.start, place.end);
        Some(self)
    }

    /// The text with the edit done; nothing where that text would be read with more
    /// errors than before.
    pub fn done(&self, source: &Source) -> Option<String> {
        let range = self.edit.span.range();
        source.text.get(range.clone())?;
        let mut text = source.text.clone();
        text.replace_range(range, &self.edit.text);
        let errors = |text: &str| {
            let sources = Sources::one(source.name.as_str(), text);
            let read = read(SourceId(0), sources.get(SourceId(0)));
            let errors = read.findings.iter();
            errors
                .filter(|finding| finding.level == Level::Error)
                .count()
        };
        (errors(&text) <= errors(&source.text)).then_some(text)
    }
}

/// A name in the place of `written`, in its quotes if it has some.
fn named(written: &str, name: &str) -> Option<String> {
    let is_word = |text: &str| {
        let is_inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(is_inside)
    };
    for quote in ['"', '\''] {
        let inner = written
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if inner.is_some() {
            let is_plain = !name.contains(['"', '\'', '\\']) && !name.contains(char::is_control);
            return is_plain.then(|| format!("{quote}{name}{quote}"));
        }
    }
    (is_word(written) && is_word(name)).then(|| name.to_owned())
}

/// The range, and what of its lines is empty without it.
fn with_lines(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let before = text[..range.start].trim_end_matches([' ', '\t']);
    let after = &text[range.end..];
    let blank = after.len() - after.trim_start_matches([' ', '\t', '\r']).len();
    let begins_line = before.is_empty() || before.ends_with('\n');
    let rest = &after[blank..];
    if begins_line && rest.starts_with('\n') {
        before.len()..range.end + blank + 1
    } else if begins_line && rest.is_empty() {
        before.len()..text.len()
    } else if begins_line {
        // A comment behind it stays where the line begins.
        range.start..range.end + blank
    } else {
        before.len()..range.end
    }
}

/// The range with the comma before it, or else the one after it.
fn with_comma(text: &str, range: std::ops::Range<usize>) -> Option<std::ops::Range<usize>> {
    let before = text[..range.start].trim_end();
    if let Some(before) = before.strip_suffix(',') {
        return Some(before.len()..range.end);
    }
    let after = &text[range.end..];
    let rest = after.trim_start().strip_prefix(',')?;
    let comma = after.len() - rest.len();
    let blank = rest.len() - rest.trim_start().len();
    Some(range.start..range.end + comma + blank)
}

#[cfg(test)]
mod tests {
    use crate::{Options, Sources, compile};

    /// The text after the first rewrite of the first finding that has one, and
    /// the codes of what is then still found.
    fn mended(name: &str, text: &str) -> (String, Vec<&'static str>) {
        let options = Options {
            strict: false,
            proves: true,
        };
        let sources = Sources::one(name, text);
        let (_, findings) = compile(&sources, &options);
        let rewrite = findings.iter().find_map(|finding| finding.rewrites.first());
        let rewrite = rewrite.unwrap_or_else(|| panic!("{findings:#?}"));
        let source = sources.get(rewrite.edit.span.source);
        let text = rewrite.done(source).expect("it reads no worse");
        let (_, left) = compile(&Sources::one(name, text.as_str()), &options);
        (text, left.iter().map(|finding| finding.lint.code).collect())
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(mended("a.policy", text), (expected.to_owned(), vec![]));
    }

    #[test]
    fn names_are_mended_in_their_quotes_and_out_of_them() {
        check("policy p { alow a; }", "policy p { allow a; }");
        check(
            "policy p { extends basline; allow a; }",
            "policy p { extends baseline; allow a; }",
        );
        check(
            "policy p { extends \"basline\"; allow a; }",
            "policy p { extends \"baseline\"; allow a; }",
        );
        check(
            "policy p { action a { s: one of [\"open\", \"shut\"] } allow a when s == \"opne\"; }",
            "policy p { action a { s: one of [\"open\", \"shut\"] } allow a when s == \"open\"; }",
        );
        check(
            "policy p { action a { amount: decimal } allow a when params.amuont > 1; }",
            "policy p { action a { amount: decimal } allow a when params.amount > 1; }",
        );
        check(
            "policy p { limits { tokns 3; } allow a; }",
            "policy p { limits { tokens 3; } allow a; }",
        );
    }

    #[test]
    fn slips_of_the_grammar_are_mended() {
        check(
            "policy p { allow a allow b; }",
            "policy p { allow a; allow b; }",
        );
        check("policy p { allow a;; }", "policy p { allow a; }");
        check(
            "policy p { limits { timeout 300 s; } allow a; }",
            "policy p { limits { timeout 300s; } allow a; }",
        );
        check(
            "policy p { action a { n: integer } allow a when 3 < n; }",
            "policy p { action a { n: integer } allow a when n > 3; }",
        );
        check("policy p { allow a; } }", "policy p { allow a; } ");
    }

    #[test]
    fn what_is_too_much_goes_with_its_line_or_comma() {
        check(
            "policy p {\n    allow a;\n    allow a;\n}\n",
            "policy p {\n    allow a;\n}\n",
        );
        check("policy p { allow a priority 3; }", "policy p { allow a; }");
        check(
            "policy p { deny a; allow b, a; }",
            "policy p { deny a; allow b; }",
        );
        check(
            "policy p {\n    allow a;\n    expect repeated;\n    allow b;\n}\n",
            "policy p {\n    allow a;\n    allow b;\n}\n",
        );
        check(
            "policy p {\n    deny *;\n    allow a; // why\n}\n",
            "policy p {\n    deny *;\n    // why\n}\n",
        );
    }

    #[test]
    fn yaml_is_mended_too() {
        assert_eq!(
            mended("a.yaml", "policy: p\nrules:\n  - alow: a\n"),
            ("policy: p\nrules:\n  - allow: a\n".to_owned(), vec![])
        );
        assert_eq!(
            mended(
                "a.yaml",
                "policy: p\nextends: 'basline'\nrules:\n  - allow: a\n"
            ),
            (
                "policy: p\nextends: 'baseline'\nrules:\n  - allow: a\n".to_owned(),
                vec![]
            )
        );
        assert_eq!(
            mended("a.yaml", "policy: no\nrules:\n  - allow: a\n"),
            ("policy: \"no\"\nrules:\n  - allow: a\n".to_owned(), vec![])
        );
    }
}
