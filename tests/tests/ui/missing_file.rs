agentos::policy!(file = "policies/no_such.policy");

fn main() {}
