//! A journal of any size, as the program writes it: planned, and some of it carried out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Cursor;

use unpair::cloud::Batch;
use unpair::journal::{
    CallId, GroupReading, GroupWork, Held, Journal, Lane, Leases, NewRun, Reading, RunKind,
    RunRecord, RunState, RunUpdate, take,
};
use unpair::manifest::{ManifestInput, Rules, read};
use unpair::model::{
    CallForm, Direction, Event, GroupIx, GroupRef, Identity, Outcome, PairSet, Peer, PlannedCall,
    Policy, PortRange, RevocationId, Rule, RunId, Settled, Snapshot,
};
use unpair::planner::{CallShape, peer_groups, plan_group};
use unpair::run::{client_token, complete_plan, request_hash};

use super::Failure;

/// Accounts, every two of which are paired; the config of a measurement names them.
const ACCOUNTS: [&str; 10] = [
    "100000000001",
    "100000000002",
    "100000000003",
    "100000000004",
    "100000000005",
    "100000000006",
    "100000000007",
    "100000000008",
    "100000000009",
    "100000000010",
];
const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
/// Peers of each group, and its rules: one for each.
const PEERS: u64 = 50;
/// Groups that one transaction reads and plans; EC2 lists the rules of 200 at once.
const GROUPS: u32 = 200;
/// Calls that one commit brings on their way.
const CALLS: usize = 128;

/// What a journal is to hold.
pub(crate) struct Wanted {
    /// Revocations, rounded up to whole groups of each account and region; fewer where these have
    /// less than [`PEERS`] groups.
    pub(crate) revocations: u64,
    /// Of 100 calls, how many were sent and read back.
    pub(crate) carried_out: u64,
    /// The plan was made by `plan` and is carried out as it was approved.
    pub(crate) approved: bool,
}

/// Puts a run into an empty journal. It is left as by a process that was interrupted, or as ended
/// if every call was carried out.
pub(crate) async fn fill(journal: &dyn Journal, wanted: &Wanted) -> Result<RunRecord, Failure> {
    let now = now_ms()?;
    let run = new_run(!wanted.approved, now);
    let per_lane = wanted.revocations.div_ceil(PEERS * (ACCOUNTS.len() * REGIONS.len()) as u64);
    let pairs = pairs(per_lane)?;
    journal.begin(&run, &pairs).await?;
    let leases = take(journal, &run.id).await?;
    plan(journal, &leases, &pairs, now).await?;
    let stored = journal.run(run.id.as_str()).await?;
    let planned = RunUpdate {
        state: Some(RunState::Acting),
        digest: Some(Some(complete_plan(journal, &stored, &leases, now).await?.to_string())),
        estimate_s: Some(1),
        started_ms: Some(now),
        ..RunUpdate::default()
    };
    journal.update(&leases.lead, &planned, now).await?;
    carry_out(journal, &leases, wanted.carried_out, now).await?;
    let done = wanted.carried_out == 100;
    let ended = RunUpdate {
        state: Some(if done { RunState::Finished } else { RunState::Interrupted }),
        exit: Some(Some(if done { 3 } else { 4 })),
        ended_ms: Some(now),
        add_elapsed_ms: 1,
        ..RunUpdate::default()
    };
    journal.update(&leases.lead, &ended, now).await?;
    Ok(journal.run(run.id.as_str()).await?)
}

fn now_ms() -> Result<i64, Failure> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(i64::try_from(since.as_millis())?)
}

/// The head of a run of `revoke`, or of `plan`.
fn new_run(may_act: bool, created_ms: i64) -> NewRun {
    let id = RunId::new("00000000-0000-7000-8000-000000000001");
    NewRun { may_act, agreed: may_act, ..NewRun::new(id, RunKind::Revoke, created_ms) }
}

