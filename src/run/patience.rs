//! How long a read-back waits for what was removed to stop showing.

use std::time::Duration;

use super::active_call::{ActiveCall, LastAnswer};
use crate::audit::SECOND_LOOK;

/// Waits between read-backs of one call: both clouds are eventually consistent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Before each further read of a group in which removed rules still show.
    pub polls: Vec<Duration>,
    /// Before a group that was not found is looked for once more: only then it is gone.
    pub second_look: Duration,
}

impl Patience {
    /// The delay before `call` is read once more, `alone` if it stands for one rule; none if what
    /// shows counts as standing.
    pub(super) fn next(&self, call: &ActiveCall, alone: bool) -> Option<Duration> {
        let polls = match call.last_answer {
            // Nothing is to be sent again while the effect may only not show yet.
            LastAnswer::Accepted => self.polls.len(),
            // Sending again does no harm: a rule id names one rule for ever.
            LastAnswer::Unknown => self.polls.len() / 2,
            // One rule that the provider does not know is gone: the read lags. Half as long, for
            // sending again does no harm. Of several, those that stand are sent again at once.
            LastAnswer::Missing if alone => self.polls.len().saturating_sub(1),
            LastAnswer::Missing | LastAnswer::Refused | LastAnswer::Lapsed => 0,
        };
        self.polls.iter().take(polls).nth(call.polls as usize).copied()
    }

    /// The delay before `call` is read once more when its group could not be seen as a whole.
    pub(super) fn look_again(&self, call: &ActiveCall) -> Option<Duration> {
        self.polls.get(call.polls as usize).copied()
    }
}

impl Default for Patience {
    /// Half a minute in all, for each is twice the one before; what is gone shows within seconds.
    fn default() -> Self {
        let polls = (0..7).map(|n| Duration::from_millis(250 << n)).collect();
        Self { polls, second_look: SECOND_LOOK }
    }
}
