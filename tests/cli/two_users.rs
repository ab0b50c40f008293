//! Whose the files are that lie beside us: each file of the program, in each way in which another
//! user may have a hand in it. Run as two users where the test is root; elsewhere what needs a
//! second user, or a mount, is left out and says so.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use unpair_testing::process::Ended;
use unpair_testing::world_file::{A, B, mutual};

use crate::workspace::{CliWorkspace, PROGRAM, WorkspaceSetup};

/// Two users that are nobody in particular.
const US: u32 = 4_001;
const THEM: u32 = 4_002;
/// Where shells find `unshare`, `mount` and `setpriv`.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// What stands in a file that was not there.
const TEXT: &str = "not ours to change";
/// A pair of the sample world.
const SAMPLE: &str = "region,account_a,group_a,account_b,group_b\n\
    cn-beijing,1234567890123401,sg-bp1azkttqpldxgtedXXX,1234567890123402,sg-bp15ed6xe1yxeycg7XXX\n";

/// A way in which a file may be another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plant {
    TheirFile,
    TheirLink,
    OurLink,
    WritableByGroup,
    WritableByAll,
    SecondName,
    Pipe,
    Mounted,
    MountedElsewhere,
}

use Plant::{
    Mounted, MountedElsewhere, OurLink, Pipe, SecondName, TheirFile, TheirLink, WritableByAll,
    WritableByGroup,
};

/// What is refused of a file of our own: everything.
const OWN: &[Plant] = &[
    TheirFile,
    TheirLink,
    OurLink,
    WritableByGroup,
    WritableByAll,
    SecondName,
    Pipe,
    Mounted,
    MountedElsewhere,
];
/// Of a file that is read because it is there.
const FOUND: &[Plant] = &[TheirFile, TheirLink, OurLink, WritableByGroup, WritableByAll, Pipe];
/// Of a file that the user named.
const NAMED: &[Plant] = &[TheirFile, TheirLink, WritableByGroup, WritableByAll];

impl Plant {
    /// What the refusal says.
    const fn reason(self) -> &'static str {
        match self {
            TheirFile => "belongs to another user",
            TheirLink | OurLink => "is a link",
            WritableByGroup | WritableByAll => "others than its owner can write it",
            SecondName => "hard links",
            Pipe => "is not a file",
            Mounted | MountedElsewhere => "is mounted by itself",
        }
    }

    const fn needs_root(self) -> bool {
        matches!(self, TheirFile | TheirLink | Mounted | MountedElsewhere)
    }

    const fn is_mount(self) -> bool {
        matches!(self, Mounted | MountedElsewhere)
    }
}

/// A workspace in a folder of ours, with an interrupted run in its journal.
struct Stage {
    workspace: CliWorkspace,
    is_root: bool,
}

impl Drop for Stage {
    /// The embedded clouds' keys are no secret.
    fn drop(&mut self) {
        let _ = fs::remove_file(self.workspace.path("s.db.sandbox.json"));
    }
}

impl Stage {
    fn new() -> Self {
        let workspace = WorkspaceSetup::of(&mutual()).start();
        workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
        workspace.write("sample.csv", SAMPLE);
        for folder in ["elsewhere", "mounts"] {
            fs::create_dir(workspace.path(folder)).expect("a new folder");
        }
        let is_root = fs::metadata(workspace.path(".")).expect("a folder").uid() == 0;
        let stage = Self { workspace, is_root };
        stage.give_away(&stage.workspace.path("."));
        stage.run(&["plan", "sample.csv", "--sandbox", "--journal", "s.db"], None).exits(0);
        stage.run(&["revoke", "pairs.csv", "--yes", "--max-duration", "1ms"], None).exits(4);
        stage
    }

    /// Makes everything below `path` ours.
    fn give_away(&self, path: &Path) {
        if !self.is_root {
            return;
        }
        lchown(path, Some(US), Some(US)).expect("root gives a file away");
        if path.is_dir() {
            for entry in fs::read_dir(path).expect("a readable folder") {
                self.give_away(&entry.expect("an entry").path());
            }
        }
    }

    /// Runs the program as us; with a mount of `mounted` at another place, in a name space of its own.
    fn run(&self, args: &[&str], mounted: Option<(&Path, &Path)>) -> Ended {
        let mut command = match mounted {
            None => Command::new(PROGRAM),
            Some((from, to)) => {
                let mut command = Command::new("unshare");
                let script = "mount --bind \"$1\" \"$2\" && shift 2 && exec setpriv --reuid=4001 \
                              --regid=4001 --clear-groups \"$@\"";
                command.args(["-m", "sh", "-c", script, "sh"]).args([from, to]).arg(PROGRAM);
                command
            }
        };
        command.args(args).env_clear().env("PATH", PATH);
        if self.is_root && mounted.is_none() {
            command.uid(US).gid(US);
        }
        self.workspace.spawn(command).wait()
    }

