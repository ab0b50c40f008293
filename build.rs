//! Tells the program which commit it is built from, and for what: `UNPAIR_BUILD_COMMIT`,
//! `UNPAIR_BUILD`. Nothing of it differs between two builds of one commit.

use std::path::Path;
use std::process::Command;

/// Names the commit where neither git nor the package can: for whoever builds from an export.
const GIVEN: &str = "UNPAIR_COMMIT";
/// What a commit is called that nobody knows.
const UNKNOWN: &str = "unknown commit";
/// What `cargo package` says of the commit, in the package's folder.
const PACKAGED: &str = ".cargo_vcs_info.json";
/// Hexadecimal digits of a commit that are told.
const DIGITS: usize = 12;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={GIVEN}");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let (profile, target) = (variable("PROFILE"), variable("TARGET"));
    let folder = variable("CARGO_MANIFEST_DIR");
    let commit = std::env::var(GIVEN).ok().filter(|given| !given.is_empty());
    // A debug build would be made again after each commit, for nothing that its developer does not
    // know.
    let looks = profile != "debug";
    let commit = commit.or_else(|| looks.then(|| commit_of(Path::new(&folder))).flatten());
    println!("cargo::rustc-env=UNPAIR_BUILD_COMMIT={}", commit.as_deref().unwrap_or(UNKNOWN));
    println!("cargo::rustc-env=UNPAIR_BUILD={profile} build for {target}");
    if looks {
        for file in files_of_git(Path::new(&folder)) {
            println!("cargo::rerun-if-changed={file}");
        }
    }
}

/// The commit of a checkout, or of a package.
pub(crate) fn commit_of(folder: &Path) -> Option<String> {
    let commit = match std::fs::read_to_string(folder.join(PACKAGED)) {
        // `{ "git": { "sha1": "…" } }`
        Ok(told) => told.split('"').skip_while(|word| *word != "sha1").nth(2)?.to_owned(),
        Err(_) => git(folder, &["rev-parse", "HEAD"])?,
    };
    let is_one = commit.len() >= DIGITS && commit.bytes().all(|b| b.is_ascii_hexdigit());
    is_one.then(|| commit[..DIGITS].to_owned())
}

/// The files that change with the commit.
fn files_of_git(folder: &Path) -> Vec<String> {
    let files = ["HEAD", "logs/HEAD"];
    let paths =
        files.into_iter().filter_map(|file| git(folder, &["rev-parse", "--git-path", file]));
    paths.filter(|path| folder.join(path).exists()).collect()
}

/// What git says, if `folder` is a checkout of its own, and no part of another's.
fn git(folder: &Path, args: &[&str]) -> Option<String> {
    let ask = |args: &[&str]| {
        let output = Command::new("git").arg("-C").arg(folder).args(args).output().ok()?;
        let told = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| told.trim().to_owned())
    };
    let top = std::fs::canonicalize(ask(&["rev-parse", "--show-toplevel"])?).ok()?;
    let is_its_own = std::fs::canonicalize(folder).ok()? == top;
    is_its_own.then(|| ask(args)).flatten()
}
