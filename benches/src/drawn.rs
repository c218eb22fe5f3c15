//! A number in, a small policy and a changed copy out: the same ones for the same number.
//!
//! Few values are drawn from, so that conditions meet: they hold together, contain
//! each other and contradict each other far more often than those that people write.

use fastrand::Rng;

use crate::declared::{Condition, Order, Part, Rule};

const ACTIONS: [&str; 2] = ["pay", "send"];
const USERS: [&str; 3] = ["ann", "bob", "a"];
const TEXTS: [&str; 6] = ["/", "/a", "/a/b", "b", "a/", ""];

/// A policy of one to six rules, and the copy.
pub fn pair(number: u64) -> [Vec<Rule>; 2] {
    let mut draw = Draw(Rng::with_seed(number));
    let rules: Vec<Rule> = (0..draw.0.usize(1..=6)).map(|_| draw.rule()).collect();
    let mut changed = rules.clone();
    for _ in 0..draw.0.usize(1..=2) {
        draw.change(&mut changed);
    }
    [rules, changed]
}

struct Draw(Rng);

impl Draw {
    fn rule(&mut self) -> Rule {
        let action = (*self.one(&ACTIONS)).to_owned();
        let when = if self.0.u8(..8) == 0 {
            Condition::Always
        } else {
            self.condition(2)
        };
        Rule {
            allows: self.0.u8(..3) != 0,
            action,
            when,
        }
    }

    fn condition(&mut self, depth: usize) -> Condition {
        let kinds = if depth == 0 { 5 } else { 9 };
        match self.0.u8(..kinds) {
            0 => Condition::UserIs(self.user()),
            1 => Condition::UserIn(vec![self.user(), self.user()]),
            2 => self.path(),
            3 => self.amount(),
            4 => Condition::Urgent(self.0.bool()),
            5 => self.condition(depth - 1).negated(),
            6 => {
                let first = self.condition(depth - 1);
                first.or(self.condition(depth - 1))
            }
            _ => {
                let first = self.condition(depth - 1);
                first.and(self.condition(depth - 1))
            }
        }
    }

    fn path(&mut self) -> Condition {
        let part = *self.one(&[Part::Whole, Part::Start, Part::Any, Part::End]);
        // A part that is empty is always there, and a finding.
        let from = match part {
            Part::Whole => TEXTS.len(),
            Part::Start | Part::Any | Part::End => TEXTS.len() - 1,
        };
        let text = *self.one(&TEXTS[..from]);
        Condition::Path(part, text.to_owned())
    }

    fn amount(&mut self) -> Condition {
        let orders = [
            Order::Is,
            Order::Below,
            Order::AtMost,
            Order::Above,
            Order::AtLeast,
        ];
        let order = *self.one(&orders);
        Condition::Amount(order, self.0.i64(-1..4))
    }

    fn user(&mut self) -> String {
        (*self.one(&USERS)).to_owned()
    }

    fn change(&mut self, rules: &mut Vec<Rule>) {
        if rules.is_empty() {
            rules.push(self.rule());
            return;
        }
        let at = self.0.usize(..rules.len());
        match self.0.u8(..7) {
            0 => rules[at].allows = !rules[at].allows,
            1 => drop(rules.remove(at)),
            2 => rules.insert(at, self.rule()),
            3 => rules[at].when = self.condition(2),
            4 => {
                let other = self.0.usize(..rules.len());
                rules.swap(at, other);
            }
            5 => rules[at].when = self.same(rules[at].when.clone()),
            _ => {
                // What is in a rule already, narrower or wider.
                let mut more = rules[at].clone();
                let other = self.condition(1);
                more.when = if self.0.bool() {
                    more.when.and(other)
                } else {
                    more.when.or(other)
                };
                if self.0.bool() {
                    rules.push(more);
                } else {
                    rules[at] = more;
                }
            }
        }
    }

    /// The condition in other words.
    fn same(&mut self, when: Condition) -> Condition {
        let other = self.condition(1);
        match (self.0.u8(..4), when) {
            (0, when) => when.negated().negated(),
            (1, Condition::And(both)) => {
                let [one, other] = *both;
                one.negated().or(other.negated()).negated()
            }
            (1, Condition::Or(both)) => {
                let [one, other] = *both;
                other.or(one)
            }
            (1, Condition::Amount(Order::AtMost, most)) => {
                Condition::Amount(Order::Below, most + 1)
            }
            (2, when) => when.clone().and(when.or(other)),
            (_, when) => {
                let rest = when.clone().and(other.clone().negated());
                when.and(other).or(rest)
            }
        }
    }

    fn one<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.0.usize(..list.len())]
    }
}
