//! The judge: what the server's own log, and the journal after a crash, must never show.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use unpair::journal::Chain;
use unpair::model::{Outcome, Provider};
use unpair::sandbox::LoggedCall;
use unpair_testing::workspace::is_revocation;

use crate::journal::{Facts, Intent};
use crate::seeded_world::rules;
use crate::setup::Setup;

/// What can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Invariant {
    /// Every call has a durable intent of its own.
    WriteAhead,
    /// Nothing beside the plan is named or removed.
    Scope,
    /// A row that was once there stays there, and the journal checks.
    NothingLost,
    /// A token is for one request, and a request keeps its token until its group was read.
    Tokens,
    /// What counts as gone was read back, beside the group itself, after the last call.
    ReadBack,
    /// What counts as gone is gone.
    Truth,
    /// One process at a time writes and sends.
    OneWriter,
    /// The end is that of a run that nobody disturbed.
    End,
}

/// What a judge found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings(BTreeMap<Invariant, Vec<String>>);

impl Findings {
    pub(crate) fn add(&mut self, invariant: Invariant, what: impl Into<String>) {
        self.0.entry(invariant).or_default().push(what.into());
    }

    pub(crate) fn count(&self, invariant: Invariant) -> usize {
        self.0.get(&invariant).map_or(0, Vec::len)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn extend(&mut self, other: Self) {
        for (invariant, found) in other.0 {
            self.0.entry(invariant).or_default().extend(found);
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (invariant, found) in &self.0 {
            writeln!(f, "{invariant:?}: {} times, first {}", found.len(), found[0])?;
        }
        Ok(())
    }
}

/// Judges one setup again and again: what it has seen must still be there the next time.
#[derive(Default)]
pub(crate) struct Judge {
    /// The hashes of each history of each run, as last seen.
    seen: BTreeMap<(String, Chain), Vec<String>>,
    pub(crate) findings: Findings,
}

impl Judge {
    /// Judges the setup while no process runs; returns what the journal tells.
    pub(crate) fn judge(&mut self, setup: &Setup) -> Facts {
        let facts = match Facts::read(&setup.journal()) {
            Ok(facts) => facts,
            Err(error) => {
                self.findings.add(Invariant::NothingLost, format!("unreadable: {error}"));
                return Facts::default();
            }
        };
        let calls = setup.calls();
        self.nothing_lost(&facts);
        write_ahead(&calls, &facts, &mut self.findings);
        scope(&calls, setup, &mut self.findings);
        tokens(&calls, &mut self.findings);
        read_back(&calls, setup, &facts, &mut self.findings);
        truth(setup, &facts, &mut self.findings);
        facts
    }

    /// Judges the end: everything is done, everything is accounted for.
    pub(crate) fn judge_end(&mut self, setup: &Setup) {
        let facts = self.judge(setup);
        let (before, after) = (rules(&setup.seeded.world), rules(&setup.world()));
        let gone: BTreeSet<String> = before.difference(&after).cloned().collect();
        if gone != setup.seeded.grants || !before.is_superset(&after) {
            let missing: Vec<_> = setup.seeded.grants.difference(&gone).take(3).collect();
            self.findings
                .add(Invariant::End, format!("the world differs: still there {missing:?}"));
        }
        let settled: Vec<&str> = facts.standings().map(|standing| &*standing.rule).collect();
        let accounted: BTreeSet<&str> = settled.iter().copied().collect();
        let planned: BTreeSet<&str> = setup.seeded.grants.iter().map(String::as_str).collect();
        if accounted != planned || settled.len() != planned.len() {
            let lost: Vec<_> = planned.difference(&accounted).take(3).collect();
            self.findings.add(Invariant::End, format!("not accounted for once each: {lost:?}"));
        }
        for standing in facts.standings().filter(|standing| !is_gone(standing.outcome)) {
            self.findings
                .add(Invariant::End, format!("{} ended as {}", standing.rule, standing.outcome));
        }
        if facts.runs.len() != 1 {
            self.findings.add(Invariant::End, format!("{} runs, expected one", facts.runs.len()));
        }
    }

    fn nothing_lost(&mut self, facts: &Facts) {
        let mut now = BTreeMap::new();
        for run in &facts.runs {
            for bad in &run.bad {
                self.findings.add(Invariant::NothingLost, format!("check: {bad}"));
            }
            for row in &run.history {
                let chain = (run.record.new.id.to_string(), row.chain);
                now.entry(chain).or_insert_with(Vec::new).push(row.hash.clone());
            }
        }
        for ((run, chain), before) in &self.seen {
            let after = now.get(&(run.clone(), *chain));
            let kept = after.is_some_and(|after| after.starts_with(before));
            if !kept {
                self.findings
                    .add(Invariant::NothingLost, format!("run {run} lost rows of {chain:?}"));
            }
        }
        self.seen.extend(now);
    }
}

fn is_gone(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Removed | Outcome::AlreadyAbsent)
}

fn group_of(call: &LoggedCall) -> &str {
    let names = ["SecurityGroupId", "GroupId"];
    names.iter().find_map(|name| call.params.get(*name)).map_or("", String::as_str)
}

/// Whether a call of this kind has an intent, and no more calls than intents.
fn write_ahead(calls: &[LoggedCall], facts: &Facts, findings: &mut Findings) {
    let (mut allowed, mut sent) = (BTreeMap::<String, u32>::new(), BTreeMap::new());
    for intent in facts.intents() {
        *allowed.entry(intent.request()).or_default() += 1;
    }
    for call in calls.iter().filter(|call| is_revocation(call)) {
        let key = key_of_call(call);
        let count: &mut u32 = sent.entry(key.clone()).or_default();
        *count += 1;
        if *count > allowed.get(&key).copied().unwrap_or_default() {
            findings.add(Invariant::WriteAhead, format!("no intent for {} of {key}", call.action));
        }
    }
}

fn key_of_call(call: &LoggedCall) -> String {
    match call.cloud {
        Provider::Alibaba => call.params.get("ClientToken").cloned().unwrap_or_default(),
        Provider::Aws => format!("{} {}", group_of(call), direction_of(call)),
    }
}

/// The calls that the server saw and whose outcome is not in the journal. An intent alone may
/// stand there although its commit was refused: nothing was sent for it.
pub(crate) fn sent_and_open(calls: &[LoggedCall], facts: &Facts) -> BTreeSet<u64> {
    let is_sent = |open: &&Intent| {
        let key = open.request();
        let intents = facts.intents().filter(|intent| intent.request() == key).count();
        let sent = calls.iter().filter(|call| is_revocation(call) && key_of_call(call) == key);
        sent.count() >= intents
    };
    let open = facts.intents().filter(|intent| intent.is_open);
    open.filter(is_sent).map(|intent| intent.call).collect()
}

fn direction_of(call: &LoggedCall) -> &'static str {
    if call.action.ends_with("Egress") { "egress" } else { "ingress" }
}

