//! The words of the language, of what it looks at and of what it counts, each with
//! what an editor says of it. Tests hold the tables to the language's own lists.

/// What a word of the language means, as Markdown.
pub(super) fn word(word: &str) -> Option<&'static str> {
    find(WORDS, word)
}

/// What a field that every request has is.
pub(super) fn field(first: &str) -> Option<&'static str> {
    find(FIELDS, first)
}

/// The fields that every request has.
pub(super) fn fields() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(name, _)| *name)
}

/// What an intent is about.
pub(super) fn intent(name: &str) -> Option<&'static str> {
    find(INTENTS, name)
}

/// What a limit bounds, by its short name.
pub(super) fn limit(short: &str) -> Option<&'static str> {
    find(LIMITS, short)
}

/// The keys of YAML that are not words of the language, where they stand.
pub(super) fn key(name: &str) -> Option<&'static str> {
    find(KEYS, name).or_else(|| word(name))
}

fn find(table: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    let row = table.iter().find(|(known, _)| *known == word);
    row.map(|(_, text)| *text)
}

#[rustfmt::skip]
const WORDS: &[(&str, &str)] = &[
    ("!=", "Not equal. Texts mind case, numbers are compared exactly."),
    ("<", "Below: numbers, compared exactly, or times."),
    ("<=", "At most: numbers, compared exactly, or times."),
    ("==", "Equal. Texts mind case, numbers are compared exactly."),
    (">", "Above: numbers, compared exactly, or times."),
    (">=", "At least: numbers, compared exactly, or times."),
    ("about", "`about \"…\";` says in a sentence what the policy is for."),
    ("abstain", "`default abstain;`: where no rule fires, this policy says nothing. Where every policy says nothing, the answer is deny."),
    ("action", "`action refund { amount: decimal, note: string? }` declares what a call carries. A call whose declared params are missing, or of another type, is denied.\n\nIn a condition, `action` is the action's name."),
    ("agent", "The name of the agent that asks.\n\n`per agent` counts each agent by itself; a supervisor that is an `agent` is none that can be a root."),
    ("allow", "Permits. Fires only when its condition is certainly true: a field that is missing or of another type permits nothing."),
    ("and", "Both have to hold. It binds closer than `or`."),
    ("any", "`any cc ends with \"@example.com\"`: some element of the list passes the test."),
    ("at", "`intent in [data_exfiltration] at 0.8`: the least confidence that counts; 0.5 where none is written."),
    ("audit", "Permits and flags. Fires only when its condition is certainly true; in doubt it permits nothing, but still flags what others permit."),
    ("because", "`because \"…\"` is the reason that people and agents are given."),
    ("boolean", "`true` or `false`."),
    ("by", "`unless followed by r\"…\"`: the pattern does not count where this stands right behind it."),
    ("call", "`on call`: a rule about calls of tools, as every rule is that says nothing else."),
    ("combine", "How rules of this policy are combined: `combine strictest;` (what is meant where nothing is written), or `combine priority;`."),
    ("contains", "A text has this part, or a list this member; case is minded."),
    ("critical", "The highest of the severities `info`, `low`, `medium`, `high`, `critical`."),
    ("day", "`per day`: the time in which a rate counts."),
    ("decimal", "A number, exact up to 38 digits, and never a floating-point one."),
    ("default", "`default deny;` is the answer where no rule fires: `deny` (what is meant where nothing is written), `allow because \"…\"`, or `abstain`."),
    ("defer", "Answers later: stricter than `audit`, milder than `escalate`. Fires unless its condition is certainly false."),
    ("deny", "Refuses, whatever else is said. Fires unless its condition is certainly false: leaving out a field that it tests does not get past it."),
    ("else", "`limit … else deny;`: what is answered beyond the rate."),
    ("ends", "`ends with \"…\"`: the end of a text; case is minded."),
    ("enforce", "`mode enforce;`: decisions hold agents back, as they do where no mode is written."),
    ("escalate", "Asks somebody above: `escalate pay to 2 of \"controller\", \"cfo\" within 60m;`. Fires unless its condition is certainly false."),
    ("every", "`every cc ends with \"@example.com\"`: all elements of the list pass the test; an empty list does."),
    ("exists", "`exists note`: the field is there and is not null. Never in doubt."),
    ("expect", "`expect shadowed-rule because \"…\";` says that this finding is fine for the statement after it. One that nothing answers to is a finding itself."),
    ("extends", "`extends baseline;`: the rules, patterns, intents and limits of these policies come first. They are looked for in this file, in those compiled with it, and among the shipped ones."),
    ("false", "The one boolean."),
    ("followed", "`unless followed by r\"…\"`: the pattern does not count where this stands right behind it."),
    ("glob", "A pattern with `*`, `?` and `[…]` that a whole value has to fit, in any case."),
    ("help", "`help \"…\"`: more for whoever reviews what the rule found."),
    ("high", "One of the severities `info`, `low`, `medium`, `high`, `critical`."),
    ("hour", "`per hour`: the time in which a rate counts."),
    ("id", "`id no-secrets`: what decisions call the rule. Without one it is made from effect, action and number: `deny-send_email-1`."),
    ("in", "`in [\"a\", \"b\"]`: equal to one of these."),
    ("info", "The lowest of the severities `info`, `low`, `medium`, `high`, `critical`."),
    ("input", "`on input`: a rule about what comes in, such as a prompt."),
    ("integer", "A whole number, exact up to 38 digits."),
    ("intent", "`intent destructive_data { signal … }` gives patterns with weights that tell what a call is about. `intent in [destructive_data] at 0.5` asks: the confidence is the weight of the heaviest signal that is found."),
    ("level", "`supervisor \"root\" level 0;`: how far from the root somebody stands, which is at 0."),
    ("like", "`like \"*.pem\"`: the whole value fits the glob, in any case."),
    ("limit", "`limit http.request 3 per minute else deny;`: a rate that the kernel counts, for each agent unless it says `per tenant`."),
    ("limits", "`limits { tokens 4096; timeout 300s; }`: bounds that the kernel keeps."),
    ("low", "One of the severities `info`, `low`, `medium`, `high`, `critical`."),
    ("matches", "`matches r\"…\"` or `matches secrets`: a regex, or a pattern of the set, is found. Regexes are those of Python's `re`, searched, in any case unless `(?-i)` stands in them."),
    ("max_escalation_depth", "How many levels an escalation may climb."),
    ("medium", "One of the severities `info`, `low`, `medium`, `high`, `critical`."),
    ("millisecond", "`per millisecond`: the time in which a rate counts."),
    ("minute", "`per minute`: the time in which a rate counts."),
    ("mode", "`mode shadow;`: the policy decides and reports, and holds nobody back."),
    ("normalize", "`normalize strict;` lets matchers look through disguises: full-width and look-alike letters, what shows nothing, one level of encoding. It can only make an answer stricter."),
    ("not", "Turns a test round. What is in doubt stays so."),
    ("of", "`to 2 of \"a\", \"b\"` are approvers; `one of [\"a\", \"b\"]` is a type."),
    ("on", "`on input` makes a rule speak of what comes in, `on output` of what comes back; without it, it speaks of calls."),
    ("one", "`one of [\"open\", \"shut\"]`: a param that has one of these values."),
    ("or", "One of them has to hold. `and` binds closer."),
    ("output", "`on output`: a rule about what a tool gives back."),
    ("path", "A param that is a path. This version does not look inside it, and refuses the type: declare it as `string`."),
    ("patterns", "`patterns secrets { substring \"password\"; regex r\"AKIA[0-9A-Z]{16}\"; glob \"*.pem\"; }`: patterns that `matches secrets` looks for."),
    ("per", "`3 per minute per tenant`: in what time a rate counts, and whose calls together."),
    ("policy", "`policy support \"1.2.0\" { … }`: a named set of rules, limits, patterns and supervisors. Where it says nothing of an action, the answer is deny."),
    ("priority", "`combine priority;`: the first rule that fires decides, by falling `priority N`, then by order."),
    ("python", "A param that is Python code. This version does not look inside it, and refuses the type: declare it as `string`."),
    ("regex", "A pattern as Python's `re` has it, searched, in any case unless `(?-i)` stands in it."),
    ("second", "`per second`: the time in which a rate counts."),
    ("severity", "`severity high`: how bad it is when the rule fires, for whoever reviews it."),
    ("shadow", "`mode shadow;`: the policy decides and reports, and holds nobody back."),
    ("shell", "A param that is a shell command. This version does not look inside it, and refuses the type: declare it as `string`."),
    ("signal", "`signal 0.9 r\"\\bDROP\\b\" \"what it means\";`: a regex with a weight that counts towards an intent."),
    ("sql", "A param that is SQL. This version does not look inside it, and refuses the type: declare it as `string`."),
    ("starts", "`starts with \"…\"`: the start of a text; case is minded."),
    ("strictest", "`combine strictest;`: of all rules that fire, the strictest decides, as is meant where nothing is written."),
    ("string", "A text."),
    ("substring", "A pattern that is looked for letter by letter, in any case."),
    ("suggest", "`suggest \"…\"`: what the agent may do instead."),
    ("supervisor", "`supervisor \"safety-agent\" level 1 agent;`: somebody who may be asked, how far from the root, and whether it is an agent itself."),
    ("tenant", "`per tenant`: the calls of all agents of a tenant count together."),
    ("timestamp", "A time as RFC 3339 writes it: `2026-01-31T00:00:00Z`."),
    ("to", "`escalate pay to 2 of \"controller\", \"cfo\" within 60m;`: who may approve, and how many of them have to."),
    ("true", "The other boolean."),
    ("trust", "`trust { supervisor \"root\" level 0; }`: who supervises whom, and how far an escalation climbs."),
    ("under", "`under \"/srv/data\"`: a path, normalised, is this directory or below it."),
    ("unless", "`unless …`: the rule speaks where this does not hold. `when A unless B` is `when A and not (B)`.\n\n`unless followed by r\"…\"`, after a pattern: it does not count where this stands right behind it."),
    ("url", "A param that is a URL. This version does not look inside it, and refuses the type: declare it as `string`."),
    ("when", "`when …`: the rule speaks where this holds."),
    ("with", "`starts with`, `ends with`: case is minded."),
    ("within", "`within 60m`: how soon an approval has to come."),
];

