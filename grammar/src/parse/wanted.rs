//! A text and a place in it in, what may be written there out: the words of the
//! language, and of what a name may stand there.
//!
//! The statement or entry that the place is in is parsed as far as it goes, and
//! the grammar says which rules it tried where the text ended. So nothing here
//! knows what follows what.

use std::borrow::Cow;

use crate::ast::{
    Combine, DefaultAnswer, Effect, Mode, PatternKind, RateScope, Severity, Stage, TimeUnit, Type,
};
use crate::parse::expected::{self, STATEMENTS};
use crate::parse::grammar::{PolicyGrammar, Rule};
use crate::parse::lex::{self, Kind, Lexed, Token};
use crate::span::SourceId;

/// What may be written at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words and signs of the language, in the order in which people list them.
    pub words: Vec<&'static str>,
    /// Of what the name may be that stands there.
    pub names: Vec<NameOf>,
    /// The words of the statement or entry before the place, by falling nearness.
    pub before: Vec<String>,
}

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameOf {
    /// A policy to build on.
    Policy,
    /// An action, or a glob over actions.
    Action,
    /// A field of requests.
    Field,
    /// A pattern set.
    PatternSet,
    /// One of the nine intents.
    Intent,
    /// A limit.
    Limit,
    /// A supervisor.
    Supervisor,
    /// A finding.
    Finding,
    /// A value that a field may have; the field stands before it.
    Value,
}

/// What may be written at byte `at` of a text of the language: in the place of the
/// word that ends there, if one does.
///
/// ```
/// use agentos_grammar::{NameOf, wanted};
///
/// let text = "policy p { deny send wh";
/// assert!(wanted(text, text.len()).words.contains(&"when"));
/// let text = "policy p { deny send when text matches ";
/// assert_eq!(wanted(text, text.len()).names, [NameOf::PatternSet]);
/// ```
pub fn wanted(text: &str, at: usize) -> Wanted {
    let text = text.get(..at).unwrap_or(text);
    let lexed = lex::lex(SourceId(0), text);
    let Some(tokens) = open(&lexed) else {
        return Wanted::default();
    };
    let text_of = |token: &Token| lexed.text_of(*token);
    let mut blocks: Vec<usize> = Vec::new();
    let mut start = 0;
    for (index, token) in tokens.iter().enumerate() {
        match text_of(token) {
            "{" => {
                blocks.push(start);
                start = index + 1;
            }
            "}" => {
                blocks.pop();
                start = index + 1;
            }
            ";" => start = index + 1,
            "," if blocks.len() == 2
                && blocks.last().map(|head| text_of(&tokens[*head])) == Some("action")
                && !is_in_list(&lexed, &tokens[start..index]) =>
            {
                start = index + 1;
            }
            _ => {}
        }
    }
    let head = blocks
        .last()
        .and_then(|head| tokens.get(*head))
        .map_or("", text_of);
    let rule = match (blocks.len(), head) {
        (0, _) => Rule::lone_policy_head,
        (1, _) => Rule::lone_statement,
        (2, "limits") => Rule::lone_limit,
        (2, "action") => Rule::lone_param,
        (2, "patterns") => Rule::lone_pattern,
        (2, "intent") => Rule::lone_signal,
        (2, "trust") => Rule::lone_trust_entry,
        _ => return Wanted::default(),
    };
    tried(&lexed, rule, &tokens[start..])
}

/// What may be written at byte `at` of a condition that stands by itself, as in YAML.
pub fn wanted_in_condition(text: &str, at: usize) -> Wanted {
    let text = text.get(..at).unwrap_or(text);
    let lexed = lex::lex(SourceId(0), text);
    match open(&lexed) {
        Some(tokens) => tried(&lexed, Rule::lone_condition, tokens),
        None => Wanted::default(),
    }
}

