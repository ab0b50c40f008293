//! README.md and the pages of docs/ show what the program prints: every console block is run again
//! and compared, those of one `##` section in order and in one fresh folder.
//! `UNPAIR_README_WRITE=1` writes what came into the pages instead.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use unpair_testing::canaries;

/// Stands for any number of lines.
const ANY_LINES: &str = "…";

/// Ends the output of a command that goes on until it is interrupted.
const INTERRUPT: &str = "^C";
/// The files that hold keys: those of the embedded clouds, and the world that they were made from.
const KEYS: [&str; 2] = ["unpair.db.sandbox.json", "world.toml"];
/// How long such a command may take to print what is shown.
const DEADLINE: Duration = Duration::from_secs(60);

/// A command of a page with the lines that it is said to print.
struct Example {
    /// The line of the page that holds the command, from 0.
    at: usize,
    /// The section of the page that it stands in, from 0.
    section: usize,
    command: String,
    shown: Vec<String>,
}

/// README.md and the pages of docs/.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).expect("a folder of pages");
    let paths = docs.map(|entry| entry.expect("a page").path());
    let mut pages: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|it| it == "md")).collect();
    pages.sort_unstable();
    pages.insert(0, root.join("README.md"));
    pages
}

/// The commands of all console blocks, in order.
fn examples(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let (mut inside, mut section) = (false, 0);
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if !inside && line.starts_with("## ") {
            section += 1;
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            examples.push(Example { at, section, command: command.to_owned(), shown: Vec::new() });
        } else if let Some(example) = examples.last_mut().filter(|_| inside) {
            example.shown.push(line.to_owned());
        }
    }
    examples
}

/// A folder with the sample data, in which `unpair` is on the PATH.
struct Shell {
    folder: tempfile::TempDir,
    path: String,
    status: i32,
}

