//! One HTTP exchange as bytes and text: what a request is made of and what answers it.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// RFC 3986 unreserved characters stay, all others are escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A request as it came in.
#[derive(Clone, Debug)]
pub(super) struct HttpRequest {
    /// `GET`, `POST`…
    pub(super) method: String,
    /// The path, still escaped.
    pub(super) path: String,
    /// Decoded pairs of the query string, in order.
    pub(super) query: Vec<(String, String)>,
    /// Header values by lower-case name; repeated ones joined by a comma.
    pub(super) headers: BTreeMap<String, String>,
    /// The body as sent.
    pub(super) body: Vec<u8>,
}

impl HttpRequest {
    /// A header's value, by lower-case name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.trim())
    }

    /// The parameters: query and form body together; of repeated names the last one counts.
    pub(super) fn params(&self) -> BTreeMap<String, String> {
        let mut params: BTreeMap<_, _> = self.query.iter().cloned().collect();
        if self.has_form() {
            params.extend(decode_pairs(&String::from_utf8_lossy(&self.body)));
        }
        params
    }

    /// Whether the body is a form.
    fn has_form(&self) -> bool {
        self.header("content-type").is_none_or(|kind| kind.starts_with("application/x-www-form"))
    }
}

/// An answer before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HttpResponse {
    /// HTTP status.
    pub(super) status: u16,
    /// Headers beside the content length.
    pub(super) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(super) body: String,
}

/// Decoded pairs of a query string or form body; `+` is a space.
pub(super) fn decode_pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Percent-encodes as both signature methods ask: upper-case hex, a space is `%20`.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// Sorted, encoded `name=value` joined by `&`: the canonical query of both signature methods.
pub(super) fn canonical_query<'a>(
    pairs: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> String {
    let mut encoded: Vec<_> =
        pairs.into_iter().map(|(name, value)| (encode(name), encode(value))).collect();
    encoded.sort();
    let joined: Vec<_> =
        encoded.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    joined.join("&")
}

/// Text made safe inside an XML element.
pub(super) fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_and_encoded_by_rfc_3986() {
        let pairs = decode_pairs("A=a+b%2Bc&B=&C&%E5%AE%89=~*");
        let expected = [("A", "a b+c"), ("B", ""), ("C", ""), ("安", "~*")];
        assert_eq!(pairs, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
        let query = canonical_query(pairs.iter().map(|(n, v)| (n, v)));
        assert_eq!(query, "%E5%AE%89=~%2A&A=a%20b%2Bc&B=&C=");
    }
}
