//! The functions that a large run spends its time in, one by one, by criterion.
//!
//! `cargo bench --bench functions`; as a test each runs once, and fails if it does not do its work.

mod pages;

use std::hint::black_box;
use std::io::Cursor;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput};
use unpair::cloud::{alibaba, aws};
use unpair::journal::bench::chain_row;
use unpair::manifest::{ManifestInput, Rules, read};
use unpair::model::{CallForm, Filter, GroupId, GroupIx, GroupRef, RegionId};
use unpair::pace::learn::{Bounds, Learner, NextCall};
use unpair::planner::{CallShape, PeerGroup, plan_group};

const ROWS: u32 = 10_000;
const RULES: u32 = 1_000;
const PEERS: u32 = 100;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    manifests(&mut criterion);
    planning(&mut criterion);
    listings(&mut criterion);
    signatures(&mut criterion);
    history(&mut criterion);
    pace(&mut criterion);
    criterion.final_summary();
}

/// Rows that are read at a glance, and rows with quotes, which are read with care.
fn manifests(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("manifest");
    group.throughput(Throughput::Elements(ROWS.into()));
    for (name, quote) in [("plain rows", ""), ("quoted rows", "\"")] {
        let text = pages::manifest(ROWS, quote);
        group.bench_function(name, |bench| {
            let input = || ManifestInput {
                name: "m.csv".to_owned(),
                reader: Box::new(Cursor::new(text.clone())),
            };
            let check = |input| {
                let parsed = read(vec![input], &Rules::default());
                assert_eq!(parsed.pairs.rows.len(), ROWS as usize, "{:?}", parsed.errors.first());
            };
            bench.iter_batched(input, check, BatchSize::LargeInput);
        });
    }
    group.finish();
}

fn planning(criterion: &mut Criterion) {
    let peers: Vec<GroupRef> = (0..PEERS).map(pages::peer).collect();
    let filter = Filter::default();
    let wants: Vec<PeerGroup<'_>> = (1..)
        .zip(&peers)
        .map(|(ix, group)| PeerGroup { ix: GroupIx(ix), group, wants: vec![(&filter, ix)] })
        .collect();
    let rules: Vec<_> = (0..RULES).map(|n| pages::rule(n, &peers[(n % PEERS) as usize])).collect();
    let shape = CallShape { form: CallForm::RuleId, batch: 20 };
    let mut group = criterion.benchmark_group("planner");
    group.throughput(Throughput::Elements(RULES.into()));
    group.bench_function("a group of 1,000 rules and 100 peers", |bench| {
        bench.iter(|| {
            let plan = plan_group(GroupIx(0), &wants, black_box(&rules), shape);
            assert_eq!(plan.calls.len(), (RULES / 20) as usize);
        });
    });
    group.finish();
}

/// A full page of rules of each cloud.
fn listings(criterion: &mut Criterion) {
    let (group, region) = (GroupId::new("sg-0"), RegionId::new("cn-beijing"));
    let (xml, json) = (pages::ec2_rules(RULES), pages::ecs_rules(RULES));
    let asked = [group.clone()];
    let mut listings = criterion.benchmark_group("listing");
    listings.throughput(Throughput::Elements(RULES.into()));
    listings.bench_function("EC2, 1,000 rules of XML", |bench| {
        bench.iter(|| assert_eq!(aws::bench::rules(black_box(&xml), &asked), Some(RULES as usize)));
    });
    listings.bench_function("ECS, 1,000 rules of JSON", |bench| {
        let read = || alibaba::bench::rules(black_box(&json), &region, &group);
        bench.iter(|| assert_eq!(read(), Some(RULES as usize)));
    });
    listings.finish();
}

fn signatures(criterion: &mut Criterion) {
    let (query, headers) = pages::ecs_request();
    let body = pages::ec2_request();
    let region = RegionId::new("us-east-1");
    let mut group = criterion.benchmark_group("signature");
    group.bench_function("ACS3-HMAC-SHA256", |bench| {
        bench.iter(|| alibaba::bench::signed("key", "secret", black_box(&query), &headers));
    });
    group.bench_function("Signature Version 4", |bench| {
        let sign = || aws::bench::signed("key", "secret", &region, black_box(body.as_bytes()));
        bench.iter(|| assert!(sign().is_some()));
    });
    group.finish();
}

fn history(criterion: &mut Criterion) {
    let body = r#"{"event":"accepted","request_id":"ffe9521f-6944-18f3-cb13-ce8af587dc20"}"#;
    let before = unpair::model::Digest([0; 32]);
    criterion.bench_function("journal/a row of the hash chain", |bench| {
        bench.iter(|| chain_row(black_box(&before), 7, body));
    });
}

/// A call that the learner lets go and hears of.
fn pace(criterion: &mut Criterion) {
    criterion.bench_function("pace/a call of the learner", |bench| {
        let mut learner = Learner::new(Bounds::UNKNOWN, false);
        let mut now = 0.0;
        bench.iter(|| {
            if let NextCall::At(at) = learner.next(now, 0.5) {
                now = at;
            }
            learner.sent(now);
            now += 0.08;
            learner.accepted(now, now - 0.08);
        });
    });
}
