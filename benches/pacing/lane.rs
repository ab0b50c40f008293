//! One account's calls by a baseline, simulated event by event.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use unpair::pace::learn::{NextCall, Seconds};

use super::server::{Model, Server, Verdict};
use super::work::{Outcome, STAGGER, Work};

/// What decides when calls go out.
pub(crate) trait Client {
    fn next(&mut self, now: Seconds, random: f64) -> NextCall;
    fn sent(&mut self, now: Seconds);
    fn accepted(&mut self, now: Seconds, sent_at: Seconds);
    fn throttled(&mut self, now: Seconds, sent_at: Seconds, asked: Option<Seconds>, random: f64);
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
        match verdict {
            Verdict::Accepted => {
                self.done += 1;
                self.outcome.took = now;
                self.client.accepted(now, sent_at);
            }
            Verdict::Refused { retry_after } => {
                self.outcome.refused += 1;
                self.to_send += 1;
                let random = self.random.f64();
                self.client.throttled(now, sent_at, retry_after, random);
            }
        }
    }

    fn send(&mut self, now: Seconds) {
        while self.to_send > 0 && self.in_flight < self.work.in_flight {
            let random = self.random.f64();
            match self.client.next(now, random) {
                NextCall::Now => {
                    self.client.sent(now);
                    self.to_send -= 1;
                    self.in_flight += 1;
                    self.outcome.calls += 1;
                    let way = self.work.round_trip(&mut self.random) / 2.0;
                    self.push(now + way, What::Arrival { sent_at: now, back: way });
                }
                NextCall::At(at) => {
                    let at = at.max(now + 1e-9);
                    if at < self.wake_at {
                        self.wake_at = at;
                        self.push(at, What::Wake);
                    }
                    return;
                }
                NextCall::Reply => return,
            }
        }
    }

    fn push(&mut self, at: Seconds, what: What) {
        self.order += 1;
        self.events.push(Event { at, order: self.order, what });
    }
}
