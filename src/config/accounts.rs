//! `[[account]]`: accounts with something of their own.

use super::error::Problem;
use super::raw::RawAccount;
use super::source::Places;
use crate::cloud::{AccountSettings, AccountSource};
use crate::model::{AccountId, Provider};

const AWS_DIGITS: usize = 12;

/// Reads every account; those with a problem are left out.
pub(super) fn read(
    raw: Vec<RawAccount>,
    places: &Places<'_>,
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
    let name = raw.name.map(check_name).transpose()?;
    let source = source(cloud, raw.profile, raw.role_arn, raw.credentials.as_deref())?;
    Ok(AccountSettings { cloud, id, name, source })
}

fn check_id(id: String, cloud: Provider) -> Result<AccountId, Wrong> {
    let account = AccountId::from(id);
    let (valid, expected) = match cloud {
        Provider::Alibaba => (account.is_numeric(), "a numeric UID"),
        Provider::Aws => {
            (account.is_numeric() && account.as_str().len() == AWS_DIGITS, "12 digits")
        }
    };
    if valid {
        Ok(account)
    } else {
        Err(("id", format!("`{account}` is no {cloud} account, expected {expected}")))
    }
}

fn check_name(name: String) -> Result<String, Wrong> {
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(("name", format!("`{name}` is no name, expected text without white space")));
    }
    if AccountId::from(name.as_str()).is_numeric() {
        return Err(("name", format!("`{name}` reads as an id, expected a name (or use id)")));
    }
    Ok(name)
}

fn source(
    cloud: Provider,
    profile: Option<String>,
    role: Option<String>,
    credentials: Option<&str>,
) -> Result<AccountSource, Wrong> {
    match (profile, role, credentials) {
        (None, None, None) => Ok(AccountSource::Inherit),
        (Some(profile), None, None) => Ok(AccountSource::Profile(profile)),
        (None, Some(role), None) => {
            check_role(&role, cloud).map_err(|message| ("role_arn", message))?;
            if role.contains(['{', '}']) {
                return Err((
                    "role_arn",
                    "holds a placeholder, expected this account's role".to_owned(),
                ));
            }
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

/// Checks that a role is one of `cloud`.
pub(super) fn check_role(role: &str, cloud: Provider) -> Result<(), String> {
    let (valid, expected) = match cloud {
        Provider::Alibaba => (role.starts_with("acs:ram::"), "acs:ram::ACCOUNT:role/NAME"),
        Provider::Aws => (
            role.starts_with("arn:aws") && role.contains(":iam::"),
            "arn:aws:iam::ACCOUNT:role/NAME",
        ),
    };
    let named = role.split_once(":role/").is_some_and(|(_, name)| !name.is_empty());
    if valid && named { Ok(()) } else { Err(format!("`{role}` is no role, expected {expected}")) }
}

fn check_distinct(account: &AccountSettings, known: &[AccountSettings]) -> Result<(), Wrong> {
    let mut same_cloud = known.iter().filter(|other| other.cloud == account.cloud);
    let told =
        |what: &str| format!("`{what}` stands for two accounts, expected one [[account]] each");
    if let Some(id) = &account.id
        && same_cloud.clone().any(|other| other.id.as_ref() == Some(id))
    {
        return Err(("id", told(id.as_str())));
    }
    match &account.name {
        Some(name) if same_cloud.any(|other| other.name.as_ref() == Some(name)) => {
            Err(("name", told(name)))
        }
        _ => Ok(()),
    }
}
