//! Rules in, for a request the few of them that may speak out.
//!
//! Rules are found by the name of their action, and where many are about one
//! action, by a test that has to hold for each: an equality, a prefix, a
//! directory, a bound. What is left out is false for the request, so it could
//! neither fire nor be in doubt; whatever comes out is still evaluated whole.
//! Ranks (positions in [`Part::rules`](crate::prepared::Part::rules)) come out
//! in rising order, the order in which rules are considered.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, Hash},
};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::{
    Number,
    condition::{Bound, Check, Condition, Field, Literal, Look, Test},
    glob::Glob,
    path,
    prefixes::Prefixes,
    prepared::{Action, Rule},
    table::{Effect, Order, Quantifier, Stage},
    value::Value,
};

/// Up to so many rules are tried one by one.
const FEW_RULES: usize = 8;

/// Fewer rules that are found by one kind of test are not worth a look-up.
const LEAST_GROUP: usize = 4;

/// How many lists are merged by looking at the head of each.
const FEW_LISTS: usize = 8;

/// Keys come from policies, and requests only look them up: a fixed seed is safe.
const HASHER: FixedState = FixedState::with_seed(0x000a_6e27);

/// The hash under which a name is looked up.
pub(crate) fn hash_of(name: &str) -> u64 {
    HASHER.hash_one(name)
}

/// A part of a list of ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

/// The names of a policy's actions, at one stage.
pub(crate) struct Names {
    table: HashTable<Name>,
}

/// What is known of an action's name.
pub(crate) struct Name {
    spelled: Box<str>,
    /// Index into the policy's shapes.
    pub(crate) shape: Option<u32>,
    /// What the first part has for this very name: mostly all there is.
    first: Exact,
    /// What the other parts have.
    others: Box<[Exact]>,
}

/// The rules of a part about one very name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Exact {
    /// To be tried one by one.
    Few(Span),
    /// In a bucket.
    Many(u32),
}

/// The rules of one part and one stage.
#[derive(Default)]
pub(crate) struct Rules {
    ranks: Box<[u32]>,
    buckets: Box<[Bucket]>,
    /// Names that start so, and their bucket.
    prefixes: Option<Prefixes<u32>>,
    globs: Box<[(Glob, u32)]>,
    any: Option<u32>,
}

/// Rules about the same actions.
struct Bucket {
    /// To be tried one by one.
    linear: Span,
    groups: Box<[Group]>,
}

/// Rules that are found by a test of the same field.
struct Group {
    field: Field,
    keys: Keys,
    /// Those that speak when the field is in doubt.
    doubtful: Span,
}

/// What a field's value leads to.
enum Keys {
    Texts(HashTable<(Box<str>, Span)>),
    Numbers(HashTable<(Number, Span)>),
    Booleans {
        no: Span,
        yes: Span,
    },
    Prefixes(Prefixes<Span>),
    Directories(Prefixes<Span>),
    /// Edges in rising order; below the first, at it, between it and the next, …
    Bounds {
        edges: Box<[Number]>,
        between: Box<[Span]>,
    },
}

/// The stages in the order of their indexes.
pub(crate) const STAGES: [Stage; 3] = [Stage::Input, Stage::Call, Stage::Output];

/// The index of a stage's rules.
pub(crate) const fn stage_index(stage: Stage) -> usize {
    match stage {
        Stage::Input => 0,
        Stage::Call => 1,
        Stage::Output => 2,
    }
}

impl Names {
    /// Names with shapes, and for each part the bucket of each name.
    pub(crate) fn new<'n>(
        shapes: impl IntoIterator<Item = &'n str>,
        parts: &[HashMap<&'n str, Exact>],
    ) -> Names {
        let mut names: BTreeMap<&str, Option<u32>> = BTreeMap::new();
        names.extend(
            parts
                .iter()
                .flat_map(|part| part.keys().map(|name| (*name, None))),
        );
        names.extend(
            shapes
                .into_iter()
                .enumerate()
                .map(|(shape, name)| (name, Some(shape as u32))),
        );
        let mut table = HashTable::with_capacity(names.len());
        for (name, shape) in names {
            let none = Exact::Few(Span::default());
            let mut exact = parts
                .iter()
                .map(|part| part.get(name).copied().unwrap_or(none));
            let known = Name {
                spelled: name.into(),
                shape,
                first: exact.next().unwrap_or(none),
                others: exact.collect(),
            };
            table.insert_unique(hash_of(name), known, |known| hash_of(&known.spelled));
        }
        Names { table }
    }

