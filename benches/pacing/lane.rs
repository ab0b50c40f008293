//! One account's calls, simulated event by event.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use unpair::pace::learn::{Learner, Next, Seconds};

use super::server::{Model, Server, Verdict};

/// What decides when calls go out.
pub(crate) trait Client {
    fn next(&mut self, now: Seconds, random: f64) -> Next;
    fn sent(&mut self, now: Seconds);
    fn accepted(&mut self, now: Seconds, sent_at: Seconds);
    fn throttled(&mut self, now: Seconds, sent_at: Seconds, asked: Option<Seconds>, random: f64);
}

impl Client for Learner {
    fn next(&mut self, now: Seconds, random: f64) -> Next {
        self.next(now, random)
    }

    fn sent(&mut self, now: Seconds) {
        self.sent(now);
    }

    fn accepted(&mut self, now: Seconds, sent_at: Seconds) {
        self.accepted(now, sent_at);
    }

    fn throttled(&mut self, now: Seconds, sent_at: Seconds, asked: Option<Seconds>, random: f64) {
        self.throttled(now, sent_at, asked, random);
    }
}

/// The way to the server, and what is to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) items: u32,
    pub(crate) in_flight: u32,
    /// Median of the log-normal round trip.
    pub(crate) round_trip: Seconds,
    /// How far the client's clock is ahead.
    pub(crate) clock_ahead: Seconds,
}

impl Work {
    /// 2,000 calls, 32 at a time, 80 ms away.
    pub(crate) const USUAL: Self =
        Self { items: 2_000, in_flight: 32, round_trip: 0.08, clock_ahead: 0.0 };
}

/// Spread of the round trip's logarithm.
const SIGMA: f64 = 0.4;

/// Lanes begin within this time.
const STAGGER: Seconds = 0.2;

/// What became of one lane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) took: Seconds,
    pub(crate) calls: u32,
    pub(crate) refused: u32,
    /// When each call was let through.
    pub(crate) served_at: Vec<Seconds>,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Wake,
    Arrival { sent_at: Seconds, back: Seconds },
    Reply { sent_at: Seconds, verdict: Verdict },
}

#[derive(Clone, Copy, Debug)]
struct Event {
    at: Seconds,
    order: u64,
    what: What,
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Event {
    /// The earliest is the greatest, for the heap.
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.total_cmp(&self.at).then(other.order.cmp(&self.order))
    }
}

struct Lane<'a, C> {
    client: &'a mut C,
    work: Work,
    random: fastrand::Rng,
    server: Server,
    events: BinaryHeap<Event>,
    order: u64,
    wake_at: Seconds,
    to_send: u32,
    in_flight: u32,
    done: u32,
    outcome: Outcome,
}

/// Runs one lane to its end, or until `limit`.
pub(crate) fn run<C: Client>(
    client: &mut C,
    model: Model,
    work: Work,
    seed: u64,
    limit: Seconds,
) -> Outcome {
    let mut lane = Lane {
        client,
        work,
        random: fastrand::Rng::with_seed(seed),
        server: Server::new(model),
        events: BinaryHeap::new(),
        order: 0,
        wake_at: f64::INFINITY,
        to_send: work.items,
        in_flight: 0,
        done: 0,
        outcome: Outcome::default(),
    };
    let begin = lane.random.f64() * STAGGER;
    lane.push(begin, What::Wake);
    while let Some(event) = lane.events.pop() {
        if lane.done == work.items || event.at > limit {
            break;
        }
        lane.happen(event);
    }
    if lane.done < work.items {
        lane.outcome.took = f64::INFINITY;
    }
    lane.outcome
}

impl<C: Client> Lane<'_, C> {
    fn happen(&mut self, event: Event) {
        let now = event.at;
        match event.what {
            What::Wake => {
                if now >= self.wake_at {
                    self.wake_at = f64::INFINITY;
                }
            }
            What::Arrival { sent_at, back } => {
                let verdict = self.server.arrive(now);
                if matches!(verdict, Verdict::Accepted) {
                    self.outcome.served_at.push(now);
                }
                self.push(now + back, What::Reply { sent_at, verdict });
                return;
            }
            What::Reply { sent_at, verdict } => self.reply(now, sent_at, verdict),
        }
        self.send(now);
    }

    fn reply(&mut self, now: Seconds, sent_at: Seconds, verdict: Verdict) {
        self.in_flight -= 1;
        let ahead = self.work.clock_ahead;
        match verdict {
            Verdict::Accepted => {
                self.done += 1;
                self.outcome.took = now;
                self.client.accepted(now + ahead, sent_at + ahead);
            }
            Verdict::Refused { retry_after } => {
                self.outcome.refused += 1;
                self.to_send += 1;
                let random = self.random.f64();
                self.client.throttled(now + ahead, sent_at + ahead, retry_after, random);
            }
        }
    }

    fn send(&mut self, now: Seconds) {
        let ahead = self.work.clock_ahead;
        while self.to_send > 0 && self.in_flight < self.work.in_flight {
            let random = self.random.f64();
            match self.client.next(now + ahead, random) {
                Next::Now => {
                    self.client.sent(now + ahead);
                    self.to_send -= 1;
                    self.in_flight += 1;
                    self.outcome.calls += 1;
                    let way = self.round_trip() / 2.0;
                    self.push(now + way, What::Arrival { sent_at: now, back: way });
                }
                Next::At(at) => {
                    let at = (at - ahead).max(now + 1e-9);
                    if at < self.wake_at {
                        self.wake_at = at;
                        self.push(at, What::Wake);
                    }
                    return;
                }
                Next::Reply => return,
            }
        }
    }

    /// Log-normal, by Box and Muller.
    fn round_trip(&mut self) -> Seconds {
        let radius = (-2.0 * (1.0 - self.random.f64()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.random.f64()).cos();
        self.work.round_trip * (SIGMA * normal).exp()
    }

    fn push(&mut self, at: Seconds, what: What) {
        self.order += 1;
        self.events.push(Event { at, order: self.order, what });
    }
}
