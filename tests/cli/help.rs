//! `-h`, `--help` and `--version`.

use std::path::Path;
use std::process::Command;

use unpair_testing::world_file::mutual;

use crate::workspace::{CliWorkspace, WorkspaceSetup};

#[expect(dead_code, reason = "its `main` is run by cargo")]
#[path = "../../build.rs"]
mod build;

fn workspace() -> CliWorkspace {
    WorkspaceSetup::of(&mutual()).start()
}

/// What a command line prints that asks for help, no line of which is longer than a screen.
#[track_caller]
fn help(workspace: &CliWorkspace, args: &[&str]) -> String {
    let text = workspace.run(args).exits(0).stdout;
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{args:?}: {line}");
    }
    text
}

/// The commands that `--help` lists, in its order.
fn commands(workspace: &CliWorkspace) -> Vec<String> {
    let text = help(workspace, &["-h"]);
    let (_, list) = text.split_once("Commands:\n").expect("a list of commands");
    let list = list.lines().take_while(|line| !line.is_empty());
    let words = list.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let words = words.filter_map(|line| line.split_whitespace().next());
    words.filter(|word| *word != "help").map(ToOwned::to_owned).collect()
}

#[test]
fn short_help_leaves_out_what_every_command_has_and_names_it_in_one_line() {
    let workspace = workspace();
    for command in commands(&workspace) {
        let text = help(&workspace, &[&command, "-h"]);
        let (_, options) = text.split_once("Options:\n").expect("options");
        for line in options.lines().take_while(|line| !line.is_empty()) {
            assert!(line.trim_start().starts_with('-'), "{command}: one line an option: {line}");
        }
        for option in ["--journal", "--log-format", "--no-pager"] {
            assert!(!text.contains(option), "{text}");
        }
        assert!(
            text.ends_with("More options, which every command has (-o, -q, --format, …): --help\n")
        );
    }
}

#[test]
fn long_help_has_examples_all_options_and_the_exit_codes() {
    let workspace = workspace();
    for command in commands(&workspace) {
        let text = help(&workspace, &[&command, "--help"]);
        for part in ["Examples:\n  unpair ", "--journal", "--color", "Exit codes:\n  0  done"] {
            assert!(text.contains(part), "{command}: {part} in {text}");
        }
        let (_, examples) = text.split_once("Examples:\n").expect("examples");
        assert!(examples.starts_with(&format!("  unpair {command}")), "{examples}");
    }
    assert!(help(&workspace, &["--help"]).contains("Examples:\n  unpair plan pairs.csv"));
}

#[test]
fn help_heeds_color() {
    let workspace = workspace();
    for (args, is_coloured) in [
        (&["--color", "always", "plan", "--help"][..], true),
        (&["plan", "-h", "--color=always"], true),
        (&["plan", "--help"], false),
    ] {
        let text = workspace.run(args).exits(0).stdout;
        assert_eq!(text.contains('\u{1b}'), is_coloured, "{args:?}: {text}");
    }
}

#[test]
fn what_is_not_there_yet_is_in_no_help() {
    let workspace = workspace();
    let all: String = commands(&workspace)
        .iter()
        .map(|command| help(&workspace, &[command, "--help"]))
        .chain([help(&workspace, &["--help"]), help(&workspace, &["-h"])])
        .collect();
    for absent in ["restore", "discover", "--canary", "--impact", "--metrics-file"] {
        assert!(!all.contains(absent), "{absent}");
    }
}

#[test]
fn the_version_is_told_with_the_commit_and_the_build() {
    let workspace = workspace();
    let version = env!("CARGO_PKG_VERSION");
    for option in ["-V", "--version"] {
        let text = workspace.run(&[option]).exits(0).stdout;
        assert!(text.starts_with(&format!("unpair {version} (")), "{text}");
        assert!(text.lines().next().is_some_and(|line| line.ends_with(')')), "{text}");
    }
    let text = workspace.run(&["--version"]).exits(0).stdout;
    assert!(text.lines().nth(1).is_some_and(|line| line.contains(" build for ")), "{text}");
}

/// Runs git in a folder.
fn git(folder: &Path, args: &[&str]) -> String {
    let name = ["-c", "user.name=n", "-c", "user.email=e"];
    let output = Command::new("git").arg("-C").arg(folder).args(name).args(args).output();
    let output = output.expect("git");
    assert!(output.status.success(), "git {args:?}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

#[test]
fn the_commit_is_that_of_the_checkout_or_of_the_package_and_of_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let top = folder.path();
    assert_eq!(build::commit_of(top), None, "no checkout");
    git(top, &["init", "--quiet"]);
    assert_eq!(build::commit_of(top), None, "no commit yet");
    git(top, &["commit", "--quiet", "--allow-empty", "--message", "one"]);
    let head = git(top, &["rev-parse", "HEAD"]);
    assert_eq!(build::commit_of(top).as_deref(), Some(&head[..12]));
    let vendored = top.join("vendored");
    std::fs::create_dir(&vendored).expect("a folder");
    assert_eq!(build::commit_of(&vendored), None, "the commit of another project");
    let info =
        format!("{{\n  \"git\": {{\n    \"sha1\": \"{}\"\n  }}\n}}\n", "0123456789".repeat(4));
    std::fs::write(vendored.join(".cargo_vcs_info.json"), info).expect("a file");
    assert_eq!(build::commit_of(&vendored).as_deref(), Some("012345678901"));
}
