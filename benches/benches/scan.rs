//! Patterns and texts in, what one search for all of them costs each engine out.
//!
//! `cargo bench -p agentos-benches --bench scan -- intents "8 KB"` prints only
//! the rows that hold each of these words; `building` is one of them.
#![forbid(unsafe_code)]
#![allow(
    clippy::cast_precision_loss,
    reason = "figures are shown in three digits"
)]

use std::{collections::BTreeSet, time::Duration};

use agentos_benches::{
    clock::{Cost, median, race},
    finders::{Corasick, Daachorse, Entrant, Finder, OneByOne, Set, numbers, words},
    ours::{self, Patterns},
    phrases::{self, Phrase, SIZES},
    picked, python,
    report::{Table, duration, ratio, thousands, time},
    signals::{self, Signal, signals},
    texts::{self, BENIGN_NAME, MANY_NAME, Texts},
    vectorscan::{self, Vectorscan},
};
use agentos_grammar::ast::PatternKind;
use agentos_runtime::{Engine, artifact};

/// How often each engine is built; the median is told.
const TIMES: usize = 5;

fn main() {
    let Some(words) = picked() else { return };
    let is_picked = |row: &str| words.iter().all(|word| row.contains(word.as_str()));
    println!("## Searching\n");
    println!(
        "One search for all patterns in one text: the median over batches, engines taking turns."
    );
    match vectorscan::version() {
        Some(version) => println!("Vectorscan is {version}."),
        None => println!("{}", vectorscan::ABSENT),
    }
    println!();
    let mut notes = Vec::new();
    intents(&is_picked, &mut notes);
    repeats(&is_picked);
    arriving(&is_picked, &mut notes);
    sets(&is_picked, &mut notes);
    building(&is_picked);
    opening(&is_picked);
    notes.sort_unstable();
    notes.dedup();
    for note in notes {
        println!("{note}\n");
    }
}

const INTENTS: &str = "intents";

/// The signals of intents in texts as they come and in texts made to take long.
fn intents(is_picked: &dyn Fn(&str) -> bool, notes: &mut Vec<String>) {
    let signals = signals();
    let row = |texts: &Texts| format!("{INTENTS}, {}", texts.name);
    let pick = |all: Vec<Texts>| -> Vec<Texts> {
        let all = all.into_iter();
        all.filter(|texts| is_picked(&row(texts))).collect()
    };
    let (ordinary, adversarial) = (pick(texts::ordinary()), pick(texts::adversarial()));
    let both: Vec<&Texts> = ordinary.iter().chain(&adversarial).collect();
    if both.is_empty() {
        return;
    }
    let mut engines = signal_engines(&signals);
    let costs: Vec<(Vec<usize>, Vec<Cost>)> = both
        .iter()
        .map(|texts| {
            eprintln!("{}", row(texts));
            let found = agree(&mut engines, texts, signals.len(), notes);
            (found, contest(&mut engines, texts, signals.len()))
        })
        .collect();
    eprintln!("{INTENTS}, Python");
    let expressions: Vec<&str> = signals.iter().map(|signal| signal.expression).collect();
    let lists: Vec<&[String]> = both.iter().map(|texts| texts.texts.as_slice()).collect();
    let python = python::search(&expressions, &lists);
    match &python {
        Some(searched) => {
            for ((searched, (found, _)), texts) in searched.iter().zip(&costs).zip(&both) {
                assert_eq!(&searched.found, found, "Python on {}", texts.name);
            }
        }
        None => notes.push(python::ABSENT.to_owned()),
    }
    let cells = |at: usize| -> Vec<String> {
        let ours = costs[at].1[0].nanoseconds();
        let mut peers = peer_cells(&engines, &costs[at].1, &SIGNAL_PEERS);
        peers.extend(match &python {
            Some(searched) => {
                let nanoseconds = searched[at].nanoseconds;
                [time(nanoseconds), ratio(nanoseconds, ours)]
            }
            None => [NONE.to_owned(), String::new()],
        });
        peers
    };
    let peers = SIGNAL_PEERS.iter().flat_map(|&peer| [peer, ""]);
    let peers: Vec<&str> = peers.chain(["Python `re`", ""]).collect();
    if !ordinary.is_empty() {
        let mut table = Table::new(
            &[
                &["patterns, text", "found", "agentos", "GB/s"],
                peers.as_slice(),
            ]
            .concat(),
        );
        for (at, texts) in ordinary.iter().enumerate() {
            let (found, costs) = &costs[at];
            let ours = costs[0].nanoseconds();
            let mut line = vec![
                row(texts),
                found.len().to_string(),
                time(ours),
                format!("{:.2}", texts.mean_length() / ours),
            ];
            line.extend(cells(at));
            table.row(line);
        }
        table.print();
    }
    if !adversarial.is_empty() {
        let benign = ordinary.iter().position(|texts| texts.name == BENIGN_NAME);
        let benign = benign.map(|at| costs[at].1[0].nanoseconds());
        let mut table = Table::new(
            &[
                &["patterns, 8 KB", "found", "agentos", "to benign"],
                peers.as_slice(),
            ]
            .concat(),
        );
        for (at, texts) in (ordinary.len()..).zip(&adversarial) {
            let (found, costs) = &costs[at];
            let ours = costs[0].nanoseconds();
            let mut line = vec![
                row(texts),
                found.len().to_string(),
                time(ours),
                benign.map_or(NONE.to_owned(), |benign| ratio(ours, benign)),
            ];
            line.extend(cells(at));
            table.row(line);
        }
        table.print();
    }
}

