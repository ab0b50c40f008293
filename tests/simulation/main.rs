//! Nothing lost, nothing twice, nothing outside the plan: whole runs in one thread, on a clock that
//! stands still unless everybody waits, with faults drawn from a seed.
//!
//! Simulated are the two clouds (by rule id, all or nothing; Alibaba Cloud's client tokens with a
//! lifetime that nobody tells; rules that show after they are gone; pages; late and repeated
//! deliveries; lost requests and answers; refusals), time, the wall clock and its jumps, and the
//! end of a process at any write of its journal and at any request. Real are the audit, the plan,
//! the calls and their read-back, pacing and retries, and the journal with its file.
//!
//! Not simulated are HTTP and its formats, credentials, the command line and its guards, power
//! cuts (a crash here loses nothing that was written), several processes at once, and threads:
//! everything but the journal runs in one.
//!
//! `UNPAIR_LONG=1` takes the long form, `UNPAIR_SEED=N` repeats a failure. A seed that found a bug
//! goes to `regressions.txt`.

mod client;
mod clocks;
mod clouds;
mod crowd;
mod failing_account;
mod fault_rates;
mod faults;
mod hanging;
mod host;
mod imposter;
mod invariants;
mod invocations;
mod journal;
mod judge;
mod listings;
mod manner;
mod process;
mod regressions;
mod repeated_crashes;
mod rows;
mod scenario;
mod simulated_run;
mod steps;
mod time;
mod verdicts;

use unpair_testing::{is_long, seed};
