//! A table in, policies that are ready for requests out, or what is wrong with
//! the table.
//!
//! A table may come from a file that somebody else wrote: every index and
//! bound in it is checked here, so that nothing can go wrong later. What finds
//! the patterns was built by the compiler, and is only opened.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use agentos_scan::Matchers;
use bytes::Bytes;

use crate::{
    Number,
    condition::{Bound, Check, Condition, Field, Literal, Path, Root, Test},
    glob, index,
    matcher::{Pattern, Patterns},
    path::Directory,
    prepared::{About, Action, ByStage, Clause, Intent, Part, Policy, Rule, Sees, Signal},
    shape::{Param, Shape, Type},
    table,
    uses::Uses,
};

/// How deep `and` and `or` may stand inside each other.
pub const DEEPEST_CONDITION: usize = 64;

/// How deep lists of lists may be declared.
pub const DEEPEST_TYPE: usize = 16;

/// How many rules a part, and how many patterns a policy may have.
pub const MOST_ROWS: usize = 1 << 20;

/// What is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// Two policies have one name.
    #[error("two policies are called `{policy}`")]
    DuplicatePolicy {
        /// The name.
        policy: String,
    },
    /// A place names a source that the table does not have.
    #[error("`{name}` is said to stand in source {source_index}, and there are {sources}")]
    Source {
        /// What was written there.
        name: String,
        /// The index that leads nowhere.
        source_index: u32,
        /// How many there are.
        sources: usize,
    },
    /// A rule names a pattern set that its policy does not have.
    #[error("rule `{rule}` of policy `{policy}` names pattern set {set}, and there are {sets}")]
    PatternSet {
        /// The policy.
        policy: String,
        /// The rule.
        rule: String,
        /// The index that leads nowhere.
        set: u32,
        /// How many there are.
        sets: usize,
    },
    /// A condition is nested too deeply.
    #[error(
        "the condition of rule `{rule}` of policy `{policy}` is nested more than {DEEPEST_CONDITION} deep"
    )]
    Depth {
        /// The policy.
        policy: String,
        /// The rule.
        rule: String,
    },
    /// A rule asks something that cannot be asked.
    #[error("rule `{rule}` of policy `{policy}` asks `{test}`: {reason}")]
    Test {
        /// The policy.
        policy: String,
        /// The rule.
        rule: String,
        /// The test in words.
        test: String,
        /// Why it cannot be asked.
        reason: &'static str,
    },
    /// What finds its patterns is missing or damaged, or of another version.
    #[error(
        "policy `{policy}` does not say how to find its patterns as this version does: compile it again"
    )]
    Matchers {
        /// The policy.
        policy: String,
    },
    /// A declared type is malformed.
    #[error("param `{param}` of action `{action}` of policy `{policy}`: {reason}")]
    Type {
        /// The policy.
        policy: String,
        /// The action.
        action: String,
        /// The param.
        param: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two declarations have one name.
    #[error("policy `{policy}` declares `{name}` twice")]
    DuplicateDeclaration {
        /// The policy.
        policy: String,
        /// The action, or action and param.
        name: String,
    },
    /// More rows than an engine takes.
    #[error("policy `{policy}` has {count} {what}, more than {MOST_ROWS}")]
    TooMany {
        /// The policy.
        policy: String,
        /// Rules or patterns.
        what: &'static str,
        /// How many.
        count: usize,
    },
}

/// Makes the policies of a table ready. `hold` keeps what the engine borrows of it.
pub(crate) fn prepare<'t>(
    table: &table::Table<'t>,
    hold: &dyn Fn(&Cow<'t, [u8]>) -> Bytes,
) -> Result<Vec<Policy>, TableError> {
    let policies = table.policies.iter();
    policies
        .map(|policy| prepare_policy(policy, table.sources.len(), hold))
        .collect()
}

fn prepare_policy<'t>(
    row: &table::Policy<'t>,
    sources: usize,
    hold: &dyn Fn(&Cow<'t, [u8]>) -> Bytes,
) -> Result<Policy, TableError> {
    let mut cx = Cx {
        row,
        sources,
        paths: Vec::new(),
        path_ids: HashMap::new(),
        names: HashMap::new(),
        uses: Uses::of(row),
    };
    cx.place(row.name, row.at)?;
    let patterns = cx.patterns(hold)?;
    let shapes = cx.shapes()?;
    let parts: Box<[Part]> = row
        .parts
        .iter()
        .map(|part| cx.part(part))
        .collect::<Result<_, _>>()?;
    let stages = index::STAGES.map(|stage| by_stage(stage, &shapes, &parts));
    let intents = row
        .intents
        .iter()
        .zip(&cx.uses.signals)
        .map(|(intent, ids)| Intent {
            category: intent.category,
            signals: intent
                .signals
                .iter()
                .zip(ids)
                .map(|(signal, &pattern)| Signal {
                    pattern,
                    weight: signal.weight,
                    explain: signal.explain.into(),
                })
                .collect(),
        })
        .collect();
    Ok(Policy {
        name: row.name.into(),
        at: row.at,
        default: row.default,
        default_because: row.default_because.map(Box::from),
        mode: row.mode,
        normalize: row.normalize,
        base: row.base,
        paths: cx.paths.into(),
        shapes,
        parts,
        stages,
        patterns,
        intents,
    })
}

