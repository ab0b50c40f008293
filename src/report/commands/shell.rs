//! Command lines that a POSIX shell reads back word for word.

use crate::model::quote;

/// A command line under construction.
pub(super) struct Shell(String);

impl Shell {
    /// Starts with a fixed command such as `aliyun ecs RevokeSecurityGroup`.
    pub(super) fn new(command: &str) -> Self {
        Self(command.to_owned())
    }

    /// Adds `name` and its value, quoted where needed. A value that would be read as an option of
    /// its own stands behind `=`.
    pub(super) fn option(mut self, name: &str, value: &str) -> Self {
        self.0.push(' ');
        self.0.push_str(name);
        if looks_like_option(value) {
            self.0.push('=');
            self.0.push_str(&quote(value));
            return self;
        }
        self.value(value)
    }

    /// Adds `name` and its value if there is one.
    pub(super) fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.option(name, value),
            None => self,
        }
    }

    /// Adds one word, quoted where needed.
    pub(super) fn value(mut self, value: &str) -> Self {
        self.0.push(' ');
        self.0.push_str(&quote(value));
        self
    }

    /// The line.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// Whether a command would take `text` for an option: `--endpoint=…`, and no `-1/-1`.
pub(super) fn looks_like_option(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|rest| {
        !rest.starts_with(|c: char| c.is_ascii_digit())
            || !rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'/'))
    })
}

/// For whom commands are quoted.
pub(super) const QUOTING: &str =
    "Quoted for POSIX shells (sh, bash, zsh), not for PowerShell or cmd.exe.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        let hostile = [
            "",
            "'",
            "''",
            "a'b",
            "\\",
            "\\'",
            "$HOME",
            "`id`",
            "!!",
            "~",
            "*",
            "a b",
            "#c",
            "\"",
            "{a,b}",
            "-n",
            "安全",
            "a;b&c|d>e<f(g)h",
        ];
        let words: Vec<_> = hostile.iter().map(|text| quote(text)).collect();
        let script = format!("printf '%s\\n' {}", words.join(" "));
        let output = std::process::Command::new("sh").arg("-c").arg(script).output();
        let output = output.expect("a POSIX shell").stdout;
        let read = String::from_utf8(output).expect("UTF-8");
        assert_eq!(read.lines().collect::<Vec<_>>(), hostile);
    }

    #[test]
    fn no_value_is_a_word_that_looks_like_an_option() {
        for value in ["--endpoint=https://example.com", "-a", "--", "--x y", "-$(id)", "-1x", "-'"]
        {
            let line = Shell::new("printf '%s\\n'").option("--Name", value).finish();
            let output = std::process::Command::new("sh").args(["-c", &line]).output();
            let read = String::from_utf8(output.expect("a POSIX shell").stdout).expect("UTF-8");
            assert_eq!(read, format!("--Name={value}\n"), "one word");
        }
        for value in ["-1/-1", "-1", "1-2", "a"] {
            assert_eq!(Shell::new("x").option("--n", value).finish(), format!("x --n {value}"));
        }
    }

    #[test]
    fn plain_words_stay_and_others_are_quoted() {
        for plain in ["sg-bp1", "-1/-1", "b@aliyun.com", "cn-beijing"] {
            assert_eq!(quote(plain), plain);
        }
        assert_eq!(quote(""), "''");
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("$(reboot)"), "'$(reboot)'");
        assert_eq!(quote("it's; rm"), r"'it'\''s; rm'");
        assert_eq!(quote("~root"), "'~root'");
        assert_eq!(quote("a\nb\x1b"), r"'a\u{a}b\u{1b}'");
    }
}
