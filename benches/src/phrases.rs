//! Sets of patterns as policies have them: a size in, phrases to search for out, the same in every run.

use std::collections::BTreeSet;

use fastrand::Rng;

/// How many patterns the sets have.
pub const SIZES: [usize; 3] = [20, 200, 2_000];

const VERBS: [&str; 40] = [
    "activate", "approve", "archive", "assign", "cancel", "clone", "close", "collect", "convert",
    "deliver", "deploy", "detach", "disable", "download", "enable", "encrypt", "expire", "forward",
    "freeze", "import", "inspect", "install", "invite", "merge", "migrate", "mount", "move",
    "notify", "publish", "refund", "release", "rename", "replace", "restore", "revoke", "rotate",
    "share", "suspend", "transfer", "unlock",
];

const NOUNS: [&str; 50] = [
    "account",
    "address",
    "alias",
    "balance",
    "branch",
    "budget",
    "calendar",
    "campaign",
    "card",
    "certificate",
    "channel",
    "cluster",
    "contract",
    "coupon",
    "credential",
    "customer",
    "dashboard",
    "database",
    "device",
    "domain",
    "employee",
    "endpoint",
    "folder",
    "gateway",
    "identity",
    "image",
    "invoice",
    "ledger",
    "license",
    "mailbox",
    "manifest",
    "member",
    "message",
    "network",
    "order",
    "package",
    "partner",
    "password",
    "payment",
    "payroll",
    "pipeline",
    "record",
    "repository",
    "salary",
    "schedule",
    "secret",
    "session",
    "snapshot",
    "ticket",
    "volume",
];

const MORE: [&str; 12] = [
    "key", "list", "name", "owner", "policy", "request", "server", "setting", "state", "token",
    "value", "window",
];

/// A pattern in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phrase {
    /// These letters.
    Literal(String),
    /// An expression, and a text that it matches.
    Regex {
        /// The expression, which Python's `re` and the `regex` crate read alike.
        expression: String,
        /// A text that it matches.
        example: String,
    },
}

impl Phrase {
    /// As an expression.
    pub fn expression(&self) -> String {
        match self {
            Phrase::Literal(text) => regex_syntax::escape(text),
            Phrase::Regex { expression, .. } => expression.clone(),
        }
    }

    /// A text that it matches.
    pub fn example(&self) -> &str {
        match self {
            Phrase::Literal(text) => text,
            Phrase::Regex { example, .. } => example,
        }
    }
}

/// So many different literals: a verb and one or two nouns, joined by blanks or
/// by `_`.
pub fn literals(count: usize) -> Vec<Phrase> {
    drawn(count, |random, _| Phrase::Literal(literal(random)))
}

/// So many different patterns, seven of ten literals.
pub fn mixed(count: usize) -> Vec<Phrase> {
    drawn(count, |random, at| match at % 10 {
        0 | 3 | 6 => regex(random),
        _ => Phrase::Literal(literal(random)),
    })
}

fn drawn(count: usize, mut draw: impl FnMut(&mut Rng, usize) -> Phrase) -> Vec<Phrase> {
    let mut random = Rng::with_seed(7);
    let mut known = BTreeSet::new();
    let mut phrases = Vec::with_capacity(count);
    while phrases.len() < count {
        let phrase = draw(&mut random, phrases.len());
        if known.insert(phrase.expression()) {
            phrases.push(phrase);
        }
    }
    phrases
}

fn literal(random: &mut Rng) -> String {
    let joint = if random.bool() { " " } else { "_" };
    let mut words = vec![one(random, &VERBS), one(random, &NOUNS)];
    if random.bool() {
        words.push(one(random, &MORE));
    }
    words.join(joint)
}

fn regex(random: &mut Rng) -> Phrase {
    let (verb, noun) = (one(random, &VERBS), one(random, &NOUNS));
    let (expression, example) = match random.u8(..4) {
        0 => (format!(r"\b{verb}\s+{noun}\b"), format!("{verb}  {noun}")),
        1 => (
            format!(r"{verb}[_\-. ]?{noun}\d{{2,4}}"),
            format!("{verb}-{noun}417"),
        ),
        2 => {
            let more = one(random, &MORE);
            (
                format!(r#"{noun}_{more}\s*[:=]\s*['"][^'"]{{8,32}}['"]"#),
                format!("{noun}_{more} = 'correct horse'"),
            )
        }
        _ => (
            format!("{verb}-{noun}-[0-9a-f]{{8}}"),
            format!("{verb}-{noun}-5f2e9a01"),
        ),
    };
    Phrase::Regex {
        expression,
        example,
    }
}

fn one(random: &mut Rng, words: &[&'static str]) -> &'static str {
    words[random.usize(..words.len())]
}

#[cfg(test)]
mod tests {
    use regex::RegexBuilder;

    use super::*;

    #[test]
    fn literals_are_seven_letters_or_more_and_the_smaller_sets_are_in_the_larger() {
        let all = literals(2_000);
        assert!(all.iter().all(|phrase| phrase.example().len() >= 7));
        assert_eq!(all[..200], literals(200));
    }

    #[test]
    fn three_of_ten_mixed_patterns_are_regexes_and_match_their_examples() {
        let mixed = mixed(200);
        let is_regex = |phrase: &&Phrase| matches!(phrase, Phrase::Regex { .. });
        assert_eq!(mixed.iter().filter(is_regex).count(), 60);
        for phrase in mixed {
            let expression = phrase.expression();
            let mut regex = RegexBuilder::new(&expression);
            let regex = regex.case_insensitive(true).build().unwrap();
            assert!(regex.is_match(phrase.example()), "{phrase:?}");
        }
    }
}
