//! The workspace of every end-to-end test: a world served by the sandbox, and a folder with the
//! configuration and the credentials that lead to it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use unpair::sandbox::{Account, LoggedCall, Sandbox, SandboxAccount, SandboxOptions, World, start};

use crate::canaries;
use crate::process::Running;

/// The files of a workspace that hold secrets: credentials, an external id, the embedded clouds' keys.
const SECRETS: [&str; 4] =
    ["aliyun.json", "aws-credentials", "unpair.toml", "unpair.db.sandbox.json"];

/// A served world and a folder to run the program in.
pub struct Workspace {
    /// The sandbox, while it serves.
    pub sandbox: Sandbox,
    /// The world at the start.
    pub before: World,
    folder: TempDir,
    _runtime: Runtime,
}

impl Workspace {
    /// Serves a world. `limits` is what both clouds' limits say, `more` ends the configuration.
    pub fn new(options: SandboxOptions, limits: &str, more: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime for the sandbox");
        let before = options.world.clone();
        let sandbox = runtime.block_on(start(options)).expect("the sandbox starts");
        let folder = tempfile::tempdir().expect("a temporary folder");
        for account in sandbox.accounts() {
            canaries::watch(&format!("the secret of {}", account.id), &account.access_key_secret);
        }
        let workspace = Self { sandbox, before, folder, _runtime: runtime };
        workspace.write("unpair.toml", &workspace.configuration(limits, more));
        workspace.write("aliyun.json", &workspace.alibaba_profiles());
        workspace.write("aws-credentials", &workspace.aws_profiles());
        workspace.write("aws-config", "");
        workspace
    }

    /// Where a file of the folder is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the folder.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a writable folder");
    }

    /// Starts a command in the folder, with the environment that leads to the credentials.
    pub fn spawn(&self, mut command: Command) -> Running {
        command
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("AWS_SHARED_CREDENTIALS_FILE", self.path("aws-credentials"))
            .env("AWS_CONFIG_FILE", self.path("aws-config"))
            .env("AWS_EC2_METADATA_DISABLED", "true");
        canaries::plant(&mut command);
        Running::start(command)
    }

    /// Every call so far, as the server saw it.
    pub fn calls(&self) -> Vec<LoggedCall> {
        self.sandbox.calls()
    }

    /// The world as it is.
    pub fn world(&self) -> World {
        self.sandbox.world()
    }

    fn configuration(&self, limits: &str, more: &str) -> String {
        let (ecs, ec2) = (self.sandbox.alibaba_url(), self.sandbox.aws_url());
        let accounts: String = self.before.accounts.iter().map(account_section).collect();
        format!(
            "[alibaba]\necs_endpoint = '{ecs}'\nsts_endpoint = '{ecs}'\n\
             config_file = 'aliyun.json'\n[alibaba.limits]\n{limits}\
             [aws]\nec2_endpoint = '{ec2}'\nsts_endpoint = '{ec2}'\n[aws.limits]\n{limits}\
             {accounts}{more}"
        )
    }

    fn alibaba_profiles(&self) -> String {
        let profile = |account: &SandboxAccount| {
            json!({
                "name": account.id, "mode": "AK",
                "access_key_id": account.access_key_id,
                "access_key_secret": account.access_key_secret,
            })
        };
        let profiles: Vec<Value> = self.sandbox.accounts().iter().map(profile).collect();
        json!({ "current": "", "profiles": profiles }).to_string()
    }

    fn aws_profiles(&self) -> String {
        let profile = |account: &SandboxAccount| {
            format!(
                "[{}]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
                account.id, account.access_key_id, account.access_key_secret
            )
        };
        self.sandbox.accounts().iter().map(profile).collect()
    }
}

impl Drop for Workspace {
    /// Nothing that the program left behind holds a secret.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            canaries::assert_none_below(self.folder.path(), &SECRETS);
        }
    }
}

/// A world's own account by its profile; without a key, a partner's.
fn account_section(account: &Account) -> String {
    let source = match &account.access_key_id {
        Some(_) => format!("profile = '{}'", account.id),
        None => "credentials = 'none'".to_owned(),
    };
    let name = account.name.as_deref().unwrap_or_default();
    format!(
        "[[account]]\ncloud = '{}'\nid = '{}'\nname = '{name}'\n{source}\n",
        account.cloud, account.id
    )
}

/// Whether a call is one that removes rules.
pub fn is_revocation(call: &LoggedCall) -> bool {
    call.action.starts_with("Revoke")
}
