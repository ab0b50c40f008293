//! Every wait of the program is reached by a signal and by `--max-duration`: a command that is
//! stuck in one begins no call after it, and comes to its end.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use unpair_testing::process::{Running, wait_until};
use unpair_testing::terminal::NOBODY;
use unpair_testing::world_file::{A, B, X, Y, mutual, mutual_aws};

use crate::hanging::Hanging;
use crate::workspace::{CliWorkspace, WorkspaceSetup};

/// Far more than it takes to end, and far less than any of the waits would take that does not call
/// again meanwhile.
const PROMPTLY: Duration = Duration::from_secs(25);

/// What a command waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Connect,
    Name,
    Identity,
    Listing,
    CredentialProcess,
    Renewal,
    External,
    Metadata,
    Address,
    Quota,
    PauseFile,
    RateLimit,
    ReadBack,
}

const WAITS: [Wait; 13] = [
    Wait::Connect,
    Wait::Name,
    Wait::Identity,
    Wait::Listing,
    Wait::CredentialProcess,
    Wait::Renewal,
    Wait::External,
    Wait::Metadata,
    Wait::Address,
    Wait::Quota,
    Wait::PauseFile,
    Wait::RateLimit,
    Wait::ReadBack,
];

/// A workspace in which `revoke` gets stuck in one wait, and the service that hangs.
struct Stuck {
    wait: Wait,
    workspace: CliWorkspace,
    hanging: Hanging,
}

impl Stuck {
    fn new(wait: Wait) -> Self {
        let is_aws = matches!(wait, Wait::CredentialProcess | Wait::Renewal);
        let world = if is_aws { mutual_aws() } else { mutual() };
        let mut setup = WorkspaceSetup::of(&world);
        match wait {
            Wait::Name => {
                setup = setup.config(
                    "[[account]]\ncloud = 'alibaba'\nname = 'n@corp'\nprofile = '1234567890123401'\n",
                );
            }
            Wait::Quota => setup = setup.limits("rate = 0.001\nburst = 1\nin_flight = 4\n"),
            Wait::RateLimit => {
                setup = setup.fault("code:Throttling.User@RevokeSecurityGroup=1");
            }
            Wait::ReadBack => setup = setup.lag(Duration::from_secs(600)),
            Wait::Renewal => {
                setup = setup.fault("expired-credentials@RevokeSecurityGroupIngress=1");
            }
            Wait::Connect
            | Wait::Identity
            | Wait::Listing
            | Wait::CredentialProcess
            | Wait::External
            | Wait::Metadata
            | Wait::Address
            | Wait::PauseFile => {}
        }
        let workspace = setup.start();
        let (own, peer, ids) = if is_aws {
            (X, Y, ("sg-0000a001", "sg-0000b001"))
        } else {
            (A, B, ("sg-a1", "sg-b1"))
        };
        workspace.pairs(&[(own, ids.0, peer, ids.1)]);
        let hanging = if wait == Wait::Connect { Hanging::full() } else { Hanging::start() };
        match wait {
            Wait::Name => {
                let pairs = workspace.read("pairs.csv").replace(B.id, "n@corp");
                workspace.write("pairs.csv", &pairs);
            }
            Wait::Quota => {
                // A second group of the account, whose listing waits.
                let more = format!("alibaba,{},{},sg-a2,{},sg-b2\n", A.region, A.id, B.id);
                workspace.write("pairs.csv", &(workspace.read("pairs.csv") + &more));
            }
            Wait::CredentialProcess | Wait::Renewal => {
                let keys = workspace.read("aws-credentials");
                let gives = if wait == Wait::Renewal { ONCE } else { "" };
                workspace.write("command.sh", &format!("{gives}{NEVER}"));
                let (command, folder) = (workspace.path("command.sh"), workspace.path(""));
                let call = format!("sh {} {}", command.display(), folder.display());
                let profile = |id| format!("[profile {id}]\ncredential_process = {call} {id}\n");
                workspace.write("aws-config", &format!("{}{}", profile(X.id), profile(Y.id)));
                // No profile has keys any more: what the command gives stands in comments.
                let answers = [X.id, Y.id].map(|id| format!("# {id} {}\n", answer(&keys, id)));
                workspace.write("aws-credentials", &answers.concat());
            }
            Wait::PauseFile => workspace.write("pause", ""),
            Wait::External | Wait::Metadata | Wait::Address => {
                write_profiles(&workspace, wait, &hanging.url);
            }
            Wait::Connect | Wait::Identity | Wait::Listing | Wait::RateLimit | Wait::ReadBack => {}
        }
        Self { wait, workspace, hanging }
    }

