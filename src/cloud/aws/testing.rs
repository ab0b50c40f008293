//! A service on loopback that records what it is sent and answers what the test says.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) body: String,
    pub(super) headers: HeaderMap,
}

/// The service. It ends with the runtime of its test.
pub(super) struct Loopback {
    pub(super) url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Loopback {
    /// Starts a service that answers a body with a status and a body.
    pub(super) async fn start(
        answer: impl Fn(&str) -> (u16, String) + Clone + Send + Sync + 'static,
    ) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        let app = Router::new().fallback(move |headers: HeaderMap, body: Bytes| async move {
            let body = String::from_utf8_lossy(&body).into_owned();
            let (status, answer) = answer(&body);
            log.lock().expect("no panic").push(Received { body, headers });
            (StatusCode::from_u16(status).expect("a status"), answer)
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, received }
    }

    /// What arrived so far, in order.
    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic").clone()
    }

    /// How many requests of `action` arrived.
    pub(super) fn count(&self, action: &str) -> usize {
        let start = format!("Action={action}&");
        let received = self.received();
        received.iter().filter(|request| format!("{}&", request.body).contains(&start)).count()
    }
}

/// An answer to an action: the given elements and a request id.
pub(super) fn ok(action: &str, inner: &str) -> (u16, String) {
    (200, format!("<{action}Response>{inner}<requestId>r-1</requestId></{action}Response>"))
}

/// An error in the form of EC2.
pub(super) fn refused(status: u16, code: &str) -> (u16, String) {
    let body = format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>told</Message></Error></Errors>\
         <RequestID>r-2</RequestID></Response>"
    );
    (status, body)
}

/// STS's answer to `AssumeRole…` whose keys are named after `name`.
pub(super) fn assumed(action: &str, name: &str, expiration: &str) -> (u16, String) {
    let body = format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>\
         <Credentials><AccessKeyId>AKID{name}</AccessKeyId>\
         <SecretAccessKey>secret-{name}</SecretAccessKey>\
         <SessionToken>token-{name}</SessionToken><Expiration>{expiration}</Expiration>\
         </Credentials><AssumedRoleUser><AssumedRoleId>A:u</AssumedRoleId>\
         <Arn>arn:aws:sts::222222222222:assumed-role/unpair/u</Arn></AssumedRoleUser>\
         </{action}Result><ResponseMetadata><RequestId>r-3</RequestId></ResponseMetadata>\
         </{action}Response>"
    );
    (200, body)
}

/// STS's answer to `GetCallerIdentity`.
pub(super) fn identity(account: &str) -> (u16, String) {
    let body = format!(
        "<GetCallerIdentityResponse><GetCallerIdentityResult>\
         <Arn>arn:aws:sts::{account}:assumed-role/unpair/u</Arn><UserId>A:u</UserId>\
         <Account>{account}</Account></GetCallerIdentityResult>\
         <ResponseMetadata><RequestId>r-4</RequestId></ResponseMetadata>\
         </GetCallerIdentityResponse>"
    );
    (200, body)
}