impl Shell {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the examples");
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
        let copy = folder.path().join("sample-data");
        fs::create_dir(&copy).expect("a folder for the samples");
        for entry in fs::read_dir(samples).expect("sample data") {
            let from = entry.expect("a sample").path();
            let name = from.file_name().expect("a file name");
            fs::copy(&from, copy.join(name)).expect("a copy of a sample");
        }
        let binary = Path::new(env!("CARGO_BIN_EXE_unpair"));
        let bin = binary.parent().expect("a folder").to_str().expect("a path in UTF-8");
        let path = format!("{bin}:{}", std::env::var("PATH").unwrap_or_default());
        Self { folder, path, status: 0 }
    }

    /// What the example prints on both streams.
    fn run(&mut self, example: &Example) -> Vec<String> {
        match example.shown.split_last() {
            Some((last, lines)) if last == INTERRUPT => self.interrupt(&example.command, lines),
            _ => self.complete(&example.command),
        }
    }

    fn shell(&self, script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).current_dir(self.folder.path()).env_clear();
        shell.env("PATH", &self.path).env("HOME", self.folder.path());
        canaries::plant(&mut shell);
        shell
    }

    /// Runs `command` until it has printed as many lines as are shown, then stops it.
    fn interrupt(&self, command: &str, shown: &[String]) -> Vec<String> {
        let mut running = self
            .shell(&format!("exec {command} 2>&1"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("a POSIX shell");
        let (sender, lines) = mpsc::channel();
        let output = running.stdout.take().expect("its output");
        let reader = std::thread::spawn(move || {
            let printed = BufReader::new(output).lines().map_while(Result::ok);
            printed.for_each(|line| sender.send(line).unwrap_or_default());
        });
        let mut printed: Vec<String> =
            shown.iter().map_while(|_| lines.recv_timeout(DEADLINE).ok()).collect();
        let pid = running.id().to_string();
        let stopped = Command::new("kill").args(["-INT", &pid]).status().expect("kill");
        assert!(stopped.success(), "`{command}` ended by itself: {printed:?}");
        running.wait().expect("its end");
        reader.join().expect("its output");
        printed.extend(lines.try_iter());
        printed.push(INTERRUPT.to_owned());
        printed
    }

    /// Runs `command` to its end; the next one sees its exit code in `$?`.
    fn complete(&mut self, command: &str) -> Vec<String> {
        let script = format!("exec 2>&1; (exit {}); {command}", self.status);
        let output = self.shell(&script).output().expect("a POSIX shell");
        self.status = output.status.code().expect("an exit code");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        text.lines().map(ToOwned::to_owned).collect()
    }
}

/// `line` without what differs from run to run: ids, digests, times, ports, counts of reads.
fn normalise(line: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    // `took under 1 s` and `took 2 s` tell the same here.
    let tells = |word: &&str| word.contains(|c: char| c.is_alphanumeric()) && *word != "under";
    let mut words: Vec<String> = Vec::new();
    for word in line.split(|c: char| !is_part(c)).filter(tells) {
        let before = words.last().map(String::as_str).unwrap_or_default();
        words.push(normal_word(before, word));
    }
    let marks: String =
        line.chars().filter(|c| !is_part(*c) && !c.is_whitespace() && *c != '·').collect();
    format!("{} {marks}", words.join(" "))
}

fn normal_word(before: &str, word: &str) -> String {
    let is_number = word.bytes().all(|b| b.is_ascii_digit());
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    let shape: Vec<usize> = word.split('-').map(str::len).collect();
    // Lanes that end together tell their counts in one row of the history: `RUN  92 rows intact`.
    let counted = ["RUN", "took", "estimated", "Calls:", "elapsed_s", "estimate_s"]
        .contains(&before)
        || before.starts_with("Describe")
        || before == "GetCallerIdentity";
    if is_number && counted {
        "N".to_owned()
    } else if word.len() == 64 && is_hex(word) {
        "HASH".to_owned()
    } else if word.split('-').all(is_hex) && (shape == [8, 4, 4, 4, 12] || shape == [8, 4]) {
        "RUN".to_owned()
    } else if word.starts_with("20") && shape.starts_with(&[4, 2]) {
        "DATE".to_owned()
    } else if word.len() == 6 && word.ends_with('Z') && word.as_bytes().get(2) == Some(&b':') {
        "TIME".to_owned()
    } else if let Some((host, _)) = word.rsplit_once("127.0.0.1:") {
        format!("{host}127.0.0.1:PORT")
    } else {
        word.to_owned()
    }
}

/// Whether `actual` is what is shown, where `…` stands for any lines.
fn matches(shown: &[String], actual: &[String]) -> bool {
    match shown.split_first() {
        None => actual.is_empty(),
        Some((first, rest)) if first == ANY_LINES => {
            (0..=actual.len()).any(|from| matches(rest, &actual[from..]))
        }
        Some((first, rest)) => actual
            .split_first()
            .is_some_and(|(line, left)| normalise(first) == normalise(line) && matches(rest, left)),
    }
}

/// Whether `actual` is what is shown; where the lines of times are folded depends on the times.
fn is_shown(shown: &[String], actual: &[String]) -> bool {
    matches(&unfolded(shown), &unfolded(actual))
}

fn unfolded(lines: &[String]) -> Vec<String> {
    let goes_on = ["  took ", "  estimated ", "  oldest reading "];
    let mut unfolded: Vec<String> = Vec::new();
    for line in lines {
        match unfolded.last_mut() {
            Some(last) if goes_on.iter().any(|start| line.starts_with(start)) => {
                last.push_str(line);
            }
            _ => unfolded.push(line.clone()),
        }
    }
    unfolded
}

/// `actual`, shortened where `shown` was: as many lines before and after the `…`.
fn shorten(shown: &[String], actual: &[String]) -> Vec<String> {
    let is_any = |line: &String| line == ANY_LINES;
    let Some(head) = shown.iter().position(is_any) else { return actual.to_vec() };
    let tail = shown.iter().rev().position(is_any).unwrap_or_default();
    if actual.len() <= head + tail {
        return actual.to_vec();
    }
    let any = [ANY_LINES.to_owned()];
    [&actual[..head], &any, &actual[actual.len() - tail..]].concat()
}

/// README.md with the output of each command replaced by `outputs`.
fn rewritten(text: &str, examples: &[Example], outputs: &[Vec<String>]) -> String {
    let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    for (example, actual) in examples.iter().zip(outputs).rev() {
        let range = example.at + 1..=example.at + example.shown.len();
        if !is_shown(&example.shown, actual) {
            lines.splice(range, shorten(&example.shown, actual));
        }
    }
    lines.join("\n") + "\n"
}

/// What the examples of a page print.
fn printed(examples: &[Example]) -> Vec<Vec<String>> {
    let mut outputs = Vec::new();
    for section in examples.chunk_by(|one, next| one.section == next.section) {
        let mut shell = Shell::new();
        for example in section {
            let output = shell.run(example);
            // A sandbox tells the keys that it made up: they open nothing else.
            if !example.command.starts_with("unpair sandbox") {
                canaries::assert_none(&example.command, output.join("\n").as_bytes());
            }
            outputs.push(output);
        }
        canaries::assert_none_below(shell.folder.path(), &KEYS);
    }
    outputs
}

#[test]
fn every_page_shows_what_the_program_prints() {
    let mut drifted = String::new();
    let mut run = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        let examples = examples(&text);
        let outputs = printed(&examples);
        run += examples.len();
        if std::env::var_os("UNPAIR_README_WRITE").is_some() {
            fs::write(&page, rewritten(&text, &examples, &outputs)).expect("a page");
            continue;
        }
        for (example, actual) in examples.iter().zip(&outputs) {
            if !is_shown(&example.shown, actual) {
                let (page, line) = (page.display(), example.at + 1);
                let actual = actual.join("\n");
                write!(drifted, "\n{page}:{line}: `{}` prints\n{actual}\n", example.command)
                    .expect("a string grows");
            }
        }
    }
    assert!(run > 20, "the pages walk through the commands");
    assert!(drifted.is_empty(), "{drifted}\nUNPAIR_README_WRITE=1 writes it into the pages");
}