fn by_stage(stage: table::Stage, shapes: &[(Box<str>, Shape)], parts: &[Part]) -> ByStage {
    let (rules, exact): (Vec<_>, Vec<_>) = parts
        .iter()
        .map(|part| index::Rules::new(&part.rules, stage))
        .unzip();
    // Declarations are about calls.
    let declared = if stage == table::Stage::Call {
        shapes
    } else {
        &[]
    };
    let names = index::Names::new(declared.iter().map(|(name, _)| &**name), &exact);
    ByStage {
        names,
        rules: rules.into(),
    }
}

/// Declared actions by name.
type Shapes = Box<[(Box<str>, Shape)]>;

struct Cx<'p, 't> {
    row: &'p table::Policy<'t>,
    sources: usize,
    paths: Vec<Path>,
    path_ids: HashMap<&'p table::Field<'t>, u32>,
    /// Numbers of the first names of params.
    names: HashMap<&'p str, u32>,
    uses: Uses<'p, 't>,
}

impl<'p, 't> Cx<'p, 't> {
    fn policy(&self) -> String {
        self.row.name.to_owned()
    }

    fn place(&self, name: &str, place: table::Place) -> Result<(), TableError> {
        if (place.source as usize) < self.sources {
            return Ok(());
        }
        Err(TableError::Source {
            name: name.to_owned(),
            source_index: place.source,
            sources: self.sources,
        })
    }

