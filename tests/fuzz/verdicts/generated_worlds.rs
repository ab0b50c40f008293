//! Worlds by the thousand: each is read by the program, and what it says of it is judged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio_util::sync::CancellationToken;
use unpair::cloud::{
    AccountSettings, AccountSource, Accounts, Deadlines, Http, Settings, StaticKey,
};
use unpair::exchange::{Exchange, NoProgress, now_ms};
use unpair::journal::{Journal, RunRecord, open, stored_revocations, take};
use unpair::model::{PairOutcome, PerCloud};
use unpair::pace::{Limit, LimitSettings, Pacer, RetryPolicy, Used};
use unpair::report::for_each_pair;
use unpair::run::{Basis, Driver, Freshness};
use unpair_testing::fixture::new_run;
use unpair_testing::{is_long, seed};

use super::judge::{Said, falsehoods};
use super::server::{Served, Server};
use super::truth::{Spelling, World, accounts, asks, login_name};

/// Worlds that are tried, in a usual run and in a long one, and how many of them together: a usual
/// run ends with those in which something was found.
const USUAL: u64 = 600;
const LONG: u64 = 60_000;
const TOGETHER: u64 = 100;
/// Worlds that are read at a time: a program that looks twice waits between.
const AT_ONCE: usize = 100;
/// Worlds in which something was found that are shown.
const SHOWN: usize = 20;
/// How far the clock of the program goes on whenever everybody waits, and how long that takes in
/// truth: what is tried here is what is said in the end, not how patiently.
const TICK: (Duration, Duration) = (Duration::from_millis(20), Duration::from_micros(50));
/// The deadlines of calls, by that clock: none of them is to pass while the server works.
const NEVER: Duration = Duration::from_secs(1_000_000);

/// Where worlds are read.
struct Reading {
    server: Server,
    http: Http,
    journal: Box<dyn Journal>,
    _folder: tempfile::TempDir,
}

impl Reading {
    async fn start() -> Self {
        let shm = std::path::Path::new("/dev/shm");
        let folder = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() }
            .expect("one");
        let url = format!("sqlite:{}", folder.path().join("unpair.db").display());
        let journal = open(&url).await.expect("a journal");
        let deadlines = Deadlines { connect: NEVER, idle: NEVER, whole: NEVER };
        let http = Http::with_deadlines(deadlines).expect("a client");
        Self { server: Server::start(), http, journal, _folder: folder }
    }

    /// Reads the world of `seed` as the program does, and has it judged.
    async fn read(&self, n: u64, seed: u64) -> Read {
        let world = World::drawn(seed);
        let exchange = self.exchange(n, &world);
        let mut new = new_run(false, now_ms());
        new.id = format!("01936f00-0000-7000-8000-{n:012}").as_str().into();
        new.accept_gone = world.accept_gone;
        self.journal.begin(&new, &world.pairs()).await.expect("the journal holds");
        let run = self.journal.run(new.id.as_str()).await.expect("the journal holds");
        self.server.serve(n, world);
        let fresh = Freshness::new(None, exchange.clock.now());
        let leases = take(&*self.journal, &new.id).await.expect("the journal holds");
        let (journal, leases) = (&*self.journal, &leases);
        let driver = Driver { journal, leases, exchange: &exchange, fresh };
        let prepared = driver.prepare(run, Basis::Rows).await.expect("the journal holds");
        let said = self.said(&prepared.run).await;
        let served = self.server.end(n);
        Read { seed, wrong: falsehoods(&served, &said), said, served }
    }

    async fn said(&self, run: &RunRecord) -> Said {
        let mut pairs = Vec::new();
        let journal = &*self.journal;
        for_each_pair(journal, run, &mut |pair| pairs.push(pair.clone())).await.expect("pairs");
        let planned = stored_revocations(journal, &run.new.id).await.expect("a plan");
        Said { pairs, planned }
    }

    /// The way to the accounts of a world, without patience: what waits is not what is tried here.
    fn exchange(&self, n: u64, world: &World) -> Exchange {
        let [ours, theirs, wrong, _] = accounts(world.cloud).ids;
        let key = |account| {
            AccountSource::Static(StaticKey {
                id: Server::key(n, account),
                secret: "a secret".to_owned().into(),
                token: None,
            })
        };
        let theirs_source = if world.has_partner { AccountSource::None } else { key(theirs) };
        let account = |id: Option<&str>, name: Option<&str>, source| AccountSettings {
            cloud: world.cloud,
            id: id.map(Into::into),
            name: name.map(str::to_owned),
            source,
        };
        let mut settings = Settings {
            accounts: vec![
                account(Some(ours), None, key(ours)),
                account(Some(theirs), None, theirs_source),
                account(Some(wrong), None, AccountSource::None),
                account(None, Some(login_name(theirs)), AccountSource::None),
            ],
            session: "law".to_owned(),
            ..Settings::default()
        };
        let endpoints = [
            &mut settings.alibaba.ecs_endpoint,
            &mut settings.alibaba.sts_endpoint,
            &mut settings.aws.ec2_endpoint,
            &mut settings.aws.sts_endpoint,
        ];
        for endpoint in endpoints {
            *endpoint = Some(self.server.url.clone());
        }
        let directory = Accounts::over(self.http.clone(), settings).expect("good settings");
        let off =
            |limits| LimitSettings { default: Limit::Off, actions: BTreeMap::new(), ..limits };
        let PerCloud { alibaba, aws } = LimitSettings::defaults();
        let limits = PerCloud { alibaba: off(alibaba), aws: off(aws) };
        let pacer = Pacer::new(limits, Used::new());
        let policy = RetryPolicy {
            fault_base: Duration::from_millis(1),
            cap: Duration::from_millis(5),
            ..RetryPolicy::default()
        };
        let (stop, silent) = (CancellationToken::new(), Arc::new(NoProgress));
        Exchange::new(Arc::new(directory), pacer, policy, stop, silent)
    }
}

