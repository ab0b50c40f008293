//! On a terminal: the plan is shown, the question asked, and colours used.

use crate::scene::{Scene, Setting};
use crate::world::{A, B, mutual};

fn scene() -> Scene {
    let scene = Setting::of(&mutual()).start();
    scene.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    scene
}

#[test]
fn the_plan_is_shown_group_by_group_before_the_question() {
    let scene = scene();
    let ended = scene.run_on_terminal(&["revoke", "pairs.csv"], "2", &[]).exits(0);
    let question = "Type 2 to revoke 2 rules: ";
    let (before, _) = ended.stdout.split_once(question).expect("the question");
    for shown in ["sg-a1", "sg-b1"] {
        assert!(before.contains(shown), "{shown} in {before}");
    }
    scene.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn any_other_answer_than_the_number_revokes_nothing_and_is_exit_code_5() {
    for answer in ["y", "yes", "1", ""] {
        let scene = scene();
        let ended = scene.run_on_terminal(&["revoke", "pairs.csv"], answer, &[]).exits(5);
        assert!(ended.stdout.contains("not confirmed"), "{}", ended.stdout);
        assert!(scene.revocations().is_empty());
        scene.assert_untouched();
    }
}

#[test]
fn a_ctrl_c_at_the_question_says_that_nothing_was_revoked_and_no_more() {
    let scene = scene();
    let ended = scene.run_on_terminal(&["revoke", "pairs.csv"], "\u{3}", &[]).exits(4);
    let (_, told) = ended.stdout.split_once("Type 2 to revoke 2 rules: ").expect("the question");
    assert!(told.contains("interrupted: nothing was revoked"), "{told}");
    assert!(!told.contains("stopping") && !told.contains("in flight"), "{told}");
    scene.assert_untouched();
}

#[test]
fn what_was_typed_before_the_question_stood_there_answers_nothing() {
    // The right number, once and more often, with and without the rest of a line.
    for early in ["2\n", "2\n2\n2\n", "2"] {
        let scene = scene();
        let typed = [early, "no"];
        let ended = scene.run_where_somebody_types(&["revoke", "pairs.csv"], typed, &[]).exits(5);
        assert!(ended.stdout.contains("not confirmed"), "{}", ended.stdout);
        scene.assert_untouched();
        let typed = [early, "2"];
        scene.run_where_somebody_types(&["revoke", "pairs.csv"], typed, &[]).exits(0);
        scene.assert_only_severed(&[("sg-a1", "sg-b1")]);
    }
}

#[test]
fn colours_are_used_on_a_terminal_and_off_with_no_color() {
    let scene = scene();
    let args = ["audit", "pairs.csv", "--no-progress"];
    let coloured = scene.run_on_terminal(&args, "", &[]).exits(0);
    assert!(coloured.stdout.contains("\u{1b}["), "{}", coloured.stdout);
    let plain = scene.run_on_terminal(&args, "", &[("NO_COLOR", "1")]).exits(0);
    assert!(!plain.stdout.contains("\u{1b}["), "{}", plain.stdout);
}
