//! The HTTP exchange of both clouds: deadlines, body limits, no redirects, no retries.

mod clients;
mod dates;
mod failure;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response, Url};

use clients::Clients;
use dates::Dates;
pub use dates::Stamp;
use failure::{Way, explain};

use super::surroundings::{Authorities, Bundle, Surroundings, address, is_loopback};
use super::{CloudError, ErrorClass};

#[cfg(test)]
mod tests;

/// Longest body of an answer to a read, in bytes.
pub const MAX_READ_BODY: usize = 16 << 20;
/// Longest body of an answer to a revocation or to STS, in bytes: a few ids, or an error.
pub const MAX_WRITE_BODY: usize = 1 << 20;

/// How long an exchange may take.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Until TCP and TLS stand.
    pub connect: Duration,
    /// Between two pieces of the answer.
    pub idle: Duration,
    /// From first to last, so that a peer that drips bytes costs no more than this.
    pub whole: Duration,
}

impl Default for Deadlines {
    /// 5 s to connect, 10 s idle, 30 s from first to last.
    fn default() -> Self {
        let [connect, idle, whole] = [5, 10, 30].map(Duration::from_secs);
        Self { connect, idle, whole }
    }
}

/// The client that both clouds share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Http {
    clients: Clients,
    authorities: Authorities,
    dates: Dates,
}

/// An answer that arrived complete.
#[derive(Clone, Debug)]
pub struct HttpReply {
    /// The status: anything but a redirect.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

impl HttpReply {
    /// The value of a header, if it is there once or more and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// How long it asks to wait: the provider's own header in milliseconds, or a gateway's
    /// `retry-after` in seconds.
    pub(super) fn retry_after(&self, in_ms: &str) -> Option<Duration> {
        let number = |name| self.header(name).and_then(|text| text.trim().parse::<u64>().ok());
        number(in_ms)
            .map(Duration::from_millis)
            .or_else(|| number("retry-after").map(Duration::from_secs))
    }

    /// What its status alone tells, where the rest cannot be read: below 500 not even whether the
    /// provider's service has seen the request.
    pub(super) const fn class_by_status(&self) -> ErrorClass {
        match self.status {
            429 => ErrorClass::Throttled,
            500.. => ErrorClass::Transient,
            _ => ErrorClass::Lost,
        }
    }
}

impl Http {
    /// Builds the client of these surroundings. [`ErrorClass::Config`] if they cannot be obeyed, or
    /// TLS cannot be set up at all.
    pub fn within(surroundings: &Surroundings) -> Result<Self, CloudError> {
        surroundings.check()?;
        Self::build(Deadlines::default(), surroundings)
    }

    /// The client of no surroundings at all: neither a proxy nor certificates of one's own.
    pub fn new() -> Result<Self, CloudError> {
        Self::with_deadlines(Deadlines::default())
    }

    /// The same with other deadlines than the usual ones.
    pub fn with_deadlines(deadlines: Deadlines) -> Result<Self, CloudError> {
        Self::build(deadlines, &Surroundings::default())
    }

    fn build(deadlines: Deadlines, surroundings: &Surroundings) -> Result<Self, CloudError> {
        let authorities = surroundings.authorities().clone();
        let roots = authorities.roots().map_err(|why| CloudError::config("certificates", why))?;
        let clients = Clients::new(deadlines, surroundings.proxies().clone(), roots);
        let clients = clients.map_err(|why| CloudError::config("tls", why))?;
        Ok(Self { clients, authorities, dates: Dates::new(Arc::new(SystemTime::now)) })
    }

    /// The client of AWS calls with a profile whose `ca_bundle` is this one.
    /// [`ErrorClass::Config`] if the bundle gives no certificate.
    pub(super) fn for_aws(&self, profile: Option<&Bundle>) -> Result<Self, CloudError> {
        let roots = self.authorities.aws_roots(profile);
        let roots = roots.map_err(|why| CloudError::config("certificates", why))?;
        let Some(roots) = roots else { return Ok(self.clone()) };
        Ok(Self { clients: self.clients.trusting(roots), ..self.clone() })
    }

    /// Whether AWS calls trust one bundle, whatever a profile says.
    pub(super) const fn has_aws_bundle(&self) -> bool {
        self.authorities.has_aws_bundle()
    }

    /// The same client with other deadlines for plain http: that of this link's own services.
    pub(super) fn with_link_deadlines(self, deadlines: Deadlines) -> Result<Self, CloudError> {
        let clients = self.clients.with_link_deadlines(deadlines);
        let clients = clients.map_err(|why| CloudError::config("tls", why))?;
        Ok(Self { clients, ..self })
    }

    /// The same client on a machine whose clock is `wall`.
    #[must_use]
    pub fn with_wall(self, wall: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self { dates: Dates::new(Arc::new(wall)), ..self }
    }

    /// When to sign what is posted to `url`: this machine's time, or the host's once that refused
    /// the former.
    pub fn stamp(&self, url: &str) -> Stamp {
        self.dates.stamp(url)
    }

    /// The time of the host of `url`, as far as its answers told.
    pub fn time_of(&self, url: &str) -> Option<SystemTime> {
        self.dates.time_of(url)
    }