    /// What is known of a name.
    #[inline]
    pub(crate) fn get(&self, name: &str, hash: u64) -> Option<&Name> {
        self.table.find(hash, |known| *known.spelled == *name)
    }
}

impl Name {
    /// The rules that a part has for it.
    #[inline]
    pub(crate) fn rules(&self, part: usize) -> Option<Exact> {
        match part.checked_sub(1) {
            None => Some(self.first),
            Some(other) => self.others.get(other).copied(),
        }
    }
}

impl Rules {
    /// Those of a part's rules that are about a stage, and the buckets of exact names.
    pub(crate) fn new(rules: &[Rule], stage: Stage) -> (Rules, HashMap<&str, Exact>) {
        let mut exact: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let mut prefixes: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let mut globs: Vec<(&Glob, Vec<u32>)> = Vec::new();
        let mut glob_positions: HashMap<&Glob, usize> = HashMap::new();
        let mut any = Vec::new();
        for (rank, rule) in rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.stage == stage)
        {
            for action in &rule.about.actions {
                let ranks = match action {
                    Action::Exact(name) => exact.entry(name).or_default(),
                    Action::Prefix(prefix) => prefixes.entry(prefix).or_default(),
                    Action::Any => &mut any,
                    Action::Glob(glob) => {
                        let position = *glob_positions.entry(glob).or_insert_with(|| {
                            globs.push((glob, Vec::new()));
                            globs.len() - 1
                        });
                        match globs.get_mut(position) {
                            Some((_, ranks)) => ranks,
                            None => continue,
                        }
                    }
                };
                if ranks.last() != Some(&(rank as u32)) {
                    ranks.push(rank as u32);
                }
            }
        }
        let mut building = Building {
            rules,
            ranks: Vec::new(),
            buckets: Vec::new(),
        };
        let exact = exact
            .into_iter()
            .map(|(name, ranks)| (name, building.exact(&ranks)))
            .collect();
        let prefixes: Vec<(Box<str>, u32)> = prefixes
            .into_iter()
            .map(|(prefix, ranks)| (prefix.into(), building.bucket(&ranks)))
            .collect();
        let globs = globs
            .into_iter()
            .map(|(glob, ranks)| (glob.clone(), building.bucket(&ranks)))
            .collect();
        let any = (!any.is_empty()).then(|| building.bucket(&any));
        let rules = Rules {
            prefixes: (!prefixes.is_empty()).then(|| Prefixes::new(prefixes)),
            globs,
            any,
            ranks: building.ranks.into(),
            buckets: building.buckets.into(),
        };
        (rules, exact)
    }

    /// Finds the lists of ranks of the rules that may speak.
    #[inline]
    pub(crate) fn gather(
        &self,
        exact: Option<Exact>,
        look: &mut Look<'_, '_>,
        lists: &mut Vec<Span>,
    ) {
        lists.clear();
        match exact {
            Some(Exact::Few(few)) => few.add_to(lists),
            Some(Exact::Many(bucket)) => self.gather_bucket(bucket, look, lists),
            None => {}
        }
        if let Some(prefixes) = &self.prefixes {
            for bucket in prefixes.of(&look.request.action) {
                self.gather_bucket(*bucket, look, lists);
            }
        }
        for (glob, bucket) in &self.globs {
            if glob.matches(&look.request.action) {
                self.gather_bucket(*bucket, look, lists);
            }
        }
        if let Some(bucket) = self.any {
            self.gather_bucket(bucket, look, lists);
        }
    }

    #[inline]
    fn gather_bucket(&self, bucket: u32, look: &mut Look<'_, '_>, lists: &mut Vec<Span>) {
        let Some(bucket) = self.buckets.get(bucket as usize) else {
            return;
        };
        bucket.linear.add_to(lists);
        for group in &bucket.groups {
            group.gather(look, lists);
        }
    }

    /// The least rank at the head of the lists, taken off each list that has it.
    ///
    /// Many lists are sorted into one first, with which `lists` is replaced by
    /// nothing and `sorted` by all of them.
    #[inline]
    pub(crate) fn next(&self, lists: &mut Vec<Span>, sorted: &mut Sorted) -> Option<u32> {
        if lists.len() > FEW_LISTS {
            self.sort(lists, sorted);
        }
        if let [only] = &mut **lists {
            let rank = self
                .ranks
                .get(only.start as usize)
                .filter(|_| only.start < only.end)?;
            only.start += 1;
            return Some(*rank);
        }
        if lists.is_empty() {
            return sorted.next();
        }
        let head = |list: &Span| {
            self.ranks
                .get(list.start as usize)
                .filter(|_| list.start < list.end)
                .copied()
        };
        let least = lists.iter().filter_map(head).min()?;
        for list in &mut *lists {
            if head(list) == Some(least) {
                list.start += 1;
            }
        }
        Some(least)
    }

    #[cold]
    fn sort(&self, lists: &mut Vec<Span>, sorted: &mut Sorted) {
        sorted.clear();
        let slices = lists
            .drain(..)
            .filter_map(|list| self.ranks.get(list.start as usize..list.end as usize));
        sorted.ranks.extend(slices.flatten());
        sorted.ranks.sort_unstable();
        sorted.ranks.dedup();
    }
}

