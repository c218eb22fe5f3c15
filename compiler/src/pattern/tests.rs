//! What patterns become, and what is said of those that become nothing.

use std::time::{Duration, Instant};

use super::*;

fn ours(text: &str) -> Result<Compiled, Vec<PatternProblem>> {
    compile(ast::PatternKind::Regex, text, None, Budget::default())
}

fn regex(text: &str) -> String {
    match ours(text) {
        Ok(Compiled::Regex(regex)) => regex,
        other => panic!("`{text}`: {other:?}"),
    }
}

/// The one problem of a regex: its kind, the text it points at, its message.
fn problem(text: &str) -> (ProblemKind, String, String) {
    let problems = ours(text).expect_err(text);
    assert_eq!(problems.len(), 1, "{problems:?}");
    let range = problems[0].range.clone().unwrap_or(0..text.len());
    (
        problems[0].kind,
        text[range].to_owned(),
        problems[0].message.clone(),
    )
}

#[test]
fn what_stands_beside_is_looked_at_outside_of_the_group() {
    assert_eq!(
        regex(r"\bDROP\s+TABLE\b"),
        r"(?:\A|[^\pL\pN_])((?i)drop[\s\x1C-\x1F]+table)(?:\z|[^\pL\pN_])"
    );
    let found = regex_automata::meta::Regex::new(&regex(r"\bdrop\b")).unwrap();
    let mut groups = found.create_captures();
    found.captures("a drop of", &mut groups);
    assert_eq!(groups.get_group(1).map(|group| group.range()), Some(2..6));
}

#[test]
fn what_looks_nowhere_is_plain() {
    assert_eq!(regex("rm -rf"), "(?i)rm -rf");
    assert_eq!(regex("[0-9]{3}-[0-9]{2}"), "[0-9]{3}-[0-9]{2}");
    assert_eq!(regex("(?-i)AKIA"), "AKIA");
    assert_eq!(regex("(?m)^a$"), "(?i)(?m:^)a(?m:$)");
    assert_eq!(regex(r"\w+@\w+"), r"[\pL\pN_]+@[\pL\pN_]+");
    assert_eq!(regex(r"(?s)a.b|c[^x]"), r"(?is)a.b|c[^x]");
    assert_eq!(regex("pipe"), "(?i)p[iİı]pe");
}

#[test]
fn a_look_ahead_at_the_end_is_a_second_expression() {
    let unless = |text| Compiled::RegexUnless("(?i)secret".into(), text);
    assert_eq!(ours(r"secret(?! santa)"), Ok(unless("(?i) santa".into())));
    assert_eq!(
        ours(r"(?:secret(?! santa))"),
        Ok(unless("(?i) santa".into()))
    );
    let both = compile(
        ast::PatternKind::Regex,
        "secret(?! santa)",
        Some(" word"),
        Budget::default(),
    );
    assert_eq!(both, Ok(unless("(?i) word| santa".into())));
    assert_eq!(regex("secret(?!x)"), "((?i)secret)(?:\\z|[^Xx])");
}

#[test]
fn a_problem_points_at_its_part_of_the_text() {
    use ProblemKind::{Invalid, NotAnAutomaton};
    for (text, kind, part) in [
        (r"é(['a]).*\1", NotAnAutomaton, r"\1"),
        ("a(?!bc)d", NotAnAutomaton, "(?!bc)"),
        ("x(?<!ab)c", NotAnAutomaton, "(?<!ab)"),
        ("a|b(?!cd)", NotAnAutomaton, "(?!cd)"),
        ("(a)?b(?(1)c|d)", NotAnAutomaton, "(?(1)c|d)"),
        ("(?>ab?|a+)b", NotAnAutomaton, "(?>ab?|a+)"),
        (r"é\z", Invalid, r"\z"),
        ("é(a", Invalid, "("),
        ("a[b-a]", Invalid, "b-a"),
        ("ab**", Invalid, "*"),
        ("é(?z)", Invalid, "(?z"),
        (r"\N{EM DASH}", Invalid, r"\N{EM DASH}"),
    ] {
        let (found, at, _) = problem(text);
        assert_eq!((found, at.as_str()), (kind, part), "{text}");
    }
}

#[test]
fn every_problem_but_an_unknown_name_comes_with_a_rewrite() {
    for text in [
        r"(a)\1",
        "a(?!bc)d",
        "a(?=bc)d",
        "x(?<!ab)c",
        "a|b(?!cd)",
        "(?>ab?|a+)b",
        r"\z",
        "(a",
        "a)",
        "[a",
        "a**",
        "*",
        ".*",
        "a$b",
    ] {
        let problems = ours(text).expect_err(text);
        assert!(
            problems.iter().all(|problem| problem.help.is_some()),
            "{problems:?}"
        );
    }
}

#[test]
fn all_that_needs_backtracking_is_named_at_once() {
    let problems = ours(r"(a)\1(b)\2").expect_err("two references");
    assert_eq!(problems.len(), 2);
}

