//! A condition and a request in, true, false or in doubt out.
//!
//! `not` stands at the tests, and turns true and false round only: what is in
//! doubt stays in doubt. A field that an action's declaration does not have,
//! or that it has as optional, is absent: every test of it is false, except
//! that `every` holds.

use std::cmp::Ordering;

use agentos_scan::Memory;

use crate::{
    Number,
    doubt::{self, Doubt, Outcome},
    index::{Sorted, Span},
    matcher::{Scan, Searching},
    path::Directory,
    prepared::{Policy, Sees},
    request::Request,
    shape::Shape,
    table::{Normalize, Order, Quantifier},
    text::Text,
    time,
    value::{Map, Value},
    view::{FieldViews, View, Views},
};

/// A condition made ready.
pub(crate) enum Condition {
    All(Box<[Condition]>),
    Any(Box<[Condition]>),
    Test(Test),
}

/// One look at one field, made ready.
pub(crate) struct Test {
    pub(crate) clause: u16,
    pub(crate) negated: bool,
    /// Whether finding more can make the answer stricter only.
    pub(crate) more_is_stricter: bool,
    pub(crate) quantifier: Quantifier,
    pub(crate) field: Field,
    pub(crate) check: Check,
}

impl Condition {
    /// Its tests, as they stand in it.
    pub(crate) fn tests(&self) -> Vec<&Test> {
        let mut tests = Vec::new();
        let mut left = vec![self];
        while let Some(condition) = left.pop() {
            match condition {
                Condition::Test(test) => tests.push(test),
                Condition::All(conditions) | Condition::Any(conditions) => {
                    left.extend(conditions.iter().rev());
                }
            }
        }
        tests
    }
}

impl Test {
    /// Where it looks through disguises, when its rule does: a negated test
    /// never, since what it found would make the answer milder.
    pub(crate) fn sees(&self) -> Sees {
        if self.negated {
            return Sees::Nothing;
        }
        match (&self.check, self.field) {
            (Check::Found(_) | Check::Contains(Literal::Text(_)), Field::Text) => Sees::Text,
            (Check::Contains(Literal::Text(_)) | Check::Matches(_), _) => Sees::Fields,
            (
                Check::Exists
                | Check::Equals(_)
                | Check::Compare(..)
                | Check::OneOf(_)
                | Check::Contains(_)
                | Check::StartsWith(_)
                | Check::EndsWith(_)
                | Check::Under(_)
                | Check::Found(_),
                _,
            ) => Sees::Nothing,
        }
    }
}

/// What a test looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Field {
    Action,
    Agent,
    Text,
    /// Index into the policy's paths.
    At(u32),
}

/// A field below params, context or attested.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Path {
    pub(crate) root: Root,
    /// Never empty.
    pub(crate) names: Box<[Box<str>]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Root {
    /// With the number of its first name, which declared params have as well.
    Param(u32),
    Context,
    Attested,
}

/// What is asked of a field.
pub(crate) enum Check {
    Exists,
    Equals(Literal),
    Compare(Order, Bound),
    /// Boxed, since it is large and rare.
    OneOf(Box<Literals>),
    Contains(Literal),
    StartsWith(Box<str>),
    EndsWith(Box<str>),
    Under(Directory),
    /// Patterns of the policy that look at the field by itself.
    Matches(Box<[u32]>),
    /// Patterns of the policy that the scanner looks for in the canonical text.
    Found(Box<[u32]>),
}

/// What a field is ordered towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Number(Number),
    Time(i128),
}

/// A value written in a policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Literal {
    Text(Box<str>),
    Number(Number),
    Boolean(bool),
    Time(i128),
}

/// Values written in a policy, sorted by kind.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Literals {
    texts: Box<[Box<str>]>,
    numbers: Box<[Number]>,
    booleans: Box<[bool]>,
    times: Box<[i128]>,
}

