//! Policies with their findings drawn under the text to change: `//^^^ AOS0104`.
//!
//! The carets stand below the bytes of the primary label. What is not drawn must
//! not be found, and what is drawn must be.

use agentos_compiler::{Options, Sources, compile};

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
    let (_, findings) = compile(&sources, &Options::default());
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
    allow a when context.level > 3 and context.level < 9;
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
    let (plan, found) = compile(&sources, &Options::default());
    assert!(plan.is_some() && found.len() == 1);
    let (plan, found) = compile(&sources, &Options { strict: true });
    assert!(plan.is_none() && found.len() == 1);
}

#[test]
fn the_same_text_gives_the_same_table() {
    let text = "policy p { extends baseline; patterns a { substring \"x\"; } deny * when text matches a or text matches r\"y\"; }";
    let table = || {
        let (plan, found) = compile(&Sources::one("p.policy", text), &Options::default());
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
    let (plan, found) = compile(
        &Sources::one("p.policy", text.join("\n")),
        &Options::default(),
    );
    assert!(plan.is_none());
    assert!(
        found.iter().all(|finding| finding.lint.code == "AOS0008"),
        "{:?}",
        found[0].message
    );
}
