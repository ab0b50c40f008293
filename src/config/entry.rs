//! Entries of `protect` and `only_accounts` as they are written; one that would match nothing is none.

use super::glob::Glob;
use super::protect::Protected;
use crate::cloud::AccountSettings;
use crate::model::{AccountId, AccountIdForm, Provider};

/// Reads an account that a guard names: an id of the shape of a cloud's, or one that is
/// configured by this id or name. A name also stands for the ids that it has here: the sandbox
/// brings accounts of its own.
pub(super) fn account(text: &str, accounts: &[AccountSettings]) -> Result<Vec<AccountId>, String> {
    let entry = AccountId::from(text);
    let is_name = |one: &&AccountSettings| {
        one.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(text))
    };
    if accounts.iter().any(|one| one.id.as_ref() == Some(&entry) || is_name(&one)) {
        let ids = accounts.iter().filter(is_name).filter_map(|one| one.id.clone());
        return Ok(ids.chain([entry]).collect());
    }
    let wrong = if text.is_empty() {
        "is empty"
    } else if entry.is_numeric() {
        if Provider::ALL.into_iter().any(|cloud| is_usual_id(text, cloud)) {
            return Ok(vec![entry]);
        }
        "is not an id of either cloud (16 digits, or 12)"
    } else if text.contains(['*', '?']) {
        "is a pattern, which accounts have none of"
    } else {
        "is neither an id (digits alone) nor a name that an [[account]] has"
    };
    Err(format!(
        "`{text}` {wrong}, so it would match nothing: give the account's id (16 digits, 12 on aws), \
         or add an [[account]] with this {}",
        if entry.is_numeric() { "id" } else { "name and its id" }
    ))
}

/// Whether digits are as many as those of a cloud's accounts.
fn is_usual_id(digits: &str, cloud: Provider) -> bool {
    match cloud.facts().account_ids {
        AccountIdForm::Number(usual) => digits.len() == usual && !digits.starts_with('0'),
        AccountIdForm::Digits(all) => digits.len() == all,
    }
}

/// Reads an entry of `protect`.
pub(super) fn protected(
    item: &str,
    accounts: &[AccountSettings],
) -> Result<Vec<Protected>, String> {
    match item.split_once(':') {
        Some(("account", text)) => {
            Ok(account(text, accounts)?.into_iter().map(Protected::Account).collect())
        }
        Some(("tag", _)) => Err(format!(
            "`{item}`: this version has no protection by tag: name the groups by id or pattern, such \
             as sg-prod-*, or the account, as account:ID"
        )),
        Some((word, rest)) if word.eq_ignore_ascii_case("account") => {
            Err(format!("`{item}` would match nothing: write account:{rest}"))
        }
        _ => Glob::new(item).map(|glob| vec![Protected::Group(glob)]).ok_or_else(|| {
            format!(
                "`{item}` would match nothing: {}give one group id (sg-…, in ASCII), a pattern over group \
                 ids such as sg-prod-*, or account:ID",
                odd_sign(item)
            )
        }),
    }
}

/// Names the first character that no group id has.
fn odd_sign(item: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '*' | '?');
    match item.chars().find(|c| !plain(*c)) {
        Some(c) if c.is_ascii_graphic() => format!("`{c}` cannot be in a group id: "),
        Some(c) => format!("U+{:04X} cannot be in a group id: ", u32::from(c)),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::AccountSource;
    use crate::model::Provider;

    fn accounts() -> Vec<AccountSettings> {
        let one = |id: Option<&str>, name: &str| AccountSettings {
            cloud: Provider::Alibaba,
            id: id.map(AccountId::from),
            name: Some(name.to_owned()),
            source: AccountSource::Inherit,
        };
        vec![one(Some("26842"), "b@aliyun.com"), one(None, "unasked")]
    }

    #[test]
    fn an_account_of_a_guard_is_an_id_or_a_configured_name() {
        let read = |text: &str| account(text, &accounts()).expect(text);
        assert_eq!(read("1234567890123401"), ["1234567890123401".into()]);
        assert_eq!(read("012345678901"), ["012345678901".into()]);
        assert_eq!(read("26842"), ["26842".into()], "configured, whatever its length");
        assert_eq!(read("B@aliyun.com"), ["26842", "B@aliyun.com"].map(AccountId::from));
        assert_eq!(read("unasked"), ["unasked".into()]);
    }

    #[test]
    fn an_account_that_would_match_nothing_is_refused_with_what_to_do() {
        for text in [
            "",
            " ",
            "prod",
            "a@aliyun.com",
            "1234-5678-9012-3401",
            "1234567890123401 ",
            "\u{a0}1234567890123401",
            "１２３４５６７８９０１２３４０１",
            "123456789012340",
            "12345678901234011",
            "0234567890123401",
            "12345",
            "1234567890123*",
            "account:1234567890123401",
            "1234567890123401/sg-a",
            "arn:aws:iam::111111111111:root",
            "sg-a",
            "acs:ram::1234567890123401:root",
            "1.23457E+15",
        ] {
            let told = account(text, &accounts()).expect_err(text);
            assert!(told.contains("would match nothing") && told.contains("[[account]]"), "{told}");
            protected(&format!("account:{text}"), &accounts()).expect_err(text);
        }
    }

    #[test]
    fn an_entry_of_protect_that_would_match_nothing_is_refused() {
        for (text, part) in [
            ("", "would match nothing"),
            ("prod-bastion", "would match nothing"),
            ("sg-a,sg-b", "`,` cannot be in a group id"),
            ("1234567890123401/sg-a", "`/` cannot be in a group id"),
            ("sg\u{2013}a", "U+2013"),
            ("sg-a ", "U+0020"),
            ("ACCOUNT:1234567890123401", "write account:1234567890123401"),
            ("tag:keep=true", "no protection by tag"),
            ("tag:keep", "no protection by tag"),
            ("group:sg-a", "`:` cannot be in a group id"),
        ] {
            let told = protected(text, &accounts()).expect_err(text);
            assert!(told.contains(part), "{told}");
        }
        let glob = Glob::new("sg-prod-*").expect("a pattern");
        assert_eq!(protected("sg-prod-*", &[]), Ok(vec![Protected::Group(glob)]));
    }
}
