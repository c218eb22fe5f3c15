//! A seed in; a random policy, and random requests that come near what it
//! asks, out.
//!
//! Every field has one type throughout, so that a policy compiles, and values
//! come from small pools, so that tests are often true. The same seed gives
//! the same text: a build script and a test see the same policies.

use std::fmt::Write as _;

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// How many policies a test draws: as `AGENTOS_DRAWS` says, else `usual`.
pub fn draws(usual: u64) -> u64 {
    let asked = std::env::var("AGENTOS_DRAWS").ok();
    asked.and_then(|draws| draws.parse().ok()).unwrap_or(usual)
}

/// The type a field has in every policy and request made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `string`
    Text,
    /// `decimal` or `integer`
    Number,
    /// `boolean`
    Boolean,
    /// `[string]`
    List,
    /// `timestamp`
    Time,
    /// `one of ["card", "cash", "cheque"]`
    Choice,
}

/// A field that rules may test.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// `params`, `context` or `attested`.
    pub root: &'static str,
    /// Its name under the root.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether its declaration says that it may be missing.
    pub optional: bool,
}

const fn field(root: &'static str, name: &'static str, kind: Kind) -> Field {
    Field {
        root,
        name,
        kind,
        optional: false,
    }
}

/// Params that declared actions may have.
pub const DECLARED: &[Field] = &[
    field("params", "amount", Kind::Number),
    field("params", "count", Kind::Number),
    field("params", "to", Kind::Text),
    field("params", "cc", Kind::List),
    field("params", "urgent", Kind::Boolean),
    field("params", "due", Kind::Time),
    field("params", "kind", Kind::Choice),
    Field {
        root: "params",
        name: "note",
        kind: Kind::Text,
        optional: true,
    },
    Field {
        root: "params",
        name: "limit",
        kind: Kind::Number,
        optional: true,
    },
];

/// Fields of actions that nobody declares, and of the rest of a request.
pub const LOOSE: &[Field] = &[
    field("params", "path", Kind::Text),
    field("params", "size", Kind::Number),
    field("params", "tags", Kind::List),
    field("params", "force", Kind::Boolean),
    field("context", "confidence", Kind::Number),
    field("context", "origin", Kind::Text),
    field("attested", "role", Kind::Text),
    field("attested", "level", Kind::Number),
];

const ACTIONS: &[&str] = &[
    "pay",
    "send.mail",
    "send.sms",
    "read_file",
    "write_file",
    "db.query",
    "db.drop",
];
const AGENTS: &[&str] = &["a1", "a2", "zed"];
const TEXTS: &[&str] = &[
    "alice",
    "bob@example.com",
    "/srv/data/a",
    "/etc/passwd",
    "DROP TABLE users",
    "x",
];
const NUMBERS: &[&str] = &["0", "1", "2.5", "10", "1000", "1000.01", "-3"];
const TIMES: &[&str] = &[
    "2026-01-01T00:00:00Z",
    "2026-06-01T12:30:00+02:00",
    "1999-12-31T23:59:59Z",
];
const CHOICES: &[&str] = &["card", "cash", "cheque"];

/// What a random policy may contain.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shape {
    /// Tests of `text` and of intents.
    pub text: bool,
    /// Tests through `exists`.
    pub exists: bool,
    /// How many rules at most.
    pub rules: usize,
}

/// The shape of the random policies that every way of building is compared on.
pub fn drawn_shape(seed: u64) -> Shape {
    Shape {
        text: seed.is_multiple_of(2),
        exists: true,
        rules: if seed.is_multiple_of(5) { 40 } else { 8 },
    }
}

/// A random policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// In the language.
    pub source: String,
    /// Declared actions and the params each has.
    pub declared: Vec<(&'static str, Vec<Field>)>,
}