/// How many texts that repeat something are drawn.
const REPEATS: usize = 2_000;

/// Texts that repeat some drawn words: most of them, and the slowest for each engine.
fn repeats(is_picked: &dyn Fn(&str) -> bool) {
    let row = format!("{INTENTS}, repeated words");
    if !is_picked(&row) {
        return;
    }
    eprintln!("{row}");
    let signals = signals();
    let mut engines: Vec<Box<dyn Entrant>> = vec![Box::new(our_signals(&signals))];
    if let Some(vectorscan) = signal_vectorscan(&signals) {
        engines.push(Box::new(vectorscan));
    }
    let texts = texts::repeats(REPEATS);
    let mut table = Table::new(&[
        "patterns, 8 KB",
        "engine",
        "median",
        "19 of 20 below",
        "worst",
    ]);
    for engine in &mut engines {
        let mut search = |text: &String| {
            let taken = median(
                TIMES,
                || words(signals::COUNT),
                |mut found| {
                    engine.find(text, &mut found);
                    found
                },
            );
            taken.as_nanos() as f64
        };
        let mut costs: Vec<f64> = texts.iter().map(&mut search).collect();
        costs.sort_unstable_by(f64::total_cmp);
        let at = |part: usize| time(costs[part * (costs.len() - 1) / 20]);
        table.row(vec![
            row.clone(),
            engine.name().to_owned(),
            at(10),
            at(19),
            at(20),
        ]);
    }
    table.print();
}

/// What stands where an engine has no figure.
const NONE: &str = "–";

/// Those beside ours that look for signals, by their names.
const SIGNAL_PEERS: [&str; 3] = ["RegexSet", "one by one", "Vectorscan"];

fn signal_engines(signals: &[Signal]) -> Vec<Box<dyn Entrant>> {
    let mut engines: Vec<Box<dyn Entrant>> = vec![
        Box::new(our_signals(signals)),
        Box::new(signal_set(signals)),
        Box::new(signals_one_by_one(signals)),
    ];
    if let Some(vectorscan) = signal_vectorscan(signals) {
        engines.push(Box::new(vectorscan));
    }
    engines
}

fn our_signals(signals: &[Signal]) -> Patterns {
    let texts = signals.iter().map(|signal| signal.expression);
    let compiled = ours::compile_patterns(texts.map(|text| (PatternKind::Regex, text)));
    Patterns::new(&compiled)
}

fn signal_set(signals: &[Signal]) -> Set {
    let whole = |signal: &Signal| {
        let is_whole = signal.before_look_ahead.is_none();
        is_whole.then_some(signal.expression)
    };
    Set::new(&signals.iter().map(whole).collect::<Vec<_>>())
}

fn signals_one_by_one(signals: &[Signal]) -> OneByOne {
    let expressions = signals.iter().map(|signal| signal.expression);
    OneByOne::new(&expressions.collect::<Vec<_>>())
}

