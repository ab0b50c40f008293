//! `unpair sandbox` as a process of its own, with the sample world.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::support::{Home, Python, Server};

/// The sandbox, a user's folder, and the Python that has the official clients.
pub(crate) struct Sandbox {
    pub(crate) python: Python,
    pub(crate) home: Home,
    server: Server,
}

impl Sandbox {
    /// With the options that it has by default.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// With more options of `unpair sandbox`.
    pub(crate) fn start_with(options: &[&str]) -> Self {
        let python = Python::find();
        let home = Home::new();
        let arguments = ["sandbox", "--format", "json"].iter().chain(options).copied();
        let server = Server::start(&mut home.unpair(arguments));
        home.write("sandbox.json", &server.ready.to_string());
        Self { python, home, server }
    }

    /// The file that holds the line that the sandbox printed.
    pub(crate) fn line(&self) -> PathBuf {
        self.home.path("sandbox.json")
    }

    /// A `PATH` on which the programs of the Python come first.
    pub(crate) fn path(&self) -> OsString {
        let programs = self.python.0.parent().expect("a program stands in a folder").to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(programs).chain(std::env::split_paths(&path));
        std::env::join_paths(all).expect("folders without a colon")
    }

    /// Where a cloud's dialect is spoken: `alibaba` or `aws`.
    pub(crate) fn url(&self, cloud: &str) -> &str {
        self.server.ready[cloud].as_str().expect("an address")
    }

    /// The key of an account, and its secret.
    pub(crate) fn key(&self, account: &str) -> [&str; 2] {
        let accounts = self.server.ready["accounts"].as_array().expect("accounts");
        let found = accounts.iter().find(|listed| listed["id"] == account).expect("the account");
        ["access_key_id", "access_key_secret"].map(|key| found[key].as_str().expect("a text"))
    }
}
