use agentos_runtime::{Effect, Request, RequestSource, table::Table};
use fastrand::Rng;
use serde_json::Value as Json;

use super::*;
use crate::{
    Options, Plan, Sources, compile,
    prove::{
        small::{Small, requests},
        tests::{policy, request},
    },
};

fn plan(text: &str) -> Plan {
    let (plan, findings) = compile(&Sources::one("p.policy", text), &Options::default());
    plan.unwrap_or_else(|| panic!("{findings:?}"))
}

fn of(old: &str, new: &str) -> Diff {
    let (old, new) = (plan(old), plan(new));
    diff(&old.table(), &new.table()).unwrap()
}

/// The verdict, and each change as `action: old -> new`.
fn short(old: &str, new: &str) -> (Verdict, Vec<String>) {
    let diff = of(old, new);
    let changes = diff.changes.iter().flat_map(|changed| {
        let (old, new) = (&changed.old, &changed.new);
        let name = |basis: &BasisReport| match &basis.rule {
            Some(rule) => rule.clone(),
            None => format!("{:?} {}", basis.cause, basis.effect),
        };
        let both = format!("{} -> {}", name(old), name(new));
        let actions = changed.actions.iter();
        actions.map(move |of| format!("{}: {both}", of.action))
    });
    (diff.verdict, changes.collect())
}

#[test]
fn a_number_that_is_otherwise_names_its_rule_and_a_request_on_each_side() {
    let old = "policy pay {
        default deny;
        allow refund when params.amount <= 1000;
        escalate refund when params.amount > 1000;
    }";
    let new = old
        .replace("<= 1000", "<= 1500")
        .replace("> 1000", "> 1500");
    let diff = of(old, &new);
    assert_eq!(diff.verdict, Verdict::Looser);
    let [changed] = diff.changes.as_slice() else {
        panic!("{diff:?}");
    };
    assert_eq!(changed.direction, Direction::NewlyAllowed);
    assert_eq!(changed.old.rule.as_deref(), Some("escalate-refund-1"));
    assert_eq!(changed.new.rule.as_deref(), Some("allow-refund-1"));
    assert_eq!(changed.old.at.as_deref(), Some("p.policy:4:9"));
    assert_eq!(changed.new.at.as_deref(), Some("p.policy:3:9"));
    let [around] = changed.actions[0].around.as_slice() else {
        panic!("{changed:?}");
    };
    assert_eq!(around.field, "params.amount");
    let near = |value: &str| {
        let near = around.near.iter().find(|near| near.value == value).unwrap();
        (near.old, near.new)
    };
    assert_eq!(near("1000"), ("allow", "allow"));
    assert_eq!(near("1001"), ("escalate", "allow"));
    assert_eq!(near("1500"), ("escalate", "allow"));
    assert_eq!(near("1501"), ("escalate", "escalate"));
}

#[test]
fn what_is_written_otherwise_and_means_the_same_is_identical() {
    for (old, new) in [
        (
            "policy p { default deny; allow a when params.x == 1 or params.x == 2; }",
            "policy p { default deny; allow a when params.x in [2, 1]; }",
        ),
        (
            "policy p { default deny; allow a; deny a when not params.x > 3; }",
            "policy p { default deny; deny a when params.x <= 3; allow a; }",
        ),
        (
            "policy p { default deny; allow a, b; }",
            "policy q { allow b; allow a; default deny; }",
        ),
        (
            "policy p { default deny; allow a when params.x matches r\"^(ab|ac)$\"; }",
            "policy p { default deny; allow a when params.x matches r\"^a[bc]$\"; }",
        ),
        (
            "policy p { default deny; deny a; }",
            "policy p { default deny; }",
        ),
    ] {
        assert_eq!(short(old, new), (Verdict::Identical, vec![]), "{new}");
    }
}

