//! Patterns that find nothing that another one beside them does not.

use std::cell::OnceCell;

use agentos_runtime::{Number, matchers::Finder, table::Matcher};

use crate::{
    finding::{Finding, codes},
    ir::{Pattern, Policy},
    prove::{
        example::example,
        language::{Around, Language},
        matching::Sought,
        member::{Member, Wanted, member},
    },
};

pub(super) fn check(policy: &Policy, found: &mut Vec<Finding>) {
    for set in &policy.patterns {
        let patterns = set.patterns.iter();
        compare(policy, patterns.map(|pattern| (pattern, 1.into())), found);
    }
    for intent in &policy.intents {
        let signals = intent.signals.iter();
        let signals = signals.map(|signal| (&signal.pattern, signal.weight));
        compare(policy, signals, found);
    }
}

/// A pattern beside others.
struct Compared<'p> {
    pattern: &'p Pattern,
    weight: Number,
    /// The texts in which it is found; none where they are too many to tell.
    language: OnceCell<Option<Language>>,
}

/// How many states a comparison of two patterns may come to.
const MOST_STATES: usize = 4_000;

impl Compared<'_> {
    fn language(&self) -> Option<&Language> {
        let language = || {
            Sought::new(&self.pattern.compiled.matcher())?
                .language()
                .ok()
        };
        self.language.get_or_init(language).as_ref()
    }

    /// A text in which it is found, where one is soon found, and the positions of
    /// all that are found in it.
    fn example(&self, at: usize, finder: &Finder) -> Option<(String, Vec<usize>)> {
        let sought = Sought::new(&self.pattern.compiled.matcher())?;
        let guess = example(&sought.expression).map(|text| {
            let found = finder.find(&text);
            (text, found)
        });
        guess.filter(|(_, found)| found.contains(&at)).or_else(|| {
            let anything = [wanted(self.language()?, Around::Nothing, true)];
            match member(&anything, MOST_STATES) {
                Member::Text(text) => {
                    let found = finder.find(&text);
                    Some((text, found))
                }
                Member::None | Member::NotDecided => None,
            }
        })
    }

    fn is_glob(&self) -> bool {
        matches!(self.pattern.compiled.matcher(), Matcher::Glob(_))
    }
}

/// Compares the policy's own of the patterns that are looked for together, each
/// with its weight.
fn compare<'p>(
    policy: &Policy,
    patterns: impl Iterator<Item = (&'p Pattern, Number)>,
    found: &mut Vec<Finding>,
) {
    // Who extends a policy may say once more what it says: that may change.
    let all: Vec<Compared<'p>> = patterns
        .filter(|(pattern, _)| policy.span.contains(pattern.span))
        .map(|(pattern, weight)| Compared {
            pattern,
            weight,
            language: OnceCell::new(),
        })
        .collect();
    if all.len() < 2 {
        return;
    }
    let matchers = all
        .iter()
        .map(|compared| compared.pattern.compiled.matcher());
    // Those that no automaton finds are errors of their own.
    let Ok(finder) = Finder::new(&matchers.collect::<Vec<_>>()) else {
        return;
    };
    for (at, one) in all.iter().enumerate() {
        let Some((text, there)) = one.example(at, &finder) else {
            continue;
        };
        // What covers it is found in this text as well.
        let covering = there.into_iter().find_map(|other_at| {
            let other = all.get(other_at).filter(|_| other_at != at)?;
            // Of two that find the same, the second one is too many.
            let is_first = other_at < at || other.weight > one.weight;
            let is_covering = other.weight >= one.weight
                && is_covered(one, other)
                && (is_first || !is_covered(other, one));
            is_covering.then_some(other)
        });
        if let Some(other) = covering {
            found.push(covered(one.pattern, other.pattern, &text));
        }
    }
}

fn wanted(language: &Language, around: Around, is_in: bool) -> Wanted<'_> {
    Wanted {
        language,
        around,
        is_in,
    }
}

/// Whether one is found only where the other one is.
fn is_covered(one: &Compared<'_>, other: &Compared<'_>) -> bool {
    // What stands there twice is a finding of its own.
    if one.pattern.compiled == other.pattern.compiled {
        return false;
    }
    let (Some(ours), Some(theirs)) = (one.language(), other.language()) else {
        return false;
    };
    // A glob is looked for in each value, the others in the whole text.
    let places: &[Around] = match (one.is_glob(), other.is_glob()) {
        (false, true) => return false,
        (true, false) => &[Around::Nothing, Around::After, Around::Both],
        (true, true) | (false, false) => &[Around::Nothing],
    };
    theirs.is_exact
        && places.iter().all(|&around| {
            let apart = [
                wanted(ours, Around::Nothing, true),
                wanted(theirs, around, false),
            ];
            member(&apart, MOST_STATES) == Member::None
        })
}

