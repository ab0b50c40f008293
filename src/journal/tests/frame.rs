//! What a run begins with, with a group that has more peers than a row takes.

use std::collections::BTreeMap;

use super::fixture::{Place, group, new_run, run_id};
use crate::journal::{PeerEntry, check};
use crate::model::{Filter, GroupIx, PairSet};

/// Peers of the hub: three rows of them, the last one not full.
const PEERS: u32 = 250;

/// A hub with many peers, then groups with a few each.
fn hub() -> PairSet {
    let small = |n: u32| group("1", &format!("sg-{n:05}"));
    let peer = |n: u32| group("2", &format!("sg-{n:05}"));
    let hub = (1..=PEERS).map(|n| (small(7), peer(n), Filter::default(), n));
    let few = (1..=90).map(|n| (small(n % 20), peer(n), Filter::default(), PEERS + n));
    PairSet::build(Vec::new(), &hub.chain(few).collect::<Vec<_>>(), BTreeMap::new())
        .expect("few filters")
}

async fn begun() -> (Place, PairSet) {
    let (place, pairs) = (Place::new(), hub());
    let journal = place.open().await;
    journal.begin(&new_run(&run_id()), &pairs).await.expect("begun");
    journal.close().await.expect("closed");
    (place, pairs)
}

#[tokio::test]
async fn groups_have_all_their_peers_wherever_a_page_begins_and_ends() {
    let (place, pairs) = begun().await;
    let mut peers: BTreeMap<GroupIx, Vec<PeerEntry>> = BTreeMap::new();
    for row in pairs.both_ends().flatten() {
        let entry = PeerEntry { peer: row.b, filter: row.filter, line: row.line };
        peers.entry(row.a).or_default().push(entry);
    }
    let journal = place.read().await;
    let end = u32::try_from(peers.len()).expect("few");
    for from in 0..=end {
        for limit in [1, 2, 9, end] {
            let page = journal.groups(&run_id(), GroupIx(from), limit).await.expect("groups");
            let told: Vec<_> = page.into_iter().map(|work| (work.ix, work.peers)).collect();
            let expected = peers.range(GroupIx(from)..).take(limit as usize);
            let expected: Vec<_> = expected.map(|(ix, peers)| (*ix, peers.clone())).collect();
            assert_eq!(told, expected, "from {from}, {limit}");
        }
    }
}

#[tokio::test]
async fn every_edited_dropped_added_or_swapped_row_of_peers_is_found() {
    let (place, _) = begun().await;
    let rows = place.number("SELECT count(*) FROM chunk");
    assert!(rows > 6, "{rows} rows");
    let nth = |n: i64| format!("(SELECT grp, ix FROM chunk ORDER BY grp, ix LIMIT 1 OFFSET {n})");
    for n in 0..rows {
        let next = nth((n + 1) % rows);
        let of = |n: &str| format!("(SELECT entries FROM chunk WHERE (grp, ix) = {n})");
        for edit in [
            format!(
                "UPDATE chunk SET entries = CAST(entries || x'00' AS BLOB) WHERE (grp, ix) = {}",
                nth(n)
            ),
            format!("UPDATE chunk SET ix = ix + 9 WHERE (grp, ix) = {}", nth(n)),
            format!("DELETE FROM chunk WHERE (grp, ix) = {}", nth(n)),
            format!(
                "INSERT INTO chunk SELECT run_no, grp, ix + 9, entries FROM chunk
                 WHERE (grp, ix) = {}",
                nth(n)
            ),
            format!(
                "CREATE TEMP TABLE held AS SELECT {} AS entries;
                 UPDATE chunk SET entries = {} WHERE (grp, ix) = {};
                 UPDATE chunk SET entries = (SELECT entries FROM held) WHERE (grp, ix) = {next};",
                of(&nth(n)),
                of(&next),
                nth(n)
            ),
        ] {
            let copy = place.copy();
            copy.edit(&edit);
            let journal = copy.read().await;
            let report = check(&*journal, &run_id()).await.expect("checked");
            assert_ne!(report.bad, [""; 0], "{edit}");
            journal.close().await.expect("closed");
        }
    }
    let journal = place.read().await;
    let report = check(&*journal, &run_id()).await.expect("checked");
    assert_eq!(report.bad, [""; 0]);
}
