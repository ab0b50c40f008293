//! Proxies: `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` and their small letters, which come first, as
//! curl and boto3 have it.
//!
//! Only https requests go through a proxy: plain http goes to this machine, or to the metadata and
//! container addresses of this link, which no proxy reaches.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use super::Told;
use super::variables::Variables;

/// For https, the more special ones first.
const HTTPS: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
/// For plain http, of which none leaves this link.
const HTTP: [&str; 2] = ["http_proxy", "HTTP_PROXY"];
/// What goes past the proxy.
const BYPASS: [&str; 2] = ["no_proxy", "NO_PROXY"];
/// What a proxy is told with.
pub(super) const THROUGH: &str = "https requests go through the proxy";
/// The port of https, which an entry of [`BYPASS`] may name.
const PORT: &str = "443";

/// Which requests go through which proxy. By default none goes through any.
#[derive(Clone, Debug, Default)]
pub(in crate::cloud) struct Proxies(Option<(Proxy, Bypass)>);

/// A proxy. Whatever shows it shows no user and no password.
#[derive(Clone)]
pub(in crate::cloud) struct Proxy {
    url: Url,
    from: &'static str,
}

impl Proxy {
    /// The address with user and password, for the client alone.
    pub(in crate::cloud) const fn url(&self) -> &Url {
        &self.url
    }

    /// Host and port.
    fn address(&self) -> String {
        let scheme = if self.url.scheme() == "https" { "https://" } else { "" };
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{scheme}{}:{port}", self.url.host_str().unwrap_or_default())
    }
}

/// `127.0.0.1:3128 of HTTPS_PROXY`.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.address(), self.from)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The hosts that are reached without the proxy.
#[derive(Clone, Debug)]
struct Bypass(Arc<Matcher>);

impl Proxies {
    /// Those of the environment, or why the proxy cannot be used and what to do.
    pub(super) fn read(variables: &Variables<'_>, told: &mut Vec<Told>) -> Result<Self, String> {
        let Some((from, value)) = variables.first(&HTTPS) else {
            told.extend(variables.first(&HTTP).map(|(from, _)| Told::ignored(
                from,
                "every request that leaves this link is https: HTTPS_PROXY sends it through a proxy",
            )));
            return Ok(Self::default());
        };
        let url = parse(value).map_err(|why| {
            format!("{from}: {why}, expected http://HOST:PORT: correct it, or unset it")
        })?;
        let proxy = Proxy { url, from };
        told.push(Told::taken(THROUGH, proxy.address(), from));
        let entries = variables.first(&BYPASS).map_or_else(String::new, |(from, value)| {
            let (entries, odd) = entries(value);
            if !entries.is_empty() {
                told.push(Told::taken("https requests go past the proxy to", entries.clone(), from));
            }
            if odd {
                told.push(Told::ignored(
                    from,
                    "an entry of it names a port other than 443, expected a host, a suffix, an address or a network",
                ));
            }
            entries
        });
        let matcher = Matcher::builder().https(proxy.url.as_str()).no(entries).build();
        Ok(Self(Some((proxy, Bypass(Arc::new(matcher))))))
    }

    /// Whether no request goes through any.
    pub(super) const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// The proxy that requests to `url` go through, if any.
    ///
    /// This machine is never reached through a proxy: to that, it would be another one.
    pub(in crate::cloud) fn of(&self, url: &Url) -> Option<&Proxy> {
        let (proxy, bypass) = self.0.as_ref().filter(|_| !is_loopback(url))?;
        bypass.0.intercept(&url.as_str().parse().ok()?).map(|_| proxy)
    }
}

/// The address of a host, where the host is one.
pub(in crate::cloud) fn address(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?.trim_matches(['[', ']']);
    host.parse().ok().map(|address: IpAddr| address.to_canonical())
}

/// Whether a host is this machine.
pub(in crate::cloud) fn is_loopback(url: &Url) -> bool {
    url.host_str() == Some("localhost") || address(url).is_some_and(|it| it.is_loopback())
}

/// A proxy's address, or what is wrong with it, without what it holds.
fn parse(value: &str) -> Result<Url, &'static str> {
    const ENCODED: &str =
        "holds more than a host and a port (a sign in a password is written as %XX)";
    if value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("holds a blank");
    }
    let with_scheme;
    let text = if value.contains("://") {
        value
    } else {
        with_scheme = format!("http://{value}");
        &with_scheme
    };
    let url = Url::parse(text).map_err(|_| "is not the address of a proxy")?;
    match url.scheme() {
        "http" | "https" => {}
        "socks4" | "socks4a" | "socks5" | "socks5h" => return Err("SOCKS is not supported"),
        _ => return Err("its scheme is not supported"),
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(ENCODED);
    }
    if url.port() == Some(0) {
        return Err("port 0 is served by nobody");
    }
    Ok(url)
}

/// The entries of `NO_PROXY` as they are obeyed, and whether one of them cannot be: between commas
/// or blanks, `*.corp` for `.corp`, `[::1]` for `::1`, and without the port of https.
fn entries(value: &str) -> (String, bool) {
    let (mut kept, mut odd) = (Vec::new(), false);
    for entry in value.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()) {
        match (entry.parse::<IpAddr>(), entry.rsplit_once(':')) {
            (Err(_), Some((host, PORT))) => kept.push(plain(host)),
            (Err(_), Some((_, port))) if port.parse::<u16>().is_ok() && !entry.contains('/') => {
                odd = true;
            }
            _ => kept.push(plain(entry)),
        }
    }
    (kept.join(","), odd)
}

