//! Compiles policies to Rust, for the tests that compare the ways of building
//! a policy: the shipped ones, and random ones.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use agentos_compiler::{Options, Sources, build::Policies, compile, emit};
use proc_macro2::{Ident, Span};
use quote::quote;

#[allow(dead_code, unreachable_pub)] // Shared with the tests; the build script draws policies only.
#[path = "src/random.rs"]
mod random;

/// How many random policies become Rust.
const DRAWN: u64 = 40;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);
    println!("cargo::rerun-if-changed=src/random.rs");
    println!("cargo::rerun-if-changed=../policies");
    drawn(out)?;
    let policies = policies()?;
    shipped(out, &policies)?;
    together(&policies)?;
    Ok(())
}

/// `drawn.rs`: `DRAWN`, each random policy with its seed.
fn drawn(out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut index = String::from(
        "/// Random policies with their seeds.\npub static DRAWN: &[(u64, &::agentos::Policy)] = &[\n",
    );
    let mut text = String::new();
    for seed in 0..DRAWN {
        let source = out.join(format!("drawn_{seed}.policy"));
        fs::write(
            &source,
            random::policy(seed, "drawn", random::drawn_shape(seed)).source,
        )?;
        let name = format!("DRAWN_{seed}");
        let file = format!("drawn_{seed}.rs");
        // Random policies are full of warnings, which nobody has to read.
        let sources = Sources::one(source.display().to_string(), fs::read_to_string(&source)?);
        let (plan, findings) = compile(&sources, &Options::default());
        let plan = plan.ok_or_else(|| format!("seed {seed}: {findings:?}"))?;
        let ident = Ident::new(&name, Span::call_site());
        fs::write(
            out.join(&file),
            emit::rust::text(&plan.table(), &ident, &quote!(::agentos)),
        )?;
        writeln!(text, "include!(concat!(env!(\"OUT_DIR\"), \"/{file}\"));")?;
        writeln!(index, "    ({seed}, &{name}),")?;
    }
    fs::write(out.join("drawn.rs"), format!("{text}{index}];\n"))?;
    Ok(())
}

/// The files of the shipped policies, by name.
fn policies() -> Result<Vec<PathBuf>, Box<dyn std::error::Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir("../policies")? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "policy") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// `shipped.rs`: `SHIPPED`, each policy of `policies/` with its name.
fn shipped(out: &Path, policies: &[PathBuf]) -> Result<(), Box<dyn std::error::Error>> {
    let mut index = String::from("pub static SHIPPED: &[(&str, &::agentos::Policy)] = &[\n");
    let mut text = String::new();
    for path in policies {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let stem = stem.ok_or("a file name is UTF-8")?;
        let name = stem.to_uppercase();
        Policies::new().file(path).name(&name).compile()?;
        writeln!(
            text,
            "include!(concat!(env!(\"OUT_DIR\"), \"/{stem}.rs\"));"
        )?;
        writeln!(index, "    (\"{stem}\", &{name}),")?;
    }
    fs::write(out.join("shipped.rs"), format!("{text}{index}];\n"))?;
    Ok(())
}

/// `together.rs`: `TOGETHER`, all policies of `policies/` in one table.
fn together(policies: &[PathBuf]) -> Result<(), Box<dyn std::error::Error>> {
    let all = policies.iter().fold(Policies::new(), Policies::file);
    all.name("TOGETHER").compile_to("together.rs")?;
    Ok(())
}
