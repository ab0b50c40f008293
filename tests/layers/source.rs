//! The files of `src/`, as the checks see them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// One file of `src`.
pub(crate) struct Source {
    /// Path below `src`, with `/`.
    pub(crate) path: String,
    /// Text as written.
    pub(crate) text: String,
    /// Without comments and the bodies of string literals, up to the unit tests.
    pub(crate) code: String,
    /// The string literals of the code.
    pub(crate) literals: Vec<String>,
}

impl Source {
    fn read(root: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a readable source file");
        let below = path.strip_prefix(root).expect("a path below src");
        Self::new(&below.to_string_lossy().replace('\\', "/"), &text)
    }

    /// A file of this path and text.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        // Whole files of tests hold no code that is shipped.
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let shipped =
            if is_test { "" } else { text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("") };
        let (code, literals) = separate(shipped);
        Self { path: path.to_owned(), text: text.to_owned(), code, literals }
    }

    /// `cloud/aws/wire.rs` → `cloud`.
    pub(crate) fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    pub(crate) fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.module() == *place || self.path.starts_with(place))
    }
}

/// Every file of `src/`, read once for all checks.
pub(crate) fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        collect(&root, &mut files);
        files.sort();
        assert!(files.len() > 10, "src/ holds the crate");
        files.iter().map(|path| Source::read(&root, path)).collect()
    });
    &SOURCES
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
pub(crate) fn separate(text: &str) -> (String, Vec<String>) {
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

/// Whether `code` uses `name` as a whole word.
pub(crate) fn uses(code: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        !code[..at].ends_with(is_word) && !code[at + name.len()..].starts_with(is_word)
    })
}
