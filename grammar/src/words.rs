//! The fixed words of the language, and the nearest of them to a wrong one.
//!
//! One table for both spellings, for messages and for the printers: what an
//! enum of the tree is called, in the order in which people list it.

use crate::ast::{
    Combine, Comparison, DefaultAnswer, Effect, Mode, PatternKind, Quantifier, RateScope, Severity,
    Stage, TimeUnit, Type,
};
use crate::span::Span;
use crate::{Edit, SyntaxError, SyntaxErrorKind};

macro_rules! words {
    ($($type:ident { $($variant:ident $word:literal),+ $(,)? })+) => {
        $(
            impl $type {
                /// All of them.
                pub const ALL: &[$type] = &[$($type::$variant),+];
                /// How all of them are written.
                pub const WORDS: &[&str] = &[$($word),+];

                /// How it is written.
                pub const fn word(self) -> &'static str {
                    match self {
                        $($type::$variant => $word),+
                    }
                }

                /// What `word` stands for.
                pub fn from_word(word: &str) -> Option<$type> {
                    match word {
                        $($word => Some($type::$variant),)+
                        _ => None,
                    }
                }
            }
        )+
    };
}

words! {
    Effect { Allow "allow", Audit "audit", Defer "defer", Escalate "escalate", Deny "deny" }
    DefaultAnswer { Deny "deny", Allow "allow", Abstain "abstain" }
    Combine { Strictest "strictest", Priority "priority" }
    Mode { Enforce "enforce", Shadow "shadow" }
    Stage { Input "input", Call "call", Output "output" }
    Severity { Info "info", Low "low", Medium "medium", High "high", Critical "critical" }
    RateScope { Agent "agent", Tenant "tenant" }
    PatternKind { Substring "substring", Regex "regex", Glob "glob" }
    Quantifier { Any "any", Every "every" }
    Comparison {
        Equal "==", NotEqual "!=", Less "<", AtMost "<=", Greater ">", AtLeast ">=",
    }
    // What stands after the number of a duration, and, written out, after the `per` of a rate.
    TimeUnit { Millisecond "ms", Second "s", Minute "m", Hour "h", Day "d" }
}

impl TimeUnit {
    /// The words after the `per` of a rate.
    pub const LONG_WORDS: &[&str] = &["millisecond", "second", "minute", "hour", "day"];

    /// The word after the `per` of a rate: `minute`.
    pub const fn long_word(self) -> &'static str {
        match self {
            TimeUnit::Millisecond => "millisecond",
            TimeUnit::Second => "second",
            TimeUnit::Minute => "minute",
            TimeUnit::Hour => "hour",
            TimeUnit::Day => "day",
        }
    }

    /// What the word after the `per` of a rate stands for.
    pub fn from_long_word(word: &str) -> Option<TimeUnit> {
        TimeUnit::ALL
            .iter()
            .copied()
            .find(|unit| unit.long_word() == word)
    }
}

impl Type {
    /// The types that are one word.
    pub const WORDS: &[&str] = &[
        "string",
        "integer",
        "decimal",
        "boolean",
        "timestamp",
        "shell",
        "sql",
        "path",
        "url",
        "python",
    ];

    /// Those that say what a value is; the rest say what a text is about, and whether
    /// that is looked into is for who reads the tree to say.
    pub const OF_VALUES: &[&str] = &["string", "integer", "decimal", "boolean", "timestamp"];

    /// How a type of one word is written.
    pub const fn word(&self) -> Option<&'static str> {
        Some(match self {
            Type::String => "string",
            Type::Integer => "integer",
            Type::Decimal => "decimal",
            Type::Boolean => "boolean",
            Type::Timestamp => "timestamp",
            Type::Shell => "shell",
            Type::Sql => "sql",
            Type::Path => "path",
            Type::Url => "url",
            Type::Python => "python",
            Type::List(_) | Type::Optional(_) | Type::OneOf(_) => return None,
        })
    }

    /// The type of one word that `word` stands for.
    pub fn from_word(word: &str) -> Option<Type> {
        Some(match word {
            "string" => Type::String,
            "integer" => Type::Integer,
            "decimal" => Type::Decimal,
            "boolean" => Type::Boolean,
            "timestamp" => Type::Timestamp,
            "shell" => Type::Shell,
            "sql" => Type::Sql,
            "path" => Type::Path,
            "url" => Type::Url,
            "python" => Type::Python,
            _ => return None,
        })
    }
}

