//! What is simulated: limits that the client does not know, and one that it does.

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use unpair::model::Provider;
use unpair::pace::learn::PerSecond;
use unpair::pace::{Ceiling, Limit};

use super::baseline::{Aimd, Backoff, Steady};
use super::lane::{self, Client};
use super::paced::Paced;
use super::server::{Change, Model};
use super::work::{Outcome, Work};

/// Lanes of one scenario: accounts, each with a limit of its own.
pub(crate) const LANES: u64 = 50;

/// The seeds that the constants of the pacer were chosen by; where one was doubtful, up to 39.
pub(crate) const TUNED_ON: [u64; 5] = [0, 1, 2, 3, 4];

/// Seeds that nothing was chosen by: the goals are judged on them.
pub(crate) const HELD_OUT: [u64; 20] = [
    440, 441, 442, 443, 444, 445, 446, 447, 448, 449, 450, 451, 452, 453, 454, 455, 456, 457, 458,
    459,
];

/// A share of the best possible speed, and of all calls, in percent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Score {
    /// The time that the limit makes necessary, as a share of the time that the last lane took.
    pub(crate) goodput: f64,
    /// Calls that were refused.
    pub(crate) throttled: f64,
}

/// Who sends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sender {
    /// The limiters as runs use them.
    Pacer(Paced),
    /// Additive increase, multiplicative decrease.
    Aimd,
    /// Workers that back off, and nothing else.
    Backoff,
    /// The limit's own rate, evenly, whatever is answered.
    Steady(PerSecond),
}

impl Sender {
    /// Of a provider with buckets, which nobody told of.
    pub(crate) const BUCKET: Self = Self::Pacer(Paced { cloud: Provider::Aws, limit: Limit::Auto });
    /// Of a provider that is known to count by the minute.
    pub(crate) const MINUTE: Self =
        Self::Pacer(Paced { cloud: Provider::Alibaba, limit: Limit::Auto });
    /// Of a bucket that is known.
    const KNOWN: Self = Self::Pacer(Paced {
        cloud: Provider::Aws,
        limit: Limit::Ceiling(Ceiling { rate: 10.0, burst: 100 }),
    });

    /// Runs one lane to its end.
    pub(crate) fn run(self, model: Model, work: Work, seed: u64) -> Outcome {
        match self {
            Self::Pacer(paced) => paced.run(model, work, seed, HOPELESS),
            Self::Aimd => finish(&mut Aimd::new(), model, work, seed),
            Self::Backoff => finish(&mut Backoff::new(work.in_flight), model, work, seed),
            Self::Steady(rate) => finish(&mut Steady::new(rate), model, work, seed),
        }
    }
}

/// A lane that is not done by then never is.
const HOPELESS: f64 = 1e6;

fn finish<C: Client>(client: &mut C, model: Model, work: Work, seed: u64) -> Outcome {
    lane::run(client, model, work, seed, HOPELESS)
}

/// One row of the table.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// At least this goodput, at most this share of refused calls.
    pub(crate) goal: Option<Score>,
    pub(crate) sender: Sender,
    pub(crate) work: Work,
    /// The limits of one seed: each is run by all lanes.
    pub(crate) models: fn(u64) -> Vec<Model>,
}

impl Scenario {
    /// The mean over seeds and models; of each, the slowest of `lanes` counts.
    pub(crate) fn score(&self, seeds: &[u64], lanes: u64) -> Score {
        let scores: Vec<Score> = seeds
            .iter()
            .flat_map(|&seed| (self.models)(seed).into_iter().map(move |model| (seed, model)))
            .map(|(seed, model)| score(self.sender, model, self.work, seed, lanes))
            .collect();
        mean(&scores)
    }
}

/// What `lanes` accounts with the same limit reach.
pub(crate) fn score(sender: Sender, model: Model, work: Work, seed: u64, lanes: u64) -> Score {
    let outcomes: Vec<Outcome> = (0..lanes)
        .into_par_iter()
        .map(|lane| sender.run(model, work, seed * 1_000 + lane))
        .collect();
    let took = outcomes.iter().map(|lane| lane.took).fold(0.0, f64::max);
    let calls: u32 = outcomes.iter().map(|lane| lane.calls).sum();
    let refused: u32 = outcomes.iter().map(|lane| lane.refused).sum();
    Score {
        goodput: 100.0 * model.best_time(work.items) / took,
        throttled: 100.0 * f64::from(refused) / f64::from(calls),
    }
}

