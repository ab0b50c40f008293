//! How to come by the credentials of an account: its configuration, the environment, the profiles.

use std::path::PathBuf;
use std::sync::Arc;

use super::allowed::{
    Allowed, DISABLE_EXTERNAL, DISABLE_MACHINE, DISABLED, MACHINE_DISABLED, NOT_ALLOWED,
};
use super::profile::Profiles;
use super::source::{Oidc, Origin, Role, Source, Uri, config};
use crate::cloud::key_text::{flaw, trimmed};
use crate::cloud::{AccountSource, AlibabaSettings, CloudError, StaticKey};
use crate::model::AccountId;

/// Looks up an environment variable.
pub type Env = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The environment of this process.
pub fn process_env() -> Env {
    Arc::new(|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()))
}

const KEY_ID: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID";
const KEY_SECRET: &str = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
const SECURITY_TOKEN: &str = "ALIBABA_CLOUD_SECURITY_TOKEN";
const ROLE_ARN: &str = "ALIBABA_CLOUD_ROLE_ARN";
const ROLE_SESSION_NAME: &str = "ALIBABA_CLOUD_ROLE_SESSION_NAME";
const EXTERNAL_ID: &str = "ALIBABA_CLOUD_EXTERNAL_ID";
const OIDC_TOKEN_FILE: &str = "ALIBABA_CLOUD_OIDC_TOKEN_FILE";
const OIDC_PROVIDER_ARN: &str = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN";
const ECS_METADATA: &str = "ALIBABA_CLOUD_ECS_METADATA";
const CREDENTIALS_URI: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";
const PROFILE: &str = "ALIBABA_CLOUD_PROFILE";
const CONFIG_FILE: &str = "ALIBABA_CLOUD_CONFIG_FILE";
const PROFILE_DISABLED: &str = "ALIBABA_CLOUD_CLI_PROFILE_DISABLED";

/// How to come by the credentials of one account, again and again.
pub(in crate::cloud::alibaba) struct Recipe {
    source: AccountSource,
    profile: Option<String>,
    role_template: Option<String>,
    config_file: Option<PathBuf>,
    account: AccountId,
    session: String,
    allow_external: bool,
    env: Env,
}

impl Recipe {
    /// The recipe that configuration gives for `account`.
    pub(in crate::cloud::alibaba) fn new(
        settings: &AlibabaSettings,
        source: &AccountSource,
        account: &AccountId,
        session: &str,
        env: Env,
    ) -> Self {
        Self {
            source: source.clone(),
            profile: settings.profile.clone(),
            role_template: settings.role_arn.clone(),
            config_file: settings.config_file.clone(),
            account: account.clone(),
            session: session_name(session),
            allow_external: settings.allow_external,
            env,
        }
    }

    /// Whether it always leads to the same key.
    pub(super) const fn is_fixed(&self) -> bool {
        matches!(self.source, AccountSource::Static(_))
    }

    /// Reads the environment and the profiles anew. `ErrorClass::NotOurs` for a partner's
    /// account, `ErrorClass::Config` for anything that cannot be used as it stands.
    pub(super) fn resolve(&self) -> Result<Source, CloudError> {
        match (&self.source, &self.role_template) {
            (AccountSource::None, _) => Err(CloudError::not_ours(&self.account)),
            (AccountSource::Static(key), _) => Ok(Source::key(key.clone())),
            (AccountSource::Profile(name), _) => self.profiles()?.source(name),
            (AccountSource::Role(arn), _) => self.role(arn),
            (AccountSource::Inherit, Some(template)) => self.role(template),
            (AccountSource::Inherit, None) => self.base(),
        }
    }

    /// A role assumed with the source credentials.
    fn role(&self, template: &str) -> Result<Source, CloudError> {
        if template.contains("{account}") && !self.account.is_numeric() {
            return Err(config(format!(
                "account `{}` is a name, and `{template}` needs an id: map the name to an id in [[account]]",
                self.account
            )));
        }
        let arn = template.replace("{account}", self.account.as_str());
        let mut source = self.base()?;
        let external_id = self.var(EXTERNAL_ID);
        let sts = source.sts.clone();
        source.roles.push(Role { external_id, sts, ..Role::new(arn, self.session.clone()) });
        Ok(source)
    }

    /// The source credentials: the configured profile, or the provider's own chain.
    fn base(&self) -> Result<Source, CloudError> {
        if let Some(name) = &self.profile {
            return self.profiles()?.source(name);
        }
        if let Some(source) = self.environment()? {
            return Ok(source);
        }
        let is_disabled = self.is_on(PROFILE_DISABLED);
        let is_there =
            |(path, is_named): (PathBuf, bool)| is_named || path.try_exists().unwrap_or(true);
        let has_file = !is_disabled && self.file().is_ok_and(is_there);
        if !has_file && let Some(source) = self.elsewhere()? {
            return Ok(source);
        }
        if is_disabled {
            return Err(config(format!(
                "no credentials: {PROFILE_DISABLED} is set and {KEY_ID} is not"
            )));
        }
        self.profiles()?.current(self.var(PROFILE).as_deref())
    }