#[rustfmt::skip]
const FIELDS: &[(&str, &str)] = &[
    ("action", "The action's name, as the request has it."),
    ("agent", "The name of the agent that asks."),
    ("attested", "`attested.x` is what the host, or a credential that was checked, says. An agent cannot set it."),
    ("context", "`context.x` is what the caller claims of itself. It may refuse by it, but what permits should not rest on it: look at `attested.x`."),
    ("params", "`params.x.y` is a param of the call. A declared one may be written by its name alone."),
    ("text", "All of the call as one text: the action, every value at any depth, then every key, with single spaces between them."),
];

#[rustfmt::skip]
const INTENTS: &[(&str, &str)] = &[
    ("destructive_data", "Data is destroyed: tables dropped, rows deleted, disks wiped."),
    ("data_exfiltration", "Data leaves: dumps, bulk exports, copies to somewhere else."),
    ("privilege_escalation", "Rights are raised: grants, `sudo`, `chmod`, administrators."),
    ("system_modification", "The machine changes: files removed, processes killed, systems shut down."),
    ("code_execution", "Code is run: `exec`, `eval`, shells, child processes."),
    ("network_access", "The network is used: requests, downloads, connections."),
    ("data_read", "Data is read."),
    ("data_write", "Data is written: rows inserted, files created."),
    ("benign", "What a call is when no signal is found. It cannot be asked for."),
];