/// Texts, numbers, booleans.
pub(crate) type Untimed<'l> = (&'l [Box<str>], &'l [Number], &'l [bool]);

impl FromIterator<Literal> for Literals {
    fn from_iter<I: IntoIterator<Item = Literal>>(literals: I) -> Literals {
        let (mut texts, mut numbers, mut booleans, mut times) =
            <(Vec<_>, Vec<_>, Vec<_>, Vec<_>)>::default();
        for literal in literals {
            match literal {
                Literal::Text(text) => texts.push(text),
                Literal::Number(number) => numbers.push(number),
                Literal::Boolean(boolean) => booleans.push(boolean),
                Literal::Time(time) => times.push(time),
            }
        }
        texts.sort_unstable();
        numbers.sort_unstable();
        times.sort_unstable();
        Literals {
            texts: texts.into(),
            numbers: numbers.into(),
            booleans: booleans.into(),
            times: times.into(),
        }
    }
}

impl Literals {
    /// Whether a value is one of them. In doubt unless one has its type.
    pub(crate) fn contain(&self, value: &Value<'_>) -> Outcome {
        match value {
            Value::String(text) => self.contain_text(text),
            Value::Number(number, _) if !self.numbers.is_empty() => {
                Ok(self.numbers.binary_search(number).is_ok())
            }
            Value::Boolean(boolean) if !self.booleans.is_empty() => {
                Ok(self.booleans.contains(boolean))
            }
            Value::Null => Err(Doubt::Null),
            Value::OutOfRange(_) => Err(Doubt::OutOfRange),
            Value::Number(..) | Value::Boolean(_) | Value::List(_) | Value::Map(_) => {
                Err(Doubt::OtherType)
            }
        }
    }

    /// The texts, numbers and booleans; `None` where there are times as well.
    pub(crate) fn untimed(&self) -> Option<Untimed<'_>> {
        self.times
            .is_empty()
            .then_some((&self.texts, &self.numbers, &self.booleans))
    }

    fn contain_text(&self, text: &str) -> Outcome {
        if self.texts.is_empty() && self.times.is_empty() {
            return Err(Doubt::OtherType);
        }
        if self
            .texts
            .binary_search_by(|ours| (**ours).cmp(text))
            .is_ok()
        {
            return Ok(true);
        }
        if self.times.is_empty() {
            return Ok(false);
        }
        let moment = time::nanoseconds(text).ok_or(Doubt::NotTime)?;
        Ok(self.times.binary_search(&moment).is_ok())
    }
}

impl Literal {
    fn equals(&self, value: &Value<'_>) -> Outcome {
        match (self, value) {
            (Literal::Text(_) | Literal::Time(_), Value::String(text)) => self.equals_text(text),
            (Literal::Number(ours), Value::Number(theirs, _)) => Ok(ours == theirs),
            (Literal::Boolean(ours), Value::Boolean(theirs)) => Ok(ours == theirs),
            (_, Value::Null) => Err(Doubt::Null),
            (Literal::Number(_), Value::OutOfRange(_)) => Err(Doubt::OutOfRange),
            (Literal::Text(_) | Literal::Time(_), _) => Err(Doubt::NotText),
            (Literal::Number(_), _) => Err(Doubt::NotNumber),
            (Literal::Boolean(_), _) => Err(Doubt::NotBoolean),
        }
    }

    fn equals_text(&self, text: &str) -> Outcome {
        match self {
            Literal::Text(ours) => Ok(**ours == *text),
            Literal::Time(ours) => Ok(*ours == time::nanoseconds(text).ok_or(Doubt::NotTime)?),
            Literal::Number(_) => Err(Doubt::NotNumber),
            Literal::Boolean(_) => Err(Doubt::NotBoolean),
        }
    }
}

/// What a condition comes to, and the test that settled it: the last one of
/// those that all hold, the first one that holds of several, the first doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) outcome: Outcome,
    pub(crate) clause: Option<u16>,
}

