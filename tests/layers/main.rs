//! The architecture, checked against `src/`: who may import whom, and what stays out of a layer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may import. `lib.rs` and `main.rs` are above all.
const MAY_IMPORT: [(&str, &[&str]); 17] = [
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
    ("discover", &["model", "pace", "cloud", "journal", "exchange"]),
    ("run", &["failpoint", "model", "pace", "cloud", "journal", "planner", "exchange", "audit"]),
    ("restore", &["model", "pace", "cloud", "journal", "planner", "exchange"]),
    ("report", &["model", "journal"]),
    ("notify", &["model", "journal"]),
    ("sandbox", &["files", "model"]),
    (
        "config",
        &[
            "files", "model", "manifest", "planner", "pace", "cloud", "journal", "exchange",
            "audit", "discover", "run", "restore", "report", "notify", "sandbox",
        ],
    ),
];

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

/// One file of `src`.
struct Source {
    /// Path below `src`, with `/`.
    path: String,
    /// Text as written.
    text: String,
    /// Without comments and the bodies of string literals, up to the unit tests.
    code: String,
    /// The string literals of the code.
    literals: Vec<String>,
}

impl Source {
    fn read(root: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a readable source file");
        let below = path.strip_prefix(root).expect("a path below src");
        let path = below.to_string_lossy().replace('\\', "/");
        // Whole files of tests hold no code that is shipped.
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let shipped =
            if is_test { "" } else { text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("") };
        let (code, literals) = separate(shipped);
        // A path that climbs to the root by `super` names a module of the crate too.
        let depth = path.strip_suffix("/mod.rs").unwrap_or(&path).split('/').count();
        let code = code.replace(&"super::".repeat(depth), "crate::");
        Self { path, text, code, literals }
    }

    /// `cloud/aws/wire.rs` → `cloud`.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.module() == *place || self.path.starts_with(place))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    assert!(files.len() > 10, "src/ holds the crate");
    files.iter().map(|path| Source::read(&root, path)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Parts code from comments, which are dropped, and from string literals, which become `""`.
fn separate(text: &str) -> (String, Vec<String>) {
    let (mut code, mut literals) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if rest.starts_with("/*") {
            rest = &rest[rest.find("*/").map_or(rest.len(), |end| end + 2)..];
        } else if let Some((literal, after)) = raw_literal(&code, rest).or_else(|| literal(rest)) {
            code.push_str("\"\"");
            literals.push(literal.to_owned());
            rest = after;
        } else if let Some(after) = char_literal(rest) {
            code.push_str("' '");
            rest = after;
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    (code, literals)
}

/// `r"…"` and `r#"…"#`; an `r` that ends a word begins no literal.
fn raw_literal<'t>(before: &str, text: &'t str) -> Option<(&'t str, &'t str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if before.ends_with(|c| is_word(c) && c != 'b') {
        return None;
    }
    let hashes = text.strip_prefix('r')?;
    let body = hashes.trim_start_matches('#');
    let end = format!("\"{}", "#".repeat(hashes.len() - body.len()));
    body.strip_prefix('"')?.split_once(end.as_str())
}

/// `"…"`, with its escapes.
fn literal(text: &str) -> Option<(&str, &str)> {
    let body = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some((&body[..at], &body[at + 1..])),
            _ => {}
        }
    }
    None
}

/// `'"'`, `'\''` and the like; a lifetime is none.
fn char_literal(text: &str) -> Option<&str> {
    let body = text.strip_prefix('\'')?;
    if let Some(escape) = body.strip_prefix('\\') {
        let skip = escape.chars().next().map_or(0, char::len_utf8);
        let end = escape[skip..].find('\'')?;
        return Some(&escape[skip + end + 1..]);
    }
    let c = body.chars().next()?;
    body[c.len_utf8()..].strip_prefix('\'')
}

/// The modules of this crate that `code` names: `crate::a::…` and `crate::{a::…, b}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let is_path_start =
            !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        let rest = &code[at + "crate::".len()..];
        if is_path_start {
            found.extend(first_words(rest));
        }
    }
    found
}

/// The first word of a path, or of each path between braces.
fn first_words(path: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(inside) = path.trim_start().strip_prefix('{') else { return vec![word(path)] };
    let (mut depth, mut words, mut from) = (0_usize, Vec::new(), 0);
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                words.push(word(&inside[from..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                words.push(word(&inside[from..at]));
                from = at + 1;
            }
            _ => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether `code` uses `name` as a whole word.
fn uses(code: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        !code[..at].ends_with(is_word) && !code[at + name.len()..].starts_with(is_word)
    })
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
        for import in imports(&source.code) {
            if import != module && !allowed.contains(&import.as_str()) {
                wrong.push(format!("{} imports crate::{import}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_modules_form_no_cycle() {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources().iter().filter(|source| !["lib", "main"].contains(&source.module())) {
        let mut imports = imports(&source.code);
        imports.remove(source.module());
        edges.entry(source.module().to_owned()).or_default().extend(imports);
    }
    // Take away what imports nothing that is left, until nothing is left but cycles.
    loop {
        let left: BTreeSet<String> = edges.keys().cloned().collect();
        let before = edges.len();
        edges.retain(|_, imports| imports.iter().any(|import| left.contains(import)));
        if edges.len() == before {
            break;
        }
    }
    assert!(edges.is_empty(), "a cycle among {edges:#?}");
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
        .into_iter()
        .filter(|source| !source.is_in(&["journal"]) && source.literals.iter().any(is_sql))
        .map(|source| source.path)
        .collect();
    assert!(wrong.is_empty(), "SQL in {wrong:#?}");
}

#[test]
fn http_stays_in_the_clouds_the_sandbox_and_notifications() {
    none_outside(&["cloud", "sandbox", "notify"], &["reqwest", "axum", "hyper"]);
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
    let found: Vec<String> = imports(&code).into_iter().collect();
    assert_eq!(found, ["cloud", "model", "pace"]);
    assert_eq!(literals, ["crate::cli \\\" //", "SELECT \"x\""]);
    assert!(uses("std::env::var(x)", "env::var") && !uses("eprintln_all()", "eprintln"));
}