/// Pairs between every two accounts: each group with the [`PEERS`] groups from its own number on.
fn pairs(groups: u64) -> Result<PairSet, Failure> {
    let mut text = String::from("cloud,region,account_a,group_a,account_b,group_b,note\n");
    for (region, two) in
        REGIONS.iter().flat_map(|region| ACCOUNTS.chunks(2).map(move |two| (region, two)))
    {
        for own in 0..groups {
            for peer in (own..own + PEERS.min(groups)).map(|peer| peer % groups) {
                let [a, b] = [two[0], two[1]];
                let (own, peer) = (own << 1, peer << 1 | 1);
                // Writing to a String cannot fail.
                let _ =
                    writeln!(text, "aws,{region},{a},sg-{own:017x},{b},sg-{peer:017x},OPS-{own}");
            }
        }
    }
    let reader = Box::new(Cursor::new(text.into_bytes()));
    let input = ManifestInput { name: "pairs.csv".to_owned(), reader };
    let parsed = read(vec![input], &Rules::default());
    match parsed.errors.first() {
        Some(error) => Err(error.to_string().into()),
        None => Ok(parsed.pairs),
    }
}

/// Reads and plans every group, as an audit does.
async fn plan(
    journal: &dyn Journal,
    leases: &Leases,
    pairs: &PairSet,
    now: i64,
) -> Result<(), Failure> {
    let batch =
        Batch { revoke_ids: 100, revoke_permissions: 100, groups: 200, rules: 200, references: 0 };
    let shape = CallShape { form: CallForm::RuleId, batch: batch.revoke_ids };
    for held in &leases.lanes {
        let (first, end) = (held.lane.first.0, held.lane.first.0 + held.lane.groups);
        for from in (first..end).step_by(GROUPS as usize) {
            let limit = GROUPS.min(end - from);
            let works = journal.groups(held.run(), GroupIx(from), limit).await?;
            let (readings, plans): (Vec<_>, Vec<_>) =
                works.iter().map(|work| observed(work, pairs, shape, now)).unzip();
            journal.record(held, &readings, &plans, now).await?;
        }
    }
    Ok(())
}

/// One reading of a group, of which every peer has one rule, and its plan.
fn observed(
    work: &GroupWork,
    pairs: &PairSet,
    shape: CallShape,
    now: i64,
) -> (GroupReading, (GroupIx, Vec<PlannedCall>)) {
    let own = pairs.group(work.ix);
    let peers: BTreeMap<GroupIx, GroupRef> =
        work.peers.iter().map(|entry| (entry.peer, pairs.group(entry.peer))).collect();
    let rules: Vec<Rule> = peers.iter().map(|(ix, peer)| rule(&own, work.ix, peer, *ix)).collect();
    let groups = peer_groups(&work.peers, &pairs.filters, |ix| peers.get(&ix));
    let planned = plan_group(work.ix, &groups, &rules, shape);
    let snapshot = Snapshot {
        name: "web".to_owned(),
        vpc: "vpc-0123456789abcdef0".to_owned(),
        owner: own.account,
        service_managed: false,
        rules,
    };
    let reading = GroupReading {
        group: work.ix,
        at_ms: now,
        request_ids: vec!["8a1c0d2e-5f36-4c1b-9d1b-0f4f6d3c2a10".into()],
        reading: Reading::Seen(snapshot),
        findings: planned.findings,
        elsewhere: planned.elsewhere,
    };
    (reading, (work.ix, planned.calls))
}

/// A rule of EC2 with the fields that `DescribeSecurityGroupRules` gives.
fn rule(own: &GroupRef, own_ix: GroupIx, peer: &GroupRef, peer_ix: GroupIx) -> Rule {
    let id = format!("sgr-{:08x}{:09x}", own_ix.0, peer_ix.0);
    let fields = [
        ("cidrIpv4", ""),
        ("fromPort", "443"),
        ("groupId", own.group.as_str()),
        ("groupOwnerId", own.account.as_str()),
        ("ipProtocol", "tcp"),
        ("isEgress", "false"),
        ("referencedGroupInfo.groupId", peer.group.as_str()),
        ("referencedGroupInfo.userId", peer.account.as_str()),
        ("securityGroupRuleId", id.as_str()),
        ("toPort", "443"),
    ];
    Rule {
        id: id.as_str().into(),
        direction: Direction::Ingress,
        protocol: "tcp".parse().expect("a protocol"),
        ports: Some(PortRange { from: 443, to: 443 }),
        source_ports: None,
        peer: Peer::Group { id: peer.group.clone(), owner: Some(peer.account.clone()) },
        policy: Some(Policy::Accept),
        priority: None,
        nic_type: None,
        description: "the partner's collectors".to_owned(),
        fields: fields.into_iter().collect(),
    }
}