fn signal_vectorscan(signals: &[Signal]) -> Option<Vectorscan> {
    let expression = |signal: &Signal| {
        let start = signal.before_look_ahead.unwrap_or(signal.expression);
        start.to_owned()
    };
    let expressions: Vec<String> = signals.iter().map(expression).collect();
    let cut = (0..).zip(signals);
    let cut = cut.filter(|(_, signal)| signal.before_look_ahead.is_some());
    Vectorscan::new(&expressions, cut.map(|(number, _)| number).collect())
}

/// The kinds of sets of patterns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Literals,
    Mixed,
}

impl Kind {
    const ALL: [Kind; 2] = [Kind::Literals, Kind::Mixed];

    const fn name(self) -> &'static str {
        match self {
            Kind::Literals => "literals",
            Kind::Mixed => "mixed",
        }
    }

    /// Those beside ours that look for them, by their names.
    const fn peers(self) -> &'static [&'static str] {
        match self {
            Kind::Literals => &["aho-corasick", "daachorse", "Vectorscan"],
            Kind::Mixed => &["RegexSet", "Vectorscan"],
        }
    }

    fn phrases(self, size: usize) -> Vec<Phrase> {
        match self {
            Kind::Literals => phrases::literals(size),
            Kind::Mixed => phrases::mixed(size),
        }
    }
}

/// Sets of literals, alone and mixed with regexes, in eight kilobytes.
fn sets(is_picked: &dyn Fn(&str) -> bool, notes: &mut Vec<String>) {
    for kind in Kind::ALL {
        let mut columns = vec!["patterns, text", "patterns", "found", "agentos"];
        columns.extend(kind.peers().iter().flat_map(|&peer| [peer, ""]));
        let mut table = Table::new(&columns);
        let mut is_empty = true;
        for size in SIZES {
            let phrases = kind.phrases(size);
            let examples: Vec<&str> = phrases.iter().map(Phrase::example).collect();
            let benign = texts::ordinary().into_iter();
            let benign = benign.filter(|texts| [BENIGN_NAME, MANY_NAME].contains(&texts.name));
            let hits = Texts::one("8 KB, hits", texts::with(&examples.join("\n"), 12));
            let texts: Vec<(String, Texts)> = benign
                .chain([hits])
                .map(|texts| (format!("{}, {}", kind.name(), texts.name), texts))
                .filter(|(row, _)| is_picked(row))
                .collect();
            if texts.is_empty() {
                continue;
            }
            is_empty = false;
            let mut engines = set_engines(kind, &phrases);
            for (row, texts) in &texts {
                eprintln!("{row}, {size} patterns");
                let found = agree(&mut engines, texts, size, notes);
                let costs = contest(&mut engines, texts, size);
                let mut line = vec![
                    row.clone(),
                    thousands(size as f64),
                    found.len().to_string(),
                    time(costs[0].nanoseconds()),
                ];
                line.extend(peer_cells(&engines, &costs, kind.peers()));
                table.row(line);
            }
        }
        if !is_empty {
            table.print();
        }
    }
}

fn set_engines(kind: Kind, phrases: &[Phrase]) -> Vec<Box<dyn Entrant>> {
    let ours = our_set(phrases);
    let mut engines: Vec<Box<dyn Entrant>> = vec![Box::new(ours)];
    match kind {
        Kind::Literals => {
            engines.push(Box::new(Corasick::new(&literal_texts(phrases))));
            engines.push(Box::new(Daachorse::new(&literal_texts(phrases))));
        }
        Kind::Mixed => engines.push(Box::new(phrase_set(phrases))),
    }
    if let Some(vectorscan) = phrase_vectorscan(phrases) {
        engines.push(Box::new(vectorscan));
    }
    engines
}

fn our_set(phrases: &[Phrase]) -> Patterns {
    Patterns::new(&ours::compile_patterns(as_patterns(phrases)))
}

fn as_patterns(phrases: &[Phrase]) -> impl Iterator<Item = (PatternKind, &str)> {
    phrases.iter().map(|phrase| match phrase {
        Phrase::Literal(text) => (PatternKind::Substring, text.as_str()),
        Phrase::Regex { expression, .. } => (PatternKind::Regex, expression.as_str()),
    })
}

fn literal_texts(phrases: &[Phrase]) -> Vec<&str> {
    phrases.iter().map(Phrase::example).collect()
}