#[test]
fn each_kind_of_change_has_a_request() {
    let (verdict, changes) = short(
        "policy p { default deny; allow read; deny write; audit send; }",
        "policy p { default deny; allow read; allow write; escalate send; }",
    );
    assert_eq!(verdict, Verdict::Incomparable);
    assert_eq!(
        changes,
        [
            "write: deny-write-1 -> allow-write-1",
            "send: audit-send-1 -> escalate-send-1"
        ]
    );
    let (verdict, changes) = short(
        "policy p { default deny; allow \"db.*\"; }",
        "policy p { default deny; allow \"db.r*\"; }",
    );
    assert_eq!(verdict, Verdict::Stricter);
    assert!(
        changes.iter().all(|change| change.starts_with("db.")),
        "{changes:?}"
    );
}

#[test]
fn changes_of_one_kind_are_one() {
    let old = "policy p { default deny; allow a, b, c; }";
    let new = "policy p { default deny; allow a, b, c; deny * when text contains \"key\"; }";
    let diff = of(old, new);
    assert_eq!(diff.verdict, Verdict::Stricter);
    let [changed] = diff.changes.as_slice() else {
        panic!("{diff:?}");
    };
    let actions: Vec<&str> = changed.actions.iter().map(|of| &*of.action).collect();
    assert_eq!(actions, ["a", "b", "c"]);
}

#[test]
fn who_may_approve_counts() {
    let with = |approvers: &str| {
        format!("policy p {{ default deny; escalate pay {approvers}; allow read; }}")
    };
    let two = with("to 2 of \"cfo\", \"controller\" within 60m");
    for (old, new, verdict) in [
        (
            &two,
            &with("to 1 of \"cfo\", \"controller\" within 60m"),
            Verdict::Looser,
        ),
        (
            &two,
            &with("to 2 of \"cfo\", \"controller\", \"me\" within 60m"),
            Verdict::Looser,
        ),
        (
            &two,
            &with("to 2 of \"cfo\", \"me\" within 60m"),
            Verdict::Incomparable,
        ),
        (
            &two,
            &with("to 2 of \"cfo\", \"controller\" within 30m"),
            Verdict::Stricter,
        ),
        (&two, &with(""), Verdict::Looser),
        (&with(""), &two, Verdict::Stricter),
        (&two, &two, Verdict::Identical),
    ] {
        let diff = of(old, new);
        assert_eq!(diff.verdict, verdict, "{new}");
        let changes = diff.changes.len();
        assert_eq!(changes, usize::from(verdict != Verdict::Identical));
        assert!(
            diff.changes
                .iter()
                .all(|changed| changed.approvers.is_some())
        );
    }
}

#[test]
fn settings_count() {
    let with = |extra: &str| format!("policy p {{ default deny; allow a; {extra} }}");
    for (old, new, verdict) in [
        (
            "limits { tokens 10; }",
            "limits { tokens 20; }",
            Verdict::Looser,
        ),
        ("limits { tokens 10; }", "", Verdict::Looser),
        ("", "limits { confidence 0.5; }", Verdict::Stricter),
        (
            "limits { tokens 10; drift 0.2; }",
            "limits { tokens 20; drift 0.1; }",
            Verdict::Incomparable,
        ),
        (
            "limit a 3 per minute else deny;",
            "limit a 5 per minute else deny;",
            Verdict::Looser,
        ),
        (
            "limit a 3 per minute else deny;",
            "limit a 3 per hour else deny;",
            Verdict::Stricter,
        ),
        (
            "limit a 3 per minute else deny;",
            "limit a 3 per minute else escalate;",
            Verdict::Looser,
        ),
        ("limit a 3 per minute else deny;", "", Verdict::Looser),
        ("mode shadow;", "", Verdict::Stricter),
        ("", "mode shadow;", Verdict::Looser),
        (
            "normalize strict; deny a when text contains \"rm\";",
            "deny a when text contains \"rm\";",
            Verdict::Looser,
        ),
        // Nothing looks through anything.
        ("normalize strict;", "", Verdict::Identical),
        (
            "trust { supervisor \"root\" level 0; max_escalation_depth 2; }",
            "trust { supervisor \"root\" level 0; max_escalation_depth 3; }",
            Verdict::Looser,
        ),
        (
            "trust { supervisor \"root\" level 0; max_escalation_depth 2; }",
            "trust { supervisor \"other\" level 0; max_escalation_depth 2; }",
            Verdict::Incomparable,
        ),
    ] {
        let diff = of(&with(old), &with(new));
        assert_eq!(diff.verdict, verdict, "{old} -> {new}: {diff:?}");
        assert!(diff.changes.is_empty());
    }
}

