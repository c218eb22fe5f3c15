agentos::policy! {
    policy p {
        forbid send_email;
    }
}

fn main() {
    POLICY.decide(&agentos::Request::new("a", "b"));
}