/// The policy of this seed.
pub fn policy(seed: u64, name: &str, shape: Shape) -> Policy {
    let mut rng = Rng::with_seed(seed);
    let mut declared = Vec::new();
    for action in ACTIONS.iter().take(4) {
        if rng.bool() {
            let params: Vec<Field> = DECLARED
                .iter()
                .copied()
                .filter(|_| rng.u8(..3) > 0)
                .collect();
            declared.push((*action, params));
        }
    }
    let mut text = format!("policy {name} \"1.{seed}\" {{\n");
    if rng.bool() {
        let default = ["deny", "abstain", "allow because \"a test\""];
        let _ = writeln!(text, "    default {};", default[rng.usize(..3)]);
    }
    let priority = rng.bool();
    if priority {
        text.push_str("    combine priority;\n");
    }
    for (action, params) in &declared {
        let params: Vec<String> = params.iter().map(declaration).collect();
        let _ = writeln!(text, "    action {action} {{ {} }}", params.join(", "));
    }
    if shape.text {
        text.push_str("    patterns secrets { substring \"passwd\"; regex r\"\\bDROP\\s+TABLE\\b\"; glob \"*@example.com\"; }\n");
        text.push_str("    intent destructive_data { signal 0.9 r\"\\bDROP\\b\" unless followed by r\".*users\" \"a drop\"; signal 0.4 r\"alice\"; }\n");
    }
    for _ in 0..rng.usize(1..=shape.rules.max(1)) {
        rule(&mut rng, &mut text, &declared, shape, priority);
    }
    text.push_str("}\n");
    Policy {
        source: text,
        declared,
    }
}

fn declaration(field: &Field) -> String {
    let ty = match field.kind {
        Kind::Text => "string",
        Kind::Number => "decimal",
        Kind::Boolean => "boolean",
        Kind::List => "[string]",
        Kind::Time => "timestamp",
        Kind::Choice => "one of [\"card\", \"cash\", \"cheque\"]",
    };
    format!(
        "{}: {ty}{}",
        field.name,
        if field.optional { "?" } else { "" }
    )
}