    /// `error` as the answer to a request with this `stamp`: one whose time was refused is to be
    /// signed again, once, by the host's clock.
    pub fn judge_time(&self, url: &str, stamp: Stamp, error: CloudError) -> CloudError {
        let is_skewed = error.class == ErrorClass::ClockSkew;
        if is_skewed && self.dates.resync(url, stamp) {
            tracing::warn!("this machine's clock is off: requests are signed by the provider's");
            return CloudError { class: ErrorClass::Resign, ..error };
        }
        error
    }

    /// Posts `body` and reads the whole answer, at most `max_body` bytes of it.
    ///
    /// Sends once. [`ErrorClass::Unreached`] if the request cannot have left,
    /// [`ErrorClass::Lost`] if it may have: timeout, reset, redirect, cut or too long an answer.
    /// [`ErrorClass::Config`] if the URL or a header cannot be sent at all.
    pub async fn post(
        &self,
        url: &str,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        max_body: usize,
    ) -> Result<HttpReply, CloudError> {
        let endpoint = parse_endpoint(url).map_err(|why| CloudError::config("endpoint", why))?;
        self.send(Method::POST, (url, endpoint), headers, body, max_body).await
    }

    /// The same with any method, to a URL that no endpoint of ours is: what an SDK asks for.
    pub(super) async fn send_as_asked(
        &self,
        method: &str,
        url: &str,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        max_body: usize,
    ) -> Result<HttpReply, CloudError> {
        let bad = |why: String| CloudError::config("request", why);
        let method = Method::from_bytes(method.as_bytes()).map_err(|why| bad(why.to_string()))?;
        let parsed = Url::parse(url).map_err(|why| bad(why.to_string()))?;
        let host = parsed.origin().ascii_serialization();
        self.send(method, (&host, parsed), headers, body, max_body).await
    }

    /// `to` is what the clock of a host is known by, and the same as a URL.
    async fn send(
        &self,
        method: Method,
        to: (&str, Url),
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        max_body: usize,
    ) -> Result<HttpReply, CloudError> {
        let ((endpoint, url), sent_at) = (to, self.dates.now());
        let host = url.host_str().unwrap_or_default().to_owned();
        let client = self.clients.of(&url).map_err(|why| CloudError::config("tls", why))?;
        let (proxy, roots) = (self.clients.proxy(&url), self.clients.roots());
        let way = Way { host: &host, proxy, roots };
        let request = client.request(method, url).headers(header_map(headers)?).body(body).build();
        let request = request.map_err(|error| CloudError::config("request", explain(error)))?;
        let response = client.execute(request).await.map_err(|error| way.failed(error))?;
        if let Some(date) = response.headers().get("date").and_then(|date| date.to_str().ok()) {
            self.dates.note(endpoint, sent_at, date);
        }
        if response.status().is_redirection() {
            return Err(lost(
                &way,
                "redirect",
                "answered with a redirect, which is never followed",
            ));
        }
        read(&way, response, max_body).await
    }
}

/// Whether an endpoint may be used: https, or http on loopback; a host and a port, nothing more.
///
/// `{region}` may stand for the region. The error is a fragment that says what was expected.
pub fn check_endpoint(endpoint: &str) -> Result<(), String> {
    parse_endpoint(&endpoint.replace("{region}", "region")).map(|_| ())
}

fn parse_endpoint(endpoint: &str) -> Result<Url, String> {
    let url = Url::parse(endpoint).map_err(|why| {
        format!("{why}, expected a URL such as https://ecs.{{region}}.aliyuncs.com")
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or password, expected none".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() || url.path() != "/" {
        return Err("holds a path, query or fragment, expected a host and a port alone".to_owned());
    }
    if url.port() == Some(0) {
        return Err("port 0, expected one that is served".to_owned());
    }
    if address(&url).is_some_and(is_nobodys) {
        return Err("an address that is not a provider's, expected a host's name".to_owned());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("expected https, or http on a loopback address".to_owned()),
    }
}

/// Whether an address is of this link alone, such as that of a machine's metadata, or of nobody.
fn is_nobodys(address: IpAddr) -> bool {
    let of_link = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    of_link || address.is_unspecified() || address.is_multicast()
}

/// Headers marked as sensitive: one of them may be a session token.
fn header_map(headers: Vec<(String, String)>) -> Result<HeaderMap, CloudError> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let bad = || {
            CloudError::config("header", format!("header `{name}` holds what no header can hold"))
        };
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| bad())?;
        value.set_sensitive(true);
        map.append(key, value);
    }
    Ok(map)
}

async fn read(way: &Way<'_>, mut response: Response, max: usize) -> Result<HttpReply, CloudError> {
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| way.failed(error))? {
        if body.len() + chunk.len() > max {
            let message = format!("the answer is longer than {max} bytes");
            return Err(lost(way, "too_large", &message));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(HttpReply { status, headers, body })
}

fn lost(way: &Way<'_>, code: &str, message: &str) -> CloudError {
    CloudError::local(ErrorClass::Lost, code, format!("{way}: {message}"))
}