/// What other policy languages and people say, and what it is here.
const SYNONYMS: &[(&str, &str)] = &[
    // effects
    ("accept", "allow"),
    ("approve", "escalate"),
    ("ask", "escalate"),
    ("block", "deny"),
    ("confirm", "escalate"),
    ("disallow", "deny"),
    ("flag", "audit"),
    ("forbid", "deny"),
    ("grant", "allow"),
    ("kill", "deny"),
    ("log", "audit"),
    ("permit", "allow"),
    ("postpone", "defer"),
    ("prohibit", "deny"),
    ("refuse", "deny"),
    ("reject", "deny"),
    ("review", "escalate"),
    ("warn", "audit"),
    // types
    ("bool", "boolean"),
    ("date", "timestamp"),
    ("datetime", "timestamp"),
    ("double", "decimal"),
    ("file", "path"),
    ("float", "decimal"),
    ("int", "integer"),
    ("long", "integer"),
    ("money", "decimal"),
    ("number", "decimal"),
    ("str", "string"),
    ("text", "string"),
    ("time", "timestamp"),
    ("uri", "url"),
    // units
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("min", "m"),
    ("mins", "m"),
    ("minute", "m"),
    ("minutes", "m"),
    ("hour", "h"),
    ("hours", "h"),
    ("hr", "h"),
    ("day", "d"),
    ("days", "d"),
    ("millis", "ms"),
    ("msec", "ms"),
    ("s", "second"),
    ("sec", "second"),
    ("m", "minute"),
    ("min", "minute"),
    ("h", "hour"),
    ("d", "day"),
    ("ms", "millisecond"),
    // operators
    ("=", "=="),
    ("===", "=="),
    ("is", "=="),
    ("eq", "=="),
    ("equal", "=="),
    ("equals", "=="),
    ("<>", "!="),
    ("=!", "!="),
    ("!==", "!="),
    ("ne", "!="),
    ("neq", "!="),
    ("not_equals", "!="),
    ("=<", "<="),
    ("lte", "<="),
    ("le", "<="),
    ("lt", "<"),
    ("=>", ">="),
    ("gte", ">="),
    ("ge", ">="),
    ("gt", ">"),
    ("&", "and"),
    ("&&", "and"),
    ("|", "or"),
    ("||", "or"),
    ("!", "not"),
    ("has", "contains"),
    ("includes", "contains"),
    ("not_in", "not in"),
    ("notin", "not in"),
    ("one", "in"),
    ("startswith", "starts with"),
    ("begins", "starts with"),
    ("prefix", "starts with"),
    ("endswith", "ends with"),
    ("suffix", "ends with"),
    ("regex", "matches"),
    ("=~", "matches"),
    ("~", "matches"),
    ("glob", "like"),
    ("inside", "under"),
    ("all", "every"),
    ("each", "every"),
    ("some", "any"),
    ("if", "when"),
    ("where", "when"),
    ("except", "unless"),
    // booleans
    ("yes", "true"),
    ("on", "true"),
    ("no", "false"),
    ("off", "false"),
    // the rest
    ("description", "about"),
    ("dry_run", "shadow"),
    ("enforcing", "enforce"),
    ("first", "priority"),
    ("include", "extends"),
    ("import", "extends"),
    ("inherits", "extends"),
    ("literal", "substring"),
    ("message", "because"),
    ("moderate", "medium"),
    ("monitor", "shadow"),
    ("prompt", "input"),
    ("reason", "because"),
    ("request", "call"),
    ("response", "output"),
    ("result", "output"),
    ("strict", "strictest"),
    ("tool", "call"),
    ("user", "agent"),
    ("wildcard", "glob"),
];

/// A longer word than this is nobody's typo.
const LONGEST_TYPO: usize = 64;

