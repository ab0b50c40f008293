//! Whoever edits a journal is told on.

use super::fixture::{
    Place, accepted, append, claim, deferred, open_calls, planned, run_id, seen, send, since,
    verified, with_call,
};
use crate::journal::{CheckReport, OpenCounts, RunState, RunUpdate, Since, Tally, check};
use crate::model::{Digest, GroupIx, LaneKey, Provider};

/// A closed journal with rows of every kind, and what its check says.
pub(super) async fn lived() -> (Place, CheckReport) {
    let place = Place::new();
    let journal = place.open().await;
    with_call(&journal, &["sgr-1", "sgr-2", "sgr-3"]).await;
    let Since { by, began_ms } = since();
    journal.invoke(&by, began_ms, 1_200).await.expect("invoked");
    let readings = [seen(1, 1_500, &["sgr-8"]), seen(2, 1_500, &["sgr-9"])];
    journal.record_readings(&readings).await.expect("recorded");
    journal.plan_group(GroupIx(1), &[planned(1, &["sgr-8"])], 1_600).await.expect("ok");
    let lanes = &journal.leases().await.lanes;
    journal.complete_plan(&lanes[0], Digest([1; 32]), 1_700).await.expect("complete");
    send(&journal, 1, "token-1", 2_000, &deferred(3_000)).await;
    send(&journal, 1, "token-1", 3_000, &accepted("req-1")).await;
    append(&journal, 1, &verified(&[1], &[&[2], &[3]])).await;
    let _in_flight = claim(&journal, 2, "token-2", 4_000).await;
    journal.tally(&[tally("RevokeSecurityGroupIngress", 3, 4_050)]).await.expect("ok");
    journal.tally(&[tally("RevokeSecurityGroupIngress", 2, 4_060)]).await.expect("ok");
    journal.tally(&[tally("DescribeSecurityGroups", 7, 4_070)]).await.expect("ok");
    let update = RunUpdate { state: Some(RunState::Acting), ..RunUpdate::default() };
    journal.update(&update, 4_100).await.expect("updated");
    assert_eq!(open_calls(&journal).await, [1, 2, 3]);
    let counts = OpenCounts { ingress: 1, egress: 0, groups: 1, rules: 1 };
    journal.record_by_rows(&lanes[1], counts, Digest([2; 32]), 4_200).await.expect("planned");
    let report = journal.check().await;
    journal.close().await.expect("closed");
    (place, report)
}

fn tally(action: &str, count: u64, last_ms: i64) -> Tally {
    let lane = LaneKey { cloud: Provider::Aws, account: "1".into(), region: "us-east-1".into() };
    let code = String::new();
    Tally { lane, action: action.to_owned(), code, count, retried: 1, throttled: 1, last_ms }
}

async fn checked(place: &Place) -> CheckReport {
    let journal = place.read().await;
    check(&*journal, &run_id()).await.expect("checked")
}

/// The history's triggers, out of the way: who edits a file need not keep its rules.
pub(super) const UNGUARDED: &str = "DROP TRIGGER IF EXISTS event_is_not_changed;
    DROP TRIGGER IF EXISTS event_goes_with_its_run;";

#[tokio::test]
async fn an_untouched_journal_holds() {
    let (place, report) = lived().await;
    assert_eq!((report.rows, &report.bad), (18, &vec![]));
    assert_eq!(checked(&place).await, report);
}

#[tokio::test]
async fn history_is_append_only_to_whoever_keeps_the_rules() {
    let (place, _) = lived().await;
    let conn = place.raw();
    for statement in ["UPDATE event SET at_ms = 1 WHERE seq = 3", "DELETE FROM event"] {
        let refused = conn.execute(statement, []);
        assert!(refused.expect_err(statement).to_string().contains("append-only"));
    }
}

/// The rows of the histories, by lane and number.
fn rows(place: &Place) -> Vec<(i64, u64)> {
    let texts = place.texts("SELECT lane || ' ' || seq FROM event ORDER BY lane, seq");
    let row = |text: &String| {
        let (lane, seq) = text.split_once(' ').expect("two numbers");
        (lane.parse().expect("a lane"), seq.parse().expect("a number"))
    };
    texts.iter().map(row).collect()
}

#[tokio::test]
async fn every_edit_of_every_row_of_history_is_found() {
    let (place, report) = lived().await;
    place.edit(UNGUARDED);
    place.edit("CREATE TABLE saved AS SELECT * FROM event");
    let restore = "DELETE FROM event; INSERT INTO event SELECT * FROM saved;";
    for (lane, seq) in rows(&place) {
        let it = format!("WHERE lane = {lane} AND seq = {seq}");
        for edit in [
            format!("UPDATE event SET at_ms = at_ms + 1 {it}"),
            format!("UPDATE event SET epoch = epoch + 1 {it}"),
            format!("UPDATE event SET kind = 'read' || kind {it}"),
            format!("UPDATE event SET call = coalesce(call, 0) + 1 {it}"),
            format!("UPDATE event SET body = body || ' ' {it}"),
            format!("UPDATE event SET hash = zeroblob(32) {it}"),
            format!("UPDATE event SET hash = x'00' {it}"),
        ] {
            place.edit(&edit);
            assert_ne!(checked(&place).await.bad, [""; 0], "{edit}");
            place.edit(restore);
        }
    }
    assert_eq!(checked(&place).await, report);
}

