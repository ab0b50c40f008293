//! An endpoint override: https, or loopback.

use crate::cloud::check_endpoint;

const EXPECTED: &str = "expected https://HOST or, on loopback, http://127.0.0.1:PORT";

/// Checks an endpoint template, in which `{region}` stands for a region.
pub(super) fn check(template: &str) -> Result<(), String> {
    let plain = template.replace("{region}", "region");
    if let Some(bad) = plain.chars().find(|c| !is_allowed(*c)) {
        let remedy = match bad {
            '{' | '}' => "the only placeholder is {region}",
            '@' => "an endpoint holds no user or password",
            _ => EXPECTED,
        };
        return Err(format!("`{bad}` does not belong in an endpoint, {remedy}"));
    }
    check_endpoint(template)
}

/// Letters and signs of a host, a port and a path; no user, query or fragment.
fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '-' | '_' | '[' | ']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_on_loopback_are_accepted() {
        for text in [
            "https://ecs.{region}.aliyuncs.com",
            "https://vpce-1.ec2.us-east-1.vpce.amazonaws.com:8443/",
            "http://127.0.0.1:4010",
            "http://localhost:4010/",
            "http://[::1]:4010",
            "http://127.9.9.9",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_loopback_or_https_is_refused() {
        for text in [
            "http://ecs.aliyuncs.com",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@example.com",
            "http://localhost.example.com",
            "http://{region}.localhost",
            "http://0.0.0.0:80",
            "http://127.0.0.1:0",
            "http://127.0.0.1:x",
            "https://",
            "https://user:secret@example.com",
            "https://example.com?x=1",
            "https://example.com/{account}",
            "ecs.aliyuncs.com",
            "HTTPS://example.com\n",
            "ftp://127.0.0.1",
            "https://169.254.169.254",
            "https://[::ffff:169.254.169.254]",
            "https://[fe80::1]",
            "https://0.0.0.0",
            "https://0xa9fea9fe",
            "https://example.com:0",
            "https://example.com:65536",
            "",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
