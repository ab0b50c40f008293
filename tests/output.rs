//! Where results go: files that appear whole, devices, pipes whose reader went away.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use unpair_testing::canaries;

/// `unpair commands` over a manifest of `rows` pairs: a result that needs nobody but the program.
fn commands(folder: &Path, rows: usize) -> Command {
    let mut manifest = "region,account_a,group_a,account_b,group_b\n".to_owned();
    for n in 0..rows {
        // Writing to a String cannot fail.
        let _ = writeln!(manifest, "cn-beijing,1234567890123401,sg-a{n},1234567890123402,sg-b{n}");
    }
    fs::write(folder.join("pairs.csv"), manifest).expect("a manifest");
    let mut command = Command::new(env!("CARGO_BIN_EXE_unpair"));
    canaries::plant(command.current_dir(folder).args(["commands", "pairs.csv"]));
    command
}

/// What `command` printed and left behind, in which no secret may stand.
fn output(folder: &TempDir, command: &mut Command) -> Output {
    let output = command.output().expect("it runs");
    searched(folder, &[&output.stdout, &output.stderr]);
    output
}

#[track_caller]
fn searched(folder: &TempDir, printed: &[&Vec<u8>]) {
    for bytes in printed {
        canaries::assert_none("what is printed", bytes);
    }
    canaries::assert_none_below(folder.path(), &["unpair.db.sandbox.json"]);
}

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

#[test]
fn an_output_in_a_missing_folder_is_refused_before_anything_is_done() {
    let folder = folder();
    let mut command = commands(folder.path(), 1);
    let output = output(&folder, command.args(["--output", "none/x"]));
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "unpair: --output none/x: there is no folder none: create it\n");
}

#[test]
fn an_output_that_is_a_folder_is_refused() {
    let folder = folder();
    let output = output(&folder, commands(folder.path(), 1).args(["--output", "."]));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "unpair: --output .: is a folder\n");
}

#[test]
fn a_link_stays_and_what_it_points_to_is_replaced() {
    let folder = folder();
    let (link, file) = (folder.path().join("latest"), folder.path().join("report"));
    fs::write(&file, "old").expect("a file");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    let output = output(&folder, commands(folder.path(), 1).args(["--output", "latest"]));
    assert!(output.status.success());
    assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
    assert!(fs::read_to_string(&file).expect("the file").contains("RevokeSecurityGroup"));
}

#[test]
fn a_device_is_written_to_and_keeps_its_name() {
    let folder = folder();
    let output = output(&folder, commands(folder.path(), 1).args(["--output", "/dev/stdout"]));
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("RevokeSecurityGroup"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = folder();
    let mut command = commands(folder.path(), 5_000);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    let mut first = [0; 1];
    let mut stdout = child.stdout.take().expect("standard output");
    stdout.read_exact(&mut first).expect("a first byte");
    drop(stdout);
    let output = child.wait_with_output().expect("it ends");
    searched(&folder, &[&output.stdout, &output.stderr]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_header_that_cannot_be_used_offers_no_way_round() {
    let folder = folder();
    let mut command = commands(folder.path(), 0);
    fs::write(folder.path().join("pairs.csv"), "region,bogus\n").expect("a manifest");
    let output = output(&folder, &mut command);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.ends_with("unpair: nothing was sent\n"), "{said}");
    assert!(!said.contains("--keep-going"), "{said}");
}

#[test]
fn a_run_goes_on_when_nobody_reads_its_log_any_more() {
    let folder = TempDir::new().expect("a folder");
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/pairs.csv");
    let mut run = Command::new(env!("CARGO_BIN_EXE_unpair"));
    run.current_dir(folder.path()).args(["revoke", "--sandbox", "--yes", "-vv"]).arg(samples);
    let outputs = run.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut run = canaries::plant(outputs).spawn().expect("the program starts");
    let mut first = [0];
    let mut log = run.stderr.take().expect("a pipe");
    log.read_exact(&mut first).expect("the log begins");
    drop(log);
    assert_eq!(run.wait().expect("it ends").code(), Some(0));
    searched(&folder, &[]);
}
