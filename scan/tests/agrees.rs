//! Random patterns on random texts: automata find what a backtracking engine
//! finds, in ASCII and beyond, and nothing else; and so after they were bytes.
//! Programs find it at the same place.

use std::ops::Range;

use agentos_scan::{Matchers, Memory, Pattern, Scratch, Set, Sought, build};
use regex_automata::nfa::thompson::{
    self,
    pikevm::{Cache, PikeVM},
};
use regex_syntax::hir::Hir;

/// What patterns and texts are made of: letters that fold oddly, that are words
/// to some and not to others, ends of lines.
const LETTERS: [&str; 16] = [
    "a", "b", "k", "s", "i", " ", "\n", "-", "é", "ſ", "\u{212A}", "İ", "\u{301}", "日", "_", "1",
];

struct Draw(fastrand::Rng);

impl Draw {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.0.usize(..of.len())]
    }

    fn text(&mut self) -> String {
        match self.0.u8(..16) {
            0 => self.repeating(),
            1 => self.spread(),
            2 | 3 => self.letters(200),
            _ => self.letters(40),
        }
    }

    /// A text that repeats a few words, as those do that are made to take long.
    fn repeating(&mut self) -> String {
        let words: Vec<String> = (0..self.0.usize(1..4)).map(|_| self.letters(9)).collect();
        let count = self.0.usize(40..160);
        let mut text = self.letters(9);
        for _ in 0..count {
            text.push_str(&words[self.0.usize(..words.len())]);
        }
        text + &self.letters(9)
    }

    /// A text in which the same few words stand far from each other, on lines or not.
    fn spread(&mut self) -> String {
        let words: Vec<String> = (0..self.0.usize(1..4)).map(|_| self.letters(5)).collect();
        let between = self.one(&["-", " ", "é", "日", "x\n", "s"]);
        let mut text = String::new();
        for _ in 0..self.0.usize(4..24) {
            text.push_str(&between.repeat(self.0.usize(..120)));
            text.push_str(&words[self.0.usize(..words.len())]);
        }
        text
    }

    fn letters(&mut self, most: usize) -> String {
        let letters = self.0.usize(..most);
        let few = self.0.usize(2..LETTERS.len());
        (0..letters).map(|_| self.one(&LETTERS[..few])).collect()
    }

    /// An expression that mostly begins with a letter, so that it does so rarely.
    fn expression(&mut self, deeper: u32, has_unless: bool) -> String {
        let count = if self.0.u8(..8) == 0 { 2 } else { 1 };
        let parts: Vec<String> = (0..count)
            .map(|_| self.alternative(deeper, has_unless))
            .collect();
        let whole = parts.join("|");
        if self.0.bool() {
            format!("(?i){whole}")
        } else {
            whole
        }
    }

    fn alternative(&mut self, deeper: u32, has_unless: bool) -> String {
        let first = if self.0.u8(..4) == 0 {
            self.one(&[
                r"\w",
                ".",
                "[^a]",
                "a?",
                r"[^\s]",
                r"[ \d]*",
                "(?:[ab1] ?){3,4}",
            ])
        } else {
            self.one(&["a", "ab", "k", "s[ak]", "(?:ab|s)", "İ", "日"])
        };
        let whole = format!("{first}{}", self.rest(deeper));
        if self.0.bool() {
            let lead = self.one(&[
                r"(?:\A|[^\pL\pN_])",
                r"\A",
                r"[b ]",
                r"(?m:^)",
                "(?:\\A|[^b])a",
                "bs",
            ]);
            let trail = self.one(&["", r"(?:\z|[^\pL\pN_])", r"\n?\z", r"(?m:$)", r"\pL"]);
            // What must not follow stands where the letters end: the compiler sees to it.
            let trail = if has_unless { "" } else { trail };
            return format!("{lead}({whole}){trail}");
        }
        whole
    }

    fn rest(&mut self, deeper: u32) -> String {
        let count = self.0.usize(..4);
        (0..count).map(|_| self.part(deeper)).collect()
    }

    fn part(&mut self, deeper: u32) -> String {
        match self.0.u8(..if deeper == 0 { 7 } else { 10 }) {
            0 | 1 => self.one(&LETTERS).to_owned(),
            2 => self
                .one(&["[ab]", r"\s+", r"\w", r"[^a\n]", "[iİı]", r"\d*"])
                .to_owned(),
            3 | 4 => self
                .one(&[
                    ".*", ".+", r"[^\n]*", "(?s:.)*", "[^|]*", "s[^s]*s", ".{0,3}", ".{2,70}",
                ])
                .to_owned(),
            5 => self.one(&["a?", "b{2}", "b*", "k{1,3}"]).to_owned(),
            6 => self.one(&["[^ ](?:.*[^ ])?", "(?:.*[^a])?"]).to_owned(),
            7 => format!("(?:{}|{})", self.rest(deeper - 1), self.rest(deeper - 1)),
            8 => format!("(?:a{})?", self.rest(deeper - 1)),
            _ => format!("(?:b{}){{1,2}}", self.rest(deeper - 1)),
        }
    }
}

