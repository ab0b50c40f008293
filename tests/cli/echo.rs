//! A provider that gives out sessions with known secrets, and in its refusals repeats everything
//! that it was sent.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

/// The secrets of the sessions that it gives out.
pub(crate) const SESSION_SECRET: &str = "session+secret/0=\"&%\\42-of-a-role";
pub(crate) const SESSION_TOKEN: &str = "session+token/1=\"&%\\43-of-a-role";

/// The code of a provider that gives out no session.
pub(crate) const REFUSES_ROLES: &str = "InvalidParameter.RoleArn";

/// The provider; it ends with the test.
pub(crate) struct Echo {
    pub(crate) url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Echo {
    /// Serves both clouds. Whatever is not about sessions and identities is refused by `code`.
    pub(crate) fn start(code: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback binds");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, code, &seen);
            }
        });
        Self { url, heads }
    }

    /// The first lines of the requests so far.
    pub(crate) fn first_lines(&self) -> Vec<String> {
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

/// Answers one request, then closes.
fn serve(mut stream: TcpStream, code: &str, seen: &Mutex<Vec<String>>) {
    let Some((head, body)) = read(&mut stream) else { return };
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(head.clone());
    let (status, answer) = answer(&head, &body, code);
    let length = answer.len();
    let reply = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}"
    );
    // Whoever has gone does not want it.
    let _ = stream.write_all(reply.as_bytes());
}

fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length =
                length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            if body.len() >= length.map_or(0, |length| length.parse().expect("a number")) {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
    }
}

fn answer(head: &str, body: &str, code: &str) -> (u16, String) {
    let is = |action: &str| {
        head.contains(&format!("x-acs-action: {action}"))
            || body.contains(&format!("Action={action}"))
    };
    let is_aws = body.contains("Version=2");
    let token = head.lines().find_map(|line| line.split_once("-security-token: "));
    let token = token.map_or("", |(_, token)| token);
    let secret = if token == SESSION_TOKEN { SESSION_SECRET } else { "" };
    let echo = format!("{token} {secret} {body} {head}");
    let gives_roles = code != REFUSES_ROLES && is("AssumeRole");
    match (is_aws, gives_roles) {
        (false, true) => {
            let session = json!({"RequestId": "R", "Credentials": {
                "AccessKeyId": "STS.known", "AccessKeySecret": SESSION_SECRET,
                "SecurityToken": SESSION_TOKEN, "Expiration": "2999-01-01T00:00:00Z"}});
            (200, session.to_string())
        }
        (true, true) => (200, assumed()),
        (false, _) => (403, json!({"RequestId": "R", "Code": code, "Message": echo}).to_string()),
        (true, _) => {
            let body = format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{}</Message></Error></Errors>\
                 <RequestID>R</RequestID></Response>",
                xml(&echo)
            );
            (403, body)
        }
    }
}

fn assumed() -> String {
    format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAKNOWN</AccessKeyId>\
         <SecretAccessKey>{}</SecretAccessKey><SessionToken>{}</SessionToken>\
         <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>\
         <ResponseMetadata><RequestId>R</RequestId></ResponseMetadata></AssumeRoleResponse>",
        xml(SESSION_SECRET),
        xml(SESSION_TOKEN)
    )
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