fn scope(calls: &[LoggedCall], setup: &Setup, findings: &mut Findings) {
    for call in calls.iter().filter(|call| is_revocation(call)) {
        let named = call.params.iter().filter(|(name, _)| name.starts_with("SecurityGroupRuleId"));
        let removed = call.removed.iter().map(ToString::to_string);
        for rule in named.map(|(_, rule)| rule.clone()).chain(removed) {
            if !setup.seeded.grants.contains(&rule) {
                findings.add(Invariant::Scope, format!("{} of {rule}", call.action));
            }
        }
    }
    for call in calls.iter().filter(|call| !call.added.is_empty()) {
        findings.add(Invariant::Scope, format!("{} added rules", call.action));
    }
}

/// A request as it was sent, without its token.
fn request(call: &LoggedCall) -> (String, String, BTreeMap<String, String>) {
    let mut params = call.params.clone();
    params.remove("ClientToken");
    let account = call.account.as_ref().map(ToString::to_string);
    (account.unwrap_or_default(), call.action.clone(), params)
}

fn tokens(calls: &[LoggedCall], findings: &mut Findings) {
    let (mut requests, mut last) = (BTreeMap::new(), BTreeMap::new());
    for (at, call) in calls.iter().enumerate() {
        let Some(token) = call.params.get("ClientToken").filter(|_| is_revocation(call)) else {
            continue;
        };
        let request = request(call);
        if *requests.entry(token.clone()).or_insert_with(|| request.clone()) != request {
            findings.add(Invariant::Tokens, format!("{token} names two requests"));
        }
        // Another token for the same request means another generation: only a reading of the
        // group may begin one.
        if let Some((before, earlier)) = last.insert(request, (at, token))
            && earlier != token
            && !calls[before..at].iter().any(|call| reads_rules(call, group_of(&calls[at])))
        {
            findings.add(Invariant::Tokens, format!("{token} in place of {earlier}, nothing read"));
        }
    }
}

fn names(call: &LoggedCall, group: &str) -> bool {
    call.code.is_none() && call.params.values().any(|value| value.contains(group))
}

fn reads_rules(call: &LoggedCall, group: &str) -> bool {
    let action = call.action.as_str();
    matches!(action, "DescribeSecurityGroupAttribute" | "DescribeSecurityGroupRules")
        && names(call, group)
}

fn lists_group(call: &LoggedCall, group: &str) -> bool {
    call.action == "DescribeSecurityGroups" && names(call, group)
}

/// Every revocation that counts as gone, in a group that was called, has the group and its rules
/// read after the last call that removed it or may have.
fn read_back(calls: &[LoggedCall], setup: &Setup, facts: &Facts, findings: &mut Findings) {
    let group_of_rule: BTreeMap<String, String> = setup
        .seeded
        .world
        .groups
        .values()
        .flat_map(|group| {
            group.rules.iter().map(|rule| (rule.id.to_string(), group.id.to_string()))
        })
        .collect();
    for standing in facts.standings().filter(|standing| is_gone(standing.outcome)) {
        let Some(group) = group_of_rule.get(&standing.rule) else { continue };
        let about = |call: &LoggedCall| {
            is_revocation(call) && call.params.values().any(|value| *value == standing.rule)
        };
        let Some(at) = calls.iter().rposition(about) else { continue };
        let after = &calls[at..];
        if !after.iter().any(|call| reads_rules(call, group)) {
            findings.add(Invariant::ReadBack, format!("{} was not read back", standing.rule));
        }
        if !after.iter().any(|call| lists_group(call, group)) {
            findings.add(Invariant::ReadBack, format!("{group} was not seen beside its rules"));
        }
    }
}

fn truth(setup: &Setup, facts: &Facts, findings: &mut Findings) {
    let live = rules(&setup.world());
    for standing in facts.standings().filter(|standing| is_gone(standing.outcome)) {
        if live.contains(&standing.rule) {
            findings.add(
                Invariant::Truth,
                format!("{} is {} and stands", standing.rule, standing.outcome),
            );
        }
    }
}
