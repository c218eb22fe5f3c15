//! A place in a text in, where what is named there was declared out: in the same text,
//! in another one, or in a shipped policy.

use std::collections::HashMap;

use agentos_compiler::grammar::{Part, Span, ast::Item, at};
use gen_lsp_types as lsp;

use super::{
    diagnostics::Places,
    document::Document,
    known::{Known, is_about},
    project::Project,
    shipped::Shipped,
};

/// Where what stands at a place was declared; several places where several were.
pub(super) fn definition(
    known: &Known,
    project: &Project,
    document: &Document,
    place: lsp::Position,
    encoding: super::position::Encoding,
    shipped: &Shipped,
) -> Vec<lsp::Location> {
    let parts = at(known.own(), document.byte(place));
    let Some(spans) = parts.last().map(|part| declared(part, &parts, known)) else {
        return Vec::new();
    };
    let mut places = Places {
        project,
        sources: known.sources(),
        encoding,
        shipped,
        lines: HashMap::new(),
    };
    let locations = spans.into_iter().filter_map(|span| places.location(span));
    locations.collect()
}

fn declared(part: &Part<'_>, around: &[Part<'_>], known: &Known) -> Vec<Span> {
    match part {
        Part::Base(name) => {
            let policy = known.policy(&name.node);
            policy.map(|policy| policy.name.span).into_iter().collect()
        }
        Part::Set(name) => {
            let sets = known.sets(around).into_iter();
            let sets = sets.filter(|set| set.node == name.node);
            sets.map(|set| set.span).collect()
        }
        Part::Action(name) => {
            let actions = known.actions(around).into_iter();
            let actions = actions.filter(|action| is_about(&name.node, &action.name.node));
            actions.map(|action| action.name.span).collect()
        }
        Part::Field(field) => {
            let path = match field.path.as_slice() {
                [first, rest @ ..] if first == "params" => rest,
                path => path,
            };
            let actions = known.rule_actions(around).into_iter();
            let params = actions.flat_map(|action| &action.params);
            let params = params.filter(|param| path.first() == Some(&param.name.node));
            params.map(|param| param.name.span).collect()
        }
        Part::Category(name) => {
            let intents = known.intents(around, &name.node).into_iter();
            intents.map(|intent| intent.category.span).collect()
        }
        Part::Approver(name) => {
            let supervisors = known.supervisors(around).into_iter();
            let one = supervisors.filter(|supervisor| supervisor.name.node == name.node);
            one.map(|supervisor| supervisor.name.span).collect()
        }
        // A limit that is bounded twice is the stricter one; both are shown.
        Part::Limit(limit) => {
            let policies = known.seen_from(around).into_iter();
            let items = policies.flat_map(|policy| &policy.items);
            let limits = items.filter_map(|item| match &item.node {
                Item::Limits(limits) => Some(limits),
                _ => None,
            });
            let same = limits.flatten().filter(|other| other.name == limit.name);
            same.map(|limit| limit.name.span).collect()
        }
        Part::PolicyName(name) | Part::DeclaredName(name) => vec![name.span],
        Part::SetName(set) => vec![set.name.span],
        Part::Supervisor(supervisor) => vec![supervisor.name.span],
        Part::Comment(_)
        | Part::Policy(_)
        | Part::Item(_)
        | Part::Rule(..)
        | Part::Effect(_)
        | Part::Default(_)
        | Part::Combine(_)
        | Part::Mode(_)
        | Part::Stage(_)
        | Part::Severity(_)
        | Part::Declared(..)
        | Part::Param(_)
        | Part::Type(_)
        | Part::Kind(..)
        | Part::Finding(_)
        | Part::Condition(_) => Vec::new(),
    }
}