/// Ranks that were sorted, and how many of them were taken.
#[derive(Default)]
pub(crate) struct Sorted {
    ranks: Vec<u32>,
    taken: usize,
}

impl Sorted {
    pub(crate) fn clear(&mut self) {
        self.ranks.clear();
        self.taken = 0;
    }

    fn next(&mut self) -> Option<u32> {
        let rank = self.ranks.get(self.taken).copied()?;
        self.taken += 1;
        Some(rank)
    }
}

impl Span {
    fn add_to(self, lists: &mut Vec<Span>) {
        if self.start < self.end {
            lists.push(self);
        }
    }
}

impl Group {
    fn gather(&self, look: &mut Look<'_, '_>, lists: &mut Vec<Span>) {
        match self.find(look, lists) {
            Found::Done => {}
            Found::One(span) => span.add_to(lists),
            Found::Doubt => self.doubtful.add_to(lists),
        }
    }

    fn find(&self, look: &mut Look<'_, '_>, lists: &mut Vec<Span>) -> Found {
        let request = look.request;
        let value = match self.field {
            Field::Action => return self.find_text(&request.action, look, lists),
            Field::Agent if request.agent.is_empty() => return Found::Doubt,
            Field::Agent => return self.find_text(&request.agent, look, lists),
            // Never a key.
            Field::Text => return Found::Doubt,
            Field::At(path) => match look.value(path) {
                Ok(Some(value)) => value,
                Ok(None) => return Found::Done,
                Err(_) => return Found::Doubt,
            },
        };
        match (value, &self.keys) {
            (Value::String(text), _) => self.find_text(text, look, lists),
            (Value::Number(number, _), Keys::Numbers(table)) => {
                let found = table.find(HASHER.hash_one(number), |(known, _)| known == number);
                found.map_or(Found::Done, |(_, span)| Found::One(*span))
            }
            (Value::Number(number, _), Keys::Bounds { edges, between }) => {
                let region = match edges.binary_search(number) {
                    Ok(at) => 2 * at + 1,
                    Err(before) => 2 * before,
                };
                between
                    .get(region)
                    .map_or(Found::Done, |span| Found::One(*span))
            }
            (Value::Boolean(value), Keys::Booleans { no, yes }) => {
                Found::One(if *value { *yes } else { *no })
            }
            (_, _) => Found::Doubt,
        }
    }

    fn find_text(&self, text: &str, look: &mut Look<'_, '_>, lists: &mut Vec<Span>) -> Found {
        match &self.keys {
            Keys::Texts(table) => {
                let found = table.find(hash_of(text), |(known, _)| **known == *text);
                found.map_or(Found::Done, |(_, span)| Found::One(*span))
            }
            Keys::Prefixes(prefixes) => {
                prefixes.of(text).for_each(|span| span.add_to(lists));
                Found::Done
            }
            Keys::Directories(directories) => {
                let normal = &mut look.buffers.small;
                if path::normalise(text, normal).is_err() {
                    return Found::Doubt;
                }
                directories.of(normal).for_each(|span| span.add_to(lists));
                Found::Done
            }
            Keys::Numbers(_) | Keys::Booleans { .. } | Keys::Bounds { .. } => Found::Doubt,
        }
    }
}

/// What a group leads to.
enum Found {
    /// What there is was added already.
    Done,
    One(Span),
    /// The field is in doubt.
    Doubt,
}

/// A test that has to hold for its rule to fire, as far as the index minds.
enum Key<'r> {
    /// One of these texts.
    Texts(Field, Vec<&'r str>),
    Numbers(Field, Vec<Number>),
    Booleans(Field, Vec<bool>),
    Prefix(Field, &'r str),
    Directory(Field, String),
}

/// Which group a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Kind {
    field: Field,
    of: KeyKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum KeyKind {
    Texts,
    Numbers,
    Booleans,
    Prefix,
    Directory,
    Bounds,
}

/// One value of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Atom {
    Text(Box<str>),
    Number(Number),
    Boolean(bool),
}

