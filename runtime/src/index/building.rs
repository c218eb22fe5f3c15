//! Rules about the same actions in, what finds them by their tests out.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::{
    Bucket, Exact, Group, HASHER, Keys, Span, hash_of,
    key::{Atom, Key, KeyKind, Kind, bounds, keys},
};
use crate::{
    Number,
    condition::Condition,
    prefixes::Prefixes,
    prepared::Rule,
    table::{Effect, Order},
};

/// Up to so many rules are tried one by one.
const FEW_RULES: usize = 8;

/// Fewer rules that are found by one kind of test are not worth a look-up.
const LEAST_GROUP: usize = 4;

pub(super) struct Building<'r> {
    pub(super) rules: &'r [Rule],
    pub(super) ranks: Vec<u32>,
    pub(super) buckets: Vec<Bucket>,
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
    pub(super) fn exact(&mut self, ranks: &[u32]) -> Exact {
        if ranks.len() <= FEW_RULES {
            Exact::Few(self.span(ranks))
        } else {
            Exact::Many(self.bucket(ranks))
        }
    }

    pub(super) fn bucket(&mut self, ranks: &[u32]) -> u32 {
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
