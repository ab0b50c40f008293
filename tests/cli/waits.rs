//! Every wait of the program is reached by a signal and by `--max-duration`: a command that is
//! stuck in one begins no call after it, and comes to its end.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpSocket;
use tokio::runtime::Builder;
use unpair_testing::process::{Running, wait_until};
use unpair_testing::terminal::NOBODY;
use unpair_testing::world_file::{A, B, X, Y, mutual, mutual_aws};

use crate::scene::{Scene, Setting};

/// Far more than it takes to end, and far less than any of the waits would take.
const PROMPTLY: Duration = Duration::from_secs(25);

/// A service that takes connections and never answers.
struct Hanging {
    url: String,
    taken: Arc<Mutex<Vec<TcpStream>>>,
    _listener: Option<TcpListener>,
}

impl Hanging {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let taken = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
            }
        });
        Self { url, taken, _listener: None }
    }

    /// One that takes no connection any more: those who dial it wait.
    fn full() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listening = runtime.block_on(async {
            let socket = TcpSocket::new_v4()?;
            socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
            socket.listen(1)?.into_std()
        });
        let listener = listening.expect("a listener");
        let address = listener.local_addr().expect("bound");
        let url = format!("http://{address}");
        // What is dialled here is never accepted; beyond the backlog it does not even come about.
        let dial = || TcpStream::connect_timeout(&address, Duration::from_millis(300));
        let waiting: Vec<TcpStream> = std::iter::from_fn(|| dial().ok()).collect();
        let taken = Arc::new(Mutex::new(waiting));
        Self { url, taken, _listener: Some(listener) }
    }

    /// Whether somebody waits for a connection to it: state `02`, SYN sent, in the kernel's list.
    fn is_dialled(&self) -> bool {
        let port = self.url.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
        let to = format!("0100007F:{:04X} 02", port.expect("a port"));
        std::fs::read_to_string("/proc/net/tcp").is_ok_and(|list| list.contains(&to))
    }

    fn calls(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// What a command waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Connect,
    Name,
    Identity,
    Listing,
    CredentialProcess,
    Renewal,
    Quota,
    PauseFile,
    RateLimit,
    ReadBack,
}

const WAITS: [Wait; 10] = [
    Wait::Connect,
    Wait::Name,
    Wait::Identity,
    Wait::Listing,
    Wait::CredentialProcess,
    Wait::Renewal,
    Wait::Quota,
    Wait::PauseFile,
    Wait::RateLimit,
    Wait::ReadBack,
];

/// A scene in which `revoke` gets stuck in one wait, and the service that hangs.
struct Stuck {
    wait: Wait,
    scene: Scene,
    hanging: Hanging,
}

impl Stuck {
    fn new(wait: Wait) -> Self {
        let is_aws = matches!(wait, Wait::CredentialProcess | Wait::Renewal);
        let world = if is_aws { mutual_aws() } else { mutual() };
        let mut setting = Setting::of(&world);
        match wait {
            Wait::Name => {
                setting = setting.config(
                    "[[account]]\ncloud = 'alibaba'\nname = 'n@corp'\nprofile = '1234567890123401'\n",
                );
            }
            Wait::Quota => setting = setting.limits("rate = 0.001\nburst = 1\nin_flight = 4\n"),
            Wait::RateLimit => {
                setting = setting.fault("code:Throttling.User@RevokeSecurityGroup=1");
            }
            Wait::ReadBack => setting = setting.lag(Duration::from_secs(600)),
            Wait::Renewal => {
                setting = setting.fault("expired-credentials@RevokeSecurityGroupIngress=1");
            }
            Wait::Connect
            | Wait::Identity
            | Wait::Listing
            | Wait::CredentialProcess
            | Wait::PauseFile => {}
        }
        let scene = setting.start();
        let (own, peer, ids) = if is_aws {
            (X, Y, ("sg-0000a001", "sg-0000b001"))
        } else {
            (A, B, ("sg-a1", "sg-b1"))
        };
        scene.pairs(&[(own, ids.0, peer, ids.1)]);
        match wait {
            Wait::Name => {
                let pairs = scene.read("pairs.csv").replace(B.id, "n@corp");
                scene.write("pairs.csv", &pairs);
            }
            Wait::Quota => {
                // A second group of the account, whose listing waits.
                let more = format!("alibaba,{},{},sg-a2,{},sg-b2\n", A.region, A.id, B.id);
                scene.write("pairs.csv", &(scene.read("pairs.csv") + &more));
            }
            Wait::CredentialProcess | Wait::Renewal => {
                let keys = scene.read("aws-credentials");
                let gives = if wait == Wait::Renewal { ONCE } else { "" };
                scene.write("command.sh", &format!("{gives}{NEVER}"));
                let (command, folder) = (scene.path("command.sh"), scene.path(""));
                let call = format!("sh {} {}", command.display(), folder.display());
                let profile = |id| format!("[profile {id}]\ncredential_process = {call} {id}\n");
                scene.write("aws-config", &format!("{}{}", profile(X.id), profile(Y.id)));
                // No profile has keys any more: what the command gives stands in comments.
                let answers = [X.id, Y.id].map(|id| format!("# {id} {}\n", answer(&keys, id)));
                scene.write("aws-credentials", &answers.concat());
            }
            Wait::PauseFile => scene.write("pause", ""),
            Wait::Connect | Wait::Identity | Wait::Listing | Wait::RateLimit | Wait::ReadBack => {}
        }
        let hanging = if wait == Wait::Connect { Hanging::full() } else { Hanging::start() };
        Self { wait, scene, hanging }
    }

