agentos::policy! {
    policy p {
        action refund { amount: decimal }
        allow refund when amount == "1000";
    }
}

fn main() {}
