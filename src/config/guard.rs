//! `[guard]`: what no run may do.

use std::str::FromStr;
use std::time::Duration;

use super::Overrides;
use super::duration::parse_duration;
use super::error::Problem;
use super::glob::Glob;
use super::protect::{ALIBABA_DIGITS, AWS_DIGITS, Known, Names, Protected};
use super::raw::{RawFailures, RawGuard};
use super::source::Places;
use super::value::List;
use crate::cloud::AccountSettings;
use crate::model::{AccountId, GroupRef};

/// How old a reading may be that something is sent on, unless `fresh` says otherwise.
const FRESH: Duration = Duration::from_secs(3_600);

/// The shortest `fresh`: a run reads its groups again within that time at best.
const LEAST_FRESH: Duration = Duration::from_secs(1);

/// The guards of a run; none but `fresh` is active unless it is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard {
    /// The most revocations that a plan may hold.
    pub max_rules: Option<u64>,
    /// The largest share of a group's rules that may be revoked: percent, above 0.
    pub max_percent: Option<f64>,
    /// The failures after which a run stops.
    pub max_failures: Option<FailureLimit>,
    /// How old a reading may be that something is sent on; `None` trusts every reading.
    pub fresh: Option<Duration>,
    /// If not empty, the only accounts that may be called: ids, or configured names.
    pub only_accounts: Vec<AccountId>,
    /// What no plan may touch.
    pub protect: Vec<Protected>,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            max_rules: None,
            max_percent: None,
            max_failures: None,
            fresh: Some(FRESH),
            only_accounts: Vec::new(),
            protect: Vec::new(),
        }
    }
}

impl Guard {
    /// Why no run may touch this group, or call its account. `accounts` are those configured now:
    /// names are resolved when a group is looked at, because some ids are learned late.
    pub fn refusal(
        &self,
        group: &GroupRef,
        accounts: &[AccountSettings],
        names: Names,
    ) -> Option<String> {
        let known = Known { accounts, names };
        self.protect.iter().find_map(|entry| known.protects(entry, group)).or_else(|| {
            let allowed = self.only_accounts.is_empty()
                || self.only_accounts.iter().any(|entry| known.is(entry, group))
                || known.is_never_called(group);
            (!allowed).then(|| known.not_allowed(group))
        })
    }
}

/// How many failures are too many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FailureLimit {
    /// More than this many.
    Count(u64),
    /// More than this share of the planned revocations: percent, 0 to 100.
    Percent(f64),
}

/// Text that is no failure limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no failure limit, expected a whole number such as 10 or a percentage such as 5%")]
pub struct BadFailureLimit(String);

impl FromStr for FailureLimit {
    type Err = BadFailureLimit;

    /// Reads `N` or `P%`.
    fn from_str(text: &str) -> Result<Self, BadFailureLimit> {
        let limit = match text.strip_suffix('%') {
            Some(percent) => percent
                .parse()
                .ok()
                .filter(|percent| (0.0..=100.0).contains(percent))
                .map(Self::Percent),
            None => text.parse().ok().map(Self::Count),
        };
        limit.ok_or_else(|| BadFailureLimit(text.to_owned()))
    }
}

