//! Why an exchange failed: by which class, on which way, and what to do.

use std::error::Error;
use std::fmt;
use std::io;

use rustls::CertificateError;

use crate::cloud::surroundings::{Proxy, Roots};
use crate::cloud::{CloudError, ErrorClass, scarce};

/// What the error of a tunnel says, whose type is not ours to see, where the proxy answers with
/// 407, and with anything else than 200.
const UNAUTHORIZED: &str = "tunnel error: proxy authorization required";
const UNSUCCESSFUL: &str = "tunnel error: unsuccessful";

/// The way that a request takes.
pub(super) struct Way<'a> {
    /// Where to.
    pub(super) host: &'a str,
    /// Through what.
    pub(super) proxy: Option<&'a Proxy>,
    /// Whom it trusts.
    pub(super) roots: &'a Roots,
}

impl fmt::Display for Way<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.host)?;
        self.proxy.map_or(Ok(()), |proxy| write!(f, ": through the proxy {proxy}"))
    }
}

impl Way<'_> {
    /// Classes a failure: only while connecting is it certain that nothing left. What cannot
    /// change by trying again is an error of configuration.
    pub(super) fn failed(&self, error: reqwest::Error) -> CloudError {
        let (is_connect, is_timeout) = (error.is_connect(), error.is_timeout());
        if is_connect && let Some(shortage) = scarce::behind(&error).or_else(scarce::now) {
            return shortage;
        }
        if let Some(why) = causes(&error).find_map(untrusted).filter(|_| is_connect) {
            return CloudError::config("untrusted", format!("{self}: {}", self.advise(why)));
        }
        let why = explain(error);
        if why == UNAUTHORIZED {
            let message = "it asks for a user and a password, or refuses those it was given (407): \
                           write them into the variable as http://USER:PASSWORD@HOST:PORT";
            return CloudError::config("proxy", format!("{self}: {message}"));
        }
        let (class, code) = match (is_connect, is_timeout) {
            (true, true) => (ErrorClass::Unreached, "connect_timeout"),
            (true, false) => (ErrorClass::Unreached, "unreached"),
            (false, true) => (ErrorClass::Lost, "timeout"),
            (false, false) => (ErrorClass::Lost, "cut"),
        };
        let why = match why.as_str() {
            UNSUCCESSFUL => {
                "it refuses to connect to this host: have its rules allow the host, or name the \
                 host in NO_PROXY"
            }
            why => why,
        };
        CloudError::local(class, code, format!("{self}: {why}"))
    }

    fn advise(&self, why: &CertificateError) -> String {
        match why {
            CertificateError::UnknownIssuer => format!(
                "its certificate is signed by an authority that is not trusted (trusted are those \
                 of {}): set AWS_CA_BUNDLE or SSL_CERT_FILE to the PEM file of the authority that \
                 signed it, such as that of a company's proxy",
                self.roots
            ),
            why => format!("its certificate is not valid: {why}"),
        }
    }
}

/// Why a certificate was refused, if this is the error that says so.
fn untrusted<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e CertificateError> {
    match error.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(why) => Some(why),
        _ => None,
    }
}

/// An error and its causes. What an I/O error wraps is one of them, which its own `source` skips.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

/// The innermost cause in words, without the URL.
pub(super) fn explain(error: reqwest::Error) -> String {
    let error = error.without_url();
    causes(&error).last().map_or_else(String::new, ToString::to_string)
}
