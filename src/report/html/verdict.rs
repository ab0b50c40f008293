//! The question that a run answers, and its answer in a sentence.

use super::tone::Tone;
use crate::journal::{RunKind, RunRecord, RunState};
use crate::report::Summary;
use crate::report::running::Running;
use crate::report::text::count;

/// What the run was to find out or do, as a question.
pub(super) fn question(run: &RunRecord) -> String {
    let pairs = match sources(run) {
        names if names.is_empty() => "the manifest".to_owned(),
        names => names.join(" and "),
    };
    match run.new.kind {
        RunKind::Revoke if is_plan(run) => {
            format!("Which rules would be removed to sever the pairs of {pairs}?")
        }
        RunKind::Revoke => format!("Are the pairs of {pairs} severed?"),
        RunKind::Audit => format!("Do rules stand between the pairs of {pairs}?"),
        RunKind::Verify => match &run.new.parent {
            Some(parent) => format!("Is what run {parent} removed still gone?"),
            None => format!("Are the pairs of {pairs} still severed?"),
        },
    }
}

/// Whether a run was planned and is not carried out yet.
pub(super) fn is_plan(run: &RunRecord) -> bool {
    run.started_ms.is_none() && run.state == RunState::Planned
}

/// The manifests by name.
fn sources(run: &RunRecord) -> Vec<&str> {
    let named = run.sources.iter().map(|source| source.name.as_str());
    named.map(|name| if name == "-" { "standard input" } else { name }).collect()
}

/// The answer, as far as the journal knows it.
pub(super) fn answer(run: &RunRecord, summary: &Summary) -> (Tone, String) {
    if let Some(running) = Running::of(run) {
        return (Tone::Idle, format!("Not answered yet: {running}"));
    }
    if !matches!(summary.state, "finished" | "planned") {
        return (Tone::Doubt, format!("Not answered: the run was {}", summary.state));
    }
    match run.new.kind {
        RunKind::Revoke if is_plan(run) => planned(summary),
        RunKind::Audit => standing(summary, (Tone::Bad, "Yes"), (Tone::Good, "No")),
        RunKind::Revoke | RunKind::Verify => severed(run, summary),
    }
}

/// The answer to what a plan would remove.
fn planned(summary: &Summary) -> (Tone, String) {
    match (summary.rules.planned, summary.pairs.unknown) {
        (0, 0) => (Tone::Good, "None: nothing is to be removed".to_owned()),
        (rules, 0) => (Tone::Fair, format!("{}; nothing was changed yet", count(rules, "rule"))),
        (rules, unknown) => {
            let (rules, unknown) = (count(rules, "rule"), count(unknown, "pair"));
            (Tone::Doubt, format!("{rules}, as far as it is known: {unknown} could not be judged"))
        }
    }
}

