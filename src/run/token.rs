//! Client tokens and the hashes of requests: derived, never random.

use crate::journal::CallId;
use crate::model::{ClientToken, Hasher, RunId};

/// The SHA-256 of a request's parameters, hexadecimal.
pub fn request_hash(parameters: &[(String, String)]) -> String {
    let mut hasher = Hasher::new("unpair request 1");
    for (name, value) in parameters {
        hasher.field(name);
        hasher.field(value);
    }
    hasher.finish().to_string()
}

/// The token of one request: it changes exactly when run, call, generation or parameters do, so
/// a lost journal row loses no token. 62 ASCII characters; both clouds' limit is 64.
pub fn client_token(run: &RunId, call: CallId, generation: u32, request: &str) -> ClientToken {
    let mut hasher = Hasher::new("unpair token 1");
    hasher.field(run.as_str());
    hasher.field(&call.0.to_string());
    hasher.field(&generation.to_string());
    hasher.field(request);
    let digest = hasher.finish().to_string();
    ClientToken::new(format!("u1{}", &digest[..60]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_changes_with_each_of_its_parts_and_fits_both_clouds() {
        let run = RunId::new("r1");
        let token =
            |call, generation, request| client_token(&run, CallId(call), generation, request);
        let one = token(1, 1, "a");
        assert_eq!(one, token(1, 1, "a"));
        for other in [token(2, 1, "a"), token(1, 2, "a"), token(1, 1, "b")] {
            assert_ne!(one, other);
        }
        assert!(one.as_str().len() <= 64 && one.as_str().is_ascii());
    }
}
