//! Revocations that follow from rows, told while another process stores them.

use crate::journal::{Held, Journal, NewRun, OpenCounts, RunKind, open, take};
use crate::model::{CallForm, Digest, Filter, GroupIx, GroupRef, PlannedCall, Revocation};
use crate::planner::blind_rules;
use crate::report::fake::{aws, pair_set};
use crate::report::revocations::Revocations;

/// Stores what the row asks of the only group of a lane.
async fn store(journal: &dyn Journal, held: &Held, peer: (GroupIx, &GroupRef)) {
    let group = held.lane.first;
    let rule = blind_rules(&Filter::default(), peer.1).remove(0);
    let call = PlannedCall {
        group,
        direction: rule.direction,
        form: CallForm::Permissions,
        revocations: vec![Revocation { group, peer: peer.0, line: 2, rule }],
    };
    journal.record(held, &[], &[(group, vec![call])], 3_000).await.expect("stored");
}

#[tokio::test]
async fn what_is_stored_while_it_is_told_is_told_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("unpair.db").display());
    let journal = open(&url).await.expect("a journal");
    let (a, b) = (aws("1", "sg-a"), aws("2", "sg-b"));
    let pairs = pair_set(&[(a.clone(), b, Filter::default(), 2)], &[]);
    let id = "01936f00-0000-7000-8000-000000000001".into();
    let new = NewRun { blind: true, ..NewRun::new(id, RunKind::Revoke, 1_000) };
    journal.begin(&new, &pairs).await.expect("begun");
    let leases = take(&*journal, &new.id).await.expect("leases");
    let counts = OpenCounts { ingress: 1, egress: 0, groups: 1, rules: 1 };
    for held in &leases.lanes {
        let planned = journal.record_by_rows(held, counts, Digest([7; 32]), 2_000).await;
        planned.expect("planned");
    }
    let run = journal.run(new.id.as_str()).await.expect("a run");
    let mut told = Vec::new();
    let mut revocations = Revocations::new(&*journal, &run);
    while let Some(page) = revocations.next().await.expect("a page") {
        told.extend(page.iter().map(|record| (record.id.0, record.call)));
        if told.len() == 1 {
            store(&*journal, &leases.lanes[1], (GroupIx(0), &a)).await;
        }
    }
    assert_eq!(told, [(1, None), ((1 << 32) + 1, None)]);
}
