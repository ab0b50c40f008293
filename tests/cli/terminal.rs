//! On a terminal: the plan is shown, the question asked, colours and a pager used.

use unpair_testing::world_file::{A, B, mutual};

use crate::workspace::{CliWorkspace, WorkspaceSetup};

fn workspace() -> CliWorkspace {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace
}

#[test]
fn the_plan_is_shown_group_by_group_before_the_question() {
    let workspace = workspace();
    let ended = workspace.run_on_terminal(&["revoke", "pairs.csv"], "2", &[]).exits(0);
    let question = "To revoke 2 rules, type the number 2: ";
    let (before, _) = ended.stdout.split_once(question).expect("the question");
    for shown in ["sg-a1", "sg-b1"] {
        assert!(before.contains(shown), "{shown} in {before}");
    }
    workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn any_other_answer_than_the_number_revokes_nothing_and_is_exit_code_5() {
    for answer in ["y", "yes", "1", ""] {
        let workspace = workspace();
        let ended = workspace.run_on_terminal(&["revoke", "pairs.csv"], answer, &[]).exits(5);
        assert!(ended.stdout.contains("not confirmed"), "{}", ended.stdout);
        assert!(workspace.revocations().is_empty());
        workspace.assert_untouched();
    }
}

#[test]
fn a_ctrl_c_at_the_question_says_that_nothing_was_revoked_and_no_more() {
    let workspace = workspace();
    let ended = workspace.run_on_terminal(&["revoke", "pairs.csv"], "\u{3}", &[]).exits(4);
    let (_, told) =
        ended.stdout.split_once("To revoke 2 rules, type the number 2: ").expect("the question");
    assert!(told.contains("interrupted: nothing was revoked"), "{told}");
    assert!(!told.contains("stopping") && !told.contains("in flight"), "{told}");
    workspace.assert_untouched();
}

#[test]
fn what_was_typed_before_the_question_stood_there_answers_nothing() {
    // The right number, once and more often, with and without the rest of a line.
    for early in ["2\n", "2\n2\n2\n", "2"] {
        let workspace = workspace();
        let typed = [early, "no"];
        let ended =
            workspace.run_where_somebody_types(&["revoke", "pairs.csv"], typed, &[]).exits(5);
        assert!(ended.stdout.contains("not confirmed"), "{}", ended.stdout);
        workspace.assert_untouched();
        let typed = [early, "2"];
        workspace.run_where_somebody_types(&["revoke", "pairs.csv"], typed, &[]).exits(0);
        workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
    }
}

#[test]
fn colours_are_used_on_a_terminal_and_off_with_no_color() {
    let workspace = workspace();
    let args = ["audit", "pairs.csv", "--no-progress"];
    let coloured = workspace.run_on_terminal(&args, "", &[]).exits(0);
    assert!(coloured.stdout.contains("\u{1b}["), "{}", coloured.stdout);
    let plain = workspace.run_on_terminal(&args, "", &[("NO_COLOR", "1")]).exits(0);
    assert!(!plain.stdout.contains("\u{1b}["), "{}", plain.stdout);
}

#[test]
fn what_color_asks_for_beats_no_color_and_what_the_stream_is() {
    let workspace = workspace();
    let run = |color: &str, env: &[(&str, &str)]| {
        workspace
            .run_on_terminal(&["audit", "pairs.csv", "--no-progress", "--color", color], "", env)
            .exits(0)
            .stdout
    };
    assert!(run("always", &[("NO_COLOR", "1")]).contains("\u{1b}["));
    assert!(!run("never", &[]).contains("\u{1b}["));
    let piped = workspace.run(&["audit", "pairs.csv", "--color", "always"]).exits(0);
    assert!(piped.stdout.contains("\u{1b}["), "{}", piped.stdout);
    // The log heeds it, too: an account that is protected is left out with a warning.
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1"), (A, "sg-a1", B, "sg-b9")]);
    let args = ["audit", "pairs.csv", "--keep-going", "--color"];
    let env = [("UNPAIR_GUARD__PROTECT", "sg-b9")];
    let log = |color: &str| workspace.run_with(&[&args[..], &[color]].concat(), &env).stderr;
    assert!(log("always").contains("\u{1b}["), "{}", log("always"));
    assert!(!log("auto").contains("\u{1b}["), "{}", log("auto"));
}

/// What a terminal of five lines shows, where `tee` is the pager and keeps what it is given.
fn on_five_lines(
    workspace: &CliWorkspace,
    args: &[&str],
    env: &[(&str, &str)],
    exit: i32,
) -> (String, bool) {
    let _ = std::fs::remove_file(workspace.path("paged"));
    let known = [("LINES", "5"), ("COLUMNS", "80"), ("PAGER", "tee paged")];
    let env = [&known[..], env].concat();
    let shown = workspace.run_on_terminal(args, "2", &env).exits(exit).stdout;
    (shown, workspace.path("paged").exists())
}

#[test]
fn a_result_that_is_longer_than_the_screen_goes_through_the_pager() {
    let workspace = workspace();
    for (args, exit) in [
        (&["audit", "pairs.csv", "--expect-severed"][..], 3),
        (&["revoke", "pairs.csv"], 0),
        (&["report"], 0),
    ] {
        let (shown, is_paged) = on_five_lines(&workspace, args, &[], exit);
        assert!(is_paged, "{args:?}: {shown}");
        assert!(workspace.read("paged").contains("1 pair: 1 "), "{}", workspace.read("paged"));
    }
    let (shown, is_paged) = on_five_lines(&workspace, &["report"], &[("LINES", "500")], 0);
    assert!(!is_paged && shown.contains("1 pair: 1 severed"), "{shown}");
}

#[test]
fn nothing_is_paged_where_it_is_not_wanted_or_not_a_table_on_a_screen() {
    let workspace = workspace();
    workspace.run(&["revoke", "pairs.csv", "--yes"]).exits(0);
    for (args, env) in [
        (&["report", "--no-pager"][..], &[][..]),
        (&["report", "--format", "json"], &[]),
        (&["report", "--output", "out.txt"], &[]),
        (&["completions", "bash"], &[]),
        (&["report"], &[("PAGER", "")]),
        (&["report"], &[("PAGER", "cat")]),
        (&["report"], &[("TERM", "dumb")]),
    ] {
        let (shown, is_paged) = on_five_lines(&workspace, args, env, 0);
        assert!(!is_paged, "{args:?} {env:?}");
        assert!(args.contains(&"out.txt") || shown.contains("severed"), "{args:?}: {shown}");
    }
    workspace.run_with(&["report"], &[("PAGER", "tee paged"), ("TERM", "xterm")]).exits(0);
    assert!(!workspace.path("paged").exists(), "standard output is no terminal");
}

#[test]
fn a_pager_that_cannot_be_started_or_ends_early_changes_no_exit_code() {
    let workspace = workspace();
    let args = ["audit", "pairs.csv", "--expect-severed"];
    for pager in ["no-such-pager", "no-such-pager '1'", "/"] {
        let (shown, _) = on_five_lines(&workspace, &args, &[("PAGER", pager)], 3);
        assert!(shown.contains("1 pair: 1 open"), "{pager}: {shown}");
    }
    for pager in ["true", "false", "head -n 1", "sh -c 'exit 9'"] {
        on_five_lines(&workspace, &args, &[("PAGER", pager)], 3);
    }
}

#[test]
fn the_journal_is_free_while_somebody_reads_the_result() {
    let workspace = workspace();
    let reads = format!("{} runs --format csv --output seen.csv; true", crate::workspace::PROGRAM);
    let verifies = format!("{} verify --output verified.txt", crate::workspace::PROGRAM);
    for pager in [&reads, &format!("{verifies}; true")] {
        on_five_lines(&workspace, &["revoke", "pairs.csv"], &[("PAGER", pager)], 0);
    }
    assert!(workspace.read("seen.csv").contains("revoke"));
    assert!(workspace.read("verified.txt").contains("1 pair: 1 severed"));
}