#[tokio::test]
async fn every_row_that_is_dropped_added_or_swapped_is_found() {
    let (place, _) = lived().await;
    place.edit(UNGUARDED);
    place.edit("CREATE TABLE saved AS SELECT * FROM event");
    let restore = "DELETE FROM event; INSERT INTO event SELECT * FROM saved;";
    let all = rows(&place);
    // The last row of a lane that nothing sealed since, and that of the run, may be cut off unseen.
    for pair in all.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let (lane, seq) = pair[0];
        let next = seq + 1;
        let at = |seq: u64| format!("WHERE lane = {lane} AND seq = {seq}");
        let later = format!("WHERE lane = {lane} AND seq > {seq}");
        let back = format!("UPDATE event SET seq = -seq WHERE lane = {lane} AND seq < 0");
        for edit in [
            format!("DELETE FROM event {}", at(seq)),
            format!(
                "DELETE FROM event {}; UPDATE event SET seq = -seq + 1 {later}; {back}",
                at(seq)
            ),
            format!(
                "UPDATE event SET seq = -seq - 1 {later}; {back};
                 INSERT INTO event SELECT run_no, lane, {next}, at_ms, epoch, kind, call, body, hash
                 FROM event {}",
                at(seq)
            ),
            format!(
                "UPDATE event SET seq = 0 {}; UPDATE event SET seq = {seq} {};
                 UPDATE event SET seq = {next} {}",
                at(seq),
                at(next),
                at(0)
            ),
        ] {
            place.edit(&edit);
            assert_ne!(checked(&place).await.bad, [""; 0], "{edit}");
            place.edit(restore);
        }
    }
}

#[tokio::test]
async fn a_history_of_a_lane_that_is_not_there_is_found() {
    for lane in [-2, 2, 7_777] {
        let (place, _) = lived().await;
        place.edit(&format!(
            "INSERT INTO event SELECT run_no, {lane}, seq, at_ms, epoch, kind, call, body, hash
             FROM event WHERE lane = 0 AND seq = 1"
        ));
        let bad = checked(&place).await.bad;
        assert_eq!(bad, [format!("history of lane {lane}: there is no such lane")]);
    }
}

#[tokio::test]
async fn a_cut_tail_shows_against_a_remembered_head() {
    let (place, report) = lived().await;
    place.edit(UNGUARDED);
    place.edit("DELETE FROM event WHERE lane = -1 AND seq = 3");
    let cut = checked(&place).await;
    assert_eq!(cut.rows, report.rows - 1);
    assert_ne!(cut.head, report.head);
}

#[tokio::test]
async fn what_does_not_follow_from_the_history_is_found() {
    for edit in [
        "UPDATE run SET state = 'finished'",
        "UPDATE run SET content = 'other'",
        "UPDATE call SET status = 'settled' WHERE id = 1",
        "UPDATE call SET status = 'pending', attempt = 0 WHERE id = 2",
        "UPDATE call SET generation = 5 WHERE id = 1",
        "UPDATE call SET status = 'nonsense' WHERE id = 3",
        "DELETE FROM call WHERE id = 3",
        "UPDATE member SET outcome = 'removed' WHERE id = 2",
        "UPDATE member SET call = 3 WHERE id = 2",
        "DELETE FROM member WHERE id = 4",
        "UPDATE revocation SET peer = 1 WHERE id = 2",
        "UPDATE revocation SET rule = replace(rule, 'sgr-8', 'sgr-9') WHERE id = 4",
        "UPDATE revocation SET rule = '{' WHERE id = 4",
        "DELETE FROM revocation WHERE id = 1",
        "UPDATE snapshot SET body = replace(body, 'vpc-1', 'vpc-2')",
        "DELETE FROM snapshot",
        "UPDATE grp SET reading = 'missing' WHERE ix = 1",
        "UPDATE grp SET id = 'sg-other' WHERE ix = 3",
        "UPDATE finding SET entries = zeroblob(16)",
        "UPDATE finding SET entries = zeroblob(3)",
        "DELETE FROM finding",
        "UPDATE chunk SET entries = zeroblob(10)",
        "DELETE FROM chunk",
        "UPDATE filter SET body = replace(body, 'ingress', 'egress')",
        "UPDATE lane SET account = '3' WHERE ix = 1",
    ] {
        let (place, _) = lived().await;
        place.edit(edit);
        assert_ne!(checked(&place).await.bad, [""; 0], "{edit}");
    }
}
