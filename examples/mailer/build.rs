//! Compiles the policy, so that a wrong one stops the build.

fn main() -> Result<(), agentos_compiler::build::BuildError> {
    agentos_compiler::build::Policies::new()
        .file("policies/mail.policy")
        .crate_path("::guard")
        .name("MAIL")
        .strict(true)
        .compile()?;
    Ok(())
}