/// What there is to see of a field.
enum Seen<'r> {
    Absent,
    Value(&'r Value<'r>),
}

/// Buffers that looking at requests uses again.
#[derive(Default)]
pub(crate) struct Buffers {
    pub(crate) text: Text,
    pub(crate) scan: Scan,
    /// Another text of the same call, and what is in it.
    pub(crate) second: Text,
    pub(crate) second_scan: Scan,
    /// Those of the text.
    pub(crate) views: Views,
    /// What was found in each of them.
    pub(crate) view_scans: Vec<ViewScan>,
    /// Those of fields by themselves.
    pub(crate) field_views: FieldViews,
    pub(crate) searching: Searching,
    pub(crate) lists: Vec<Span>,
    pub(crate) sorted: Sorted,
}

/// What was found in a view.
#[derive(Default)]
pub(crate) struct ViewScan {
    pub(crate) whole: Scan,
    /// In the same without its keys.
    pub(crate) values: Scan,
}

impl ViewScan {
    fn clear(&mut self) {
        self.whole.clear();
        self.values.clear();
    }

    fn has(&self, pattern: u32) -> bool {
        self.whole.has(pattern) || self.values.has(pattern)
    }

    /// Looks for a policy's patterns in a view of a text, unless that was done
    /// already; for those that mind where it ends also in it without its keys.
    fn scan(&mut self, policy: &Policy, view: &mut View, has_keys: bool, memory: &mut Memory) {
        let patterns = &policy.patterns;
        patterns.scan(&mut view.text, memory, &mut self.whole);
        if patterns.mind_ends() && has_keys && view.values.read_values_of(&view.text).is_ok() {
            patterns.scan_ends(&mut view.values, memory, &mut self.values);
        }
    }
}

impl Buffers {
    /// Forgets the request.
    pub(crate) fn new_request(&mut self) {
        self.text.clear();
        self.second.clear();
        self.views.clear();
        self.field_views.clear();
        self.new_policy();
    }

    /// Forgets what was found of a policy.
    pub(crate) fn new_policy(&mut self) {
        self.scan.clear();
        self.second_scan.clear();
        self.view_scans.iter_mut().for_each(ViewScan::clear);
    }

    /// Looks for a policy's patterns in the canonical text.
    pub(crate) fn scan(&mut self, policy: &Policy, request: &Request<'_>) -> Result<(), Doubt> {
        self.text.read(request)?;
        let memory = &mut self.searching.memory;
        policy.patterns.scan(&mut self.text, memory, &mut self.scan);
        Ok(())
    }

    /// Looks for those patterns that mind where the text ends in the canonical
    /// text without its keys: else whoever names the keys puts words behind them.
    pub(crate) fn scan_values(&mut self, policy: &Policy) {
        if policy.patterns.mind_ends()
            && self.text.has_keys()
            && self.second.read_values_of(&self.text).is_ok()
        {
            let memory = &mut self.searching.memory;
            let patterns = &policy.patterns;
            patterns.scan_ends(&mut self.second, memory, &mut self.second_scan);
        }
    }

    /// Whether a pattern was found, in either text or behind a disguise.
    pub(crate) fn has(&self, pattern: u32) -> bool {
        self.scan.has(pattern)
            || self.second_scan.has(pattern)
            || self.view_scans.iter().any(|scan| scan.has(pattern))
    }
}

/// Looks at one request for one policy.
pub(crate) struct Look<'e, 'r> {
    pub(crate) policy: &'e Policy,
    pub(crate) request: &'r Request<'r>,
    /// The declaration of the action, where its calls have one.
    pub(crate) shape: Option<&'e Shape>,
    pub(crate) buffers: &'r mut Buffers,
    /// Whether positive tests also look at what is behind disguises. What that
    /// finds may make an answer stricter, and stands in for nothing.
    pub(crate) through: bool,
}

