//! Rules in, for a request the few of them that may speak out.
//!
//! Rules are found by the name of their action, and where many are about one
//! action, by a test that has to hold for each: an equality, a prefix, a
//! directory, a bound. What is left out is false for the request, so it could
//! neither fire nor be in doubt; whatever comes out is still evaluated whole.
//! Ranks (positions in [`Part::rules`](crate::prepared::Part::rules)) come out
//! in rising order, the order in which rules are considered.

mod building;
mod key;

use std::{
    collections::{BTreeMap, HashMap},
    hash::BuildHasher,
};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use self::building::Building;
use crate::{
    Number,
    condition::{Field, Look},
    glob::Glob,
    path,
    prefixes::Prefixes,
    prepared::{Action, Rule},
    table::Stage,
    value::Value,
};

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
                let normal = &mut look.buffers.searching.small;
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
