//! One HTTP client for each kind of endpoint, built when it is first needed.
//!
//! Certificates take time and memory to load, and plain http over loopback needs none.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url};

use super::{Deadlines, explain};
use crate::cloud::surroundings::{Proxy, Surroundings, is_loopback};

/// Idle connections kept for each host: lanes of one region share one, and a connection that is
/// not kept costs the next call a handshake.
const IDLE_PER_HOST: usize = 256;
/// How long an idle connection is kept: below what providers' gateways keep.
const IDLE_KEPT: Duration = Duration::from_secs(30);

/// A client with the system's certificates, or why there is none.
type Secured = OnceLock<Result<Client, String>>;

/// The clients. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Clients {
    deadlines: Deadlines,
    surroundings: Surroundings,
    /// For plain http over loopback: neither certificates nor a proxy.
    plain: Client,
    secured: Arc<Ways>,
}

/// The clients with certificates.
#[derive(Debug, Default)]
struct Ways {
    straight: Secured,
    proxied: Secured,
}

impl Clients {
    /// Sets TLS up; an error if that cannot be done at all.
    pub(super) fn new(deadlines: Deadlines, surroundings: &Surroundings) -> reqwest::Result<Self> {
        // An error means that a provider is installed already, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = builder(deadlines).tls_certs_only([]).build()?;
        let surroundings = surroundings.clone();
        Ok(Self { deadlines, surroundings, plain, secured: Arc::default() })
    }

    /// The client for an endpoint, or why it cannot be reached and what to do.
    pub(super) fn of(&self, url: &Url) -> Result<&Client, String> {
        if url.scheme() == "http" && is_loopback(url) {
            return Ok(&self.plain);
        }
        let builder = || builder(self.deadlines);
        let secured = match self.proxy(url) {
            None => self.secured.straight.get_or_init(|| build(builder())),
            Some(proxy) => self.secured.proxied.get_or_init(|| {
                let through = reqwest::Proxy::all(proxy.url().clone()).map_err(explain)?;
                build(builder().proxy(through))
            }),
        };
        secured.as_ref().map_err(|why| {
            format!("{why}: install the system's CA certificates or set SSL_CERT_FILE")
        })
    }

    /// The proxy on the way to an endpoint.
    pub(super) fn proxy(&self, url: &Url) -> Option<&Proxy> {
        self.surroundings.proxies().of(url)
    }
}

fn build(builder: ClientBuilder) -> Result<Client, String> {
    builder.build().map_err(explain)
}

fn builder(deadlines: Deadlines) -> ClientBuilder {
    Client::builder()
        // None but those of our own reading.
        .no_proxy()
        .user_agent(concat!("unpair/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(deadlines.connect)
        .read_timeout(deadlines.idle)
        .timeout(deadlines.whole)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_idle_timeout(IDLE_KEPT)
}