    fn begin(&self, more: &[&str]) -> Running {
        let mut args = vec!["revoke", "pairs.csv", "--yes", "--format", "json"];
        args.extend(more);
        if self.wait == Wait::PauseFile {
            args.extend(["--pause-file", "pause"]);
        }
        let url = self.hanging.url.as_str();
        let hangs = match self.wait {
            Wait::Connect | Wait::Name | Wait::Identity => Some("UNPAIR_ALIBABA__STS_ENDPOINT"),
            Wait::Listing => Some("UNPAIR_ALIBABA__ECS_ENDPOINT"),
            Wait::Metadata => Some("UNPAIR_ALIBABA__METADATA_ENDPOINT"),
            _ => None,
        };
        let mut env: Vec<_> = hangs.iter().map(|name| (*name, url)).collect();
        env.push(("UNPAIR_ALIBABA__ALLOW_EXTERNAL", "true"));
        self.workspace.begin_with(&args, &env)
    }

    /// Waits until the command is stuck.
    fn is_reached(&self, running: &Running) {
        let sent = |action: &str, times| {
            self.workspace.wait_for(action, |calls| {
                calls.iter().filter(|call| call.action == action).count() >= times
            });
        };
        match self.wait {
            Wait::Name | Wait::Identity | Wait::Listing | Wait::Metadata | Wait::Address => {
                wait_until("a call that hangs", || self.hanging.calls() > 0);
            }
            Wait::Connect => {
                wait_until("a connection that does not come about", || self.hanging.is_dialled());
            }
            Wait::CredentialProcess | Wait::Renewal | Wait::External => {
                wait_until("the command", || self.workspace.path("pid").exists());
            }
            Wait::Quota => sent("DescribeSecurityGroups", 2),
            Wait::PauseFile => running.wait_until_it_tells("paused"),
            Wait::RateLimit | Wait::ReadBack => sent("RevokeSecurityGroup", 1),
        }
        self.is_quiet();
    }

    /// Waits until nothing is in flight, nor due soon: each delay is twice the one before, and
    /// after three seconds of one of four there is a second left.
    fn is_quiet(&self) {
        let is_delay = matches!(self.wait, Wait::RateLimit | Wait::ReadBack);
        let long = Duration::from_secs(if is_delay { 3 } else { 1 });
        let (mut calls, mut since) = (self.calls(), Instant::now());
        wait_until("a while without a call", || {
            if self.calls() != calls {
                (calls, since) = (self.calls(), Instant::now());
            }
            since.elapsed() >= long
        });
    }

    /// Asserts that a command that was told to stop begins nothing more and ends.
    fn ends(&self, running: Running, calls: usize) {
        running.wait_until_it_tells("stopping:");
        let began = Instant::now();
        let ended = running.wait();
        println!("{:?}: ended after {:?}", self.wait, began.elapsed());
        assert!(began.elapsed() < PROMPTLY, "{:?}: {:?}", self.wait, began.elapsed());
        let ended = ended.exits(4);
        assert!(ended.stdout.contains("\"exit\": 4"), "{}", ended.stdout);
        assert_eq!(self.calls(), calls, "{:?}: a call began after it", self.wait);
        if matches!(self.wait, Wait::CredentialProcess | Wait::Renewal | Wait::External) {
            let pid = self.workspace.read("pid");
            wait_until("the end of the command's child", || is_gone(pid.trim()));
        }
    }

