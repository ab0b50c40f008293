//! Completion scripts, in the shells that they are for.

use std::path::Path;
use std::process::Command;

use unpair_testing::process::Ended;
use unpair_testing::world_file::{A, B, mutual};

use crate::workspace::{CliWorkspace, PROGRAM, WorkspaceSetup};

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace.run(&["audit", "pairs.csv"]).exits(0);
    workspace.run(&["audit", "pairs.csv", "--journal", "other.db"]).exits(0);
    workspace
}

fn id(workspace: &CliWorkspace, journal: &str) -> String {
    let runs = workspace.json(&["runs", "--journal", journal], 0);
    runs[0]["run"].as_str().expect("an id").to_owned()
}

/// Runs a script of a shell in which `unpair` is on the path.
fn shell(workspace: &CliWorkspace, shell: &str, script: &str) -> Ended {
    let mut command = Command::new(shell);
    let folder = Path::new(PROGRAM).parent().expect("a folder").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    command.args(["-c", script]).env_clear().env("PATH", format!("{folder}:{path}"));
    workspace.spawn(command).wait()
}

/// What bash offers for the last word of a line.
fn offered_by_bash(workspace: &CliWorkspace, words: &[&str]) -> Vec<String> {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let (last, others) = words.split_last().expect("words");
    let before = others.last().expect("a command");
    let script = format!(
        "source <(unpair completions bash)\n\
         function=$(complete -p unpair | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n\
         COMP_WORDS=({}); COMP_CWORD={}\n\
         $function unpair '{last}' '{before}'\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        others.len()
    );
    let ended = shell(workspace, "bash", &script).exits(0);
    assert_eq!(ended.stderr, "", "{words:?}");
    ended.stdout.lines().map(ToOwned::to_owned).collect()
}

#[test]
fn bash_completes_the_values_of_options_and_the_names_of_shells() {
    let workspace = workspace();
    for (words, values) in [
        (&["unpair", "report", "--format", ""][..], &["table", "json", "csv", "html"][..]),
        (&["unpair", "report", "--color", ""], &["auto", "always", "never"]),
        (&["unpair", "plan", "--by", ""], &["rule-id", "permissions", "flat"]),
        (&["unpair", "report", "--format", "j"], &["json"]),
        (&["unpair", "comp"], &["completions"]),
    ] {
        assert_eq!(offered_by_bash(&workspace, words), values, "{words:?}");
    }
    let shells = offered_by_bash(&workspace, &["unpair", "completions", ""]);
    for shell in ["bash", "fish", "zsh"] {
        assert!(shells.iter().any(|offered| offered == shell), "{shells:?}");
    }
    let commands = offered_by_bash(&workspace, &["unpair", ""]);
    assert!(!commands.iter().any(|offered| offered == "restore"), "{commands:?}");
}

#[test]
fn bash_completes_the_ids_of_the_journals_runs() {
    let workspace = workspace();
    let (here, other) = (id(&workspace, "unpair.db"), id(&workspace, "other.db"));
    for command in ["resume", "verify", "report"] {
        assert_eq!(offered_by_bash(&workspace, &["unpair", command, ""]), [here.as_str()]);
        assert_eq!(offered_by_bash(&workspace, &["unpair", command, &here[..9]]), [here.as_str()]);
    }
    for command in ["revoke", "commands"] {
        assert_eq!(offered_by_bash(&workspace, &["unpair", command, "--run", ""]), [here.as_str()]);
    }
    let named = ["unpair", "--journal", "other.db", "report", ""];
    assert_eq!(offered_by_bash(&workspace, &named), [other.as_str()]);
    let named = ["unpair", "report", "--journal", "=", "other.db", ""];
    assert_eq!(offered_by_bash(&workspace, &named), [other.as_str()]);
    // Elsewhere no id is offered, and without a journal all else still is.
    let options = offered_by_bash(&workspace, &["unpair", "report", "--form"]);
    assert_eq!(options, ["--format"]);
    let missing = ["unpair", "--journal", "none.db", "report", ""];
    assert!(offered_by_bash(&workspace, &missing).contains(&"--format".to_owned()));
    assert!(!workspace.path("none.db").exists());
}

#[test]
#[ignore = "needs fish, which tests/all.sh installs"]
fn fish_completes_the_ids_of_the_journals_runs() {
    let workspace = workspace();
    let (here, other) = (id(&workspace, "unpair.db"), id(&workspace, "other.db"));
    for (line, id) in [
        ("report ", &here),
        ("revoke --run ", &here),
        ("report --journal other.db ", &other),
        ("report --format ", &"json".to_owned()),
    ] {
        let script = format!("unpair completions fish | source; complete -C 'unpair {line}'");
        let ended = shell(&workspace, "fish", &script).exits(0);
        assert!(ended.stdout.lines().any(|offered| offered.starts_with(id)), "{line}: {ended:?}");
    }
}

#[test]
fn zsh_is_told_to_ask_for_the_ids_wherever_a_run_is_expected() {
    let workspace = workspace();
    let script = workspace.run(&["completions", "zsh"]).exits(0).stdout;
    // `resume`, `verify` and `report` take one, `revoke` and `commands` by an option.
    assert_eq!(script.matches(":_unpair_runs' ").count(), 5, "{script}");
    let function = script.find("_unpair_runs() {").expect("the function");
    assert!(function < script.find("if [ \"$funcstack[1]\"").expect("the end of the script"));
}

#[test]
#[ignore = "needs zsh, which tests/all.sh installs"]
fn zsh_completes_the_ids_of_the_journals_runs() {
    let workspace = workspace();
    workspace.write("_unpair", &workspace.run(&["completions", "zsh"]).exits(0).stdout);
    shell(&workspace, "zsh", "zsh -n _unpair").exits(0);
    for (journal, options) in [("unpair.db", ""), ("other.db", "--journal other.db")] {
        let asks = format!(
            "compadd() {{ print -l -- $runs }}; compdef() {{ }}; source ./_unpair\n\
             typeset -A opt_args; opt_args=({options}); _unpair_runs"
        );
        let offered = shell(&workspace, "zsh", &asks).exits(0);
        assert_eq!(offered.stdout.trim(), id(&workspace, journal), "{offered:?}");
    }
}
