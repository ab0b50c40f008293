//! The files from which both clouds' own tools, and so this program, take credentials and trust.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Variables that name such a file.
const NAMED_BY: [&str; 8] = [
    "ALIBABA_CLOUD_CONFIG_FILE",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CA_BUNDLE",
    "SSL_CERT_FILE",
];
/// Where they lie below the home folder.
const AT_HOME: [&str; 3] = [".aliyun/config.json", ".aws/config", ".aws/credentials"];

/// Every file that `env` names or that lies below its home folder, whether it is there or not.
pub fn credential_files(env: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<PathBuf> {
    let (mut home, mut files) = (None, Vec::new());
    for (name, value) in env.into_iter().filter(|(_, value)| !value.is_empty()) {
        if name == "HOME" {
            home = Some(PathBuf::from(value));
        } else if NAMED_BY.iter().any(|known| name == *known) {
            files.push(PathBuf::from(value));
        }
    }
    let at_home = |path: PathBuf| match (&home, path.strip_prefix("~")) {
        (Some(home), Ok(rest)) => home.join(rest),
        _ => path,
    };
    let mut files: Vec<PathBuf> = files.into_iter().map(at_home).collect();
    files.extend(
        home.iter().flat_map(|home: &PathBuf| AT_HOME.map(Path::new).map(|it| home.join(it))),
    );
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_those_that_variables_name_and_those_at_home() {
        let env =
            [("AWS_CONFIG_FILE", "~/x"), ("HOME", "/h"), ("SSL_CERT_FILE", ""), ("PWD", "/y")];
        let files = credential_files(env.map(|(name, value)| (name.into(), value.into())));
        let expected = ["/h/x", "/h/.aliyun/config.json", "/h/.aws/config", "/h/.aws/credentials"];
        assert_eq!(files, expected.map(PathBuf::from));
    }
}
