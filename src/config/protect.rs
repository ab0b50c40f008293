//! What guards say of a group: which entries of `protect` and `only_accounts` name it.

use std::fmt;

use super::glob::Glob;
use crate::cloud::{AccountSettings, AccountSource};
use crate::model::{AccountId, GroupRef, Provider};

/// Something that no plan may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protected {
    /// Groups, in any account and region.
    Group(Glob),
    /// Every group of an account: its id, or its configured name.
    Account(AccountId),
}

impl fmt::Display for Protected {
    /// As it is written in configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(glob) => write!(f, "{glob}"),
            Self::Account(account) => write!(f, "account:{account}"),
        }
    }
}

/// Whether names are still to be asked for their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameLookup {
    /// Names with credentials will be asked; the guards look again then.
    Pending,
    /// Whatever is a name now stays one.
    Done,
}

/// Whether an entry names a group's account.
enum NamesAccount {
    Yes,
    No,
    /// One of the two is a name whose id nobody knows.
    Perhaps,
}

/// What is known of accounts.
pub(super) struct KnownAccounts<'a> {
    /// Those configured now: some ids are learned late.
    pub(super) accounts: &'a [AccountSettings],
    pub(super) names: NameLookup,
}

impl KnownAccounts<'_> {
    /// Why an entry of `protect` forbids to touch the group.
    pub(super) fn protects(&self, entry: &Protected, group: &GroupRef) -> Option<String> {
        match entry {
            Protected::Group(glob) => glob.matches(&group.group).then(|| {
                let entry = glob.to_string();
                if entry.eq_ignore_ascii_case(group.group.as_str()) {
                    format!("group {} is protected", group.group)
                } else {
                    format!("group {} is protected ({entry})", group.group)
                }
            }),
            Protected::Account(entry) => match self.names(entry, group) {
                NamesAccount::Yes => Some(format!("account {} is protected", group.account)),
                NamesAccount::No => None,
                NamesAccount::Perhaps => Some(self.perhaps(entry, group)),
            },
        }
    }

    /// Whether an entry of `only_accounts` is the group's account.
    pub(super) fn is(&self, entry: &AccountId, group: &GroupRef) -> bool {
        matches!(self.names(entry, group), NamesAccount::Yes)
    }

    /// Whether `entry`, an id or a configured name, is the account of `group`.
    fn names(&self, entry: &AccountId, group: &GroupRef) -> NamesAccount {
        if *entry == group.account {
            return NamesAccount::Yes;
        }
        let Some(wanted) = self.id(entry, group.cloud) else {
            return self.names_without_id(entry, group);
        };
        match self.id(&group.account, group.cloud) {
            Some(found) if found == wanted => NamesAccount::Yes,
            Some(_) => NamesAccount::No,
            // A login name is a label: without its id it may be that of any account of its cloud.
            None if !group.cloud.could_own(wanted.as_str()) || self.will_be_asked(group) => {
                NamesAccount::No
            }
            None => NamesAccount::Perhaps,
        }
    }

    /// The same for an entry whose id is not known.
    fn names_without_id(&self, entry: &AccountId, group: &GroupRef) -> NamesAccount {
        let is_name = |name: &str| name.eq_ignore_ascii_case(entry.as_str());
        let mut named = self.of(group.cloud).filter(|one| one.name.as_deref().is_some_and(is_name));
        if named.next().is_none() {
            NamesAccount::No
        } else if is_name(group.account.as_str()) {
            NamesAccount::Yes
        } else if group.account.is_numeric() && self.names == NameLookup::Done {
            NamesAccount::Perhaps
        } else {
            NamesAccount::No
        }
    }

    fn of(&self, cloud: Provider) -> impl Iterator<Item = &AccountSettings> {
        self.accounts.iter().filter(move |account| account.cloud == cloud)
    }

    /// An id itself, or the id of a configured name.
    fn id<'b>(&'b self, account: &'b AccountId, cloud: Provider) -> Option<&'b AccountId> {
        if account.is_numeric() {
            return Some(account);
        }
        let is_name = |name: &str| name.eq_ignore_ascii_case(account.as_str());
        let mut named = self.of(cloud).filter(|one| one.name.as_deref().is_some_and(is_name));
        named.find_map(|one| one.id.as_ref())
    }

    /// Whether the group's account is a name that its own credentials will resolve.
    fn will_be_asked(&self, group: &GroupRef) -> bool {
        self.names == NameLookup::Pending
            && self.settings(group).is_some_and(|one| !matches!(one.source, AccountSource::None))
    }

    /// Whether configuration says that the group's account is not ours to call.
    pub(super) fn is_never_called(&self, group: &GroupRef) -> bool {
        self.settings(group).is_some_and(|one| matches!(one.source, AccountSource::None))
    }

    /// The settings by which the group's account is called, found as the clients are.
    fn settings(&self, group: &GroupRef) -> Option<&AccountSettings> {
        let account = &group.account;
        self.of(group.cloud).find(|one| {
            one.id.as_ref() == Some(account) || one.name.as_deref() == Some(account.as_str())
        })
    }

    fn perhaps(&self, entry: &AccountId, group: &GroupRef) -> String {
        let (account, protected) = (&group.account, "which is protected");
        if self.id(entry, group.cloud).is_none() {
            return format!(
                "account {account} may be {entry}, {protected}: the id of {entry} is not known: \
                 give it by `id` in its [[account]]"
            );
        }
        format!(
            "account {account} may be {entry}, {protected}: the id of {account} is not known: give \
             it in the manifest, or by `id` in its [[account]]"
        )
    }

    /// What to do about an account that no entry of `only_accounts` is.
    pub(super) fn not_allowed(&self, group: &GroupRef) -> String {
        let account = &group.account;
        let told = format!("{account} is not in only_accounts");
        if self.id(account, group.cloud).is_some() {
            return told;
        }
        format!("{told}: its id is not known: list the name, or give `id` in its [[account]]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(cloud: Provider, id: Option<&str>, name: &str, ours: bool) -> AccountSettings {
        AccountSettings {
            cloud,
            id: id.map(AccountId::from),
            name: Some(name.to_owned()),
            source: if ours { AccountSource::Inherit } else { AccountSource::None },
        }
    }

    fn accounts() -> Vec<AccountSettings> {
        use Provider::{Alibaba, Aws};
        vec![
            settings(Alibaba, Some("1234567890123401"), "a@aliyun.com", true),
            settings(Alibaba, None, "unasked", true),
            settings(Alibaba, None, "partner", false),
            settings(Aws, Some("111111111111"), "hub", true),
        ]
    }

    fn group(cloud: Provider, account: &str) -> GroupRef {
        GroupRef { cloud, account: account.into(), region: "r-1".into(), group: "sg-x".into() }
    }

    /// Whether protecting `entry` forbids a group of `account`: `yes`, `no` or `perhaps`.
    fn protects(entry: &str, account: &str, names: NameLookup) -> &'static str {
        let accounts = accounts();
        let entry = Protected::Account(entry.into());
        let told = KnownAccounts { accounts: &accounts, names }
            .protects(&entry, &group(Provider::Alibaba, account));
        match told {
            None => "no",
            Some(told) if told.contains("may be") => "perhaps",
            Some(_) => "yes",
        }
    }

    #[test]
    fn an_account_is_protected_however_a_row_calls_it() {
        for (entry, account, answer) in [
            ("1234567890123401", "1234567890123401", "yes"),
            ("1234567890123401", "a@aliyun.com", "yes"),
            ("1234567890123401", "A@aliyun.com", "yes"),
            ("a@aliyun.com", "1234567890123401", "yes"),
            ("A@aliyun.com", "a@aliyun.com", "yes"),
            ("unasked", "unasked", "yes"),
            ("1234567890123401", "1234567890123402", "no"),
            ("a@aliyun.com", "1234567890123402", "no"),
            // Nobody knows whose names these are.
            ("1234567890123401", "z@aliyun.com", "perhaps"),
            ("1234567890123401", "partner", "perhaps"),
            ("1234567890123402", "unasked", "perhaps"),
            ("unasked", "1234567890123402", "perhaps"),
            // Those of the other cloud are none of them.
            ("111111111111", "z@aliyun.com", "no"),
            ("hub", "z@aliyun.com", "no"),
        ] {
            assert_eq!(protects(entry, account, NameLookup::Done), answer, "{entry}, {account}");
        }
    }

    #[test]
    fn names_that_will_be_asked_are_judged_after_that() {
        for (entry, account, answer) in [
            ("1234567890123402", "unasked", "no"),
            ("unasked", "1234567890123402", "no"),
            ("1234567890123401", "partner", "perhaps"),
            ("1234567890123401", "z@aliyun.com", "perhaps"),
            ("1234567890123401", "a@aliyun.com", "yes"),
        ] {
            assert_eq!(protects(entry, account, NameLookup::Pending), answer, "{entry}, {account}");
        }
    }

    #[test]
    fn only_what_is_surely_named_is_allowed() {
        let accounts = accounts();
        let known = KnownAccounts { accounts: &accounts, names: NameLookup::Done };
        let is = |entry: &str, account: &str| {
            known.is(&entry.into(), &group(Provider::Alibaba, account))
        };
        assert!(is("1234567890123401", "a@aliyun.com") && is("unasked", "unasked"));
        assert!(!is("1234567890123401", "unasked") && !is("unasked", "1234567890123402"));
        assert!(!is("hub", "1234567890123401"));
        assert!(known.is_never_called(&group(Provider::Alibaba, "partner")));
        assert!(!known.is_never_called(&group(Provider::Aws, "partner")));
    }
}
