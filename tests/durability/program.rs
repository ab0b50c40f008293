//! The programs under test: the one that is shipped, and its variant with failpoints.

use std::process::Command;
use std::sync::OnceLock;

/// The program as it is shipped.
pub(crate) const SHIPPED: &str = env!("CARGO_BIN_EXE_unpair");

/// The program with failpoints and planted bugs, built when it is first asked for. Only the crate
/// itself is compiled again: what it depends on is there.
pub(crate) fn with_failpoints() -> &'static str {
    static BUILT: OnceLock<String> = OnceLock::new();
    BUILT.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["build", "--locked", "--features", "failpoints"])
            .args(["--example", "unpair-failpoints", "--message-format", "json"]);
        for name in of_the_package() {
            build.env_remove(name);
        }
        let output = build.output().expect("cargo runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let messages = String::from_utf8_lossy(&output.stdout);
        let executable = messages.lines().find_map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            let is_ours = message["target"]["name"] == "unpair-failpoints";
            message["executable"].as_str().filter(|_| is_ours).map(str::to_owned)
        });
        executable.unwrap_or_else(|| panic!("cargo names no executable:\n{errors}"))
    })
}

/// What cargo told this test of its package: build scripts that look at it would run again, and
/// what depends on them would be compiled again.
fn of_the_package() -> impl Iterator<Item = String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
}
