//! The servers of the simulation: how a provider limits the calls of one account and action.

use unpair::pace::learn::{PerSecond, Seconds};

/// What limits the calls.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// A bucket of `capacity` calls, full at first, refilled at `refill`.
    Bucket { capacity: f64, refill: PerSecond },
    /// `quota` calls in each minute; one more, and all are refused until the next minute.
    Window { quota: u32 },
}

/// What changes while a run goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// The limit is multiplied by `factor` from `from` until `until`.
    Factor { factor: f64, from: Seconds, until: Seconds },
    /// Every call is refused from `from` until `until`, while the bucket is filled or is not.
    Outage { from: Seconds, until: Seconds, fills: bool },
    /// Another tool takes from the bucket at `rate` in the second half of each `period`; at the
    /// start, `phase` of the first one is over. Where it `yields`, its calls are refused as ours are
    /// when the bucket is empty; else it has its share in any case.
    Other { rate: PerSecond, period: Seconds, phase: Seconds, yields: bool },
}

/// A limit and what befalls it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model {
    pub(crate) limit: Limit,
    pub(crate) change: Change,
    /// A refused call takes from the bucket too.
    pub(crate) refusals_cost: bool,
    /// Refusals tell how long to wait.
    pub(crate) tells_retry_after: bool,
}

impl Model {
    pub(crate) const fn bucket(capacity: f64, refill: PerSecond) -> Self {
        Self::of(Limit::Bucket { capacity, refill })
    }

    pub(crate) const fn window(quota: u32) -> Self {
        Self::of(Limit::Window { quota })
    }

    const fn of(limit: Limit) -> Self {
        Self { limit, change: Change::None, refusals_cost: false, tells_retry_after: false }
    }

    pub(crate) const fn with(self, change: Change) -> Self {
        Self { change, ..self }
    }

    fn is_out(&self, at: Seconds) -> bool {
        matches!(self.change, Change::Outage { from, until, .. } if from <= at && at < until)
    }

    fn factor(&self, at: Seconds) -> f64 {
        match self.change {
            Change::Factor { factor, from, until } if from <= at && at < until => factor,
            Change::Outage { from, until, fills: false } if from <= at && at < until => 0.0,
            _ => 1.0,
        }
    }

    /// When `items` calls are done at best, if every call that the limit permits is used.
    pub(crate) fn best_time(&self, items: u32) -> Seconds {
        let mut left = f64::from(items);
        let mut server = Server { is_best: true, ..Server::new(*self) };
        let mut now: Seconds = 0.0;
        loop {
            left -= server.take_all(now);
            if left <= 0.0 {
                return now;
            }
            now += TICK;
        }
    }
}

/// How finely the best possible time is found.
const TICK: Seconds = 0.01;

/// More than what sums of ticks are off by.
const ROUNDING: f64 = 1e-9;

/// How finely a bucket is filled, since the refill may change, and another tool may call, meanwhile.
const DROP: Seconds = 0.05;

/// One account's limit at work.
#[derive(Debug)]
pub(crate) struct Server {
    model: Model,
    tokens: f64,
    at: Seconds,
    /// Calls of another tool that are due.
    other_due: f64,
    minute: f64,
    spent: f64,
    locked: bool,
    /// It serves the best possible client, which leaves another tool its whole share.
    is_best: bool,
}

/// What a server says to a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verdict {
    Accepted,
    Refused { retry_after: Option<Seconds> },
}

impl Server {
    pub(crate) fn new(model: Model) -> Self {
        let tokens = match model.limit {
            Limit::Bucket { capacity, .. } => capacity,
            Limit::Window { .. } => 0.0,
        };
        Self {
            model,
            tokens,
            at: 0.0,
            other_due: 0.0,
            minute: 0.0,
            spent: 0.0,
            locked: false,
            is_best: false,
        }
    }

    /// A call arrives; calls must arrive in the order of their times.
    pub(crate) fn arrive(&mut self, now: Seconds) -> Verdict {
        self.advance(now);
        let accepted = !self.model.is_out(now)
            && match self.model.limit {
                Limit::Bucket { .. } => self.take_token(),
                Limit::Window { quota } => self.count(quota, now),
            };
        if accepted { Verdict::Accepted } else { Verdict::Refused { retry_after: self.wait(now) } }
    }

    fn take_token(&mut self) -> bool {
        let has = self.tokens >= 1.0;
        if has || self.model.refusals_cost {
            self.tokens = (self.tokens - 1.0).max(0.0);
        }
        has
    }

    fn count(&mut self, quota: u32, now: Seconds) -> bool {
        let quota = f64::from(quota) * self.model.factor(now);
        self.locked |= self.spent >= quota;
        if !self.locked {
            self.spent += 1.0;
        }
        !self.locked
    }

    fn wait(&self, now: Seconds) -> Option<Seconds> {
        if !self.model.tells_retry_after {
            return None;
        }
        Some(match (self.model.change, self.model.limit) {
            (Change::Outage { from, until, .. }, _) if from <= now && now < until => until - now,
            (_, Limit::Window { .. }) => (self.minute + 1.0) * 60.0 - now,
            (_, Limit::Bucket { refill, .. }) => (1.0 - self.tokens) / refill,
        })
    }

    /// All that is permitted by `now` and not yet taken.
    fn take_all(&mut self, now: Seconds) -> f64 {
        self.advance(now);
        if self.model.is_out(now) {
            return 0.0;
        }
        match self.model.limit {
            Limit::Bucket { .. } => {
                // A token that lacks a rounding error is one: else a bucket of one loses the next.
                let whole = (self.tokens + ROUNDING).floor().max(0.0);
                self.tokens -= whole;
                whole
            }
            Limit::Window { quota } => {
                let left = f64::from(quota) * self.model.factor(now) - self.spent;
                self.spent += left;
                left
            }
        }
    }

    fn advance(&mut self, now: Seconds) {
        match self.model.limit {
            Limit::Bucket { capacity, refill } => {
                while self.at < now {
                    let step = (now - self.at).min(DROP);
                    let refill = refill * self.model.factor(self.at);
                    self.tokens = (self.tokens + step * refill).min(capacity);
                    self.at += step;
                    self.call_of_other(step);
                }
            }
            Limit::Window { .. } => {
                let minute = (now / 60.0).floor();
                if minute > self.minute {
                    (self.minute, self.spent, self.locked) = (minute, 0.0, false);
                }
                self.at = now;
            }
        }
    }

    fn call_of_other(&mut self, step: Seconds) {
        let Change::Other { rate, period, phase, yields } = self.model.change else { return };
        if (self.at + phase).rem_euclid(period) < period / 2.0 {
            return;
        }
        self.other_due += step * rate;
        while self.other_due >= 1.0 {
            self.other_due -= 1.0;
            if self.tokens >= 1.0 || !yields || self.is_best {
                self.tokens -= 1.0;
            }
        }
    }
}
