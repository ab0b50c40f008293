//! ACS3-HMAC-SHA256 signatures ("V3 request structure and signature"): pure.

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use crate::model::hex;

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A request as it is sent, all of which its signature covers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsigned<'a> {
    /// The method.
    pub method: &'a str,
    /// The query's parameters, not encoded.
    pub query: &'a [(String, String)],
    /// Every header that is sent, but `authorization`.
    pub headers: &'a [(String, String)],
    /// SHA-256 of the body, see [`payload_hash`].
    pub payload_hash: &'a str,
}

/// SHA-256 of a body in hexadecimal: the value of `x-acs-content-sha256`.
pub(super) fn payload_hash(body: &[u8]) -> String {
    hex(&Sha256::digest(body))
}

/// Parameters in the form of a body or query, in the given order.
pub(super) fn form(parameters: &[(String, String)]) -> String {
    let encoded =
        parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    encoded.collect::<Vec<_>>().join("&")
}

/// The value of the `authorization` header.
pub(super) fn authorization(request: &Unsigned<'_>, key_id: &str, secret: &str) -> String {
    let headers = canonical_headers(request.headers);
    let signed = signed_names(&headers);
    let hash = hex(&Sha256::digest(canonical_request(request, &headers, &signed)));
    let signature = hex(&hmac(secret.as_bytes(), format!("{ALGORITHM}\n{hash}").as_bytes()));
    format!("{ALGORITHM} Credential={key_id},SignedHeaders={signed},Signature={signature}")
}

fn encode(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, RESERVED)
}

/// Names in lower case, values trimmed, sorted by name.
fn canonical_headers(headers: &[(String, String)]) -> Vec<(String, &str)> {
    let mut headers: Vec<(String, &str)> =
        headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.trim())).collect();
    headers.sort();
    headers
}

fn signed_names(headers: &[(String, &str)]) -> String {
    headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";")
}

fn canonical_request(request: &Unsigned<'_>, headers: &[(String, &str)], signed: &str) -> String {
    let mut query = request.query.to_vec();
    query.sort();
    let headers: String = headers
        .iter()
        .flat_map(|(name, value)| {
            [
                name.as_str(),
                ":",
                value,
                "
",
            ]
        })
        .collect();
    let Unsigned { method, payload_hash, .. } = request;
    format!("{method}\n/\n{}\n{headers}\n{signed}\n{payload_hash}", form(&query))
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        acs3: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        method: String,
        query: BTreeMap<String, String>,
        headers: BTreeMap<String, String>,
        body: String,
        access_key_id: String,
        access_key_secret: String,
        hashed_payload: String,
        canonical_query: String,
        canonical_request: String,
        authorization: String,
    }

    fn vectors() -> Vec<Vector> {
        let text = include_str!("../../../tests/vectors/acs3_vectors.json");
        serde_json::from_str::<Vectors>(text).expect("the vectors are JSON").acs3
    }

    fn pairs(map: &BTreeMap<String, String>) -> Vec<(String, String)> {
        map.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    #[test]
    fn every_published_and_every_sdk_signature_is_reproduced() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 10);
        for vector in vectors {
            let hash = payload_hash(vector.body.as_bytes());
            let (query, headers) = (pairs(&vector.query), pairs(&vector.headers));
            let request = Unsigned {
                method: &vector.method,
                query: &query,
                headers: &headers,
                payload_hash: &hash,
            };
            let canonical = canonical_headers(&headers);
            let text = canonical_request(&request, &canonical, &signed_names(&canonical));
            assert_eq!(hash, vector.hashed_payload, "{}", vector.name);
            assert_eq!(form(&query), vector.canonical_query, "{}", vector.name);
            assert_eq!(text, vector.canonical_request, "{}", vector.name);
            let signed = authorization(&request, &vector.access_key_id, &vector.access_key_secret);
            assert_eq!(signed, vector.authorization, "{}", vector.name);
        }
    }
}