    fn patterns(&self, hold: &dyn Fn(&Cow<'t, [u8]>) -> Bytes) -> Result<Patterns, TableError> {
        if self.uses.rows.len() > MOST_ROWS {
            return Err(TableError::TooMany {
                policy: self.policy(),
                what: "patterns",
                count: self.uses.rows.len(),
            });
        }
        for row in &self.uses.rows {
            self.place(row.source, row.at)?;
        }
        let refused = || TableError::Matchers {
            policy: self.policy(),
        };
        let matchers = if self.row.matchers.is_empty() {
            Matchers::default()
        } else {
            Matchers::open(hold(&self.row.matchers)).map_err(|_| refused())?
        };
        // What is not looked for would never be found.
        let are_known = self.uses.text.iter().all(|&id| matchers.text.has(id))
            && self.uses.fields.iter().all(|&id| matchers.fields.has(id));
        if !are_known {
            return Err(refused());
        }
        Ok(Patterns {
            rows: self.uses.rows.iter().map(|row| Pattern::new(row)).collect(),
            matchers,
        })
    }

    fn shapes(&mut self) -> Result<Shapes, TableError> {
        let mut shapes: Vec<(Box<str>, Shape)> = Vec::new();
        let mut known = HashSet::new();
        for action in self.row.actions.iter() {
            let twice = |name: String| TableError::DuplicateDeclaration {
                policy: self.row.name.to_owned(),
                name,
            };
            if !known.insert(action.name) {
                return Err(twice(action.name.to_owned()));
            }
            let mut params: Vec<Param> = Vec::new();
            for param in action.params.iter() {
                if params.iter().any(|known| *known.name == *param.name) {
                    return Err(twice(format!("{}.{}", action.name, param.name)));
                }
                let ty =
                    prepare_type(&param.ty, DEEPEST_TYPE).map_err(|reason| TableError::Type {
                        policy: self.row.name.to_owned(),
                        action: action.name.to_owned(),
                        param: param.name.to_owned(),
                        reason,
                    })?;
                let next = self.names.len() as u32;
                let number = *self.names.entry(param.name).or_insert(next);
                params.push(Param {
                    name: param.name.into(),
                    number,
                    ty,
                    words: param.ty.to_string().into(),
                    optional: param.optional,
                });
            }
            shapes.push((
                action.name.into(),
                Shape {
                    params: params.into(),
                },
            ));
        }
        Ok(shapes.into())
    }

    fn part(&mut self, row: &'p table::Part<'t>) -> Result<Part, TableError> {
        if row.rules.len() > MOST_ROWS {
            return Err(TableError::TooMany {
                policy: self.policy(),
                what: "rules",
                count: row.rules.len(),
            });
        }
        let mut order: Vec<&'p table::Rule<'t>> = row.rules.iter().collect();
        // Both sorts are stable: among equals, what was written first comes first.
        match row.combine {
            table::Combine::Strictest => order.sort_by_key(|rule| std::cmp::Reverse(rule.effect)),
            table::Combine::Priority => order.sort_by_key(|rule| std::cmp::Reverse(rule.priority)),
        }
        let rules = order
            .into_iter()
            .map(|rule| self.rule(rule))
            .collect::<Result<_, _>>()?;
        Ok(Part {
            combine: row.combine,
            rules,
        })
    }

    fn rule(&mut self, row: &'p table::Rule<'t>) -> Result<Rule, TableError> {
        self.place(row.id, row.at)?;
        let mut clauses = Vec::new();
        let when = row
            .when
            .as_ref()
            .map(|when| self.condition(row, when, DEEPEST_CONDITION, &mut clauses))
            .transpose()?;
        let actions = row.actions.iter().map(|name| match glob::name(name) {
            glob::Name::Exact(name) => Action::Exact(name.into()),
            glob::Name::Any => Action::Any,
            glob::Name::Prefix(prefix) => Action::Prefix(prefix.into()),
            glob::Name::Glob(glob) => Action::Glob(glob),
        });
        let about = Box::new(About {
            actions: actions.collect(),
            id: row.id.into(),
            at: row.at,
            because: row.because.map(Box::from),
            suggest: row.suggest.map(Box::from),
            clauses: clauses.into(),
        });
        let sees = match (self.row.normalize, row.effect) {
            (table::Normalize::Never, _) | (_, table::Effect::Allow | table::Effect::Audit) => {
                Sees::Nothing
            }
            (
                table::Normalize::Strict,
                table::Effect::Defer | table::Effect::Escalate | table::Effect::Deny,
            ) => when
                .iter()
                .flat_map(Condition::tests)
                .map(Test::sees)
                .max()
                .unwrap_or(Sees::Nothing),
        };
        Ok(Rule {
            when,
            effect: row.effect,
            stage: row.stage,
            sees,
            about,
        })
    }

    fn condition(
        &mut self,
        rule: &table::Rule<'_>,
        row: &'p table::Condition<'t>,
        deeper: usize,
        clauses: &mut Vec<Clause>,
    ) -> Result<Condition, TableError> {
        let Some(deeper) = deeper.checked_sub(1) else {
            return Err(TableError::Depth {
                policy: self.policy(),
                rule: rule.id.to_owned(),
            });
        };
        let mut each = |rows: &'p [table::Condition<'t>]| {
            rows.iter()
                .map(|row| self.condition(rule, row, deeper, clauses))
                .collect::<Result<_, _>>()
        };
        match row {
            table::Condition::All(rows) => Ok(Condition::All(each(rows)?)),
            table::Condition::Any(rows) => Ok(Condition::Any(each(rows)?)),
            table::Condition::Test(row) => {
                let words = self.row.words(row).to_string();
                clauses.push(Clause {
                    number: row.clause,
                    words: words.into(),
                    field: row.field.to_string().into(),
                });
                let field = self.field(rule, row)?;
                let check = self.check(rule, row)?;
                Ok(Condition::Test(Test {
                    clause: row.clause,
                    negated: row.negated,
                    more_is_stricter: (rule.effect >= table::Effect::Defer) != row.negated,
                    quantifier: row.quantifier,
                    field,
                    check,
                }))
            }
        }
    }

    fn refuse(
        &self,
        rule: &table::Rule<'_>,
        test: &table::Test<'_>,
        reason: &'static str,
    ) -> TableError {
        TableError::Test {
            policy: self.policy(),
            rule: rule.id.to_owned(),
            test: self.row.words(test).to_string(),
            reason,
        }
    }

    fn field(
        &mut self,
        rule: &table::Rule<'_>,
        test: &'p table::Test<'t>,
    ) -> Result<Field, TableError> {
        let (names, is_param, root) = match &test.field {
            table::Field::Action => return Ok(Field::Action),
            table::Field::Agent => return Ok(Field::Agent),
            table::Field::Text => return Ok(Field::Text),
            table::Field::Param(names) => (names, true, Root::Param(0)),
            table::Field::Context(names) => (names, false, Root::Context),
            table::Field::Attested(names) => (names, false, Root::Attested),
        };
        if let Some(&id) = self.path_ids.get(&test.field) {
            return Ok(Field::At(id));
        }
        let Some(first) = names.first() else {
            return Err(self.refuse(rule, test, "a field needs a name"));
        };
        let root = if is_param {
            let next = self.names.len() as u32;
            Root::Param(*self.names.entry(first).or_insert(next))
        } else {
            root
        };
        let id = self.paths.len() as u32;
        self.paths.push(Path {
            root,
            names: names.iter().map(|name| Box::from(*name)).collect(),
        });
        self.path_ids.insert(&test.field, id);
        Ok(Field::At(id))
    }

