//! Why a lane or an account is left alone, and who hears of it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::silence::Silence;
use crate::cloud::CloudError;
use crate::model::ErrorClass;
use crate::pace::GIVEN_UP;

/// Why a lane or an account is left alone for the rest of the process.
#[derive(Debug, Default)]
pub(super) struct LeftAlone {
    reason: Mutex<Option<CloudError>>,
    is_left_alone: CancellationToken,
}

impl LeftAlone {
    /// Leaves it alone; the first reason stays.
    pub(super) fn set(&self, error: &CloudError) {
        self.reason().get_or_insert_with(|| error.clone());
        self.is_left_alone.cancel();
    }

    pub(super) fn get(&self) -> Option<CloudError> {
        self.reason().clone()
    }

    /// Waits until it is left alone, and returns why.
    pub(super) async fn wait(&self) -> CloudError {
        loop {
            self.is_left_alone.cancelled().await;
            if let Some(error) = self.get() {
                return error;
            }
        }
    }

    fn reason(&self) -> MutexGuard<'_, Option<CloudError>> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lane: whether it is left alone, whether it answers, and the last fault of its endpoint.
#[derive(Debug, Default)]
pub(super) struct LaneState {
    pub(super) left_alone: LeftAlone,
    pub(super) silence: Silence,
    fault: Mutex<Option<CloudError>>,
}

impl LaneState {
    /// The endpoint hung, broke down or could not be reached.
    pub(super) fn failed(&self, error: &CloudError) {
        self.silence.failed();
        *self.fault() = Some(error.clone());
    }

    /// Too many calls in a row failed, the last one with `error`.
    pub(super) fn leave_failing_alone(&self, error: &CloudError) {
        self.left_alone.set(&left_alone(error, &format!("{GIVEN_UP} calls in a row failed")));
    }

    /// All else is done, and nothing was answered here for as long as `patience`.
    pub(super) fn leave_silent_alone(&self, patience: Duration) {
        let nothing = || {
            let message = format!("no answer within {} s", patience.as_secs());
            CloudError::local(ErrorClass::Unreached, "timeout", message)
        };
        let error = self.fault().clone().unwrap_or_else(nothing);
        self.left_alone.set(&left_alone(&error, "no call was answered while all else was read"));
    }

    fn fault(&self) -> MutexGuard<'_, Option<CloudError>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `error` with why its lane is left alone, and the remedy.
fn left_alone(error: &CloudError, why: &str) -> CloudError {
    let message = format!(
        "{}; {why}, so nothing more of this account and region was sent: see that its endpoint \
         works, then go on with `unpair resume`",
        error.message
    );
    CloudError { message, ..error.clone() }
}
