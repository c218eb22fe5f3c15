//! The one table of finding codes. A code is never reused.
//!
//! `AOS00..` the text, `AOS01..` names and types, `AOS02..` patterns and
//! intents, `AOS03..` limits and trust, `AOS04..` what a rule means,
//! `AOS05..` dialects.

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing; said under `--strict` only, and an error there.
    Note,
    /// Likely a mistake; an error under `--strict`.
    Warning,
    /// Nothing is compiled from this.
    Error,
}

impl Level {
    /// `note`, `warning` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Lint {
    /// `AOS0101`
    pub code: &'static str,
    /// `unknown-effect`: reads after "allow" or "expect".
    pub name: &'static str,
    /// The level it has of itself.
    pub level: Level,
    /// One line: what it finds.
    pub summary: &'static str,
    /// Its page, in Markdown.
    pub page: &'static str,
}

macro_rules! lints {
    ($($code:ident $name:ident $slug:literal $level:ident $summary:literal;)+) => {
        $(
            #[doc = $summary]
            pub static $name: Lint = Lint {
                code: stringify!($code),
                name: $slug,
                level: Level::$level,
                summary: $summary,
                page: include_str!(concat!("docs/", $slug, ".md")),
            };
        )+
        /// Every row, by rising code.
        pub static ALL: &[&Lint] = &[$(&$name),+];
    };
}

