//! One HTTP client for each kind of endpoint, built when it is first needed.
//!
//! Certificates take time and memory to load, and plain http over loopback needs none.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Url};

use super::Deadlines;
use super::failure::explain;
use crate::cloud::scarce::idle_connections;
use crate::cloud::surroundings::{Proxies, Proxy, Roots};

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
    proxies: Proxies,
    roots: Arc<Roots>,
    /// For plain http, which does not leave this link: neither certificates nor a proxy.
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
    pub(super) fn new(
        deadlines: Deadlines,
        proxies: Proxies,
        roots: Roots,
    ) -> Result<Self, String> {
        // An error means that a provider is installed already, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = plain(deadlines)?;
        Ok(Self { deadlines, proxies, roots: Arc::new(roots), plain, secured: Arc::default() })
    }

    /// The same with others to trust.
    pub(super) fn trusting(&self, roots: Roots) -> Self {
        Self { roots: Arc::new(roots), secured: Arc::default(), ..self.clone() }
    }

    /// The same with other deadlines for plain http.
    pub(super) fn with_link_deadlines(self, deadlines: Deadlines) -> Result<Self, String> {
        Ok(Self { plain: plain(deadlines)?, ..self })
    }

    /// The client for an endpoint, or why it cannot be reached and what to do.
    pub(super) fn of(&self, url: &Url) -> Result<&Client, String> {
        if url.scheme() == "http" {
            return Ok(&self.plain);
        }
        let secured = match self.proxy(url) {
            None => self.secured.straight.get_or_init(|| build(self.secured())),
            Some(proxy) => self.secured.proxied.get_or_init(|| {
                let through = reqwest::Proxy::all(proxy.url().clone()).map_err(explain)?;
                build(self.secured().proxy(through))
            }),
        };
        secured.as_ref().map_err(|why| {
            format!("{why}: install the system's CA certificates or set SSL_CERT_FILE")
        })
    }

    fn secured(&self) -> ClientBuilder {
        let (builder, certificates) = (builder(self.deadlines), self.roots.certificates.clone());
        if self.roots.replace {
            builder.tls_certs_only(certificates)
        } else {
            builder.tls_certs_merge(certificates)
        }
    }

    /// The proxy on the way to an endpoint.
    pub(super) fn proxy(&self, url: &Url) -> Option<&Proxy> {
        self.proxies.of(url)
    }

    /// Whom TLS trusts.
    pub(super) fn roots(&self) -> &Roots {
        &self.roots
    }
}

fn plain(deadlines: Deadlines) -> Result<Client, String> {
    build(builder(deadlines).tls_certs_only([]))
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
        .pool_max_idle_per_host(IDLE_PER_HOST.min(idle_connections()))
        .pool_idle_timeout(IDLE_KEPT)
}
