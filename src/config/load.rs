//! File, environment and flags → the configuration.

use std::path::{Path, PathBuf};

use super::error::{ConfigError, Problem};
use super::raw::{RawAlibaba, RawAws};
use super::source::{FileText, KeySources, merge};
use super::{Config, DEFAULT_FILE, Overrides, accounts, endpoint, guard, limits, regions};
use crate::cloud::{
    AccountSettings, AlibabaSettings, AwsSettings, ExtraRegion, Settings, Surroundings,
};
use crate::files::{Refusal, read_found, read_named};
use crate::manifest::Rules;
use crate::model::{AccountId, PerCloud, Provider, RegionId};
use crate::pace::LimitSettings;

impl Config {
    /// Reads `file`, or [`DEFAULT_FILE`] if it is there, and lays `env` and `flags` over it.
    ///
    /// The file says where signed requests go: it must be this user's or root's, and nobody else may
    /// write it. One that was named may be reached by a link, and may be a pipe.
    ///
    /// # Errors
    /// [`ConfigError::NotOurs`] and [`ConfigError::Unreadable`] for the file,
    /// [`ConfigError::Refused`] for keys and values.
    pub fn read(
        file: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
        flags: &Overrides,
    ) -> Result<Self, ConfigError> {
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let text = match file {
            Some(path) => read_named(path).map(Some),
            None => read_found(path),
        };
        let text = text.map_err(|why| match why {
            why @ (Refusal::Io(_) | Refusal::NotText { .. }) => {
                ConfigError::Unreadable { path: path.to_owned(), why }
            }
            why => ConfigError::NotOurs { path: path.to_owned(), why },
        })?;
        let name = path.display().to_string();
        Self::from_text(text.as_deref().map(|text| (name.as_str(), text)), env, flags)
    }

    /// The configuration of a file's name and text, with `env` and `flags` laid over it.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] with everything that is wrong.
    pub fn from_text(
        file: Option<(&str, &str)>,
        env: impl IntoIterator<Item = (String, String)>,
        flags: &Overrides,
    ) -> Result<Self, ConfigError> {
        let env: Vec<_> = env.into_iter().collect();
        let file = file.map(|(name, text)| FileText { name, text });
        let (raw, places) = merge(file, &env).map_err(ConfigError::Refused)?;
        let mut load = Loader {
            places,
            home: env.iter().find(|(name, _)| name == "HOME").map(|(_, home)| home.clone()),
            problems: Vec::new(),
            notices: Vec::new(),
        };
        let limits = PerCloud {
            alibaba: load.limits(Provider::Alibaba, &raw.alibaba.limits),
            aws: load.limits(Provider::Aws, &raw.aws.limits),
        };
        let clouds = Settings {
            found: Vec::new(),
            alibaba: load.alibaba(raw.alibaba),
            aws: load.aws(raw.aws),
            accounts: accounts::read(raw.account, &load.places, &mut load.problems),
            surroundings: Surroundings::new(&env),
            session: String::new(),
        };
        let (accounts, problems) = (&clouds.accounts, &mut load.problems);
        let guard = guard::read(raw.guard, flags, accounts, &load.places, problems);
        let world = raw.sandbox.world.map(|path| load.path(&path, &["sandbox", "world"]));
        let world = flags.world.clone().or(world);
        if !load.problems.is_empty() {
            return Err(ConfigError::Refused(load.problems));
        }
        Ok(Self { clouds, limits, guard, world, notices: load.notices })
    }

    /// The id of an account that is called by a configured name; any other as it is.
    pub fn resolve_account(&self, cloud: Provider, account: &AccountId) -> AccountId {
        let named = |settings: &&AccountSettings| {
            settings.cloud == cloud && settings.name.as_deref() == Some(account.as_str())
        };
        let found =
            self.clouds.accounts.iter().find(named).and_then(|settings| settings.id.clone());
        found.unwrap_or_else(|| account.clone())
    }

    /// What manifests are read by: `table` is the built-in list of Alibaba Cloud regions.
    pub fn manifest_rules(&self, table: impl IntoIterator<Item = String>) -> Rules {
        let extra = self.clouds.alibaba.extra_regions.iter().map(|it| it.id.to_string());
        let named = self.clouds.accounts.iter().filter_map(|account| {
            Some(((account.cloud, account.name.clone()?), account.id.clone()?))
        });
        Rules { alibaba_regions: table.into_iter().chain(extra).collect(), names: named.collect() }
    }
}

struct Loader<'t> {
    places: KeySources<'t>,
    home: Option<String>,
    problems: Vec<Problem>,
    notices: Vec<String>,
}

