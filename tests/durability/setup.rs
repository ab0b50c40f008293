//! The workspace of an end-to-end test over a world made from a seed, and the real program started on it.

use std::ops::Deref;
use std::path::PathBuf;
use std::process::Command;

use unpair::sandbox::{InjectedFault, SandboxOptions};
use unpair_testing::process::{Ended, Running};
use unpair_testing::workspace::{Workspace, is_revocation};

use crate::seeded_world::SeededWorld;

/// The certificate of an authority whose key nobody has. Loopback needs none, and to read all of the
/// system's at every start takes longer than most of what is killed.
const AUTHORITY: &str = include_str!("authority.pem");

/// A world, a folder, and the program to be run in it.
pub(crate) struct Setup {
    pub(crate) seeded: SeededWorld,
    workspace: Workspace,
}

impl Deref for Setup {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        &self.workspace
    }
}

impl Setup {
    /// Serves a world with `faults`, which strike as `seed` has it.
    pub(crate) fn new(seeded: SeededWorld, faults: &[&str], seed: u64) -> Self {
        let mut options = SandboxOptions::new(seeded.world.clone());
        options.seed = seed;
        options.faults = faults
            .iter()
            .map(|text| text.parse::<InjectedFault>().expect("a valid fault"))
            .collect();
        let workspace = Workspace::new(options, "rate = 'off'\nin_flight = 4\n", "");
        workspace.write("pairs.csv", &seeded.manifest);
        workspace.write("authority.pem", AUTHORITY);
        Self { seeded, workspace }
    }

    /// The journal that commands use unless they are told otherwise.
    pub(crate) fn journal(&self) -> PathBuf {
        self.path("unpair.db")
    }

    /// Starts a program with more environment.
    pub(crate) fn begin(&self, program: &str, args: &[&str], env: &[(&str, &str)]) -> Running {
        let mut command = Command::new(program);
        command.args(args);
        self.begin_command(command, env)
    }

    /// Starts a command that runs the program in some way.
    pub(crate) fn begin_command(&self, mut command: Command, env: &[(&str, &str)]) -> Running {
        command.env_clear().env("SSL_CERT_FILE", self.path("authority.pem"));
        command.envs(env.iter().copied());
        self.spawn(command)
    }

    /// Runs a program to its end.
    pub(crate) fn run(&self, program: &str, args: &[&str], env: &[(&str, &str)]) -> Ended {
        self.begin(program, args, env).wait()
    }

    /// How many calls so far would remove rules.
    pub(crate) fn revocations(&self) -> usize {
        self.calls().iter().filter(|call| is_revocation(call)).count()
    }
}
