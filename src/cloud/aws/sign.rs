//! Signature Version 4 of a form request.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;

use super::endpoints::Service;
use crate::cloud::CloudError;
use crate::model::RegionId;

/// The content type of every request; it is part of what is signed.
pub(super) const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// What a signature is made for.
#[derive(Clone, Copy)]
pub(super) struct Signing<'a> {
    /// Whose key signs.
    pub(super) credentials: &'a Credentials,
    /// The service.
    pub(super) service: Service,
    /// The region of the signature, which is that of the host.
    pub(super) region: &'a RegionId,
    /// When.
    pub(super) time: SystemTime,
}

/// The headers of a signed `POST` of `body` to `url`: content type, date, authorization, and the
/// session token if there is one. The host is signed as `url` gives it.
pub(super) fn headers(
    signing: Signing<'_>,
    url: &str,
    body: &[u8],
) -> Result<Vec<(String, String)>, CloudError> {
    let identity: Identity = signing.credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(signing.region.as_str())
        .name(signing.service.name())
        .time(signing.time)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| unsignable(&error.to_string()))?
        .into();
    let fixed = [("content-type", FORM), ("host", host(url))];
    let request = SignableRequest::new("POST", url, fixed.into_iter(), SignableBody::Bytes(body))
        .map_err(|error| unsignable(&error.to_string()))?;
    let (signed, _) =
        sign(request, &params).map_err(|error| unsignable(&error.to_string()))?.into_parts();
    let mut headers = vec![("content-type".to_owned(), FORM.to_owned())];
    headers.extend(signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())));
    Ok(headers)
}

/// The authority of a URL, without the default port, as an HTTP client sends it.
fn host(url: &str) -> &str {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split('/').next().unwrap_or(rest);
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    authority.strip_suffix(default_port).unwrap_or(authority)
}

fn unsignable(why: &str) -> CloudError {
    CloudError::config("signature", format!("cannot sign the request: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_host_is_the_one_that_is_sent() {
        assert_eq!(host("https://ec2.us-east-1.amazonaws.com/"), "ec2.us-east-1.amazonaws.com");
        assert_eq!(host("https://example.org:443/"), "example.org");
        assert_eq!(host("http://127.0.0.1:4011/"), "127.0.0.1:4011");
    }
}
