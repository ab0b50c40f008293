//! Mode `CredentialsURI`: an address answers with the key.

use reqwest::Url;
use secrecy::ExposeSecret as _;

use super::kept::Kept;
use super::source::{Uri, config};
use crate::cloud::surroundings::is_loopback;
use crate::cloud::{CloudError, ErrorClass, Http, MAX_WRITE_BODY};

/// Asks the address. Of the address nothing but its host is told: the rest may be a secret.
pub(super) async fn key(http: &Http, uri: &Uri) -> Result<Kept, CloudError> {
    let Uri { address, from } = uri;
    let address = address.expose_secret();
    let is_safe = |url: &Url| url.scheme() == "https" || url.scheme() == "http" && is_loopback(url);
    let url = Url::parse(address).ok().filter(is_safe).ok_or_else(|| {
        config(format!("{from} is no address, expected one with https, or http on loopback"))
    })?;
    let failed = |class, why: String| {
        let host = url.host_str().unwrap_or_default();
        CloudError::local(class, "credentials_uri", format!("{from}: {host} {why}"))
    };
    let reply = http.send_as_asked("GET", address, vec![], vec![], MAX_WRITE_BODY).await;
    let reply =
        reply.map_err(|error| CloudError { message: format!("{from}: {error}"), ..error })?;
    if reply.status != 200 {
        let class = match reply.class_by_status() {
            ErrorClass::Lost => ErrorClass::Credential,
            class => class,
        };
        return Err(failed(class, format!("answers with status {}", reply.status)));
    }
    Kept::of_service(&reply.body)
        .map_err(|why| failed(ErrorClass::Credential, format!("gives no credentials: {why}")))
}
