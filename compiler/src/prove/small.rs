//! Policies so small that every request that they tell apart can be asked.

use std::fmt::Write as _;

use agentos_runtime::{Number, Request, Value};
use fastrand::Rng;

/// A rule, and what its condition is made of.
pub(crate) struct SmallRule {
    pub(crate) effect: &'static str,
    /// The tests of its condition, of which all or any have to hold; of a deeper one
    /// there is none.
    pub(crate) tests: Vec<String>,
    pub(crate) is_any: bool,
}

/// A policy and its rules in order.
pub(crate) struct Small {
    pub(crate) head: String,
    pub(crate) rules: Vec<SmallRule>,
    lines: Vec<String>,
}

/// What the action `do` is declared with.
const DECLARED: &str =
    "action do { a: one of [\"x\", \"y\"], b: boolean, c: integer, d: one of [\"x\", \"y\"]? }";

fn test(random: &mut Rng) -> String {
    let text = ["x", "y"][random.usize(..2)];
    let number = random.i32(0..3);
    let field = ["params.a", "params.d", "context.k"][random.usize(..3)];
    let test = match random.usize(..9) {
        0 => format!("{field} == \"{text}\""),
        1 => format!("{field} in [\"x\", \"y\"]"),
        2 => format!("params.c > {number}"),
        3 => format!("params.c <= {number}"),
        4 => format!("params.c == {number}"),
        5 => format!("params.c in [{number}, {}]", number + 1),
        6 => format!("exists {field}"),
        7 => "params.b == true".to_owned(),
        _ => format!("{field} starts with \"{text}\""),
    };
    if random.u8(..4) == 0 {
        format!("not {test}")
    } else {
        test
    }
}

impl Small {
    pub(crate) fn draw(random: &mut Rng) -> Small {
        let defaults = [
            "default deny;",
            "default allow because \"x\";",
            "default abstain;",
        ];
        let default = defaults[random.usize(..3)];
        let is_priority = random.bool();
        let combine = if is_priority {
            " combine priority;"
        } else {
            ""
        };
        let head = format!("policy p {{ {default}{combine} {DECLARED}\n");
        let mut small = Small {
            head,
            rules: Vec::new(),
            lines: Vec::new(),
        };
        for _ in 0..random.usize(1..5) {
            small.add(random, is_priority);
        }
        small
    }

    fn add(&mut self, random: &mut Rng, is_priority: bool) {
        let effect = ["allow", "audit", "defer", "escalate", "deny"][random.usize(..5)];
        let action = ["do", "do", "other", "*"][random.usize(..4)];
        let tests: Vec<String> = (0..random.usize(..4)).map(|_| test(random)).collect();
        let is_any = random.bool();
        let mut line = format!("{effect} {action}");
        let is_deep = tests.len() == 3 && random.bool();
        match tests.as_slice() {
            [] => {}
            [one, two, three] if is_deep => {
                let (inner, outer) = if is_any { ("and", "or") } else { ("or", "and") };
                let _ = write!(line, " when ({one} {inner} {two}) {outer} not ({three})");
            }
            tests => {
                let word = if is_any { " or " } else { " and " };
                let _ = write!(line, " when {}", tests.join(word));
            }
        }
        if is_priority && random.bool() {
            let _ = write!(line, " priority {}", random.usize(1..4));
        }
        self.lines.push(format!("{line};"));
        self.rules.push(SmallRule {
            effect,
            tests: if is_deep { Vec::new() } else { tests },
            is_any,
        });
    }

    pub(crate) fn text(&self) -> String {
        format!("{}{}\n}}", self.head, self.lines.join("\n"))
    }

    /// The same with a rule that is gone, new or another one's.
    pub(crate) fn changed(&self, other: &Small, random: &mut Rng) -> String {
        let mut lines = self.lines.clone();
        let at = random.usize(..lines.len());
        let line = other.lines[random.usize(..other.lines.len())].clone();
        // A priority says something under `combine priority` only.
        let line = match (line.find(" priority "), self.head.contains("combine")) {
            (Some(at), false) => format!("{};", &line[..at]),
            _ => line,
        };
        match random.usize(..4) {
            0 => {
                lines.remove(at);
            }
            1 => lines.insert(at, line),
            2 => {
                let second = random.usize(..lines.len());
                lines.swap(at, second);
            }
            _ => lines[at] = line,
        }
        format!("{}{}\n}}", self.head, lines.join("\n"))
    }
}

/// Every request that such policies tell apart.
pub(crate) fn requests() -> Vec<Request<'static>> {
    let number = |text: &str| Value::from(text.parse::<Number>().expect("it is a number"));
    let text = |text: &'static str| Value::from(text);
    let contexts = ["x", "y", "xw", "yw", "w"].map(|one| Some(text(one)));
    let contexts = contexts.into_iter().chain([None, Some(number("5"))]);
    let contexts: Vec<_> = contexts.collect();
    let mut all = Vec::new();
    let mut add = |action: &'static str, params: [(&'static str, &Option<Value<'static>>); 4]| {
        for context in &contexts {
            let mut request = Request::new("", action);
            for (name, value) in params {
                if let Some(value) = value {
                    request.params.insert(name, value.clone());
                }
            }
            if let Some(value) = context {
                request.context.insert("k", value.clone());
            }
            all.push(request);
        }
    };
    let some = |values: &[Value<'static>]| -> Vec<Option<Value<'static>>> {
        values.iter().cloned().map(Some).collect()
    };
    let letters = some(&[text("x"), text("y")]);
    let booleans = some(&[Value::from(true), Value::from(false)]);
    let whole = some(&["-1", "0", "1", "2", "3", "4"].map(number));
    let maybe: Vec<_> = letters.iter().cloned().chain([None]).collect();
    for (a, b) in letters
        .iter()
        .flat_map(|a| booleans.iter().map(move |b| (a, b)))
    {
        for (c, d) in whole.iter().flat_map(|c| maybe.iter().map(move |d| (c, d))) {
            add("do", [("a", a), ("b", b), ("c", c), ("d", d)]);
        }
    }
    add(
        "do",
        [("a", &None), ("b", &None), ("c", &None), ("d", &None)],
    );
    let odd = ["xw", "yw", "w"].map(|one| Some(text(one)));
    let odd = odd.into_iter().chain([None, Some(number("5"))]);
    let letters: Vec<_> = letters.into_iter().chain(odd).collect();
    let booleans: Vec<_> = booleans
        .into_iter()
        .chain([None, Some(text("w"))])
        .collect();
    let numbers = some(&["-1", "0", "0.5", "1", "1.5", "2", "2.5", "3", "4", "5"].map(number));
    let numbers: Vec<_> = numbers.into_iter().chain([None, Some(text("w"))]).collect();
    for (a, b) in letters
        .iter()
        .flat_map(|a| booleans.iter().map(move |b| (a, b)))
    {
        for (c, d) in numbers
            .iter()
            .flat_map(|c| letters.iter().map(move |d| (c, d)))
        {
            add("other", [("a", a), ("b", b), ("c", c), ("d", d)]);
        }
    }
    // What no rule names is about `*`.
    let others: Vec<Request<'static>> = all
        .iter()
        .filter(|request| request.action == "other")
        .map(|request| Request {
            action: "more".into(),
            ..request.clone()
        })
        .collect();
    all.extend(others);
    all
}
