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

mod clocks;
mod cloud;
mod crowd;
mod faults;
mod ground;
mod hanging;
mod imposter;
mod invocations;
mod journal;
mod judge;
mod laws;
mod listings;
mod manner;
mod process;
mod regressions;
mod rows;
mod scene;
mod steps;
mod storms;
mod story;
mod time;
mod trouble;
mod verdicts;
mod weather;
mod world;

use unpair_testing::{is_long, seed};
