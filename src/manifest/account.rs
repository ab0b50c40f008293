//! The `account_a` and `account_b` cells.

use super::Fault;
use super::cell::{bad, is_ruined, misleading};
use super::odd_character::{OddCharacter, mended};
use crate::model::{AccountIdForm, PerCloud, Provider};

const EXPECTED: PerCloud<&str> = PerCloud {
    alibaba: "an Alibaba Cloud account: its UID or a login name such as a@aliyun.com",
    aws: "an AWS account: exactly 12 digits, or a configured name",
};

/// Checks an account: an id of its cloud, or a name that is not a damaged id.
///
/// # Errors
/// What is wrong with the text.
pub fn check(text: &str, cloud: Provider) -> Result<(), Fault> {
    let expected = *EXPECTED.of(cloud);
    if text.is_empty() {
        return Err(Fault::Empty(expected));
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return check_id(text, cloud).map_err(|wrong| Fault::value(text, wrong, expected));
    }
    if is_ruined(text) {
        return Err(bad(text, "is not an account", expected));
    }
    if let Some(wrong) = more_than_an_id(text) {
        let meant = meant(text, cloud).map(|id| format!(" (was `{id}` meant?)"));
        return Err(Fault::detailed(text, wrong, &meant.unwrap_or_default(), expected));
    }
    if let Some(odd) = OddCharacter::misleading(text) {
        return Err(misleading(text, odd, expected));
    }
    if text.starts_with('-') {
        return Err(Fault::value(
            text,
            "begins with `-`, as an option of a command does",
            expected,
        ));
    }
    if text.contains(char::is_whitespace) {
        return Err(Fault::value(text, "holds white space", expected));
    }
    Ok(())
}

fn check_id(digits: &str, cloud: Provider) -> Result<(), &'static str> {
    match cloud.facts().account_ids {
        AccountIdForm::Number(_) if digits.starts_with('0') => {
            Err("begins with 0, which no UID does")
        }
        // The API takes owners as 64-bit numbers.
        AccountIdForm::Number(_) if digits.parse::<i64>().is_err() => Err("is too long for a UID"),
        AccountIdForm::Digits(whole) if digits.len() < whole => {
            Err("has fewer than 12 digits (did a spreadsheet drop leading zeros?)")
        }
        AccountIdForm::Digits(whole) if digits.len() > whole => Err("has more than 12 digits"),
        _ => Ok(()),
    }
}

/// What a text is that holds the id of an account and more.
fn more_than_an_id(text: &str) -> Option<&'static str> {
    if is_number_like(&mended(text)) {
        Some("is a number with more than digits 0 to 9 in it")
    } else if text.starts_with("arn:") || text.starts_with("acs:") {
        Some("is an ARN, and no account")
    } else if text.contains("/sg-") {
        Some("names a group as well")
    } else {
        None
    }
}

/// The id that a text holds, if it holds exactly one. Other characters may stand around it and between
/// its digits.
fn meant(text: &str, cloud: Provider) -> Option<String> {
    let text = mended(text);
    let text = if is_number_like(&text) {
        let whole = text.strip_suffix(".0").unwrap_or(&text);
        whole.chars().filter(char::is_ascii_digit).collect()
    } else {
        text
    };
    let numbers = text.split(|c: char| !c.is_ascii_digit());
    let mut ids = numbers.filter(|number| number.len() >= ID && check_id(number, cloud).is_ok());
    ids.next().filter(|_| ids.next().is_none()).map(str::to_owned)
}

/// Digits of the shortest id that is taken out of another text.
const ID: usize = 12;

/// `1234-5678-9012`, `123.0`, `'123`, `１２３`: digits of any script and what people and spreadsheets
/// put around them.
fn is_number_like(text: &str) -> bool {
    text.contains(char::is_numeric) && text.chars().all(|c| c.is_numeric() || " +-_.,'".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str, cloud: Provider) -> String {
        check(text, cloud).expect_err(text).to_string()
    }

    #[test]
    fn ids_and_names_are_accounts() {
        for text in ["1234567890123456", "26842", "a@aliyun.com", "partner-7", "客户"] {
            assert_eq!(check(text, Provider::Alibaba), Ok(()), "{text}");
        }
        for text in ["012345678901", "111111111111", "prod"] {
            assert_eq!(check(text, Provider::Aws), Ok(()), "{text}");
        }
    }

    #[test]
    fn botched_numbers_are_told_as_such() {
        assert!(message("1.23457E+15", Provider::Alibaba).contains("spreadsheet shortened"));
        assert!(message("1.23457E+11", Provider::Aws).contains("spreadsheet shortened"));
        assert!(message("12345678901", Provider::Aws).contains("leading zeros"));
        assert!(message("1234567890123", Provider::Aws).contains("more than 12 digits"));
        assert!(message("1234-5678-9012", Provider::Aws).contains("more than digits"));
        assert!(message("'123456789012", Provider::Aws).contains("more than digits"));
        assert!(message("１２３４５６７８９０１２", Provider::Aws).contains("more than digits"));
        assert!(message("123456789012.0", Provider::Aws).contains("more than digits"));
        assert!(message("0123", Provider::Alibaba).contains("begins with 0"));
        assert!(message("99999999999999999999", Provider::Alibaba).contains("too long"));
        assert!(message("#REF!", Provider::Alibaba).contains("spreadsheet's error"));
        assert!(message("=A2", Provider::Alibaba).contains("formula"));
        assert!(message("a b", Provider::Alibaba).contains("white space"));
        assert!(message("", Provider::Aws).contains("empty"));
        for text in ["--endpoint=https://example.com", "-a", "-"] {
            assert!(message(text, Provider::Alibaba).contains("begins with `-`"), "{text}");
        }
        assert!(message("a\u{200b}b", Provider::Alibaba).contains("invisible"));
    }

    #[test]
    fn an_id_that_stands_in_more_is_offered_and_not_taken() {
        for text in [
            "1234-5678-9012",
            "'123456789012",
            "\u{2018}123456789012",
            "123456789012.0",
            "\u{ff11}\u{ff12}\u{ff13}\u{ff14}\u{ff15}\u{ff16}\u{ff17}\u{ff18}\u{ff19}\u{ff10}\u{ff11}\u{ff12}",
            "arn:aws:iam::123456789012:root",
            "acs:ram::123456789012:root",
            "123456789012/sg-0a1b2c3d",
        ] {
            let message = message(text, Provider::Aws);
            assert!(message.contains("(was `123456789012` meant?)"), "{message}");
        }
        for text in [
            "1234-5678-901",
            "arn:aws:iam::aws:policy/x",
            "arn:aws:iam::123456789012:role/210987654321",
        ] {
            assert!(!message(text, Provider::Aws).contains("meant"), "{text}");
        }
    }

    #[test]
    fn a_name_that_seems_to_be_another_is_refused_and_one_of_any_script_is_not() {
        assert!(message("p\u{430}rtner", Provider::Alibaba).contains("Cyrillic letter (U+0430)"));
        assert!(
            message("a\u{ff20}aliyun.com", Provider::Alibaba).contains("was `a@aliyun.com` meant?")
        );
        assert!(message("a\u{a0}b", Provider::Alibaba).contains("non-breaking space"));
        for name in [
            "\u{43f}\u{430}\u{440}\u{442}\u{43d}\u{451}\u{440}",
            "\u{5ba2}\u{6237}\u{ff08}A\u{ff09}",
        ] {
            assert_eq!(check(name, Provider::Alibaba), Ok(()));
        }
    }
}
