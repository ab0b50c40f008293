//! Text as HTML, and the few pieces of markup that every section uses.

use crate::model::escape_control;

/// `text` as HTML shows it word for word.
pub(in crate::report) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape_control(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Characters of an id that is not broken: those of the clouds are shorter.
const UNBROKEN: usize = 26;

/// An id over what it is of.
pub(super) fn over(id: &str, of: &str) -> String {
    let class = if id.chars().count() > UNBROKEN { "" } else { " class=\"id\"" };
    format!("<code{class}>{}</code><br><small>{}</small>", html(id), html(of))
}

/// A command or a hash, as it is typed.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_of_a_text_is_markup_or_reorders_it() {
        let shown = html("<a href='x'>\"&\u{202e}\n");
        assert_eq!(shown, "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\\u{202e}\\u{a}");
    }
}