impl Key<'_> {
    fn kind(&self) -> Kind {
        let (field, of) = match self {
            Key::Texts(field, _) => (field, KeyKind::Texts),
            Key::Numbers(field, _) => (field, KeyKind::Numbers),
            Key::Booleans(field, _) => (field, KeyKind::Booleans),
            Key::Prefix(field, _) => (field, KeyKind::Prefix),
            Key::Directory(field, _) => (field, KeyKind::Directory),
        };
        Kind { field: *field, of }
    }

    fn atoms(&self) -> Vec<Atom> {
        match self {
            Key::Texts(_, texts) => texts
                .iter()
                .map(|text| Atom::Text((*text).into()))
                .collect(),
            Key::Numbers(_, numbers) => numbers.iter().copied().map(Atom::Number).collect(),
            Key::Booleans(_, booleans) => booleans.iter().copied().map(Atom::Boolean).collect(),
            Key::Prefix(_, prefix) => vec![Atom::Text((*prefix).into())],
            Key::Directory(_, prefix) => vec![Atom::Text(prefix.as_str().into())],
        }
    }
}

struct Building<'r> {
    rules: &'r [Rule],
    ranks: Vec<u32>,
    buckets: Vec<Bucket>,
}

/// The rules of a group, before it is made.
#[derive(Default)]
struct Members {
    /// Ranks by value.
    by_atom: BTreeMap<Atom, Vec<u32>>,
    /// Ranks of rules that are bounds and nothing else, with the bounds.
    bounds: Vec<(u32, Vec<(Order, Number)>)>,
    /// All ranks, rising.
    ranks: Vec<u32>,
}

impl<'r> Building<'r> {
    fn exact(&mut self, ranks: &[u32]) -> Exact {
        if ranks.len() <= FEW_RULES {
            Exact::Few(self.span(ranks))
        } else {
            Exact::Many(self.bucket(ranks))
        }
    }

    fn bucket(&mut self, ranks: &[u32]) -> u32 {
        let (groups, linear) = self.split(ranks);
        let linear = self.span(&linear);
        let groups = groups
            .into_iter()
            .map(|(kind, members)| self.group(kind, &members))
            .collect();
        self.buckets.push(Bucket { linear, groups });
        self.buckets.len() as u32 - 1
    }

    fn span(&mut self, ranks: &[u32]) -> Span {
        let start = self.ranks.len() as u32;
        self.ranks.extend(ranks);
        Span {
            start,
            end: self.ranks.len() as u32,
        }
    }

