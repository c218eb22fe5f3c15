//! Builds automata: expressions in, automata and what they cannot find out.
//!
//! Expressions come in the syntax of the `regex` crate, as the compiler prints
//! them. Those that begin rarely are looked for only where they may begin, the
//! others by reading every letter. What has another shape, or alone would need
//! an automaton beyond its budget, is named.

use std::ops::Range;

use regex_syntax::hir::Hir;

use crate::{
    automaton::{Automaton, Entry, Role, Then},
    fingerprint::Fingerprint,
    follower::Follower,
    gaps::{Gap, Join, MOST_JOINS},
    symbols::{BEFORE, MOST_SYMBOLS, SymbolSet},
};

mod alike;
mod alphabet;
mod determinise;
mod first_bytes;
mod nfa;
pub(crate) mod ordinary;
mod pieces;
mod program;
mod set;
mod shape;

pub use set::Sought;

use alphabet::{Classes, Letters};
use determinise::{Entrance, Reach, determinise};
use nfa::Nfa;
pub(crate) use program::Programmer;

use pieces::{Piece, Way, Wide, looks_beyond, ways};
use shape::{Node, Shape, shape, shapes};

/// The largest share of an ordinary text's places where a pattern may have to
/// begin. Beyond it, reading every letter is cheaper.
const MOST_CANDIDATES: f64 = 0.05;

/// How many states one automaton may have.
pub const MOST_STATES: usize = 40_000;

/// How many states one may have that reads every letter.
const MOST_READING: usize = 4_096;

/// How many patterns one automaton may look for.
const MOST_PATTERNS: usize = 4_096;

/// An expression to search for.
#[derive(Clone, Copy, Debug)]
pub struct Pattern<'p> {
    /// What it is called: its bit in what is found.
    pub number: u32,
    /// In the syntax of the `regex` crate.
    pub expression: &'p Hir,
    /// What must not follow it.
    pub unless: Option<&'p Hir>,
}

/// What was built.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// They find all patterns but those that do not fit.
    pub automata: Vec<Automaton>,
    /// The numbers of those that have another shape, or outgrow an automaton by
    /// themselves, rising.
    pub unfit: Vec<u32>,
}

/// Builds automata for patterns.
///
/// ```
/// use agentos_scan::{Pattern, Scratch, build};
///
/// let hirs = [r"(?:\A|\W)(rm)\s+-rf", "drop table"].map(|text| regex_syntax::parse(text).unwrap());
/// let patterns = [0, 1].map(|number| Pattern { number, expression: &hirs[number as usize], unless: None });
/// let built = build(&patterns);
/// let mut found = [0];
/// for automaton in &built.automata {
///     automaton.scan("sudo rm -rf /", &mut Scratch::default(), &mut found);
/// }
/// assert_eq!((found, built.unfit), ([0b01], vec![]));
/// ```
pub fn build(patterns: &[Pattern<'_>]) -> Built {
    let classes = Classes::default();
    let mut built = Built::default();
    let mut fit = Vec::new();
    for pattern in patterns {
        match shaped(pattern, &classes) {
            Some(shaped) => fit.push(shaped),
            None => built.unfit.push(pattern.number),
        }
    }
    let fit: Vec<&Shaped> = fit.iter().collect();
    for fit in fit.chunks(MOST_PATTERNS) {
        let (rare, common) = by_begin(fit, &classes);
        together(&rare, &classes, automaton, &mut built);
        together(&common, &classes, reader, &mut built);
    }
    built.unfit.sort_unstable();
    built
}

/// A pattern of a shape that automata find.
struct Shaped {
    number: u32,
    /// None where it may begin behind the last letter of a text.
    ways: Option<Vec<Way>>,
    /// All of each of its alternatives.
    whole: Vec<Piece>,
    unless: Option<Shape>,
}

fn shaped(pattern: &Pattern<'_>, classes: &Classes) -> Option<Shaped> {
    let unless = match pattern.unless {
        // What stands before something that must not follow is the end of the pattern itself.
        Some(hir) => Some(shape(hir, classes).filter(|shape| shape.lead == shape::Lead::Any)?),
        None => None,
    };
    let shapes = shapes(pattern.expression, classes)?;
    // What must not follow stands where the letters end, not behind a look at them.
    if unless.is_some() && shapes.iter().any(|shape| looks_beyond(&shape.body)) {
        return None;
    }
    let ways = shapes
        .iter()
        .map(|shape| ways(shape, unless.is_some(), classes))
        .collect::<Option<Vec<_>>>();
    Some(Shaped {
        number: pattern.number,
        ways: ways.map(|ways| ways.into_iter().flatten().collect()),
        whole: shapes.iter().map(Piece::whole).collect(),
        unless,
    })
}

/// Patterns that begin rarely, and the others.
fn by_begin<'p>(patterns: &[&'p Shaped], classes: &Classes) -> (Vec<&'p Shaped>, Vec<&'p Shaped>) {
    let plan = Plan::new(patterns);
    let nfa = Nfa::new(classes, &plan.pieces, &plan.followers, &plan.gaps);
    let share_of = |at: usize, shaped: &Shaped| {
        if let Some(nfa) = &nfa {
            let pieces = plan.pieces_of.get(at)?.clone();
            return share(nfa, &plan, nfa.begins.get(pieces)?.to_vec());
        }
        // Together they have too many symbols or states; one by one they may not.
        let plan = Plan::new(&[shaped]);
        let nfa = Nfa::new(classes, &plan.pieces, &plan.followers, &plan.gaps)?;
        share(&nfa, &plan, nfa.begins.clone())
    };
    let is_rare = |at: usize, shaped: &Shaped| {
        shaped.ways.is_some() && share_of(at, shaped).is_some_and(|share| share <= MOST_CANDIDATES)
    };
    let (mut rare, mut others) = (Vec::new(), Vec::new());
    for (at, &shaped) in patterns.iter().enumerate() {
        if is_rare(at, shaped) {
            rare.push(shaped);
        } else {
            others.push(shaped);
        }
    }
    (rare, others)
}