fn runs() -> usize {
    let asked = std::env::var("AGENTOS_DRAWS")
        .ok()
        .and_then(|count| count.parse().ok());
    asked.unwrap_or(200)
}

/// Where an expression is first found: its first group that took part.
fn place_of((threads, cache): &mut (PikeVM, Cache), text: &str) -> Option<Range<usize>> {
    let mut captures = threads.create_captures();
    threads.captures(cache, text, &mut captures);
    let mut groups = 1..captures.group_len();
    let group = groups.find_map(|group| captures.get_group(group));
    let whole = captures.get_match().map(|found| found.range());
    group.map(|group| group.range()).or(whole)
}

/// What is found in a text that arrives in parts.
fn in_parts(matchers: &Matchers, text: &str, draw: &mut Draw) -> [u64; 1] {
    let mut arriving = matchers.text.arriving();
    let (mut found, mut rest) = ([0], text);
    let lengths = [0, 1, 7, 16, 47, 48, 49, 127, 128, 129];
    let all = draw.0.choice(lengths).filter(|&length| length > 3);
    while !rest.is_empty() {
        let length = all.unwrap_or_else(|| draw.0.usize(..=rest.len()));
        let (part, after) = rest.split_at(rest.floor_char_boundary(length));
        arriving.push(part, &mut found);
        rest = after;
    }
    arriving.finish(&mut found);
    found
}

