//! The profiles that the clouds' own tools keep, by name and account. No secret is among it.

use std::path::PathBuf;

use super::CloudError;
use super::alibaba::{self, Env};
use super::aws;
use super::listed_profile::ListedProfile;
use crate::model::Provider;

/// What the files of a cloud's tool hold.
#[derive(Debug, Default)]
pub struct Listed {
    /// The files that are there.
    pub files: Vec<PathBuf>,
    /// Their profiles, each once.
    pub profiles: Vec<ListedProfile>,
    /// Why a file could not be read.
    pub problems: Vec<CloudError>,
}

/// Lists the profiles of a cloud's tool: in the files that `env` names, or below its home folder.
pub fn listed(cloud: Provider, env: &Env) -> Listed {
    let mut listed = Listed::default();
    for (path, reader) in files(cloud, env) {
        if !path.is_file() {
            continue;
        }
        match reader(&path) {
            Ok(profiles) => profiles.into_iter().for_each(|profile| listed.add(profile)),
            Err(error) => listed.problems.push(error),
        }
        listed.files.push(path);
    }
    listed
}

impl Listed {
    fn add(&mut self, profile: ListedProfile) {
        match self.profiles.iter_mut().find(|known| known.name == profile.name) {
            Some(known) => known.account = known.account.take().or(profile.account),
            None => self.profiles.push(profile),
        }
    }
}

/// Reads the profiles of one file.
type Reader = fn(&std::path::Path) -> Result<Vec<ListedProfile>, CloudError>;

fn files(cloud: Provider, env: &Env) -> Vec<(PathBuf, Reader)> {
    let home = env("HOME").map(PathBuf::from);
    let at = |variable: &str, below: &str| {
        let named = env(variable).filter(|named| !named.is_empty()).map(PathBuf::from);
        match (named, &home) {
            (Some(named), Some(home)) => {
                Some(named.strip_prefix("~").map(|rest| home.join(rest)).unwrap_or(named.clone()))
            }
            (Some(named), None) => Some(named),
            (None, home) => home.as_ref().map(|home| home.join(below)),
        }
    };
    let files: [(Option<PathBuf>, Reader); 2] = match cloud {
        Provider::Alibaba => {
            let file = at("ALIBABA_CLOUD_CONFIG_FILE", ".aliyun/config.json");
            [(file, alibaba::listed), (None, alibaba::listed)]
        }
        Provider::Aws => [
            (at("AWS_CONFIG_FILE", ".aws/config"), aws::listed_in_config),
            (at("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"), aws::listed_in_credentials),
        ],
    };
    files.into_iter().filter_map(|(path, reader)| Some((path?, reader))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn profiles_are_listed_from_both_tools_with_the_accounts_that_their_files_tell() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        let home = folder.path().display().to_string();
        let env: Env = Arc::new(move |name| (name == "HOME").then(|| home.clone()));
        assert!(Provider::ALL.iter().all(|cloud| listed(*cloud, &env).files.is_empty()));
        write(
            ".aliyun/config.json",
            r#"{"current":"hub","profiles":[{"name":"hub","mode":"AK"},
            {"name":"team","mode":"RamRoleArn","ram_role_arn":"acs:ram::1234567890123402:role/x"}]}"#,
        );
        write(
            ".aws/config",
            "[default]\nregion = x\n[profile team]\nrole_arn = arn:aws:iam::222222222222:role/x\n\
             [profile 'sso one']\nsso_account_id = 333333333333\n[sso-session s]\n[typo]\n",
        );
        write(
            ".aws/credentials",
            "[team]\naws_access_key_id = AK\n[keys]\naws_access_key_id = AK\n",
        );
        let told = |cloud| -> Vec<(String, Option<String>)> {
            let profiles = listed(cloud, &env).profiles.into_iter();
            profiles.map(|it| (it.name, it.account.map(|id| id.to_string()))).collect()
        };
        let known = |name: &str, id: &str| (name.to_owned(), Some(id.to_owned()));
        let unknown = |name: &str| (name.to_owned(), None);
        assert_eq!(told(Provider::Alibaba), [unknown("hub"), known("team", "1234567890123402")]);
        assert_eq!(
            told(Provider::Aws),
            [
                unknown("default"),
                known("team", "222222222222"),
                known("sso one", "333333333333"),
                unknown("keys")
            ]
        );
        write(".aliyun/config.json", "{");
        assert_eq!(listed(Provider::Alibaba, &env).problems.len(), 1);
    }
}