/// About which share of an ordinary text's places these pieces may begin at.
/// None where they cannot be made deterministic.
fn share(nfa: &Nfa, plan: &Plan<'_>, entrance: Entrance) -> Option<f64> {
    let determined = determined(nfa, plan, &[entrance])?;
    let (_, share) =
        first_bytes::fingerprint(&nfa.symbols, &determined.dfa, determined.begins.first()?)?;
    Some(share)
}

fn determined(
    nfa: &Nfa,
    plan: &Plan<'_>,
    entrances: &[Entrance],
) -> Option<determinise::Determined> {
    let every_end_counts = |owner: u32| plan.every_end_counts(owner);
    let determined = determinise(nfa, entrances, &every_end_counts, Reach::Here, MOST_STATES)?;
    // What finds nothing at all in every text is for others to search.
    let mut begins = determined.begins.iter().flatten();
    let finds_nothing = begins.any(|&state| determined.dfa.has_found(state));
    (!finds_nothing).then_some(determined)
}

/// As few automata of a kind as the budgets allow.
fn together(
    patterns: &[&Shaped],
    classes: &Classes,
    of: fn(&[&Shaped], &Classes) -> Option<Automaton>,
    built: &mut Built,
) {
    match (patterns, of(patterns, classes)) {
        ([], _) => {}
        (_, Some(automaton)) => built.automata.push(automaton),
        ([alone], None) => match automaton(&[alone], classes) {
            Some(automaton) => built.automata.push(automaton),
            None => built.unfit.push(alone.number),
        },
        (_, None) => {
            let (one, other) = patterns.split_at(patterns.len() / 2);
            together(one, classes, of, built);
            together(other, classes, of, built);
        }
    }
}

/// One that reads every letter, and knows after each which patterns end there.
fn reader(patterns: &[&Shaped], classes: &Classes) -> Option<Automaton> {
    let plan = Plan::whole(patterns);
    let nfa = Nfa::new(classes, &plan.pieces, &plan.followers, &plan.gaps)?;
    let every_end_counts = |owner: u32| plan.every_end_counts(owner);
    let entrances = [nfa.begins.clone()];
    let reach = Reach::Everywhere;
    let determined = determinise(&nfa, &entrances, &every_end_counts, reach, MOST_READING)?;
    let begins = determined.begins.first()?;
    let begin = *begins.get(usize::from(BEFORE))?;
    let nowhere = Entry {
        fingerprint: Fingerprint::nowhere(),
        begins: Vec::new().into(),
    };
    Some(Automaton {
        first: nowhere,
        any: None,
        every: Some(begin),
        dfa: determined.dfa,
        roles: plan.roles.as_slice().into(),
        joins: Box::default(),
        gaps: Box::default(),
        patterns: patterns.iter().map(|shaped| shaped.number).collect(),
        followers: followers(&nfa)?,
        symbols: nfa.symbols,
    })
}