#[test]
fn the_readme_stays_short() {
    let text = fs::read_to_string(&pages()[0]).expect("README.md");
    assert!(text.lines().count() < 250, "reference belongs to docs/");
}

#[test]
fn every_link_between_the_pages_leads_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        let folder = page.parent().expect("a folder");
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            assert!(folder.join(link).exists(), "{}: {link}", page.display());
        }
    }
}

#[test]
fn every_command_of_the_program_is_shown() {
    let mut shown = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(page).expect("a page");
        shown.extend(examples(&text).into_iter().map(|example| example.command));
    }
    let help = Command::new(env!("CARGO_BIN_EXE_unpair")).arg("--help").output().expect("help");
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    let commands = help.split_once("Commands:\n").expect("a list of commands").1;
    for line in commands.lines().take_while(|line| !line.is_empty()) {
        let command = line.split_whitespace().next().expect("a command");
        let is_shown = shown.iter().any(|shown| shown.contains(&format!("unpair {command}")));
        assert!(is_shown || command == "help", "no page shows `unpair {command}`");
    }
}

#[test]
fn ids_times_and_ports_may_differ_and_nothing_else() {
    let same = |a: &str, b: &str| normalise(a) == normalise(b);
    let id = "01a1f8cd-16a6-7573-b81c-d94bc1f082e8";
    assert!(same(&format!("plan {id} · took 1 s"), &format!("plan {id} · took under 1 s")));
    assert!(same(
        "01a1f8cd-16a6  revoke  2026-11-20 11:52Z",
        "01a1f8cd-ffff  revoke  2027-01-02 03:04Z"
    ));
    assert!(same("alibaba  http://127.0.0.1:4010", "alibaba  http://127.0.0.1:80"));
    assert!(!same("26 rules to revoke", "25 rules to revoke"));
    assert!(!same("sgr-bp1x (a)", "sgr-bp1x (a"));
    let lines = |text: &str| text.lines().map(ToOwned::to_owned).collect::<Vec<_>>();
    assert!(matches(&lines("a\n…\nz"), &lines("a\nb\nc\nz")));
    assert!(!matches(&lines("a\n…\nz"), &lines("a\nb\nc")));
    let under = lines("plan 1\n  took under 1 s · oldest reading 2026-11-30 17:53Z");
    let longer = lines("plan 1 · took 2 s\n  oldest reading 2026-11-30 17:53Z");
    assert!(is_shown(&under, &longer) && !is_shown(&under, &under[..1]));
    assert_eq!(shorten(&lines("a\n…\nz"), &lines("1\n2\n3\n4")), lines("1\n…\n4"));
}