/// The mean of both shares.
pub(crate) fn mean(scores: &[Score]) -> Score {
    let sum = |share: fn(&Score) -> f64| scores.iter().map(share).sum::<f64>();
    let count: f64 = scores.iter().map(|_| 1.0).sum();
    Score {
        goodput: sum(|score| score.goodput) / count,
        throttled: sum(|score| score.throttled) / count,
    }
}

/// 100 calls at once, 10 a second.
const OWN: Model = Model::bucket(100.0, 10.0);
const MINUTES: Model = Model::window(600);

/// Anything in `[0, 1)`, the same for the same seed.
fn fraction(seed: u64) -> f64 {
    fastrand::Rng::with_seed(seed ^ 0x5eed).f64()
}

fn refill(factor: f64, from: f64, until: f64) -> Vec<Model> {
    vec![OWN.with(Change::Factor { factor, from, until })]
}

fn own(_: u64) -> Vec<Model> {
    vec![OWN]
}

fn cut_and_back(_: u64) -> Vec<Model> {
    refill(0.2, 60.0, 150.0)
}

/// Its rhythm is not given: four of them, each begun at a point that depends on the seed. Where it
/// `yields`, its calls are refused as ours are, so that a share of over 100 % is one taken from it.
fn other_tool(seed: u64, yields: bool) -> Vec<Model> {
    [40.0, 60.0, 80.0, 120.0]
        .map(|period| {
            let phase = period * fraction(seed);
            OWN.with(Change::Other { rate: 8.0, period, phase, yields })
        })
        .into()
}

fn other_competes(seed: u64) -> Vec<Model> {
    other_tool(seed, true)
}

fn other_takes(seed: u64) -> Vec<Model> {
    other_tool(seed, false)
}

fn minutes(_: u64) -> Vec<Model> {
    vec![MINUTES]
}

fn refused_minute(fills: bool) -> Vec<Model> {
    vec![OWN.with(Change::Outage { from: 60.0, until: 120.0, fills })]
}

fn still_minute(_: u64) -> Vec<Model> {
    refused_minute(false)
}

fn filling_minute(_: u64) -> Vec<Model> {
    refused_minute(true)
}

fn lasting_cut(_: u64) -> Vec<Model> {
    refill(0.2, 60.0, f64::INFINITY)
}

fn costly_refusals(_: u64) -> Vec<Model> {
    vec![Model { refusals_cost: true, ..OWN }]
}

fn own_told(_: u64) -> Vec<Model> {
    vec![Model { tells_retry_after: true, ..OWN }]
}

fn minutes_told(_: u64) -> Vec<Model> {
    vec![Model { tells_retry_after: true, ..MINUTES }]
}

fn raise(_: u64) -> Vec<Model> {
    vec![OWN.with(Change::Factor { factor: 5.0, from: 100.0, until: f64::INFINITY })]
}

fn raise_minutes(_: u64) -> Vec<Model> {
    vec![MINUTES.with(Change::Factor { factor: 5.0, from: 120.0, until: f64::INFINITY })]
}

const fn row(
    name: &'static str,
    goal: (f64, f64),
    sender: Sender,
    models: fn(u64) -> Vec<Model>,
) -> Scenario {
    let goal = Some(Score { goodput: goal.0, throttled: goal.1 });
    Scenario { name, goal, sender, work: Work::USUAL, models }
}

/// The goals.
pub(crate) fn goals() -> Vec<Scenario> {
    vec![
        row("own bucket of 100, 10/s", (99.2, 0.8), Sender::BUCKET, own),
        row("refill 10 -> 2 -> 10", (99.3, 1.9), Sender::BUCKET, cut_and_back),
        row("another tool takes 8/s, half the time", (99.3, 2.9), Sender::BUCKET, other_competes),
        row("600 a minute, lockout", (94.5, 0.5), Sender::MINUTE, minutes),
        row("60 s of refusal", (99.3, 1.7), Sender::BUCKET, still_minute),
        row("limit known", (99.5, 0.0), Sender::KNOWN, own),
    ]
}

