agentos::policy!(path = "policies/mail.policy");

fn main() {}