/// Settings that are otherwise, as `what: old -> new`.
fn settings(old: &str, new: &str) -> Vec<String> {
    let settings = of(old, new).settings.into_iter();
    let settings = settings.map(|setting| {
        let [old, new] = [setting.old, setting.new].map(Option::unwrap_or_default);
        format!("{}: {old} -> {new}", setting.what)
    });
    settings.collect()
}

#[test]
fn a_rate_is_one_change_where_it_is_known_which_it_was() {
    let with = |rates: &str| format!("policy p {{ allow a, b; {rates} }}");
    for (old, new, changes) in [
        (
            "limit a 3 per minute else deny;",
            "limit a 3 per minute per tenant else deny;",
            &[
                "3 in 1 minute for each agent, else deny -> 3 in 1 minute for each tenant, else deny",
            ][..],
        ),
        (
            "limit a 3 per minute else deny;",
            "limit a 9 per hour per tenant else escalate;",
            &[
                "3 in 1 minute for each agent, else deny -> 9 in 1 hour for each tenant, else escalate",
            ],
        ),
        // Those of the same time belong together, in whatever order.
        (
            "limit a 3 per minute else deny; limit a 9 per hour else deny;",
            "limit a 8 per hour else deny; limit a 2 per minute else deny;",
            &[
                "3 in 1 minute for each agent, else deny -> 2 in 1 minute for each agent, else deny",
                "9 in 1 hour for each agent, else deny -> 8 in 1 hour for each agent, else deny",
            ],
        ),
        (
            "limit a 3 per minute else deny; limit a 9 per hour else deny;",
            "limit a 2 per minute else deny; limit a 9 per hour per tenant else deny;",
            &[
                "3 in 1 minute for each agent, else deny -> 2 in 1 minute for each agent, else deny",
                "9 in 1 hour for each agent, else deny -> 9 in 1 hour for each tenant, else deny",
            ],
        ),
        // Which of the two it became is not known.
        (
            "limit a 3 per minute else deny;",
            "limit a 3 per minute per tenant else deny; limit a 9 per hour per tenant else deny;",
            &[
                "3 in 1 minute for each agent, else deny -> ",
                " -> 3 in 1 minute for each tenant, else deny",
                " -> 9 in 1 hour for each tenant, else deny",
            ],
        ),
    ] {
        let expected: Vec<String> = changes
            .iter()
            .map(|change| format!("rate of `a` in `p`: {change}"))
            .collect();
        let mut found = settings(&with(old), &with(new));
        found.sort_by_key(|change| expected.iter().position(|one| one == change));
        assert_eq!(found, expected, "{old} -> {new}");
    }
    // Each of its own policy, and none of another one where its own has it.
    let two = |p: &str, q: &str| format!("policy p {{ allow a; {p} }} policy q {{ allow a; {q} }}");
    assert_eq!(
        settings(
            &two(
                "limit a 3 per minute else deny;",
                "limit a 5 per minute else deny;"
            ),
            &two("", "limit a 4 per minute else deny;"),
        ),
        [
            "rate of `a` in `p`: 3 in 1 minute for each agent, else deny -> ",
            "rate of `a` in `q`: 5 in 1 minute for each agent, else deny -> 4 in 1 minute for each \
             agent, else deny"
        ]
    );
    let tenant = with("limit a 3 per minute per tenant else deny;");
    let agent = with("limit a 3 per minute else deny;");
    assert_eq!(of(&tenant, &agent).verdict, Verdict::Incomparable);
}

