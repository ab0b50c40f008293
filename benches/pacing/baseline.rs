//! What the pacer is compared with: clients that know nothing of a limit but its refusals.

use std::collections::HashMap;

use unpair::pace::learn::{NextCall, PerSecond, Seconds};

use super::lane::Client;

/// As SDKs do it: each worker calls as fast as answers come, and sleeps after a refusal for
/// anything up to a bound that doubles, from 1 s to 20 s.
#[derive(Debug)]
pub(crate) struct Backoff {
    workers: u32,
    /// Workers that call or sleep.
    busy: u32,
    /// When the sleeping workers wake, and how often their calls were refused.
    asleep: Vec<(Seconds, u32)>,
    /// Refusals so far of the calls in flight, by the time of sending.
    in_flight: HashMap<u64, Vec<u32>>,
}

impl Backoff {
    pub(crate) fn new(workers: u32) -> Self {
        Self { workers, busy: 0, asleep: Vec::new(), in_flight: HashMap::new() }
    }

    fn first_to_wake(&self) -> Option<usize> {
        (0..self.asleep.len()).min_by(|&a, &b| self.asleep[a].0.total_cmp(&self.asleep[b].0))
    }

    fn tries(&mut self, sent_at: Seconds) -> u32 {
        self.in_flight.get_mut(&sent_at.to_bits()).and_then(Vec::pop).unwrap_or(0)
    }
}

impl Client for Backoff {
    fn next(&mut self, now: Seconds, _: f64) -> NextCall {
        match self.first_to_wake() {
            Some(first) if self.asleep[first].0 <= now => NextCall::Now,
            _ if self.busy < self.workers => NextCall::Now,
            Some(first) => NextCall::At(self.asleep[first].0),
            None => NextCall::Reply,
        }
    }

    fn sent(&mut self, now: Seconds) {
        let tries = match self.first_to_wake() {
            Some(first) if self.asleep[first].0 <= now => self.asleep.swap_remove(first).1,
            _ => {
                self.busy += 1;
                0
            }
        };
        self.in_flight.entry(now.to_bits()).or_default().push(tries);
    }

    fn accepted(&mut self, _: Seconds, sent_at: Seconds) {
        self.tries(sent_at);
        self.busy -= 1;
    }

    fn throttled(&mut self, now: Seconds, sent_at: Seconds, _: Option<Seconds>, random: f64) {
        let tries = self.tries(sent_at);
        let bound = (f64::from(1 << tries.min(10))).min(20.0);
        self.asleep.push((now + bound * random, tries + 1));
    }
}

/// Additive increase, multiplicative decrease: half a call per second more for each second without
/// a refusal, three tenths less after one.
#[derive(Debug)]
pub(crate) struct Aimd {
    rate: PerSecond,
    tokens: f64,
    at: Seconds,
    cut_at: Seconds,
    grown_at: Seconds,
    accepted: u32,
    refused_once: bool,
}

impl Aimd {
    pub(crate) fn new() -> Self {
        Self {
            rate: 5.0,
            tokens: 1.0,
            at: 0.0,
            cut_at: f64::NEG_INFINITY,
            grown_at: 0.0,
            accepted: 0,
            refused_once: false,
        }
    }

    fn refill(&mut self, now: Seconds) {
        self.tokens = (self.tokens + (now - self.at) * self.rate).min(1.0);
        self.at = now;
    }
}

impl Client for Aimd {
    fn next(&mut self, now: Seconds, _: f64) -> NextCall {
        self.refill(now);
        if self.tokens >= 1.0 - 1e-9 {
            NextCall::Now
        } else {
            NextCall::At(now + (1.0 - self.tokens) / self.rate)
        }
    }

    fn sent(&mut self, now: Seconds) {
        self.refill(now);
        self.tokens = (self.tokens - 1.0).max(0.0);
    }

    fn accepted(&mut self, now: Seconds, _: Seconds) {
        self.accepted += 1;
        self.refill(now);
        let step = if self.refused_once { 1.0 } else { 2.0 };
        if now - self.grown_at >= step {
            self.rate = if self.refused_once { self.rate + 0.5 } else { self.rate * 1.5 };
            self.grown_at = now;
        }
    }

    fn throttled(&mut self, now: Seconds, sent_at: Seconds, _: Option<Seconds>, _: f64) {
        if sent_at <= self.cut_at {
            return;
        }
        self.refill(now);
        let factor = if self.accepted == 0 { 0.5 } else { 0.7 };
        self.rate = (self.rate * factor).max(0.5);
        self.accepted = 0;
        self.refused_once = true;
        self.cut_at = now;
        self.grown_at = now;
    }
}

/// A client that knows the refill and sends as evenly as it can, for what that alone is worth.
#[derive(Debug)]
pub(crate) struct Steady {
    apart: Seconds,
    due: Seconds,
}

impl Steady {
    pub(crate) fn new(rate: PerSecond) -> Self {
        Self { apart: rate.recip(), due: 0.0 }
    }
}

impl Client for Steady {
    fn next(&mut self, now: Seconds, _: f64) -> NextCall {
        if self.due <= now { NextCall::Now } else { NextCall::At(self.due) }
    }

    fn sent(&mut self, now: Seconds) {
        self.due = self.due.max(now) + self.apart;
    }

    fn accepted(&mut self, _: Seconds, _: Seconds) {}

    fn throttled(&mut self, _: Seconds, _: Seconds, _: Option<Seconds>, _: f64) {}
}
