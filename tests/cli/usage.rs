//! Wrong usages: each is told what is wrong and what to do, in one line, before anything is opened.

use unpair_testing::process::Ended;
use unpair_testing::world_file::{A, B, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

/// Runs a wrong command line: nothing is sent or made, and one line tells of it.
#[track_caller]
fn refused(workspace: &CliWorkspace, line: &str) -> Ended {
    let args: Vec<&str> = line.split_whitespace().collect();
    let ended = workspace.run(&args).exits(2);
    assert_eq!(ended.stdout, "", "{line}");
    let is_one = ended.stderr.starts_with("unpair: ") && ended.stderr.lines().count() == 1;
    assert!(is_one, "{line}: {}", ended.stderr);
    assert!(!ended.stderr.contains("tip:") && !ended.stderr.contains("error:"), "{}", ended.stderr);
    assert!(workspace.calls().is_empty() && !workspace.path("unpair.db").exists(), "{line}");
    ended
}

/// Command lines, each with what must be told of it.
const WRONG: [(&str, &str); 52] = [
    // Words that are no command.
    ("revok pairs.csv", "`revok` is not a command: did you mean `unpair revoke`?"),
    ("apply pairs.csv", "did you mean `unpair revoke`?"),
    ("status", "did you mean `unpair report`?"),
    ("ls", "did you mean `unpair runs`?"),
    ("pairs.csv", "`unpair plan pairs.csv` shows what it would remove"),
    ("help restore", "`restore` is not available in this version; nothing was changed"),
    ("xyzzy", "`unpair --help` lists the commands"),
    // Arguments that lack, or are too many.
    ("audit", "`audit` needs a manifest: `unpair audit pairs.csv`"),
    ("plan --no-audit", "`plan` needs a manifest: `unpair plan pairs.csv`"),
    ("revoke --yes", "`unpair revoke pairs.csv`, or --run ID"),
    ("commands", "`unpair commands pairs.csv`, or --run ID"),
    ("completions", "`completions` needs SHELL: see `unpair completions --help`"),
    ("report 01 02", "`02` is one argument too many: `report` takes one ID"),
    ("verify 01 02", "`verify` takes one ID"),
    ("runs pairs.csv", "`runs` takes no argument such as `pairs.csv`"),
    ("sandbox world.toml", "`sandbox` takes no argument such as `world.toml`"),
    // Options that the command does not have.
    ("resume --accept-gone", "to change them: `unpair revoke MANIFEST --accept-gone`"),
    ("resume --max-rules 5", "`resume` keeps the run's options"),
    ("resume --no-audit", "`unpair revoke MANIFEST --no-audit`"),
    ("verify --yes", "`verify` has no option --yes; `revoke`, `resume` and `runs` have it"),
    ("plan pairs.csv -y", "`plan` has no option -y; `revoke`, `resume` and `runs` have it"),
    ("audit pairs.csv --max-rules 5", "`plan` and `revoke` have it"),
    ("report --digest d", "`revoke` has it"),
    ("audit pairs.csv --json", "use --format json"),
    ("revoke pairs.csv --force", "use --yes"),
    ("audit pairs.csv --profile hub", "UNPAIR_AWS__PROFILE"),
    ("plan pairs.csv --keep-goin", "did you mean --keep-going?"),
    ("plan pairs.csv --xyzzy", "`unpair plan --help` lists those that it has"),
    ("--xyzzy plan pairs.csv", "`unpair --help` lists those that it has"),
    // Values.
    ("revoke pairs.csv --max-rules abc", "--max-rules abc: expected a whole number such as 500"),
    ("revoke pairs.csv --max-rules -5", "--max-rules -5: expected a whole number such as 500"),
    ("revoke pairs.csv --max-rules", "--max-rules: has no value, expected <N>"),
    ("revoke pairs.csv --max-percent 150", "expected a percentage above 0 and at most 100"),
    (
        "revoke pairs.csv --max-failures many",
        "a whole number such as 10 or a percentage such as 5%",
    ),
    ("revoke pairs.csv --max-duration soon", "expected a duration such as 90s, 15m, 2h or 30d"),
    ("runs --prune old", "--prune old: expected a duration such as 90s, 15m, 2h or 30d"),
    ("plan pairs.csv --by id", "--by id: expected rule-id, permissions or flat"),
    ("report --format xml", "--format xml: expected table, json, csv or html"),
    ("report --format", "--format: has no value, expected table, json, csv or html"),
    ("report --color sometimes", "--color sometimes: expected auto, always or never"),
    ("report --log-format xml", "--log-format xml: expected text or json"),
    ("report --output", "--output: has no value, expected <FILE>"),
    ("completions cmd", "expected bash, elvish, fish, powershell or zsh"),
    ("sandbox --listen nowhere", "expected an address and a port such as 127.0.0.1:0"),
    ("sandbox --limit 0", "--limit 0: expected calls a second above 0, such as 2.5"),
    ("plan missing.csv", "`missing.csv` does not exist; its folder holds pairs.csv"),
    // What does not go together.
    ("runs --yes", "with these options, `runs` needs --prune D"),
    ("sandbox --burst 5", "with these options, `sandbox` needs --limit RATE"),
    ("runs --check --watch", "--check cannot be used with --watch: leave one out"),
    ("revoke pairs.csv --run 01", "MANIFEST cannot be used with --run: leave one out"),
    ("report -q -v", "cannot be used with"),
    ("report --journal a.db --journal b.db", "--journal is given twice: leave one out"),
];

#[test]
fn a_wrong_command_line_is_told_what_to_do_instead() {
    let workspace = workspace();
    for (line, told) in WRONG {
        refused(&workspace, line).tells(told);
    }
}

#[test]
fn a_flag_that_is_given_a_value_is_told_so() {
    refused(&workspace(), "revoke pairs.csv --yes=1").tells("--yes: takes no value");
    workspace().run(&["plan", ""]).exits(2).tells("MANIFEST is empty, expected a file");
}

#[test]
fn a_folder_in_place_of_a_manifest_is_told_with_the_manifests_that_it_holds() {
    let workspace = workspace();
    std::fs::create_dir(workspace.path("lists")).expect("a folder");
    refused(&workspace, "plan lists")
        .tells("`lists` is a folder, expected a manifest; it holds no CSV");
    for name in ["b.csv", "a.csv", "c.txt", "\u{1b}[31m.csv"] {
        workspace.write(&format!("lists/{name}"), "");
    }
    let told = refused(&workspace, "plan lists").tells("lists/a.csv, lists/b.csv;").stderr;
    assert!(!told.contains('\u{1b}'), "{told:?}");
}

#[test]
fn commands_of_later_versions_are_named_as_such_whatever_follows() {
    let workspace = workspace();
    for line in [
        "restore",
        "restore 01a2b3c4",
        "restore --dry-run 01a2b3c4 --mend",
        "restore --help",
        "--sandbox restore 01 --yes",
        "discover --partner 123456789012 --region cn-beijing",
        "work --alive /tmp/alive",
    ] {
        let told = refused(&workspace, line).tells("is not available in this version");
        assert!(!told.stderr.contains("similar"), "{}", told.stderr);
    }
    refused(&workspace, "restore 01").tells(
        "unpair: `restore` is not available in this version; nothing was changed. \
         `unpair report --format json` holds the fields of every removed rule.",
    );
    for line in [
        "revoke pairs.csv --yes --canary",
        "plan pairs.csv --impact",
        "revoke pairs.csv --yes --metrics-file out.prom",
        "plan --allow-any-range pairs.csv",
    ] {
        refused(&workspace, line).tells("is not available in this version; nothing was sent");
    }
}

#[test]
fn a_script_that_asks_for_json_gets_the_same_as_json() {
    let workspace = workspace();
    for args in [
        &["restore", "01", "--format", "json"][..],
        &["--format=json", "revok"],
        &["plan", "pairs.csv", "--xyzzy", "--format", "json"],
    ] {
        let ended = workspace.run(args).exits(2);
        let told = ended.json()["error"]["messages"][0].as_str().expect("a message").to_owned();
        assert_eq!(ended.stderr, format!("unpair: {told}\n"));
    }
}

#[test]
fn text_of_a_wrong_command_line_drives_no_terminal() {
    let ended = workspace().run(&["\u{1b}[31mplan"]).exits(2);
    assert!(!ended.stderr.contains('\u{1b}'), "{:?}", ended.stderr);
}
