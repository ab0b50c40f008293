//! x
use super::{Journal, JournalError};
use crate::model::RunId;
/// x
#[derive(Debug)]
pub struct CheckReport;
/// x
pub async fn check(_: &dyn Journal, _: &RunId) -> Result<CheckReport, JournalError> {
    Ok(CheckReport)
}
