//! The question that a run answers, and its answer in a sentence.

use super::tone::Tone;
use crate::journal::{RunKind, RunRecord};
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
        RunKind::Revoke if run.started_ms.is_none() => {
            format!("Which rules would be removed to sever the pairs of {pairs}?")
        }
        RunKind::Revoke => format!("Are the pairs of {pairs} severed?"),
        RunKind::Audit => format!("Do rules stand between the pairs of {pairs}?"),
        RunKind::Verify => match &run.new.parent {
            Some(parent) => format!("Is what run {parent} removed still gone?"),
            None => format!("Are the pairs of {pairs} still severed?"),
        },
        RunKind::Restore => "Are the removed rules in place again?".to_owned(),
        RunKind::Discover => "Which rules name the partner?".to_owned(),
    }
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
        return (Tone::Doubt, format!("Not answered yet: the run is {}", summary.state));
    }
    match run.new.kind {
        RunKind::Revoke if run.started_ms.is_none() => planned(summary),
        RunKind::Audit => standing(summary, (Tone::Bad, "Yes"), (Tone::Good, "No")),
        RunKind::Revoke | RunKind::Verify => severed(run, summary),
        RunKind::Restore | RunKind::Discover => (Tone::Fair, summary.verdict()),
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