fn rule(
    rng: &mut Rng,
    text: &mut String,
    declared: &[(&'static str, Vec<Field>)],
    shape: Shape,
    priority: bool,
) {
    let effect = ["allow", "allow", "audit", "defer", "escalate", "deny"][rng.usize(..6)];
    let (action, params): (&str, &[Field]) = match rng.u8(..10) {
        0 | 1 => ("*", &[]),
        2 => ("send.*", &[]),
        3 => ("\"*_file\"", &[]),
        4 | 5 => (ACTIONS[rng.usize(..ACTIONS.len())], &[]),
        _ => match rng.choice(declared) {
            Some((action, params)) => (*action, params.as_slice()),
            None => (ACTIONS[rng.usize(..ACTIONS.len())], &[]),
        },
    };
    // An action that is declared has no other params, whoever asks.
    let params = match declared.iter().find(|(name, _)| *name == action) {
        Some((_, own)) => own.as_slice(),
        None => params,
    };
    let closed = declared.iter().any(|(name, _)| *name == action);
    let _ = write!(text, "    {effect} {action}");
    if rng.u8(..4) > 0 {
        let _ = write!(text, " when {}", condition(rng, params, closed, shape, 3));
    }
    if rng.u8(..5) == 0 {
        let _ = write!(text, " unless {}", condition(rng, params, closed, shape, 1));
    }
    if priority && rng.bool() {
        let _ = write!(text, " priority {}", rng.i32(-2..3));
    }
    text.push_str(";\n");
}

fn condition(rng: &mut Rng, params: &[Field], closed: bool, shape: Shape, depth: usize) -> String {
    if depth > 0 && rng.u8(..3) == 0 {
        let parts: Vec<String> = (0..rng.usize(2..4))
            .map(|_| condition(rng, params, closed, shape, depth - 1))
            .collect();
        return format!(
            "({})",
            parts.join(if rng.bool() { " and " } else { " or " })
        );
    }
    if depth > 0 && rng.u8(..6) == 0 {
        return format!("not ({})", condition(rng, params, closed, shape, depth - 1));
    }
    if shape.text && rng.u8(..4) == 0 {
        return [
            "text matches secrets",
            "text contains \"alice\"",
            "intent in [destructive_data] at 0.5",
            "intent in [destructive_data] at 0.4",
            "text matches r\"users$\"",
        ][rng.usize(..5)]
        .to_owned();
    }
    if rng.u8(..10) == 0 {
        return [
            "action == \"pay\"",
            "agent == \"a1\"",
            "agent in [\"a1\", \"a2\"]",
        ][rng.usize(..3)]
        .to_owned();
    }
    let loose = LOOSE
        .iter()
        .copied()
        .filter(|field| !closed || field.root != "params");
    let fields: Vec<Field> = params.iter().copied().chain(loose).collect();
    let field = fields[rng.usize(..fields.len())];
    let name = if params.iter().any(|p| p.name == field.name) && rng.bool() {
        field.name.to_owned()
    } else {
        format!("{}.{}", field.root, field.name)
    };
    if shape.exists && rng.u8(..8) == 0 {
        return format!("exists {name}");
    }
    test(rng, &name, field.kind)
}

fn test(rng: &mut Rng, name: &str, kind: Kind) -> String {
    let quoted = |rng: &mut Rng| format!("\"{}\"", TEXTS[rng.usize(..TEXTS.len())]);
    match kind {
        Kind::Text => match rng.u8(..8) {
            0 | 1 => format!("{name} == {}", quoted(rng)),
            2 => format!("{name} != {}", quoted(rng)),
            3 => format!("{name} in [{}, {}]", quoted(rng), quoted(rng)),
            4 => format!("{name} starts with \"/\""),
            5 => format!("{name} ends with \"@example.com\""),
            6 => format!("{name} under \"/srv/data\""),
            _ => format!("{name} matches r\"^[a-z]+$\""),
        },
        Kind::Number => {
            let op = ["==", "!=", "<", "<=", ">", ">="][rng.usize(..6)];
            format!("{name} {op} {}", NUMBERS[rng.usize(..NUMBERS.len())])
        }
        Kind::Boolean => format!("{name} == {}", rng.bool()),
        Kind::List => match rng.u8(..4) {
            0 => format!("{name} contains {}", quoted(rng)),
            1 => format!("any {name} == {}", quoted(rng)),
            2 => format!("every {name} ends with \"@example.com\""),
            _ => format!("any {name} not in [{}]", quoted(rng)),
        },
        Kind::Time => {
            let op = ["<", "<=", ">", ">=", "=="][rng.usize(..5)];
            format!("{name} {op} \"{}\"", TIMES[rng.usize(..TIMES.len())])
        }
        Kind::Choice => match rng.u8(..2) {
            0 => format!("{name} == \"{}\"", CHOICES[rng.usize(..CHOICES.len())]),
            _ => format!(
                "{name} not in [\"{}\"]",
                CHOICES[rng.usize(..CHOICES.len())]
            ),
        },
    }
}

/// A random request, as its JSON.
pub fn request(rng: &mut Rng, policy: &Policy) -> Value {
    let action = if rng.u8(..12) == 0 {
        "unheard_of"
    } else {
        ACTIONS[rng.usize(..ACTIONS.len())]
    };
    let declared = policy.declared.iter().find(|(name, _)| *name == action);
    let mut roots: Map<String, Value> = Map::new();
    for root in ["params", "context", "attested"] {
        roots.insert(root.to_owned(), Value::Object(Map::new()));
    }
    let own = declared.map_or(&[][..], |(_, params)| params.as_slice());
    for field in own.iter().chain(LOOSE) {
        if rng.u8(..8) == 0 {
            continue;
        }
        let kind = if rng.u8(..40) == 0 {
            Kind::Boolean
        } else {
            field.kind
        };
        roots[field.root][field.name] = value(rng, kind);
    }
    let mut request =
        json!({"id": "r", "agent_id": AGENTS[rng.usize(..AGENTS.len())], "action": action});
    for (root, fields) in roots {
        request[root] = fields;
    }
    request
}

/// A value of this kind, from the pools that policies draw from too.
///
/// # Panics
///
/// Never: what stands in the pools is JSON.
pub fn value(rng: &mut Rng, kind: Kind) -> Value {
    let text = |rng: &mut Rng| TEXTS[rng.usize(..TEXTS.len())];
    match kind {
        Kind::Text => json!(text(rng)),
        Kind::Number => {
            serde_json::from_str(NUMBERS[rng.usize(..NUMBERS.len())]).expect("a number is JSON")
        }
        Kind::Boolean => json!(rng.bool()),
        Kind::List => {
            let members: Vec<&str> = (0..rng.usize(..4)).map(|_| text(rng)).collect();
            json!(members)
        }
        Kind::Time => json!(TIMES[rng.usize(..TIMES.len())]),
        Kind::Choice => json!(CHOICES[rng.usize(..CHOICES.len())]),
    }
}

/// Values that are of no type any test of a field of this kind accepts.
pub fn spoiled(kind: Kind) -> Vec<Value> {
    let mut values = vec![Value::Null, json!({"a": 1}), json!([[1]])];
    if kind != Kind::Number {
        values.push(json!(7));
    }
    if kind != Kind::Boolean {
        values.push(json!(true));
    }
    if !matches!(kind, Kind::Text | Kind::Choice | Kind::List) {
        values.push(json!("seven"));
    }
    values
}
