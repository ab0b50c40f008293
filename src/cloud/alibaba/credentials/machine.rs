//! Mode `EcsRamRole`: the metadata service of an ECS instance gives the key of the instance's role.
//!
//! It is asked with a token alone: without one, a request that somebody else has made by a detour
//! through this machine is answered as well.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::kept::Kept;
use crate::cloud::key_text::{flaw, trimmed};
use crate::cloud::{CloudError, Deadlines, ErrorClass, Http, HttpReply, MAX_WRITE_BODY};

const TOKEN: &str = "/latest/api/token";
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
/// How long the token lasts, in seconds; the least that is taken is 1. It is used twice, at once.
const TOKEN_LASTS: &str = "300";

/// The key of the role, or of the instance's only one, from the service at `endpoint`.
pub(super) async fn key(
    http: &Http,
    endpoint: &str,
    role: Option<&str>,
) -> Result<Kept, CloudError> {
    let service = Service::at(http, endpoint)?;
    let lasts = ("x-aliyun-ecs-metadata-token-ttl-seconds", TOKEN_LASTS);
    let token: SecretString =
        service.line(service.ask("PUT", TOKEN, lasts).await?, "token")?.into();
    let shown = ("x-aliyun-ecs-metadata-token", token.expose_secret());
    let role = match role {
        Some(role) => role.to_owned(),
        None => service.line(service.ask("GET", ROLES, shown).await?, "name of a role")?,
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !role.chars().all(is_name) {
        return Err(service
            .failed(ErrorClass::Credential, "names a role with characters that no role name has"));
    }
    let reply = service.ask("GET", &format!("{ROLES}{role}"), shown).await?;
    Kept::of_service(&reply.body).map_err(|why| {
        service.failed(ErrorClass::Credential, &format!("gives no key of role `{role}`: {why}"))
    })
}

struct Service<'a> {
    http: Http,
    endpoint: &'a str,
}

impl<'a> Service<'a> {
    fn at(http: &Http, endpoint: &'a str) -> Result<Self, CloudError> {
        // It is on this very link, or this is no ECS instance.
        let [connect, idle, whole] = [2, 5, 10].map(Duration::from_secs);
        let http = http.clone().with_link_deadlines(Deadlines { connect, idle, whole })?;
        Ok(Self { http, endpoint: endpoint.trim_end_matches('/') })
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        header: (&str, &str),
    ) -> Result<HttpReply, CloudError> {
        let headers = vec![(header.0.to_owned(), header.1.to_owned())];
        let url = format!("{}{path}", self.endpoint);
        let reply = self.http.send_as_asked(method, &url, headers, vec![], MAX_WRITE_BODY).await;
        let reply = reply.map_err(|error| {
            let is_nobody = error.class == ErrorClass::Unreached;
            let question = if is_nobody { ": is this machine an ECS instance?" } else { "" };
            let message = format!("the metadata service at {}{question}", error.message);
            CloudError { message, ..error }
        })?;
        match reply.status {
            200 => Ok(reply),
            404 => Err(self.failed(
                ErrorClass::Credential,
                "answers with status 404: attach the role to the instance, or correct its name",
            )),
            status => {
                let class = match reply.class_by_status() {
                    ErrorClass::Lost => ErrorClass::Credential,
                    class => class,
                };
                Err(self.failed(class, &format!("answers with status {status}")))
            }
        }
    }

    /// The one line of an answer.
    fn line(&self, reply: HttpReply, what: &str) -> Result<String, CloudError> {
        let text = String::from_utf8(reply.body).unwrap_or_else(|_| "\u{fffd}".to_owned());
        let text = trimmed(&text);
        match flaw(text) {
            None => Ok(text.to_owned()),
            Some(why) => Err(self.failed(ErrorClass::Credential, &format!("its {what} {why}"))),
        }
    }

    fn failed(&self, class: ErrorClass, why: &str) -> CloudError {
        let message = format!("the metadata service at {} {why}", self.endpoint);
        CloudError::local(class, "metadata", message)
    }
}
