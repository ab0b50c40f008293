//! Reports of runs that are larger than a page.

use crate::model::{Filter, GroupRef, Outcome};
use crate::report::fake::{FakeJournal, ali, ssh_from};
use crate::report::{Format, Style, summarize, write_report};

/// Pairs, each with a revocation on either side: more than a page shows.
const PAIRS: u32 = 600;

/// Of every 50 pairs one is open, because both sides refused.
fn large(note: &str) -> FakeJournal {
    let ends = |n: u32| (ali("111", &format!("sg-a{n:05}")), ali("222", &format!("sg-b{n:05}")));
    let rows: Vec<_> =
        (0..PAIRS).map(|n| (ends(n).0, ends(n).1, Filter::default(), n + 2)).collect();
    let notes: Vec<_> = (0..PAIRS).map(|n| (n + 2, note)).collect();
    let mut journal = FakeJournal::with_notes(&rows, &notes);
    for n in 0..PAIRS {
        let (a, b) = ends(n);
        revoke(&mut journal, n, &a, &b);
        revoke(&mut journal, n, &b, &a);
    }
    journal
}

fn revoke(journal: &mut FakeJournal, n: u32, own: &GroupRef, peer: &GroupRef) {
    let rule = ssh_from(peer, &format!("sgr-{n}"));
    if n.is_multiple_of(50) {
        journal.found(own, peer, [1, 0, 0]);
        journal.revoke(own, peer, rule, Outcome::Failed).reason = Some("Forbidden.RAM".to_owned());
    } else {
        journal.revoke(own, peer, rule, Outcome::Removed);
    }
}

async fn page(journal: &FakeJournal) -> String {
    let summary = summarize(journal, &journal.run, "report").await.expect("a summary");
    let summary = summary.with_causes(journal, &journal.run).await.expect("causes");
    let mut out = Vec::new();
    write_report(journal, &journal.run, &summary, Format::Html, Style::default(), &mut out)
        .await
        .expect("a readable journal");
    String::from_utf8(out).expect("UTF-8")
}

#[tokio::test]
async fn a_large_run_is_counted_and_its_worst_revocations_come_first() {
    let journal = large("");
    let text = page(&journal).await;
    assert!(text.len() < 5_000_000, "{} bytes", text.len());
    let told = text.split_once("<tbody id=\"cause-1\">").expect("a cause").1;
    let told = told.split_once("</tbody>").expect("its end").0;
    for (label, cell) in [("reason", "refused: Forbidden.RAM"), ("pairs", "12"), ("rules", "24")] {
        assert!(told.contains(&format!("data-label=\"{label}\">{cell}</td>")), "{told}");
    }
    let links = text.matches("<a href=\"#cause-1\">cause 1</a>").count();
    assert_eq!(links, 24 + 24, "sides and rules refer to it");
    assert_eq!(text.matches("Forbidden.RAM").count(), 1, "it is told once");
    assert_eq!(text.matches("data-label=\"not settled\">12</td>").count(), 2, "by account");
    let of = |word: &str| text.matches(&format!("\">{word}</span>")).count();
    assert_eq!((of("failed"), of("removed")), (24, 1_000), "the worst first");
    let id = &journal.run.new.id;
    let rest =
        format!("…and 176 more, all of them by <code>unpair report {id} --format csv</code>");
    assert!(text.contains(&rest), "the rest is counted, and told where it is");
    assert_eq!((of("open"), of("severed")), (12, 588), "every pair");
    for line in [2, 3] {
        assert_eq!(text.matches(&format!("<tbody id=\"pair-{line}\">")).count(), 1, "an anchor");
    }
}

#[tokio::test]
async fn long_texts_do_not_make_a_page_long() {
    let mut journal = large(&"a note ".repeat(1_400));
    for (ix, record) in (0..).zip(&mut journal.revocations) {
        record.outcome = Outcome::Failed;
        record.reason = Some(format!("reason {ix} {}", "x".repeat(5_000)));
    }
    let text = page(&journal).await;
    assert!(text.len() < 5_000_000, "{} bytes", text.len());
    assert_eq!(text.matches("<tbody id=\"cause-").count(), 24, "of the sides that are open");
}

#[tokio::test]
async fn a_run_that_fits_a_page_is_listed_whole_and_not_counted() {
    let (a, b) = (ali("111", "sg-a"), ali("222", "sg-b"));
    let mut journal = FakeJournal::new(&[(a.clone(), b.clone(), Filter::default(), 2)]);
    journal.revoke(&a, &b, ssh_from(&b, "sgr-1"), Outcome::Removed);
    let text = page(&journal).await;
    assert!(text.contains(">sgr-1</code>"));
    assert!(!text.contains("id=\"causes\"") && !text.contains("…and"));
}