    fn calls(&self) -> usize {
        self.workspace.calls().len() + self.hanging.calls()
    }
}

/// Profiles of Alibaba Cloud whose keys never come.
fn write_profiles(workspace: &CliWorkspace, wait: Wait, url: &str) {
    workspace.write("command.sh", NEVER);
    let folder = workspace.path("");
    let fields = match wait {
        Wait::External => {
            let command = format!("sh {0}/command.sh {0}", folder.display());
            format!(r#""mode":"External","process_command":"{command}""#)
        }
        Wait::Address => format!(r#""mode":"CredentialsURI","credentials_uri":"{url}/key""#),
        _ => r#""mode":"EcsRamRole""#.to_owned(),
    };
    let profiles = [A.id, B.id].map(|id| format!(r#"{{"name":"{id}",{fields}}}"#)).join(",");
    workspace.write("aliyun.json", &format!(r#"{{"profiles":[{profiles}]}}"#));
}

/// A credential command, given a folder and a profile, that never ends, and tells its child there.
const NEVER: &str = "sleep 600 & echo $! > \"$1/pid\"; wait\n";
/// What it does before: it gives the credentials of the profile the first time that it is run.
const ONCE: &str = r#"
if [ ! -e "$1/$2" ]; then
    touch "$1/$2"
    sed -n "s/^# $2 //p" "$1/aws-credentials"
    exit
fi
"#;

/// The keys of the profile `id` as a credential command gives them.
fn answer(keys: &str, id: &str) -> String {
    let section = keys.split('[').find(|section| section.starts_with(&format!("{id}]")));
    let value = |key: &str| {
        let lines = section.into_iter().flat_map(str::lines);
        let mut values = lines.filter_map(|line| line.split_once(" = "));
        values.find(|(name, _)| *name == key).map(|(_, value)| value).expect("a key")
    };
    let (key, secret) = (value("aws_access_key_id"), value("aws_secret_access_key"));
    format!(r#"{{"Version": 1, "AccessKeyId": "{key}", "SecretAccessKey": "{secret}"}}"#)
}

/// Whether a process is gone, or was killed and waits to be asked how it ended.
fn is_gone(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('Z'))
}

#[test]
fn a_signal_reaches_every_wait() {
    for wait in WAITS {
        let stuck = Stuck::new(wait);
        let running = stuck.begin(&[]);
        stuck.is_reached(&running);
        let calls = stuck.calls();
        running.signal("INT");
        stuck.ends(running, calls);
    }
}

#[test]
fn max_duration_reaches_every_wait() {
    for wait in WAITS {
        let stuck = Stuck::new(wait);
        let running = stuck.begin(&["--max-duration", "6s"]);
        stuck.is_reached(&running);
        running.wait_until_it_tells("stopping:");
        // What was in flight at that moment is logged when it is answered.
        stuck.is_quiet();
        let calls = stuck.calls();
        stuck.ends(running, calls);
    }
}

#[test]
fn max_duration_reaches_the_question() {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let args = ["revoke", "pairs.csv", "--max-duration", "6s"];
    // Nobody ever answers: that it ends at all is what shows it.
    let ended = workspace.run_on_terminal(&args, NOBODY, &[]).exits(4);
    assert!(ended.stdout.contains("type the number"), "it was asked: {}", ended.stdout);
    assert!(workspace.revocations().is_empty(), "{}", ended.stdout);
}

#[test]
fn a_command_that_waits_for_its_manifest_ends_before_anything_is_begun() {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    let mut child = Command::new(env!("CARGO_BIN_EXE_unpair"))
        .args(["revoke", "-", "--yes", "--max-duration", "1s"])
        .current_dir(workspace.path(""))
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"region,").expect("it reads");
    // Its input does not end before it does.
    assert_eq!(child.wait().expect("it ends").code(), Some(4));
    drop(input);
    assert!(workspace.calls().is_empty() && !workspace.path("unpair.db").exists());
}

#[test]
fn a_signal_reaches_accounts_and_a_watched_list() {
    let hanging = Hanging::start();
    let workspace = WorkspaceSetup::of(&mutual()).start();
    let env = [("UNPAIR_ALIBABA__STS_ENDPOINT", hanging.url.as_str())];
    let accounts = workspace.begin_with(&["accounts"], &env);
    wait_until("a call that hangs", || hanging.calls() > 0);
    accounts.signal("INT");
    accounts.wait().exits(4);
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace.write("pause", "");
    let paused = workspace.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
    paused.wait_until_it_tells("paused");
    let watching = workspace.begin(&["runs", "--watch"]);
    wait_until("the list", || !watching.shown().is_empty());
    watching.signal("TERM");
    watching.wait().exits(4);
    paused.signal("INT");
    paused.wait().exits(4);
}

/// Begins a program in a network of its own, whose only name server never answers: it makes a file
/// when it is asked.
const DEAF_RESOLVER: &str = r#"
set -e
ip link set lo up
printf 'nameserver 127.0.0.1\noptions timeout:30 attempts:5\n' > deaf.conf
mount --bind deaf.conf /etc/resolv.conf
python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 53))
open('ready', 'w').close()
s.recv(512)
open('asked', 'w').close()
import time
time.sleep(120)
" &
while [ ! -e ready ]; do sleep 0.05; done
exec "$@"
"#;

#[test]
fn a_signal_reaches_a_resolver_that_does_not_answer() {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let mut command = Command::new("unshare");
    command.args(["-rmn", "sh", "-c", DEAF_RESOLVER, "sh", env!("CARGO_BIN_EXE_unpair")]);
    command.args(["audit", "pairs.csv"]);
    for endpoint in ["UNPAIR_ALIBABA__STS_ENDPOINT", "UNPAIR_ALIBABA__ECS_ENDPOINT"] {
        command.env(endpoint, "https://sts.nobody.example");
    }
    for proxy in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(proxy);
    }
    let mut running = workspace.spawn(command);
    wait_until("the resolver to be asked", || {
        workspace.path("asked").exists() || !running.is_running()
    });
    if !running.is_running() {
        let why = running.wait().stderr;
        let is_refused = ["unshare", "mount", "RTNETLINK"].iter().any(|what| why.contains(what));
        assert!(is_refused, "the resolver was never asked: {why}");
        println!("skipped: this machine gives no network of one's own (unshare -rmn): {why}");
        return;
    }
    running.signal("INT");
    let began = Instant::now();
    running.wait().exits(4);
    assert!(began.elapsed() < PROMPTLY, "{:?}", began.elapsed());
}

#[test]
fn max_duration_ends_an_audit_a_plan_and_a_verification_and_resume_goes_on() {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let limits = "[alibaba.limits]\nrate = 0.05\nburst = 1\n";
    let usual = workspace.read("unpair.toml");
    let (before, after) = usual.split_once("[alibaba.limits]\n").expect("limits");
    let after = after.find("\n[").map_or("", |at| &after[at..]);
    for command in [&["audit", "pairs.csv"][..], &["plan", "pairs.csv"], &["verify"]] {
        workspace.write("unpair.toml", &format!("{before}{limits}{after}"));
        workspace
            .run(&[command, &["--max-duration", "2s"]].concat())
            .exits(4)
            .tells("--max-duration");
        workspace.write("unpair.toml", &usual);
        let id = workspace.json(&["runs"], 0)[0]["run"].clone();
        workspace.run(&["resume", id.as_str().expect("an id"), "--yes"]).exits(0);
    }
}