    fn begin(&self, more: &[&str]) -> Running {
        let mut args = vec!["revoke", "pairs.csv", "--yes", "--format", "json"];
        args.extend(more);
        if self.wait == Wait::PauseFile {
            args.extend(["--pause-file", "pause"]);
        }
        let hangs = match self.wait {
            Wait::Connect | Wait::Name | Wait::Identity => Some("UNPAIR_ALIBABA__STS_ENDPOINT"),
            Wait::Listing => Some("UNPAIR_ALIBABA__ECS_ENDPOINT"),
            _ => None,
        };
        let env: Vec<_> = hangs.iter().map(|name| (*name, self.hanging.url.as_str())).collect();
        self.scene.begin_with(&args, &env)
    }

    /// Waits until the command is stuck.
    fn is_reached(&self, running: &Running) {
        let sent = |action: &str, times| {
            self.scene.wait_for(action, |calls| {
                calls.iter().filter(|call| call.action == action).count() >= times
            });
        };
        match self.wait {
            Wait::Name | Wait::Identity | Wait::Listing => {
                wait_until("a call that hangs", || self.hanging.calls() > 0);
            }
            Wait::Connect => {
                wait_until("a connection that does not come about", || self.hanging.is_dialled());
            }
            Wait::CredentialProcess | Wait::Renewal => {
                wait_until("the command", || self.scene.path("pid").exists());
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
        if matches!(self.wait, Wait::CredentialProcess | Wait::Renewal) {
            let pid = self.scene.read("pid");
            wait_until("the end of the command's child", || is_gone(pid.trim()));
        }
    }

    fn calls(&self) -> usize {
        self.scene.calls().len() + self.hanging.calls()
    }
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
    let scene = Setting::of(&mutual()).start();
    scene.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let args = ["revoke", "pairs.csv", "--max-duration", "6s"];
    let began = Instant::now();
    let ended = scene.run_on_terminal(&args, NOBODY, &[]).exits(4);
    assert!(began.elapsed() < PROMPTLY, "{:?}", began.elapsed());
    assert!(ended.stdout.contains("type the number"), "it was asked: {}", ended.stdout);
    assert!(scene.revocations().is_empty(), "{}", ended.stdout);
}

#[test]
fn a_command_that_waits_for_its_manifest_ends_before_anything_is_begun() {
    let scene = Setting::of(&mutual()).start();
    let mut child = Command::new(env!("CARGO_BIN_EXE_unpair"))
        .args(["revoke", "-", "--yes", "--max-duration", "1s"])
        .current_dir(scene.path(""))
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"region,").expect("it reads");
    let began = Instant::now();
    assert_eq!(child.wait().expect("it ends").code(), Some(4));
    assert!(began.elapsed() < PROMPTLY, "{:?}", began.elapsed());
    drop(input);
    assert!(scene.calls().is_empty() && !scene.path("unpair.db").exists());
}

#[test]
fn a_signal_reaches_accounts_and_a_watched_list() {
    let hanging = Hanging::start();
    let scene = Setting::of(&mutual()).start();
    let env = [("UNPAIR_ALIBABA__STS_ENDPOINT", hanging.url.as_str())];
    let accounts = scene.begin_with(&["accounts"], &env);
    wait_until("a call that hangs", || hanging.calls() > 0);
    accounts.signal("INT");
    accounts.wait().exits(4);
    scene.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    scene.write("pause", "");
    let paused = scene.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
    paused.wait_until_it_tells("paused");
    let watching = scene.begin(&["runs", "--watch"]);
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
    let scene = Setting::of(&mutual()).start();
    scene.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    let mut command = Command::new("unshare");
    command.args(["-rmn", "sh", "-c", DEAF_RESOLVER, "sh", env!("CARGO_BIN_EXE_unpair")]);
    command.args(["audit", "pairs.csv"]);
    for endpoint in ["UNPAIR_ALIBABA__STS_ENDPOINT", "UNPAIR_ALIBABA__ECS_ENDPOINT"] {
        command.env(endpoint, "https://sts.nobody.example");
    }
    for proxy in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(proxy);
    }
    let mut running = scene.spawn(command);
    wait_until("the resolver to be asked", || {
        scene.path("asked").exists() || !running.is_running()
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
    let scene = Setting::of(&mutual()).start();
    scene.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    scene.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    let limits = "[alibaba.limits]\nrate = 0.05\nburst = 1\n";
    let usual = scene.read("unpair.toml");
    let (before, after) = usual.split_once("[alibaba.limits]\n").expect("limits");
    let after = after.find("\n[").map_or("", |at| &after[at..]);
    for command in [&["audit", "pairs.csv"][..], &["plan", "pairs.csv"], &["verify"]] {
        scene.write("unpair.toml", &format!("{before}{limits}{after}"));
        scene.run(&[command, &["--max-duration", "2s"]].concat()).exits(4).tells("--max-duration");
        scene.write("unpair.toml", &usual);
        let id = scene.json(&["runs"], 0)[0]["run"].clone();
        scene.run(&["resume", id.as_str().expect("an id"), "--yes"]).exits(0);
    }
}
