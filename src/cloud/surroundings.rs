//! What the surroundings of the process say of the way to the clouds, decided once: for our own
//! requests, and for those of the credential chains of both clouds.
//!
//! The environment is handed in. What is taken from it, and what is set and not taken, is told.

mod authorities;
mod callers;
mod proxies;
mod variables;

use std::fmt;

pub(in crate::cloud) use authorities::{Authorities, Bundle, Roots};
pub(in crate::cloud) use callers::{
    AwsVariables, DUAL_STACK_HOSTS, FIPS_HOSTS, STS_AT, flag, region,
};
pub(in crate::cloud) use proxies::{Proxies, Proxy, address, is_loopback};
use variables::Variables;

use super::CloudError;

/// Variables of the AWS tools that would send calls elsewhere begin with this.
const ENDPOINTS: &str = "AWS_ENDPOINT_URL";

/// What sends AWS calls elsewhere here.
pub(in crate::cloud) const OVERRIDES: &str =
    "an endpoint is overridden by aws.ec2_endpoint and aws.sts_endpoint";

/// One thing that the surroundings say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it decides; where it is not honoured, why, and what to set instead.
    pub what: &'static str,
    /// The value, without secrets.
    pub value: String,
    /// The variable, or the key and the profile.
    pub from: String,
    /// Whether it is obeyed.
    pub honoured: bool,
}

impl Told {
    /// Something that `from` says and that is obeyed.
    pub(in crate::cloud) fn taken(what: &'static str, value: String, from: &str) -> Self {
        Self { what, value, from: from.to_owned(), honoured: true }
    }

    /// Something that `from` says and that is not obeyed; `what` tells why, and what to set.
    pub(in crate::cloud) fn ignored(from: &str, what: &'static str) -> Self {
        Self { what, value: String::new(), from: from.to_owned(), honoured: false }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, value, from, .. } = self;
        if self.honoured {
            write!(f, "{what}: {value} ({from})")
        } else {
            write!(f, "{from} is ignored: {what}")
        }
    }
}

/// What the surroundings say. By default nothing, as for the sandbox: requests go straight to
/// hosts that the system's certificates vouch for.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    proxies: Proxies,
    authorities: Authorities,
    aws: AwsVariables,
    told: Vec<Told>,
    refused: Vec<String>,
}

impl Surroundings {
    /// Those of this environment, of which only what is needed is kept. Reads no file.
    pub fn new(env: &[(String, String)]) -> Self {
        let variables = Variables::new(env);
        let mut found = Self::default();
        match Proxies::read(&variables, &mut found.told) {
            Ok(proxies) => found.proxies = proxies,
            Err(why) => found.refused.push(why),
        }
        match Authorities::read(&variables, &mut found.told) {
            Ok(authorities) => found.authorities = authorities,
            Err(why) => found.refused.push(why),
        }
        found.aws = AwsVariables::read(&variables, &mut found.told, &mut found.refused);
        let elsewhere = variables.beginning_with(ENDPOINTS);
        found.told.extend(elsewhere.map(|from| Told::ignored(from, OVERRIDES)));
        found
    }

    /// What is taken from the surroundings, and what is set and not taken.
    pub fn told(&self) -> &[Told] {
        &self.told
    }

    /// The same, and what holds where nothing is set.
    pub fn told_in_full(&self) -> Vec<Told> {
        let mut told = self.told.clone();
        if self.proxies.is_none() {
            told.push(Told::taken(proxies::THROUGH, "none".to_owned(), "default"));
        }
        if self.authorities.is_the_systems() {
            let what = "certificates are checked against";
            told.push(Told::taken(what, "the system's authorities".to_owned(), "default"));
        }
        told
    }

    /// [`ErrorClass::Config`](super::ErrorClass::Config) with everything that cannot be obeyed as
    /// it is set.
    pub(in crate::cloud) fn check(&self) -> Result<(), CloudError> {
        if self.refused.is_empty() {
            return Ok(());
        }
        Err(CloudError::config("surroundings", self.refused.join("; ")))
    }

    /// What the environment says to every caller of AWS.
    pub(in crate::cloud) const fn aws(&self) -> &AwsVariables {
        &self.aws
    }

    /// How requests get out.
    pub(in crate::cloud) const fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// Whom they trust.
    pub(in crate::cloud) const fn authorities(&self) -> &Authorities {
        &self.authorities
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(env: &[(&str, &str)]) -> Surroundings {
        let env: Vec<_> = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Surroundings::new(&env)
    }

    fn told(env: &[(&str, &str)]) -> Vec<String> {
        of(env).told().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn variables_that_override_endpoints_are_ignored_and_told_in_order() {
        let env = [("AWS_ENDPOINT_URL_STS", "x"), ("HOME", "/"), ("AWS_ENDPOINT_URL", "y")];
        let remedy = "an endpoint is overridden by aws.ec2_endpoint and aws.sts_endpoint";
        let expected = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"]
            .map(|name| format!("{name} is ignored: {remedy}"));
        assert_eq!(told(&env), expected);
    }

    #[test]
    fn nothing_is_told_of_surroundings_that_say_nothing() {
        assert!(told(&[("HOME", "/"), ("HTTPS_PROXY", ""), ("NO_PROXY", "corp")]).is_empty());
    }

    #[test]
    fn in_full_the_defaults_are_told_as_well() {
        let in_full = |env: &[(&str, &str)]| of(env).told_in_full().len();
        assert_eq!(in_full(&[]), 2);
        assert_eq!(in_full(&[("ALL_PROXY", "proxy.corp:1"), ("SSL_CERT_FILE", "/x")]), 2);
        let defaults = of(&[]).told_in_full();
        assert!(defaults.iter().all(|told| told.honoured && told.from == "default"));
    }

    #[test]
    fn a_proxy_is_told_with_what_goes_past_it_and_without_its_password() {
        let env = [("HTTPS_PROXY", "http://me:secret@proxy.corp:3128"), ("no_proxy", "corp, ::1")];
        assert_eq!(
            told(&env),
            [
                "https requests go through the proxy: proxy.corp:3128 (HTTPS_PROXY)",
                "https requests go past the proxy to: corp,::1 (no_proxy)",
            ]
        );
        assert!(!format!("{:?}", of(&env)).contains("secret"));
    }

    #[test]
    fn everything_that_cannot_be_obeyed_is_refused_without_being_shown() {
        let refused = of(&[("HTTPS_PROXY", "http://me:secret@proxy.corp:x")]).check();
        let error = refused.expect_err("no port").to_string();
        assert!(error.contains("HTTPS_PROXY") && !error.contains("secret"), "{error}");
    }
}