/// Every fixed word of the language, sorted.
pub fn keywords() -> Vec<&'static str> {
    let mut all: Vec<&'static str> = Rule::all_rules()
        .iter()
        .filter_map(|rule| expected::keyword(*rule))
        .collect();
    let sets = [
        Effect::WORDS,
        DefaultAnswer::WORDS,
        Combine::WORDS,
        Mode::WORDS,
        Stage::WORDS,
        Severity::WORDS,
        RateScope::WORDS,
        PatternKind::WORDS,
        Type::WORDS,
        TimeUnit::LONG_WORDS,
        &["any", "every", "true", "false"],
    ];
    all.extend(sets.into_iter().flatten());
    all.sort_unstable();
    all.dedup();
    all
}

/// The tokens before the word that is being written; nothing inside a text, a
/// comment or a number.
fn open<'l>(lexed: &'l Lexed<'_>) -> Option<&'l [Token]> {
    let end = lexed.text.len();
    let is_broken = lexed.broken.iter().any(|range| range.end == end);
    let in_comment = lexed.comments.last().is_some_and(|comment| {
        let range = comment.text.span.range();
        range.end == end && !lexed.text[range].ends_with("*/")
    });
    if is_broken || in_comment {
        return None;
    }
    let mut tokens = lexed.tokens.as_slice();
    // A dotted name is one word, with a dot at its end too.
    let mut begin = end;
    while let [before @ .., last] = tokens {
        let is_dot = lexed.text_of(*last) == ".";
        let is_glued = last.end as usize == begin;
        match last.kind {
            Kind::Word if is_glued => {}
            Kind::Sign if is_dot && is_glued => {}
            Kind::Number if is_glued && begin == end => return None,
            _ => break,
        }
        begin = last.start as usize;
        tokens = before;
    }
    Some(tokens)
}

fn is_in_list(lexed: &Lexed<'_>, tokens: &[Token]) -> bool {
    let count = |sign: &str| {
        let is_sign = |token: &&Token| lexed.text_of(**token) == sign;
        tokens.iter().filter(is_sign).count()
    };
    count("[") > count("]")
}

/// What the grammar tried after `tokens`.
fn tried(lexed: &Lexed<'_>, rule: Rule, tokens: &[Token]) -> Wanted {
    if lexed.too_large().is_some() {
        return Wanted::default();
    }
    let before: Vec<String> = tokens
        .iter()
        .rev()
        .map(|token| lexed.text_of(*token).to_owned())
        .collect();
    let part = match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => &lexed.text[first.start as usize..last.end as usize],
        _ => "",
    };
    // Tokens stay apart from what follows them.
    let part: Cow<'_, str> = format!("{part} ").into();
    let mut wanted = Wanted {
        before,
        ..Wanted::default()
    };
    // What could end here is not there yet, and is not said to be missing.
    let (at, rules) = match furthest(rule, &part) {
        Some(found) => found,
        None => match furthest(rule, &format!("{part}\u{1}")) {
            Some(found) => found,
            None => return wanted,
        },
    };
    if at < part.trim_end().len() {
        return wanted;
    }
    let head = wanted.before.last().cloned().unwrap_or_default();
    let last = wanted.before.first().cloned().unwrap_or_default();
    for rule in rules {
        wanted.add(rule, &head, &last);
    }
    wanted
}

/// Where reading stopped, and what was tried there.
fn furthest(rule: Rule, text: &str) -> Option<(usize, Vec<Rule>)> {
    use pest::{Parser as _, error::ErrorVariant, error::InputLocation};
    let error = PolicyGrammar::parse(rule, text).err()?;
    let (InputLocation::Pos(at) | InputLocation::Span((at, _))) = error.location;
    match error.variant {
        ErrorVariant::ParsingError { positives, .. } => Some((at, positives)),
        ErrorVariant::CustomError { .. } => None,
    }
}

