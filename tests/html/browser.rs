//! A real Chromium, driven over its `DevTools` protocol: JSON messages through two pipes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long an answer is waited for before the test fails.
const PATIENCE: Duration = Duration::from_secs(120);
/// What hands the pipes of a child on as those that a Chromium listens to.
const PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null"#;
/// A browser without a window that asks nobody for anything but what it is told to open.
const FLAGS: [&str; 7] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
];

/// Colours that a reader prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

/// Whether the page may run its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    On,
    Off,
}

/// A browser with one page.
pub(crate) struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    sent: u64,
    session: Option<String>,
    events: Vec<Value>,
    _profile: TempDir,
}

impl Browser {
    /// Starts the Chromium that `UNPAIR_CHROMIUM` names, with an empty page.
    pub(crate) fn start() -> Self {
        let chromium = std::env::var("UNPAIR_CHROMIUM");
        let chromium = chromium.expect("UNPAIR_CHROMIUM names a browser; tests/all.sh sets it");
        let profile = tempfile::tempdir().expect("a folder");
        let mut child = Command::new("/bin/sh")
            .args(["-c", PIPES, &chromium])
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let to = child.stdin.take().expect("a pipe");
        let from = listen(child.stdout.take().expect("a pipe"));
        let (sent, events) = (0, Vec::new());
        let mut browser = Self { child, to, from, sent, session: None, events, _profile: profile };
        let page = browser.ask("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": page["targetId"], "flatten": true });
        let session = browser.ask("Target.attachToTarget", &attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Sends a command and waits for its answer; what happens meanwhile is kept.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        write!(self.to, "{message}\0").and_then(|()| self.to.flush()).expect("a Chromium listens");
        loop {
            let mut answer = self.hear(method);
            if answer["id"] == self.sent {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].take();
            }
            self.events.push(answer);
        }
    }

    fn hear(&self, what: &str) -> Value {
        match self.from.recv_timeout(PATIENCE) {
            Ok(message) => message,
            Err(error) => panic!("waited in vain for {what} of the browser: {error}"),
        }
    }

    /// Opens a file on a screen so many pixels wide, and waits until it is loaded.
    pub(crate) fn open(&mut self, page: &Path, width: u32, scheme: Scheme, script: Script) {
        let screen =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", &screen);
        let value = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.ask("Emulation.setEmulatedMedia", &json!({ "media": "", "features": features }));
        let off = script == Script::Off;
        self.ask("Emulation.setScriptExecutionDisabled", &json!({ "value": off }));
        self.events.clear();
        self.ask("Page.navigate", &json!({ "url": format!("file://{}", page.display()) }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.hear("the end of loading");
            self.events.push(event);
        }
    }

    /// Shows the page as a printer does.
    pub(crate) fn show_printed(&mut self) {
        let features = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
        let media = json!({ "media": "print", "features": features });
        self.ask("Emulation.setEmulatedMedia", &media);
    }

    /// What an expression comes to in the page.
    pub(crate) fn see(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true });
        let mut seen = self.ask("Runtime.evaluate", &params);
        assert!(seen["exceptionDetails"].is_null(), "{expression}: {seen}");
        seen["result"]["value"].take()
    }

    /// What the page complained of since it was opened: errors, refusals by its policy, and whatever
    /// it wrote to the console.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let complaints = ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"];
        let said = self.events.iter().filter(|event| {
            event["method"].as_str().is_some_and(|method| complaints.contains(&method))
        });
        said.map(Value::to_string).collect()
    }

    /// The addresses that the page asked for since it was opened.
    pub(crate) fn requests(&self) -> Vec<String> {
        let requests =
            self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        let urls = requests.filter_map(|event| event["params"]["request"]["url"].as_str());
        urls.map(str::to_owned).collect()
    }

    /// How many sheets of A4 the page takes when it is printed.
    pub(crate) fn sheets(&mut self) -> usize {
        let printed = self.ask("Page.printToPDF", &json!({ "preferCSSPageSize": true }));
        let pdf = STANDARD.decode(printed["data"].as_str().expect("a file")).expect("base64");
        let text = String::from_utf8_lossy(&pdf);
        text.matches("/Type /Page\n").count()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has told.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads messages, each ended by a zero, in a thread of its own.
fn listen(from: ChildStdout) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for message in BufReader::new(from).split(0).map_while(Result::ok) {
            let message = serde_json::from_slice(&message).expect("a message is JSON");
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    receiver
}
