use crate::{Options, Sources, compile};

fn page(text: &str) -> String {
    let (plan, findings) = compile(&Sources::one("p.policy", text), &Options::default());
    super::render(&plan.unwrap_or_else(|| panic!("{findings:#?}")).table())
}

/// The answer the page gives for an action.
fn answer(page: &str, action: &str) -> String {
    let head = format!("| {action} | ");
    let rows = page.split("\n## ").nth(1).unwrap_or_default();
    let row = rows.lines().find_map(|line| line.strip_prefix(&head));
    row.unwrap_or_else(|| panic!("no row of {action}\n{page}"))
        .trim_end_matches(" |")
        .to_owned()
}

#[test]
fn an_action_gets_the_strictest_rules_first_and_the_default_last() {
    let page = page(
        "policy p { allow a when params.x == 1 id one; deny a when params.x > 5 id many; deny b id never; \
         allow b when params.x == 1; deny * when text matches r\"k\" id k; }",
    );
    assert_eq!(
        answer(&page, "`a`"),
        "**deny** when `x` is above 5 (`many`)<br>**deny** when the text matches `k` (`k`)<br>\
         **allow** when `x` is 1 (`one`)<br>otherwise **deny** (default)"
    );
    assert_eq!(answer(&page, "`b`"), "**deny** (`never`)");
    assert_eq!(
        answer(&page, "every other action"),
        "**deny** when the text matches `k` (`k`)<br>otherwise **deny** (default)"
    );
}

#[test]
fn rules_by_priority_stand_in_the_order_in_which_they_are_tried() {
    let page = page(
        "policy p { combine priority; allow a id first priority 9; \
         deny a when params.x == 1 id rare priority 10; deny a id never; }",
    );
    assert_eq!(
        answer(&page, "`a`"),
        "the first of `p`:<br>**deny** when `x` is 1 (`rare`)<br>**allow** otherwise (`first`)"
    );
}

#[test]
fn a_glob_covers_the_actions_it_names() {
    let page = page("policy p { allow \"db.*\" id all; deny db.drop id drop; }");
    assert_eq!(answer(&page, "`db.drop`"), "**deny** (`drop`)");
    assert_eq!(answer(&page, "`db.*`"), "**allow** (`all`)");
}

#[test]
fn nothing_in_a_policy_breaks_out_of_its_cell() {
    let page = page(
        "policy p { deny \"a|b\" when params.x == \"`|\\n| x\" because \"one\\n| two\"; \
         deny * when text matches r\"`a|b`\"; }",
    );
    for line in page.lines().filter(|line| line.starts_with('|')) {
        let bars = line.replace("\\|", "").matches('|').count();
        assert!(bars == 3 || bars == 7, "{line}");
    }
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
