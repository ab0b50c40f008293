//! What these tests ask of a program that runs, and of one that has ended.

use serde_json::Value;

use crate::process::{Ended, Running, printed, wait_until};

impl Running {
    /// Waits until it has told `text` on standard error.
    pub(crate) fn wait_until_it_tells(&self, text: &str) {
        wait_until(text, || printed(self.outputs.path(), "stderr").contains(text));
    }
}

impl Ended {
    /// The JSON object on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// Asserts that standard error tells `text`.
    #[track_caller]
    pub(crate) fn tells(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "expected `{text}` in:\n{}", self.stderr);
        self
    }

    /// Asserts that standard output shows `text`.
    #[track_caller]
    pub(crate) fn shows(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "expected `{text}` in:\n{}", self.stdout);
        self
    }
}
