//! Rows of a policy in, English out; and what keeps a text from breaking a page.

use agentos_runtime::table::{
    Approvers, Category, Check, Condition, Field, List, Literal, Order, Policy, Quantifier, Rate,
    Stage, Test,
};

/// The words for what stands in a policy.
#[derive(Clone, Copy)]
pub(crate) struct Words<'p, 't> {
    /// The policy that conditions are of.
    pub(crate) policy: &'p Policy<'t>,
    /// How a name or a pattern is told from the words around it.
    pub(crate) code: fn(&str) -> String,
}

impl Words<'_, '_> {
    /// A condition.
    pub(crate) fn condition(self, condition: &Condition<'_>) -> String {
        match condition {
            Condition::All(parts) if parts.is_empty() => "always".to_owned(),
            Condition::Any(parts) if parts.is_empty() => "never".to_owned(),
            Condition::All(parts) => self.joined(parts, " and "),
            Condition::Any(parts) => self.joined(parts, " or "),
            Condition::Test(test) => self.test(test),
        }
    }

    fn joined(self, parts: &List<'_, Condition<'_>>, word: &str) -> String {
        let parts = parts.iter().map(|part| match part {
            Condition::Test(_) => self.condition(part),
            // A list in a list keeps its bounds.
            Condition::All(inner) | Condition::Any(inner) if inner.len() < 2 => {
                self.condition(part)
            }
            Condition::All(_) | Condition::Any(_) => format!("({})", self.condition(part)),
        });
        parts.collect::<Vec<_>>().join(word)
    }

    fn test(self, test: &Test<'_>) -> String {
        if let Check::Intent(categories, at) = &test.check {
            let not = if test.negated {
                "does not mean"
            } else {
                "means"
            };
            return format!(
                "the text {not} {} with a confidence of {at} or more",
                either(categories, Category::to_string)
            );
        }
        let field = self.field(&test.field);
        let (subject, not) = match (test.quantifier, test.negated) {
            (Quantifier::Whole, not) => (field, not),
            (Quantifier::Any, false) => (format!("one of {field}"), false),
            (Quantifier::Any, true) => (format!("none of {field}"), false),
            (Quantifier::Every, false) => (format!("each of {field}"), false),
            (Quantifier::Every, true) => (format!("not each of {field}"), false),
        };
        let is = if not { "is not" } else { "is" };
        // `no` reads before a verb, `is not` before the rest.
        let verb = |yes: &str, no: &str| if not { no.to_owned() } else { yes.to_owned() };
        match &test.check {
            Check::Exists if not => format!("{subject} is missing"),
            Check::Exists => format!("{subject} is there"),
            Check::Equals(value) => format!("{subject} {is} {}", literal(value)),
            Check::Compare(order, value) => {
                let than = match order {
                    Order::Less => "below",
                    Order::AtMost => "at most",
                    Order::Greater => "above",
                    Order::AtLeast => "at least",
                };
                format!("{subject} {is} {than} {}", literal(value))
            }
            Check::OneOf(values) if not => {
                format!("{subject} is none of {}", list(values, literal))
            }
            Check::OneOf(values) => format!("{subject} is {}", either(values, literal)),
            Check::Contains(value) => {
                format!(
                    "{subject} {} {}",
                    verb("contains", "does not contain"),
                    literal(value)
                )
            }
            Check::StartsWith(start) => {
                format!(
                    "{subject} {} {start:?}",
                    verb("starts with", "does not start with")
                )
            }
            Check::EndsWith(end) => {
                format!(
                    "{subject} {} {end:?}",
                    verb("ends with", "does not end with")
                )
            }
            Check::Under(directory) => {
                format!("{subject} {is} {} or below it", (self.code)(directory))
            }
            Check::Matches(set) => match self.policy.patterns.get(*set as usize) {
                Some(set) if !set.name.is_empty() => {
                    let has = verb("has a pattern of", "has no pattern of");
                    format!("{subject} {has} {}", (self.code)(set.name))
                }
                Some(set) => {
                    let sources = either(&set.patterns, |pattern| (self.code)(pattern.source));
                    format!("{subject} {} {sources}", verb("matches", "does not match"))
                }
                None => format!("{subject} matches pattern set {set}, which does not exist"),
            },
            Check::Intent(..) => unreachable!("an intent is said above, of the text"),
        }
    }

    fn field(self, field: &Field<'_>) -> String {
        match field {
            Field::Action => "the action's name".to_owned(),
            Field::Agent => "the agent's name".to_owned(),
            Field::Text => "the text".to_owned(),
            Field::Param(_) => (self.code)(&field.to_string()),
            Field::Context(_) => format!(
                "{} (which the caller claims)",
                (self.code)(&field.to_string())
            ),
            Field::Attested(_) => {
                format!("{} (which the host says)", (self.code)(&field.to_string()))
            }
        }
    }
}

/// What a rule looks at, after the name of its effect.
pub(crate) fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Call => "",
        Stage::Input => " of what comes in",
        Stage::Output => " of what comes back",
    }
}

/// `2 of controller, cfo within 1 hour`
pub(crate) fn approvers(approvers: &Approvers<'_>, code: fn(&str) -> String) -> String {
    let of = list(&approvers.of, |name| code(name));
    let within = approvers
        .within_ms
        .map(|ms| format!(" within {}", time(ms)))
        .unwrap_or_default();
    format!("{} of {of}{within}", approvers.needed)
}

/// `3 in 1 minute for each agent`
pub(crate) fn rate(rate: &Rate<'_>) -> String {
    let scope = if rate.per_tenant { "tenant" } else { "agent" };
    format!("{} in {} for each {scope}", rate.count, time(rate.per_ms))
}

fn literal(literal: &Literal<'_>) -> String {
    literal.to_string()
}

/// `a`, `a or b`, `a, b or c`.
fn either<T: Clone>(values: &List<'_, T>, each: impl Fn(&T) -> String) -> String {
    let mut words: Vec<String> = values.iter().map(each).collect();
    match (words.pop(), words.is_empty()) {
        (None, _) => "nothing".to_owned(),
        (Some(only), true) => only,
        (Some(last), false) => format!("{} or {last}", words.join(", ")),
    }
}

/// With a capital first letter.
pub(crate) fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// With commas.
pub(crate) fn list<T>(values: &[T], each: impl Fn(&T) -> String) -> String {
    values.iter().map(each).collect::<Vec<_>>().join(", ")
}

/// A text as code: no letter of it is taken for Markdown.
pub(crate) fn code(text: &str) -> String {
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// On one line, and inside one cell.
pub(crate) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' => out.push_str("\\|"),
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A length of time in its largest whole unit.
pub(crate) fn time(ms: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400_000, "day"),
        (3_600_000, "hour"),
        (60_000, "minute"),
        (1_000, "second"),
    ];
    for (unit, name) in UNITS {
        if ms >= unit && ms.is_multiple_of(unit) {
            let count = ms / unit;
            let plural = if count == 1 { "" } else { "s" };
            return format!("{count} {name}{plural}");
        }
    }
    format!("{ms} ms")
}
