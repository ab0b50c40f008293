//! The cover: the question, the answer, who asked, when and with what, and the counts.

use std::fmt::Write as _;

use super::bar::bar;
use super::invocations::{identities, manifests, who};
use super::markup::{code, html};
use super::rules;
use super::tone::{Tone, word};
use super::verdict::{answer, is_plan, question};
use crate::journal::{RunKind, RunRecord};
use crate::report::table::next_step;
use crate::report::text::{duration, rfc3339};
use crate::report::{Summary, pairs};

/// Writes the cover; `head` is the hash of the last row of the run's history.
pub(super) fn cover(run: &RunRecord, summary: &Summary, head: Option<&str>) -> String {
    let (tone, answer) = answer(run, summary);
    // Writing to a String cannot fail.
    let mut cover = format!(
        "<header>\n<p class=\"question\">{}</p>\n<h1 class=\"{}\">{}</h1>\n\
         <p class=\"verdict\">{}</p>\n",
        html(&question(run)),
        tone.ink(),
        html(&answer),
        html(&summary.verdict())
    );
    if let Some(next) = next_step(run, summary) {
        let _ = writeln!(cover, "<p class=\"next\">{}</p>", code(&next));
    }
    cover.push_str(&bars(summary));
    cover.push_str("<dl>\n");
    for (term, told) in facts(run, summary, head) {
        let _ = writeln!(cover, "<dt>{term}</dt><dd>{told}</dd>");
    }
    cover + "</dl>\n</header>\n"
}

/// The pairs and the rules by outcome, good news first.
fn bars(summary: &Summary) -> String {
    let pairs = pairs::WORST_FIRST.iter().rev().map(|outcome| {
        (word(outcome.as_str()), summary.pairs.of(*outcome), Tone::of_pair(*outcome))
    });
    let rules = rules::WORST_FIRST.iter().rev().map(|outcome| {
        (word(outcome.as_str()), summary.rules.of(*outcome), Tone::of_rule(*outcome))
    });
    let pairs = bar("pair", summary.pairs.total, &pairs.collect::<Vec<_>>());
    pairs + &bar("rule", summary.rules.planned, &rules.collect::<Vec<_>>())
}

/// What is known of the run, each with its name; the second is HTML.
fn facts(run: &RunRecord, summary: &Summary, head: Option<&str>) -> Vec<(&'static str, String)> {
    let told = &summary.provenance;
    let mut facts = vec![("run", code(run.new.id.as_str())), ("state", html(&state(run, summary)))];
    if let Some(last) = told.invocations.last() {
        facts.push(("asked by", html(&who(last))));
        facts.push(("command", code(&last.by.command)));
    }
    facts.extend([
        ("acted as", identities(&told.identities)),
        ("manifests", manifests(&told.manifests)),
        ("began", html(&told.created)),
        ("first change allowed", html(told.started.as_deref().unwrap_or_default())),
        ("ended", html(told.ended.as_deref().unwrap_or_default())),
        ("took", html(&took(run, summary))),
        ("oldest reading", summary.oldest_reading_ms.map(rfc3339).unwrap_or_default()),
        ("digest of the plan", run.digest.as_deref().map(code).unwrap_or_default()),
        ("digest of the pairs", code(&run.content)),
        ("journal head", head.map(code).unwrap_or_default()),
    ]);
    facts.retain(|(_, told)| !told.is_empty());
    facts
}

fn state(run: &RunRecord, summary: &Summary) -> String {
    let kind = match run.new.kind {
        RunKind::Revoke if is_plan(run) => "plan",
        RunKind::Revoke => "revocation",
        RunKind::Audit => "audit",
        RunKind::Verify => "verification",
    };
    match run.exit {
        Some(exit) => format!("{kind}, {}, exit code {exit}", summary.state),
        None => format!("{kind}, {}", summary.state),
    }
}

fn took(run: &RunRecord, summary: &Summary) -> String {
    let took = duration(summary.elapsed_s);
    match run.estimate_s.filter(|_| run.started_ms.is_some()) {
        Some(estimate) => format!("{took}, estimated {}", duration(estimate)),
        None => took,
    }
}
