//! Which journal and which configuration are meant: URLs, options, the environment.

use std::fs;

use unpair_testing::world_file::{A, B, mutual};

use crate::scene::{Scene, Setting};

fn scene() -> Scene {
    let scene = Setting::of(&mutual()).start();
    scene.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    scene
}

/// The files of the scene's folder.
fn files(scene: &Scene) -> Vec<String> {
    let names = fs::read_dir(scene.path(".")).expect("a readable folder");
    let mut names: Vec<String> = names
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn a_url_that_names_no_journal_is_refused_with_the_right_spelling_and_makes_no_file() {
    let scene = scene();
    let before = files(&scene);
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
            scene.run(&args).exits(2).tells("sqlite:u.db").tells(url);
        }
    }
    for url in ["postgres://h/d", "mysql:u", "sqlite:", ""] {
        scene.run(&["runs", "--journal", url]).exits(2).tells("sqlite:PATH");
    }
    assert_eq!(files(&scene), before);
    assert!(scene.calls().is_empty(), "nothing is sent");
}

#[test]
fn the_environment_names_the_journal_where_no_option_does() {
    let scene = scene();
    let env = [("UNPAIR_JOURNAL", "other.db")];
    scene.run_with(&["audit", "pairs.csv"], &env).exits(0);
    assert!(scene.path("other.db").exists() && !scene.path("unpair.db").exists());
    scene.run_with(&["audit", "pairs.csv", "--journal", "given.db"], &env).exits(0);
    assert!(scene.path("given.db").exists());
    let missing = [("UNPAIR_JOURNAL", "missing.db")];
    scene.run_with(&["report"], &missing).exits(1).tells("named by UNPAIR_JOURNAL");
    let wrong = [("UNPAIR_JOURNAL", "sqlite3:u.db")];
    scene.run_with(&["audit", "pairs.csv"], &wrong).exits(2).tells("named by UNPAIR_JOURNAL");
    scene.run_with(&["audit", "pairs.csv"], &[("UNPAIR_JOURNAL", "")]).exits(2);
    let given = scene.run(&["report", "--journal", "missing.db"]).exits(1);
    assert!(!given.stderr.contains("UNPAIR_JOURNAL"), "{}", given.stderr);
}

#[test]
fn the_environment_names_the_configuration_where_no_option_does() {
    let scene = scene();
    fs::rename(scene.path("unpair.toml"), scene.path("named.toml")).expect("one folder");
    let env = [("UNPAIR_CONFIG", "named.toml")];
    scene.run_with(&["audit", "pairs.csv"], &env).exits(0);
    scene.write("wrong.toml", "[nothing]\n");
    scene.run_with(&["audit", "pairs.csv", "--config", "wrong.toml"], &env).exits(2);
    for (file, why) in [("wrong.toml", "nothing"), ("missing.toml", "cannot be read")] {
        let told = scene.run_with(&["audit", "pairs.csv"], &[("UNPAIR_CONFIG", file)]);
        told.exits(2).tells(why).tells("named by UNPAIR_CONFIG");
    }
    fs::rename(scene.path("named.toml"), scene.path("unpair.toml")).expect("one folder");
}
