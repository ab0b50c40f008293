//! What each mode of a profile means.

use std::path::PathBuf;

use super::profile::{Profile, Profiles};
use super::source::{External, Oidc, Origin, Role, Source, Uri};
use crate::cloud::key_text::flaw;
use crate::cloud::{CloudError, StaticKey};

/// The modes that can be used, as refusals name them.
const MODES: &str = "AK, StsToken, RamRoleArn, ChainableRamRoleArn, EcsRamRole, \
                     RamRoleArnWithRoleName, OIDC, External or CredentialsURI";

/// Where STS hosts lie.
const PROVIDER: &str = ".aliyuncs.com";

impl Profiles {
    /// The credentials of the profile `name`.
    pub(super) fn source(&self, name: &str) -> Result<Source, CloudError> {
        follow(self, name, &mut Vec::new())
    }

    /// The credentials of `named`, or of the file's current profile.
    pub(super) fn current(&self, named: Option<&str>) -> Result<Source, CloudError> {
        self.source(self.chosen(named)?)
    }
}

/// The credentials of the profile `name`; `seen` holds the profiles that led here.
fn follow<'a>(
    all: &'a Profiles,
    name: &str,
    seen: &mut Vec<&'a str>,
) -> Result<Source, CloudError> {
    let profile = all.named(name)?;
    if seen.contains(&name) {
        return Err(all.refused(profile, "it is its own source_profile"));
    }
    seen.push(&profile.name);
    let mode = all.text(profile, "mode")?.unwrap_or_default();
    let mut source = match mode.to_ascii_lowercase().as_str() {
        "ak" => Source::key(key(all, profile, None)?),
        "ststoken" => {
            let token = all.required(profile, "sts_token")?;
            Source::key(key(all, profile, Some(token))?)
        }
        "ramrolearn" => Source::key(key(all, profile, all.text(profile, "sts_token")?)?),
        "chainableramrolearn" => {
            let from = all.required(profile, "source_profile")?;
            follow(all, &from, seen)?
        }
        "ecsramrole" | "ramrolearnwithrolename" => machine(all, profile)?,
        "oidc" => Source::of(Origin::Oidc(oidc(all, profile)?)),
        "external" => Source::of(Origin::External(external(all, profile)?)),
        "credentialsuri" => Source::of(Origin::Uri(uri(all, profile)?)),
        _ => return Err(all.refused(profile, &format!("it has mode `{mode}`, expected {MODES}"))),
    };
    if mode.to_ascii_lowercase().contains("ramrolearn") {
        // With a key, another profile's or the machine's.
        source.roles.push(role(all, profile)?);
    }
    source.sts = sts(all, profile)?;
    Ok(source)
}

fn key(all: &Profiles, profile: &Profile, token: Option<String>) -> Result<StaticKey, CloudError> {
    let id = all.required(profile, "access_key_id")?;
    let secret = all.required(profile, "access_key_secret")?;
    let parts = [
        ("access_key_id", Some(&id)),
        ("access_key_secret", Some(&secret)),
        ("sts_token", token.as_ref()),
    ];
    for (name, part) in parts {
        if let Some(why) = part.and_then(|part| flaw(part)) {
            return Err(all.refused(profile, &format!("`{name}` {why}")));
        }
    }
    Ok(StaticKey { id, secret: secret.into(), token: token.map(Into::into) })
}

fn role(all: &Profiles, profile: &Profile) -> Result<Role, CloudError> {
    let session = match all.text(profile, "ram_session_name")? {
        Some(session) => Some(session),
        // What one of the SDKs reads.
        None => all.text(profile, "role_session_name")?,
    };
    Ok(Role {
        arn: all.required(profile, "ram_role_arn")?,
        session: session.unwrap_or_else(|| all.allowed.session.clone()),
        external_id: all.text(profile, "external_id")?,
        seconds: all.seconds(profile, "expired_seconds")?,
        policy: all.text(profile, "policy")?,
        sts: sts(all, profile)?,
    })
}

fn machine(all: &Profiles, profile: &Profile) -> Result<Source, CloudError> {
    let asks = |why: &&str| format!("it asks the metadata service of this machine, and {why}");
    all.allowed.machine.as_ref().map_err(|why| all.refused(profile, &asks(why)))?;
    Ok(Source::of(Origin::Machine(all.text(profile, "ram_role_name")?)))
}

fn oidc(all: &Profiles, profile: &Profile) -> Result<Oidc, CloudError> {
    Ok(Oidc {
        provider: all.required(profile, "oidc_provider_arn")?,
        token_file: PathBuf::from(all.required(profile, "oidc_token_file")?),
        from: format!("{}: `oidc_token_file`", all.place(profile)),
        role: role(all, profile)?,
    })
}

fn external(all: &Profiles, profile: &Profile) -> Result<External, CloudError> {
    let runs = |why: &&str| format!("it runs a command for its credentials: {why}");
    all.allowed.external.as_ref().map_err(|why| all.refused(profile, &runs(why)))?;
    let command = all.required(profile, "process_command")?.into();
    Ok(External { command, from: format!("{}: `process_command`", all.place(profile)) })
}

fn uri(all: &Profiles, profile: &Profile) -> Result<Uri, CloudError> {
    let asks = |why: &&str| format!("it asks an address for its credentials: {why}");
    all.allowed.external.as_ref().map_err(|why| all.refused(profile, &asks(why)))?;
    let address = all.required(profile, "credentials_uri")?.into();
    Ok(Uri { address, from: format!("{}: `credentials_uri`", all.place(profile)) })
}

/// The STS that a profile names: a host of the provider's, since whoever is asked learns of tokens
/// and external ids.
fn sts(all: &Profiles, profile: &Profile) -> Result<Option<String>, CloudError> {
    let is_host =
        |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    if let Some(host) = all.text(profile, "sts_endpoint")? {
        let host = host.strip_prefix("https://").unwrap_or(&host).trim_end_matches('/');
        if !is_host(host) || !host.ends_with(PROVIDER) {
            let why = "`sts_endpoint` is no host of aliyuncs.com: name it by sts_endpoint in \
                       [alibaba] of unpair.toml, or take it away";
            return Err(all.refused(profile, why));
        }
        return Ok(Some(format!("https://{host}")));
    }
    let is_inside = all.is_on(profile, "enable_vpc")?;
    let Some(region) = all.text(profile, "sts_region")? else {
        let why = "`enable_vpc` is true and `sts_region` is not there, which names the host of the \
                   VPC: add it, or take enable_vpc away";
        return if is_inside { Err(all.refused(profile, why)) } else { Ok(None) };
    };
    if !is_host(&region) || region.contains('.') {
        return Err(
            all.refused(profile, "`sts_region` is no region, expected cn-hangzhou or alike")
        );
    }
    let service = if is_inside { "sts-vpc" } else { "sts" };
    Ok(Some(format!("https://{service}.{region}{PROVIDER}")))
}
