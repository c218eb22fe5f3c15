use agentos_runtime::{Engine, Request, RequestSource};

use crate::{Options, Sources, compile};

fn page(text: &str) -> String {
    let (plan, findings) = compile(&Sources::one("p.policy", text), &Options::default());
    super::render(&plan.unwrap_or_else(|| panic!("{findings:#?}")).table())
}

/// The rows that the page gives for an action: answer, when, example and rule.
fn rows(page: &str, action: &str) -> Vec<[String; 4]> {
    let head = format!("## {action}\n");
    let section = page.split("\n## ").find_map(|section| {
        let section = format!("## {section}");
        section.strip_prefix(&head).map(str::to_owned)
    });
    let section = section.unwrap_or_else(|| panic!("no section of {action}\n{page}"));
    let rows = section.lines().filter(|line| line.starts_with("| **"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        [0, 1, 3, 4].map(|at| cells[at].to_owned())
    })
    .collect()
}

fn row(cells: [&str; 4]) -> [String; 4] {
    cells.map(str::to_owned)
}

#[test]
fn an_action_gets_the_strictest_rules_first_and_the_default_last() {
    let page = page(
        "policy p { allow a when params.x == 1 id one; deny a when params.x > 5 id many; deny b id never; \
         allow b when params.x == 1; deny * when text matches r\"k\" id k; }",
    );
    assert_eq!(
        rows(&page, "`a`"),
        [
            row([
                "**deny**",
                "`x` is above 5",
                "`{\"action\": \"a\", \"params\": {\"x\": 6}}`",
                "`many` (p.policy:1)"
            ]),
            row([
                "**deny**",
                "the text matches `k`",
                "`{\"action\": \"a\", \"params\": {\"x\": 1, \"note\": \"k\"}}`",
                "`k` (p.policy:1)"
            ]),
            row([
                "**allow**",
                "`x` is 1",
                "`{\"action\": \"a\", \"params\": {\"x\": 1}}`",
                "`one` (p.policy:1)"
            ]),
            row([
                "**deny**",
                "otherwise",
                "`{\"action\": \"a\", \"params\": {\"x\": 2}}`",
                "default"
            ]),
        ]
    );
    let b = rows(&page, "`b`");
    assert_eq!(b[0][3], "`never` (p.policy:1)");
    assert_eq!(b.len(), 1);
    assert_eq!(rows(&page, "Every other action").len(), 2);
}

#[test]
fn rules_by_priority_stand_in_the_order_in_which_they_are_tried() {
    let page = page(
        "policy p { combine priority; allow a id first priority 9; \
         deny a when params.x == 1 id rare priority 10; deny a id never; }",
    );
    let rows = rows(&page, "`a`");
    let short: Vec<_> = rows
        .iter()
        .map(|row| [&*row[0], &row[1], &row[3]])
        .collect();
    assert_eq!(
        short,
        [
            ["**deny**", "`x` is 1", "`rare` (p.policy:1)"],
            ["**allow**", "otherwise", "`first` (p.policy:1)"]
        ]
    );
    assert!(page.contains("\nThe first that holds:\n"));
}

#[test]
fn a_glob_covers_the_actions_it_names() {
    let page = page("policy p { allow \"db.*\" id all; deny db.drop id drop; }");
    assert_eq!(rows(&page, "`db.drop`")[0][3], "`drop` (p.policy:1)");
    assert_eq!(
        rows(&page, "`db.*`")[0],
        row([
            "**allow**",
            "always",
            "`{\"action\": \"db.something\"}`",
            "`all` (p.policy:1)"
        ])
    );
}

#[test]
fn every_example_is_decided_as_its_row_says() {
    let text = "policy p { default deny;
        action pay { amount: decimal, to: [string]?, kind: one of [\"a\", \"b\"] }
        allow pay when amount <= 10 and every to ends with \"@example.com\";
        escalate pay when amount > 5 and kind == \"b\";
        deny \"db.*\" when text matches r\"drop\\s+table\"; audit \"db.*\" unless params.x exists;
        defer read when context.late == true; deny * on input when text contains \"secret\"; }"
        .replace("params.x exists", "exists params.x");
    let (plan, _) = compile(&Sources::one("p.policy", &*text), &Options::default());
    let plan = plan.unwrap();
    let page = super::render(&plan.table());
    let engine = Engine::new(&plan.table()).unwrap();
    let mut seen = 0;
    for line in page.lines().filter(|line| line.starts_with("| **")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let json = cells[3].trim_matches('`');
        if json.is_empty() || json == "never" {
            continue;
        }
        let request = Request::from_json(json.as_bytes(), RequestSource::Host).unwrap();
        let decision = engine.decide(&request);
        assert_eq!(cells[0], format!("**{}**", decision.effect()), "{line}");
        let rule = decision
            .rule()
            .map_or("default".to_owned(), |id| format!("`{id}`"));
        assert!(cells[4].starts_with(&rule), "{line}");
        seen += 1;
    }
    assert!(seen >= 11, "{seen}\n{page}");
}

#[test]
fn nothing_in_a_policy_breaks_out_of_its_cell() {
    let page = page(
        "policy p { deny \"a|b\" when params.x == \"`|\\n| x\" because \"one\\n| two\"; \
         deny * when text matches r\"`a|b`\"; }",
    );
    for line in page.lines().filter(|line| line.starts_with('|')) {
        let bars = line.replace("\\|", "").matches('|').count();
        assert!(bars == 6, "{line}");
    }
}

#[test]
fn nothing_in_a_policy_adds_a_section() {
    let page = page(
        "policy \"p\\n\\n## `b`\" { default deny because \"y\\n# z <img>\"; \
         deny b because \"n\\n## `c` <b>\"; }",
    );
    let sections = page.lines().filter(|line| line.starts_with('#'));
    assert_eq!(sections.count(), 3, "{page}");
    assert!(!page.replace("\\<", "").contains('<'), "{page}");
}

#[test]
fn of_several_policies_an_example_says_which_is_asked() {
    let page = page("policy p { allow a; } policy q { deny a; }");
    let example = "`{\"action\": \"a\", \"policies\": [\"p\"]}`";
    assert!(page.contains(example), "{page}");
}

#[test]
fn every_test_has_its_words() {
    insta::assert_snapshot!(page(
        r#"policy words "2" {
            default deny because "nobody asked for it";
            action pay { amount: decimal, to: [string], at: timestamp?, kind: one of ["a", "b", "c"] }
            patterns names { substring "root"; glob "*.pem"; }
            allow pay when amount >= 1 and amount < 10.5 and not (kind == "a" or kind in ["b", "c"]);
            deny pay when any to ends with "@example.org" or every to starts with "x";
            deny pay when not any to contains "@" or not every to like "*@*";
            deny pay when at > "2030-01-01T00:00:00Z" and exists at;
            deny read when params.path under "/etc" unless agent == "root";
            defer read when not exists params.path and not action matches names;
            escalate read to 2 of "cfo", "ceo" within 90m
                when attested.level <= 2 and context.mood contains "odd" because "two look at it"
                suggest "ask first" severity high help "see the handbook";
            audit read on output;
            deny * when text matches names and intent in [destructive_data, data_read] at 0.75;
            intent destructive_data { signal 0.9 "drop" "a drop"; signal 0.4 "rm"; }
            intent data_read { signal 0.2 "get"; }
            limits { tokens 10; timeout 90s; drift 0.2; log_all_calls true; }
            limit pay 3 per minute per tenant else escalate because "slowly";
            trust { supervisor "root" level 0; supervisor "guard" level 1 agent; max_escalation_depth 2; }
        }"#
    ));
}
