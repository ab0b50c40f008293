//! Reports of runs over worlds of the embedded clouds.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use unpair::sandbox::{InjectedFault, SandboxOptions};
use unpair_testing::workspace::Workspace;
use unpair_testing::world_file::{A, B, PARTNER, WorldText, admits, admits_ports, drops_tcp};

/// Notes of people who try to take over the page, to break its markup, or to turn its text around.
pub(crate) const HOSTILE: [&str; 3] = [
    "<img src=x onerror=document.title=1><script>document.title=2</script>",
    "\"'><style>*{display:none}</style>&amp;",
    "abc\u{202e}fed\nand a second line",
];

/// What the first account of [`many`] is answered when it changes something.
pub(crate) const REFUSAL: &str = "Forbidden.RAM";

/// A folder in which a run has ended.
pub(crate) struct ReportedRun(Workspace);

/// One pair that is severed, one that a partner has a part in, one whose rules cannot be removed, a
/// drop rule, and a call that is throttled.
pub(crate) fn mixed() -> ReportedRun {
    let world = WorldText::empty()
        .group(A, "sg-a1", &[admits(B, "sg-b1")])
        .group(B, "sg-b1", &[drops_tcp(22, A, "sg-a1")])
        .group(A, "sg-a2", &[admits(PARTNER, "sg-p2")])
        .group(PARTNER, "sg-p2", &[])
        .group(A, "sg-a3", &[])
        .group(B, "sg-b3", &[admits(A, "sg-a3")]);
    let refused = format!("code:{REFUSAL}@RevokeSecurityGroup@{}=1", B.id);
    let throttled = format!("throttle@RevokeSecurityGroup@{}=1x", A.id);
    let mut options = SandboxOptions::new(world.read());
    options.faults =
        [refused, throttled].map(|fault| fault.parse::<InjectedFault>().expect("a fault")).into();
    let rows = [(A, "sg-a1", B, "sg-b1"), (A, "sg-a2", PARTNER, "sg-p2"), (A, "sg-a3", B, "sg-b3")];
    let rows = rows.iter().zip(HOSTILE).map(|((a, group_a, b, group_b), note)| {
        let note = note.replace('"', "\"\"");
        format!("{},{},{group_a},{},{group_b},\"{note}\"\n", a.region, a.id, b.id)
    });
    ReportedRun::revoke(options, &rows.collect::<String>())
}

/// So many pairs with two rules on either side, of which one account may remove none.
pub(crate) fn many(pairs: u32) -> ReportedRun {
    let mut world = WorldText::empty();
    let mut rows = String::new();
    for n in 0..pairs {
        let (a, b) = (format!("sg-a{n:04}"), format!("sg-b{n:04}"));
        world.add_group(A.cloud, A.id, A.region, &a, &[admits_ports(2, B, &b)]);
        world.add_group(B.cloud, B.id, B.region, &b, &[admits_ports(2, A, &a)]);
        // Writing to a String cannot fail.
        let _ = writeln!(rows, "{},{},{a},{},{b},OPS-{n}: contract ended", A.region, A.id, B.id);
    }
    let mut options = SandboxOptions::new(world.read());
    let refused = format!("code:{REFUSAL}@RevokeSecurityGroup@{}=1", A.id);
    options.faults = vec![refused.parse::<InjectedFault>().expect("a fault")];
    ReportedRun::revoke(options, &rows)
}

impl ReportedRun {
    /// Runs `revoke` over a manifest of `rows`, then `report`: not every pair is severed.
    fn revoke(options: SandboxOptions, rows: &str) -> Self {
        let run = Self(Workspace::new(options, "rate = 'off'\nin_flight = 4\n", ""));
        let header = "region,account_a,group_a,account_b,group_b,note\n";
        run.0.write("pairs.csv", &format!("{header}{rows}"));
        run.run(&["revoke", "pairs.csv", "--yes"], 3);
        run.run(&["report", "--format", "html", "--output", "report.html"], 0);
        run
    }

    fn run(&self, args: &[&str], code: i32) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unpair"));
        command.args(args).env_clear();
        self.0.spawn(command).wait().exits(code);
    }

    /// The report.
    pub(crate) fn report(&self) -> PathBuf {
        self.0.path("report.html")
    }
}
