//! The commands that worked on a run: who gave each, when, and as whom they acted.

use super::limit::rest;
use super::markup::{code, html};
use super::table::Columns;
use crate::model::Identity;
use crate::report::provenance::{InvocationReport, Manifest, Provenance};
use crate::report::text::thousands;

/// Commands that are listed, the latest ones; and identities.
const LISTED: usize = 100;

const COLUMNS: Columns = Columns::new("invocations", &["from", "to", "who", "command"]);

/// A table of the commands, the latest last; nothing if there was one alone, which the cover tells.
pub(super) fn table(told: &Provenance) -> String {
    if told.invocations.len() < 2 {
        return String::new();
    }
    let earlier = told.invocations.len().saturating_sub(LISTED);
    let items: String = told.invocations[earlier..].iter().map(item).collect();
    COLUMNS.table(&items) + &rest(earlier as u64, None)
}

fn item(work: &InvocationReport) -> String {
    let to = match work.state {
        "running" => "now".to_owned(),
        "killed" => format!("{} (killed)", work.last),
        _ => work.last.clone(),
    };
    COLUMNS.item(&[html(&work.began), html(&to), html(&who(work)), code(&work.by.command)])
}

/// `ann on ops1, process 4711, unpair 0.1.0`.
pub(super) fn who(work: &InvocationReport) -> String {
    let by = &work.by;
    format!("{} on {}, process {}, unpair {}", by.user, by.host, by.pid, by.version)
}

/// The identities that sent changes, a line each.
pub(super) fn identities(identities: &[Identity]) -> String {
    let mut lines: Vec<String> =
        identities.iter().take(LISTED).map(|identity| code(&identity.arn)).collect();
    let more = identities.len().saturating_sub(LISTED) as u64;
    if more > 0 {
        lines.push(format!("and {} more", thousands(more)));
    }
    lines.join("<br>")
}

/// The manifests, a line each, with the digest of their bytes.
pub(super) fn manifests(manifests: &[Manifest]) -> String {
    let lines: Vec<String> = manifests
        .iter()
        .map(|manifest| match &manifest.sha256 {
            Some(digest) => format!("{}, SHA-256 {}", code(&manifest.name), code(digest)),
            None => code(&manifest.name),
        })
        .collect();
    lines.join("<br>")
}
