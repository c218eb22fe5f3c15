//! Leaving out or spoiling what a rule looks at makes no answer milder.

mod support;

use agentos_runtime::{
    Engine, Map, Request, Value,
    table::{Check, Condition, Field, Literal, Rule, Table},
};
use proptest::{collection::vec, prelude::*, sample::select, test_runner::TestCaseError};

/// What is done to a field.
#[derive(Clone, Copy, Debug)]
enum Spoiling {
    Dropped,
    Null,
    /// A map is of the wrong type for every test.
    Map,
    OutOfRange,
}

const FIELDS: [&str; 9] = [
    "n",
    "s",
    "b",
    "l",
    "m",
    "m.k",
    "context.n",
    "attested.s",
    "agent",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_spoiled_field_makes_no_answer_milder(table in support::table(), requests in vec(support::request(), 12), spoilings in spoilings()) {
        never_milder(table, &requests, &spoilings)?;
    }

    #[test]
    fn a_spoiled_field_makes_no_answer_of_a_crowd_milder(table in support::crowd(), requests in vec(support::request_to_pay(), 12), spoilings in spoilings()) {
        never_milder(table, &requests, &spoilings)?;
    }
}

fn spoilings() -> impl Strategy<Value = Vec<(&'static str, Spoiling)>> {
    let how = select(vec![
        Spoiling::Dropped,
        Spoiling::Null,
        Spoiling::Map,
        Spoiling::OutOfRange,
    ]);
    vec((select(&FIELDS[..]), how), 12)
}

fn never_milder(
    mut table: Table<'static>,
    requests: &[Request<'static>],
    spoilings: &[(&str, Spoiling)],
) -> Result<(), TestCaseError> {
    by_name_only(&mut table);
    let table = support::rows::table(table.policies.into_owned());
    let engine = Engine::new(&table).unwrap();
    for (request, (field, how)) in requests.iter().zip(spoilings) {
        let spoiled = spoil(request.clone(), field, *how);
        let (before, after) = (engine.decide(request), engine.decide(&spoiled));
        prop_assert!(
            before.effect() <= after.effect(),
            "{before:?}, then {after:?} for {request:#?}"
        );
    }
    Ok(())
}

/// Takes out what may turn milder by design: `exists`, optional params, and
/// looks at the whole text, of which a dropped param is no part any more.
fn by_name_only(table: &mut Table<'static>) {
    for policy in table.policies.to_mut() {
        for action in policy.actions.to_mut() {
            action
                .params
                .to_mut()
                .iter_mut()
                .for_each(|param| param.optional = false);
        }
        for part in policy.parts.to_mut() {
            let conditions =
                |rule: &mut Rule<'static>| rule.when.as_mut().into_iter().for_each(tests_by_name);
            part.rules.to_mut().iter_mut().for_each(conditions);
        }
    }
}

fn tests_by_name(condition: &mut Condition<'static>) {
    match condition {
        Condition::All(conditions) | Condition::Any(conditions) => {
            conditions.to_mut().iter_mut().for_each(tests_by_name);
        }
        Condition::Test(test) => {
            if let Check::Exists | Check::Intent(..) = test.check {
                test.check = Check::Equals(Literal::Text("a"));
            }
            if let Field::Text = test.field {
                test.field = Field::Agent;
            }
        }
    }
}

fn spoil(mut request: Request<'static>, field: &str, how: Spoiling) -> Request<'static> {
    let in_map = |map: &mut Map<'static>, name: &'static str| {
        if map.get(name).is_none() {
            return;
        }
        match how {
            Spoiling::Dropped => map.remove(name),
            Spoiling::Null => map.insert(name, Value::Null),
            Spoiling::Map => map.insert(name, Map::new()),
            Spoiling::OutOfRange => map.insert(name, Value::OutOfRange("1e99".into())),
        };
    };
    match field {
        "agent" => request.agent = "".into(),
        "context.n" => in_map(&mut request.context, "n"),
        "attested.s" => in_map(&mut request.attested, "s"),
        "m.k" => {
            if let Some(Value::Map(mut map)) = request.params.remove("m") {
                in_map(&mut map, "k");
                request.params.insert("m", map);
            }
        }
        name => in_map(
            &mut request.params,
            FIELDS.into_iter().find(|known| *known == name).unwrap(),
        ),
    }
    request
}