lints! {
    AOS0001 SYNTAX "syntax" Error "text that is not a policy";
    AOS0002 UNKNOWN_WORD "unknown-word" Error "a word where one of a fixed set belongs";
    AOS0003 UNKNOWN_KEY "unknown-key" Error "a key or statement that nothing reads";
    AOS0004 MISSING_KEY "missing-key" Error "a key that must be there";
    AOS0005 DUPLICATE_KEY "duplicate-key" Error "a key or statement written twice";
    AOS0006 WRONG_SHAPE "wrong-shape" Error "a value of another shape than its key takes";
    AOS0007 YAML_TYPING "yaml-typing" Error "a YAML value that readers take for different things";
    AOS0008 TOO_LARGE "too-large" Error "a source that passes a limit";
    AOS0009 EMPTY_SOURCE "empty-source" Error "a source without a policy";
    AOS0010 NOT_YET "not-yet" Error "a part of the language that this version does not enforce";

    AOS0101 UNKNOWN_POLICY "unknown-policy" Error "a policy that nobody defines";
    AOS0102 DUPLICATE_POLICY "duplicate-policy" Error "two policies of one name";
    AOS0103 EXTENDS_CYCLE "extends-cycle" Error "policies that extend each other in a circle";
    AOS0104 UNKNOWN_EFFECT "unknown-effect" Error "an effect that does not exist";
    AOS0105 UNKNOWN_FIELD "unknown-field" Error "a field that no request has";
    AOS0106 UNKNOWN_OPERATOR "unknown-operator" Error "an operator that does not exist";
    AOS0107 UNKNOWN_INTENT "unknown-intent" Error "an intent that is not one of the nine";
    AOS0108 UNKNOWN_PATTERN_SET "unknown-pattern-set" Error "a pattern set that nobody defines";
    AOS0109 UNKNOWN_FINDING "unknown-finding" Error "an `expect` of a finding that does not exist";
    AOS0110 DUPLICATE_RULE_ID "duplicate-rule-id" Error "two rules of one id";
    AOS0111 DUPLICATE_ACTION "duplicate-action" Error "an action declared twice";
    AOS0112 WRONG_TYPE "wrong-type" Error "a comparison that its field's type does not allow";
    AOS0113 DUPLICATE_NAME "duplicate-name" Error "a param, supervisor or pattern set of the name of another";
    AOS0114 SHADOWED_POLICY "shadowed-policy" Warning "a policy that takes the name of a shipped one";

    AOS0201 INVALID_PATTERN "invalid-pattern" Error "a pattern that cannot be read";
    AOS0202 EMPTY_PATTERN "empty-pattern" Error "a pattern that matches every text";
    AOS0203 NEVER_MATCHES "never-matches" Error "a pattern that matches no text";
    AOS0204 NOT_AN_AUTOMATON "not-an-automaton" Error "a pattern that needs backtracking";
    AOS0205 PATTERN_TOO_LARGE "pattern-too-large" Error "a pattern that outgrows its automaton budget";
    AOS0206 WEIGHT_OUT_OF_RANGE "weight-out-of-range" Error "a weight or confidence outside 0..=1";
    AOS0207 INTENT_WITHOUT_SIGNALS "intent-without-signals" Warning "an intent that no signal shows, or none with that confidence";
    AOS0208 COVERED_PATTERN "covered-pattern" Warning "a pattern that finds nothing another one beside it does not";

    AOS0301 UNKNOWN_LIMIT "unknown-limit" Error "a limit that does not exist";
    AOS0302 LIMIT_OUT_OF_RANGE "limit-out-of-range" Error "a limit outside its range";
    AOS0303 LIMITS_CONFLICT "limits-conflict" Warning "limits that defeat each other";
    AOS0304 AGENT_AT_THE_ROOT "agent-at-the-root" Error "a trust root that is an agent";
    AOS0305 SUPERVISOR_LEVELS "supervisor-levels" Error "supervisor levels with a gap or below zero";
    AOS0306 APPROVERS_OUT_OF_RANGE "approvers-out-of-range" Error "an approval that too few people can give";

    AOS0401 DEFAULT_ALLOW "default-allow" Warning "a default that permits everything, without a reason";
    AOS0402 ALLOW_ON_CONTEXT "allow-on-context" Warning "an allow that rests on what the caller claims";
    AOS0403 AUDIT_EVERYTHING "audit-everything" Warning "an `audit *`, which permits everything";
    AOS0404 UNUSED_PRIORITY "unused-priority" Warning "a priority under `combine strictest`";
    AOS0405 UNFULFILLED_EXPECT "unfulfilled-expect" Warning "an `expect` of a finding that does not fire";
    AOS0406 UNKNOWN_ACTION "unknown-action" Warning "a rule about an action whose name is nearly that of a declared one";
    AOS0407 REPEATED "repeated" Warning "a rule, rate, signal or name that stands there already";
    AOS0408 EMPTY_TEXT "empty-text" Warning "a reason, suggestion or description that says nothing";
    AOS0409 ANCHORED_TEXT "anchored-text" Warning "a regex that is tied to the start or the end of the whole text";
    AOS0410 SHADOWED_RULE "shadowed-rule" Warning "a rule, or an action in one, that changes no answer";
    AOS0411 NEVER_HOLDS "never-holds" Warning "a condition that no request meets";
    AOS0412 ALWAYS_HOLDS "always-holds" Warning "a condition that every request meets";
    AOS0413 CONTRADICTION "contradiction" Warning "rules of one priority that say opposite things of one request";
    AOS0414 NOT_DECIDED "not-decided" Warning "a rule of which the checker cannot tell within its bounds whether it changes an answer";
    AOS0415 IDLE_CONDITION "idle-condition" Warning "a part of a condition that comes to the same for every request";

    AOS0501 UNKNOWN_DIALECT "unknown-dialect" Error "a file of a shape that nobody knows";
    AOS0502 REFUSED_DIALECT "refused-dialect" Error "a file of a dialect that is not read";
    AOS0503 NOT_UNDERSTOOD "not-understood" Error "a part of a dialect that has no meaning here";
    AOS0504 DISARMED_DENY "disarmed-deny" Note "a deny that a missing field disarms in its dialect";
    AOS0505 DIALECT_DEFAULT "dialect-default" Note "a default that does not deny, as a dialect has it";
    AOS0506 UNENFORCED "unenforced" Warning "a part of a dialect that stands in the file and enforces nothing";
    AOS0507 IGNORED_KEY "ignored-key" Note "a key that its dialect's home does not read";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_rise_and_names_are_their_own() {
        assert!(ALL.is_sorted_by(|a, b| a.code < b.code));
        let names: HashSet<&str> = ALL.iter().map(|lint| lint.name).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn a_page_has_its_four_parts() {
        for lint in ALL {
            let heading = format!("# {} {}\n\n", lint.code, lint.name);
            let rest = lint
                .page
                .strip_prefix(&heading)
                .unwrap_or_else(|| panic!("{}", lint.page));
            let parts: Vec<&str> = rest.split("\n## ").collect();
            let titles: Vec<&str> = parts[1..]
                .iter()
                .map(|part| part.lines().next().unwrap())
                .collect();
            assert_eq!(
                titles,
                ["Why it matters", "Example", "What to do"],
                "{}",
                lint.name
            );
            assert!(!parts[0].trim().is_empty(), "{}", lint.name);
            for part in &parts[1..] {
                let (_, body) = part.split_once('\n').expect("a title ends its line");
                assert!(!body.trim().is_empty(), "{}: {part}", lint.name);
            }
            assert!(
                parts[2].contains("```policy\n") || parts[2].contains("```yaml\n"),
                "{}",
                lint.name
            );
        }
    }
}