/// The answer to whether rules stand.
fn standing(
    summary: &Summary,
    some: (Tone, &'static str),
    none: (Tone, &'static str),
) -> (Tone, String) {
    let pairs = &summary.pairs;
    let (open, unknown) = (pairs.half_severed + pairs.open, pairs.unknown);
    if open > 0 {
        let (tone, word) = some;
        return (tone, format!("{word}: between {} of {}", open, count(pairs.total, "pair")));
    }
    if unknown > 0 {
        return unjudged(unknown, summary);
    }
    let (tone, word) = none;
    (tone, format!("{word}: none that the rows ask about{}", reach(summary)))
}

/// The answer to whether the pairs are severed.
fn severed(run: &RunRecord, summary: &Summary) -> (Tone, String) {
    let pairs = &summary.pairs;
    let open = pairs.half_severed + pairs.open;
    let total = count(pairs.total, "pair");
    let unread = if run.new.require_both { pairs.ours_severed } else { 0 };
    if open > 0 {
        (Tone::Bad, format!("No: rules stand between {open} of {total}"))
    } else if pairs.unknown > 0 {
        unjudged(pairs.unknown, summary)
    } else if summary.left_out > 0 {
        let rows = count(summary.left_out, "row");
        (Tone::Bad, format!("Not all: {rows} of the manifest were left out"))
    } else if unread > 0 {
        (Tone::Bad, format!("Not proven: {unread} of {total} have a side that could not be read"))
    } else if pairs.severed == pairs.total {
        (Tone::Good, format!("Yes: {total}, both sides read back"))
    } else {
        (Tone::Fair, format!("Yes, as far as it was asked for{}", reach(summary)))
    }
}

fn unjudged(unknown: u64, summary: &Summary) -> (Tone, String) {
    let total = count(summary.pairs.total, "pair");
    (Tone::Doubt, format!("Not known: {unknown} of {total} could not be judged"))
}

/// How far a good answer reaches, if not to every side of every pair.
fn reach(summary: &Summary) -> String {
    let pairs = &summary.pairs;
    let mut limits = Vec::new();
    if pairs.ours_severed > 0 {
        let n = count(pairs.ours_severed, "pair");
        limits.push(format!("the other side of {n} is not ours to read"));
    }
    if pairs.narrowed > 0 {
        let n = count(pairs.narrowed, "pair");
        limits.push(format!("other grants stand between {n}"));
    }
    if limits.is_empty() { String::new() } else { format!("; {}", limits.join(", and ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::SideReading;
    use crate::model::{Filter, Outcome};
    use crate::report::fake::{FakeJournal, ali, ssh_from};
    use crate::report::summarize;

    /// A revocation of two pairs, of which `change` makes what it likes.
    async fn answered(change: impl FnOnce(&mut FakeJournal)) -> (Tone, String) {
        let pair = |line: u32| {
            let end = |account, side| ali(account, &format!("sg-{side}{line}"));
            (end("111", "a"), end("222", "b"), Filter::default(), line)
        };
        let mut journal = FakeJournal::new(&[pair(2), pair(3)]);
        change(&mut journal);
        let summary = summarize(&journal, &journal.run, "report").await.expect("a summary");
        answer(&journal.run, &summary)
    }

    fn yes(text: &str) -> (Tone, String) {
        (Tone::Good, text.to_owned())
    }

    #[tokio::test]
    async fn only_pairs_that_are_read_back_on_both_sides_are_answered_with_yes() {
        assert_eq!(answered(|_| {}).await, yes("Yes: 2 pairs, both sides read back"));
        let partner = |journal: &mut FakeJournal| {
            journal.read(&ali("222", "sg-b2"), SideReading::NotOurs { naming: None });
        };
        let limited =
            "Yes, as far as it was asked for; the other side of 1 pair is not ours to read";
        assert_eq!(answered(partner).await, (Tone::Fair, limited.to_owned()));
        let required = |journal: &mut FakeJournal| {
            partner(journal);
            journal.run.new.require_both = true;
        };
        let unread = "Not proven: 1 of 2 pairs have a side that could not be read";
        assert_eq!(answered(required).await, (Tone::Bad, unread.to_owned()));
    }

    #[tokio::test]
    async fn what_stands_goes_before_what_nobody_knows() {
        let (a2, b2, a3, b3) =
            (ali("111", "sg-a2"), ali("222", "sg-b2"), ali("111", "sg-a3"), ali("222", "sg-b3"));
        let failed = SideReading::Failed { code: "Forbidden".into(), message: String::new() };
        let unread = |journal: &mut FakeJournal| journal.read(&b3, failed.clone());
        let told = "Not known: 1 of 2 pairs could not be judged";
        assert_eq!(answered(unread).await, (Tone::Doubt, told.to_owned()));
        let standing = |journal: &mut FakeJournal| {
            unread(journal);
            journal.found(&a2, &b2, [1, 0, 0]);
            journal.revoke(&a2, &b2, ssh_from(&b2, "sgr-1"), Outcome::Failed);
        };
        let told = "No: rules stand between 1 of 2 pairs";
        assert_eq!(answered(standing).await, (Tone::Bad, told.to_owned()));
        let audit = |journal: &mut FakeJournal| {
            journal.run.new.kind = RunKind::Audit;
            journal.found(&a3, &b3, [1, 0, 0]);
        };
        assert_eq!(answered(audit).await, (Tone::Bad, "Yes: between 1 of 2 pairs".to_owned()));
    }

    #[tokio::test]
    async fn what_was_cut_short_is_not_answered_and_what_had_nothing_to_do_is() {
        let stopped = answered(|journal| journal.run.state = RunState::Interrupted).await;
        let told = "Not answered: the run was interrupted";
        assert_eq!(stopped, (Tone::Doubt, told.to_owned()));
        let idle = answered(|journal| journal.run.started_ms = None).await;
        assert_eq!(idle, yes("Yes: 2 pairs, both sides read back"));
    }

    #[tokio::test]
    async fn a_plan_says_that_nothing_was_changed() {
        let (a, b) = (ali("111", "sg-a2"), ali("222", "sg-b2"));
        let plan = |journal: &mut FakeJournal| {
            journal.run.started_ms = None;
            journal.run.state = RunState::Planned;
            journal.found(&a, &b, [1, 0, 0]);
            journal.revoke(&a, &b, ssh_from(&b, "sgr-1"), Outcome::Pending);
        };
        let told = "1 rule; nothing was changed yet";
        assert_eq!(answered(plan).await, (Tone::Fair, told.to_owned()));
    }
}
