//! Layer 2: the journal as the user sees it. A file per format; nothing here prints.
//!
//! Every writer takes what it tells from the journal alone, so that a report made after a crash
//! is built by the same code as one made at the end. Revocations are streamed in pages.

mod accounts;
mod by_rows;
mod cause;
mod causes;
mod checked;
mod commands;
mod csv;
mod doubts;
mod error;
mod evidence;
#[cfg(test)]
mod fake;
mod format;
mod gathered;
mod html;
mod json;
mod lines;
mod next;
mod pair_lines;
mod pair_row;
mod pairs;
mod plain;
mod plan;
mod provenance;
mod remedy;
mod revocations;
mod run_report;
mod running;
mod runs;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod unsettled;
mod walk;
mod words;

pub use accounts::{Access, AccountCheck, write_accounts};
pub use cause::{Cause, CauseKind, SideCause};
pub use checked::{Checked, CheckedAccount, Repeated, write_checked};
pub use commands::{Which, write_manifest_commands, write_run_commands};
pub use error::ReportError;
pub use format::{Detail, Format, Rows, Style};
pub use pair_lines::write_pairs;
pub use pairs::{PairRow, SideRow, for_each_pair};
pub use plain::PlainJson;
pub use plan::PlanView;
pub use provenance::{InvocationReport, Manifest, Provenance};
pub use run_report::{write_plan, write_report};
pub use runs::write_runs;
pub use summary::{CallCounts, LiveCounts, Summary, exit_code, summarize};
