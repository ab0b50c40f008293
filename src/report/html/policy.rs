//! The content policy of a page: its own style and its own script, named by their hashes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// What the page looks like.
pub(super) const STYLE: &str = include_str!("style.css");
/// What filters and sorts its lists.
pub(super) const SCRIPT: &str = include_str!("page.js");

/// A policy that lets the page load nothing, send nothing, and run and apply nothing but these two.
pub(super) fn content_policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        source(STYLE),
        source(SCRIPT)
    )
}

/// A text that stands in the page, as a policy names it.
fn source(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_named_by_its_hash() {
        // The example of the policy's specification (CSP Level 2, section 4.2.5).
        let example = "alert('Hello, world.');";
        assert_eq!(source(example), "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
    }

    #[test]
    fn neither_text_ends_its_element_early() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</") && !text.contains("<!--") && !text.contains('\r'));
        }
    }
}
