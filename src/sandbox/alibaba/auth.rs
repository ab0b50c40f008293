//! Proof of the sender: ACS3-HMAC-SHA256, and the older RPC signature HMAC-SHA1.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::refusal::{clock_skew, expired_credentials, missing, refuse};
use crate::model::{Provider, RegionId, hex};
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::http::{HttpRequest, canonical_query, encode};
use crate::sandbox::live::Live;
use crate::sandbox::sessions::Caller;

/// The name of the newer signature, as the authorization header begins.
const ACS3: &str = "ACS3-HMAC-SHA256";
/// How far a request's clock may be off, either way.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(15);
/// Parameters that sign a request or shape its answer, and are no part of what is asked.
const COMMON: [&str; 11] = [
    "AccessKeyId",
    "Action",
    "Format",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
    "Timestamp",
    "Version",
];

/// What a request says of itself, by either signature.
struct AuthClaims {
    key: String,
    token: Option<String>,
    nonce: String,
    date: String,
    version: String,
    signature: String,
    /// The text that the signature covers, in the form that is hashed with the key.
    signed: String,
    /// How a secret signs it.
    sign: fn(&str, &str) -> String,
}

/// The action that a request asks for, empty if none.
pub(super) fn action(request: &HttpRequest) -> String {
    let named = request.header("x-acs-action").map(str::to_owned);
    named.or_else(|| request.params().remove("Action")).unwrap_or_default()
}