    fn check(&self, rule: &table::Rule<'_>, test: &table::Test<'_>) -> Result<Check, TableError> {
        let on_text = test.field == table::Field::Text;
        let literal = |literal: &table::Literal<'_>| {
            prepare_literal(literal).map_err(|reason| self.refuse(rule, test, reason))
        };
        Ok(match &test.check {
            table::Check::Exists => Check::Exists,
            table::Check::Equals(value) => Check::Equals(literal(value)?),
            table::Check::Contains(value) => Check::Contains(literal(value)?),
            table::Check::OneOf(values) => Check::OneOf(Box::new(
                values.iter().map(literal).collect::<Result<_, _>>()?,
            )),
            table::Check::Compare(order, value) => match literal(value)? {
                Literal::Number(number) => Check::Compare(*order, Bound::Number(number)),
                Literal::Time(time) => Check::Compare(*order, Bound::Time(time)),
                Literal::Text(_) | Literal::Boolean(_) => {
                    return Err(self.refuse(rule, test, "only numbers and times have an order"));
                }
            },
            table::Check::StartsWith(text) => Check::StartsWith((*text).into()),
            table::Check::EndsWith(text) => Check::EndsWith((*text).into()),
            table::Check::Under(directory) => Check::Under(Directory::new(directory)),
            table::Check::Matches(set) => {
                let Some(ids) = self.uses.sets.get(*set as usize) else {
                    return Err(TableError::PatternSet {
                        policy: self.policy(),
                        rule: rule.id.to_owned(),
                        set: *set,
                        sets: self.uses.sets.len(),
                    });
                };
                if on_text {
                    Check::Found(ids.as_slice().into())
                } else {
                    Check::Matches(ids.as_slice().into())
                }
            }
            table::Check::Intent(categories, at) => {
                if !on_text || test.quantifier != table::Quantifier::Whole {
                    return Err(self.refuse(rule, test, "an intent is that of the whole text"));
                }
                let at = exact(*at).map_err(|reason| self.refuse(rule, test, reason))?;
                Check::Found(self.signals_from(categories, at))
            }
        })
    }

    /// The patterns of the signals that alone give one of the categories that confidence.
    fn signals_from(&self, categories: &[table::Category], at: Number) -> Box<[u32]> {
        let heavy =
            |signal: &table::Signal<'_>| signal.weight >= at && signal.weight > Number::from(0);
        let intents = self.row.intents.iter().zip(&self.uses.signals);
        intents
            .filter(|(intent, _)| categories.contains(&intent.category))
            .flat_map(|(intent, ids)| intent.signals.iter().zip(ids))
            .filter(|(signal, _)| heavy(signal))
            .map(|(_, id)| *id)
            .collect()
    }
}

fn prepare_literal(literal: &table::Literal<'_>) -> Result<Literal, &'static str> {
    Ok(match *literal {
        table::Literal::Text(text) => Literal::Text(text.into()),
        table::Literal::Number(number) => Literal::Number(exact(number)?),
        table::Literal::Boolean(boolean) => Literal::Boolean(boolean),
        table::Literal::Time(time) => Literal::Time(time),
    })
}

/// A number as it would have been read, so that equal ones are the same.
fn exact(number: Number) -> Result<Number, &'static str> {
    if usize::from(number.scale()) > 38 {
        return Err("a number has more than 38 digits");
    }
    Ok(Number::new(number.mantissa(), number.scale()))
}

fn prepare_type(ty: &table::Type<'_>, deeper: usize) -> Result<Type, &'static str> {
    let deeper = deeper
        .checked_sub(1)
        .ok_or("lists of lists are nested too deeply")?;
    Ok(match ty {
        table::Type::String => Type::String,
        table::Type::Integer => Type::Integer,
        table::Type::Decimal => Type::Decimal,
        table::Type::Boolean => Type::Boolean,
        table::Type::Timestamp => Type::Timestamp,
        table::Type::OneOf(values) => Type::OneOf(
            values
                .iter()
                .map(prepare_literal)
                .collect::<Result<_, _>>()?,
        ),
        table::Type::List(element) => match &**element {
            [element] => Type::List(Box::new(prepare_type(element, deeper)?)),
            _ => return Err("a list has one type of element"),
        },
    })
}