    fn condition(&self, rank: u32) -> Option<&'r Condition> {
        self.rules
            .get(rank as usize)
            .and_then(|rule| rule.when.as_ref())
    }

    /// Sorts rules into groups, and those that have no key.
    fn split(&self, ranks: &[u32]) -> (Vec<(Kind, Members)>, Vec<u32>) {
        if ranks.len() <= FEW_RULES {
            return (Vec::new(), ranks.to_vec());
        }
        let keys: Vec<Vec<Key<'r>>> = ranks
            .iter()
            .map(|rank| self.condition(*rank).map_or_else(Vec::new, keys))
            .collect();
        // A key is the better, the fewer rules share its value.
        let mut sharing: HashMap<(Kind, Atom), usize> = HashMap::new();
        let mut total: HashMap<Kind, usize> = HashMap::new();
        for key in keys.iter().flatten() {
            *total.entry(key.kind()).or_default() += 1;
            for atom in key.atoms() {
                *sharing.entry((key.kind(), atom)).or_default() += 1;
            }
        }
        let cost = |key: &Key<'r>| {
            let kind = key.kind();
            let most = key
                .atoms()
                .into_iter()
                .filter_map(|atom| sharing.get(&(kind, atom)).copied())
                .max();
            (most, std::cmp::Reverse(total.get(&kind).copied()))
        };
        let mut groups: Vec<(Kind, Members)> = Vec::new();
        let mut positions: HashMap<Kind, usize> = HashMap::new();
        let mut linear = Vec::new();
        for (&rank, keys) in ranks.iter().zip(&keys) {
            let bounds = self.condition(rank).and_then(bounds);
            let best = keys.iter().min_by_key(|key| cost(key));
            let kind = match (&bounds, best) {
                (Some((field, _)), _) => Kind {
                    field: *field,
                    of: KeyKind::Bounds,
                },
                (None, Some(key)) => key.kind(),
                (None, None) => {
                    linear.push(rank);
                    continue;
                }
            };
            let position = *positions.entry(kind).or_insert_with(|| {
                groups.push((kind, Members::default()));
                groups.len() - 1
            });
            let Some((_, members)) = groups.get_mut(position) else {
                continue;
            };
            members.ranks.push(rank);
            if let Some((_, bounds)) = bounds {
                members.bounds.push((rank, bounds));
            } else {
                for atom in best.into_iter().flat_map(Key::atoms) {
                    let ranks = members.by_atom.entry(atom).or_default();
                    if ranks.last() != Some(&rank) {
                        ranks.push(rank);
                    }
                }
            }
        }
        let (groups, few): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|(_, members)| members.ranks.len() >= LEAST_GROUP);
        linear.extend(few.into_iter().flat_map(|(_, members)| members.ranks));
        linear.sort_unstable();
        (groups, linear)
    }

    fn group(&mut self, kind: Kind, members: &Members) -> Group {
        let doubtful = self.doubtful(&members.ranks);
        let doubtful = self.span(&doubtful);
        let spans: Vec<(&Atom, Span)> = members
            .by_atom
            .iter()
            .map(|(atom, ranks)| (atom, self.span(ranks)))
            .collect();
        let texts = || {
            spans.iter().filter_map(|(atom, span)| match atom {
                Atom::Text(text) => Some((text.clone(), *span)),
                Atom::Number(_) | Atom::Boolean(_) => None,
            })
        };
        let keys = match kind.of {
            KeyKind::Texts => Keys::Texts(table(texts(), |text| hash_of(text))),
            KeyKind::Prefix => Keys::Prefixes(Prefixes::new(texts())),
            KeyKind::Directory => Keys::Directories(Prefixes::new(texts())),
            KeyKind::Numbers => {
                let numbers = spans.iter().filter_map(|(atom, span)| match atom {
                    Atom::Number(number) => Some((*number, *span)),
                    Atom::Text(_) | Atom::Boolean(_) => None,
                });
                Keys::Numbers(table(numbers, |number| HASHER.hash_one(number)))
            }
            KeyKind::Booleans => {
                let of = |wanted| {
                    spans
                        .iter()
                        .find(|(atom, _)| **atom == Atom::Boolean(wanted))
                        .map_or(Span::default(), |(_, span)| *span)
                };
                Keys::Booleans {
                    no: of(false),
                    yes: of(true),
                }
            }
            KeyKind::Bounds => self.between(&members.bounds),
        };
        Group {
            field: kind.field,
            keys,
            doubtful,
        }
    }

    /// The rules that count when the field is in doubt. An `allow` does not
    /// speak then. Of rules that ask nothing else, so that they are in doubt
    /// for sure, one that is no stricter than one before changes nothing.
    fn doubtful(&self, ranks: &[u32]) -> Vec<u32> {
        let mut strictest: Option<Effect> = None;
        let mut doubtful = Vec::new();
        for &rank in ranks {
            let Some(rule) = self.rules.get(rank as usize) else {
                continue;
            };
            if rule.effect == Effect::Allow
                || strictest.is_some_and(|strictest| rule.effect <= strictest)
            {
                continue;
            }
            let alone = rule
                .when
                .as_ref()
                .is_some_and(|when| matches!(when, Condition::Test(_)) || bounds(when).is_some());
            if alone {
                strictest = Some(rule.effect);
            }
            doubtful.push(rank);
        }
        doubtful
    }

    /// For each number between the edges, the first rule whose bounds hold.
    /// They ask nothing else, so it is true, and no later one can change anything.
    fn between(&mut self, members: &[(u32, Vec<(Order, Number)>)]) -> Keys {
        let mut edges: Vec<Number> = members
            .iter()
            .flat_map(|(_, bounds)| bounds.iter().map(|(_, edge)| *edge))
            .collect();
        edges.sort_unstable();
        edges.dedup();
        let regions = 2 * edges.len() + 1;
        let mut first: Vec<Option<u32>> = vec![None; regions];
        // The next region from each on that has no rule yet.
        let mut free: Vec<usize> = (0..=regions).collect();
        for (rank, bounds) in members {
            let (mut from, mut to) = (0, regions);
            for (order, edge) in bounds {
                let at = 2 * edges.partition_point(|known| known < edge) + 1;
                match order {
                    Order::Less => to = to.min(at),
                    Order::AtMost => to = to.min(at + 1),
                    Order::Greater => from = from.max(at + 1),
                    Order::AtLeast => from = from.max(at),
                }
            }
            let mut region = next_free(&mut free, from);
            while region < to {
                if let Some(slot) = first.get_mut(region) {
                    *slot = Some(*rank);
                }
                if let Some(next) = free.get_mut(region) {
                    *next = region + 1;
                }
                region = next_free(&mut free, region + 1);
            }
        }
        let between = first
            .into_iter()
            .map(|rank| rank.map_or(Span::default(), |rank| self.span(&[rank])))
            .collect();
        Keys::Bounds {
            edges: edges.into(),
            between,
        }
    }
}