fn phrase_set(phrases: &[Phrase]) -> Set {
    let expressions: Vec<String> = phrases.iter().map(Phrase::expression).collect();
    let expressions = expressions.iter().map(|text| Some(text.as_str()));
    Set::new(&expressions.collect::<Vec<_>>())
}

fn phrase_vectorscan(phrases: &[Phrase]) -> Option<Vectorscan> {
    let expressions: Vec<String> = phrases.iter().map(Phrase::expression).collect();
    Vectorscan::new(&expressions, Vec::new())
}

/// What it takes to build each engine, and to keep it.
fn building(is_picked: &dyn Fn(&str) -> bool) {
    let mut table = Table::new(&["building", "patterns", "engine", "time", "to ours", "bytes"]);
    let mut is_empty = true;
    let mut add = |name: &str, size: usize, built: Vec<Built>| {
        let ours = built[0].taken.as_nanos() as f64;
        for built in built {
            is_empty = false;
            table.row(vec![
                format!("building, {name}"),
                thousands(size as f64),
                built.engine,
                duration(built.taken),
                if built.is_step {
                    String::new()
                } else {
                    ratio(built.taken.as_nanos() as f64, ours)
                },
                built.bytes.map_or(NONE.to_owned(), |bytes| {
                    thousands(f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)))
                }),
            ]);
        }
    };
    if is_picked(&format!("building, {INTENTS}")) {
        eprintln!("building, {INTENTS}");
        let signals = signals();
        let texts = || signals.iter().map(|signal| signal.expression);
        let compile = || ours::compile_patterns(texts().map(|text| (PatternKind::Regex, text)));
        let mut built = vec![
            Built::new(|| our_signals(&signals)),
            Built::step("agentos, of that the compiler", compile),
            Built::new(|| signal_set(&signals)),
            Built::new(|| signals_one_by_one(&signals)),
        ];
        if vectorscan::version().is_some() {
            built.push(Built::new(|| {
                signal_vectorscan(&signals).expect("it is there")
            }));
        }
        add(INTENTS, signals.len(), built);
    }
    for kind in Kind::ALL {
        if !is_picked(&format!("building, {}", kind.name())) {
            continue;
        }
        for size in SIZES {
            eprintln!("building, {}, {size} patterns", kind.name());
            let phrases = kind.phrases(size);
            let mut built = vec![
                Built::new(|| our_set(&phrases)),
                Built::step("agentos, of that the compiler", || {
                    ours::compile_patterns(as_patterns(&phrases))
                }),
            ];
            match kind {
                Kind::Literals => {
                    let texts = literal_texts(&phrases);
                    built.push(Built::new(|| Corasick::new(&texts)));
                    built.push(Built::new(|| Daachorse::new(&texts)));
                }
                Kind::Mixed => built.push(Built::new(|| phrase_set(&phrases))),
            }
            if vectorscan::version().is_some() {
                built.push(Built::new(|| {
                    phrase_vectorscan(&phrases).expect("it is there")
                }));
            }
            add(kind.name(), size, built);
        }
    }
    if !is_empty {
        table.print();
    }
}

/// How much of a text arrives at a time.
const PART: usize = 4096;

/// A long text that arrives in parts, beside the same at once.
fn arriving(is_picked: &dyn Fn(&str) -> bool, notes: &mut Vec<String>) {
    let long = texts::ordinary().into_iter();
    let long = long.filter(|texts| texts.name.starts_with("1 MB"));
    for texts in long.filter(|texts| is_picked(&format!("{INTENTS}, {}", texts.name))) {
        let text = &texts.texts[0];
        let mut ours = our_signals(&signals());
        let parts: Vec<&str> = split(text);
        let in_parts = median(20 * TIMES, || (), |()| ours.find_in_parts(&parts));
        let at_once = median(
            20 * TIMES,
            || words(signals::COUNT),
            |mut found| {
                ours.find(text, &mut found);
                found
            },
        );
        notes.push(format!(
            "{}, that arrives in parts of {PART} bytes takes agentos {}; at once {}.",
            texts.name,
            duration(in_parts),
            duration(at_once)
        ));
    }
}

/// A text in parts that end between letters.
fn split(mut text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while !text.is_empty() {
        let (part, rest) = text.split_at(text.floor_char_boundary(PART));
        parts.push(part);
        text = rest;
    }
    parts
}

/// How often each artifact is opened; the median is told.
const OPENINGS: usize = 1_000;

