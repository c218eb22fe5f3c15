//! A request in: its text is what a simple version says, and whatever reports
//! point at is there.
//!
//! What begins with `{` is JSON, as requests are sent. Else values are drawn
//! from the bytes: those that JSON cannot spell, and deeper ones.
#![no_main]

use std::sync::LazyLock;

use agentos_compiler::{Options, Sources, compile, pattern::Compiled, semantic};
use agentos_fuzz::engine;
use agentos_runtime::{
    DEEPEST_VALUE, Effect, Engine, Map, Match, Number, Report, Request, RequestProblem,
    RequestSource, SemanticPolicyEngine, Spelling, Value, table::Normalize,
};
use arbitrary::Unstructured;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if bytes.first() != Some(&b'{') {
        let mut draw = Draw(Unstructured::new(bytes));
        if let Ok(request) = draw.request() {
            look(&request, bytes);
        }
        return Corpus::Keep;
    }
    match Request::from_json(bytes, RequestSource::Host) {
        Ok(request) => {
            match Request::from_json(bytes, RequestSource::Wire) {
                Ok(wired) => assert!(wired == request && wired.attested.is_empty()),
                Err(error) => assert_eq!(error.problem, RequestProblem::Attested),
            }
            look(&request, bytes);
        }
        Err(error) => {
            assert!(error.offset <= bytes.len(), "{error}");
            assert!(Request::from_json(bytes, RequestSource::Wire).is_err());
            assert!(!Report::bad_request(&error).to_json().is_empty());
        }
    }
    Corpus::Keep
});

struct Made {
    engine: Engine,
    semantic: SemanticPolicyEngine,
}

static MADE: LazyLock<Made> = LazyLock::new(|| {
    let sources = Sources::one("text.policy", include_str!("text.policy"));
    let (plan, findings) = compile(&sources, &Options::default());
    let plan = plan.unwrap_or_else(|| panic!("{findings:#?}"));
    Made {
        engine: Engine::new(&plan.table()).expect("it was compiled"),
        semantic: semantic::engine()
            .build()
            .expect("nothing is wrong with it"),
    }
});

fn look(request: &Request<'_>, bytes: &[u8]) {
    let simple = Simple::new(request);
    let Made { engine, semantic } = &*MADE;
    let answer = |policy: &'static str| {
        let mut request = request.clone();
        request.policies = vec![policy.into()];
        let decision = engine.decide(&request);
        let report = engine.report(&decision, &request);
        for found in &report.matches {
            simple.as_ref().inspect(|simple| simple.has(found));
        }
        assert!(report.to_json().contains("effect"));
        decision.effect()
    };
    let (plain, strict) = (answer("plain"), answer("strict"));
    assert!(
        strict >= plain,
        "{strict:?} through disguises, {plain:?} without"
    );

    let (action, params) = (&*request.action, &request.params);
    let classified = semantic.classify(action, params);
    match semantic.check(action, params) {
        Ok(allowed) => assert_eq!(allowed, classified),
        Err(denied) => assert!(!denied.classification.explanation.is_empty()),
    }
    assert!((0.0..=1.0).contains(&classified.confidence));
    let signals = semantic.signals(action, params);
    assert_eq!(
        signals.is_err(),
        simple.is_none(),
        "a text that is read, or not"
    );
    for found in signals
        .iter()
        .flatten()
        .filter_map(|signal| signal.at.as_ref())
    {
        simple.as_ref().inspect(|simple| simple.has(found));
    }
    if let Some(simple) = simple {
        simple.parts(request, bytes);
    }
}

/// A text of a request and the parts it has.
struct Simple {
    whole: String,
    /// Field, whether it is its name, and where that stands in the whole.
    parts: Vec<(String, bool, usize, usize)>,
    /// What reports may name and the text does not have.
    others: Vec<(String, String)>,
}

