//! A stage: the ground of an end-to-end test with a plot, and the real program started on it.

use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::process::Command;

use unpair::sandbox::{Fault, SandboxOptions};

use crate::ground::{Ground, is_revocation};
use crate::process::{Ended, Running};
use crate::world::Plot;

/// The certificate of an authority whose key nobody has. Loopback needs none, and to read all of the
/// system's at every start takes longer than most of what is killed.
const AUTHORITY: &str = include_str!("authority.pem");

/// A world, a folder, and the program to be run in it.
pub(crate) struct Stage {
    pub(crate) plot: Plot,
    ground: Ground,
}

impl Deref for Stage {
    type Target = Ground;

    fn deref(&self) -> &Ground {
        &self.ground
    }
}

impl Stage {
    /// Serves `plot` with `faults`, which strike as `seed` has it.
    pub(crate) fn new(plot: Plot, faults: &[&str], seed: u64) -> Self {
        let mut options = SandboxOptions::new(plot.world.clone());
        options.seed = seed;
        options.faults =
            faults.iter().map(|text| text.parse::<Fault>().expect("a valid fault")).collect();
        let ground = Ground::new(options, "rate = 'off'\nin_flight = 4\n", "");
        ground.write("pairs.csv", &plot.manifest);
        ground.write("authority.pem", AUTHORITY);
        Self { plot, ground }
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

impl Running {
    /// Kills it as `kill -9` does; false if it had ended before.
    pub(crate) fn kill(&mut self) -> bool {
        if !self.is_running() {
            return false;
        }
        self.child.kill().expect("a child of ours");
        self.child.wait().expect("a child of ours");
        true
    }

    /// What it has told on standard error so far.
    pub(crate) fn told(&self) -> String {
        fs::read_to_string(self.outputs.path().join("stderr")).expect("what is told is text")
    }
}
