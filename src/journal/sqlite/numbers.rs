//! The numbers of runs: they never change.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::readers::Readers;
use super::row::refused;
use super::sql;
use crate::journal::JournalError;
use crate::model::RunId;

/// The numbers that were asked for.
#[derive(Default)]
pub(super) struct Numbers(RwLock<HashMap<RunId, i64>>);

impl Numbers {
    /// The number of a run.
    pub(super) async fn of(&self, readers: &Readers, run: &RunId) -> Result<i64, JournalError> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(run).copied();
        if let Some(number) = known {
            return Ok(number);
        }
        let number: Option<i64> = sqlx::query_scalar(sql::RUN_NO)
            .bind(run.as_str())
            .fetch_optional(&mut *readers.get().await)
            .await
            .map_err(|error| refused(&error))?;
        let number = number.ok_or_else(|| JournalError::NoSuchRun(run.to_string()))?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(run.clone(), number);
        Ok(number)
    }
}
