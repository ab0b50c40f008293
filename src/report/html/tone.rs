//! How good an outcome is: its word, and the class that gives it a colour.

use crate::model::{Outcome, PairOutcome};

/// How well something stands; a class of the stylesheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it was asked for, and proven.
    Good,
    /// As far as it can be.
    Fair,
    /// Not begun.
    Idle,
    /// Nobody knows.
    Doubt,
    /// Not as it was asked for.
    Bad,
}

impl Tone {
    /// The class of text.
    pub(super) const fn ink(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fair | Self::Idle => "plain",
            Self::Doubt => "doubt",
            Self::Bad => "bad",
        }
    }

    /// The class of an area.
    pub(super) const fn fill(self) -> &'static str {
        match self {
            Self::Good => "fill-good",
            Self::Fair => "fill-fair",
            Self::Idle => "fill-idle",
            Self::Doubt => "fill-doubt",
            Self::Bad => "fill-bad",
        }
    }

    /// That of a pair.
    pub(super) const fn of_pair(outcome: PairOutcome) -> Self {
        match outcome {
            PairOutcome::HalfSevered | PairOutcome::Open => Self::Bad,
            PairOutcome::Unknown => Self::Doubt,
            PairOutcome::OursSevered | PairOutcome::Narrowed => Self::Fair,
            PairOutcome::Severed => Self::Good,
        }
    }

    /// That of a rule.
    pub(super) const fn of_rule(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Failed | Outcome::StillPresent => Self::Bad,
            Outcome::Unknown | Outcome::Conflict | Outcome::Unverified => Self::Doubt,
            Outcome::Pending => Self::Idle,
            Outcome::AlreadyAbsent | Outcome::GroupGone => Self::Fair,
            Outcome::Removed => Self::Good,
        }
    }
}

/// An outcome as people read it: `half-severed`, `still present`.
pub(super) fn word(outcome: &str) -> String {
    match outcome {
        "half_severed" => "half-severed".to_owned(),
        other => other.replace('_', " "),
    }
}

/// The cell of an outcome: its word in its colour.
pub(super) fn marked(outcome: &str, tone: Tone) -> String {
    format!("<span class=\"outcome {}\">{}</span>", tone.ink(), word(outcome))
}
