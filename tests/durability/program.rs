//! The programs under test: the one that is shipped, and its variant with failpoints.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::OnceLock;

/// The program as it is shipped.
pub(crate) const SHIPPED: &str = env!("CARGO_BIN_EXE_unpair");

/// The program with failpoints and planted bugs, built when it is first asked for. Only the crate
/// itself is compiled again: what it depends on is there.
pub(crate) fn with_failpoints() -> &'static str {
    static BUILT: OnceLock<String> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut build = cargo();
        build.args(["build", "--locked", "--features", "failpoints"]);
        build.args(["--example", "unpair-failpoints"]);
        let made = executables(build);
        made.get("unpair-failpoints").expect("cargo names the executable").clone()
    })
}

/// A harness of this package, built with planted bugs when it is first asked for: what it tests is
/// the library.
pub(crate) fn harness_with_failpoints(name: &str) -> &'static str {
    static BUILT: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let mut build = cargo();
        build.args(["test", "--no-run", "--locked", "--features", "failpoints"]);
        for harness in HARNESSES {
            build.args(["--example", harness]);
        }
        executables(build)
    });
    built.get(name).unwrap_or_else(|| panic!("{name} is none of {HARNESSES:?}"))
}

/// The harnesses that are built with planted bugs.
const HARNESSES: [&str; 2] = ["fuzz-failpoints", "simulation-failpoints"];

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    for name in of_the_package() {
        cargo.env_remove(name);
    }
    cargo
}

/// What `build` makes: executables by the names of their targets.
fn executables(mut build: Command) -> BTreeMap<String, String> {
    let output = build.args(["--message-format", "json"]).output().expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let name = message["target"]["name"].as_str()?.to_owned();
        Some((name, message["executable"].as_str()?.to_owned()))
    };
    messages.lines().filter_map(executable).collect()
}

/// What cargo told this test of its package: build scripts that look at it would run again, and
/// what depends on them would be compiled again.
fn of_the_package() -> impl Iterator<Item = String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
}
