//! The `group_a` and `group_b` cells.

use super::Fault;
use super::cell::{bad, is_ruined};
use super::odd_character::OddCharacter;
use crate::model::{GroupIdForm, Provider};

const fn expected(form: GroupIdForm) -> &'static str {
    match form {
        GroupIdForm::Any => "a group id: sg- and letters, digits or -",
        GroupIdForm::Hexadecimal(_) => "a group id: sg- and 8 or 17 lower-case hexadecimal digits",
    }
}

/// Where the hyphens of `C0003E8B-B930-4F59-ADC0-0E209A9012B0` stand.
const ODD_FORM_HYPHENS: [usize; 4] = [8, 13, 18, 23];
const ODD_FORM_LENGTH: usize = 36;

/// Checks a group id of `cloud`.
pub(super) fn check(text: &str, cloud: Provider) -> Result<(), Fault> {
    let form = cloud.facts().group_ids;
    if is_id(text, form) {
        Ok(())
    } else if text.is_empty() {
        Err(Fault::Empty(expected(form)))
    } else {
        Err(bad_id(text, form))
    }
}

/// What is wrong with a cell that is no id. If it holds one id among other text, that is suggested.
fn bad_id(text: &str, form: GroupIdForm) -> Fault {
    let expected = expected(form);
    let is_around = |c: char| c.is_whitespace() || "/()[]<>|,;:=&#".contains(c);
    let valid = |word: &&str| word.starts_with("sg-") && is_id(word, form);
    let ids: Vec<&str> = text.split(is_around).filter(valid).collect();
    match ids[..] {
        [id] if OddCharacter::find(text).is_none() && !is_ruined(text) => {
            let detail = format!(" (was `{id}` meant?)");
            Fault::detailed(text, "holds more than a group id", &detail, expected)
        }
        [_, _, ..] => {
            let detail = " (give each pair a row of its own)";
            Fault::detailed(text, "holds several group ids", detail, expected)
        }
        _ => bad(text, "is not a group id", expected),
    }
}

fn is_id(text: &str, form: GroupIdForm) -> bool {
    let rest = text.strip_prefix("sg-").filter(|rest| !rest.is_empty());
    match form {
        GroupIdForm::Any => rest.map_or_else(
            || is_odd_form(text),
            |rest| rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
        ),
        GroupIdForm::Hexadecimal(lengths) => rest.is_some_and(|rest| {
            let is_digit = |b| matches!(b, b'0'..=b'9' | b'a'..=b'f');
            lengths.contains(&rest.len()) && rest.bytes().all(is_digit)
        }),
    }
}

/// The form of the manual's `RevokeSecurityGroup` example.
fn is_odd_form(text: &str) -> bool {
    text.len() == ODD_FORM_LENGTH
        && text.bytes().enumerate().all(|(at, b)| {
            if ODD_FORM_HYPHENS.contains(&at) { b == b'-' } else { b.is_ascii_hexdigit() }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_manuals_are_accepted() {
        for text in [
            "sg-bp1azkttqpldxgtedXXX",
            "sg-F876FF7BA",
            "sg-securitygroupid1",
            "C0003E8B-B930-4F59-ADC0-0E209A9012B0",
            "sg-prod-bastion",
        ] {
            assert_eq!(check(text, Provider::Alibaba), Ok(()), "{text}");
        }
        for text in ["sg-0a1b2c3d", "sg-0a1b2c3d4e5f60001"] {
            assert_eq!(check(text, Provider::Aws), Ok(()), "{text}");
        }
    }

    #[test]
    fn an_id_beside_other_text_is_offered_and_several_want_rows_of_their_own() {
        let told = |text| check(text, Provider::Aws).expect_err(text).to_string();
        for text in
            ["sg-0a1b2c3d (web)", "web (sg-0a1b2c3d)", "sg-0a1b2c3d/web", "x:groupId=sg-0a1b2c3d;"]
        {
            assert!(told(text).contains("(was `sg-0a1b2c3d` meant?)"), "{text}: {}", told(text));
        }
        assert!(told("sg-0a1b2c3d, sg-0a1b2c3e").contains("several group ids"));
        // It may be a part of the id alone that stands before an invisible character.
        assert!(!told("sg-0a1b2c3d\u{200b} x").contains("was `sg-0a1b2c3d` meant"));
        let dash = told("sg\u{2013}0a1b2c3d");
        assert!(dash.contains("an en dash (U+2013) where `-` was expected"), "{dash}");
        assert!(dash.contains("(was `sg-0a1b2c3d` meant?)"), "{dash}");
    }

    #[test]
    fn everything_else_is_refused_with_its_cause() {
        for text in ["sg-", "sg_abc", "abc", "sg-a.b", "sg-a b", "sgr-123", "SG-abc", "sg-安"] {
            assert!(check(text, Provider::Alibaba).is_err(), "{text}");
        }
        for text in ["sg-0a1b2c3", "sg-0a1b2c3d4e5f6000g", "sg-0A1B2C3D", "sg-bp1azkttqpldxgted"] {
            assert!(check(text, Provider::Aws).is_err(), "{text}");
        }
        let ruined = check("1.23457E+15", Provider::Alibaba).expect_err("a number");
        assert!(ruined.to_string().contains("spreadsheet shortened"), "{ruined}");
        let quoted = check("sg-a\"b", Provider::Alibaba).expect_err("a quote");
        assert!(quoted.to_string().contains("stray quote"), "{quoted}");
    }
}