/// A world that was read.
struct Read {
    seed: u64,
    wrong: Vec<String>,
    said: Said,
    served: Served,
}

impl Read {
    fn shown(&self) -> String {
        let Self { seed, wrong, served, .. } = self;
        let World { groups, rows, has_partner, spelling, accept_gone, manners, .. } = &served.world;
        format!(
            "UNPAIR_SEED={seed}\n  {}\n  {manners:?}\n  partner: {has_partner}, its account is \
             spelled {spelling:?}, accept_gone: {accept_gone}\n  {groups:?}\n  {rows:?}",
            wrong.join("\n  ")
        )
    }
}

/// Reads the worlds of so many seeds, the first of which is `first`.
fn read_all(first: u64, worlds: u64) -> Vec<Read> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        tokio::spawn(async {
            loop {
                tokio::time::sleep(TICK.0).await;
                std::thread::sleep(TICK.1);
            }
        });
        let reading = Reading::start().await;
        let reads = (0..worlds).map(|n| reading.read(n, first.wrapping_add(n)));
        futures_util::stream::iter(reads).buffer_unordered(AT_ONCE).collect().await
    })
}

#[test]
fn no_pair_is_called_clean_while_a_grant_stands_whatever_a_cloud_answers() {
    let (first, worlds) = (seed(), if is_long() { LONG } else { USUAL });
    let mut verdicts: BTreeMap<String, u32> = BTreeMap::new();
    let (mut read, mut wrong) = (0, Vec::new());
    while read < worlds && (wrong.is_empty() || is_long()) {
        let reads = read_all(first.wrapping_add(read), TOGETHER);
        for pair in reads.iter().flat_map(|read| &read.said.pairs) {
            *verdicts.entry(pair.outcome.to_string()).or_default() += 1;
        }
        wrong.extend(reads.iter().filter(|read| !read.wrong.is_empty()).map(Read::shown));
        read += TOGETHER;
    }
    println!("{read} worlds, verdicts {verdicts:?}");
    let shown = wrong[..wrong.len().min(SHOWN)].join("\n");
    assert!(wrong.is_empty(), "{} of {read} worlds:\n{shown}", wrong.len());
    assert_eq!(verdicts.len(), 6, "every verdict is met, so that each could be wrong");
}

/// Every seed of a world of which something false was once said: one a line, and what it was.
const REGRESSIONS: &str = include_str!("regressions.txt");

#[test]
fn nothing_false_that_was_once_said_of_a_world_is_said_again() {
    let mut tried = 0;
    for line in REGRESSIONS.lines().filter(|line| !line.starts_with('#')) {
        let (seed, what) = line.split_once(' ').expect("a seed and what it was");
        let [read] = &read_all(seed.parse().expect("a seed"), 1)[..] else { panic!("one world") };
        assert!(read.wrong.is_empty(), "{what}: {}", read.shown());
        tried += 1;
    }
    assert!(tried > 0, "nothing was tried");
}

/// What is true of a pair that both ends of which can be read, in a world that is told plainly.
fn truth(world: &World, row: usize) -> PairOutcome {
    let row = &world.rows[row];
    let [a, b] = &row.groups;
    let count = |own, peer| {
        let asked = world.grants(own, peer).filter(|rule| asks(&row.filter, rule)).count();
        (asked, world.grants(own, peer).count() - asked)
    };
    match (count(a, b), count(b, a)) {
        ((0, 0), (0, 0)) => PairOutcome::Severed,
        ((0, _), (0, _)) => PairOutcome::Narrowed,
        ((0, _), _) | (_, (0, _)) => PairOutcome::HalfSevered,
        _ => PairOutcome::Open,
    }
}

#[test]
fn a_world_that_is_told_plainly_is_called_what_it_is() {
    let reads = read_all(seed(), if is_long() { 5_000 } else { 200 });
    let is_plain = |read: &&Read| {
        let world = &read.served.world;
        let manners = format!("{:?}", world.manners);
        let plain = format!(
            "{:?}",
            super::manners::Manners {
                xml: world.manners.xml,
                crowd: world.manners.crowd,
                page: world.manners.page,
                ..super::manners::Manners::PLAIN
            }
        );
        manners == plain && !world.has_partner && world.spelling == Spelling::Right
    };
    let mut plain = 0;
    for read in reads.iter().filter(is_plain) {
        for (n, pair) in read.said.pairs.iter().enumerate() {
            assert_eq!(pair.outcome, truth(&read.served.world, n), "{}", read.shown());
        }
        plain += 1;
    }
    println!("{plain} of {} worlds are told plainly", reads.len());
    assert!(plain > reads.len() / 40, "{plain} worlds");
}
