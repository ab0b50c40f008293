//! The architecture, checked against `src/`: who may import whom, and what stays out of a layer.

mod files;
mod imports;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use files::{Files, circles};
use source::{Source, separate, sources, uses};

/// What each module may import. `lib.rs` and `main.rs` are above all.
const MAY_IMPORT: [(&str, &[&str]); 14] = [
    // Compiled to nothing but in tests that end the process on purpose.
    ("failpoint", &[]),
    // Whose a file is, before it is believed or written.
    ("files", &[]),
    ("model", &[]),
    ("manifest", &["model"]),
    ("planner", &["failpoint", "model"]),
    ("pace", &["model"]),
    ("cloud", &["failpoint", "model"]),
    ("journal", &["failpoint", "files", "model"]),
    // One paced, counted, repeated exchange: what audits and runs share.
    ("exchange", &["model", "pace", "cloud", "journal"]),
    ("audit", &["failpoint", "model", "cloud", "journal", "planner", "exchange"]),
    ("run", &["failpoint", "model", "pace", "cloud", "journal", "planner", "exchange", "audit"]),
    ("report", &["model", "journal", "planner"]),
    ("sandbox", &["files", "model"]),
    (
        "config",
        &[
            "files", "model", "manifest", "planner", "pace", "cloud", "journal", "exchange",
            "audit", "run", "report", "sandbox",
        ],
    ),
];

/// The files of the commands: none imports another's.
const COMMANDS: &str = "cli/command/";

/// The module that may import everything.
const TOP: &str = "cli";

/// The most lines that a file may have, its tests included.
const MAX_LINES: usize = 400;

/// Paths, below `src`, of the credential loaders: the only users of the environment below `cli`.
const CREDENTIAL_LOADERS: [&str; 5] = [
    "cloud/alibaba/credentials.rs",
    "cloud/alibaba/credentials/",
    "cloud/aws/credentials.rs",
    "cloud/aws/credentials/",
    "cloud/aws/surroundings.rs",
];

/// What the files of `src/` import.
fn files() -> &'static Files {
    static FILES: LazyLock<Files> = LazyLock::new(|| Files::of(sources()));
    &FILES
}

/// Fails with every file outside `allowed` whose code uses one of `words`.
fn none_outside(allowed: &[&str], words: &[&str]) {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_in(allowed)) {
        let used = words.iter().filter(|word| uses(&source.code, word));
        wrong.extend(used.map(|word| format!("{} uses {word}", source.path)));
    }
    assert!(wrong.is_empty(), "only {allowed:?} may: {wrong:#?}");
}

#[test]
fn no_module_imports_upward_or_sideways() {
    let rules = BTreeMap::from(MAY_IMPORT);
    let mut wrong = Vec::new();
    for source in sources() {
        let module = source.module();
        if [TOP, "lib", "main"].contains(&module) {
            continue;
        }
        let Some(allowed) = rules.get(module) else {
            wrong.push(format!("{}: `{module}` has no layer", source.path));
            continue;
        };
        for import in files().modules_named_by(&source.path) {
            if import != module && !allowed.contains(&import) {
                wrong.push(format!("{} imports crate::{import}", source.path));
            }
        }
    }
    for module in rules.keys() {
        assert!(sources().iter().any(|it| it.module() == *module), "there is no module {module}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_modules_form_no_cycle() {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in sources().iter().filter(|source| !["lib", "main"].contains(&source.module())) {
        let mut imports = files().modules_named_by(&source.path);
        imports.remove(source.module());
        edges.entry(source.module()).or_default().extend(imports);
    }
    let circles = circles(&edges);
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn files_import_each_other_in_no_circle_but_a_parent_and_its_own_child() {
    let circles = circles(&files().edges());
    println!("{} circles of files", circles.len());
    assert!(circles.is_empty(), "move what they share to a file of its own: {circles:#?}");
}

#[test]
fn no_command_imports_another() {
    let command = |file: &str| {
        let name = file.strip_prefix(COMMANDS)?.split(['/', '.']).next()?;
        Some(name.to_owned())
    };
    let edges = files().edges();
    let pairs = edges.iter().flat_map(|(file, imports)| imports.iter().map(move |it| (*file, *it)));
    let pairs = pairs.filter_map(|(file, import)| Some((command(file)?, command(import)?)));
    let wrong: Vec<_> = pairs.filter(|(one, other)| one != other).collect();
    assert!(wrong.is_empty(), "what commands share leaves their files: {wrong:?}");
    assert!(edges.keys().filter_map(|file| command(file)).count() > 10, "{COMMANDS} is there");
}

#[test]
fn every_file_is_short() {
    let long: Vec<String> = sources()
        .iter()
        .map(|source| (source.text.lines().count(), &source.path))
        .filter(|(lines, _)| *lines > MAX_LINES)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "at most {MAX_LINES} lines a file: {long:#?}");
}

#[test]
fn sql_stays_in_the_journal() {
    none_outside(&["journal"], &["sqlx", "rusqlite"]);
    let is_sql = |literal: &String| {
        ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "PRAGMA "]
            .iter()
            .any(|word| literal.trim_start().starts_with(word))
    };
    let wrong: Vec<_> = sources()
        .iter()
        .filter(|source| !source.is_in(&["journal"]) && source.literals.iter().any(is_sql))
        .map(|source| &source.path)
        .collect();
    assert!(wrong.is_empty(), "SQL in {wrong:#?}");
}

#[test]
fn http_stays_in_the_clouds_and_the_sandbox() {
    none_outside(&["cloud", "sandbox"], &["reqwest", "axum", "hyper"]);
}

