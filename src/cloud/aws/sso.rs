//! Where the single sign-on of a profile is asked: at the partition's own hosts, as everything else.

use super::caller::Variant;
use super::endpoints::host_of;
use super::profiles::{Profile, Profiles};
use crate::cloud::CloudError;
use crate::model::RegionId;

/// The services behind a sign-on, as variables of endpoints and hosts name them.
const SERVICES: [(&str, &str); 2] = [("SSO", "portal.sso"), ("SSO_OIDC", "oidc")];

/// The services and the URLs of the sign-on that one of `chain` names, in the region that it says.
pub(super) fn endpoints(
    profiles: &Profiles,
    chain: &[&Profile],
    variant: Variant,
) -> Result<Vec<(&'static str, String)>, CloudError> {
    let Some(region) = chain.iter().find_map(|profile| region(profiles, profile)) else {
        return Ok(Vec::new());
    };
    let region = RegionId::new(region);
    SERVICES
        .into_iter()
        .map(|(name, host)| Ok((name, format!("https://{}", host_of(host, &region, variant)?))))
        .collect()
}

fn region<'a>(profiles: &'a Profiles, profile: &'a Profile) -> Option<&'a str> {
    let session = profile.get("sso_session");
    let session = session.and_then(|name| profiles.session(name, profile).ok());
    session.and_then(|session| session.get("sso_region")).or_else(|| profile.get("sso_region"))
}