/// Follows `free` from a region to one that is free, and shortens the way.
fn next_free(free: &mut [usize], from: usize) -> usize {
    let mut region = from;
    while let Some(&next) = free.get(region) {
        if next == region {
            break;
        }
        let after = free.get(next).copied().unwrap_or(next);
        if let Some(slot) = free.get_mut(region) {
            *slot = after;
        }
        region = next;
    }
    region
}

fn table<K>(
    entries: impl Iterator<Item = (K, Span)>,
    hash: impl Fn(&K) -> u64,
) -> HashTable<(K, Span)> {
    let mut table = HashTable::new();
    for entry in entries {
        table.insert_unique(hash(&entry.0), entry, |(key, _)| hash(key));
    }
    table
}

/// The tests that have to hold for a condition to hold.
fn conjuncts(condition: &Condition) -> Vec<&Condition> {
    let mut found = Vec::new();
    let mut left = vec![condition];
    while let Some(condition) = left.pop() {
        match condition {
            Condition::All(conditions) => left.extend(conditions.iter().rev()),
            Condition::Any(_) | Condition::Test(_) => found.push(condition),
        }
    }
    found
}

fn is_plain(test: &Test) -> bool {
    !test.negated && test.quantifier == Quantifier::Whole && test.field != Field::Text
}

/// The keys by which a rule with that condition may be found.
fn keys(condition: &Condition) -> Vec<Key<'_>> {
    let tests = conjuncts(condition)
        .into_iter()
        .filter_map(|condition| match condition {
            Condition::Test(test) if is_plain(test) => Some(test),
            Condition::Test(_) | Condition::All(_) | Condition::Any(_) => None,
        });
    tests.filter_map(key).collect()
}

fn key(test: &Test) -> Option<Key<'_>> {
    let field = test.field;
    match &test.check {
        Check::Equals(Literal::Text(text)) => Some(Key::Texts(field, vec![text])),
        Check::Equals(Literal::Number(number)) => Some(Key::Numbers(field, vec![*number])),
        Check::Equals(Literal::Boolean(boolean)) => Some(Key::Booleans(field, vec![*boolean])),
        Check::OneOf(literals) => {
            // With two types in the list, a value of neither is in doubt: no group is that.
            let (texts, numbers, booleans) = literals.untimed()?;
            match (texts, numbers, booleans) {
                ([_, ..], [], []) => Some(Key::Texts(
                    field,
                    texts.iter().map(|text| &**text).collect(),
                )),
                ([], [_, ..], []) => Some(Key::Numbers(field, numbers.to_vec())),
                ([], [], [_, ..]) => Some(Key::Booleans(field, booleans.to_vec())),
                _ => None,
            }
        }
        Check::StartsWith(prefix) => Some(Key::Prefix(field, prefix)),
        Check::Under(directory) => Some(Key::Directory(field, directory.prefix()?)),
        Check::Equals(Literal::Time(_))
        | Check::Exists
        | Check::Compare(..)
        | Check::Contains(_)
        | Check::EndsWith(_)
        | Check::Matches(_)
        | Check::Found(_) => None,
    }
}

/// The bounds, where a condition is nothing but bounds on one field.
fn bounds(condition: &Condition) -> Option<(Field, Vec<(Order, Number)>)> {
    let mut field = None;
    let mut bounds = Vec::new();
    for condition in conjuncts(condition) {
        let Condition::Test(test) = condition else {
            return None;
        };
        let Check::Compare(order, Bound::Number(edge)) = test.check else {
            return None;
        };
        if !is_plain(test) || field.is_some_and(|field| field != test.field) {
            return None;
        }
        field = Some(test.field);
        bounds.push((order, edge));
    }
    Some((field?, bounds))
}