    /// Puts a file there in some way, and tells where its bytes are and what is to be mounted.
    fn plant(&self, file: &str, plant: Plant) -> (PathBuf, Option<(PathBuf, PathBuf)>) {
        let (path, elsewhere) =
            (self.workspace.path(file), self.workspace.path("elsewhere").join(file));
        if !path.exists() {
            self.ours(&path, TEXT.as_bytes());
        }
        match plant {
            TheirFile => {
                fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("a mode");
                chown(&path, Some(THEM), Some(THEM)).expect("root gives a file away");
            }
            WritableByGroup => {
                fs::set_permissions(&path, Permissions::from_mode(0o620)).expect("a mode");
            }
            WritableByAll => {
                fs::set_permissions(&path, Permissions::from_mode(0o606)).expect("a mode");
            }
            OurLink | TheirLink => {
                fs::rename(&path, &elsewhere).expect("one folder");
                symlink(&elsewhere, &path).expect("a link");
                if self.is_root {
                    let owner = if plant == OurLink { US } else { THEM };
                    lchown(&path, Some(owner), Some(owner)).expect("root gives a link away");
                }
                return (elsewhere, None);
            }
            SecondName => fs::hard_link(&path, &elsewhere).expect("a second name"),
            Pipe => {
                fs::remove_file(&path).expect("a file");
                let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo runs");
                assert!(made.success());
                self.give_away(&path);
            }
            Mounted => {
                fs::rename(&path, &elsewhere).expect("one folder");
                self.ours(&path, b"");
                return (elsewhere.clone(), Some((elsewhere, path)));
            }
            MountedElsewhere => {
                let point = self.workspace.path("mounts").join(file);
                self.ours(&point, b"");
                return (path.clone(), Some((path, point)));
            }
        }
        (path, None)
    }

    fn ours(&self, path: &Path, bytes: &[u8]) {
        fs::write(path, bytes).expect("a writable folder");
        fs::set_permissions(path, Permissions::from_mode(0o600)).expect("a mode");
        self.give_away(path);
    }

    /// Tries every command with a file that was put there in some way.
    fn try_all(&self, file: &str, plant: Plant, commands: &[&[&str]], judge: impl Fn(&Ended)) {
        if plant.needs_root() && !self.is_root {
            println!("{file}, {plant:?}: left out, needs root");
            return;
        }
        let before = fs::read(self.workspace.path(file)).ok();
        let (bytes, mount) = self.plant(file, plant);
        let there = (plant != Pipe).then(|| fs::read(&bytes).expect("a readable file"));
        let sent = self.workspace.calls().len();
        for command in commands {
            let mounted = mount.as_ref().map(|(from, to)| (from.as_path(), to.as_path()));
            let ended = self.run(command, mounted);
            if plant.is_mount() && ended.stderr.contains("mount: ") {
                println!("{file}, {plant:?}: left out, nothing can be mounted here");
                break;
            }
            println!("{file}, {plant:?}, {command:?}: {:?} {}", ended.code(), ended.stderr.trim());
            judge(&ended);
            assert_eq!(self.workspace.calls().len(), sent, "{file}, {plant:?}: nothing is sent");
            if let Some(there) = &there {
                assert!(
                    fs::read(&bytes).ok().as_ref() == Some(there),
                    "{file}, {plant:?}: changed"
                );
            }
        }
        for place in ["", "elsewhere", "mounts"] {
            // Not each of them is there.
            let _ = fs::remove_file(self.workspace.path(place).join(file));
        }
        if let Some(before) = before {
            self.ours(&self.workspace.path(file), &before);
        }
    }

    /// Each of `plants` is refused with `code` by each command.
    fn refuses(&self, file: &str, plants: &[Plant], code: i32, commands: &[&[&str]]) {
        for plant in plants {
            self.try_all(file, *plant, commands, |ended| {
                let ended = ended.clone().exits(code);
                for told in [file, plant.reason()] {
                    assert!(ended.stderr.contains(told), "{file}, {plant:?}: {}", ended.stderr);
                }
            });
        }
    }
}

#[test]
fn a_journal_in_which_others_may_have_a_hand_is_neither_written_nor_believed() {
    let stage = Stage::new();
    let commands: [&[&str]; 4] =
        [&["resume", "--yes"], &["audit", "pairs.csv"], &["report"], &["runs", "--check"]];
    for beside in ["", "-wal", "-shm", "-journal"] {
        stage.refuses(&format!("unpair.db{beside}"), OWN, 1, &commands);
    }
    stage.refuses("unpair.db.lock", OWN, 1, &[&["resume", "--yes"], &["runs", "--prune", "1s"]]);
    // After all of it the run is there, and goes on.
    stage.run(&["resume", "--yes"], None).exits(0);
    stage.workspace.assert_only_severed(&[("sg-a1", "sg-b1")]);
}

#[test]
fn a_configuration_in_which_others_may_have_a_hand_is_not_obeyed() {
    let stage = Stage::new();
    let commands: [&[&str]; 3] =
        [&["audit", "pairs.csv"], &["revoke", "pairs.csv", "--yes"], &["accounts"]];
    stage.refuses("unpair.toml", FOUND, 2, &commands);
    let text = fs::read(stage.workspace.path("unpair.toml")).expect("a configuration");
    stage.ours(&stage.workspace.path("named.toml"), &text);
    let named: &[&[&str]] = &[&["audit", "pairs.csv", "--config", "named.toml"]];
    stage.refuses("named.toml", NAMED, 2, named);
}