fn covered(one: &Pattern, other: &Pattern, text: &str) -> Finding {
    let message = format!(
        "`{}` is found only where `{}` is, as in {text:?}",
        one.source, other.source
    );
    Finding::new(&codes::COVERED_PATTERN, one.span, message)
        .other(other.span, "this finds it, too")
        .help("take it out, or make the other one narrower")
        .without_whole("pattern")
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use agentos_runtime::{matchers::Finder, table::Matcher};

    use crate::{Options, Sources, compile, finding::codes};

    /// The covered patterns of a policy, and what covers them.
    fn covered(text: &str) -> Vec<(String, String)> {
        let (_, findings) = compile(&Sources::one("a.policy", text), &Options::default());
        findings
            .iter()
            .map(|finding| {
                assert_eq!(
                    finding.lint.code,
                    codes::COVERED_PATTERN.code,
                    "{finding:?}"
                );
                let shown = |span: agentos_grammar::Span| text[span.range()].to_owned();
                (
                    shown(finding.primary.span),
                    shown(finding.secondary[0].span),
                )
            })
            .collect()
    }

    fn pair(one: &str, other: &str) -> (String, String) {
        (one.to_owned(), other.to_owned())
    }

    #[test]
    fn a_pattern_that_another_one_of_its_set_covers_is_named_with_it() {
        let all = covered(
            r#"policy mail {
                patterns a {
                    substring "password"; substring "admin PASSWORD"; glob "*.pem"; glob "id_*.pem";
                    regex r"\btoken\b"; regex r"\btokens?\b"; substring "token-"; substring "wİfi"; substring "fi";
                }
                deny * when text matches a;
            }"#,
        );
        assert_eq!(
            all,
            [
                pair(r#""admin PASSWORD""#, r#""password""#),
                pair(r#""id_*.pem""#, r#""*.pem""#),
                pair(r#"r"\btoken\b""#, r#"r"\btokens?\b""#),
                pair(r#""wİfi""#, r#""fi""#),
            ]
        );
    }

    #[test]
    fn of_two_that_find_the_same_the_second_one_is_named() {
        let all = covered(
            r#"policy mail {
                patterns a { regex r"drop\s+table"; regex r"(drop)\s\s*table"; regex r"drop\s{2,}table"; }
                deny * when text matches a;
            }"#,
        );
        assert_eq!(
            all,
            [
                pair(r#"r"(drop)\s\s*table""#, r#"r"drop\s+table""#),
                pair(r#"r"drop\s{2,}table""#, r#"r"drop\s+table""#),
            ]
        );
    }

    #[test]
    fn what_is_found_in_other_places_or_weighs_more_is_not_covered() {
        let all = covered(
            r#"policy mail {
                patterns a { glob "*secret*"; substring "a secret"; regex r"delete(?!.*where)"; regex r"delete from"; }
                patterns b { substring "delete"; substring "secret"; }
                deny * when text matches a or text matches b;
                intent destructive_data {
                    signal 0.5 r"drop" "a drop"; signal 0.9 r"drop table" "a table";
                }
                intent data_write { signal 0.5 r"insert" "some"; signal 0.5 r"insert into" "more"; }
                deny * when intent in [destructive_data, data_write] at 0.5;
            }"#,
        );
        assert_eq!(all, [pair(r#"r"insert into""#, r#"r"insert""#)]);
    }

    #[test]
    fn what_is_inherited_is_not_compared() {
        let all = covered(
            r#"policy base { patterns a { substring "key"; } deny * when text matches a; }
               policy mail { extends base; patterns a { substring "api key"; substring "pi k"; } }"#,
        );
        assert_eq!(all, [pair(r#""api key""#, r#""pi k""#)]);
    }

    #[test]
    fn in_every_text_with_a_covered_pattern_the_other_one_is_found() {
        let mut draw = fastrand::Rng::with_seed(5);
        let (mut named, mut seen) = (0, 0);
        for _ in 0..150 {
            let mut text = String::from("policy p {\npatterns a {\n");
            for _ in 0..draw.usize(2..7) {
                let part = |draw: &mut fastrand::Rng| {
                    let parts = [
                        "a", "b", "ab", "a+", r"\s", ".*", "[ab]", r"\b", "b?", "(?:a|ba)",
                    ];
                    parts[draw.usize(..parts.len())]
                };
                let count = draw.usize(1..4);
                let regex: String = (0..count).map(|_| part(&mut draw)).collect();
                let line = match draw.u8(..6) {
                    0 => format!("substring \"{}\";", ["a", "ab", "b a"][draw.usize(..3)]),
                    1 => format!(
                        "regex r\"a{regex}\" unless followed by r\"{}b\";",
                        part(&mut draw)
                    ),
                    2 => format!("glob \"{}\";", ["*a", "a*", "*ab*", "?b"][draw.usize(..4)]),
                    _ => format!("regex r\"{regex}a\";"),
                };
                writeln!(text, "{line}").unwrap();
            }
            text.push_str("}\ndeny * when text matches a;\n}");
            let (plan, findings) = compile(&Sources::one("a.policy", &*text), &Options::default());
            let Some(plan) = plan else { continue };
            let set = &plan.program().policies[0].patterns[0];
            let matchers: Vec<Matcher<'_>> = set
                .patterns
                .iter()
                .map(|pattern| pattern.compiled.matcher())
                .collect();
            let finder = Finder::new(&matchers).unwrap();
            let place = |span| set.patterns.iter().position(|pattern| pattern.span == span);
            let pairs: Vec<(usize, usize)> = findings
                .iter()
                .filter(|finding| *finding.lint == codes::COVERED_PATTERN)
                .map(|finding| {
                    let other = place(finding.secondary[0].span).unwrap();
                    (place(finding.primary.span).unwrap(), other)
                })
                .collect();
            named += pairs.len();
            for _ in 0..200 {
                let letters = ['a', 'b', ' ', '\n', 'A', 'é', '\u{301}'];
                let count = draw.usize(..8);
                let drawn: String = (0..count)
                    .map(|_| letters[draw.usize(..letters.len())])
                    .collect();
                let found = finder.find(&drawn);
                for (one, other) in &pairs {
                    let is_found = found.contains(one);
                    seen += usize::from(is_found);
                    assert!(
                        !is_found || found.contains(other),
                        "{one} {other} {drawn:?} {text}"
                    );
                }
            }
        }
        assert!(named > 50 && seen > 1000, "{named} named, {seen} seen");
    }
}