#[test]
fn clap_bars_and_anyhow_stay_in_the_command_line() {
    none_outside(&["cli", "main"], &["clap", "indicatif", "anyhow"]);
}

#[test]
fn nothing_below_the_command_line_prints_or_ends_the_process() {
    none_outside(&["cli", "main"], &["println", "print", "eprintln", "eprint"]);
    // A command that gives credentials has outputs of its own.
    none_outside(&["cli", "main", "cloud/child.rs"], &["stdout", "stderr"]);
    none_outside(&["cli", "main", "failpoint"], &["process::exit", "process::abort"]);
}

#[test]
fn only_the_command_line_the_configuration_and_credential_loaders_read_the_environment() {
    let mut allowed = vec!["cli", "main", "config", "failpoint"];
    allowed.extend(CREDENTIAL_LOADERS);
    none_outside(&allowed, &["env::var", "env::vars", "env::var_os", "env::args", "std::env"]);
}

/// Whether code does one thing on one cloud and another on the other.
fn decides_by_cloud(code: &str) -> bool {
    ["Provider::Alibaba", "Provider::Aws"].iter().any(|cloud| {
        code.match_indices(cloud).any(|(at, _)| {
            let before = code[..at].trim_end();
            let after = code[at + cloud.len()..].trim_start();
            ["==", "!="].iter().any(|sign| before.ends_with(sign) || after.starts_with(sign))
                || ["=>", "if ", "|"].iter().any(|sign| after.starts_with(sign))
        })
    })
}

#[test]
fn facts_about_a_cloud_stand_in_tables_outside_its_client() {
    let places = ["cloud", "sandbox", "model/provider.rs"];
    let wrong = sources().iter().filter(|source| !source.is_in(&places));
    let wrong: Vec<_> = wrong.filter(|it| decides_by_cloud(&it.code)).map(|it| &it.path).collect();
    assert!(
        wrong.is_empty(),
        "a fact of ProviderFacts, or a PerCloud, in place of this: {wrong:?}"
    );
    for code in ["match c { Provider::Aws => 1 }", "if c == Provider::Aws {", "Provider::Aws if x"]
    {
        assert!(decides_by_cloud(code), "{code}");
    }
}

#[test]
fn one_file_of_a_run_knows_what_it_does_to_a_rule() {
    let words =
        ["Action::Revoke", "revoke_parameters", "client.revoke", "Removed", "AlreadyAbsent"];
    let wrong = sources().iter().filter(|source| source.is_in(&["run"]));
    let wrong = wrong.filter(|source| words.iter().any(|word| uses(&source.code, word)));
    let knows: Vec<_> = wrong.map(|source| source.path.as_str()).collect();
    assert_eq!(knows, ["run/operation.rs"]);
}

#[test]
fn planning_knows_no_clock_and_no_chance() {
    let pure = ["model", "manifest", "planner", "pace"];
    let mut wrong = Vec::new();
    // The limiters' clock is tokio's, which a test can pause; it is read in this one file.
    let clock = ["pace/clock.rs"];
    let timeless = |source: &&Source| source.is_in(&pure) && !source.is_in(&clock);
    for source in sources().iter().filter(timeless) {
        let words = ["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now", "fastrand"];
        let used = words.iter().filter(|word| uses(&source.code, word));
        wrong.extend(used.map(|word| format!("{} uses {word}", source.path)));
    }
    assert!(wrong.is_empty(), "time and chance come in as arguments: {wrong:#?}");
}

#[test]
fn the_checks_see_through_comments_literals_and_braces() {
    let text = "// crate::cli\nuse crate::{model::{A, B}, pace};\nlet s = \"crate::cli \\\" //\"; \
                let r = r#\"SELECT \"x\"\"#; let c = '\"'; /* crate::run */ fn f<'a>() { crate::cloud::x() }";
    let (code, literals) = separate(text);
    let found: Vec<String> = imports::imports(&code).iter().map(|it| it.path.join("::")).collect();
    assert_eq!(found, ["crate::model::A", "crate::model::B", "crate::pace", "crate::cloud::x"]);
    assert_eq!(literals, ["crate::cli \\\" //", "SELECT \"x\""]);
    assert!(uses("std::env::var(x)", "env::var") && !uses("eprintln_all()", "eprintln"));
}

#[test]
fn an_import_is_found_behind_super_names_of_its_own_and_re_exports() {
    let sources = [
        ("lib.rs", "pub mod a; pub mod b;"),
        (
            "a/mod.rs",
            "mod one; mod two; pub use two::{Two as Second, self}; pub(in crate::a) use one::One;",
        ),
        ("a/one.rs", "use super::Second; pub struct One;"),
        ("a/two.rs", "mod below; pub(in crate::a) struct Two; fn f() { super::super::a::One }"),
        ("a/two/below.rs", "use super::Two; use super::super::one;"),
        (
            "b.rs",
            "use crate::a::{self, Second, two as it}; use std::fmt; fn f() { it::below::f() }",
        ),
    ];
    let sources = sources.map(|(path, text)| Source::new(path, text));
    let files = Files::of(&sources);
    let edges = files.edges();
    let of = |file: &str| edges[file].iter().copied().collect::<Vec<_>>();
    assert_eq!(of("a/mod.rs"), [""; 0], "what it re-exports is its own");
    assert_eq!(of("a/one.rs"), ["a/two.rs"], "and not the file between them");
    assert_eq!(of("a/two.rs"), ["a/one.rs"], "its child is its own");
    assert_eq!(of("a/two/below.rs"), ["a/one.rs"]);
    assert_eq!(of("b.rs"), ["a/mod.rs", "a/two.rs", "a/two/below.rs"]);
    assert_eq!(circles(&edges), [["a/one.rs", "a/two.rs"]]);
}
