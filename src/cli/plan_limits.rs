//! How large a plan may be, and how many failures a run may have: the guards `max_rules`,
//! `max_percent` and `max_failures`.

use std::collections::{BTreeMap, BTreeSet};

use super::args::{ExecuteArgs, PlanningArgs};
use super::confirm::Size;
use super::exit::Failure;
use super::session::Session;
use crate::config::{Config, FailureLimit, Overrides};
use crate::journal::{CallId, GroupWork, JournalError, JournalRead, RunRecord};
use crate::model::{Estimate, GroupIx};
use crate::run::Prepared;

/// Calls that are looked at at once.
const PAGE: u32 = 1_000;

/// The guards that options set; each counts over configuration.
pub(super) fn overrides(
    planning: Option<&PlanningArgs>,
    execute: Option<&ExecuteArgs>,
) -> Overrides {
    Overrides {
        max_rules: planning.and_then(|planning| planning.max_rules),
        max_percent: planning.and_then(|planning| planning.max_percent),
        max_failures: execute.and_then(|execute| execute.max_failures),
        world: None,
    }
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
        let Some(record) = journal.group(&run.new.id, group).await? else { continue };
        let total = record.rules;
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