/// One that reads on where its patterns may begin.
fn automaton(patterns: &[&Shaped], classes: &Classes) -> Option<Automaton> {
    let plan = Plan::new(patterns);
    if plan.joins.len() > MOST_JOINS || patterns.iter().any(|shaped| shaped.ways.is_none()) {
        return None;
    }
    let nfa = Nfa::new(classes, &plan.pieces, &plan.followers, &plan.gaps)?;
    // Later pieces matter only where an earlier one was found.
    let roles = nfa.begins.iter().zip(&plan.roles);
    let firsts = roles.filter(|(_, role)| role.after.is_none());
    let firsts: Entrance = firsts.map(|(begin, _)| *begin).collect();
    let mut entrances = vec![firsts];
    if !plan.joins.is_empty() {
        entrances.push(nfa.begins.clone());
    }
    let determined = determined(&nfa, &plan, &entrances)?;
    let entries = determined.begins.into_iter().map(|begins| {
        let known = first_bytes::fingerprint(&nfa.symbols, &determined.dfa, &begins);
        Entry {
            // Beginnings that are too many to tell apart are everywhere.
            fingerprint: known.map_or_else(Fingerprint::everywhere, |(known, _)| known),
            begins: begins.into(),
        }
    });
    let mut entries = entries.collect::<Vec<_>>().into_iter();
    let (first, any) = (entries.next()?, entries.next());
    let gaps = nfa.gaps.iter().zip(&plan.gap_joins);
    Some(Automaton {
        first,
        any,
        every: None,
        dfa: determined.dfa,
        roles: plan.roles.into(),
        joins: plan.joins.into(),
        gaps: gaps
            .map(|(&symbols, &joins)| Gap::new(&nfa.symbols, symbols, joins))
            .collect(),
        patterns: patterns.iter().map(|shaped| shaped.number).collect(),
        followers: followers(&nfa)?,
        symbols: nfa.symbols,
    })
}

/// What is to be found, piece by piece.
#[derive(Default)]
struct Plan<'p> {
    pieces: Vec<&'p Piece>,
    /// By piece.
    roles: Vec<Role>,
    /// By pattern.
    pieces_of: Vec<Range<usize>>,
    joins: Vec<Join>,
    followers: Vec<&'p Node>,
    gaps: Vec<Letters>,
    /// By gap, its joins as bits.
    gap_joins: Vec<u64>,
}

impl<'p> Plan<'p> {
    fn new(patterns: &[&'p Shaped]) -> Plan<'p> {
        let mut plan = Plan::default();
        for (pattern, shaped) in (0..).zip(patterns) {
            let then = plan.then(pattern, shaped);
            let first = plan.pieces.len();
            for way in shaped.ways.iter().flatten() {
                plan.way(way, then);
            }
            plan.pieces_of.push(first..plan.pieces.len());
        }
        plan
    }

    /// The same without gaps.
    fn whole(patterns: &[&'p Shaped]) -> Plan<'p> {
        let mut plan = Plan::default();
        for (pattern, shaped) in (0..).zip(patterns) {
            let then = plan.then(pattern, shaped);
            for piece in &shaped.whole {
                plan.pieces.push(piece);
                plan.roles.push(Role { after: None, then });
            }
        }
        plan
    }

    /// What finding a pattern means.
    fn then(&mut self, pattern: u16, shaped: &'p Shaped) -> Then {
        let Some(shape) = &shaped.unless else {
            return Then::Found(pattern);
        };
        self.followers.push(&shape.body);
        Then::Unless {
            pattern,
            follower: self.followers.len() as u16 - 1,
        }
    }

    fn way(&mut self, way: &'p Way, last: Then) {
        let mut after = None;
        let mut piece = &way.first;
        for (gap, next) in &way.rest {
            let join = self.joins.len() as u16;
            self.pieces.push(piece);
            self.roles.push(Role {
                after,
                then: Then::Join(join),
            });
            self.join(*gap, next.owns_lead);
            (after, piece) = (Some(join), next);
        }
        self.pieces.push(piece);
        self.roles.push(Role { after, then: last });
    }

    fn join(&mut self, wide: Wide, owns_lead: bool) {
        let at = self
            .gaps
            .iter()
            .position(|&known| known == wide.letters)
            .unwrap_or_else(|| {
                self.gaps.push(wide.letters);
                self.gap_joins.push(0);
                self.gaps.len() - 1
            });
        self.gap_joins[at] |= 1_u64.checked_shl(self.joins.len() as u32).unwrap_or(0);
        self.joins.push(Join {
            owns_lead,
            most: wide.most,
        });
    }

    /// Whether it is not enough to know the first place where a piece ends.
    fn every_end_counts(&self, piece: u32) -> bool {
        let role = self.roles.get(piece as usize);
        role.is_some_and(|role| !matches!(role.then, Then::Found(_)))
    }
}

fn followers(nfa: &Nfa) -> Option<Box<[Follower]>> {
    let followers = nfa.followers.iter();
    followers.map(|&entry| follower(nfa, entry)).collect()
}

fn follower(nfa: &Nfa, entry: u32) -> Option<Follower> {
    let mut anything = SymbolSet::default();
    (0..MOST_SYMBOLS).for_each(|symbol| anything.insert(symbol as u8));
    let entrance = vec![(anything, entry)];
    let determined = determinise(nfa, &[entrance], &|_| false, Reach::Here, MOST_STATES)?;
    Some(Follower {
        begin: *determined.begins.first()?.first()?,
        dfa: determined.dfa,
    })
}
