//! An endpoint override: https, or loopback.

use std::net::IpAddr;

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
    let (scheme, rest) = plain.split_once("://").ok_or_else(|| told("has no scheme"))?;
    let authority = rest.split('/').next().unwrap_or_default();
    let host = host(authority).ok_or_else(|| told("has no valid host and port"))?;
    match scheme {
        "https" => Ok(()),
        "http" if is_loopback(host) => Ok(()),
        "http" => Err(told("is neither https nor loopback")),
        _ => Err(told("has another scheme")),
    }
}

fn told(wrong: &str) -> String {
    format!("the endpoint {wrong}, {EXPECTED}")
}

/// Letters and signs of a host, a port and a path; no user, query or fragment.
fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '-' | '_' | '[' | ']')
}

/// The host of `host:port` or `[v6]:port`.
fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, after.strip_prefix(':').or_else(|| after.is_empty().then_some("443"))?)
        }
        None => authority.split_once(':').unwrap_or((authority, "443")),
    };
    let valid = !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port != 0);
    valid.then_some(host)
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
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
            "",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