#[test]
fn a_configuration_that_is_named_may_be_reached_by_a_link_of_ours() {
    let stage = Stage::new();
    fs::rename(stage.workspace.path("unpair.toml"), stage.workspace.path("elsewhere/named.toml"))
        .expect("one folder");
    symlink("elsewhere/named.toml", stage.workspace.path("named.toml")).expect("a link");
    stage.give_away(&stage.workspace.path("named.toml"));
    stage.run(&["audit", "pairs.csv", "--config", "named.toml"], None).exits(0);
}

#[test]
fn what_the_system_administrator_wrote_is_read_and_never_written() {
    let stage = Stage::new();
    if !stage.is_root {
        println!("left out: needs root");
        return;
    }
    stage.run(&["audit", "pairs.csv"], None).exits(0);
    for file in ["unpair.toml", "unpair.db"] {
        let path = stage.workspace.path(file);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("a mode");
        chown(&path, Some(0), Some(0)).expect("root takes a file");
    }
    stage.run(&["report"], None).exits(0);
    let refused = stage.run(&["audit", "pairs.csv"], None).exits(1);
    assert!(refused.stderr.contains("unpair.db: belongs to another user"), "{}", refused.stderr);
    stage.run(&["audit", "pairs.csv", "--journal", "mine.db"], None).exits(0);
}

#[test]
fn files_of_the_sandbox_in_which_others_may_have_a_hand_are_refused_and_left_alone() {
    let stage = Stage::new();
    let commands: [&[&str]; 2] = [
        &["audit", "sample.csv", "--sandbox", "--journal", "s.db"],
        &["revoke", "sample.csv", "--sandbox", "--yes", "--journal", "s.db"],
    ];
    stage.refuses("s.db.sandbox.json", OWN, 1, &commands);
    stage.refuses("s.db.sandbox.json.log", OWN, 1, &commands);
    stage.refuses("calls.log", OWN, 1, &[&["sandbox", "--call-log", "calls.log"]]);
    stage.refuses("world.toml", NAMED, 2, &[&["sandbox", "--world", "world.toml"]]);
}

#[test]
fn files_of_the_sandbox_are_its_owners_alone() {
    let stage = Stage::new();
    let sandboxed = ["audit", "sample.csv", "--sandbox", "--journal", "s.db"];
    for file in ["s.db.sandbox.json", "s.db.sandbox.json.log"] {
        let path = stage.workspace.path(file);
        // As an earlier version made them.
        fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("a mode");
        stage.run(&sandboxed, None).exits(0);
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_result_is_not_written_through_a_link_or_a_pipe_of_another_user() {
    let stage = Stage::new();
    let write: &[&[&str]] = &[&["runs", "--output", "out.txt"]];
    stage.refuses("out.txt", &[TheirLink], 1, write);
    if !stage.is_root {
        return;
    }
    let path = stage.workspace.path("out.txt");
    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo runs").success());
    fs::set_permissions(&path, Permissions::from_mode(0o666)).expect("a mode");
    chown(&path, Some(THEM), Some(THEM)).expect("root gives a file away");
    let refused = stage.run(&["runs", "--output", "out.txt"], None).exits(1);
    assert!(refused.stderr.contains("belongs to another user"), "{}", refused.stderr);
}

#[test]
fn two_names_of_one_journal_are_one_lock() {
    let workspace = WorkspaceSetup::of(&mutual()).start();
    workspace.pairs(&[(A, "sg-a1", B, "sg-b1")]);
    workspace.write("pause", "");
    let running = workspace.begin(&["revoke", "pairs.csv", "--yes", "--pause-file", "pause"]);
    running.wait_until_it_tells("paused");
    // The second name comes while the first is in use.
    fs::create_dir(workspace.path("b")).expect("a new folder");
    fs::hard_link(workspace.path("unpair.db"), workspace.path("b/unpair.db"))
        .expect("a second name");
    let sent = workspace.calls().len();
    let second = workspace.run(&["audit", "pairs.csv", "--journal", "b/unpair.db"]);
    assert!(matches!(second.code(), Some(1 | 6)), "{second:?}");
    assert_eq!(workspace.calls().len(), sent, "nothing is sent");
    fs::remove_file(workspace.path("b/unpair.db")).expect("a second name");
    // A journal that was moved while it is in use is the same one.
    fs::rename(workspace.path("unpair.db"), workspace.path("b/unpair.db")).expect("one folder");
    workspace.run(&["audit", "pairs.csv", "--journal", "b/unpair.db"]).exits(6);
    fs::rename(workspace.path("b/unpair.db"), workspace.path("unpair.db")).expect("one folder");
    fs::remove_file(workspace.path("pause")).expect("the pause file is there");
    running.wait().exits(0);
}
