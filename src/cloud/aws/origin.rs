//! What gives a profile's credentials: a key, a command, SSO or a service; and the remedy if it
//! gives none.

use super::process::{Process, ProfileRole};
use super::profiles::{Profile, Profiles, config};
use crate::cloud::CloudError;

/// Most hops from a profile to its source.
const MAX_HOPS: usize = 16;
/// What SSO needs; with a session the last two stand there.
const SSO: [&str; 4] = ["sso_account_id", "sso_role_name", "sso_region", "sso_start_url"];

/// What gives credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Variables of the environment.
    Environment,
    /// What the machine or the container has: a web identity, a container's service, instance
    /// metadata.
    Surroundings,
    /// A profile's key.
    Keys,
    /// A profile's command.
    Process(Process),
    /// SSO; the profile to sign in with.
    Sso(String),
    /// A token file that a profile names.
    WebIdentity(String),
    /// A service that a profile names: a `credential_source`.
    Service(String),
    /// Nothing: the profile names no credentials.
    Nothing,
}

/// Where a profile leads: its origin, and the text of the profiles on the way for `aws-config`.
/// No `Debug`: the text holds secrets.
pub(super) struct Trail {
    pub(super) origin: Origin,
    /// A config file with the profiles on the way, and no others.
    pub(super) text: String,
    /// The profile's own name.
    pub(super) profile: String,
    /// What may have been meant, if there is no such profile.
    pub(super) hint: Option<String>,
}

impl Trail {
    /// One that needs no profile.
    pub(super) fn without_profile(origin: Origin, hint: Option<String>) -> Self {
        Self { origin, text: String::new(), profile: "default".to_owned(), hint }
    }

    /// That of the selected profile, in the order in which `aws-config` looks. A fault of a
    /// profile on the way is an error; others may have as many as they like.
    pub(super) fn of(profiles: &Profiles) -> Result<Self, CloudError> {
        let first = profiles.selected_profile();
        let mut profile = profiles.defined(first)?;
        let (mut roles, mut text) = (Vec::new(), String::new());
        for hop in 0..MAX_HOPS {
            // A profile that is its own source is the end.
            let next = profile.get("source_profile").filter(|next| *next != profile.name());
            let role = role(profile).filter(|_| hop == 0 || !profile.has_keys());
            let leads_on = role.is_some();
            roles.extend(role);
            if leads_on {
                check_source(profile)?;
            }
            let Some(next) = next.filter(|_| leads_on) else {
                let keys_first = hop > 0 && profile.has_keys();
                roles.reverse();
                let origin = end(profile, profiles, keys_first, roles, &mut text)?;
                return Ok(Self { origin, text, profile: first.to_owned(), hint: None });
            };
            profile.write("profile", &mut text);
            profile = profiles.defined(next)?;
        }
        Err(config(&format!("profile `{first}`: source_profile goes round in circles")))
    }
}

/// A role is assumed with exactly one source.
fn check_source(profile: &Profile) -> Result<(), CloudError> {
    let found = ["source_profile", "credential_source"].map(|key| profile.get(key).is_some());
    let has = match found {
        [false, false] => "neither source_profile nor credential_source",
        [true, true] => "both source_profile and credential_source",
        _ => return Ok(()),
    };
    Err(config(&format!(
        "profile `{}`: {}: role_arn stands there and {has}, expected one of the two",
        profile.name(),
        profile.place("role_arn")
    )))
}

/// The origin at the last profile of a chain, which is added to `text`.
fn end(
    profile: &Profile,
    profiles: &Profiles,
    keys_first: bool,
    roles: Vec<ProfileRole>,
    text: &mut String,
) -> Result<Origin, CloudError> {
    let is_there = |key: &&str| profile.get(key).is_some();
    let mut own = profile.clone();
    let origin = if keys_first {
        Origin::Keys
    } else if let Some(source) = profile.get("credential_source") {
        Origin::Service(service(profile, source)?)
    } else if let Some(file) = profile.get("web_identity_token_file") {
        Origin::WebIdentity(file.to_owned())
    } else if SSO[..2].iter().any(is_there) {
        let session = profile.get("sso_session").map(|name| profiles.session(name, profile));
        sso(&mut own, session.transpose()?, text)?;
        Origin::Sso(profile.name().to_owned())
    } else if is_there(&"login_session") {
        return Err(config(&format!(
            "profile `{0}`: {1}: login_session is not supported, expected another source: take a \
             profile with `credential_process = aws configure export-credentials --profile {0} \
             --format process`",
            profile.name(),
            profile.place("login_session")
        )));
    } else if let Some(command) = profile.get("credential_process") {
        Origin::Process(Process::new(profile.name(), &command.replace('\n', " "), roles))
    } else {
        // A session for other things than credentials comes in the way of the key.
        own.drop(|key, _| key.starts_with("sso_"));
        Origin::Keys
    };
    own.write("profile", text);
    if origin == Origin::Keys {
        profile.check_keys()?;
        return Ok(if profile.has_keys() { origin } else { Origin::Nothing });
    }
    Ok(origin)
}

/// A `credential_source` by a name that is known.
fn service(profile: &Profile, source: &str) -> Result<String, CloudError> {
    let known = ["Environment", "EcsContainer", "Ec2InstanceMetadata"];
    let found = known.into_iter().find(|known| known.eq_ignore_ascii_case(source));
    found.map(str::to_owned).ok_or_else(|| {
        config(&format!(
            "profile `{}`: {}: credential_source `{source}` is not known, expected \
             Ec2InstanceMetadata or EcsContainer",
            profile.name(),
            profile.place("credential_source")
        ))
    })
}

/// Whether SSO has all that it needs; adds the session to `text`.
fn sso(
    profile: &mut Profile,
    session: Option<&Profile>,
    text: &mut String,
) -> Result<(), CloudError> {
    let (own, elsewhere) = SSO.split_at(if session.is_some() { 2 } else { 4 });
    let lacks = |of: &Profile, keys: &[&'static str]| {
        keys.iter().find(|key| of.get(key).is_none()).copied()
    };
    let lacking = lacks(profile, own).map(|key| (key, format!("[profile {}]", profile.name())));
    let in_session = session.and_then(|session| {
        Some((lacks(session, elsewhere)?, format!("[sso-session {}]", session.name())))
    });
    if let Some((key, section)) = lacking.or(in_session) {
        return Err(config(&format!(
            "profile `{}`: SSO needs `{key}` in `{section}`: run `aws configure sso`",
            profile.name()
        )));
    }
    if let Some(session) = session {
        // The same said twice is no contradiction.
        profile.drop(|key, value| elsewhere.contains(&key) && session.get(key) == Some(value));
        session.write("sso-session", text);
    }
    Ok(())
}

/// A web identity is not a role that another profile assumes.
fn role(profile: &Profile) -> Option<ProfileRole> {
    let arn = profile.get("role_arn").filter(|_| profile.get("web_identity_token_file").is_none());
    let text = |key| profile.get(key).map(str::to_owned);
    Some(ProfileRole {
        arn: arn?.to_owned(),
        external_id: text("external_id"),
        session: text("role_session_name"),
    })
}