/// What it takes to open what was built: an artifact's bytes in, an engine out.
fn opening(is_picked: &dyn Fn(&str) -> bool) {
    let mut table = Table::new(&["opening", "patterns", "bytes", "time"]);
    let mut is_empty = true;
    for name in ["intents", "baseline"] {
        if !is_picked(&format!("opening, {name}")) {
            continue;
        }
        is_empty = false;
        let plan = ours::shipped(name);
        let rows = plan.table();
        let patterns = rows.policies.iter().map(|policy| {
            let sets = policy.patterns.iter().map(|set| set.patterns.len());
            let signals = policy.intents.iter().map(|intent| intent.signals.len());
            sets.chain(signals).sum::<usize>()
        });
        let bytes = artifact::write(&rows).expect("it fits an artifact").leak();
        let bytes: &'static [u8] = bytes;
        let open = || Engine::open(bytes).expect("it was just written");
        table.row(vec![
            format!("opening, {name}"),
            thousands(patterns.max().unwrap_or(0) as f64),
            thousands(bytes.len() as f64),
            duration(median(OPENINGS, || (), |()| open())),
        ]);
    }
    if !is_empty {
        println!("## Opening\n");
        println!("An artifact in memory, to an engine that decides: the median.\n");
        table.print();
    }
}

/// An engine that was built.
struct Built {
    engine: String,
    taken: Duration,
    bytes: Option<usize>,
    /// Whether it is part of what building ours takes.
    is_step: bool,
}

impl Built {
    fn new<F: Finder>(build: impl Fn() -> F) -> Built {
        let finder = build();
        Built {
            engine: finder.name().to_owned(),
            taken: median(TIMES, || (), |()| build()),
            bytes: finder.bytes(),
            is_step: false,
        }
    }

    fn step<T>(name: &str, work: impl Fn() -> T) -> Built {
        Built {
            engine: name.to_owned(),
            taken: median(TIMES, || (), |()| work()),
            bytes: None,
            is_step: true,
        }
    }
}

/// What the first engine finds in some texts.
///
/// Stops the run where another one differs in what it finds exactly. An engine
/// that knows ASCII alone may differ beyond it, which is noted.
fn agree(
    engines: &mut [Box<dyn Entrant>],
    texts: &Texts,
    count: usize,
    notes: &mut Vec<String>,
) -> Vec<usize> {
    let search = |engine: &mut dyn Entrant, text: &str| {
        let mut found = words(count);
        engine.find(text, &mut found);
        numbers(&found)
    };
    let mut all = BTreeSet::new();
    for text in &texts.texts {
        let ours = search(&mut *engines[0], text);
        for engine in &mut engines[1..] {
            let theirs = search(&mut **engine, text);
            let counts = |number: &&usize| !engine.inexact().contains(number);
            let expected: Vec<&usize> = ours.iter().filter(counts).collect();
            let theirs: Vec<&usize> = theirs.iter().filter(counts).collect();
            let (name, of) = (engine.name(), texts.name);
            if !engine.is_bytewise() || text.is_ascii() {
                assert_eq!(theirs, expected, "{name} and agentos on {of}");
            } else if theirs != expected {
                notes.push(format!(
                    "{name} reads bytes: {of}, it finds {theirs:?}, not {expected:?}."
                ));
            }
        }
        all.extend(ours);
    }
    all.into_iter().collect()
}

/// What a search of one text costs each engine.
fn contest(engines: &mut [Box<dyn Entrant>], texts: &Texts, count: usize) -> Vec<Cost> {
    let engines = engines.iter_mut();
    let mut contenders: Vec<_> = engines
        .map(|engine| engine.enter(&texts.texts, count))
        .collect();
    race(&mut contenders, false)
}

/// The figures of engines, and how they are to ours; [`NONE`] for one that is not there.
fn peer_cells(engines: &[Box<dyn Entrant>], costs: &[Cost], peers: &[&str]) -> Vec<String> {
    let ours = costs[0].nanoseconds();
    peers
        .iter()
        .flat_map(|peer| {
            let at = engines.iter().position(|engine| engine.name() == *peer);
            match at.and_then(|at| costs.get(at)) {
                Some(cost) => [time(cost.nanoseconds()), ratio(cost.nanoseconds(), ours)],
                None => [NONE.to_owned(), String::new()],
            }
        })
        .collect()
}