impl<'r> Look<'_, 'r> {
    /// What a condition comes to. Its depth was bounded when it was made ready.
    pub(crate) fn settle(&mut self, condition: &Condition) -> Settled {
        match condition {
            Condition::Test(test) => Settled {
                outcome: self.test(test),
                clause: Some(test.clause),
            },
            Condition::All(conditions) => self.fold(conditions, false),
            Condition::Any(conditions) => self.fold(conditions, true),
        }
    }

    /// The first operand that comes to `decisive` settles it, else the first
    /// in doubt, else the last.
    fn fold(&mut self, conditions: &[Condition], decisive: bool) -> Settled {
        let mut last = Settled {
            outcome: Ok(!decisive),
            clause: None,
        };
        let mut doubtful = None;
        for condition in conditions {
            let settled = self.settle(condition);
            match settled.outcome {
                Ok(outcome) if outcome == decisive => return settled,
                Ok(_) => last.clause = settled.clause.or(last.clause),
                Err(_) => doubtful = doubtful.or(Some(settled)),
            }
        }
        doubtful.unwrap_or(last)
    }

    /// What one test comes to.
    pub(crate) fn test(&mut self, test: &Test) -> Outcome {
        let through = self.through;
        self.through &= !test.negated;
        let outcome = match test.field {
            Field::At(path) => self.test_path(test, path),
            Field::Action => self.test_text(test, &self.request.action),
            Field::Agent => self.test_agent(test),
            Field::Text => self.test_canonical(test),
        };
        self.through = through;
        outcome.map(|held| held != test.negated)
    }

    /// Whether looking behind disguises could find more for a rule that sees so.
    pub(crate) fn has_views(&mut self, sees: Sees) -> bool {
        match sees {
            Sees::Nothing => false,
            Sees::Fields => true,
            Sees::Text => {
                let Buffers { text, views, .. } = &mut *self.buffers;
                text.read(self.request).is_ok()
                    && views.of(text).map_or(true, |views| !views.is_empty())
            }
        }
    }

    #[inline]
    fn test_path(&mut self, test: &Test, path: u32) -> Outcome {
        let seen = self.see(path);
        if let Check::Exists = test.check {
            return Ok(matches!(seen, Ok(Seen::Value(value)) if !value.is_null()));
        }
        let value = match seen? {
            Seen::Value(value) => value,
            Seen::Absent => return Ok(test.quantifier == Quantifier::Every),
        };
        match (test.quantifier, value) {
            (Quantifier::Whole, value) => self.check(&test.check, value),
            (Quantifier::Any, Value::List(values)) => {
                doubt::any(values.iter().map(|value| self.check(&test.check, value)))
            }
            (Quantifier::Every, Value::List(values)) => {
                doubt::every(values.iter().map(|value| self.check(&test.check, value)))
            }
            (Quantifier::Any | Quantifier::Every, Value::Null) => Err(Doubt::Null),
            (Quantifier::Any | Quantifier::Every, _) => Err(Doubt::NotList),
        }
    }

    fn test_agent(&mut self, test: &Test) -> Outcome {
        let request = self.request;
        match test.check {
            Check::Exists => Ok(!request.agent.is_empty()),
            _ if request.agent.is_empty() => Err(Doubt::Missing),
            _ => self.test_text(test, &request.agent),
        }
    }

    fn test_canonical(&mut self, test: &Test) -> Outcome {
        if let Check::Exists = test.check {
            return Ok(true);
        }
        if test.quantifier != Quantifier::Whole {
            self.buffers.text.read(self.request)?;
            return Err(Doubt::NotList);
        }
        let outcome = self.check_canonical(test)?;
        if outcome || !self.through || test.sees() == Sees::Nothing {
            return Ok(outcome);
        }
        self.check_views(&test.check)
    }

    /// Looks for the policy's patterns in the text; `false` where it cannot be read.
    pub(crate) fn scan(&mut self) -> bool {
        let read = self.buffers.scan(self.policy, self.request).is_ok();
        if read {
            self.buffers.scan_values(self.policy);
        }
        read
    }

    /// The same behind the disguises of a text that was read, where the policy
    /// looks there.
    pub(crate) fn scan_views(&mut self) {
        if self.policy.normalize == Normalize::Never {
            return;
        }
        let Buffers {
            text,
            views,
            view_scans,
            searching,
            ..
        } = &mut *self.buffers;
        let views = views.of(text).unwrap_or_default();
        if view_scans.len() < views.len() {
            view_scans.resize_with(views.len(), ViewScan::default);
        }
        for (view, scan) in views.iter_mut().zip(view_scans) {
            scan.scan(self.policy, view, text.has_keys(), &mut searching.memory);
        }
    }

    fn check_canonical(&mut self, test: &Test) -> Outcome {
        let buffers = &mut *self.buffers;
        buffers.text.read(self.request)?;
        match &test.check {
            Check::Found(patterns) => {
                buffers.scan(self.policy, self.request)?;
                if buffers.scan.has_any(patterns) || !test.more_is_stricter {
                    return Ok(buffers.scan.has_any(patterns));
                }
                buffers.scan_values(self.policy);
                Ok(buffers.second_scan.has_any(patterns))
            }
            check => check_text(
                self.policy,
                check,
                buffers.text.whole(),
                &mut buffers.searching,
            ),
        }
    }

    /// What a check of the canonical text comes to behind disguises.
    fn check_views(&mut self, check: &Check) -> Outcome {
        let policy = self.policy;
        let Buffers {
            text,
            views,
            view_scans,
            searching,
            ..
        } = &mut *self.buffers;
        let views = views.of(text)?;
        if view_scans.len() < views.len() {
            view_scans.resize_with(views.len(), ViewScan::default);
        }
        doubt::any(views.iter_mut().zip(view_scans).map(|(view, scan)| {
            if let Check::Found(patterns) = check {
                scan.scan(policy, view, text.has_keys(), &mut searching.memory);
                Ok(scan.whole.has_any(patterns) || scan.values.has_any(patterns))
            } else {
                check_text(policy, check, view.text.whole(), searching)
            }
        }))
    }

    /// What a check of a text by itself comes to.
    fn check_field(&mut self, check: &Check, text: &str) -> Outcome {
        let Buffers {
            searching,
            field_views,
            ..
        } = &mut *self.buffers;
        let outcome = check_text(self.policy, check, text, searching);
        let sees = matches!(check, Check::Contains(Literal::Text(_)) | Check::Matches(_));
        if outcome == Ok(true) || !self.through || !sees {
            return outcome;
        }
        let seen = |view: &View| check_text(self.policy, check, view.text.whole(), searching);
        let views = field_views.of(text)?.all().iter();
        doubt::any([outcome].into_iter().chain(views.map(seen)))
    }

    /// A test of a text that is always there.
    fn test_text(&mut self, test: &Test, text: &str) -> Outcome {
        match (&test.check, test.quantifier) {
            (Check::Exists, _) => Ok(true),
            (_, Quantifier::Any | Quantifier::Every) => Err(Doubt::NotList),
            (check, Quantifier::Whole) => self.check_field(check, text),
        }
    }

    fn check(&mut self, check: &Check, value: &Value<'_>) -> Outcome {
        match (check, value) {
            (check, Value::String(text)) => self.check_field(check, text),
            (Check::Exists, value) => Ok(!value.is_null()),
            (_, Value::Null) => Err(Doubt::Null),
            (Check::Equals(literal), value) => literal.equals(value),
            (Check::Compare(order, Bound::Number(bound)), Value::Number(number, _)) => {
                Ok(is_ordered(*order, number.cmp(bound)))
            }
            (Check::Compare(_, Bound::Number(_)), Value::OutOfRange(_)) => Err(Doubt::OutOfRange),
            (Check::Compare(_, Bound::Number(_)), _) => Err(Doubt::NotNumber),
            (Check::OneOf(literals), value) => literals.contain(value),
            (Check::Contains(literal), Value::List(values)) => {
                doubt::any(values.iter().map(|value| literal.equals(value)))
            }
            (
                Check::Compare(_, Bound::Time(_))
                | Check::Contains(_)
                | Check::StartsWith(_)
                | Check::EndsWith(_)
                | Check::Under(_)
                | Check::Matches(_)
                | Check::Found(_),
                _,
            ) => Err(Doubt::NotText),
        }
    }

    /// What there is at a path.
    #[inline]
    fn see(&self, path: u32) -> Result<Seen<'r>, Doubt> {
        let path = self.policy.paths.get(path as usize).ok_or(Doubt::Missing)?;
        let request = self.request;
        match path.root {
            Root::Context => walk(&request.context, &path.names),
            Root::Attested => walk(&request.attested, &path.names),
            Root::Param(first) => {
                let Some(shape) = self.shape else {
                    return walk(&request.params, &path.names);
                };
                let Some(declared) = shape.param(first) else {
                    return Ok(Seen::Absent);
                };
                if declared.optional
                    && request
                        .params
                        .get(&declared.name)
                        .is_none_or(Value::is_null)
                {
                    return Ok(Seen::Absent);
                }
                walk(&request.params, &path.names)
            }
        }
    }

    /// The value at a path, for the index.
    #[inline]
    pub(crate) fn value(&self, path: u32) -> Result<Option<&'r Value<'r>>, Doubt> {
        match self.see(path)? {
            Seen::Absent => Ok(None),
            Seen::Value(value) => Ok(Some(value)),
        }
    }
}

