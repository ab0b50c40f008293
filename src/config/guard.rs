//! `[guard]`: what no run may do.

use std::str::FromStr;
use std::time::Duration;

use super::Overrides;
use super::duration::parse_duration;
use super::entry::{account, protected};
use super::error::Problem;
use super::protect::{KnownAccounts, NameLookup, Protected};
use super::raw::{RawFailures, RawGuard};
use super::source::KeySources;
use super::value::TextList;
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
        names: NameLookup,
    ) -> Option<String> {
        let known = KnownAccounts { accounts, names };
        self.protect.iter().find_map(|entry| known.protects(entry, group)).or_else(|| {
            let allowed = self.only_accounts.is_empty()
                || self.only_accounts.iter().any(|entry| known.is(entry, group))
                || known.is_never_called(group);
            (!allowed).then(|| known.not_allowed(group))
        })
    }

    /// Whether an account that is configured may be called.
    pub fn allows(&self, account: &AccountSettings) -> bool {
        let is = |entry: &AccountId| {
            let name = account.name.as_deref();
            account.id.as_ref() == Some(entry)
                || name.is_some_and(|name| name.eq_ignore_ascii_case(entry.as_str()))
        };
        self.only_accounts.is_empty() || self.only_accounts.iter().any(is)
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

/// Text that is not a failure limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a failure limit, expected a whole number such as 10 or a percentage such as 5%"
)]
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
    places: &KeySources<'_>,
    problems: &mut Vec<Problem>,
) -> Guard {
    let mut told =
        |key: &str, message: String| problems.push(places.problem(&["guard", key], message));
    let max_rules = raw.max_rules.map_or(Ok(None), |number| number.whole(0));
    let max_percent = raw.max_percent.map_or(Ok(None), |number| number.positive(100.0));
    let max_failures = raw.max_failures.map_or(Ok(None), failures);
    let fresh = raw.fresh.map_or(Ok(Some(FRESH)), |text| fresh(&text));
    let only_accounts = list(
        &raw.only_accounts,
        |item| account(item, accounts),
        |message| told("only_accounts", message),
    );
    let protect =
        list(&raw.protect, |item| protected(item, accounts), |message| told("protect", message));
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
        only_accounts,
        protect,
    }
}

/// The entries of a list; `told` takes what is wrong with the others.
fn list<T>(
    raw: &TextList,
    read: impl Fn(&str) -> Result<Vec<T>, String>,
    mut told: impl FnMut(String),
) -> Vec<T> {
    let mut items = Vec::new();
    for item in &raw.0 {
        match read(item) {
            Ok(found) => items.extend(found),
            Err(message) => told(message),
        }
    }
    items
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
            "`{text}` is not an age of a reading, expected a duration of at least 1s such as 90s, 15m \
             or 2h, or \"off\""
        )),
    }
}
