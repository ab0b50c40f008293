//! The accounts of a configuration, checked.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use crate::model::{AccountId, Identity, Provider, escape_control};

use super::PlainJson;
use super::csv::{csv_safe, optional};
use super::format::Tone;
use super::text::{grid, wrap};
use super::{Format, ReportError, Style};

/// Whether the credentials of an account may call an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// The provider answered, or would have.
    Allowed,
    /// The provider refused.
    Denied,
    /// Nothing proves either.
    Unknown,
}

impl Access {
    /// In words for people: nothing but a change proves the right to change.
    const fn told(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Unknown => "not proven",
        }
    }
}

/// One account, checked: what `unpair accounts` tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountCheck {
    /// The cloud.
    pub cloud: Provider,
    /// The account, as configured or as a manifest calls it.
    pub account: AccountId,
    /// What manifests may call it.
    pub name: Option<String>,
    /// Who its credentials are; absent if there are none or they do not work.
    pub identity: Option<Identity>,
    /// One word or more: `ok`, `not ours`, `wrong account`, or the provider's code.
    pub state: String,
    /// Regions that it may use; 0 if that was not asked.
    pub regions: u32,
    /// Access by the provider's name of the action.
    pub allowed: BTreeMap<String, Access>,
    /// What to do about it, if something is to be done.
    pub remedy: Option<String>,
}

/// Writes `checks` in their order.
pub fn write_accounts(
    checks: &[AccountCheck],
    format: Format,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    match format {
        Format::Table | Format::Html => write_table(checks, style, out)?,
        Format::Json => {
            serde_json::to_writer_pretty(PlainJson(&mut *out), checks)?;
            writeln!(out)?;
        }
        Format::Csv => write_csv(checks, out)?,
    }
    out.flush()?;
    Ok(())
}

fn write_table(
    checks: &[AccountCheck],
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    if checks.is_empty() {
        return Ok(writeln!(out, "no accounts: none is configured")?);
    }
    let rows: Vec<Vec<String>> = checks
        .iter()
        .map(|check| {
            vec![
                check.cloud.to_string(),
                check.account.to_string(),
                check.name.clone().unwrap_or_default(),
                check.state.clone(),
                check.regions.to_string(),
                allowed_of_all(check),
            ]
        })
        .collect();
    let header = ["CLOUD", "ACCOUNT", "NAME", "STATE", "REGIONS", "ALLOWED"];
    write!(out, "{}", grid(&header, &[4, 5], &rows, style.width))?;
    checks.iter().try_for_each(|check| write_details(check, style, out))
}

/// `3/4`: actions that are allowed, of those that were tried.
fn allowed_of_all(check: &AccountCheck) -> String {
    let allowed = check.allowed.values().filter(|access| **access == Access::Allowed).count();
    format!("{allowed}/{}", check.allowed.len())
}

/// Who the credentials are, what they may not do, and the remedy.
fn write_details(
    check: &AccountCheck,
    style: Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut lines = Vec::new();
    if let Some(identity) = &check.identity {
        lines.push((Tone::Quiet, format!("acts as {}", identity.arn)));
    }
    for (access, tone) in [(Access::Denied, Tone::Bad), (Access::Unknown, Tone::Doubt)] {
        let actions: Vec<&str> = check
            .allowed
            .iter()
            .filter(|(_, found)| **found == access)
            .map(|(action, _)| action.as_str())
            .collect();
        if !actions.is_empty() {
            lines.push((tone, format!("{}: {}", access.told(), actions.join(" "))));
        }
    }
    lines.extend(check.remedy.iter().map(|remedy| (Tone::Strong, remedy.clone())));
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{} {}", check.cloud, escape_control(check.account.as_str()))?;
    for (tone, line) in lines {
        let line = wrap(&escape_control(&line), style.width, 2, 4);
        writeln!(out, "{}", style.paint(tone, &line))?;
    }
    Ok(())
}

fn write_csv(checks: &[AccountCheck], out: &mut dyn Write) -> Result<(), ReportError> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record([
        "cloud",
        "account",
        "name",
        "identity_account",
        "identity_arn",
        "state",
        "regions",
        "allowed",
        "denied",
        "unknown",
        "remedy",
    ])?;
    for check in checks {
        let actions = |access: Access| {
            let found = check.allowed.iter().filter(|(_, found)| **found == access);
            found.map(|(action, _)| action.as_str()).collect::<Vec<_>>().join(" ")
        };
        let identity = check.identity.as_ref();
        let cells = [
            check.cloud.to_string(),
            check.account.to_string(),
            optional(check.name.as_ref()),
            optional(identity.map(|identity| &identity.account)),
            optional(identity.map(|identity| &identity.arn)),
            check.state.clone(),
            check.regions.to_string(),
            actions(Access::Allowed),
            actions(Access::Denied),
            actions(Access::Unknown),
            optional(check.remedy.as_ref()),
        ];
        csv.write_record(cells.iter().map(|cell| csv_safe(cell).into_owned()))?;
    }
    csv.flush()?;
    Ok(())
}
