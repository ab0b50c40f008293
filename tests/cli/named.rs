//! Which journal and which configuration are meant: URLs, options, the environment.

use std::fs;

use unpair_testing::world_file::{A, B, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

/// The files of the workspace's folder.
fn files(workspace: &CliWorkspace) -> Vec<String> {
    let names = fs::read_dir(workspace.path(".")).expect("a readable folder");
    let mut names: Vec<String> = names
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn a_url_that_names_no_journal_is_refused_with_the_right_spelling_and_makes_no_file() {
    let workspace = workspace();
    let before = files(&workspace);
    for url in ["sqlite:u.db?mode=rwc", "file:u.db", "sqlite3:u.db", "u.db?mode=ro"] {
        for command in [
            &["audit", "pairs.csv"][..],
            &["revoke", "pairs.csv", "--yes"],
            &["report"],
            &["runs"],
            &["runs", "--prune", "1s"],
            &["audit", "pairs.csv", "--sandbox"],
            &["accounts", "--sandbox"],
        ] {
            let args = [command, &["--journal", url]].concat();
            workspace.run(&args).exits(2).tells("sqlite:u.db").tells(url);
        }
    }
    for url in ["postgres://h/d", "mysql:u", "sqlite:", ""] {
        workspace.run(&["runs", "--journal", url]).exits(2).tells("sqlite:PATH");
    }
    assert_eq!(files(&workspace), before);
    assert!(workspace.calls().is_empty(), "nothing is sent");
}

#[test]
fn the_environment_names_the_journal_where_no_option_does() {
    let workspace = workspace();
    let env = [("UNPAIR_JOURNAL", "other.db")];
    workspace.run_with(&["audit", "pairs.csv"], &env).exits(0);
    assert!(workspace.path("other.db").exists() && !workspace.path("unpair.db").exists());
    workspace.run_with(&["audit", "pairs.csv", "--journal", "given.db"], &env).exits(0);
    assert!(workspace.path("given.db").exists());
    let missing = [("UNPAIR_JOURNAL", "missing.db")];
    workspace.run_with(&["report"], &missing).exits(1).tells("named by UNPAIR_JOURNAL");
    let wrong = [("UNPAIR_JOURNAL", "sqlite3:u.db")];
    workspace.run_with(&["audit", "pairs.csv"], &wrong).exits(2).tells("named by UNPAIR_JOURNAL");
    workspace.run_with(&["audit", "pairs.csv"], &[("UNPAIR_JOURNAL", "")]).exits(2);
    let given = workspace.run(&["report", "--journal", "missing.db"]).exits(1);
    assert!(!given.stderr.contains("UNPAIR_JOURNAL"), "{}", given.stderr);
}

#[test]
fn the_environment_names_the_configuration_where_no_option_does() {
    let workspace = workspace();
    fs::rename(workspace.path("unpair.toml"), workspace.path("named.toml")).expect("one folder");
    let env = [("UNPAIR_CONFIG", "named.toml")];
    workspace.run_with(&["audit", "pairs.csv"], &env).exits(0);
    workspace.write("wrong.toml", "[nothing]\n");
    workspace.run_with(&["audit", "pairs.csv", "--config", "wrong.toml"], &env).exits(2);
    for (file, why) in [("wrong.toml", "nothing"), ("missing.toml", "cannot be read")] {
        let told = workspace.run_with(&["audit", "pairs.csv"], &[("UNPAIR_CONFIG", file)]);
        told.exits(2).tells(why).tells("named by UNPAIR_CONFIG");
    }
    fs::rename(workspace.path("named.toml"), workspace.path("unpair.toml")).expect("one folder");
}