#[rustfmt::skip]
const LIMITS: &[(&str, &str)] = &[
    ("tokens", "Tokens of a request: a whole number above 0."),
    ("tool_calls", "Tool calls of a request: a whole number; 0 permits none."),
    ("timeout", "How long a request may take: seconds, or a time such as `300s` or `5m`."),
    ("concurrent", "Executions at one time: a whole number above 0."),
    ("backpressure", "Executions from which on they are slowed down: a whole number above 0, below `concurrent`."),
    ("confidence", "The least confidence of an answer: a number from 0 to 1."),
    ("drift", "The largest drift from what an agent did before: a number from 0 to 1."),
    ("log_all_calls", "Whether every call is logged: `true` or `false`."),
    ("checkpoint_frequency", "A checkpoint every so many calls: a whole number above 0."),
];

#[rustfmt::skip]
const KEYS: &[(&str, &str)] = &[
    ("actions", "Declared actions: `refund: {amount: decimal, note: \"string?\"}`."),
    ("finding", "The finding that is fine here, by its name or code."),
    ("intents", "Patterns with weights that tell what a call is about, by intent."),
    ("needed", "How many of those named under `to` have to approve."),
    ("rates", "How often actions may be called; the kernel counts."),
    ("rules", "What is allowed, and what is not: `- allow: read_file`."),
    ("stage", "What the rule speaks of: `input`, what comes in; `call`, as where none is written; `output`, what comes back."),
    ("supervisors", "Who supervises whom."),
    ("version", "The policy's version, in quotes."),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use agentos_compiler::{grammar, lower};

    use super::*;

    fn names(table: &[(&'static str, &str)]) -> BTreeSet<&'static str> {
        table.iter().map(|(name, _)| *name).collect()
    }

    #[test]
    fn every_word_of_the_language_and_no_other_is_explained() {
        let mut words: BTreeSet<&str> = grammar::keywords().into_iter().collect();
        words.extend(grammar::ast::Comparison::WORDS);
        assert_eq!(names(WORDS), words);
        assert_eq!(WORDS.len(), words.len(), "each stands there once");
        assert!(names(KEYS).is_disjoint(&words));
        let intents = lower::CATEGORIES.map(|(name, _)| name);
        assert_eq!(names(INTENTS), intents.into_iter().collect());
        let limits = lower::limit_names().map(|(short, _)| short);
        assert_eq!(names(LIMITS), limits.collect());
    }
}
