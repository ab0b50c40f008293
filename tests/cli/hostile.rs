//! Names, descriptions and notes that somebody else wrote, in everything that is printed.

use std::process::Command;

use unpair_testing::world_file::{A, B, X, Y, admits, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

/// What drives a terminal, a spreadsheet, a browser, a log or a shell if it is let.
const HOSTILE: [&str; 14] = [
    "\u{1b}[31mred\u{1b}]0;title\u{7}",
    "\u{1b}]8;;http://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\",
    "line\r\nINJECTED: all is well",
    "\u{202e}txt.exe\u{2066}",
    "nul\0byte",
    "\u{9b}31m",
    "=HYPERLINK(\"http://evil.example\")",
    "+1",
    "-2+3",
    "\t=1",
    " =1",
    "@SUM(A1)",
    "$(touch pwned)`touch pwned`'; touch pwned; '",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
];

/// A pair on each cloud, in which every name and description is `text`, and so is the note.
fn workspace(text: &str) -> CliWorkspace {
    let world = mutual().group(X, "sg-0000a001", &[admits(Y, "sg-0000b001")]).group(
        Y,
        "sg-0000b001",
        &[admits(X, "sg-0000a001")],
    );
    let workspace = WorkspaceSetup::of(&world).start();
    workspace.edit(|world| {
        for group in world.groups.values_mut() {
            text.clone_into(&mut group.name);
            group.rules.iter_mut().for_each(|rule| text.clone_into(&mut rule.description));
        }
    });
    let note = text.replace('"', "\"\"");
    let row = |cloud: &str, region: &str, ends: [&str; 4]| {
        format!("{cloud},{region},{},\"{note}\"\n", ends.join(","))
    };
    workspace.write(
        "pairs.csv",
        &format!(
            "cloud,region,account_a,group_a,account_b,group_b,note\n{}{}",
            row("alibaba", A.region, [A.id, "sg-a1", B.id, "sg-b1"]),
            row("aws", X.region, [X.id, "sg-0000a001", Y.id, "sg-0000b001"]),
        ),
    );
    workspace
}

/// Nothing that a terminal acts on, and no line that somebody else began.
fn assert_harmless(what: &str, text: &str) {
    let acts = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{2069}').contains(&c);
    let found = text.chars().find(|c| acts(*c));
    assert_eq!(found, None, "{what}: {text:?}");
    assert!(!text.lines().any(|line| line.starts_with("INJECTED")), "{what}: {text}");
}

/// No cell that a spreadsheet computes.
fn assert_no_formula(csv: &str) {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    for record in reader.records() {
        for cell in &record.expect("a report is valid CSV") {
            let seen = cell.trim_start_matches([' ', '\u{feff}']);
            let plain = seen.trim_start_matches('-').chars().all(|c| "0123456789-/".contains(c));
            assert!(plain || !seen.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        }
    }
}

/// Runs printed commands with `aliyun` and `aws` that do nothing: the rest of a line must not run.
fn assert_shell_runs_nothing_else(workspace: &CliWorkspace, commands: &str) {
    workspace.write("commands.sh", &format!("aliyun() {{ :; }}\naws() {{ :; }}\n{commands}"));
    let ended = Command::new("sh")
        .args(["-eu", "commands.sh"])
        .current_dir(workspace.path("."))
        .output()
        .expect("a POSIX shell");
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && told.is_empty(), "{told}\n{commands}");
    assert!(!workspace.path("pwned").exists(), "a command was smuggled in:\n{commands}");
}

#[test]
fn what_others_wrote_drives_neither_terminal_nor_spreadsheet_nor_log_nor_shell() {
    for text in HOSTILE {
        let workspace = workspace(text);
        let harmless = |args: &[&str]| {
            let ended = workspace.run(args);
            assert!(matches!(ended.code(), Some(0 | 2)), "{args:?} of {text:?}: {ended:?}");
            assert_harmless("standard output", &ended.stdout);
            assert_harmless("standard error", &ended.stderr);
            ended
        };
        harmless(&["audit", "pairs.csv", "-vv"]);
        let planned = harmless(&["plan", "pairs.csv", "--by", "permissions", "--format", "json"]);
        if planned.code() == Some(2) {
            // A note that no manifest may hold.
            planned.tells("pairs.csv:");
            continue;
        }
        let run = planned.json()["run"].as_str().expect("an id").to_owned();
        for commands in [&["commands", "--run", &run][..], &["commands", "pairs.csv"]] {
            assert_shell_runs_nothing_else(&workspace, &harmless(commands).stdout);
        }
        harmless(&["revoke", "--run", &run, "--yes", "-vv"]);
        harmless(&["report"]);
        assert_no_formula(&harmless(&["report", "--format", "csv"]).stdout);
        let html = harmless(&["report", "--format", "html"]).stdout;
        assert!(!html.contains("<script>alert") && !html.contains("<img"), "{html}");
        let log = harmless(&["audit", "pairs.csv", "-vv", "--log-format", "json"]).stderr;
        for line in log.lines() {
            let entry = serde_json::from_str::<serde_json::Value>(line);
            assert!(entry.is_ok_and(|entry| entry.is_object()), "{line}");
        }
        let report = harmless(&["report", &run, "--format", "json"]).json();
        let rows = report["revocations"].as_array().expect("revocations");
        assert!(rows.iter().any(|row| row["description"] == text), "JSON is not altered: {rows:?}");
    }
}

/// What a command of each cloud is given, a word a line.
fn words(workspace: &CliWorkspace, commands: &str) -> Vec<String> {
    let told = r#"for word in "$@"; do printf '%s\n' "$word"; done"#;
    workspace
        .write("words.sh", &format!("aliyun() {{ {told}; }}\naws() {{ {told}; }}\n{commands}"));
    let mut shell = Command::new("sh");
    let ended = shell.args(["-eu", "words.sh"]).current_dir(workspace.path(".")).output();
    let ended = ended.expect("a POSIX shell");
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}\n{commands}");
    assert!(!workspace.path("pwned").exists(), "a command was smuggled in:\n{commands}");
    String::from_utf8(ended.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

#[test]
fn an_account_that_a_shell_or_a_command_could_misread_stays_one_value_or_is_refused() {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    let rows = |account: &str| {
        let cell = format!("\"{}\"", account.replace('"', "\"\""));
        workspace.write(
            "pairs.csv",
            &format!(
                "cloud,region,account_a,group_a,account_b,group_b,note\n\
                 alibaba,cn-hangzhou,{},sg-a1,{cell},sg-b1,\"one\naws two\"\n\
                 aws,us-east-1,{},sg-0000a001,{cell},sg-0000b001,\n",
                A.id, X.id
            ),
        );
    };
    for account in ["--endpoint=https://example.com", "-a", "--", "a\nb", "a\u{a0}b", "１２３"] {
        rows(account);
        workspace.run(&["commands", "pairs.csv"]).exits(2).tells("pairs.csv:2: account_b: ");
    }
    for account in ["a'b", "$(touch\tpwned)", "`id`", "a;b&c|d", "'--endpoint=x'", "a\\", "#x", "*"]
    {
        rows(account);
        let ended = workspace.run(&["commands", "pairs.csv"]);
        if ended.code() == Some(2) {
            ended.tells("account_b");
            continue;
        }
        let printed = ended.exits(0).stdout;
        assert!(printed.contains("for POSIX shells"), "{printed}");
        let words = words(&workspace, &printed);
        let owner = |pair: &[String]| pair == ["--SourceGroupOwnerAccount", account];
        assert!(words.windows(2).any(owner), "{words:?}");
        let json = words.iter().filter(|word| word.starts_with("[{"));
        let named = |json: &String| {
            let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
            json[0]["UserIdGroupPairs"][0]["UserId"] == account
        };
        assert_eq!(json.map(named).filter(|named| *named).count(), 1, "{words:?}");
        let options = words.iter().filter(|word| word.starts_with("--"));
        let known =
            |option: &String| option.chars().skip(2).all(|c| c.is_alphanumeric() || c == '-');
        assert!(options.clone().all(known) && options.count() > 0, "{words:?}");
        assert_no_formula(&workspace.run(&["commands", "pairs.csv", "--format", "csv"]).stdout);
        let rows = workspace.json(&["commands", "pairs.csv"], 0);
        assert!(rows.as_array().is_some_and(|rows| rows.len() == 4), "{rows}");
    }
}