/// The one of `known` that `word` was most likely meant to be.
///
/// ```
/// assert_eq!(agentos_grammar::words::nearest("alow", ["allow", "deny"]), Some("allow"));
/// assert_eq!(agentos_grammar::words::nearest("forbid", ["allow", "deny"]), Some("deny"));
/// assert_eq!(agentos_grammar::words::nearest("sing", ["allow", "deny"]), None);
/// ```
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.len() > LONGEST_TYPO {
        return None;
    }
    let word = word.to_lowercase();
    let meant: Vec<&str> = SYNONYMS
        .iter()
        .filter(|(said, _)| *said == word)
        .map(|(_, meant)| *meant)
        .collect();
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let distance = if meant.contains(&candidate) {
            Some(0)
        } else {
            distance(&word, candidate)
        };
        if let Some(distance) = distance
            && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// How far `word` is from `candidate`, when it is near at all.
fn distance(word: &str, candidate: &str) -> Option<usize> {
    let candidate = candidate.to_lowercase();
    let (a, b) = (word.chars().count(), candidate.chars().count());
    let (shorter, longer) = (a.min(b), a.max(b));
    let most = (longer / 3).max(1);
    if longer - shorter <= most {
        let distance = strsim::damerau_levenshtein(word, &candidate);
        if distance <= most && distance < shorter {
            return Some(distance);
        }
    }
    let begins = candidate.starts_with(word) || word.starts_with(&candidate);
    (shorter >= 4 && begins).then_some(longer - shorter)
}

/// The mistake of a word where one of a fixed set belongs; `what` names the set.
pub(crate) fn unknown_word(what: &str, word: &str, span: Span, known: &[&str]) -> SyntaxError {
    let near = nearest(word, known.iter().copied());
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write {}", choice(known)),
    };
    SyntaxError {
        kind: match what {
            "effect" => SyntaxErrorKind::UnknownEffect,
            "operator" => SyntaxErrorKind::UnknownOperator,
            _ => SyntaxErrorKind::UnknownWord,
        },
        span,
        message: format!("unknown {what} `{}`", shown(word)),
        help: Some(help),
        related: None,
        edit: near.map(|near| Edit::boxed(span, near)),
    }
}

/// "`a`, `b` or `c`".
pub(crate) fn choice(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    alternatives(&quoted)
}

/// "a, b or c".
pub(crate) fn alternatives<S: AsRef<str>>(parts: &[S]) -> String {
    let mut text = String::new();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            text.push_str(if i + 1 == parts.len() { " or " } else { ", " });
        }
        text.push_str(part.as_ref());
    }
    text
}

/// A user's text as a message shows it: on one line, short, nothing invisible.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 40;
    let mut shown = String::new();
    for (i, c) in text.chars().enumerate() {
        if i == MOST {
            shown.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
            c if c.is_control() || is_invisible(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// Characters that a reader of the text does not see, or that reorder what he sees.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_word_and_a_stranger_none() {
        for (word, near) in [
            ("alow", "allow"),
            ("dney", "deny"),
            ("DENY", "deny"),
            ("escalte", "escalate"),
            ("block", "deny"),
            ("ask", "escalate"),
        ] {
            assert_eq!(
                nearest(word, Effect::WORDS.iter().copied()),
                Some(near),
                "{word}"
            );
        }
        for word in ["", "x", "zebra", "policy"] {
            assert_eq!(nearest(word, Effect::WORDS.iter().copied()), None, "{word}");
        }
    }

    #[test]
    fn a_word_of_a_megabyte_costs_nothing() {
        assert_eq!(nearest(&"allow".repeat(200_000), ["allow"]), None);
    }

    #[test]
    fn each_word_reads_back_as_what_it_stands_for() {
        for &unit in TimeUnit::ALL {
            assert_eq!(TimeUnit::from_word(unit.word()), Some(unit));
            assert_eq!(TimeUnit::from_long_word(unit.long_word()), Some(unit));
        }
        for word in Type::WORDS {
            assert_eq!(Type::from_word(word).and_then(|ty| ty.word()), Some(*word));
        }
    }

    #[test]
    fn what_is_shown_of_a_text_is_short_and_visible() {
        assert_eq!(shown("a\nb\u{202e}c"), "a\\nb\\u{202e}c");
        assert_eq!(shown(&"x".repeat(50)).chars().count(), 41);
    }
}