impl Simple {
    /// None where it is too deep.
    fn new(request: &Request<'_>) -> Option<Simple> {
        let mut simple = Simple {
            whole: request.action.to_string(),
            parts: vec![("action".into(), false, 0, request.action.len())],
            others: vec![("agent".into(), request.agent.to_string())],
        };
        if depth(&request.params) > DEEPEST_VALUE {
            return None;
        }
        let mut leaves = Vec::new();
        let mut keys = Vec::new();
        walk_map("params", &request.params, &mut leaves, &mut keys);
        let values = leaves
            .into_iter()
            .map(|(field, value)| (field, false, value));
        let names = keys.into_iter().map(|(field, name)| (field, true, name));
        for (field, is_name, text) in values.chain(names) {
            simple.whole.push(' ');
            let start = simple.whole.len();
            simple.whole.push_str(&text);
            simple
                .parts
                .push((field, is_name, start, simple.whole.len()));
        }
        for (root, map) in [
            ("context", &request.context),
            ("attested", &request.attested),
        ] {
            if depth(map) <= DEEPEST_VALUE {
                walk_map(root, map, &mut simple.others, &mut Vec::new());
            }
        }
        Some(simple)
    }

    /// What a report says was found stands in its field.
    fn has(&self, found: &Match) {
        let inside = |text: &str| text.get(found.start..found.end).is_some();
        let in_text = found.field == "text" && inside(&self.whole);
        let in_part = self.parts.iter().any(|(field, is_name, start, end)| {
            *field == found.field && *is_name == found.in_key && inside(&self.whole[*start..*end])
        });
        let mut others = self.others.iter();
        let in_other = others.any(|(field, text)| *field == found.field && inside(text));
        assert!(
            in_text || in_part || in_other,
            "{found:?} in {:?}",
            self.whole
        );
    }

    /// Parts of the text are found where they stand.
    fn parts(&self, request: &Request<'_>, bytes: &[u8]) {
        // Which parts depends on the input, and on nothing else.
        let mut seed = bytes.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3)
        });
        let mut below = |limit: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize % (limit + 1)
        };
        let mut parts = Vec::new();
        for _ in 0..4 {
            let start = self.whole.floor_char_boundary(below(self.whole.len()));
            let longest = below(24);
            let end = self
                .whole
                .ceil_char_boundary((start + longest).min(self.whole.len()));
            if start < end {
                parts.push(&self.whole[start..end]);
            }
        }
        let patterns: Vec<Compiled> = parts
            .iter()
            .map(|part| Compiled::Regex(regex_syntax::escape(part)))
            .collect();
        let engine = engine(&patterns, Normalize::Never).expect("escaped texts are expressions");
        let mut request = request.clone();
        request.policies.clear();
        request.stage = agentos_runtime::Stage::Call;
        let decision = engine.decide(&request);
        let report = engine.report(&decision, &request);
        assert_eq!(decision.effect() == Effect::Deny, !parts.is_empty());
        assert_eq!(
            report.matches.len(),
            parts.len(),
            "{parts:?} in {:?}",
            self.whole
        );
        for (found, part) in report.matches.iter().zip(&parts) {
            let start = self.whole.find(part).expect("it is a part");
            let end = start + part.len();
            let mut holding = self.parts.iter();
            let holding = holding.find(|(_, _, from, to)| *from <= start && end <= *to);
            let expected = match holding {
                Some((field, is_name, from, _)) => (&**field, *is_name, start - from, end - from),
                None => ("text", false, start, end),
            };
            assert_eq!(
                (&*found.field, found.in_key, found.start, found.end),
                expected,
                "{part:?} in {:?}",
                self.whole
            );
        }
    }
}

fn depth(map: &Map<'_>) -> usize {
    let mut deepest = 0;
    let mut left: Vec<(&Value<'_>, usize)> = map.iter().map(|(_, value)| (value, 0)).collect();
    while let Some((value, depth)) = left.pop() {
        deepest = deepest.max(depth);
        match value {
            Value::List(values) => {
                deepest = deepest.max(depth + 1);
                left.extend(values.iter().map(|value| (value, depth + 1)));
            }
            Value::Map(map) => {
                deepest = deepest.max(depth + 1);
                left.extend(map.iter().map(|(_, value)| (value, depth + 1)));
            }
            _ => {}
        }
    }
    deepest
}

type Named = Vec<(String, String)>;

fn walk_map(field: &str, map: &Map<'_>, leaves: &mut Named, keys: &mut Named) {
    for (key, value) in map.iter() {
        let field = format!("{field}.{key}");
        keys.push((field.clone(), key.to_owned()));
        walk(&field, value, leaves, keys);
    }
}

fn walk(field: &str, value: &Value<'_>, leaves: &mut Named, keys: &mut Named) {
    match value {
        Value::List(values) => {
            for (at, value) in values.iter().enumerate() {
                walk(&format!("{field}[{at}]"), value, leaves, keys);
            }
        }
        Value::Map(map) => walk_map(field, map, leaves, keys),
        leaf => leaves.push((field.to_owned(), spelled(leaf))),
    }
}

/// As Python's `str` spells it.
fn spelled(value: &Value<'_>) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Boolean(true) => "True".into(),
        Value::Boolean(false) => "False".into(),
        Value::String(text) => text.to_string(),
        Value::Number(number, Spelling::Whole) => number.to_string(),
        Value::Number(number, Spelling::Pointed) => float(number.to_f64()),
        Value::OutOfRange(digits) if digits.contains(|c: char| !c.is_ascii_digit() && c != '-') => {
            float(digits.parse().unwrap_or(f64::NAN))
        }
        Value::OutOfRange(digits) => digits.to_string(),
        Value::List(_) | Value::Map(_) => unreachable!("these are walked"),
    }
}

