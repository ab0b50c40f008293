//! The caller of AWS: where it is at home, and which hosts it wants.
//!
//! Configuration says it, else the environment, else the profile in use; the region also the
//! profiles from which that one takes its credentials.

use super::profiles::Profile;
use crate::cloud::surroundings::{
    AwsVariables, DUAL_STACK_HOSTS, FIPS_HOSTS, OVERRIDES, STS_AT, Told, flag, region,
};
use crate::model::{Partition, RegionId};

/// Which of a service's hosts is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// The one whose cryptography is validated by FIPS 140.
    pub fips: bool,
    /// The one that has IPv6 addresses, too.
    pub dual_stack: bool,
}

/// Who calls, as far as it decides where calls go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Caller {
    /// Where STS is asked, the first that is of the right partition.
    pub(super) regions: Vec<RegionId>,
    /// Which hosts are called where configuration names none.
    pub(super) variant: Variant,
}

/// A caller, and what of it the profiles decided.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The caller.
    pub(super) caller: Caller,
    /// What was taken from profiles, and what is set there and not taken.
    pub(super) told: Vec<Told>,
}

impl Caller {
    /// Where STS is asked for work in `partition`: no other partition knows the caller.
    pub(super) fn home(&self, partition: &Partition) -> Option<&RegionId> {
        self.regions.iter().find(|region| Partition::of_region(region.as_str()) == Some(partition))
    }

    /// A caller that is at home in `regions`.
    #[cfg(test)]
    pub(super) fn at_home(regions: &[&str]) -> Self {
        let regions = regions.iter().copied().map(RegionId::new).collect();
        Self { regions, ..Self::default() }
    }
}

/// The caller that `configured` as region of STS, the `variables` and the `profiles` make: the
/// profile in use, then its sources one after the other.
///
/// # Errors
/// A value of a profile that cannot be obeyed: where it stands, and what was expected.
pub(super) fn caller(
    configured: Option<&RegionId>,
    variables: &AwsVariables,
    profiles: &[&Profile],
) -> Result<Found, String> {
    let mut told = Vec::new();
    let mut regions: Vec<RegionId> =
        configured.into_iter().chain(&variables.region).cloned().collect();
    for profile in profiles {
        let Some(text) = profile.get("region") else { continue };
        let from = place("region", profile);
        let found = region(text, &from)?;
        if regions.is_empty() {
            told.push(Told::taken(STS_AT, found.to_string(), &from));
        }
        regions.push(found);
    }
    let in_use = profiles.first().copied();
    let mut switch = |variable: Option<bool>, key, what| match (variable, in_use) {
        (None, Some(profile)) => told_flag(profile, key, what, &mut told),
        (variable, _) => Ok(variable.unwrap_or_default()),
    };
    let fips = switch(variables.fips, "use_fips_endpoint", FIPS_HOSTS)?;
    let dual_stack = switch(variables.dual_stack, "use_dualstack_endpoint", DUAL_STACK_HOSTS)?;
    told.extend(profiles.iter().flat_map(|profile| unheeded(profile)));
    Ok(Found { caller: Caller { regions, variant: Variant { fips, dual_stack } }, told })
}

fn told_flag(
    profile: &Profile,
    key: &str,
    what: &'static str,
    told: &mut Vec<Told>,
) -> Result<bool, String> {
    let Some(text) = profile.get(key) else { return Ok(false) };
    let from = place(key, profile);
    let is_on = flag(text, &from)?;
    told.push(Told::taken(what, is_on.to_string(), &from));
    Ok(is_on)
}

/// Keys of a profile that would send calls elsewhere.
fn unheeded(profile: &Profile) -> Vec<Told> {
    const STS: &str = "STS of AWS is asked in one region: set aws.sts_region";
    let has = |key: &str| profile.get(key).is_some_and(|value| !value.trim().is_empty());
    let is_legacy = profile
        .get("sts_regional_endpoints")
        .is_some_and(|value| !value.trim().eq_ignore_ascii_case("regional"));
    [
        ("endpoint_url", has("endpoint_url"), OVERRIDES),
        ("services", has("services"), OVERRIDES),
        ("sts_regional_endpoints", is_legacy, STS),
    ]
    .into_iter()
    .filter(|(_, is_set, _)| *is_set)
    .map(|(key, _, what)| Told::ignored(&place(key, profile), what))
    .collect()
}

fn place(key: &str, profile: &Profile) -> String {
    format!("{key} of profile `{}`", profile.name())
}
