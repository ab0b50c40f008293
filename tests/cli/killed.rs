//! What changed between two invocations of one run, when the first was killed with calls in the
//! air: row by row what users are told.

use unpair::model::{GroupId, RuleId};
use unpair::sandbox::{LiveRule, LoggedCall, Moment};
use unpair_testing::process::wait_until;
use unpair_testing::world_file::{A, B, Owner, WorldText, admits, cidr};

use crate::runs::{age_readings, edit_journal};
use crate::workspace::{CliWorkspace, WorkspaceSetup};

const PAIRS: [(Owner, &str, Owner, &str); 3] =
    [(A, "sg-a1", B, "sg-b1"), (A, "sg-a2", B, "sg-b2"), (A, "sg-a3", B, "sg-b3")];
/// A rule that somebody adds meanwhile.
const ADDED: &str = "sgr-bp1added0000000000000";

/// How the run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// `resume`.
    Resume,
    /// The same `revoke MANIFEST` once more, as a cron line does.
    Cron,
    /// `revoke --run` of a stored plan, which the killed command was as well.
    Plan,
}

/// A row of the table: what changes, and what the next command makes of it.
struct Row {
    what: &'static str,
    change: fn(&Killed),
    by: By,
    exit: i32,
    /// A piece of what standard error tells; `{run}` is the run that was killed.
    tells: &'static str,
    /// How many rules have which outcome; none where nothing may be sent.
    rules: &'static [(&'static str, u64)],
    /// Whether the added rule still stands, where there is one.
    stands: Option<bool>,
}

const TABLE: &[Row] = &[
    Row {
        what: "another manifest: a new run, and the old one is named",
        change: |killed| killed.workspace.pairs(&PAIRS[..2]),
        by: By::Cron,
        exit: 0,
        tells: "run {run} is unfinished",
        rules: &[("pending", 0), ("still_present", 0)],
        stands: None,
    },
    Row {
        what: "an account's credentials: identities are proved again, and nothing of it is sent",
        change: |killed| {
            killed.configure(&format!("profile = '{}'", B.id), &format!("profile = '{}'", A.id));
        },
        by: By::Resume,
        exit: 3,
        tells: "nothing of 1234567890123402 was sent",
        rules: &[("removed", 3), ("pending", 3)],
        stands: None,
    },
    Row {
        what: "endpoints: taken over, and told",
        change: |killed| killed.configure("http://127.0.0.1:", "http://localhost:"),
        by: By::Resume,
        exit: 0,
        tells: "ecs_endpoint is overridden: http://localhost:",
        rules: &[("planned", 6), ("removed", 6)],
        stands: None,
    },
    Row {
        what: "guards: taken over",
        change: |killed| killed.configure("[alibaba]", "[guard]\nprotect = ['sg-a3']\n[alibaba]"),
        by: By::Cron,
        exit: 5,
        tells: "sg-a3",
        rules: &[],
        stands: None,
    },
    Row {
        what: "a rule whose call was not sent is gone",
        change: |killed| killed.edit(&killed.not_sent, drop_grants),
        by: By::Resume,
        exit: 0,
        tells: "",
        rules: &[("already_absent", 1), ("removed", 5)],
        stands: None,
    },
    Row {
        what: "a rule whose call was in flight is gone: nobody can tell by whom",
        change: |killed| killed.edit(&killed.in_the_air, drop_grants),
        by: By::Resume,
        exit: 0,
        tells: "",
        rules: &[("removed", 6)],
        stands: None,
    },
    Row {
        what: "a rule whose call was not sent stands again under another id",
        change: |killed| killed.add_again(&killed.not_sent),
        by: By::Cron,
        exit: 3,
        tells: "",
        rules: &[("conflict", 1), ("removed", 5)],
        stands: Some(true),
    },
    Row {
        what: "a rule whose call was in flight stands again under another id",
        change: |killed| killed.add_again(&killed.in_the_air),
        by: By::Resume,
        exit: 3,
        tells: "",
        rules: &[("conflict", 1), ("removed", 5)],
        stands: Some(true),
    },
    Row {
        what: "a new rule of the pair refuses a stored plan, and is named",
        change: |killed| {
            age_readings(&killed.workspace);
            killed.edit(&killed.not_sent, add_another);
        },
        by: By::Plan,
        exit: 5,
        tells: ADDED,
        rules: &[],
        stands: Some(true),
    },
    Row {
        what: "a new rule of the pair is planned as well without a stored plan",
        change: |killed| {
            age_readings(&killed.workspace);
            killed.edit(&killed.not_sent, add_another);
        },
        by: By::Cron,
        exit: 0,
        tells: "",
        rules: &[("planned", 7), ("removed", 7)],
        stands: Some(false),
    },
    Row {
        what: "the group of a call that was not sent is gone",
        change: |killed| killed.delete(&killed.not_sent),
        by: By::Resume,
        exit: 3,
        tells: "",
        rules: &[("group_gone", 1), ("removed", 5)],
        stands: None,
    },
    Row {
        what: "the group of a call in flight is gone",
        change: |killed| killed.delete(&killed.in_the_air),
        by: By::Cron,
        exit: 3,
        tells: "",
        rules: &[("group_gone", 1), ("removed", 5)],
        stands: None,
    },
    Row {
        what: "the plan in the journal was edited",
        change: |killed| {
            let rule = "replace(rule, '\"priority\":1', '\"priority\":2')";
            edit_journal(&killed.workspace, &format!("UPDATE revocation SET rule = {rule}"));
        },
        by: By::Plan,
        exit: 5,
        tells: "",
        rules: &[],
        stands: None,
    },
];