    /// What the provider's chain has after all files: the metadata service, if it is named, then an
    /// address.
    fn elsewhere(&self) -> Result<Option<Source>, CloudError> {
        let Allowed { external, machine, .. } = self.allowed();
        if let (Some(role), Ok(())) = (self.var(ECS_METADATA), machine) {
            return Ok(Some(Source::of(Origin::Machine(Some(role)))));
        }
        let Some(address) = self.var(CREDENTIALS_URI) else { return Ok(None) };
        external.map_err(|why| config(format!("{CREDENTIALS_URI} is set: {why}")))?;
        let uri = Uri { address: address.into(), from: CREDENTIALS_URI.to_owned() };
        Ok(Some(Source::of(Origin::Uri(uri))))
    }

    /// The key of the environment, and the role that it says to assume with it or with a token.
    fn environment(&self) -> Result<Option<Source>, CloudError> {
        let (id, secret) = match (self.var(KEY_ID), self.var(KEY_SECRET)) {
            (Some(id), Some(secret)) => (id, secret),
            (None, None) => return self.oidc(),
            (id, _) => {
                let missing = if id.is_some() { KEY_SECRET } else { KEY_ID };
                return Err(config(format!(
                    "{missing} is not set, and the other half of the key is"
                )));
            }
        };
        let token = self.var(SECURITY_TOKEN);
        let parts =
            [(KEY_ID, Some(&id)), (KEY_SECRET, Some(&secret)), (SECURITY_TOKEN, token.as_ref())];
        for (name, part) in parts {
            if let Some(why) = part.and_then(|part| flaw(part)) {
                return Err(config(format!("{name} {why}")));
            }
        }
        let key = StaticKey { id, secret: secret.into(), token: token.map(Into::into) };
        let mut source = Source::key(key);
        // With an OIDC token file the role is the one of that token.
        if self.var(OIDC_TOKEN_FILE).is_none() {
            source.roles.extend(self.var(ROLE_ARN).map(|arn| self.role_of_environment(arn)));
        }
        Ok(Some(source))
    }

    /// The token of the environment, and its role.
    fn oidc(&self) -> Result<Option<Source>, CloudError> {
        let Some(token_file) = self.var(OIDC_TOKEN_FILE) else { return Ok(None) };
        let needed = |name: &str| {
            let why = || config(format!("{OIDC_TOKEN_FILE} is set and {name} is not: set both"));
            self.var(name).ok_or_else(why)
        };
        Ok(Some(Source::of(Origin::Oidc(Oidc {
            provider: needed(OIDC_PROVIDER_ARN)?,
            role: self.role_of_environment(needed(ROLE_ARN)?),
            token_file: PathBuf::from(token_file),
            from: OIDC_TOKEN_FILE.to_owned(),
        }))))
    }

    fn role_of_environment(&self, arn: String) -> Role {
        let session = self.var(ROLE_SESSION_NAME).unwrap_or_else(|| self.session.clone());
        Role { external_id: self.var(EXTERNAL_ID), ..Role::new(arn, session) }
    }

    /// What configuration and the environment allow.
    fn allowed(&self) -> Allowed {
        let external = match (self.is_on(DISABLE_EXTERNAL), self.allow_external) {
            (true, _) => Err(DISABLED),
            (false, true) => Ok(()),
            (false, false) => Err(NOT_ALLOWED),
        };
        let machine = if self.is_on(DISABLE_MACHINE) { Err(MACHINE_DISABLED) } else { Ok(()) };
        Allowed { session: self.session.clone(), external, machine }
    }

    fn profiles(&self) -> Result<Profiles, CloudError> {
        Profiles::read(&self.file()?.0, self.allowed())
    }

    /// The file of profiles, and whether configuration or a variable names it.
    fn file(&self) -> Result<(PathBuf, bool), CloudError> {
        let home = self.var("HOME").map(PathBuf::from);
        let named = self.config_file.clone().or_else(|| self.var(CONFIG_FILE).map(PathBuf::from));
        Ok(match (named, home) {
            (Some(path), Some(home)) => match path.strip_prefix("~") {
                Ok(rest) => (home.join(rest), true),
                Err(_) => (path, true),
            },
            (Some(path), None) => (path, true),
            (None, Some(home)) => (home.join(".aliyun").join("config.json"), false),
            (None, None) => {
                return Err(config(format!("no credentials: neither {KEY_ID} nor HOME is set")));
            }
        })
    }

    /// Whether a switch is on, as the provider's tools read it.
    fn is_on(&self, name: &str) -> bool {
        self.var(name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
    }

    /// A variable that is set and not blank, without the blanks and line ends around it.
    fn var(&self, name: &str) -> Option<String> {
        (self.env)(name).map(|value| trimmed(&value).to_owned()).filter(|value| !value.is_empty())
    }
}

/// A session name of `unpair-` and what the provider takes of `session`.
fn session_name(session: &str) -> String {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '@' | '-' | '_');
    "unpair-".chars().chain(session.chars().filter(allowed)).take(64).collect()
}
