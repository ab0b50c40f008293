//! What the largest answers take of memory: each is read in a process of its own.

use std::env;
use std::fs;
use std::process::Command;

use unpair::cloud::{Http, MAX_READ_BODY};

use crate::asking::{ANSWERS, Clients, Sample};
use crate::peer::{Act, Peer, kept};

/// Tells the process of its own which sample is asked for, and where.
const ASKED: &str = "UNPAIR_FUZZ_ASKED";
/// The name of the test that reads, for the process of its own.
const READER: &str = "memory::the_largest_answers_take_little_memory";
/// Most that reading an answer may add to a process: the body itself, and a tree of it.
const MOST_KIB: u64 = 96 << 10;
/// Most that a bomb may add.
const BOMB_KIB: u64 = 64 << 10;

/// The most memory that this process has had, in KiB.
pub(crate) fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number of KiB")
}

fn sample(name: &str) -> &'static Sample {
    ANSWERS.iter().find(|sample| sample.name == name).expect("a sample of that name")
}

/// Reads one answer, and prints what that added to the peak.
async fn read_one(asked: &str) {
    let (name, url) = asked.split_once(' ').expect("a name and a URL");
    let clients = Clients::of(url, Http::new().expect("a client")).await;
    let before = peak();
    let read = clients.ask_in_time(sample(name)).await.is_ok();
    println!("ADDED {} {read}", peak() - before);
}

/// What reading `reply` adds to a process, in KiB.
async fn added(name: &str, peer: &Peer, reply: Vec<u8>) -> u64 {
    peer.will(Act::Close(reply));
    let asked = format!("{name} {}", peer.url());
    let reader = tokio::task::spawn_blocking(move || {
        Command::new(env::current_exe().expect("this program"))
            .args([READER, "--exact", "--nocapture"])
            .env(ASKED, asked)
            .output()
    });
    let output = reader.await.expect("no panic").expect("this program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.split_once("ADDED ")).expect(&text);
    println!("{name}: {} KiB", line.1);
    line.1.split(' ').next().and_then(|kib| kib.parse().ok()).expect("a number of KiB")
}

/// `unit` after `head` as often as the longest body takes it, then `tail`.
fn filled(head: &str, unit: &str, tail: &str) -> Vec<u8> {
    let times = (MAX_READ_BODY - head.len() - tail.len()) / unit.len();
    kept(200, [head, &unit.repeat(times), tail].concat().as_bytes())
}

/// 256 MiB of blanks, and what they compress to.
fn bomb() -> Vec<u8> {
    let script = "import gzip, sys; sys.stdout.buffer.write(gzip.compress(b' ' * (256 << 20), 1))";
    let output = Command::new("python3").args(["-c", script]).output().expect("python3 runs");
    assert!(output.status.success() && output.stdout.len() < 2 << 20);
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-encoding: gzip\r\n\r\n";
    [head.as_bytes(), &output.stdout].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_answers_take_little_memory() {
    if let Ok(asked) = env::var(ASKED) {
        return read_one(&asked).await;
    }
    let peer = Peer::start().await;
    let rule = "<item><securityGroupRuleId>s</securityGroupRuleId></item>";
    for (name, reply) in [
        ("aws_rules.xml", filled("<a>", "<b/>", "</a>")),
        ("aws_rules.xml", filled("<a>", rule, "</a>")),
        ("aws_rules.xml", filled("<a b='", "c", "'/>")),
        ("aws_rules.xml", filled("<a>", "&lt;", "</a>")),
        ("alibaba_rules.xml", filled("<a>", "<b>1</b>", "</a>")),
        ("alibaba_rules.json", filled("{\"a\":[0", ",0", "]}")),
        ("alibaba_rules.json", filled("{\"a\":[{}", ",{}", "]}")),
        ("alibaba_rules.json", filled("{\"a\":\"", "\\n", "\"}")),
    ] {
        let kib = added(name, &peer, reply).await;
        assert!(kib < MOST_KIB, "{name}: {kib} KiB");
    }
    let bomb = bomb();
    for sample in &ANSWERS {
        let kib = added(sample.name, &peer, bomb.clone()).await;
        assert!(kib < BOMB_KIB, "{}: {kib} KiB", sample.name);
    }
}
