//! A file that holds a run back while it exists.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::exchange::{Progress, Wait, Waiting};

/// How often a paused run looks whether its file is gone.
const POLL: Duration = Duration::from_millis(200);

/// No new call while a file exists, if there is to be one.
#[derive(Debug, Default)]
pub struct Pause {
    file: Option<PathBuf>,
    /// The run was found paused, and that was told.
    is_told: AtomicBool,
}

impl Pause {
    /// A pause while `file` exists; never, without one.
    pub fn new(file: Option<PathBuf>) -> Self {
        Self { file, is_told: AtomicBool::new(false) }
    }

    /// Waits until the run is not paused; `progress` is told while it is.
    pub(super) async fn over(&self, progress: &dyn Progress) {
        let mut waiting = None;
        while self.is_on().await {
            waiting.get_or_insert_with(|| Waiting::begin(progress, Wait::PauseFile));
            tokio::time::sleep(POLL).await;
        }
    }

    /// Whether the run is paused; its beginning and its end are told, once each.
    pub(super) async fn is_on(&self) -> bool {
        let Some(file) = &self.file else { return false };
        // A file that cannot be looked at may be there.
        let is_on = tokio::fs::try_exists(file).await.unwrap_or(true);
        if self.is_told.swap(is_on, Ordering::Relaxed) != is_on {
            let file = file.display();
            if is_on {
                tracing::warn!("paused: no new call while {file} exists");
            } else {
                tracing::warn!("going on: {file} is gone");
            }
        }
        is_on
    }
}
