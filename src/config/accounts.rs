//! `[[account]]`: accounts with something of their own.

use super::error::Problem;
use super::raw::RawAccount;
use super::source::KeySources;
use crate::cloud::{AccountSettings, AccountSource};
use crate::manifest::check_account;
use crate::model::{AccountId, Partition, PerCloud, Provider};

const EXPECTED_ID: PerCloud<&str> =
    PerCloud { alibaba: "a numeric UID (12 digits are an account of aws)", aws: "12 digits" };
const EXPECTED_ROLE: PerCloud<&str> =
    PerCloud { alibaba: "acs:ram::ACCOUNT:role/NAME", aws: "arn:aws:iam::ACCOUNT:role/NAME" };
/// What follows the head of a role's name, if it has that of the cloud.
const ROLE_PATH: PerCloud<fn(&str) -> Option<&str>> = PerCloud {
    alibaba: |role| role.strip_prefix("acs:ram::"),
    aws: |role| {
        let (partition, path) = role.strip_prefix("arn:")?.split_once(":iam::")?;
        Partition::named(partition).map(|_| path)
    },
};
/// Where a template names the account.
pub(super) const PLACEHOLDER: &str = "{account}";

/// Reads every account; those with a problem are left out.
pub(super) fn read(
    raw: Vec<RawAccount>,
    places: &KeySources<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<AccountSettings> {
    let mut accounts: Vec<AccountSettings> = Vec::with_capacity(raw.len());
    for (at, account) in raw.into_iter().enumerate() {
        let index = at.to_string();
        let checked = one(account).and_then(|account| {
            check_distinct(&account, &accounts)?;
            Ok(account)
        });
        match checked {
            Ok(account) => accounts.push(account),
            Err((key, message)) => {
                problems.push(places.problem(&["account", &index, key], message));
            }
        }
    }
    accounts
}

type Wrong = (&'static str, String);

fn one(raw: RawAccount) -> Result<AccountSettings, Wrong> {
    let cloud =
        raw.cloud.ok_or_else(|| ("cloud", "missing, expected alibaba or aws".to_owned()))?;
    let cloud: Provider = cloud
        .parse()
        .map_err(|error: crate::model::UnknownProvider| ("cloud", error.to_string()))?;
    if raw.id.is_none() && raw.name.is_none() {
        return Err(("id", "missing, expected an id, a name or both".to_owned()));
    }
    let id = raw.id.map(|id| check_id(id, cloud)).transpose()?;
    let name = raw.name.map(|name| check_name(name, cloud)).transpose()?;
    let source = source(cloud, id.as_ref(), raw.profile, raw.role_arn, raw.credentials.as_deref())?;
    Ok(AccountSettings { cloud, id, name, source })
}

fn check_id(id: String, cloud: Provider) -> Result<AccountId, Wrong> {
    let account = AccountId::from(id);
    if account.is_numeric()
        && cloud.could_own(account.as_str())
        && check_account(account.as_str(), cloud).is_ok()
    {
        Ok(account)
    } else {
        let expected = EXPECTED_ID.of(cloud);
        Err(("id", format!("`{account}` is not an {cloud} account, expected {expected}")))
    }
}

/// A name is what a manifest may hold: any other would match no row.
fn check_name(name: String, cloud: Provider) -> Result<String, Wrong> {
    if AccountId::from(name.as_str()).is_numeric() {
        return Err(("name", format!("`{name}` looks like an id, expected a name (or use id)")));
    }
    match check_account(&name, cloud) {
        Ok(()) => Ok(name),
        Err(fault) => Err(("name", format!("no manifest can hold this name: {fault}"))),
    }
}

fn source(
    cloud: Provider,
    id: Option<&AccountId>,
    profile: Option<String>,
    role: Option<String>,
    credentials: Option<&str>,
) -> Result<AccountSource, Wrong> {
    match (profile, role, credentials) {
        (None, None, None) => Ok(AccountSource::Inherit),
        (Some(profile), None, None) if profile.trim().is_empty() => {
            Err(("profile", "is empty, expected a profile's name, or no such key".to_owned()))
        }
        (Some(profile), None, None) => Ok(AccountSource::Profile(profile)),
        (None, Some(role), None) => {
            let of = check_role(&role, cloud).map_err(|message| ("role_arn", message))?;
            check_owner(of, id).map_err(|message| ("role_arn", message))?;
            Ok(AccountSource::Role(role))
        }
        (None, None, Some("none")) => Ok(AccountSource::None),
        (None, None, Some(other)) => {
            Err(("credentials", format!("`{other}` is unknown, expected \"none\" or no such key")))
        }
        _ => Err((
            "credentials",
            "given twice, expected one of profile, role_arn and credentials".to_owned(),
        )),
    }
}

/// Checks that a role of one account's own is that account's.
fn check_owner(owner: &str, id: Option<&AccountId>) -> Result<(), String> {
    if !AccountId::from(owner).is_numeric() {
        return Err(format!("is a role of `{owner}`, expected the id of this account there"));
    }
    match id.filter(|id| id.as_str() != owner) {
        Some(id) => Err(format!("is a role of {owner}, expected one of {id}, as its `id` says")),
        None => Ok(()),
    }
}

/// Checks that a role is one of `cloud`; returns what stands in place of its account.
pub(super) fn check_role(role: &str, cloud: Provider) -> Result<&str, String> {
    ROLE_PATH.of(cloud)(role)
        .and_then(|path| path.split_once(":role/"))
        .filter(|(owner, name)| !owner.is_empty() && is_role_name(name))
        .map(|(owner, _)| owner)
        .ok_or_else(|| format!("`{role}` is not a role, expected {}", EXPECTED_ROLE.of(cloud)))
}

/// What both clouds allow in the name of a role and in the path before it; `{account}` may stand
/// there too.
fn is_role_name(name: &str) -> bool {
    let name = name.replace(PLACEHOLDER, "account");
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-/".contains(c))
        && !name.ends_with('/')
}

fn check_distinct(account: &AccountSettings, known: &[AccountSettings]) -> Result<(), Wrong> {
    let mut same_cloud = known.iter().filter(|other| other.cloud == account.cloud);
    let told = |what: &str| format!("`{what}` names two accounts, expected one [[account]] each");
    if let Some(id) = &account.id
        && same_cloud.clone().any(|other| other.id.as_ref() == Some(id))
    {
        return Err(("id", told(id.as_str())));
    }
    // Login names have no case.
    let is_same = |other: &AccountSettings, name: &str| {
        other.name.as_deref().is_some_and(|other| other.eq_ignore_ascii_case(name))
    };
    match &account.name {
        Some(name) if same_cloud.any(|other| is_same(other, name)) => Err(("name", told(name))),
        _ => Ok(()),
    }
}
