//! The guards that refuse a plan before anything is sent, or before anything is changed.

use std::collections::{BTreeMap, BTreeSet};

use super::args::{Acting, Planning};
use super::confirm::Size;
use super::exit::{Exit, Failure};
use super::session::Session;
use crate::config::{Config, FailureLimit, Names, Overrides};
use crate::journal::{CallId, GroupWork, JournalError, JournalRead, RunRecord};
use crate::model::{Estimate, GroupIx, PairSet};
use crate::run::Prepared;

/// Calls that are looked at at once.
const PAGE: u32 = 1_000;

/// The guards that options set; each counts over configuration.
pub(super) fn overrides(planning: Option<&Planning>, acting: Option<&Acting>) -> Overrides {
    Overrides {
        max_rules: planning.and_then(|planning| planning.max_rules),
        max_percent: planning.and_then(|planning| planning.max_percent),
        max_failures: acting.and_then(|acting| acting.max_failures),
        world: None,
    }
}

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
    names: Names,
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

/// Refuses a guard that could not see what is planned from the rows alone: of groups that nobody
/// read no share is known.
pub(super) fn share_is_known(config: &Config, blind: bool) -> Result<(), Failure> {
    if blind && config.guard.max_percent.is_some() {
        return Err(Failure::usage(
            "max_percent cannot be held against a plan that is made with --no-audit, since no \
             group is read: leave out --no-audit, or max_percent; nothing was sent",
        ));
    }
    Ok(())
}

/// Refuses to read groups of accounts that are not in `only_accounts`.
pub(super) async fn check_accounts(
    journal: &dyn JournalRead,
    run: &RunRecord,
    config: &Config,
) -> Result<(), Failure> {
    let mut config = config.clone();
    config.guard.protect.clear();
    check_stored(journal, run, &config).await
}

/// Refuses a run of the journal by the guards of today.
pub(super) async fn check_stored(
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
        let refused = |group| guard.refusal(group, accounts, Names::Settled);
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

/// How many of `planned` revocations may fail.
pub(super) fn allowed_failures(limit: FailureLimit, planned: u64) -> u64 {
    match limit {
        FailureLimit::Count(count) => count,
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a plan, rounded down"
        )]
        FailureLimit::Percent(share) => (planned as f64 * share / 100.0) as u64,
    }
}

/// What the plan comes to.
pub(super) fn size(estimate: &Estimate) -> Size {
    let accounts: BTreeSet<_> =
        estimate.lanes.iter().map(|lane| (lane.lane.cloud, &lane.lane.account)).collect();
    Size {
        rules: estimate.lanes.iter().map(|lane| lane.rules).sum(),
        groups: estimate.lanes.iter().map(|lane| lane.groups).sum(),
        accounts: accounts.len() as u64,
    }
}

/// Refuses a plan that is too large.
pub(super) async fn check_plan(session: &Session, plan: &Prepared) -> Result<(), Failure> {
    let (journal, guard, run) = (&*session.journal, &session.config.guard, &plan.run);
    let (id, options, rules) = (&run.new.id, &session.options, size(&plan.estimate).rules);
    if let Some(max) = guard.max_rules.filter(|max| rules > *max) {
        return Err(Failure::refused(format!(
            "the plan removes {rules} rules, max_rules allows {max}: nothing was revoked. See it: \
             `unpair report {id}{options}`. To allow it: --max-rules {rules}, or max_rules in [guard]"
        )));
    }
    let Some(max) = guard.max_percent else { return Ok(()) };
    for (group, planned) in planned_by_group(journal, plan).await? {
        let Some(snapshot) = journal.snapshot(&run.new.id, group).await? else { continue };
        let total = snapshot.rules.len();
        #[expect(clippy::cast_precision_loss, reason = "a share of a group's rules")]
        let share = planned as f64 * 100.0 / total.max(1) as f64;
        if share > max {
            let name = group_name(journal, run, group).await?;
            return Err(Failure::refused(format!(
                "the plan removes {planned} of the {total} rules of {name}, max_percent allows \
                 {max}%: nothing was revoked. See it: `unpair report {id}{options}`. To allow it: \
                 --max-percent {}, or max_percent in [guard]",
                share.ceil()
            )));
        }
    }
    Ok(())
}

/// The rules of each group that may be revoked, those that are taken up again among them.
async fn planned_by_group(
    journal: &dyn JournalRead,
    plan: &Prepared,
) -> Result<BTreeMap<GroupIx, u64>, JournalError> {
    let run = &plan.run;
    let mut planned: BTreeMap<GroupIx, u64> = BTreeMap::new();
    for call in &plan.reopened {
        *planned.entry(call.group).or_default() += call.members.len() as u64;
    }
    for lane in journal.lanes(&run.new.id).await? {
        let mut from = CallId(0);
        loop {
            let page = journal.open_calls(&run.new.id, &lane, from, PAGE).await?;
            for call in &page {
                *planned.entry(call.group).or_default() += call.members.len() as u64;
            }
            match page.last() {
                Some(last) if page.len() >= PAGE as usize => from = CallId(last.id.0 + 1),
                _ => break,
            }
        }
    }
    Ok(planned)
}

async fn group_name(
    journal: &dyn JournalRead,
    run: &RunRecord,
    group: GroupIx,
) -> Result<String, JournalError> {
    let page: Vec<GroupWork> = journal.groups(&run.new.id, group, 1).await?;
    Ok(page.first().map(|work| work.group.to_string()).unwrap_or_default())
}