/// What else may happen: no goals, but floors below which something is broken.
pub(crate) fn hardships() -> Vec<Scenario> {
    let far = Work { round_trip: 0.3, ..Work::USUAL };
    let clock = |clock_ahead| Work { clock_ahead, ..Work::USUAL };
    let long = Work { items: 12_000, ..Work::USUAL };
    let at = |work, scenario| Scenario { work, ..scenario };
    vec![
        at(far, row("own bucket, 300 ms away", (98.0, 1.6), Sender::BUCKET, own)),
        at(
            far,
            row("refill 10 -> 2 -> 10, 300 ms away", (98.0, 3.5), Sender::BUCKET, cut_and_back),
        ),
        at(far, row("another tool, 300 ms away", (95.0, 6.0), Sender::BUCKET, other_competes)),
        at(far, row("600 a minute, 300 ms away", (92.0, 1.6), Sender::MINUTE, minutes)),
        row("another tool that is never refused", (97.0, 3.3), Sender::BUCKET, other_takes),
        // A probe each 4 s finds the end of it 5 s late, while nothing more fits into the bucket.
        row("60 s of refusal, bucket filling", (97.5, 2.0), Sender::BUCKET, filling_minute),
        row("own bucket taken for a window", (97.0, 1.0), Sender::MINUTE, own),
        row("refill 10 -> 2 -> 10, taken for a window", (97.0, 2.5), Sender::MINUTE, cut_and_back),
        row("another tool, taken for a window", (97.0, 3.3), Sender::MINUTE, other_competes),
        row("60 s of refusal, taken for a window", (90.0, 2.5), Sender::MINUTE, still_minute),
        row("600 a minute, not told", (92.0, 2.5), Sender::BUCKET, minutes),
        at(clock(1.5), row("600 a minute, clock fast", (85.0, 1.5), Sender::MINUTE, minutes)),
        at(clock(-1.5), row("600 a minute, clock slow", (90.0, 1.0), Sender::MINUTE, minutes)),
        row("refill 10 -> 2 for good", (97.0, 7.0), Sender::BUCKET, lasting_cut),
        row("refused calls take tokens", (97.5, 1.5), Sender::BUCKET, costly_refusals),
        row("own bucket, Retry-After told", (98.8, 1.0), Sender::BUCKET, own_told),
        row("600 a minute, Retry-After told", (92.0, 1.0), Sender::BUCKET, minutes_told),
        at(long, row("10/s -> 50/s", (93.0, 1.0), Sender::BUCKET, raise)),
        at(long, row("600 -> 3,000 a minute", (60.0, 1.0), Sender::MINUTE, raise_minutes)),
    ]
}

/// A cell of the grid: limit and capacity of a bucket, and the way to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) refill: PerSecond,
    pub(crate) capacity: f64,
    pub(crate) work: Work,
    pub(crate) refusals_cost: bool,
}

impl Cell {
    pub(crate) fn model(&self) -> Model {
        Model { refusals_cost: self.refusals_cost, ..Model::bucket(self.capacity, self.refill) }
    }

    pub(crate) fn score(&self, sender: Sender, seeds: &[u64], lanes: u64) -> Score {
        let scores: Vec<Score> =
            seeds.iter().map(|&seed| score(sender, self.model(), self.work, seed, lanes)).collect();
        mean(&scores)
    }
}

/// Every cell; each has work for a full bucket and 200 s.
pub(crate) fn grid() -> Vec<Cell> {
    let mut cells = Vec::new();
    for refusals_cost in [false, true] {
        for round_trip in [0.02, 0.3] {
            for in_flight in [4, 32] {
                for refill in [1_u32, 5, 50] {
                    for capacity in [1_u32, 20, 200] {
                        let items = capacity + 200 * refill;
                        let work = Work { items, in_flight, round_trip, clock_ahead: 0.0 };
                        let (refill, capacity) = (f64::from(refill), f64::from(capacity));
                        cells.push(Cell { refill, capacity, work, refusals_cost });
                    }
                }
            }
        }
    }
    cells
}
