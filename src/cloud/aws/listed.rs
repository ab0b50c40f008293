//! The profiles of the AWS tools' files, without their secrets.

use std::path::Path;

use super::ini::{self, Section};
use super::profiles::unquoted;
use crate::cloud::{CloudError, ListedProfile};
use crate::model::AccountId;

/// Those of `~/.aws/config`: `[default]` and `[profile NAME]`.
pub(in crate::cloud) fn listed_in_config(path: &Path) -> Result<Vec<ListedProfile>, CloudError> {
    listed(path, |header| match header.split_once(char::is_whitespace) {
        Some(("profile", name)) => unquoted(name.trim()),
        None => Some(header).filter(|header| *header == "default"),
        Some(_) => None,
    })
}

/// Those of `~/.aws/credentials`: `[NAME]`.
pub(in crate::cloud) fn listed_in_credentials(
    path: &Path,
) -> Result<Vec<ListedProfile>, CloudError> {
    listed(path, |header| Some(header).filter(|header| !header.is_empty() && *header != "DEFAULT"))
}

fn listed(
    path: &Path,
    name: impl Fn(&str) -> Option<&str>,
) -> Result<Vec<ListedProfile>, CloudError> {
    let told =
        |why: String| CloudError::config("credentials", format!("{}: {why}", path.display()));
    let bytes = std::fs::read(path).map_err(|why| told(why.to_string()))?;
    let sections = ini::read(&bytes).map_err(|why| told(format!("it {why}")))?;
    let profile = |section: &Section| {
        Some(ListedProfile { name: name(&section.header)?.to_owned(), account: account(section) })
    };
    Ok(sections.iter().filter_map(profile).collect())
}

/// `arn:aws:iam::ACCOUNT:role/NAME`, or the account of a single sign-on.
fn account(section: &Section) -> Option<AccountId> {
    let value = |key: &str| section.values.get(key).map(|value| value.text.as_str());
    let of_role = value("role_arn").and_then(|role| role.split(':').nth(4));
    let id = AccountId::new(of_role.or_else(|| value("sso_account_id"))?);
    id.is_numeric().then_some(id)
}