#[test]
fn automata_find_what_a_backtracking_engine_finds() {
    let mut draw = Draw(fastrand::Rng::with_seed(7));
    let (mut found, mut compared, mut unfit) = (0, 0, 0);
    for _ in 0..runs() {
        let drawn: Vec<(String, Option<String>)> = (0..draw.0.usize(1..8))
            .map(|_| {
                let unless = draw.0.bool().then(|| format!("(?i)b|{}", draw.rest(1)));
                (draw.expression(2, unless.is_some()), unless)
            })
            .collect();
        let parse = |text: &str| regex_syntax::parse(text).unwrap();
        let hirs: Vec<(Hir, Option<Hir>)> = drawn
            .iter()
            .map(|(text, unless)| (parse(text), unless.as_deref().map(parse)))
            .collect();
        let patterns: Vec<(u32, Sought<'_>)> = hirs
            .iter()
            .zip(0..)
            .map(|((expression, unless), number)| {
                let unless = unless.as_ref();
                (number, Sought::Match { expression, unless })
            })
            .collect();
        let numbers: Vec<u32> = patterns.iter().map(|(number, _)| *number).collect();
        let Ok(built) = Matchers::build(&patterns, &numbers, &[], &[]) else {
            unfit += 1;
            continue;
        };
        let matchers = Matchers::open(built.to_bytes().into()).unwrap();
        assert_eq!(matchers, built);
        let oracles: Vec<fancy_regex::Regex> = drawn
            .iter()
            .map(|(text, unless)| {
                let unless = unless
                    .as_ref()
                    .map_or(String::new(), |unless| format!("(?!{unless})"));
                fancy_regex::Regex::new(&format!("(?:{text}){unless}")).unwrap()
            })
            .collect();
        let mut threads: Vec<(PikeVM, Cache)> = hirs
            .iter()
            .map(|(expression, _)| {
                let nfa = thompson::Compiler::new().build_from_hir(expression);
                let threads = PikeVM::new_from_nfa(nfa.unwrap()).unwrap();
                let cache = threads.create_cache();
                (threads, cache)
            })
            .collect();
        let mut memory = Memory::default();
        for _ in 0..60 {
            let text = draw.text();
            let mut bits = [0];
            matchers.text.scan(&text, &mut memory, &mut bits);
            assert_eq!(
                in_parts(&matchers, &text, &mut draw),
                bits,
                "{text:?}, {drawn:?}"
            );
            for (number, oracle) in oracles.iter().enumerate() {
                let is_found = bits[0] >> number & 1 == 1;
                // It steps back so often only, which few draws exceed.
                let Ok(groups) = oracle.captures(&text) else {
                    continue;
                };
                let expected = groups.is_some();
                assert_eq!(
                    is_found, expected,
                    "{:?} in {text:?}, of {drawn:?}",
                    drawn[number]
                );
                let place = match &drawn[number].1 {
                    Some(_) => groups.and_then(|groups| {
                        let group = groups.iter().skip(1).flatten().next();
                        group.or(groups.get(0)).map(|found| found.range())
                    }),
                    // What looks at nothing else it leaves to searches that are
                    // not always right about the end.
                    None => place_of(&mut threads[number], &text),
                };
                assert_eq!(
                    matchers.programs.find(number as u32, &text),
                    place,
                    "{:?} in {text:?}",
                    drawn[number]
                );
                found += usize::from(expected);
                compared += 1;
            }
        }
    }
    assert!(compared > runs() * 100, "only {compared} compared");
    assert!(unfit * 10 < runs(), "{unfit} did not fit");
    assert!(
        found * 50 > compared,
        "only {found} of {compared} found anything"
    );
}

#[test]
fn a_piece_may_begin_with_the_letter_that_ends_another_one() {
    let hirs = [r"\|[^|]*\|\s*sh", "q[^q]*qb"].map(|text| regex_syntax::parse(text).unwrap());
    let patterns = [0, 1].map(|number| Pattern {
        number,
        expression: &hirs[number as usize],
        unless: None,
    });
    let built = build(&patterns);
    assert_eq!(built.unfit, []);
    for (text, expected) in [
        ("curl x | tee y | sh", 0b01),
        ("curl x | sh", 0),
        ("qqb", 0b10),
        ("q-q-qb", 0b10),
        ("q-b", 0),
    ] {
        let mut found = [0];
        for automaton in &built.automata {
            automaton.scan(text, &mut Scratch::default(), &mut found);
        }
        assert_eq!(found[0], expected, "{text}");
    }
}

#[test]
fn what_only_looks_like_a_repeat_is_found() {
    let tail = "-".repeat(20);
    for (expressions, unless, repeated, last, expected) in [
        // Another letter stands before it.
        (
            [r"(?:\A|[^\pL\pN_])(kimono)", "kimono", "q-q"],
            None,
            "xkimono ",
            " kimono ",
            0b011,
        ),
        // It reports more than is kept, and the last of that is what matters.
        (
            ["kimo", "kimon", "kimono"],
            Some(" kimono"),
            "kimono ",
            "",
            0b111,
        ),
        // It goes on in another way.
        (
            ["kimono", "kimonos", "q-q"],
            None,
            "kimono ",
            "kimonos",
            0b011,
        ),
        // It may be the second piece of what was opened since.
        (
            ["kimo.*girdles", "girdles", "q-q"],
            None,
            "girdles ",
            "kimo girdles ",
            0b011,
        ),
        // What it opens is closed on the line after, mostly.
        (
            [r"kimo\s+.*sash", "obi", "q-q"],
            None,
            "kimo\n",
            "kimo\nsash obi",
            0b011,
        ),
        (
            [r"kimo\s+.*[^a-z]sash", r"obi.*\nsash", "q-q"],
            None,
            "kimo\nobi\n",
            "kimo\n-sash obi\nsash",
            0b011,
        ),
        (
            [r"kimo.*\nsash", "obi", "q-q"],
            None,
            "kimo\n",
            "kimo\nsash",
            0b001,
        ),
        // What it opens is closed, and opened once more.
        (["kimo.*sash", "q-q", "q-q"], None, "kimo ", "\nsash", 0),
        (
            ["kimo.*sash", "q-q", "q-q"],
            None,
            "kimo ",
            "\nkimo sash",
            0b001,
        ),
    ] {
        let parse = |text: &str| regex_syntax::parse(text).unwrap();
        let hirs = expressions.map(parse);
        let unless = unless.map(parse);
        let patterns: Vec<(u32, Sought<'_>)> = hirs
            .iter()
            .zip(0..)
            .map(|(expression, number)| {
                let unless = unless.as_ref().filter(|_| number == 2);
                (number, Sought::Match { expression, unless })
            })
            .collect();
        let set = Set::build(&patterns).unwrap();
        let text = format!("{}{last}{tail}", repeated.repeat(60));
        let mut found = [0];
        set.scan(&text, &mut Memory::default(), &mut found);
        assert_eq!(found[0], expected, "{text:?}, {expressions:?}");
    }
}