fn plain(entry: &str) -> &str {
    let entry = entry.trim_matches(['[', ']']);
    entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(env: &[(&str, &str)]) -> Result<Proxies, String> {
        let env: Vec<_> = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Proxies::read(&Variables::new(&env), &mut Vec::new())
    }

    fn way(env: &[(&str, &str)], url: &str) -> Option<String> {
        let url = Url::parse(url).expect("a URL");
        proxies(env).expect("a good proxy").of(&url).map(ToString::to_string)
    }

    const ECS: &str = "https://ecs.cn-beijing.aliyuncs.com/";

    #[test]
    fn the_more_special_variable_and_the_small_letters_come_first() {
        let all = [
            ("https_proxy", "a:1"),
            ("HTTPS_PROXY", "b:2"),
            ("all_proxy", "c:3"),
            ("ALL_PROXY", "d:4"),
        ];
        for (from, (name, address)) in all.iter().enumerate() {
            assert_eq!(way(&all[from..], ECS), Some(format!("{address} of {name}")));
        }
        assert_eq!(
            way(&[("HTTPS_PROXY", "b:2"), ("https_proxy", " ")], ECS).as_deref(),
            Some("b:2 of HTTPS_PROXY")
        );
        assert_eq!(way(&[("HTTP_PROXY", "b:2")], ECS), None);
    }

    #[test]
    fn a_proxy_has_http_for_a_scheme_and_its_own_port_unless_it_says_another() {
        for (value, expected) in [
            ("proxy.corp:3128", "proxy.corp:3128"),
            ("http://proxy.corp:3128/", "proxy.corp:3128"),
            ("proxy.corp", "proxy.corp:80"),
            ("https://proxy.corp", "https://proxy.corp:443"),
            ("http://me:p%40ss@10.0.0.1:8080", "10.0.0.1:8080"),
            ("me:pass@proxy.corp:3128", "proxy.corp:3128"),
            ("http://[fd00::1]:3128", "[fd00::1]:3128"),
        ] {
            assert_eq!(way(&[("ALL_PROXY", value)], ECS), Some(format!("{expected} of ALL_PROXY")));
        }
    }

    #[test]
    fn a_malformed_proxy_is_refused_by_the_variable_and_without_its_value() {
        for (value, why) in [
            ("http://u:secret@proxy.corp:3128 ", "a blank"),
            ("http://u:secret@pro xy:3128", "a blank"),
            ("http://u:secret@proxy.corp:x", "not the address"),
            ("http://u:secret@proxy.corp:70000", "not the address"),
            ("http://u:secret@", "not the address"),
            ("http://u:secret@proxy.corp:0", "port 0"),
            ("http://u:1/secret@proxy.corp:1", "%XX"),
            ("http://u:1#secret@proxy.corp:1", "%XX"),
            ("http://u:1?secret@proxy.corp:1", "%XX"),
            ("socks5://u:secret@proxy.corp:1080", "SOCKS"),
            ("socks5h://u:secret@proxy.corp:1080", "SOCKS"),
            ("ftp://u:secret@proxy.corp", "scheme"),
            ("http:/u:secret@proxy.corp", ""),
        ] {
            let Err(told) = proxies(&[("HTTPS_PROXY", value)]) else { panic!("{value}") };
            assert!(told.starts_with("HTTPS_PROXY: ") && told.contains(why), "{value}: {told}");
            assert!(told.contains("expected http://HOST:PORT"), "{told}");
            assert!(!told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn a_variable_that_is_not_asked_is_not_refused() {
        let env =
            [("https_proxy", "http://127.0.0.1:7890"), ("all_proxy", "socks5://127.0.0.1:7890")];
        assert_eq!(way(&env, ECS).as_deref(), Some("127.0.0.1:7890 of https_proxy"));
    }

    #[test]
    fn no_proxy_names_hosts_suffixes_addresses_and_networks() {
        let goes_past = |entries: &str, url: &str| {
            way(&[("HTTPS_PROXY", "proxy.corp:3128"), ("NO_PROXY", entries)], url).is_none()
        };
        for entries in [
            "ecs.cn-beijing.aliyuncs.com",
            "ECS.cn-beijing.aliyuncs.com",
            "aliyuncs.com",
            ".aliyuncs.com",
            "*.aliyuncs.com",
            "*",
            "corp, aliyuncs.com",
            "corp aliyuncs.com",
            "aliyuncs.com:443",
        ] {
            assert!(goes_past(entries, ECS), "{entries}");
        }
        for entries in ["", "uncs.com", "cn-beijing", "sts.aliyuncs.com", "aliyuncs.com:8443", ","]
        {
            assert!(!goes_past(entries, ECS), "{entries}");
        }
        for (entries, url) in [
            ("10.0.0.0/8", "https://10.1.2.3/"),
            ("10.1.2.3", "https://10.1.2.3/"),
            ("fd00::/8", "https://[fd00::1]/"),
            ("fd00::1", "https://[fd00::1]/"),
            ("[fd00::1]", "https://[fd00::1]/"),
        ] {
            assert!(goes_past(entries, url), "{entries}");
        }
        assert!(!goes_past("10.0.0.0/8", "https://11.1.2.3/"));
    }

    #[test]
    fn this_machine_and_plain_http_are_never_reached_through_a_proxy() {
        let all = [("ALL_PROXY", "proxy.corp:3128"), ("HTTP_PROXY", "proxy.corp:3128")];
        for url in [
            "https://localhost:4010/",
            "https://127.0.0.2/",
            "https://[::1]/",
            "http://127.0.0.1/",
            "http://169.254.169.254/latest",
            "http://169.254.170.2/v2",
        ] {
            assert_eq!(way(&all, url), None, "{url}");
        }
    }
}