/// Proves who sends the request.
pub(super) fn open(
    live: &mut Live,
    request: &HttpRequest,
    now: Timestamp,
) -> Result<Call, Refusal> {
    let claim = match request.header("authorization") {
        Some(header) => acs3(request, header)?,
        None => rpc(request)?,
    };
    let caller =
        live.sessions.find(live.world(), Provider::Alibaba, &claim.key).ok_or_else(|| {
            refuse("InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        })?;
    check_date(&claim.date, now)?;
    check_token(&claim, &caller, now)?;
    if (claim.sign)(&caller.secret, &claim.signed) != claim.signature {
        return Err(mismatch(&claim.signed));
    }
    if !live.nonces.is_new(&claim.key, &claim.nonce, now) {
        return Err(refuse("SignatureNonceUsed", "Specified signature nonce was used already."));
    }
    check_version(request, &claim)?;
    let mut params = request.params();
    params.retain(|name, _| !COMMON.contains(&name.as_str()));
    let region = RegionId::from(params.get("RegionId").map_or("", String::as_str));
    let Caller { account, arn, .. } = caller;
    Ok(Call { account, arn, region, action: action(request), params })
}

fn mismatch(signed: &str) -> Refusal {
    let message = format!(
        "Specified signature is not matched with our calculation. server string to sign is:{signed}"
    );
    refuse("SignatureDoesNotMatch", message)
}

fn check_date(date: &str, now: Timestamp) -> Result<(), Refusal> {
    let at: Timestamp = date.parse().map_err(|_| {
        refuse(
            "InvalidTimeStamp.Format",
            "Specified time stamp or date value is not well formatted.",
        )
    })?;
    let off = now.duration_since(at).abs();
    if off > CLOCK_TOLERANCE { Err(clock_skew()) } else { Ok(()) }
}

fn check_token(claim: &AuthClaims, caller: &Caller, now: Timestamp) -> Result<(), Refusal> {
    if claim.token == caller.token {
        return if caller.is_expired(now) { Err(expired_credentials()) } else { Ok(()) };
    }
    Err(match (&claim.token, &caller.token) {
        (None, _) => missing("MissingSecurityToken", "SecurityToken"),
        (Some(_), None) => refuse(
            "InvalidSecurityToken.MismatchWithAccessKey",
            "Specified SecurityToken mismatch with the AccessKey.",
        ),
        (Some(_), Some(_)) => {
            refuse("InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
        }
    })
}

/// ECS and STS have one version each.
fn check_version(request: &HttpRequest, claim: &AuthClaims) -> Result<(), Refusal> {
    let expected = match action(request).as_str() {
        "AssumeRole" | "GetCallerIdentity" => "2015-04-01",
        _ => "2014-05-26",
    };
    if claim.version == expected {
        return Ok(());
    }
    Err(refuse("InvalidVersion", "Specified parameter Version is not valid."))
}

/// The claim of an ACS3 request: everything is in headers, and every `x-acs-` header is signed.
fn acs3(request: &HttpRequest, authorization: &str) -> Result<AuthClaims, Refusal> {
    let incomplete = |what: &str| {
        refuse(
            "IncompleteSignature",
            format!("The request signature does not conform to Aliyun standards. {what}"),
        )
    };
    let header = |name: &str| {
        request
            .header(name)
            .map(str::to_owned)
            .ok_or_else(|| incomplete(&format!("{name} is missing")))
    };
    let fields = authorization
        .strip_prefix(ACS3)
        .ok_or_else(|| incomplete("the algorithm is not ACS3-HMAC-SHA256"))?;
    let fields: BTreeMap<_, _> =
        fields.split(',').filter_map(|field| field.trim().split_once('=')).collect();
    let field = |name: &str| fields.get(name).copied().ok_or_else(|| incomplete(name));
    let names: Vec<&str> = field("SignedHeaders")?.split(';').collect();
    if let Some(unsigned) = unsigned_header(request, &names) {
        return Err(incomplete(&format!("{unsigned} is not signed")));
    }
    let body_hash = hex(&Sha256::digest(&request.body));
    if header("x-acs-content-sha256")? != body_hash {
        return Err(mismatch("x-acs-content-sha256 is not the hash of the body"));
    }
    Ok(AuthClaims {
        key: field("Credential")?.to_owned(),
        token: request.header("x-acs-security-token").map(str::to_owned),
        nonce: header("x-acs-signature-nonce")?,
        date: header("x-acs-date")?,
        version: header("x-acs-version")?,
        signature: field("Signature")?.to_owned(),
        signed: acs3_text(request, &names, &body_hash),
        sign: acs3_sign,
    })
}

fn unsigned_header<'a>(request: &'a HttpRequest, names: &[&str]) -> Option<&'a str> {
    let must =
        |name: &&str| *name == "host" || *name == "content-type" || name.starts_with("x-acs-");
    request.headers.keys().map(String::as_str).filter(must).find(|name| !names.contains(name))
}

/// The string to sign: algorithm and hash of the canonical request.
fn acs3_text(request: &HttpRequest, names: &[&str], body_hash: &str) -> String {
    let headers = names.iter().fold(String::new(), |text, name| {
        text + name
            + ":"
            + request.header(name).unwrap_or_default()
            + "
"
    });
    let canonical = [
        request.method.as_str(),
        request.path.as_str(),
        &canonical_query(request.query.iter().map(|(name, value)| (name, value))),
        &headers,
        &names.join(";"),
        body_hash,
    ]
    .join("\n");
    format!("{ACS3}\n{}", hex(&Sha256::digest(canonical.as_bytes())))
}

/// The key is the secret itself: nothing is derived from it.
fn acs3_sign(secret: &str, text: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(text.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// The claim of an RPC request: everything is in parameters, and all but the signature is signed.
fn rpc(request: &HttpRequest) -> Result<AuthClaims, Refusal> {
    let mut params = request.params();
    let signature =
        params.remove("Signature").ok_or_else(|| missing("MissingParameter", "Signature"))?;
    let param =
        |name: &str| params.get(name).cloned().ok_or_else(|| missing("MissingParameter", name));
    if param("SignatureMethod")? != "HMAC-SHA1" {
        return Err(refuse("InvalidParameter", "Specified SignatureMethod is not HMAC-SHA1."));
    }
    let query = canonical_query(&params);
    Ok(AuthClaims {
        key: param("AccessKeyId")?,
        token: params.get("SecurityToken").filter(|token| !token.is_empty()).cloned(),
        nonce: param("SignatureNonce")?,
        date: param("Timestamp")?,
        version: param("Version")?,
        signature,
        signed: format!("{}&%2F&{}", request.method, encode(&query)),
        sign: rpc_sign,
    })
}

/// The key is the secret and `&`.
fn rpc_sign(secret: &str, text: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(format!("{secret}&").as_bytes()) else {
        return String::new();
    };
    mac.update(text.as_bytes());
    BASE64.encode(mac.finalize().into_bytes())
}

/// The query of a request with the older signature, for tests that need a whole exchange.
#[cfg(test)]
pub(in crate::sandbox) fn signed_for_tests(
    action: &str,
    params: &[(&str, &str)],
    key: &str,
    secret: &str,
) -> String {
    let nonce = fastrand::u64(..).to_string();
    let date = format!("{:.0}", Timestamp::now());
    let common = [
        ("Action", action),
        ("Version", "2014-05-26"),
        ("Format", "JSON"),
        ("AccessKeyId", key),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("SignatureNonce", &nonce),
        ("Timestamp", &date),
    ];
    let all: BTreeMap<String, String> =
        common.iter().chain(params).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let query = canonical_query(&all);
    let signature = rpc_sign(secret, &format!("GET&%2F&{}", encode(&query)));
    format!("{query}&Signature={}", encode(&signature))
}

#[cfg(test)]
mod tests;