impl Loader<'_> {
    fn limits(
        &mut self,
        cloud: Provider,
        section: &std::collections::BTreeMap<String, super::value::RawLimit>,
    ) -> LimitSettings {
        let defaults = LimitSettings::defaults();
        limits::apply(section, cloud, defaults.of(cloud).clone(), &self.places, &mut self.problems)
    }

    fn alibaba(&mut self, raw: RawAlibaba) -> AlibabaSettings {
        let cloud = Provider::Alibaba;
        AlibabaSettings {
            ecs_endpoint: self.endpoint(cloud, "ecs_endpoint", raw.ecs_endpoint),
            sts_endpoint: self.endpoint(cloud, "sts_endpoint", raw.sts_endpoint),
            config_file: raw.config_file.map(|path| self.path(&path, &["alibaba", "config_file"])),
            profile: self.profile(cloud, raw.profile),
            role_arn: self.role(cloud, raw.role_arn),
            extra_regions: self.extra_regions(&raw.extra_regions.0),
            allow_external: raw.allow_external.0,
            metadata_endpoint: self.endpoint(cloud, "metadata_endpoint", raw.metadata_endpoint),
        }
    }

    fn aws(&mut self, raw: RawAws) -> AwsSettings {
        let cloud = Provider::Aws;
        let sts_region = self.sts_region(raw.sts_region.as_deref(), raw.sts_endpoint.as_deref());
        AwsSettings {
            sts_region,
            ec2_endpoint: self.endpoint(cloud, "ec2_endpoint", raw.ec2_endpoint),
            sts_endpoint: self.endpoint(cloud, "sts_endpoint", raw.sts_endpoint),
            profile: self.profile(cloud, raw.profile),
            role_arn: self.role(cloud, raw.role_arn),
            external_id: raw.external_id,
        }
    }

    fn told(&mut self, path: &[&str], message: String) {
        self.problems.push(self.places.problem(path, message));
    }

    fn endpoint(&mut self, cloud: Provider, key: &str, template: Option<String>) -> Option<String> {
        let template = template?;
        let path = [cloud.as_str(), key];
        match endpoint::check(&template) {
            Ok(()) => {
                self.notices.push(format!("{} is overridden: {template}", self.places.of(&path)));
            }
            Err(message) => self.told(&path, message),
        }
        Some(template)
    }

    fn profile(&mut self, cloud: Provider, profile: Option<String>) -> Option<String> {
        if profile.as_deref().is_some_and(|profile| profile.trim().is_empty()) {
            let message = "is empty, expected a profile's name, or no such key";
            self.told(&[cloud.as_str(), "profile"], message.to_owned());
        }
        profile
    }

    fn role(&mut self, cloud: Provider, template: Option<String>) -> Option<String> {
        let template = template?;
        let path = [cloud.as_str(), "role_arn"];
        match accounts::check_role(&template, cloud) {
            Ok(accounts::PLACEHOLDER) => {}
            Ok(owner) => {
                let message = format!(
                    "names one account, `{owner}`, expected {{account}} in its place, or role_arn in \
                     an [[account]] of its own"
                );
                self.told(&path, message);
            }
            Err(message) => self.told(&path, message),
        }
        Some(template)
    }

    fn extra_regions(&mut self, entries: &[String]) -> Vec<ExtraRegion> {
        let path = ["alibaba", "extra_regions"];
        let extra = regions::extra(entries).unwrap_or_else(|wrong| {
            for message in wrong {
                self.told(&path, message);
            }
            Vec::new()
        });
        for region in extra.iter().filter(|region| region.host.is_some()) {
            self.notices.push(format!("{} names a host: {region}", self.places.of(&path)));
        }
        extra
    }

    fn sts_region(&mut self, text: Option<&str>, endpoint: Option<&str>) -> Option<RegionId> {
        let region = regions::home(text?, endpoint);
        region.map_err(|message| self.told(&["aws", "sts_region"], message)).ok()
    }

    /// A path, `~/` being the home directory.
    fn path(&mut self, text: &str, key: &[&str]) -> PathBuf {
        match (text.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => Path::new(home).join(rest),
            (Some(_), None) => {
                self.told(
                    key,
                    "begins with ~, and HOME is not set, expected a full path".to_owned(),
                );
                PathBuf::new()
            }
            (None, _) => PathBuf::from(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_text_in_utf_8_with_any_line_ends_or_told_what_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("unpair.toml");
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("room");
            Config::read(Some(&path), [], &Overrides::default())
        };
        let config = read(b"\xef\xbb\xbf[guard]\r\nmax_rules = 7\r\n").expect("a configuration");
        assert_eq!(config.guard.max_rules, Some(7));
        let utf_16: Vec<u8> =
            "\u{feff}[guard]\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, told) in [
            (&utf_16[..], "is UTF-16 text"),
            (b"[guard] # \xb1\xa3\xbb\xa4\n", "line 1 is in another encoding"),
        ] {
            let error = read(bytes).expect_err("no UTF-8").to_string();
            assert!(error.contains(told) && error.contains("save it as UTF-8"), "{error}");
        }
    }
}
