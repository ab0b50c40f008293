//! The pages for developers are true to the tree: ARCHITECTURE.md names every module, and no page names
//! a file that is not there.

use std::fs;
use std::path::{Path, PathBuf};

/// The most lines that the page may have.
const MAX_LINES: usize = 150;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md")
}

/// What stands between backticks on the page.
fn named(page: &str) -> Vec<String> {
    page.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .map(ToOwned::to_owned)
        .collect()
}

/// Every Rust file below `folder`.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn every_module_is_on_the_map() {
    let named = named(&page());
    for entry in fs::read_dir(root().join("src")).expect("src") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let told = if path.is_dir() { format!("{name}/") } else { name };
        assert!(told == "lib.rs" || named.contains(&told), "src/{told} is not on the map");
    }
}

#[test]
fn every_file_that_is_named_is_there() {
    for name in named(&page()) {
        let is_path = name.ends_with('/') || name.split('.').next_back() == Some("rs");
        // A file in the text of a folder's row goes without the folder.
        let is_there = ["src", "src/run", "src/journal/sqlite", "src/cloud", "."]
            .iter()
            .any(|folder| root().join(folder).join(&name).exists());
        assert!(!is_path || is_there, "{name} is not in the tree");
    }
}

/// The words of a page that are paths: with a folder, or with the ending of a file.
fn paths(page: &str) -> Vec<&str> {
    const ENDINGS: [&str; 5] = [".rs", ".md", ".toml", ".sh", ".json"];
    let is_outside = |c: char| !c.is_alphanumeric() && !"./_".contains(c);
    page.split_whitespace()
        .map(|word| {
            word.trim_start_matches(is_outside).trim_end_matches(|c| is_outside(c) || c == '.')
        })
        .filter(|word| word.contains('/') || ENDINGS.iter().any(|ending| word.ends_with(ending)))
        .collect()
}

#[test]
fn every_path_that_contributors_are_sent_to_is_there() {
    for (name, least) in [("CONTRIBUTING.md", 20), ("SECURITY.md", 2)] {
        let page = fs::read_to_string(root().join(name)).expect(name);
        let paths = paths(&page);
        assert!(paths.len() >= least, "{name} names {paths:?}");
        let missing: Vec<_> = paths.iter().filter(|path| !root().join(path).exists()).collect();
        assert!(missing.is_empty(), "{name} names {missing:?}, which are not in the tree");
    }
}

#[test]
fn paths_are_told_from_words() {
    let page = "Run `tests/all.sh`. See (`src/lib.rs`), README.md: not e.g. this, `--all`.";
    assert_eq!(paths(page), ["tests/all.sh", "src/lib.rs", "README.md"]);
}

#[test]
fn every_invariant_names_a_test() {
    let page = page();
    let invariants = page.split("## Invariants").nth(1).expect("a section on invariants");
    let invariants = invariants.split("\n## ").next().unwrap_or_default();
    let files = [rust_files(&root().join("src")), rust_files(&root().join("tests"))].concat();
    let code: String = files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect();
    let tests = named(invariants);
    assert!(tests.len() > 10, "invariants name their tests");
    for test in tests {
        assert!(code.contains(&format!("fn {test}(")), "there is no test {test}");
    }
}

#[test]
fn the_page_stays_one_that_is_read() {
    let lines = page().lines().count();
    assert!(lines <= MAX_LINES, "{lines} lines, at most {MAX_LINES}");
}