#[test]
fn a_problem_says_which_of_the_two_texts_it_is_in() {
    let problems = compile(ast::PatternKind::Regex, "a(", Some("b["), Budget::default())
        .expect_err("both are broken");
    let parts: Vec<PatternPart> = problems.iter().map(|problem| problem.part).collect();
    assert_eq!(parts, [PatternPart::Text, PatternPart::UnlessFollowedBy]);
    let problems =
        compile(ast::PatternKind::Glob, "a*", Some("b"), Budget::default()).expect_err("a glob");
    assert_eq!(
        (problems[0].kind, problems[0].part),
        (ProblemKind::Invalid, PatternPart::UnlessFollowedBy)
    );
}

#[test]
fn what_every_text_or_no_text_matches_is_said() {
    for text in [
        "", ".*", "a*", "x?", "(?i)", "()", "a|", "^", "$", "(?:)*", "x{0}", "^.*", "(?!a)*",
        "(?s)^.*$",
    ] {
        assert_eq!(problem(text).0, ProblemKind::Empty, "{text}");
    }
    for text in [
        r"[^\s\S]", "a$b", "a^b", "(?!)", r"a\Bb\bc", r"\ud800", "a(?!b*)", "(?>a+)ab",
    ] {
        assert_eq!(problem(text).0, ProblemKind::NeverMatches, "{text}");
    }
    let kind = |kind, text| compile(kind, text, None, Budget::default()).expect_err(text)[0].kind;
    assert_eq!(kind(ast::PatternKind::Substring, ""), ProblemKind::Empty);
    assert_eq!(kind(ast::PatternKind::Glob, "**"), ProblemKind::Empty);
    assert_eq!(
        kind(ast::PatternKind::Glob, "[z-a]"),
        ProblemKind::NeverMatches
    );
}

#[test]
fn a_pattern_that_explodes_names_its_limit_in_bounded_time() {
    let deep = format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000));
    let long = "a".repeat(PATTERN_BYTES + 1);
    let groups = format!("{}a{}", "(?:".repeat(200), ")".repeat(200));
    let looks = format!(r"(?:{}\b)+", r"(?:\b\w|\W\b|x\B)*".repeat(40));
    let squares = format!("{}a{}", "(?:".repeat(60), "){2}".repeat(60));
    let started = Instant::now();
    for (text, limit) in [
        ("(?:a{1000}){1000}", "AUTOMATON_BYTES"),
        (r"\w{100000}", "AUTOMATON_BYTES"),
        ("(?:(?:(?:.{99}){99}){99}){99}", "AUTOMATON_BYTES"),
        ("x{99999999999}", "AUTOMATON_BYTES"),
        (r"(?:\bx){1000}", "UNROLLED"),
        (&deep, "PATTERN_BYTES"),
        (&long, "PATTERN_BYTES"),
        (&groups, "GROUP_DEPTH"),
        (&looks, "EXPANSION"),
        (&squares, "AUTOMATON_BYTES"),
    ] {
        let problems = ours(text).expect_err(limit);
        assert_eq!(problems[0].kind, ProblemKind::TooLarge, "{problems:?}");
        assert!(
            problems[0].message.contains(limit),
            "{limit}: {}",
            problems[0].message
        );
    }
    // A debug build on a busy machine is some fifty times slower than what this guards.
    assert!(
        started.elapsed() < Duration::from_mins(1),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn deep_groups_within_the_limit_are_read() {
    let depth = GROUP_DEPTH as usize;
    let text = format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(regex(&text), "(?i)a");
    let text = format!(r"x{}a{}", r"(?:b".repeat(depth), r"\b)?".repeat(depth));
    assert!(
        ours(&text).is_ok()
            || ours(&text).is_err_and(|problems| problems[0].kind == ProblemKind::TooLarge)
    );
}

#[test]
fn a_long_list_of_words_is_no_explosion() {
    let words: Vec<String> = (0..4000).map(|n| format!("word{n}")).collect();
    let text = format!(r"\b(?:{})\b", words.join("|"));
    assert!(regex(&text).ends_with(r"(?:\z|[^\pL\pN_])"));
}

#[test]
fn a_budget_of_ones_own_is_kept() {
    let small = Budget {
        automaton_bytes: 1000,
    };
    let problems =
        compile(ast::PatternKind::Regex, r"\w+", None, small).expect_err("a word takes more");
    assert_eq!(problems[0].kind, ProblemKind::TooLarge);
    assert!(
        problems[0].message.contains("1000"),
        "{}",
        problems[0].message
    );
}

#[test]
fn globs_are_anchored_and_end_anchored() {
    let glob = compile(ast::PatternKind::Glob, "*.pem", None, Budget::default());
    assert_eq!(glob, Ok(Compiled::Glob(r"(?is)\A.*\.pem\z".into())));
    assert_eq!(
        compile_dialect_glob("a?", Budget::default()),
        Ok(Compiled::Regex(r"(?is)a.\z".into()))
    );
    let substring = compile(
        ast::PatternKind::Substring,
        "PassWord",
        None,
        Budget::default(),
    );
    assert_eq!(substring, Ok(Compiled::Substring("password".into())));
}
