//! Two accounts of a moto server, as `moto_world.py` made them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::Value;

use crate::support::{Python, Server, succeed};

/// Rules by their ids, as boto3 reads them.
pub(crate) type Rules = BTreeMap<String, Value>;

/// One server for the tests that run at a time; it ends with the last of them.
static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());

/// Two accounts that no other test knows.
pub(crate) struct World {
    python: Python,
    server: Arc<Server>,
    seeded: Value,
}

impl World {
    /// Groups that name each other.
    pub(crate) fn seed() -> Self {
        let python = Python::find();
        let server = server(&python);
        let url = server.ready["url"].as_str().expect("the server's URL");
        let [a, b] = [account(), account()];
        let seeded = world_script(&python, [url, "seed", &a, &b]);
        Self { python, server, seeded }
    }

    pub(crate) fn url(&self) -> &str {
        self.server.ready["url"].as_str().expect("the server's URL")
    }

    /// A text of what was made, such as `/groups/a`.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        let found = self.seeded.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no text at {pointer}"))
    }

    /// Every rule of both accounts.
    pub(crate) fn rules(&self) -> Rules {
        serde_json::from_value(self.call("rules", &[])).expect("rules by id")
    }

    /// Removes `rules` behind everybody's back.
    pub(crate) fn remove(&self, rules: &[&str]) {
        self.call("remove", rules);
    }

    /// Lets the first group of A admit that of B once more.
    pub(crate) fn restore(&self) {
        self.call("restore", &[self.text("/groups/a"), self.text("/groups/b")]);
    }

    fn call(&self, command: &str, more: &[&str]) -> Value {
        let fixed = [self.url(), command, self.text("/accounts/a"), self.text("/accounts/b")];
        world_script(&self.python, fixed.into_iter().chain(more.iter().copied()))
    }
}

/// What `moto_world.py` prints.
fn world_script<'a>(python: &Python, arguments: impl IntoIterator<Item = &'a str>) -> Value {
    let printed = succeed(python.script("moto_world.py").args(arguments));
    serde_json::from_slice(&printed.stdout).expect("the script prints JSON")
}

/// Moto makes an account of any twelve digits.
fn account() -> String {
    fastrand::u64(100_000_000_000..1_000_000_000_000).to_string()
}

fn server(python: &Python) -> Arc<Server> {
    let mut running = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    running.upgrade().unwrap_or_else(|| {
        let server = Arc::new(Server::start(&mut python.script("moto_server.py")));
        *running = Arc::downgrade(&server);
        server
    })
}

/// Whether `rule` stands in `own` and names `peer`.
pub(crate) fn names(rule: &Value, own: &str, peer: &str) -> bool {
    rule["GroupId"] == own && rule["ReferencedGroupInfo"]["GroupId"] == peer
}