/// A run of three pairs that was killed with one call of each account in flight.
struct Killed {
    workspace: CliWorkspace,
    run: String,
    /// A group of B whose call was in flight, and one whose call was not sent.
    in_the_air: String,
    not_sent: String,
    config: String,
}

impl Killed {
    /// Kills the command with its calls on this side of their effect.
    fn at(moment: Moment, by: By) -> Self {
        let mut world = WorldText::empty();
        for (a, group_a, b, group_b) in PAIRS {
            world = world.group(a, group_a, &[admits(b, group_b), cidr(443)]).group(
                b,
                group_b,
                &[admits(a, group_a), cidr(22)],
            );
        }
        let workspace = WorkspaceSetup::of(&world).limits("rate = 'off'\nin_flight = 1\n").start();
        workspace.pairs(&PAIRS);
        let planned = (by == By::Plan).then(|| workspace.json(&["plan", "pairs.csv"], 0));
        let plan = planned.as_ref().and_then(|planned| planned["run"].as_str());
        let held = workspace.sandbox.hold(0, moment);
        let first = plan.map_or_else(|| command(By::Cron, ""), |plan| command(By::Plan, plan));
        let mut running = workspace.begin(&first);
        wait_until("a call of each account", || {
            assert!(running.is_running(), "it waits for its answers");
            workspace.revocations().len() == 2
        });
        running.signal("KILL");
        assert_eq!(running.wait().code(), None, "killed");
        drop(held);
        let run = workspace.json(&["runs"], 0)[0]["run"].as_str().expect("an id").to_owned();
        let of_b = |call: &LoggedCall| call.account.as_ref().is_some_and(|id| id.as_str() == B.id);
        let call = workspace.revocations().into_iter().find(of_b).expect("a call of B");
        let in_the_air = call.params["SecurityGroupId"].clone();
        let other = PAIRS.iter().find(|pair| pair.3 != in_the_air).expect("another pair");
        let config = workspace.read("unpair.toml");
        Self { workspace, run, in_the_air, not_sent: other.3.to_owned(), config }
    }

    /// Changes the configuration.
    fn configure(&self, from: &str, to: &str) {
        self.workspace
            .write("unpair.toml", &self.workspace.read("unpair.toml").replacen(from, to, 9));
    }

    /// Changes a group behind the program's back.
    fn edit(&self, group: &str, change: impl FnOnce(&mut Vec<LiveRule>)) {
        self.workspace.edit(|world| {
            let group = world.groups.get_mut(&GroupId::from(group)).expect("a group of the world");
            change(&mut group.rules);
        });
    }

    /// Puts what stood in a group at the start in its place, the grant under another id.
    fn add_again(&self, group: &str) {
        let mut rules = self.workspace.before.groups[&GroupId::from(group)].rules.clone();
        rules[0].id = RuleId::from(ADDED);
        self.edit(group, |now| *now = rules);
    }

    fn delete(&self, group: &str) {
        self.workspace.edit(|world| drop(world.groups.remove(&GroupId::from(group))));
    }

    /// Puts the configuration back; the run comes to its end.
    fn mend(&self) {
        self.workspace.write("unpair.toml", &self.config);
        self.workspace.run(&command(By::Resume, "")).exits(0);
        self.workspace
            .assert_only_severed(&PAIRS.map(|(_, group_a, _, group_b)| (group_a, group_b)));
    }

    fn has_added(&self) -> bool {
        let world = self.workspace.world();
        world.groups.values().flat_map(|group| &group.rules).any(|rule| rule.id.as_str() == ADDED)
    }
}

fn drop_grants(rules: &mut Vec<LiveRule>) {
    rules.retain(|rule| rule.peer_group().is_none());
}

fn add_another(rules: &mut Vec<LiveRule>) {
    let mut rule = rules.first().expect("the grant stands first").clone();
    rule.id = RuleId::from(ADDED);
    rule.priority = 77;
    rules.push(rule);
}

fn command(by: By, run: &str) -> Vec<&str> {
    match by {
        By::Resume => vec!["resume", "--yes"],
        By::Cron => vec!["revoke", "pairs.csv", "--yes"],
        By::Plan => vec!["revoke", "--run", run, "--yes"],
    }
}

/// Kills a run, changes what the row says, and looks what the next command makes of it.
fn holds(row: &Row, moment: Moment) {
    let what = row.what;
    println!("{what}, {moment:?}");
    let killed = Killed::at(moment, row.by);
    (row.change)(&killed);
    let sent = killed.workspace.revocations().len();
    let args = [&command(row.by, &killed.run)[..], &["--format", "json"]].concat();
    let ended = killed.workspace.run(&args).exits(row.exit);
    let ended = ended.tells(&row.tells.replace("{run}", &killed.run));
    for (outcome, count) in row.rules {
        assert_eq!(ended.json()["rules"][outcome], *count, "{what}: {}", ended.stdout);
    }
    if row.rules.is_empty() {
        assert_eq!(killed.workspace.revocations().len(), sent, "{what}: nothing is sent");
    }
    assert_eq!(killed.has_added(), row.stands == Some(true), "{what}: the added rule");
    if row.exit != 0 && killed.workspace.read("unpair.toml") != killed.config {
        killed.mend();
    }
    killed.workspace.assert_each_token_names_one_request();
}

#[test]
fn what_changed_while_a_killed_run_had_calls_in_the_air_is_met_as_users_are_told() {
    for row in TABLE {
        std::thread::scope(|scope| {
            for moment in [Moment::BeforeEffect, Moment::AfterEffect] {
                scope.spawn(move || holds(row, moment));
            }
        });
    }
}
