//! A decision that permits allocates nothing, once its thread is warm.

mod support;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use agentos_runtime::{
    Effect, Engine, Number, Request, Value,
    table::{Check, Condition, Field, Literal, Matcher, Policy, Rule, Type},
};
use support::rows::*;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is handed to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(run: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    run();
    ALLOCATIONS.get() - before
}

/// Asks twice to get warm, and then counts.
fn permits_without_allocating(policies: impl Into<Vec<Policy<'static>>>, request: &Request<'_>) {
    let engine = Engine::new(&table(policies)).unwrap();
    for _ in 0..2 {
        assert_eq!(engine.decide(request).effect(), Effect::Allow);
    }
    let counted = allocations(|| {
        for _ in 0..100 {
            std::hint::black_box(engine.decide(std::hint::black_box(request)));
        }
    });
    assert_eq!(counted, 0);
}

fn request() -> Request<'static> {
    Request::new("a1", "pay")
        .param("amount", 12.5)
        .param("account", "a7")
        .param("path", "/srv/data/../data/x")
        .param("flag", true)
        .param("nothing", Value::Null)
        .param("cc", ["Ähre", "b"])
        .param("size", 3)
}

#[test]
fn the_counter_counts() {
    assert!(allocations(|| drop(std::hint::black_box(Box::new(1)))) > 0);
}

#[test]
fn fields_shapes_and_several_policies() {
    let declared = Policy {
        actions: list([declare(
            "pay",
            [("amount", Type::Decimal), ("account", Type::String)],
        )]),
        ..policy(
            "declared",
            [rule(
                Effect::Allow,
                "r",
                "pay",
                when(
                    1,
                    "amount",
                    Check::Compare(
                        agentos_runtime::table::Order::AtMost,
                        Literal::Number(Number::from(1000)),
                    ),
                ),
            )],
        )
    };
    let under = policy(
        "under",
        [rule(
            Effect::Allow,
            "r",
            "p*",
            when(1, "path", Check::Under("/srv/data")),
        )],
    );
    permits_without_allocating([declared, under], &request());
}

#[test]
fn looking_for_disguises_where_there_are_none() {
    let mut strict = policy(
        "strict",
        [
            rule(Effect::Allow, "a", "pay", None),
            rule(
                Effect::Deny,
                "d",
                "pay",
                when(2, "account", Check::Contains(Literal::Text("secret"))),
            ),
        ],
    );
    strict.normalize = agentos_runtime::table::Normalize::Strict;
    let long = "it goes on for a while, with long words like Donaudampfschiff and /usr/local/share";
    permits_without_allocating([strict], &request().param("account", long));
}

#[test]
fn crowds_of_rules() {
    let crowd = |name: &'static str, check: &dyn Fn(u64) -> Check<'static>, field: &'static str| {
        let rules: Vec<Rule<'static>> = (0..100)
            .map(|n| rule(Effect::Allow, "r", "pay", when(1, field, check(n))))
            .collect();
        policy(name, rules)
    };
    let leak = |text: String| &*text.leak();
    let at_most = |n: u64| {
        Check::Compare(
            agentos_runtime::table::Order::AtMost,
            Literal::Number(Number::from(n)),
        )
    };
    permits_without_allocating(
        [
            crowd("equal", &|n| is(leak(format!("a{n}"))), "account"),
            crowd(
                "starts",
                &|n| Check::StartsWith(leak(format!("/srv{}", "/".repeat(n as usize % 3)))),
                "path",
            ),
            crowd(
                "under",
                &|n| {
                    Check::Under(leak(format!(
                        "/srv/data{}",
                        if n > 0 { n.to_string() } else { String::new() }
                    )))
                },
                "path",
            ),
            crowd("bounds", &at_most, "amount"),
        ],
        &request(),
    );
}

#[test]
fn patterns_over_the_text() {
    let patterns = set(
        "secrets",
        [
            Matcher::Substring("password"),
            Matcher::Regex("(?i)AKIA[0-9A-Z]{16}"),
            Matcher::Regex(r"(?:\A|[^\pL\pN_])((?i)DROP\s+TABLE)(?:\z|[^\pL\pN_])"),
            Matcher::Glob(r"(?is).*\.pem"),
            Matcher::RegexUnless(
                r"(?:\A|[^\pL\pN_])((?i)DELETE\s+FROM)",
                r"(?i).*[^\pL\pN_\n]WHERE(?:\z|[^\pL\pN_])",
            ),
        ],
    );
    let text = Condition::Test(test(1, Field::Text, Check::Matches(0)));
    let one = Condition::Test(test(2, param("account"), Check::Matches(0)));
    let policy = Policy {
        patterns: list([patterns]),
        ..policy(
            "p",
            [
                rule(
                    Effect::Deny,
                    "d",
                    "*",
                    Some(Condition::Any(list([text, one]))),
                ),
                rule(Effect::Allow, "any", "*", None),
            ],
        )
    };
    permits_without_allocating([policy], &request());
}
