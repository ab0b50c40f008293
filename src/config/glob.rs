//! Patterns over group ids: `*` stands for any characters, `?` for one; ASCII case is no difference.

use std::fmt;

use crate::model::GroupId;

/// A pattern that some group id matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

/// The beginning of nearly every id.
const PREFIX: &[u8] = b"sg-";
/// Ids of the manual's other form: `C0003E8B-B930-4F59-ADC0-0E209A9012B0`.
const ODD_LENGTH: usize = 36;
const ODD_HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl Glob {
    /// Reads a pattern; `None` if no group id could ever match it.
    pub(super) fn new(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'*' | b'?');
        if !text.bytes().all(plain) {
            return None;
        }
        let glob = Self(text.to_ascii_lowercase());
        (glob.is_met_by_a_plain_id() || glob.is_met_by_an_odd_id()).then_some(glob)
    }

    /// Whether the id is one of those that the pattern names.
    pub fn matches(&self, group: &GroupId) -> bool {
        let mut at = self.start();
        for byte in group.as_str().bytes() {
            at = self.step(&at, |wanted| wanted == byte.to_ascii_lowercase());
        }
        at.contains(&self.0.len())
    }

    /// `sg-` and at least one letter, digit or `-`.
    fn is_met_by_a_plain_id(&self) -> bool {
        let mut at = self.start();
        for byte in PREFIX {
            at = self.step(&at, |wanted| wanted == *byte);
        }
        // Each sign that may still come can stand in an id.
        at.iter().any(|at| *at < self.0.len())
    }

    fn is_met_by_an_odd_id(&self) -> bool {
        let mut at = self.start();
        for place in 0..ODD_LENGTH {
            let is_hyphen = ODD_HYPHENS.contains(&place);
            at =
                self.step(
                    &at,
                    |wanted| {
                        if is_hyphen { wanted == b'-' } else { wanted.is_ascii_hexdigit() }
                    },
                );
        }
        at.contains(&self.0.len())
    }

    /// The places in the pattern at which a match may stand before its first character.
    fn start(&self) -> Vec<usize> {
        self.open(vec![0])
    }

    /// The same after one more character, for which `is` says whether it is the one wanted.
    fn step(&self, at: &[usize], is: impl Fn(u8) -> bool) -> Vec<usize> {
        let next = at.iter().filter_map(|at| match self.0.as_bytes().get(*at)? {
            b'*' => Some(*at),
            b'?' => Some(at + 1),
            wanted => is(*wanted).then_some(at + 1),
        });
        self.open(next.collect())
    }

    /// Adds the places behind each `*`, which may stand for nothing.
    fn open(&self, mut at: Vec<usize>) -> Vec<usize> {
        let mut seen = 0;
        while let Some(place) = at.get(seen).copied() {
            if self.0.as_bytes().get(place) == Some(&b'*') {
                at.push(place + 1);
            }
            seen += 1;
        }
        at.sort_unstable();
        at.dedup();
        at
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &str, id: &str) -> bool {
        Glob::new(glob).unwrap_or_else(|| panic!("{glob}")).matches(&id.into())
    }

    #[test]
    fn stars_and_question_marks_match_as_in_a_shell_and_case_is_no_difference() {
        for (glob, id) in [
            ("sg-prod-*", "sg-prod-bastion"),
            ("SG-Prod-*", "sg-prod-b"),
            ("sg-prod-*", "SG-PROD-B"),
            ("sg-bp1?zk*", "sg-bp1azkttqpldxgtedXXX"),
            ("*", "sg-a"),
            ("*bastion", "sg-prod-bastion"),
            ("s*-*a*b", "sg-xaxb"),
            ("sg-prod**", "sg-prod"),
            ("C0003E8B-*", "c0003e8b-b930-4f59-adc0-0e209a9012b0"),
            ("sg-0a1b2c3d", "sg-0a1b2c3d"),
        ] {
            assert!(matches(glob, id), "{glob} {id}");
        }
        for (glob, id) in [
            ("sg-prod-*", "sg-prod"),
            ("sg-prod-?", "sg-prod-"),
            ("sg-prod-?", "sg-prod-ab"),
            ("sg-prod", "sg-prod-bastion"),
            ("*bastion", "sg-prod-bastion2"),
            ("sg-a*b", "sg-abc"),
        ] {
            assert!(!matches(glob, id), "{glob} {id}");
        }
    }

    #[test]
    fn what_no_group_id_can_match_is_no_pattern() {
        for text in [
            "",
            "sg-",
            "sg",
            "s",
            "prod-bastion",
            "prod-*",
            "vpc-0abc",
            "vpc-*",
            "*_x",
            "sg-a,sg-b",
            "sg-[ab]*",
            "!sg-a",
            "1234567890123401/sg-a",
            " sg-a",
            "sg-a ",
            "sg-a\u{a0}",
            "sg–a",
            "ｓg-a",
            "sg-bр1",
            "sg-a.b",
            "sg_a",
            "?",
            "???",
            "C0003E8B-B930-4F59-ADC0-0E209A9012B",
            "G0003E8B-*",
            "g*x",
            "1234567890123401",
        ] {
            assert_eq!(Glob::new(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_pattern_costs_no_more_than_its_length_allows() {
        let glob = Glob::new(&"*a".repeat(200)).expect("a pattern");
        assert!(!glob.matches(&"a".repeat(199).into()));
        assert!(glob.matches(&"a".repeat(300).into()));
    }
}
