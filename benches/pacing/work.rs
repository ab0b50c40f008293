//! What one account has to do, the way to its provider, and what became of it.

use unpair::pace::learn::Seconds;

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
pub(crate) const STAGGER: Seconds = 0.2;

/// What became of one lane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) took: Seconds,
    pub(crate) calls: u32,
    pub(crate) refused: u32,
    /// When each call was let through.
    pub(crate) served_at: Vec<Seconds>,
}

impl Work {
    /// A round trip: log-normal, by Box and Muller.
    pub(crate) fn round_trip(&self, random: &mut fastrand::Rng) -> Seconds {
        let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * random.f64()).cos();
        self.round_trip * (SIGMA * normal).exp()
    }
}
