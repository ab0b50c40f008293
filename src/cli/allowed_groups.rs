//! Which groups a run may touch: the guards `protect` and `only_accounts`.

use std::collections::{BTreeMap, BTreeSet};

use super::exit::{Exit, Failure};
use super::session::Session;
use crate::config::{Config, NameLookup};
use crate::journal::{JournalRead, RunRecord};
use crate::model::{GroupIx, PairSet};
use crate::run::Driver;

/// Groups of a stored run that are looked at at once.
const PAGE: u32 = 1_000;

/// What becomes of rows that no run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadRows {
    /// They refuse the whole plan.
    Refuse,
    /// They are left out (`--keep-going`).
    LeaveOut,
}

impl BadRows {
    /// As the option says.
    pub(super) const fn of(keep_going: bool) -> Self {
        if keep_going { Self::LeaveOut } else { Self::Refuse }
    }
}

/// Refuses pairs that touch what is protected, or accounts that are not allowed. With
/// [`BadRows::LeaveOut`] they are left out instead; returns the pairs that stay and how many rows went.
/// Where names are to be asked for their ids, the guards must look again after that.
pub(super) fn allowed_pairs(
    pairs: PairSet,
    config: &Config,
    bad_rows: BadRows,
    names: NameLookup,
) -> Result<(PairSet, usize), Failure> {
    let (guard, accounts) = (&config.guard, &config.clouds.accounts);
    let refused: BTreeMap<GroupIx, String> = (0..)
        .map(GroupIx)
        .zip(pairs.groups.iter())
        .filter_map(|(ix, group)| Some((ix, guard.refusal(&group, accounts, names)?)))
        .collect();
    if refused.is_empty() {
        return Ok((pairs, 0));
    }
    let mut told = BTreeSet::new();
    for row in pairs.rows.iter() {
        let reasons = [row.a, row.b].into_iter().filter_map(|ix| refused.get(&ix));
        told.extend(reasons.map(|reason| format!("{}: {reason}", pairs.locate(row.line))));
    }
    if bad_rows == BadRows::Refuse {
        return Err(refused_by_guard(told));
    }
    for message in &told {
        tracing::warn!("left out: {message}");
    }
    let before = pairs.rows.len();
    let is_refused = |ix: GroupIx| refused.contains_key(&ix);
    let pairs = pairs.revised(|row| !is_refused(row.a) && !is_refused(row.b), |_| None);
    if pairs.rows.is_empty() {
        return Err(Failure::refused("refused by [guard]: no pair is left"));
    }
    let left_out = before - pairs.rows.len();
    Ok((pairs, left_out))
}

/// Refuses to read groups of accounts that are not in `only_accounts`.
pub(super) async fn check_accounts(
    journal: &dyn JournalRead,
    run: &RunRecord,
    config: &Config,
) -> Result<(), Failure> {
    let mut config = config.clone();
    config.guard.protect.clear();
    check_groups(journal, run, &config).await
}

/// Refuses a run of the journal by the guards of today, before anything is read; the refusal is
/// journalled, and says which run it is about.
pub(super) async fn refuse_groups(
    session: &Session,
    driver: &Driver<'_>,
    run: &RunRecord,
) -> Result<(), Failure> {
    match check_groups(&*session.journal, run, &session.config).await {
        Ok(()) => Ok(()),
        Err(failure) => {
            driver.refuse(run, failure.exit.into()).await?;
            Err(failure.about(&run.new.id))
        }
    }
}

async fn check_groups(
    journal: &dyn JournalRead,
    run: &RunRecord,
    config: &Config,
) -> Result<(), Failure> {
    let (guard, accounts) = (&config.guard, &config.clouds.accounts);
    if guard.protect.is_empty() && guard.only_accounts.is_empty() {
        return Ok(());
    }
    let mut told = BTreeSet::new();
    let mut from = GroupIx(0);
    loop {
        let page = journal.groups(&run.new.id, from, PAGE).await?;
        let ixs: Vec<GroupIx> = page.iter().map(|work| work.ix).collect();
        let groups = journal.group_refs(&run.new.id, &ixs).await?;
        let refused = |group| guard.refusal(group, accounts, NameLookup::Done);
        told.extend(groups.iter().filter_map(refused));
        match page.last() {
            Some(last) if page.len() >= PAGE as usize => from = GroupIx(last.ix.0 + 1),
            _ => break,
        }
    }
    if told.is_empty() { Ok(()) } else { Err(refused_by_guard(told)) }
}

fn refused_by_guard(told: BTreeSet<String>) -> Failure {
    let mut messages: Vec<String> = told.into_iter().collect();
    messages.push("refused by [guard]: nothing was sent".to_owned());
    Failure::of_many(Exit::Refused, messages)
}