fn walk<'r>(map: &'r Map<'r>, names: &[Box<str>]) -> Result<Seen<'r>, Doubt> {
    let Some((first, others)) = names.split_first() else {
        return Err(Doubt::Missing);
    };
    let mut value = map.get(first).ok_or(Doubt::Missing)?;
    for name in others {
        value = match value {
            Value::Map(map) => map.get(name).ok_or(Doubt::Missing)?,
            Value::Null => return Err(Doubt::Missing),
            _ => return Err(Doubt::NotMap),
        };
    }
    Ok(Seen::Value(value))
}

fn check_text(policy: &Policy, check: &Check, text: &str, searching: &mut Searching) -> Outcome {
    match check {
        Check::Exists => Ok(true),
        Check::Equals(literal) => literal.equals_text(text),
        Check::Compare(order, Bound::Time(bound)) => {
            let moment = time::nanoseconds(text).ok_or(Doubt::NotTime)?;
            Ok(is_ordered(*order, moment.cmp(bound)))
        }
        Check::Compare(_, Bound::Number(_)) => Err(Doubt::NotNumber),
        Check::OneOf(literals) => literals.contain_text(text),
        Check::Contains(Literal::Text(part)) => Ok(text.contains(&**part)),
        Check::Contains(Literal::Number(_) | Literal::Boolean(_) | Literal::Time(_)) => {
            Err(Doubt::NotList)
        }
        Check::StartsWith(start) => Ok(text.starts_with(&**start)),
        Check::EndsWith(end) => Ok(text.ends_with(&**end)),
        Check::Under(directory) => directory.holds(text),
        Check::Matches(patterns) => Ok(policy.patterns.one_is_in(patterns, text, searching)),
        // The engine is not made where it stands anywhere but at the text.
        Check::Found(_) => Err(Doubt::NotText),
    }
}

fn is_ordered(order: Order, ordering: Ordering) -> bool {
    match order {
        Order::Less => ordering.is_lt(),
        Order::AtMost => ordering.is_le(),
        Order::Greater => ordering.is_gt(),
        Order::AtLeast => ordering.is_ge(),
    }
}
