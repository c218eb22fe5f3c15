agentos::policy! { static BROKEN; file = "tests/ui/broken.policy" }

fn main() {
    BROKEN.decide(&agentos::Request::new("a", "b"));
}
