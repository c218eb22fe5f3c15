//! Policies with their findings drawn under the text to change: `//^^^ AOS0104`.
//!
//! The carets stand below the bytes of the primary label. What is not drawn must
//! not be found, and what is drawn must be.

use agentos_compiler::{Options, Sources, compile, finding::text, governance::Setting, shipped};

const PROVING: Options = Options {
    strict: false,
    proves: true,
};

/// Compiles the fixture without its drawings and compares what is found.
#[track_caller]
fn check(fixture: &str) {
    let mut text = String::new();
    let mut expected = Vec::new();
    let mut line_start = 0;
    for line in fixture.lines() {
        let trimmed = line.trim_start();
        let Some(rest) = trimmed.strip_prefix("//^") else {
            line_start = text.len();
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let more = rest.chars().take_while(|c| *c == '^').count();
        let start = line_start + line.len() - trimmed.len() + 2;
        expected.push((start..start + more + 1, rest[more..].trim().to_owned()));
    }
    let sources = Sources::one("drawn.policy", text.as_str());
    let (_, findings) = compile(&sources, &PROVING);
    let mut found: Vec<_> = findings
        .iter()
        .map(|finding| (finding.primary.span.range(), finding.lint.code.to_owned()))
        .collect();
    expected.sort_by_key(|(range, code)| (range.start, range.end, code.clone()));
    found.sort_by_key(|(range, code)| (range.start, range.end, code.clone()));
    let slices = |list: &[(std::ops::Range<usize>, String)]| {
        list.iter()
            .map(|(range, code)| {
                format!(
                    "{code} {range:?} `{}`",
                    text.get(range.clone()).unwrap_or("?")
                )
            })
            .collect::<Vec<_>>()
    };
    let messages: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(slices(&found), slices(&expected), "messages: {messages:#?}");
}

#[test]
fn a_sound_policy_has_no_findings() {
    check(
        r#"
policy p {
    action pay { amount: decimal, to: string, cc: [string]?, kind: one of ["card", "cash"] }
    patterns secrets { substring "password"; }
    allow pay when amount <= 10 and kind == "card" and every cc ends with "@a.b";
    deny * when text matches secrets;
    deny pay when any cc contains "evil" or not to starts with "x" or attested.level < 3;
}
"#,
    );
}

#[test]
fn a_field_nobody_declares_is_named() {
    check(
        r#"
policy p {
    action pay { amount: decimal }
    allow pay when amuont < 10;
                 //^^^^^^ AOS0105
    allow read when amount < 10;
                  //^^^^^^ AOS0105
    allow read when params.amount < 10;
    deny * when amount > 10;
    allow pay when params.other == 1;
                 //^^^^^^^^^^^^ AOS0105
    deny * when amount.x > 10;
              //^^^^^^^^ AOS0105
    deny * when context == "x";
              //^^^^^^^ AOS0105
}
"#,
    );
}

#[test]
fn a_param_named_like_a_field_is_reached_through_params() {
    check(
        r#"
policy p {
    action say { text: string }
    deny say when params.text == "x";
}
"#,
    );
}

#[test]
fn comparisons_fit_the_declared_type() {
    check(
        r#"
policy p {
    action pay { amount: decimal, n: integer, to: string, cc: [string]?, due: timestamp, ok: boolean, kind: one of ["card", "cash"] }
    deny pay when amount == "10";
                          //^^^^ AOS0112
    deny pay when n == 1.5;
                     //^^^ AOS0112
    deny pay when to > 5;
                     //^ AOS0112
    deny pay when cc starts with "x";
                //^^ AOS0112
    deny pay when any to == "x";
                //^^^ AOS0112
    deny pay when due < "yesterday";
                      //^^^^^^^^^^^ AOS0112
    deny pay when due < "2026-01-31T00:00:00Z" and ok == true;
    deny pay when ok == "yes";
                      //^^^^^ AOS0112
    deny pay when kind == "crad";
                        //^^^^^^ AOS0112
    deny pay when kind in ["card", "x"];
                                 //^^^ AOS0112
    deny pay when amount starts with "1";
                       //^^^^^^^^^^^^^^^ AOS0112
    deny pay when cc contains "a" and cc contains 5;
                                                //^ AOS0112
    deny pay when params.to in [];
                          //^^^^^ AOS0112
}
"#,
    );
}

#[test]
fn names_that_nobody_defines_are_found() {
    check(
        r#"
policy p {
    extends baselnie;
          //^^^^^^^^ AOS0101
    patterns secrets { substring "x"; }
    deny * when text matches secret;
                           //^^^^^^ AOS0108
    deny * when intent in [destructive_dta] at 0.5;
                         //^^^^^^^^^^^^^^^ AOS0107
    expect shadowed-rul because "x";
         //^^^^^^^^^^^^ AOS0109
    deny a;
}
"#,
    );
}

#[test]
fn policies_that_extend_each_other_in_a_circle_are_found_once() {
    check(
        r"
policy a { extends b; }
policy b { extends c; }
policy c { extends a; }
                 //^ AOS0103
",
    );
}

#[test]
fn things_named_twice_are_found_at_the_second() {
    check(
        r"
policy p {
    action pay { amount: decimal, amount: string }
                                //^^^^^^ AOS0113
    action pay { to: string }
         //^^^ AOS0111
    deny a id one;
    deny b id one;
            //^^^ AOS0110
}
policy p { }
     //^ AOS0102
",
    );
}

#[test]
fn a_policy_that_takes_the_name_of_a_shipped_one_is_found_with_both_places() {
    check(
        r#"
policy baseline { deny x; }
     //^^^^^^^^ AOS0114
policy strict {
    deny x;
    expect shadowed-policy because "ours replaces it";
}
policy p { extends baseline; }
"#,
    );
    let sources = Sources::one("house.policy", "policy baseline { deny x; }");
    let (_, findings) = compile(&sources, &PROVING);
    let drawn = text::render(&sources, &findings, text::Colour::Plain);
    assert!(drawn.contains("house.policy:1:8"), "{drawn}");
    assert!(drawn.contains("shipped/baseline.policy:"), "{drawn}");
    let shipped = shipped::text("baseline").expect("`baseline` is shipped");
    let (_, findings) = compile(&Sources::one("policies/baseline.policy", shipped), &PROVING);
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn what_stands_there_twice_is_found_at_the_second() {
    check(
        r#"
policy a { }
policy p {
    extends a, a;
             //^ AOS0407
    patterns s { substring "x"; }
    patterns s { substring "y"; }
           //^ AOS0113
    deny x when text matches s id one;
    deny x when text matches s;
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^ AOS0407
    deny x when text matches s because "another reason";
    limit x 3 per minute else deny;
    limit x 3 per minute else deny;
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ AOS0407
    limit x 0 per minute else escalate;
          //^ AOS0302
    intent data_read {
        signal 0.5 r"a" "one";
        signal 0.5 r"a" "two";
    }
    intent data_read { signal 0.5 r"a" "two"; }
                     //^^^^^^^^^^^^^^^^^^^^^^ AOS0407
    escalate y to 1 of "a", "b", "a";
                               //^^^ AOS0407
    escalate z to 1 of "a", "";
                          //^^ AOS0306
}
"#,
    );
}

#[test]
fn a_text_for_people_that_says_nothing_is_found() {
    check(
        r#"
policy p {
    about "";
        //^^ AOS0408
    default deny because " ";
                       //^^^ AOS0408
    deny x because "" suggest "" help "";
                 //^^ AOS0408
                            //^^ AOS0408
                                    //^^ AOS0408
    limit x 3 per minute else deny because "";
                                         //^^ AOS0408
}
"#,
    );
}

#[test]
fn a_limit_takes_in_a_policy_what_it_takes_as_a_setting() {
    let settings = [
        Setting::MaxTokens,
        Setting::MaxToolCalls,
        Setting::MaxConcurrent,
        Setting::BackpressureThreshold,
        Setting::CheckpointFrequency,
        Setting::ConfidenceThreshold,
        Setting::DriftThreshold,
    ];
    for setting in settings {
        for value in [
            "0",
            "1",
            "2",
            "0.5",
            "1.5",
            "9007199254740992",
            "9007199254740993",
        ] {
            let takes = setting.takes();
            let fits = takes.integer(value).is_some() || takes.fraction(value).is_some();
            let text = format!("policy p {{ limits {{ {setting} {value}; }} }}");
            let (_, findings) = compile(&Sources::one("a.policy", text), &PROVING);
            let refused = findings
                .iter()
                .any(|finding| finding.message.contains(&takes.to_string()));
            assert_eq!(refused, !fits, "{setting} {value}");
        }
    }
}

#[test]
fn a_regex_tied_to_the_ends_of_the_whole_text_is_found() {
    check(
        r#"
policy p {
    patterns keys {
        regex r"\.pem$";
            //^^^^^^^^^ AOS0409
        regex r"id_rsa\b";
        glob "*.key";
    }
    patterns programs { regex r"^rm"; }
    deny * when text matches keys;
    deny x when not (text matches r"^rm" or params.command matches r"^rm");
                                //^^^^^^ AOS0409
    deny x when params.command matches programs;
    deny * when text matches r"(?:^|\s)rm(?:\s|$)";
    intent data_write { signal 0.5 r"^write"; }
                                 //^^^^^^^^^ AOS0409
    deny * when intent in [data_write];
}
"#,
    );
    // The home of a dialect says itself what it looks at.
    let dialect =
        "name: p\nmax_tokens: 100\nblocked_patterns:\n  - pattern: '^rm'\n    type: regex\n";
    let (plan, findings) = compile(&Sources::one("p.yaml", dialect), &PROVING);
    assert!(plan.is_some() && findings.is_empty(), "{findings:#?}");
}

#[test]
fn an_expect_before_rates_is_about_all_of_them() {
    check(
        r#"
policy p {
    expect empty-text because "they speak for themselves";
    limit x 1 per minute else deny;
    limit y 1 per minute else deny because "";
    limit z 1 per minute else deny because "";
    deny x;
    limit v 1 per minute else deny because "";
                                         //^^ AOS0408
}
"#,
    );
    let yaml = "policy: p\nrates:\n  - {limit: x, count: 1, per: day, else: deny}\n  - {limit: z, count: 1, per: day, else: deny, because: ''}\nexpect:\n  - {finding: empty-text, about: rates}\n";
    let (_, findings) = compile(&Sources::one("a.yaml", yaml), &PROVING);
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn an_action_declared_by_a_glob_is_one_finding() {
    check(
        r#"
policy p {
    action "db.*" { x: string }
         //^^^^^^ AOS0006
    deny y;
}
"#,
    );
}

#[test]
fn a_message_names_the_type_of_a_list_to_its_last_element() {
    let text = "policy p { action a { l: [[string]] } deny a when l == \"x\"; }";
    let (_, findings) = compile(&Sources::one("a.policy", text), &PROVING);
    let said: Vec<String> = findings
        .iter()
        .map(|finding| format!("{} {}", finding.message, finding.primary.text))
        .collect();
    assert!(
        said.iter()
            .any(|said| said.contains("a list of lists of texts")),
        "{said:?}"
    );
}

#[test]
fn an_effect_of_another_language_is_named_with_ours_in_yaml_too() {
    let sources = Sources::one("a.yaml", "policy: p\nrules:\n  - block: x\n");
    let (_, findings) = compile(&sources, &PROVING);
    let said: Vec<_> = findings
        .iter()
        .map(|finding| (finding.lint.name, finding.help.as_deref()))
        .collect();
    assert_eq!(said, [("unknown-effect", Some("did you mean `deny`?"))]);
}

/// What a text's findings advise.
fn advice(name: &str, text: &str) -> Vec<String> {
    let (_, findings) = compile(&Sources::one(name, text), &PROVING);
    let advice = findings.into_iter().filter_map(|finding| finding.help);
    advice.collect()
}

#[test]
fn advice_is_in_the_spelling_of_the_file() {
    assert_eq!(
        advice(
            "a.policy",
            "policy p { default allow; deny x priority 5; deny y when text matches zz; limit x 0 per day else deny; }"
        ),
        [
            "write `default deny;`, or say why this is right: `default allow because \"…\";`",
            "take it out, or write `combine priority;`",
            "define it: `patterns zz { … }`",
            "write a rule: `deny x;`",
        ]
    );
    assert_eq!(
        advice(
            "a.yaml",
            "policy: p\ndefault: allow\nrules:\n  - deny: x\n    priority: 5\n  - deny: z\n    when: text matches zz\nrates:\n  - {limit: x, count: 0, per: day, else: deny}\n"
        ),
        [
            "write `default: deny`, or say why this is right: `default: {allow: \"…\"}`",
            "take it out, or write `combine: priority`",
            "define it under `patterns`: `zz: […]`",
            "write a rule: `- deny: x`",
        ]
    );
    assert_eq!(
        advice("a.yaml", ""),
        ["write one: `policy: my_policy`, and its `rules`"]
    );
}

#[test]
fn a_policy_is_not_advised_to_extend_itself() {
    assert_eq!(
        advice(
            "a.policy",
            "policy m3 { extends m1; }\npolicy zebra { deny x; }"
        ),
        [format!("shipped policies: {}", shipped::names().join(", "))]
    );
}

#[test]
fn patterns_that_are_broken_are_found_inside_sets_and_conditions() {
    check(
        r#"
policy p {
    patterns bad {
        regex r"a(";
            //^^^^^ AOS0201
        regex r"x*";
            //^^^^^ AOS0202
        substring "";
                //^^ AOS0202
        regex r"(a)\1";
            //^^^^^^^^ AOS0204
        regex r"(?:a{1000}){1000}";
            //^^^^^^^^^^^^^^^^^^^^ AOS0205
    }
    deny * when text matches r"[";
                           //^^^^ AOS0201
}
"#,
    );
}

#[test]
fn a_confidence_that_no_signal_has_is_found() {
    check(
        r#"
policy p {
    intent data_read { signal 0.5 r"a"; signal 0.4 r"b"; }
    deny * when intent in [data_read] at 0.5;
    deny x when intent in [data_read] at 0.9 and params.b == 1;
              //^^^^^^^^^^^^^^^^^^^^^^^^^^^^ AOS0207
}
"#,
    );
}

#[test]
fn confidences_are_between_nothing_and_one() {
    check(
        r#"
policy p {
    intent data_read { signal 1.5 r"a"; signal 0.5 r"b"; }
                            //^^^ AOS0206
    deny * when intent in [data_read] at 2;
                                       //^ AOS0206
    deny * when intent in [data_read] at 0;
                                       //^ AOS0206
    deny * when intent in [data_write] at 1;
                         //^^^^^^^^^^ AOS0207
}
"#,
    );
}

#[test]
fn limits_have_names_and_ranges() {
    check(
        r"
policy p {
    limits {
        tokens 0;
             //^ AOS0302
        token_calls 5;
      //^^^^^^^^^^^ AOS0301
        confidence 1.5;
                 //^^^ AOS0302
        timeout true;
              //^^^^ AOS0302
        max_tool_calls 3;
    }
}
",
    );
}

#[test]
fn limits_that_defeat_each_other_are_warnings() {
    check(
        r"
policy p {
    limits { concurrent 8; backpressure 8; tool_calls 0; confidence 0; timeout 2s; }
                                      //^ AOS0303
                                                    //^ AOS0303
                                                                  //^ AOS0303
                                                                             //^^ AOS0303
    allow a;
}
",
    );
}

#[test]
fn a_hierarchy_needs_a_root_and_no_gaps() {
    check(
        r#"
policy p {
    trust { supervisor "a" level 0 agent; supervisor "b" level 1; supervisor "b" level 2; }
                     //^^^ AOS0304
                                                                           //^^^ AOS0113
}
policy q {
    trust { supervisor "a" level 0; supervisor "b" level 2; }
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ AOS0305
}
"#,
    );
}

#[test]
fn approvals_can_be_given() {
    check(
        r#"
policy p {
    escalate a to 2 of "x", "y" within 60m;
    escalate b to 3 of "x", "y";
                //^ AOS0306
    escalate c to 2 of "x", "x";
                //^ AOS0306
                          //^^^ AOS0407
    deny d to 1 of "x";
         //^^^^^^^^^^^ AOS0306
}
"#,
    );
}

#[test]
fn what_permits_more_than_it_seems_is_a_warning() {
    check(
        r#"
policy p {
    default allow;
          //^^^^^ AOS0401
    audit *;
        //^ AOS0403
    audit * when params.x == 1;
  //^^^^^ AOS0410
    allow a when context.level > 3 and context.level < 9;
  //^^^^^ AOS0410
               //^^^^^^^^^^^^^ AOS0402
    deny a when context.level < 3;
    deny b priority 5;
                  //^ AOS0404
}
policy q { default allow because "a sandbox"; combine priority; deny b priority 5; }
"#,
    );
}

#[test]
fn an_expect_silences_what_it_names_and_nothing_else() {
    check(
        r#"
policy p {
    expect audit-everything because "we want a log of all";
    audit *;
    expect audit-everything because "gone since";
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ AOS0405
    deny a;
    expect unknown-field because "no";
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ AOS0405
    deny b when nothing == 1;
              //^^^^^^^ AOS0105
}
"#,
    );
}

#[test]
fn a_name_that_is_nearly_a_declared_action_is_a_warning() {
    check(
        r"
policy p {
    action send_email { to: string }
    allow send_emial, read_file, step_1;
        //^^^^^^^^^^ AOS0406
    deny send_emails;
       //^^^^^^^^^^^ AOS0406
}
",
    );
}

#[test]
fn what_is_not_enforced_yet_is_an_error() {
    check(
        r#"
policy p {
    action run { command: shell }
                        //^^^^^ AOS0010
    deny run when any command.effects in ["delete.recursive"];
                    //^^^^^^^^^^^^^^^ AOS0105
    deny go when url.host == "x";
               //^^^^^^^^ AOS0010
}
"#,
    );
}

#[test]
fn there_is_one_way_to_normalize() {
    check("policy p { normalize strict; allow go; }");
    check(
        r"
policy p {
    normalize strikt;
            //^^^^^^ AOS0002
}
",
    );
}

#[test]
fn strict_makes_errors_of_warnings() {
    let sources = Sources::one("p.policy", "policy p { audit *; }");
    let (plan, found) = compile(&sources, &PROVING);
    assert!(plan.is_some() && found.len() == 1);
    let (plan, found) = compile(
        &sources,
        &Options {
            strict: true,
            ..PROVING
        },
    );
    assert!(plan.is_none() && found.len() == 1);
}

#[test]
fn the_same_text_gives_the_same_table() {
    let text = "policy p { extends baseline; patterns a { substring \"x\"; } deny * when text matches a or text matches r\"y\"; }";
    let table = || {
        let (plan, found) = compile(&Sources::one("p.policy", text), &PROVING);
        format!("{:?}", plan.unwrap_or_else(|| panic!("{found:?}")).table())
    };
    assert_eq!(table(), table());
}

#[test]
fn tests_that_hold_for_every_text_are_found() {
    check(
        r#"
policy p {
    patterns none { }
           //^^^^ AOS0203
    deny a when text contains "";
                            //^^ AOS0202
    deny b when params.x starts with "" or params.x ends with "";
                                   //^^ AOS0202
                                                            //^^ AOS0202
    deny c when params.path under "~/.ssh";
                                //^^^^^^^^ AOS0112
    deny d when intent in [benign];
                         //^^^^^^ AOS0107
    default allow because " ";
          //^^^^^ AOS0401
    deny e id "";
            //^^ AOS0006
}
"#,
    );
}

#[test]
fn policies_extend_each_other_to_a_bounded_depth() {
    let chain = (0..3000).map(|at| format!("policy p{at} {{ extends p{}; }}", at + 1));
    let mut text: Vec<String> = chain.collect();
    text.push("policy p3000 { allow z; }".to_owned());
    let (plan, found) = compile(&Sources::one("p.policy", text.join("\n")), &PROVING);
    assert!(plan.is_none());
    assert!(
        found.iter().all(|finding| finding.lint.code == "AOS0008"),
        "{:?}",
        found[0].message
    );
}
