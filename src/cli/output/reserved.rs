//! Files that no result may take the place of: what the command reads, and the journal.

use std::path::{Path, PathBuf};

use crate::cli::args::{Command, Common};
use crate::cli::exit::Failure;
use crate::cloud::credential_files;
use crate::config::{Config, DEFAULT_FILE};
use crate::journal::file_of;

/// The journal, and what it, its lock and the sandbox keep beside it.
const BESIDE_JOURNAL: [&str; 7] =
    ["", "-wal", "-shm", "-journal", ".lock", ".sandbox.json", ".sandbox.json.log"];

/// Files, and what each of them is.
#[derive(Debug)]
pub(super) struct Reserved(Vec<(PathBuf, &'static str)>);

impl Reserved {
    /// Those that the command line and the environment name.
    pub(super) fn of(common: &Common, command: &Command) -> Self {
        // A journal whose URL is wrong is told when it is opened.
        let journal = file_of(&common.journal).unwrap_or_default();
        let beside = BESIDE_JOURNAL.iter().map(|suffix| {
            let mut path = journal.clone().into_os_string();
            path.push(suffix);
            (PathBuf::from(path), "the journal, or lies beside it")
        });
        let config = common.config.clone().unwrap_or_else(|| DEFAULT_FILE.into());
        let read = command.reads().into_iter().map(|path| (path, "read by this command"));
        let credentials = credential_files(std::env::vars_os());
        let credentials = credentials.into_iter().map(|path| (path, "a file of credentials"));
        let files = beside.chain([(config, "the configuration")]).chain(read).chain(credentials);
        Self(files.map(|(path, what)| (place(&path), what)).collect())
    }

    /// Those that a configuration names.
    pub(super) fn of_config(config: &Config) -> Self {
        let profiles = config.clouds.alibaba.config_file.iter();
        let profiles = profiles.map(|path| (path, "a file of credentials"));
        let files = config.world.iter().map(|path| (path, "the sandbox's world")).chain(profiles);
        Self(files.map(|(path, what)| (place(path), what)).collect())
    }

    /// Refuses `path`, which `option` would write over, if it is one of these. A device and a pipe
    /// stay what they are.
    pub(super) fn refuse(&self, option: &str, path: &Path) -> Result<(), Failure> {
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            return Ok(());
        }
        let place = place(path);
        match self.0.iter().find(|(file, _)| *file == place) {
            None => Ok(()),
            Some((_, what)) => Err(Failure::usage(format!(
                "{option} {}: is {what}, and would be overwritten: use another name",
                path.display()
            ))),
        }
    }
}

/// Where a file is, or would be.
fn place(path: &Path) -> PathBuf {
    if let Ok(place) = std::fs::canonicalize(path) {
        return place;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = std::fs::canonicalize(folder.unwrap_or_else(|| Path::new(".")));
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}
