//! Rows in, the words a policy author would write out.

use std::fmt::{self, Write as _};

use crate::table::{Category, Check, Field, List, Literal, Order, Policy, Quantifier, Test, Type};

/// How many values of a list are spelled out.
const MOST_SPELLED: usize = 8;

impl Policy<'_> {
    /// A test of this policy as its author would write it: `amount > 1000`.
    pub fn words<'p>(&'p self, test: &'p Test<'_>) -> impl fmt::Display + 'p {
        fmt::from_fn(move |f| {
            f.write_str(if test.negated { "not " } else { "" })?;
            if let Check::Exists = test.check {
                return write!(f, "exists {}", test.field);
            }
            f.write_str(match test.quantifier {
                Quantifier::Whole => "",
                Quantifier::Any => "any ",
                Quantifier::Every => "every ",
            })?;
            match &test.check {
                Check::Exists => Ok(()),
                Check::Equals(literal) => write!(f, "{} == {literal}", test.field),
                Check::Compare(order, literal) => write!(f, "{} {order} {literal}", test.field),
                Check::OneOf(literals) => write!(f, "{} in {}", test.field, spelled(literals)),
                Check::Contains(literal) => write!(f, "{} contains {literal}", test.field),
                Check::StartsWith(text) => write!(f, "{} starts with {text:?}", test.field),
                Check::EndsWith(text) => write!(f, "{} ends with {text:?}", test.field),
                Check::Under(directory) => write!(f, "{} under {directory:?}", test.field),
                Check::Matches(set) => write!(f, "{} {}", test.field, self.matching(*set)),
                Check::Intent(categories, at) => {
                    write!(f, "intent in {} at {at}", spelled(categories))
                }
            }
        })
    }

    /// `matches secrets`, or the pattern itself where the set has no name.
    fn matching(&self, set: u32) -> impl fmt::Display {
        fmt::from_fn(move |f| match self.patterns.get(set as usize) {
            Some(set) if set.name.is_empty() => {
                let sources: Vec<&str> =
                    set.patterns.iter().map(|pattern| pattern.source).collect();
                write!(f, "matches {:?}", sources.join("|"))
            }
            Some(set) => write!(f, "matches {}", set.name),
            None => write!(f, "matches pattern set {set}"),
        })
    }
}

fn spelled<T: fmt::Display>(list: &[T]) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        f.write_char('[')?;
        for (at, item) in list.iter().take(MOST_SPELLED).enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            write!(f, "{item}")?;
        }
        match list.len().saturating_sub(MOST_SPELLED) {
            0 => f.write_char(']'),
            more => write!(f, ", and {more} more]"),
        }
    })
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (root, path) = match self {
            Field::Action => return f.write_str("action"),
            Field::Agent => return f.write_str("agent"),
            Field::Text => return f.write_str("text"),
            Field::Param(path) => ("params", path),
            Field::Context(path) => ("context", path),
            Field::Attested(path) => ("attested", path),
        };
        // A param goes by its own name where nothing else has it.
        let plain = root == "params"
            && path.len() == 1
            && !path
                .iter()
                .any(|name| ["text", "action", "agent", "intent"].contains(name));
        if !plain {
            write!(f, "{root}.")?;
        }
        f.write_str(&path.join("."))
    }
}

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Text(text) => write!(f, "{text:?}"),
            Literal::Number(number) => write!(f, "{number}"),
            Literal::Boolean(boolean) => write!(f, "{boolean}"),
            Literal::Time(nanoseconds) => write!(f, "\"{}\"", crate::time::spelled(*nanoseconds)),
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Order::Less => "<",
            Order::AtMost => "<=",
            Order::Greater => ">",
            Order::AtLeast => ">=",
        })
    }
}

impl Category {
    /// The nine, in the order the reference tries them.
    pub const ALL: [Category; 9] = [
        Category::DestructiveData,
        Category::DataExfiltration,
        Category::PrivilegeEscalation,
        Category::SystemModification,
        Category::CodeExecution,
        Category::NetworkAccess,
        Category::DataRead,
        Category::DataWrite,
        Category::Benign,
    ];

    /// Its name in policies and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Category::DestructiveData => "destructive_data",
            Category::DataExfiltration => "data_exfiltration",
            Category::PrivilegeEscalation => "privilege_escalation",
            Category::SystemModification => "system_modification",
            Category::CodeExecution => "code_execution",
            Category::NetworkAccess => "network_access",
            Category::DataRead => "data_read",
            Category::DataWrite => "data_write",
            Category::Benign => "benign",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::String => f.write_str("string"),
            Type::Integer => f.write_str("integer"),
            Type::Decimal => f.write_str("decimal"),
            Type::Boolean => f.write_str("boolean"),
            Type::Timestamp => f.write_str("timestamp"),
            Type::OneOf(literals) => write!(f, "one of {}", spelled(literals)),
            Type::List(element) => show_list(f, element),
        }
    }
}

/// Shows the type of a list, without recursion.
fn show_list(f: &mut fmt::Formatter<'_>, element: &List<'_, Type<'_>>) -> fmt::Result {
    let (mut depth, mut inner) = (1, element.first());
    while let Some(Type::List(element)) = inner {
        depth += 1;
        inner = element.first();
    }
    (0..depth).try_for_each(|_| f.write_char('['))?;
    match inner {
        // Not a list, so this goes no further down.
        Some(element) => write!(f, "{element}")?,
        None => f.write_char('?')?,
    }
    (0..depth).try_for_each(|_| f.write_char(']'))
}

impl fmt::Display for crate::Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl crate::Effect {
    /// All of them, from the mildest to the strictest.
    pub const ALL: [crate::Effect; 5] = [
        crate::Effect::Allow,
        crate::Effect::Audit,
        crate::Effect::Defer,
        crate::Effect::Escalate,
        crate::Effect::Deny,
    ];

    /// Its name in policies and reports.
    pub const fn name(self) -> &'static str {
        match self {
            crate::Effect::Allow => "allow",
            crate::Effect::Audit => "audit",
            crate::Effect::Defer => "defer",
            crate::Effect::Escalate => "escalate",
            crate::Effect::Deny => "deny",
        }
    }
}