/// Reads the section, flags first. `accounts` are those whose names it may use.
pub(super) fn read(
    raw: RawGuard,
    flags: &Overrides,
    accounts: &[AccountSettings],
    places: &Places<'_>,
    problems: &mut Vec<Problem>,
) -> Guard {
    let mut told =
        |key: &str, message: String| problems.push(places.problem(&["guard", key], message));
    let max_rules = raw.max_rules.map_or(Ok(None), |number| number.whole(0));
    let max_percent = raw.max_percent.map_or(Ok(None), |number| number.positive(100.0));
    let max_failures = raw.max_failures.map_or(Ok(None), failures);
    let fresh = raw.fresh.map_or(Ok(Some(FRESH)), |text| fresh(&text));
    let only_accounts = list(raw.only_accounts, |item| account(item, accounts));
    let protect = list(raw.protect, |item| protected(item, accounts));
    let mut items_of = |key: &str, messages: Vec<String>| {
        messages.into_iter().for_each(|message| told(key, message));
    };
    items_of("only_accounts", only_accounts.1);
    items_of("protect", protect.1);
    Guard {
        max_rules: flags.max_rules.or(max_rules.unwrap_or_else(|message| {
            told("max_rules", message);
            None
        })),
        max_percent: flags.max_percent.or(max_percent.unwrap_or_else(|message| {
            told("max_percent", message);
            None
        })),
        max_failures: flags.max_failures.or(max_failures.unwrap_or_else(|message| {
            told("max_failures", message);
            None
        })),
        fresh: fresh.unwrap_or_else(|message| {
            told("fresh", message);
            None
        }),
        only_accounts: only_accounts.0,
        protect: protect.0,
    }
}

/// The entries of a list, and what is wrong with the others.
fn list<T>(raw: List, read: impl Fn(&str) -> Result<Vec<T>, String>) -> (Vec<T>, Vec<String>) {
    let (mut items, mut wrong) = (Vec::new(), Vec::new());
    for item in &raw.0 {
        match read(item) {
            Ok(found) => items.extend(found),
            Err(message) => wrong.push(message),
        }
    }
    (items, wrong)
}

fn failures(raw: RawFailures) -> Result<Option<FailureLimit>, String> {
    match raw {
        RawFailures::Count(count) => Ok(Some(FailureLimit::Count(count))),
        RawFailures::Text(text) if text.eq_ignore_ascii_case("off") => Ok(None),
        RawFailures::Text(text) => {
            text.parse().map(Some).map_err(|bad: BadFailureLimit| bad.to_string())
        }
    }
}

fn fresh(text: &str) -> Result<Option<Duration>, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    match parse_duration(text) {
        Ok(fresh) if fresh >= LEAST_FRESH => Ok(Some(fresh)),
        _ => Err(format!(
            "`{text}` is no age of a reading, expected a duration of at least 1s such as 90s, 15m \
             or 2h, or \"off\""
        )),
    }
}

/// Reads an account that a guard names: an id of the shape of a cloud's, or one that is
/// configured by this id or name. A name also stands for the ids that it has here: the sandbox
/// brings accounts of its own.
fn account(text: &str, accounts: &[AccountSettings]) -> Result<Vec<AccountId>, String> {
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
        match text.len() {
            AWS_DIGITS => return Ok(vec![entry]),
            ALIBABA_DIGITS if !text.starts_with('0') => return Ok(vec![entry]),
            _ => "is no id of either cloud (16 digits, or 12)",
        }
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

/// Reads an entry of `protect`.
fn protected(item: &str, accounts: &[AccountSettings]) -> Result<Vec<Protected>, String> {
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
        Some(c) if c.is_ascii_graphic() => format!("`{c}` stands in no group id: "),
        Some(c) => format!("U+{:04X} stands in no group id: ", u32::from(c)),
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
            ("sg-a,sg-b", "`,` stands in no group id"),
            ("1234567890123401/sg-a", "`/` stands in no group id"),
            ("sg\u{2013}a", "U+2013"),
            ("sg-a ", "U+0020"),
            ("ACCOUNT:1234567890123401", "write account:1234567890123401"),
            ("tag:keep=true", "no protection by tag"),
            ("tag:keep", "no protection by tag"),
            ("group:sg-a", "`:` stands in no group id"),
        ] {
            let told = protected(text, &accounts()).expect_err(text);
            assert!(told.contains(part), "{told}");
        }
        let glob = Glob::new("sg-prod-*").expect("a pattern");
        assert_eq!(protected("sg-prod-*", &[]), Ok(vec![Protected::Group(glob)]));
    }
}
