//! A rule and its request in, where the patterns of the rule found something out.
//!
//! What was found only behind a disguise is listed too, where the rule looks
//! there: with the bytes of the field that it was made of, and the disguise.

use std::ops::Range;

use crate::{
    Disguises,
    condition::{Buffers, Check, Field, Literal, Look, Path, Root, Test},
    matcher,
    prepared::{Rule, Sees},
    report::{MOST_MATCHES, Match},
    text,
    value::Value,
    view::Views,
};

/// What the patterns of a rule found.
pub(crate) fn of_rule(look: &mut Look<'_, '_>, rule: &Rule) -> Vec<Match> {
    let mut matches = Vec::new();
    for test in rule.tests().into_iter().filter(|test| !test.negated) {
        of_test(look, test, rule.sees, &mut matches);
    }
    matches.truncate(MOST_MATCHES);
    matches
}

/// What the patterns of a test found.
pub(crate) fn of_test(look: &mut Look<'_, '_>, test: &Test, sees: Sees, matches: &mut Vec<Match>) {
    let sees = sees != Sees::Nothing && test.sees() != Sees::Nothing;
    match &test.check {
        Check::Found(patterns) if look.scan() => {
            if sees {
                look.scan_views();
            }
            found(look, patterns, sees, matches);
        }
        Check::Matches(patterns) => matched(look, test, &Sought::Patterns(patterns), sees, matches),
        Check::Contains(Literal::Text(part)) if sees => {
            matched(look, test, &Sought::Part(part), sees, matches);
        }
        _ => {}
    }
}

/// What patterns found in the canonical text.
fn found(look: &Look<'_, '_>, patterns: &[u32], sees: bool, matches: &mut Vec<Match>) {
    let Buffers {
        text,
        scan,
        second,
        second_scan,
        views,
        view_scans,
        ..
    } = &*look.buffers;
    let most = MOST_MATCHES.min(matcher::looks(text.whole()));
    let mut left = most;
    for &id in patterns {
        let all = &look.policy.patterns;
        let Some(pattern) = all.rows.get(id as usize) else {
            continue;
        };
        let place = if scan.has(id) {
            all.find_in(id, text).map(|range| (range, None))
        } else if second_scan.has(id) {
            // The values stand in both texts at the same place.
            all.find_in(id, second).map(|range| (range, None))
        } else if sees {
            let mut seen = views.all().iter().zip(view_scans).enumerate();
            seen.find_map(|(at, (view, scan))| {
                let range = if scan.whole.has(id) {
                    all.find_in(id, &view.text)
                } else {
                    // The values stand in both texts at the same place.
                    let is_there = scan.values.has(id);
                    is_there.then(|| all.find_in(id, &view.values)).flatten()
                }?;
                let of = (text.whole(), text.spans());
                let (range, disguises) = views.back(of, at, &range);
                Some((range, Some(disguises)))
            })
        } else {
            continue;
        };
        if let Some((range, view)) = place
            && let Some(less) = left.checked_sub(1)
        {
            left = less;
            let params = &look.request.params;
            let text::Spot {
                field,
                in_key,
                start,
                end,
            } = text::locate(text, params, range.start, range.end);
            matches.push(Match {
                field,
                in_key,
                pattern: pattern.source.to_string(),
                start,
                end,
                view,
            });
        }
    }
}

/// What is looked for in a field by itself.
enum Sought<'s> {
    /// Patterns of the policy.
    Patterns(&'s [u32]),
    /// A part, which is listed only where it is behind a disguise.
    Part(&'s str),
}

/// What was found in a field by itself.
fn matched(
    look: &mut Look<'_, '_>,
    test: &Test,
    sought: &Sought<'_>,
    sees: bool,
    matches: &mut Vec<Match>,
) {
    let request = look.request;
    let mut search = |field: &str, text: &str| matched_in(look, field, text, sought, sees, matches);
    match test.field {
        Field::Action => search("action", &request.action),
        Field::Agent => search("agent", &request.agent),
        Field::Text => {
            if matches!(sought, Sought::Part(_)) && look.buffers.text.read(request).is_ok() {
                let whole = look.buffers.text.whole().to_owned();
                let before = matches.len();
                matched_in(look, "text", &whole, sought, sees, matches);
                for found in matches.iter_mut().skip(before) {
                    let params = &request.params;
                    let text::Spot {
                        field,
                        in_key,
                        start,
                        end,
                    } = text::locate(&look.buffers.text, params, found.start, found.end);
                    (found.field, found.in_key) = (field, in_key);
                    (found.start, found.end) = (start, end);
                }
            }
        }
        Field::At(path) => {
            let name = look.policy.paths.get(path as usize).map(spelled);
            let name = name.unwrap_or_default();
            match look.value(path) {
                Ok(Some(Value::String(text))) => {
                    matched_in(look, &name, text, sought, sees, matches);
                }
                Ok(Some(Value::List(values))) => {
                    for (at, value) in values.iter().enumerate().take(MOST_MATCHES) {
                        if let Value::String(text) = value {
                            let name = format!("{name}[{at}]");
                            matched_in(look, &name, text, sought, sees, matches);
                        }
                    }
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
}

fn matched_in(
    look: &mut Look<'_, '_>,
    field: &str,
    text: &str,
    sought: &Sought<'_>,
    sees: bool,
    matches: &mut Vec<Match>,
) {
    let policy = look.policy;
    let views = &mut look.buffers.field_views;
    let views = sees.then(|| views.of(text).ok()).flatten();
    let mut search = |pattern: &str, find: &dyn Fn(&str) -> Option<Range<usize>>, plain: bool| {
        let place = match find(text) {
            Some(range) => plain.then_some((range, None)),
            None => views
                .and_then(|views| behind(views, text, find))
                .map(|(range, view)| (range, Some(view))),
        };
        if let Some((Range { start, end }, view)) = place {
            matches.push(Match {
                in_key: false,
                field: field.to_owned(),
                pattern: pattern.to_owned(),
                start,
                end,
                view,
            });
        }
    };
    match sought {
        Sought::Patterns(patterns) => {
            for &id in patterns.iter().take(MOST_MATCHES) {
                let all = &policy.patterns;
                if let Some(pattern) = all.rows.get(id as usize) {
                    search(&pattern.source, &|text| all.find(id, text), true);
                }
            }
        }
        Sought::Part(part) => {
            let find = |text: &str| {
                let start = text.find(part)?;
                Some(start..start + part.len())
            };
            search(part, &find, false);
        }
    }
}

/// Where something is found behind a disguise.
fn behind(
    views: &Views,
    text: &str,
    find: &dyn Fn(&str) -> Option<Range<usize>>,
) -> Option<(Range<usize>, Disguises)> {
    let mut all = views.all().iter().enumerate();
    let of = (text, [(0, text.len() as u32)]);
    all.find_map(|(at, view)| {
        let range = find(view.text.whole())?;
        Some(views.back((of.0, &of.1), at, &range))
    })
}

/// A path as reports name it.
fn spelled(path: &Path) -> String {
    let root = match path.root {
        Root::Param(_) => "params",
        Root::Context => "context",
        Root::Attested => "attested",
    };
    format!("{root}.{}", path.names.join("."))
}
