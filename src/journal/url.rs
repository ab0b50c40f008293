//! Which file a journal's URL names.

use std::path::{Path, PathBuf};

use super::JournalError;

/// What every refusal ends with.
const EXPECTED: &str = "expected sqlite:PATH or a bare path";

/// The file of the journal at `url`: `sqlite:PATH`, `sqlite://PATH` or a bare path.
///
/// # Errors
/// [`JournalError::Url`] with the right spelling: for another scheme, for parameters, for a name that
/// would be a file by accident.
pub fn file_of(url: &str) -> Result<PathBuf, JournalError> {
    let refused = |reason: String| Err(JournalError::Url { journal: without_user(url), reason });
    let rest = url.strip_prefix("sqlite:");
    let path = rest.map_or(url, |rest| rest.strip_prefix("//").unwrap_or(rest));
    if let Some(scheme) = scheme(path) {
        return refused(match scheme.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" => {
                format!("PostgreSQL journals are not available in this version; {EXPECTED}")
            }
            "file" | "sqlite" | "sqlite3" => {
                format!("`{scheme}:` is not a kind of journal; write sqlite:{}", plain(path))
            }
            _ => format!(
                "`{scheme}:` is not a kind of journal; {EXPECTED} (a file with such a name: write ./ \
                 before it)"
            ),
        });
    }
    if path.contains('?') {
        return refused(format!(
            "a journal takes no parameters (`?`); write sqlite:{}",
            plain(path)
        ));
    }
    if path.contains(char::is_control) {
        return refused(format!("holds a line break or another control character; {EXPECTED}"));
    }
    if path.is_empty() || path.starts_with(":memory:") {
        return refused(format!("a journal needs a file; {EXPECTED}"));
    }
    if let Some(why) = unmeant(path) {
        return refused(why);
    }
    std::path::absolute(path).or_else(|error| refused(format!("not a path: {error}; {EXPECTED}")))
}

/// Why `path`, which could be a file's name, is hardly meant as one.
fn unmeant(path: &str) -> Option<String> {
    let bare = path.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`'));
    if bare.len() < path.len() {
        return Some(format!("begins or ends with a blank or a quotation mark; write {bare}"));
    }
    if path == "~" || path.starts_with("~/") {
        return Some("`~` is not expanded here; write the full path".to_owned());
    }
    let is_folder = path.ends_with('/') || Path::new(path).is_dir();
    is_folder.then(|| {
        format!("is a folder; write sqlite:{}", Path::new(path).join("unpair.db").display())
    })
}

/// What stands before the first `:` if it looks like the scheme of a URL (RFC 3986).
fn scheme(path: &str) -> Option<&str> {
    let (scheme, _) = path.split_once(':')?;
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(valid))
        .then_some(scheme)
}

/// The path in what looks like a URL of a database.
fn plain(path: &str) -> &str {
    let path = scheme(path).map_or(path, |scheme| &path[scheme.len() + 1..]);
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split('?').next().unwrap_or(path);
    // What looks like a user and a password is not repeated.
    path.rsplit_once('@').filter(|(user, _)| user.contains(':')).map_or(path, |(_, place)| place)
}

/// `url` without what may be a secret: user and password, and the parameters of another scheme.
fn without_user(url: &str) -> String {
    let (kind, rest) = url.split_at(if url.starts_with("sqlite:") { "sqlite:".len() } else { 0 });
    let Some(scheme) = scheme(rest) else { return url.to_owned() };
    let shown = rest.split('?').next().unwrap_or_default();
    match shown.rsplit_once('@') {
        Some((_, place)) => format!("{kind}{scheme}://{place}"),
        None => format!("{kind}{shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_file_is_that_file() {
        for url in ["/tmp/x.db", "sqlite:/tmp/x.db", "sqlite:///tmp/x.db"] {
            assert_eq!(file_of(url).expect("a file"), PathBuf::from("/tmp/x.db"));
        }
        let here = std::env::current_dir().expect("a folder");
        for url in ["x.db", "sqlite:x.db", "sqlite://x.db", "sqlite:./x.db"] {
            assert_eq!(file_of(url).expect("a file"), here.join("x.db"));
        }
        for odd in ["./a:b.db", "2026-11-30T10:00.db", "a b%20c.db"] {
            assert_eq!(file_of(odd).expect("a file"), here.join(odd.trim_start_matches("./")));
        }
    }

    #[test]
    fn a_password_in_a_url_is_not_repeated() {
        let error = file_of("postgres://user:p@ss@db/unpair").expect_err("no file").to_string();
        assert!(error.starts_with("postgres://db/unpair: "), "{error}");
        for url in [
            "mysql://user:p@ss@db/unpair",
            "mysql:user:p@ss@db/unpair",
            "sqlite3://user:p@ss@db/unpair",
            "sqlite:file://user:p@ss@db/unpair",
            "postgres://db/unpair?user=u&password=p@ss",
        ] {
            let error = file_of(url).expect_err("no file").to_string();
            assert!(!error.contains("p@ss") && !error.contains("user:"), "{error}");
        }
    }

    #[test]
    fn what_is_not_a_file_is_refused_with_the_remedy() {
        let urls =
            ["postgres://h/d", "POSTGRESQL:d", "mysql://h/d", "sqlite:", "", "sqlite::memory:"];
        for url in urls.iter().chain(&["u.db\n", "c:u.db", "sqlite://\t"]) {
            let error = file_of(url).expect_err(url);
            assert!(matches!(error, JournalError::Url { .. }), "{error:?}");
            assert!(error.to_string().contains("sqlite:PATH"), "{error}");
        }
    }

    #[test]
    fn what_is_hardly_meant_as_a_files_name_is_refused_with_what_is() {
        for (url, told) in [
            (" u.db", "write u.db"),
            ("sqlite:u.db ", "write u.db"),
            ("sqlite: u.db", "write u.db"),
            ("\"sqlite:u.db\"", "write sqlite:u.db"),
            ("'u.db'", "write u.db"),
            ("\u{a0}u.db", "write u.db"),
            (" sqlite:u.db", "write sqlite:u.db"),
            ("~/u.db", "write the full path"),
            ("sqlite:~/u.db", "write the full path"),
            (".", "write sqlite:./unpair.db"),
            ("..", "write sqlite:../unpair.db"),
            ("journals/", "write sqlite:journals/unpair.db"),
            ("/", "write sqlite:/unpair.db"),
        ] {
            let error = file_of(url).expect_err(url).to_string();
            assert!(error.ends_with(told), "{url}: {error}");
        }
    }

    #[test]
    fn spellings_of_other_tools_are_refused_with_ours() {
        for url in [
            "sqlite:u.db?mode=rwc",
            "sqlite://u.db?mode=rwc",
            "u.db?cache=shared",
            "file:u.db",
            "file:u.db?immutable=1",
            "sqlite:file:u.db",
            "sqlite3:u.db",
            "sqlite3://u.db",
            "SQLITE:u.db",
        ] {
            let error = file_of(url).expect_err(url).to_string();
            assert!(error.ends_with("write sqlite:u.db"), "{error}");
        }
    }
}