impl Wanted {
    /// What a rule begins with; `head` is the first word of the statement, `last`
    /// the one before the place.
    fn add(&mut self, rule: Rule, head: &str, last: &str) {
        let name = |of: NameOf| (&[][..], Some(of));
        let words = |words: &'static [&'static str]| (words, None);
        let (fixed, name) = match rule {
            Rule::action_name | Rule::action_names => name(NameOf::Action),
            Rule::set_name | Rule::matches => name(NameOf::PatternSet),
            Rule::field | Rule::test => {
                self.name(NameOf::Field);
                words(&["any", "every"])
            }
            Rule::condition | Rule::conjunction | Rule::negation => {
                self.name(NameOf::Field);
                words(&["not", "exists", "any", "every", "intent"])
            }
            Rule::literal | Rule::boolean => {
                self.name(NameOf::Value);
                words(&["true", "false"])
            }
            Rule::limit => name(NameOf::Limit),
            Rule::name if head == "extends" => name(NameOf::Policy),
            Rule::name if head == "expect" => name(NameOf::Finding),
            Rule::name if head == "normalize" => words(&["strict"]),
            Rule::name if head == "intent" || matches!(last, "[" | ",") => name(NameOf::Intent),
            Rule::name if matches!(last, "to" | "of") => name(NameOf::Supervisor),
            Rule::name if head.is_empty() => name(NameOf::Limit),
            Rule::param_type | Rule::type_word => {
                self.words(Type::WORDS);
                words(&["one"])
            }
            Rule::pattern | Rule::pattern_kind => words(PatternKind::WORDS),
            Rule::default_answer => words(DefaultAnswer::WORDS),
            Rule::combine_way => words(Combine::WORDS),
            Rule::mode_word => words(Mode::WORDS),
            Rule::stage => words(Stage::WORDS),
            Rule::severity_word => words(Severity::WORDS),
            Rule::rate_unit => words(TimeUnit::LONG_WORDS),
            Rule::rate_scope => words(RateScope::WORDS),
            Rule::rate_answer | Rule::effect => words(Effect::WORDS),
            Rule::limit_value => words(&["true", "false"]),
            Rule::policy_head => words(&["policy"]),
            Rule::policy_rule
            | Rule::about
            | Rule::extends
            | Rule::default
            | Rule::combine
            | Rule::mode
            | Rule::normalize
            | Rule::limits
            | Rule::action
            | Rule::patterns
            | Rule::rate
            | Rule::intent
            | Rule::trust
            | Rule::expect => words(STATEMENTS),
            Rule::because => words(&["because"]),
            Rule::within => words(&["within"]),
            Rule::confidence => words(&["at"]),
            Rule::per_scope => words(&["per"]),
            Rule::lookahead => words(&["unless"]),
            Rule::signal => words(&["signal"]),
            _ => match expected::fixed(rule) {
                [] => {
                    self.words.extend(expected::keyword(rule));
                    (&[][..], None)
                }
                fixed => (fixed, None),
            },
        };
        self.words(fixed);
        if let Some(name) = name {
            self.name(name);
        }
    }

    fn words(&mut self, words: &[&'static str]) {
        for word in words {
            if !self.words.contains(word) {
                self.words.push(word);
            }
        }
    }

    fn name(&mut self, of: NameOf) {
        if !self.names.contains(&of) {
            self.names.push(of);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_end(text: &str) -> Wanted {
        wanted(text, text.len())
    }

    #[track_caller]
    fn words(text: &str, some: &[&str]) {
        let wanted = at_end(text);
        for word in some {
            assert!(wanted.words.contains(word), "{text}: {wanted:?}");
        }
    }

    #[track_caller]
    fn names(text: &str, names: &[NameOf]) {
        let wanted = at_end(text);
        assert_eq!(wanted.names, names, "{text}: {wanted:?}");
    }

    #[test]
    fn words_of_the_language_stand_where_the_grammar_takes_them() {
        words("", &["policy"]);
        words(
            "policy p { ",
            &["allow", "deny", "extends", "limits", "trust"],
        );
        words("policy p { al", &["allow"]);
        words(
            "policy p { deny a ",
            &["when", "unless", "because", "severity"],
        );
        words(
            "policy p { deny a when ",
            &["not", "exists", "intent", "any"],
        );
        words(
            "policy p { deny a when b ",
            &["==", "in", "matches", "contains"],
        );
        words("policy p { deny a when b == 1 ", &["and", "or", "because"]);
        words("policy p { default ", DefaultAnswer::WORDS);
        words("policy p { combine ", Combine::WORDS);
        words("policy p { deny a severity ", Severity::WORDS);
        words("policy p { deny a on ", Stage::WORDS);
        words("policy p { action a { b: ", &["string", "shell", "one"]);
        words("policy p { patterns a { ", PatternKind::WORDS);
        words("policy p { intent benign { ", &["signal"]);
        words(
            "policy p { trust { ",
            &["supervisor", "max_escalation_depth"],
        );
        words("policy p { limit a 3 per ", &["minute"]);
        words("policy p { limit a 3 per minute else ", Effect::WORDS);
        words("policy p { deny a when b starts ", &["with"]);
    }

    #[test]
    fn names_stand_where_the_grammar_takes_them() {
        names("policy p { deny ", &[NameOf::Action]);
        names("policy p { deny a, ", &[NameOf::Action]);
        names("policy p { deny a, fi.", &[NameOf::Action]);
        names("policy p { deny a when ", &[NameOf::Field]);
        names("policy p { deny a when context.", &[NameOf::Field]);
        names("policy p { deny a when x == 1 and (", &[NameOf::Field]);
        names("policy p { deny a when exists ", &[NameOf::Field]);
        names(
            "policy p { deny a when text matches ",
            &[NameOf::PatternSet],
        );
        names("policy p { deny a when intent in [", &[NameOf::Intent]);
        names(
            "policy p { deny a when intent in [benign, ",
            &[NameOf::Intent],
        );
        names("policy p { deny a when b == ", &[NameOf::Value]);
        names("policy p { deny a when b in [", &[NameOf::Value]);
        names("policy p { extends ", &[NameOf::Policy]);
        names("policy p { extends a, ", &[NameOf::Policy]);
        names("policy p { intent ", &[NameOf::Intent]);
        names("policy p { expect ", &[NameOf::Finding]);
        names("policy p { limits { ", &[NameOf::Limit]);
        names("policy p { limits { tokens 3; ", &[NameOf::Limit]);
        names("policy p { escalate a to ", &[NameOf::Supervisor]);
    }

    #[test]
    fn nothing_is_wanted_inside_texts_comments_and_what_is_wrong() {
        for text in [
            "policy p { about \"al",
            "policy p { // al",
            "policy p { deny a b c ",
            "policy p { limits { tokens 3",
            "policy p { about \"x\" ",
        ] {
            let wanted = at_end(text);
            assert!(wanted.names.is_empty(), "{text}: {wanted:?}");
            assert!(!wanted.words.contains(&"allow"), "{text}: {wanted:?}");
        }
        let text = "policy p { deny a; } /* x */ ";
        assert_eq!(at_end(text).words, ["policy"]);
    }

    proptest::proptest! {
        /// Editors ask about every text, at every place.
        #[test]
        fn nothing_that_somebody_writes_breaks_it(
            words in proptest::collection::vec(proptest::sample::select(&[
                "policy p {", "}", "{", ";", ",", "[", "]", "(", "deny ", "a.b", "*", "when ",
                "matches ", "==", "\"", "r#\"", "\\", "//", "/*", "*/", "\n", "\r", " ", "limits",
                "action a {", "patterns s {", "intent in [", "trust {", "3", "300s", "é", "😀",
                "expect x", ".", "-", "\0",
            ][..]), 0..24),
        ) {
            let text = words.concat();
            let (file, _) = crate::parse(SourceId(0), &text);
            for at in 0..=text.len() + 1 {
                wanted(&text, at);
                wanted_in_condition(&text, at);
                let parts = crate::at(&file, at);
                assert!(parts.iter().all(|part| text.get(part.span().range()).is_some()));
            }
            let mut end = 0;
            for token in crate::tokens(&text) {
                assert!(end <= token.range.start && text.get(token.range.clone()).is_some());
                end = token.range.end;
            }
        }
    }

    #[test]
    fn a_condition_by_itself_is_known_too() {
        let text = "amount > 0 and ";
        assert_eq!(wanted_in_condition(text, text.len()).names, [NameOf::Field]);
    }
}
