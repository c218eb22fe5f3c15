agentos::policy! {
    policy p {
        action refund { amount: decimal }
        allow refund when amuont <= 1000;
    }
}

fn main() {
    POLICY.decide(&agentos::Request::new("a", "b"));
}