/// As Python's `repr` spells it.
fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    let shown = format!("{value:?}");
    let (digits, exponent) = match shown.split_once('e') {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().expect("an exponent")),
        None if value == 0.0 || value.is_infinite() || (1e-4..1e16).contains(&value.abs()) => {
            return shown;
        }
        None => {
            let scientific = format!("{value:e}");
            let (digits, exponent) = scientific.split_once('e').expect("it has an exponent");
            return with_exponent(digits, exponent.parse().expect("an exponent"));
        }
    };
    if (-4..16).contains(&exponent) {
        return shown;
    }
    with_exponent(digits, exponent)
}

fn with_exponent(digits: &str, exponent: i32) -> String {
    let digits = digits.strip_suffix(".0").unwrap_or(digits);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// What texts and keys are made of.
const WORDS: [&str; 24] = [
    "a",
    "b",
    "c",
    "d",
    "secret",
    "drop",
    "key",
    ".pem",
    " ",
    "\n",
    "é",
    "ß",
    "ſ",
    "\u{212A}",
    "İ",
    "Σ",
    "\u{301}",
    "\u{200B}",
    "ｓecret",
    "%73ecret",
    "c2VjcmV0",
    "日",
    "'",
    "\\x73ecret",
];

struct Draw<'b>(Unstructured<'b>);

impl Draw<'_> {
    fn request(&mut self) -> arbitrary::Result<Request<'static>> {
        let mut request = Request::new(self.text()?, self.text()?);
        request.params = self.map(3)?;
        if self.0.ratio(1, 4)? {
            request.context = self.map(2)?;
        }
        if self.0.ratio(1, 16)? {
            let mut deep = self.value(1)?;
            for _ in 0..self.0.int_in_range(120..=DEEPEST_VALUE + 3)? {
                deep = if self.0.is_empty() || self.0.arbitrary()? {
                    Value::List(vec![deep])
                } else {
                    Value::Map([(self.text()?, deep)].into_iter().collect())
                };
            }
            request.params.insert(self.text()?, deep);
        }
        Ok(request)
    }

    fn map(&mut self, deeper: u32) -> arbitrary::Result<Map<'static>> {
        let mut map = Map::new();
        for _ in 0..self.0.int_in_range(0..=4)? {
            map.insert(self.text()?, self.value(deeper)?);
        }
        Ok(map)
    }

    fn value(&mut self, deeper: u32) -> arbitrary::Result<Value<'static>> {
        Ok(
            match self.0.int_in_range(0..=if deeper == 0 { 6 } else { 9 })? {
                0 => Value::Null,
                1 => self.0.arbitrary::<bool>()?.into(),
                2 => self.0.arbitrary::<i64>()?.into(),
                3 => self.0.arbitrary::<f64>()?.into(),
                4 => Value::Number(
                    Number::new(
                        self.0.arbitrary::<i64>()?.into(),
                        self.0.int_in_range(0..=30)?,
                    ),
                    Spelling::Pointed,
                ),
                5 | 6 => self.text()?.into(),
                7 => {
                    let values = (0..self.0.int_in_range(0..=4)?).map(|_| self.value(deeper - 1));
                    Value::List(values.collect::<Result<_, _>>()?)
                }
                _ => self.map(deeper - 1)?.into(),
            },
        )
    }

    fn text(&mut self) -> arbitrary::Result<String> {
        if self.0.ratio(1, 8)? {
            return self.0.arbitrary();
        }
        (0..self.0.int_in_range(0..=3)?)
            .map(|_| self.0.choose(&WORDS).copied())
            .collect()
    }
}
