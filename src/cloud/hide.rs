//! What a provider says, without the secrets that it was sent.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::CloudError;

/// Stands in the place of a secret.
const HIDDEN: &str = "[hidden]";
/// Shortest text that is taken for a secret: less would blot out words.
const SHORTEST: usize = 6;

/// `error` without `secrets`, as they are and percent-encoded: a refusal may repeat what was
/// signed.
pub(super) fn hide<'a>(
    error: CloudError,
    secrets: impl IntoIterator<Item = Option<&'a str>>,
) -> CloudError {
    let secrets = secrets.into_iter().flatten().filter(|secret| secret.len() >= SHORTEST);
    secrets.fold(error, |error, secret| {
        let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        let clean = |text: &str| text.replace(secret, HIDDEN).replace(&encoded, HIDDEN);
        CloudError { code: clean(&error.code), message: clean(&error.message), ..error }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::ErrorClass;

    #[test]
    fn a_secret_is_hidden_in_both_spellings_and_words_stay() {
        let told = "bad token a+b/c==, as a%2Bb%2Fc%3D%3D, of us";
        let error = CloudError::local(ErrorClass::Credential, "a+b/c==", told);
        let error = hide(error, [Some("a+b/c=="), None, Some("us"), Some("")]);
        assert_eq!(error.to_string(), "[hidden]: bad token [hidden], as [hidden], of us");
    }
}
