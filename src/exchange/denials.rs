//! Reads that an account may not make: refused a few times, they are not asked again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::cloud::CloudError;
use crate::model::{ErrorClass, LaneKey};

/// Refusals in a row after which an action is not sent again: rights can differ from group to
/// group, so one refusal does not speak for all.
const ENOUGH: u32 = 3;

/// How often in a row each lane and action was refused, and with what.
type Refusals = HashMap<(LaneKey, &'static str), (u32, CloudError)>;

/// What the last reads of each lane and action were refused with.
#[derive(Debug, Default)]
pub(super) struct Denials(Mutex<Refusals>);

impl Denials {
    /// Counts a refusal for want of rights; an answer of any other kind starts anew.
    pub(super) fn note(&self, lane: &LaneKey, action: &'static str, error: Option<&CloudError>) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (lane.clone(), action);
        match error {
            Some(error) if error.class == ErrorClass::Denied => {
                refused.entry(key).or_insert_with(|| (0, error.clone())).0 += 1;
            }
            _ => {
                refused.remove(&key);
            }
        }
    }

    /// The refusal that another read would meet.
    pub(super) fn verdict(&self, lane: &LaneKey, action: &'static str) -> Option<CloudError> {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (times, error) = refused.get(&(lane.clone(), action))?;
        (*times >= ENOUGH).then(|| error.clone())
    }
}