#[test]
fn a_setting_of_each_of_two_policies_names_its_policy() {
    let with = |level: u8, count: u8| {
        ["p", "q"].map(|name| {
            format!(
                "policy {name} {{ allow a; limit a {count} per minute else deny;
                 trust {{ supervisor \"root\" level 0; supervisor \"s\" level {level}; }} }}"
            )
        })
    };
    let found = settings(&with(0, 3).join("\n"), &with(1, 5).join("\n"));
    for of in ["p", "q"] {
        for what in [
            format!("rate of `a` in `{of}`: "),
            format!("supervisor `s` of `{of}`: "),
        ] {
            let count = found.iter().filter(|line| line.starts_with(&what)).count();
            assert_eq!(count, 1, "{what}{found:#?}");
        }
    }
}

#[test]
fn policies_that_come_and_go_are_in_the_summary() {
    let [p, q, s] = ["p", "q", "s"].map(|name| format!("policy {name} {{ allow a; }}"));
    for (old, new, summary) in [
        (
            &p,
            &q,
            "identical: every request that names no policy, or one of both sides, has the same answer; \
             1 policy gone, 1 policy new: requests that name them are not compared",
        ),
        (
            &format!("{p}{q}{s}"),
            &p,
            "identical: every request that names no policy, or one of both sides, has the same answer; \
             2 policies gone: requests that name them are not compared",
        ),
        (
            &p,
            &"policy q { allow a, b; }".to_owned(),
            "looser: 1 newly allowed; \
             1 policy gone, 1 policy new: requests that name them are not compared",
        ),
        (
            &p,
            &format!("{p}{q}"),
            "identical: every request that names no policy, or one of both sides, has the same answer; \
             1 policy new: requests that name it are not compared",
        ),
        (&p, &p, "identical: every request has the same answer"),
    ] {
        assert_eq!(of(old, new).summary, summary);
    }
}

#[test]
fn requests_that_name_a_policy_count_where_there_are_several() {
    let old = "policy p { default abstain; deny a; } policy q { default deny; allow a, b; }";
    let new = "policy p { default abstain; } policy q { default deny; deny a; allow a, b; }";
    // Together they answer alike; `q` alone is stricter now, and `p` alone denies
    // everything either way.
    let diff = of(old, new);
    assert_eq!(diff.verdict, Verdict::Stricter);
    let request: Json = serde_json::from_str(diff.changes[0].actions[0].request.get()).unwrap();
    assert_eq!(request["policies"], serde_json::json!(["q"]));
}

#[test]
fn a_disguise_that_both_look_through_hides_no_change() {
    let old =
        "policy p { normalize strict; default deny; allow a; deny a when text contains \"rm\"; }";
    let new = "policy p { normalize strict; default deny; allow a; deny a when text contains \"rm\" and params.x == 1; }";
    let (verdict, _) = short(old, new);
    assert_eq!(verdict, Verdict::Looser);
}

#[test]
fn what_stands_behind_disguises_is_compared_by_its_texts() {
    let policy = |rules: &str| {
        format!("policy p {{ normalize strict; default allow because \"x\"; {rules} }}")
    };
    for (old, new, verdict) in [
        (
            r#"deny a when text matches r"rm -rf";"#,
            r#"deny a when text matches r"rm -r[f]";"#,
            Verdict::Identical,
        ),
        (
            r#"deny a when params.s matches r"rm|del";"#,
            r#"deny a when params.s matches r"rm" or params.s matches r"del";"#,
            Verdict::Identical,
        ),
        (
            r#"deny a when text matches r"rm";"#,
            r#"deny a when text matches r"rm" or text contains "rmdir";"#,
            Verdict::Identical,
        ),
        (
            r#"deny a when text contains "rm";"#,
            r#"deny a when text contains "rm" or text contains "del";"#,
            Verdict::Stricter,
        ),
        (
            r#"deny a when params.s matches r"r[mn]";"#,
            r#"deny a when params.s matches r"rm" or params.s starts with "rn" or params.s matches r".rn";"#,
            Verdict::Looser,
        ),
    ] {
        let diff = of(&policy(old), &policy(new));
        assert_eq!(diff.verdict, verdict, "{old} -> {new}: {diff:?}");
    }
}

#[test]
fn a_text_and_what_it_means_are_not_one() {
    let policy = |rule: &str| format!("policy p {{ default deny; allow a when {rule}; }}");
    for (old, new, request) in [
        // Many texts are one moment.
        (
            r#"params.t == "2024-01-01T00:00:00Z""#,
            r#"params.t <= "2024-01-01T00:00:00Z" and params.t >= "2024-01-01T00:00:00Z""#,
            serde_json::json!({"t": "2024-01-01T00:00:00+00:00"}),
        ),
        // What begins like a directory may lead out of it.
        (
            r#"params.p under "/tmp""#,
            r#"params.p under "/tmp" or params.p starts with "/tmp/""#,
            serde_json::json!({"p": "/tmp/../something"}),
        ),
    ] {
        let diff = of(&policy(old), &policy(new));
        assert_eq!(diff.verdict, Verdict::Looser, "{old} -> {new}: {diff:?}");
        let shown: Json = serde_json::from_str(diff.changes[0].actions[0].request.get()).unwrap();
        assert_eq!(shown["params"], request);
    }
}

#[test]
fn what_is_only_reported_takes_the_place_of_nothing() {
    let shadow = "policy s { mode shadow; default allow because \"x\"; deny a; }";
    let deny = "policy e { default allow because \"x\"; deny a; }";
    let other = "policy q { default allow because \"x\"; deny b; }";
    for (old, new) in [
        (format!("{deny} {shadow}"), shadow.to_owned()),
        (
            format!("{deny} {other}"),
            "policy all { mode shadow; default allow because \"x\"; deny a, b; }".to_owned(),
        ),
        (deny.to_owned(), format!("{deny} {shadow}")),
    ] {
        assert_eq!(of(&old, &new).verdict, Verdict::Incomparable, "{old}");
    }
}

#[test]
fn a_trust_root_that_comes_or_goes_counts() {
    let with = "policy p { allow a; trust { supervisor \"r\" level 0; } } policy q { allow a; }";
    let without = "policy q { allow a; }";
    for (old, new) in [(with, without), (without, with)] {
        assert_eq!(of(old, new).verdict, Verdict::Incomparable);
    }
}

#[test]
fn names_of_approvers_break_out_of_nothing_and_their_order_is_none() {
    let with = |names: &str| format!("policy p {{ default deny; escalate a to {names}; }}");
    let hostile = "\"x\", \"y\\n\\n# ok @me <b>\\u{1b}[2J\"";
    let diff = of(&with("\"x\""), &with(hostile));
    for printed in [
        text::render(&diff),
        markdown::render(&diff),
        sarif::render(&diff),
    ] {
        assert!(
            !printed.contains('\u{1b}') && !printed.contains("\n# ok"),
            "{printed}"
        );
    }
    let diff = of(&with("\"x\", \"y\""), &with("\"y\", \"x\""));
    assert_eq!(diff.verdict, Verdict::Identical);
}

#[test]
fn what_is_printed_is_what_was_found() {
    let old = "policy pay { default deny; allow refund when params.amount <= 1000;
        escalate pay to 2 of \"cfo\", \"controller\";
        limits { tokens 10; } }";
    let new = "policy pay { default deny; allow refund when params.amount <= 1500.5;
        escalate pay to 1 of \"cfo\", \"controller\"; deny on_hold on input; }
        policy more { default abstain; deny * when text contains \"|`key\"; }";
    let diff = of(old, new);
    insta::assert_snapshot!("text", text::render(&diff));
    insta::assert_snapshot!("markdown", markdown::render(&diff));
    insta::assert_snapshot!("json", json::render(&diff));
    insta::assert_snapshot!("sarif", sarif::render(&diff));
}

/// A policy and another drawn one in, the first one with something otherwise out.
fn changed(source: &str, other: &str, random: &mut Rng) -> String {
    const REPLACED: [(&str, &str); 16] = [
        ("deny", "escalate"),
        ("deny", "allow"),
        ("allow", "deny"),
        ("escalate", "audit"),
        ("audit", "allow"),
        ("defer", "deny"),
        ("10", "15"),
        ("20", "-5"),
        ("alpha", "alphab"),
        ("\"beta\"", "\"alphabet\""),
        (" and ", " or "),
        (" or ", " and "),
        (" > ", " <= "),
        ("not (", "("),
        ("db.*", "db.r*"),
        ("any params", "every params"),
    ];
    let is_rule = |line: &&str| {
        let words = ["allow", "audit", "defer", "escalate", "deny"];
        words.iter().any(|word| line.trim_start().starts_with(word))
    };
    let mut lines: Vec<String> = source.lines().map(str::to_owned).collect();
    let rules: Vec<usize> = (0..lines.len())
        .filter(|&at| is_rule(&&*lines[at]))
        .collect();
    if rules.is_empty() {
        return source.to_owned();
    }
    let at = rules[random.usize(..rules.len())];
    match random.usize(..8) {
        0 => lines[at].clear(),
        1 => {
            let more: Vec<&str> = other.lines().filter(is_rule).collect();
            if !more.is_empty() {
                lines[at] = format!("{}\n{}", more[random.usize(..more.len())], lines[at]);
            }
        }
        2 => {
            let second = rules[random.usize(..rules.len())];
            lines.swap(at, second);
        }
        _ => {
            let can = REPLACED.iter().filter(|(from, _)| lines[at].contains(from));
            let can: Vec<_> = can.collect();
            if !can.is_empty() {
                let (from, to) = can[random.usize(..can.len())];
                lines[at] = lines[at].replacen(from, to, 1);
            }
        }
    }
    lines.join("\n")
}

/// What two tables answer to a request.
fn effects(engines: &[Engine; 2], request: &Request<'_>) -> [Effect; 2] {
    let engines = engines.each_ref();
    engines.map(|engine| engine.decide(request).effect())
}

fn engines<'t>(old: &Table<'t>, new: &Table<'t>) -> [Engine; 2] {
    [old, new].map(|table| Engine::new(table).unwrap())
}

/// How many changes there are that change a decision.
const WANTED: usize = 60;

#[test]
fn no_change_is_missed_and_the_verdict_is_right() {
    let wanted = std::env::var("AGENTOS_DRAWS").map_or(WANTED, |draws| draws.parse().unwrap());
    let (mut verdicts, mut differ, mut shown, mut sampled) = ([0_usize; 5], 0, 0, 0);
    for seed in 0.. {
        if differ == wanted {
            break;
        }
        let mut random = Rng::with_seed(50_000 + seed);
        // Of the second one nothing changes.
        let beside = random.bool().then(|| {
            let beside = policy(&mut random);
            beside.replacen("policy p", "policy q", 1)
        });
        let before = policy(&mut random);
        let other = policy(&mut random);
        let after = changed(&before, &other, &mut random);
        let [before, after] = [before, after].map(|text| match &beside {
            Some(beside) => format!("{text}\n{beside}"),
            None => text,
        });
        let plan = |text: &str| compile(&Sources::one("p.policy", text), &Options::default()).0;
        let (Some(old), Some(new)) = (plan(&before), plan(&after)) else {
            continue;
        };
        let (old, new) = (old.table(), new.table());
        let diff = diff(&old, &new).unwrap();
        let engines = engines(&old, &new);
        let says = format!("seed {seed}: {:?}\n{before}\n{after}", diff.verdict);
        let (mut found_looser, mut found_stricter) = (false, false);
        for changed in &diff.changes {
            for of in &changed.actions {
                let request = of.request.get().as_bytes();
                let request = Request::from_json(request, RequestSource::Host).unwrap();
                let [old, new] = effects(&engines, &request);
                let names = [changed.old.effect, changed.new.effect];
                assert_eq!([old.name(), new.name()], names, "{says}");
                assert_ne!(old, new, "{says}");
                found_looser |= new < old;
                found_stricter |= new > old;
                shown += 1;
            }
        }
        let (mut is_looser, mut is_stricter) = (false, false);
        for _ in 0..2_000 {
            let actions = ["read", "write", "db.read", "pay", "db.x", "other"];
            let action = actions[random.usize(..actions.len())];
            let mut sample = request(&mut random, action);
            if beside.is_some() && random.bool() {
                sample = sample.policy(if random.bool() { "p" } else { "q" });
            }
            let [old, new] = effects(&engines, &sample);
            is_looser |= new < old;
            is_stricter |= new > old;
            sampled += 1;
        }
        if is_looser || is_stricter || found_looser || found_stricter {
            differ += 1;
            assert_ne!(diff.verdict, Verdict::Identical, "{says}");
        }
        // What is claimed has a request, and what is denied has none among many.
        let (can_be_looser, can_be_stricter) = match diff.verdict {
            Verdict::Identical => (Some(false), Some(false)),
            Verdict::Stricter => (Some(false), Some(true)),
            Verdict::Looser => (Some(true), Some(false)),
            Verdict::Incomparable => (Some(true), Some(true)),
            Verdict::NotDecided => (None, None),
        };
        for (claimed, found, sampled) in [
            (can_be_looser, found_looser, is_looser),
            (can_be_stricter, found_stricter, is_stricter),
        ] {
            if let Some(claimed) = claimed {
                assert_eq!(claimed, found, "{says}");
                assert!(claimed || !sampled, "{says}");
            }
        }
        verdicts[diff.verdict as usize] += 1;
    }
    let [identical, stricter, looser, incomparable, open] = verdicts;
    println!(
        "{differ} changes that change a decision, none called identical, and {identical} that \
         change none: {stricter} stricter, {looser} looser, {incomparable} incomparable, {open} \
         not decided; {shown} requests shown, {sampled} drawn"
    );
    assert!(open * 40 <= wanted + 120, "too much is not decided");
}

/// How many changes of small policies there are.
const SMALL: u64 = 60;

#[test]
fn of_small_policies_the_verdict_is_what_all_requests_say() {
    let draws = std::env::var("AGENTOS_DRAWS").map_or(SMALL, |draws| draws.parse().unwrap());
    let requests = requests();
    let mut verdicts = [0_usize; 4];
    for seed in 0..draws {
        let mut random = Rng::with_seed(70_000 + seed);
        let before = Small::draw(&mut random);
        let after = before.changed(&Small::draw(&mut random), &mut random);
        let before = before.text();
        let plan = |text: &str| compile(&Sources::one("p.policy", text), &Options::default()).0;
        let (Some(old), Some(new)) = (plan(&before), plan(&after)) else {
            continue;
        };
        let (old, new) = (old.table(), new.table());
        let engines = engines(&old, &new);
        let diff = diff(&old, &new).unwrap();
        let (mut is_looser, mut is_stricter) = (false, false);
        for request in &requests {
            let [old, new] = effects(&engines, request);
            is_looser |= new < old;
            is_stricter |= new > old;
        }
        let verdict = match (is_looser, is_stricter) {
            (false, false) => Verdict::Identical,
            (true, false) => Verdict::Looser,
            (false, true) => Verdict::Stricter,
            (true, true) => Verdict::Incomparable,
        };
        let says = format!("seed {seed}\n{before}\n{after}");
        assert_eq!(diff.verdict, verdict, "{says}");
        verdicts[verdict as usize] += 1;
    }
    let [identical, stricter, looser, incomparable] = verdicts;
    println!(
        "each asked all {} requests: {identical} identical, {stricter} stricter, {looser} looser, \
         {incomparable} incomparable",
        requests.len()
    );
}
