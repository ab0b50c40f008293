//! The kept state: a snapshot, and a line for everything that happened since.
//!
//! The line is written before the answer leaves; at the next start both become a new snapshot.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::changes::Change;
use super::error::SandboxError;
use super::tokens::{Remembered, Tokens};
use super::world::World;
use crate::files::{Access, Owner, Refusal, look, make_private, open_own};

/// What is kept of a sandbox.
#[derive(Debug, Default)]
pub(super) struct StoredState {
    /// The world.
    pub(super) world: World,
    /// The client tokens.
    pub(super) tokens: Tokens,
}

/// A line of what happened since the snapshot.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredLine {
    /// Rules came or went.
    Change(Change),
    /// A client token was answered.
    Token(Remembered),
}

#[derive(Serialize)]
struct StoredSnapshotRef<'a> {
    world: &'a World,
    tokens: Vec<&'a Remembered>,
}

#[derive(Deserialize)]
struct StoredSnapshot {
    world: World,
    tokens: Vec<Remembered>,
}

/// The files of the kept state: `PATH`, and `PATH.log`, which one process at a time may hold.
#[derive(Debug)]
pub(super) struct Store {
    path: PathBuf,
    lines: File,
}

impl Store {
    /// Takes up what is kept at `path`, or begins with `world`.
    pub(super) fn open(path: &Path, world: World) -> Result<(Self, StoredState), SandboxError> {
        let told = |source| SandboxError::File { path: path.to_owned(), source };
        let mut lines = lock(&log_path(path))?;
        let mut kept = StoredState { world, tokens: Tokens::default() };
        if look(path, Owner::Us).map_err(Refusal::into_io).map_err(told)?.is_some() {
            kept = load(path)?;
            replay(&mut lines, &log_path(path), &mut kept)?;
        }
        let mut store = Self { path: path.to_owned(), lines };
        store.rewrite(&kept).map_err(told)?;
        Ok((store, kept))
    }

    /// Keeps lines. They are there when this returns, also if the process is killed then.
    pub(super) fn append(&mut self, lines: &[StoredLine]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        self.lines.write_all(&text)
    }

    /// Keeps everything anew, after a change that no line can tell.
    pub(super) fn rewrite(&mut self, kept: &StoredState) -> io::Result<()> {
        save(&self.path, kept)?;
        self.lines.set_len(0)
    }
}

fn log_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".log");
    PathBuf::from(name)
}

/// Opens the lines for this process alone, for as long as the file is open.
fn lock(path: &Path) -> Result<File, SandboxError> {
    let told = |source| SandboxError::File { path: path.to_owned(), source };
    let file = open_own(path, Access::Append).map_err(Refusal::into_io).map_err(told)?;
    match file.try_lock() {
        Ok(()) => make_private(&file).map(|()| file).map_err(told),
        Err(fs::TryLockError::WouldBlock) => Err(SandboxError::Busy(path.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(told(source)),
    }
}

fn load(path: &Path) -> Result<StoredState, SandboxError> {
    let told = |source| SandboxError::File { path: path.to_owned(), source };
    let mut text = Vec::new();
    let mut file = open_own(path, Access::ReadWrite).map_err(Refusal::into_io).map_err(told)?;
    file.read_to_end(&mut text).map_err(told)?;
    let snapshot: StoredSnapshot = serde_json::from_slice(&text).map_err(|error| {
        SandboxError::State { path: path.to_owned(), reason: error.to_string() }
    })?;
    let mut tokens = Tokens::default();
    snapshot.tokens.into_iter().for_each(|token| tokens.remember(token));
    Ok(StoredState { world: snapshot.world, tokens })
}

/// Repeats the lines. The last one may be cut short by a kill: its answer never left.
fn replay(lines: &mut File, path: &Path, kept: &mut StoredState) -> Result<(), SandboxError> {
    let told = |source| SandboxError::File { path: path.to_owned(), source };
    lines.rewind().map_err(told)?;
    for line in BufReader::new(lines).split(b'\n') {
        match serde_json::from_slice(&line.map_err(told)?) {
            Ok(StoredLine::Change(change)) => change.apply(&mut kept.world),
            Ok(StoredLine::Token(token)) => kept.tokens.remember(token),
            Err(_) => break,
        }
    }
    Ok(())
}

fn save(path: &Path, kept: &StoredState) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    let tokens = kept.tokens.all().collect();
    let mut writer = io::BufWriter::new(file.as_file_mut());
    serde_json::to_writer(&mut writer, &StoredSnapshotRef { world: &kept.world, tokens })?;
    writer.flush()?;
    drop(writer);
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kill_keeps_every_whole_line_and_drops_a_torn_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.json");
        let (mut store, kept) = Store::open(&path, World::sample()).expect("a new state");
        let group =
            kept.world.groups.values().find(|g| g.rules.len() > 2).expect("a group").clone();
        let gone = |n: usize| Change {
            group: group.id.to_string(),
            removed: vec![group.rules[n].id.clone()],
            ..Change::default()
        };
        store.append(&[StoredLine::Change(gone(0)), StoredLine::Change(gone(1))]).expect("room");
        store.lines.write_all(b"{\"change\":{\"gro").expect("room");
        drop(store);
        for _ in 0..2 {
            let (_, kept) = Store::open(&path, World::default()).expect("the kept state");
            let left = &kept.world.groups[&group.id].rules;
            assert_eq!(left[..], group.rules[2..]);
        }
    }

    #[test]
    fn a_file_that_is_no_state_is_named_and_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notes.txt");
        fs::write(&path, "my notes").expect("room");
        let error = Store::open(&path, World::default()).expect_err("no state");
        assert!(error.to_string().contains("notes.txt: not the state of a sandbox"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("still there"), "my notes");
    }
}