/// Sends and reads back the first `share` of 100 calls of each lane: most are removed, some are
/// refused, some still stand.
async fn carry_out(
    journal: &dyn Journal,
    leases: &Leases,
    share: u64,
    now: i64,
) -> Result<(), Failure> {
    for held in &leases.lanes {
        let counts = journal.open_counts(held.run(), &held.lane).await?;
        let mut left = usize::try_from((counts.ingress + counts.egress) * share / 100)?;
        let mut from = CallId(0);
        while left > 0 {
            let limit = u32::try_from(CALLS.min(left))?;
            let page = journal.open_page(held, from, limit).await?;
            let Some(last) = page.last() else { break };
            from = CallId(last.id.0 + 1);
            left -= page.len();
            let lives = page.iter().map(|call| {
                let members = call.members.iter().map(|(id, _)| *id).collect();
                live(journal, held, call.id, members, now)
            });
            futures_util::future::try_join_all(lives).await?;
            let clean = page.iter().filter(|call| fate(call.id) == Fate::Removed);
            let clean: Vec<_> =
                clean.map(|call| clean_reading(&held.lane, call.group, now)).collect();
            journal.record(held, &clean, &[], now).await?;
        }
    }
    Ok(())
}

/// What becomes of the rules of a call.
#[derive(PartialEq, Eq)]
enum Fate {
    Removed,
    Refused,
    StillPresent,
}

const fn fate(call: CallId) -> Fate {
    match call.0 % 50 {
        0 => Fate::Refused,
        1 => Fate::StillPresent,
        _ => Fate::Removed,
    }
}

/// The reading of a group of which nothing is left.
fn clean_reading(lane: &Lane, group: GroupIx, now: i64) -> GroupReading {
    let snapshot = Snapshot {
        name: "web".to_owned(),
        vpc: "vpc-0123456789abcdef0".to_owned(),
        owner: lane.key.account.clone(),
        service_managed: false,
        rules: Vec::new(),
    };
    GroupReading {
        group,
        at_ms: now,
        request_ids: vec!["8a1c0d2e-5f36-4c1b-9d1b-0f4f6d3c2a10".into()],
        reading: Reading::Seen(snapshot),
        findings: Vec::new(),
        elsewhere: 0,
    }
}

/// The life of one call.
async fn live(
    journal: &dyn Journal,
    held: &Held,
    call: CallId,
    members: Vec<RevocationId>,
    now: i64,
) -> Result<(), Failure> {
    let request = request_hash(&[("Call".to_owned(), call.0.to_string())]);
    let started = Event::Started {
        token: Some(client_token(held.run(), call, 1, &request)),
        request,
        identity: Identity {
            account: ACCOUNTS[0].into(),
            arn: format!("arn:aws:iam::{}:role/unpair", ACCOUNTS[0]),
        },
    };
    let claim = journal.claim(held, call, &started, now).await?;
    let request_id = Some("0f4f6d3c-8a1c-4c1b-9d1b-2a100d2e5f36".into());
    if fate(call) == Fate::Refused {
        let refused = Event::Refused {
            code: "UnauthorizedOperation".to_owned(),
            message: "you are not authorized to perform this operation".to_owned(),
            request_id,
            http: 403,
        };
        journal.conclude(held, claim, &refused, now).await?;
        return Ok(());
    }
    journal.conclude(held, claim, &Event::Accepted { request_id, http: 200 }, now).await?;
    let stands = fate(call) == Fate::StillPresent;
    let outcome = if stands { Outcome::StillPresent } else { Outcome::Removed };
    let settled = members
        .into_iter()
        .map(|id| Settled { id, outcome, reply_lost: false, reason: None })
        .collect();
    journal.append(held, call, &Event::Verified { settled, retry: Vec::new() }, now).await?;
    Ok(())
}
