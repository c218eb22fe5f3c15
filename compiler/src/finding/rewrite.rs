//! What a finding's help says, ready to be done: a stretch of the source and the
//! text to write there instead.
//!
//! A pass says what goes and what comes in its own terms (this name, this rule, that
//! entry of a list). Once all findings are there, each is fitted to the text: quotes
//! stay, a rule goes with its line, an entry with its comma. What does not fit is
//! dropped: a finding without a rewrite is better than a rewrite that breaks a text.

use std::{collections::HashMap, ops::Range};

use agentos_grammar::{Edit, SourceId, Span, Token, TokenKind, tokens};

use crate::{
    finding::{Finding, Level},
    read::{is_yaml, read},
    shipped,
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Any part of a statement or an entry of a block, which goes.
    Whole,
    /// A literal that says this, in front of a byte of which something is put.
    Inside(String, usize),
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

    /// Without the statement or entry that the place is in.
    pub(super) fn without_whole(span: Span, what: &str) -> Rewrite {
        Rewrite::without(span, format!("take the {what} out"), Form::Whole)
    }

    /// A backslash in front of a byte of what a literal says.
    pub(super) fn escape(span: Span, said: String, at: usize) -> Rewrite {
        Rewrite {
            title: "put a `\\` in front of it".to_owned(),
            edit: Edit {
                span,
                text: "\\".to_owned(),
            },
            is_likely: false,
            form: Form::Inside(said, at),
        }
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
    fn fitted<'t>(
        mut self,
        source: &Source,
        tokens: impl FnOnce() -> &'t [Token],
    ) -> Option<Rewrite> {
        let range = self.edit.span.range();
        let written = source.text.get(range.clone())?;
        let in_yaml = is_yaml(&source.name);
        let place = match &self.form {
            Form::Exact => return Some(self),
            Form::Name => {
                self.edit.text = named(written, &self.edit.text)?;
                return Some(self);
            }
            // Where an entry of YAML ends is for its writer to say.
            Form::Statement | Form::Entry | Form::Clause(_) | Form::Whole if in_yaml => {
                return None;
            }
            Form::Statement => with_lines(&source.text, range),
            Form::Whole => with_lines(&source.text, whole(tokens(), &source.text, &range)?),
            Form::Inside(said, at) => {
                let open = written.find(said.as_str())?;
                if written.starts_with('"') {
                    // There a backslash says two.
                    self.edit.text.push('\\');
                }
                let place = range.start + open + at;
                place..place
            }
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

/// Fits rewrites to the texts that they are about.
pub(crate) struct Fit<'s> {
    sources: &'s Sources,
    /// Of those that were asked for, without comments.
    tokens: HashMap<SourceId, Vec<Token>>,
}

impl<'s> Fit<'s> {
    pub(crate) fn new(sources: &'s Sources) -> Fit<'s> {
        let tokens = HashMap::new();
        Fit { sources, tokens }
    }

    /// Leaves those of a finding that fit. Shipped texts are not the user's to change.
    pub(crate) fn fit(&mut self, finding: &mut Finding) {
        let rewrites = std::mem::take(&mut finding.rewrites).into_iter();
        let fitted = rewrites.filter_map(|rewrite| {
            let id = rewrite.edit.span.source;
            if shipped::source(id).is_some() {
                return None;
            }
            let source = self.sources.get(id);
            let known = &mut self.tokens;
            rewrite.fitted(source, || {
                known.entry(id).or_insert_with(|| {
                    let mut tokens = tokens(&source.text);
                    tokens.retain(|token| token.kind != TokenKind::Comment);
                    tokens
                })
            })
        });
        finding.rewrites = fitted.collect();
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

/// The statement or entry of the language that a range is in.
fn whole(tokens: &[Token], text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let is_end = |token: &Token| matches!(&text[token.range.clone()], ";" | "{" | "}");
    let there = tokens.partition_point(|token| token.range.end <= range.start);
    let start = tokens[..there].iter().rposition(is_end);
    let first = tokens.get(start.map_or(0, |before| before + 1))?;
    let last = tokens[there..].iter().find(|token| is_end(token))?;
    let ends = &text[last.range.clone()] == ";" && last.range.start >= range.end;
    ends.then_some(first.range.start..last.range.end)
}

/// The range, and what of its lines is empty without it.
fn with_lines(text: &str, range: Range<usize>) -> Range<usize> {
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
fn with_comma(text: &str, range: Range<usize>) -> Option<Range<usize>> {
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
        check(
            "policy p {\n    patterns s {\n        substring \"ab\";\n        regex r\"xab\";\n    }\n    deny * when text matches s;\n}\n",
            "policy p {\n    patterns s {\n        substring \"ab\";\n    }\n    deny * when text matches s;\n}\n",
        );
        check(
            "policy p { allow a because \"\"; }",
            "policy p { allow a; }",
        );
        check(
            "policy p { about \" \"; allow a; }",
            "policy p { allow a; }",
        );
    }

    #[test]
    fn characters_are_meant_as_they_stand() {
        for (literal, expected) in [
            (r#"r"a(""#, r#"r"a\(""#),
            (r##"r#"a)"#"##, r##"r#"a\)"#"##),
            (r#""[a""#, r#""\\[a""#),
            (r#"r"*a""#, r#"r"\*a""#),
        ] {
            let text =
                |literal: &str| format!("policy p {{ deny * when text matches {literal}; }}");
            check(&text(literal), &text(expected));
        }
        let text = |literal: &str| {
            format!(
                "policy: p\nrules:\n  - deny: '*'\n    when: {{field: text, op: matches, value: {literal}}}\n"
            )
        };
        let expected = (text("'a\\('"), vec![]);
        assert_eq!(mended("a.yaml", &text("'a('")), expected);
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

    /// The texts that the pages of findings show, each with the spelling it is in.
    fn examples() -> impl Iterator<Item = (&'static str, &'static str)> {
        let pages = crate::finding::codes::ALL.iter().map(|lint| lint.page);
        pages.flat_map(|page| {
            let blocks = page.split("```").skip(1).step_by(2);
            blocks.filter_map(|block| {
                let (language, text) = block.split_once('\n')?;
                let name = match language {
                    "policy" => "a.policy",
                    "yaml" => "a.yaml",
                    _ => return None,
                };
                Some((name, text))
            })
        })
    }

    #[test]
    fn what_is_rewritten_in_the_examples_of_pages_is_no_longer_found() {
        let options = Options {
            strict: false,
            proves: true,
        };
        let mut count = 0;
        for (name, text) in examples() {
            let sources = Sources::one(name, text);
            let (_, findings) = compile(&sources, &options);
            for finding in &findings {
                for rewrite in &finding.rewrites {
                    let source = sources.get(rewrite.edit.span.source);
                    let done = rewrite.done(source);
                    let done = done.unwrap_or_else(|| panic!("{}: {rewrite:?}", finding.message));
                    let (_, left) = compile(&Sources::one(name, done.as_str()), &options);
                    let is_it = |other: &&crate::Finding| {
                        other.lint.code == finding.lint.code && other.message == finding.message
                    };
                    let before = findings.iter().filter(is_it).count();
                    let after = left.iter().filter(is_it).count();
                    assert!(after < before, "{}: {rewrite:?}:\n{done}", finding.message);
                    count += 1;
                }
            }
        }
        assert!(count > 25, "{count}");
    }
}
