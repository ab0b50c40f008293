//! Proof of the sender: AWS Signature Version 4 in the authorization header.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::response::{EC2_VERSION, STS_VERSION, refuse};
use crate::model::{Provider, RegionId, hex};
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::http::{HttpRequest, canonical_query};
use crate::sandbox::live::Live;

/// The signature's name, as the authorization header begins.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far a request's clock may be off, either way.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(15);

/// The authorization header, taken apart.
struct AuthClaims<'a> {
    key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

/// Proves who sends the request.
pub(super) fn open(
    live: &mut Live,
    request: &HttpRequest,
    now: Timestamp,
) -> Result<Call, Refusal> {
    let mut params = request.params();
    let version = params.remove("Version").unwrap_or_default();
    let action = params.remove("Action").unwrap_or_default();
    let words = Words::of(version == STS_VERSION);
    let claim = read(request).ok_or_else(|| words.unreadable())?;
    let caller = live
        .sessions
        .find(live.world(), Provider::Aws, claim.key)
        .ok_or_else(|| words.unknown_key())?;
    let date = request.header("x-amz-date").unwrap_or_default();
    check_date(date, now, &words)?;
    if request.header("x-amz-security-token") != caller.token.as_deref() {
        return Err(words.unknown_key());
    }
    if claim.service != words.service || !date.starts_with(claim.date) {
        return Err(words.bad_signature());
    }
    if claim.signature != signature(request, &claim, date, &caller.secret) {
        return Err(words.bad_signature());
    }
    if caller.is_expired(now) {
        return Err(words.expired());
    }
    if ![EC2_VERSION, STS_VERSION].contains(&version.as_str()) {
        let message = format!(
            "The action {action} is not valid for this web service with version {version}."
        );
        return Err(refuse("InvalidAction", message));
    }
    let region = RegionId::from(claim.region);
    Ok(Call { account: caller.account, arn: caller.arn, region, action, params })
}

/// What either service answers to credentials that have ended.
pub(super) fn expired(sts: bool) -> Refusal {
    Words::of(sts).expired()
}

/// What either service answers to a request whose clock is off.
pub(super) fn too_old(sts: bool) -> Refusal {
    Words::of(sts).too_old()
}

/// Takes the header apart and checks that host, date and token are signed.
fn read(request: &HttpRequest) -> Option<AuthClaims<'_>> {
    let header = request.header("authorization")?.strip_prefix(ALGORITHM)?;
    let fields: BTreeMap<_, _> =
        header.split(',').filter_map(|field| field.trim().split_once('=')).collect();
    let mut scope = fields.get("Credential")?.split('/');
    let claim = AuthClaims {
        key: scope.next()?,
        date: scope.next()?,
        region: scope.next()?,
        service: scope.next()?,
        signed_headers: fields.get("SignedHeaders")?.split(';').collect(),
        signature: fields.get("Signature")?,
    };
    let must = |name: &&String| *name == "host" || name.starts_with("x-amz-");
    let all_signed = request
        .headers
        .keys()
        .filter(must)
        .all(|name| claim.signed_headers.contains(&name.as_str()));
    (scope.next()? == "aws4_request" && all_signed).then_some(claim)
}

fn check_date(date: &str, now: Timestamp, words: &Words) -> Result<(), Refusal> {
    let at = DateTime::strptime("%Y%m%dT%H%M%SZ", date)
        .and_then(|at| TimeZone::UTC.to_timestamp(at))
        .map_err(|_| words.unreadable())?;
    if now.duration_since(at).abs() > CLOCK_TOLERANCE { Err(words.too_old()) } else { Ok(()) }
}

/// The signature that this request should have.
fn signature(request: &HttpRequest, claim: &AuthClaims<'_>, date: &str, secret: &str) -> String {
    let headers = claim.signed_headers.iter().fold(String::new(), |text, name| {
        text + name + ":" + &single_spaced(request.header(name).unwrap_or_default()) + "\n"
    });
    let canonical = [
        request.method.as_str(),
        request.path.as_str(),
        &canonical_query(request.query.iter().map(|(name, value)| (name, value))),
        &headers,
        &claim.signed_headers.join(";"),
        &hex(&Sha256::digest(&request.body)),
    ]
    .join("\n");
    let scope = [claim.date, claim.region, claim.service, "aws4_request"];
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    let text = format!("{ALGORITHM}\n{date}\n{}\n{hash}", scope.join("/"));
    let key = scope
        .iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()));
    hex(&hmac_sha256(&key, text.as_bytes()))
}

fn single_spaced(text: &str) -> String {
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// The same troubles in the words of either service: code and message.
struct Words {
    service: &'static str,
    unreadable: (&'static str, &'static str),
    unknown_key: (&'static str, &'static str),
    bad_signature: (&'static str, &'static str),
    too_old: (&'static str, &'static str),
    expired: (&'static str, &'static str),
}

impl Words {
    const EC2: Self = Self {
        service: "ec2",
        unreadable: (
            "AuthFailure",
            "AWS was not able to authenticate the request: access credentials are missing or malformed",
        ),
        unknown_key: (
            "AuthFailure",
            "AWS was not able to validate the provided access credentials",
        ),
        bad_signature: (
            "AuthFailure",
            "AWS was not able to validate the provided access credentials",
        ),
        too_old: ("RequestExpired", "Request has expired."),
        expired: ("RequestExpired", "Request has expired."),
    };
    const STS: Self = Self {
        service: "sts",
        unreadable: ("MissingAuthenticationToken", "Request is missing Authentication Token"),
        unknown_key: (
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        ),
        bad_signature: (
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
        ),
        too_old: ("SignatureDoesNotMatch", "Signature expired"),
        expired: ("ExpiredToken", "The security token included in the request is expired"),
    };

    const fn of(sts: bool) -> Self {
        if sts { Self::STS } else { Self::EC2 }
    }

    fn unreadable(&self) -> Refusal {
        refuse(self.unreadable.0, self.unreadable.1)
    }

    fn unknown_key(&self) -> Refusal {
        refuse(self.unknown_key.0, self.unknown_key.1)
    }

    fn bad_signature(&self) -> Refusal {
        refuse(self.bad_signature.0, self.bad_signature.1)
    }

    fn too_old(&self) -> Refusal {
        refuse(self.too_old.0, self.too_old.1)
    }

    fn expired(&self) -> Refusal {
        refuse(self.expired.0, self.expired.1)
    }
}

#[cfg(test)]
mod tests;
