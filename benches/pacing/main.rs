//! The limiters as runs use them against simulated providers: which share of the best possible
//! speed they reach, and which share of their calls is refused.
//!
//! `cargo bench --bench pacing` prints the whole table; `-- --smoke` a small part of it. Ends with
//! exit code 1 if a goal is missed, in the small part by more than some slack, or if a cell of the
//! grid is weak. Deterministic: the seeds are printed, and no clock is read.

mod baseline;
mod lane;
mod paced;
mod scenario;
mod server;
mod work;

use std::process::ExitCode;

use scenario::{Cell, HELD_OUT, LANES, Scenario, Score, Sender, TUNED_ON, goals, grid, hardships};

/// A cell of the grid is weak below this share of what backoff alone reaches.
const WEAK: f64 = 0.9;

/// Below this share of what additive increase and multiplicative decrease reach, the pacer is
/// broken.
const BROKEN: f64 = 0.8;

fn main() -> ExitCode {
    let has = |name: &str| std::env::args().any(|argument| argument == name);
    // `cargo bench` says `--bench`; `cargo test --benches` does not, and is to be quick.
    let is_whole = has("--bench") && !has("--smoke");
    let missed = if is_whole { whole_table() } else { smoke_table() };
    if missed == 0 {
        ExitCode::SUCCESS
    } else {
        println!("\n{missed} missed");
        ExitCode::FAILURE
    }
}

fn whole_table() -> usize {
    println!("goodput % / throttled %; {LANES} lanes of 2,000 calls, the last one counts\n");
    println!("goals, judged on seeds {HELD_OUT:?}; constants were chosen on {TUNED_ON:?}");
    let missed = table(&goals(), &HELD_OUT, LANES, true);
    println!("\nhardships, with floors, seeds {HELD_OUT:?}");
    let missed = missed + table(&hardships(), &HELD_OUT, LANES, false);
    missed + grid_table(&grid(), &HELD_OUT[..5], 10)
}

/// What three lanes may fall short of the goals, which are set for fifty, in points of a percent.
const SLACK: Score = Score { goodput: 1.0, throttled: 0.3 };

fn smoke_table() -> usize {
    let seeds = &HELD_OUT[..1];
    println!("goodput % / throttled %; a small part: 3 lanes, seeds {seeds:?}, goals with slack");
    let with_slack = |scenario: Scenario| {
        let goal = scenario.goal.map(|goal| Score {
            goodput: goal.goodput - SLACK.goodput,
            // A limit that is known is never met.
            throttled: if goal.throttled > 0.0 { goal.throttled + SLACK.throttled } else { 0.0 },
        });
        Scenario { goal, ..scenario }
    };
    let scenarios: Vec<Scenario> = goals().into_iter().map(with_slack).collect();
    let missed = table(&scenarios, seeds, 3, false);
    let cells: Vec<Cell> = grid().into_iter().step_by(7).collect();
    missed + grid_table(&cells, seeds, 1)
}

fn table(scenarios: &[Scenario], seeds: &[u64], lanes: u64, tuned: bool) -> usize {
    let rule = if tuned { "on the seeds of tuning" } else { "" };
    println!("{:<42} {:>14} {:>16}   {rule}", "", "goal", "measured");
    let mut missed = 0;
    for scenario in scenarios {
        let measured = scenario.score(seeds, lanes);
        let is_missed = scenario.goal.is_some_and(|goal| !reaches(measured, goal));
        missed += usize::from(is_missed);
        let goal = scenario.goal.map_or_else(String::new, |goal| {
            format!(">={:.1} <={:.1}", goal.goodput, goal.throttled)
        });
        let tuned = if tuned { show(scenario.score(&TUNED_ON, lanes)) } else { String::new() };
        let mark = if is_missed { "MISSED" } else { "" };
        println!("{:<42} {goal:>14} {:>16}   {tuned} {mark}", scenario.name, show(measured));
    }
    missed
}

fn reaches(measured: Score, goal: Score) -> bool {
    measured.goodput >= goal.goodput && measured.throttled <= goal.throttled
}

fn grid_table(cells: &[Cell], seeds: &[u64], lanes: u64) -> usize {
    println!("\nbuckets that nobody told of: 200 s of calls, {lanes} lanes, seeds {seeds:?}");
    println!(
        "{:>7} {:>9} {:>7} {:>10} {:>9} {:>14} {:>14} {:>14}",
        "limit/s", "capacity", "RTT ms", "in flight", "refusals", "pacer", "AIMD", "backoff alone"
    );
    let (mut weak, mut broken) = (0, 0);
    for cell in cells {
        let [pacer, aimd, backoff] = [Sender::BUCKET, Sender::Aimd, Sender::Backoff]
            .map(|sender| cell.score(sender, seeds, lanes));
        let is_weak = pacer.goodput < WEAK * backoff.goodput;
        let is_broken = pacer.goodput < BROKEN * aimd.goodput;
        weak += usize::from(is_weak);
        broken += usize::from(is_broken);
        let mark = match (is_broken, is_weak) {
            (true, _) => "BROKEN".to_owned(),
            (false, true) => {
                let known = cell.score(Sender::Steady(cell.refill), seeds, lanes);
                format!("weak; evenly at the known limit: {}", show(known))
            }
            (false, false) => String::new(),
        };
        cell_row(cell, [pacer, aimd, backoff], &mark);
    }
    println!("weak, below {WEAK} of what backoff alone reaches: {weak} of {}", cells.len());
    println!("broken, below {BROKEN} of what AIMD reaches: {broken}");
    broken + weak
}

fn cell_row(cell: &Cell, scores: [Score; 3], mark: &str) {
    let [pacer, aimd, backoff] = scores.map(show);
    println!(
        "{:>7} {:>9} {:>7} {:>10} {:>9} {pacer:>14} {aimd:>14} {backoff:>14} {mark}",
        cell.refill,
        cell.capacity,
        cell.work.round_trip * 1_000.0,
        cell.work.in_flight,
        if cell.refusals_cost { "cost" } else { "free" },
    );
}

fn show(score: Score) -> String {
    format!("{:.2} / {:.2}", score.goodput, score.throttled)
}
