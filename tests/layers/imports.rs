//! What a file names of this crate: the trees of its `use` declarations, and paths in its code.

/// A path that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    /// `crate`, `cli`, `exit`, `Exit`; a tree of several paths is several imports.
    pub(crate) path: Vec<String>,
    /// What the file calls it from then on, if it is a `use` declaration: the last word of the path,
    /// or the one after `as`.
    pub(crate) name: Option<String>,
    /// Whether others find it in this file (`pub use`).
    pub(crate) is_reexport: bool,
}

/// Every path of two words or more that `code` names, in `use` declarations and elsewhere.
pub(crate) fn imports(code: &str) -> Vec<Import> {
    let (mut found, mut before, mut at) = (Vec::new(), "", 0);
    while at < code.len() {
        let word = word(&code[at..]);
        if word.is_empty() {
            at += code[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let after = at + word.len();
        if word == "use" {
            let is_reexport = before == "pub" || code[..at].trim_end().ends_with(')');
            let first = found.len();
            at = code.len() - tree(&code[after..], &[], &mut found).len();
            found[first..].iter_mut().for_each(|it| it.is_reexport = is_reexport);
        } else if code[after..].starts_with("::")
            // `pub(in crate::cli)` imports nothing; `$crate::` is a macro's.
            && !code[..at].ends_with("pub(in ")
            && !code[..at].ends_with(['$', ':'])
        {
            let first = found.len();
            at = code.len() - tree(&code[at..], &[], &mut found).len();
            found[first..].iter_mut().for_each(|it| it.name = None);
        } else {
            at = after;
        }
        before = word;
    }
    found
}

/// Reads one path, or one in braces after `prefix`; what follows it.
fn tree<'c>(code: &'c str, prefix: &[String], found: &mut Vec<Import>) -> &'c str {
    let (mut path, mut rest) = (prefix.to_vec(), code.trim_start());
    loop {
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                rest = tree(rest, &path, found).trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            }
            return rest.strip_prefix('}').unwrap_or(rest);
        }
        let word = word(rest);
        if word.is_empty() {
            break;
        }
        path.push(word.to_owned());
        rest = &rest[word.len()..];
        match rest.strip_prefix("::") {
            Some(next) => rest = next,
            None => break,
        }
    }
    // `{self, …}` names what stands before the braces.
    path.pop_if(|last| last == "self" && !prefix.is_empty());
    let mut name = path.last().map_or("", String::as_str);
    if let Some(alias) = rest.strip_prefix(" as ") {
        name = word(alias);
        rest = &alias[name.len()..];
    }
    let name = Some(name.to_owned());
    found.push(Import { path, name, is_reexport: false });
    // What no tree goes on with, such as `*` or a turbofish, is left to the caller.
    rest.strip_prefix('*').unwrap_or(rest)
}

/// The word at the start of `text`, empty if there is none.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}
