//! Compiles the rules of one workload into this package, as a user's build script would, and links Vectorscan where it is.

#[allow(dead_code, unreachable_pub, reason = "it belongs to the library")]
#[path = "src/rules.rs"]
mod rules;

#[allow(unreachable_pub, reason = "it belongs to the library")]
#[path = "src/language.rs"]
mod language;

use std::{env, error::Error, fs, io, path::Path};

use agentos_compiler::build::Policies;
use rules::Workload;

fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    for (name, size) in [("small", 10), ("large", 1_000)] {
        let policy = Path::new(&out).join(name).with_extension("policy");
        let rules = rules::rules(Workload::Spread, size);
        write(&policy, &language::text(&rules))?;
        Policies::new()
            .file(&policy)
            .name(name.to_uppercase())
            .compile()?;
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/rules.rs");
    println!("cargo::rerun-if-changed=src/language.rs");
    link_vectorscan();
    Ok(())
}

/// Where a system has its libraries.
const LIBRARIES: [&str; 7] = [
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib64",
    "/usr/local/lib",
    "/opt/homebrew/lib",
];

/// Links Vectorscan and says so with `cfg(vectorscan)`. Without it that engine
/// is left out of the benches.
fn link_vectorscan() {
    println!("cargo::rustc-check-cfg=cfg(vectorscan)");
    let folder = LIBRARIES.iter().find(|folder| {
        ["libhs.so", "libhs.dylib"]
            .iter()
            .any(|file| Path::new(folder).join(file).exists())
    });
    if let Some(folder) = folder {
        println!("cargo::rustc-cfg=vectorscan");
        println!("cargo::rustc-link-search=native={folder}");
        println!("cargo::rustc-link-lib=dylib=hs");
    }
}

/// Writes a file unless it says this already: cargo runs this again when it is newer.
fn write(file: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(file).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(file, text)
}
