//! Authorities whose certificates are trusted: `SSL_CERT_FILE` and `SSL_CERT_DIR` in the place of
//! the system's, `AWS_CA_BUNDLE`, and `ca_bundle` of an AWS profile.
//!
//! As boto3 has it, a bundle is all that AWS calls trust. Calls to Alibaba Cloud trust
//! `AWS_CA_BUNDLE` beside the others: it mostly names the authority of a company's proxy, which
//! signs anew what comes from either cloud, but may name that of AWS alone.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::Told;
use super::variables::Variables;

const BUNDLE: &str = "AWS_CA_BUNDLE";
const FILE: &str = "SSL_CERT_FILE";
const FOLDERS: &str = "SSL_CERT_DIR";
/// Of Python's `requests` and of curl.
const OTHERS: [&str; 2] = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// Files, or folders of files, of certificates in PEM.
#[derive(Clone, Debug)]
pub(in crate::cloud) struct Bundle {
    paths: Vec<PathBuf>,
    from: String,
}

/// `/etc/corp.pem (AWS_CA_BUNDLE)`.
impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.value(), self.from)
    }
}

impl Bundle {
    /// The bundle of a file that `from` names.
    pub(in crate::cloud) fn new(path: &str, from: impl Into<String>) -> Self {
        Self { paths: vec![path.into()], from: from.into() }
    }

    /// What is told where this is all that AWS calls trust.
    pub(in crate::cloud) fn told(&self) -> Told {
        Told::taken("certificates of AWS are checked against this alone", self.value(), &self.from)
    }

    fn value(&self) -> String {
        let paths: Vec<_> = self.paths.iter().map(|path| path.to_string_lossy()).collect();
        paths.join(":")
    }

    /// Its certificates: one at least. Those that no check can use are left out, as a system's
    /// bundle may hold some. The error says what was expected.
    fn load(&self) -> Result<Vec<Certificate>, String> {
        let (mut found, mut failed) = (Vec::new(), None);
        for path in &self.paths {
            match read(path) {
                Ok(texts) => found.extend(texts.iter().flat_map(|text| certificates(text))),
                Err(why) => failed = Some(why),
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
        let why = failed.map_or_else(
            || "holds no certificate".to_owned(),
            |why| format!("cannot be read: {why}"),
        );
        Err(format!(
            "{}: {} {why}, expected the certificates of authorities as PEM (-----BEGIN \
             CERTIFICATE-----): correct it, or unset it",
            self.from,
            self.value()
        ))
    }
}

/// The texts of a file, or of the files of a folder that can be read.
fn read(path: &Path) -> io::Result<Vec<Vec<u8>>> {
    if !path.is_dir() {
        return Ok(vec![fs::read(path)?]);
    }
    Ok(fs::read_dir(path)?.flatten().filter_map(|file| fs::read(file.path()).ok()).collect())
}

fn certificates(text: &[u8]) -> Vec<Certificate> {
    let is_usable = |der: &CertificateDer<'_>| RootCertStore::empty().add(der.clone()).is_ok();
    let found = CertificateDer::pem_slice_iter(text).flatten();
    let found = found.map(CertificateDer::into_owned).filter(is_usable);
    found.filter_map(|der| Certificate::from_der(&der).ok()).collect()
}

/// Which certificates are trusted, and by which calls.
#[derive(Clone, Debug, Default)]
pub(in crate::cloud) struct Authorities {
    /// In the place of the system's.
    usual: Vec<Bundle>,
    aws: Option<Bundle>,
}

/// What one client trusts. By default what the system does.
#[derive(Clone, Debug, Default)]
pub(in crate::cloud) struct Roots {
    /// Beside the system's, or instead.
    pub(in crate::cloud) certificates: Vec<Certificate>,
    /// Whether they stand in the place of the system's.
    pub(in crate::cloud) replace: bool,
    names: Vec<String>,
}

/// `the system, /etc/corp.pem (AWS_CA_BUNDLE)`.
impl fmt::Display for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let system = (!self.replace).then_some("the system");
        let names: Vec<&str> =
            system.into_iter().chain(self.names.iter().map(String::as_str)).collect();
        f.write_str(&names.join(", "))
    }
}

impl Roots {
    fn add(&mut self, bundle: &Bundle) -> Result<(), String> {
        self.certificates.extend(bundle.load()?);
        self.names.push(bundle.to_string());
        Ok(())
    }
}

impl Authorities {
    /// Those that the environment names; reads none of them. The error says what cannot be.
    pub(super) fn read(variables: &Variables<'_>, told: &mut Vec<Told>) -> Result<Self, String> {
        if variables.is_blank(FILE) {
            return Err(format!("{FILE}: is set and empty, expected a PEM file: unset it"));
        }
        let one = |name| variables.first(&[name]).map(|(from, path)| Bundle::new(path, from));
        let folders = variables.first(&[FOLDERS]).map(|(from, paths)| {
            let paths = paths.split(':').filter(|path| !path.is_empty());
            Bundle { paths: paths.map(PathBuf::from).collect(), from: from.to_owned() }
        });
        let found =
            Self { usual: one(FILE).into_iter().chain(folders).collect(), aws: one(BUNDLE) };
        for bundle in &found.usual {
            let what = "certificates are checked against this instead of the system's";
            told.push(Told::taken(what, bundle.value(), &bundle.from));
        }
        if let Some(bundle) = &found.aws {
            told.push(bundle.told());
            let what = "certificates of Alibaba Cloud are checked against this as well";
            told.push(Told::taken(what, bundle.value(), &bundle.from));
        } else if found.usual.is_empty() {
            told.extend(OTHERS.iter().filter_map(|name| variables.first(&[*name])).map(
                |(from, _)| {
                    Told::ignored(from, "set AWS_CA_BUNDLE or SSL_CERT_FILE to the same file")
                },
            ));
        }
        Ok(found)
    }

    /// Whether all calls trust what the system does.
    pub(super) const fn is_the_systems(&self) -> bool {
        self.usual.is_empty() && self.aws.is_none()
    }

    /// What all calls trust but those to AWS: reads the files. The error names the variable, the
    /// file, and what was expected.
    pub(in crate::cloud) fn roots(&self) -> Result<Roots, String> {
        let mut roots = Roots { replace: !self.usual.is_empty(), ..Roots::default() };
        self.usual.iter().chain(&self.aws).try_for_each(|bundle| roots.add(bundle))?;
        Ok(roots)
    }

    /// Whether AWS calls trust `AWS_CA_BUNDLE`, whatever a profile says.
    pub(in crate::cloud) const fn has_aws_bundle(&self) -> bool {
        self.aws.is_some()
    }

    /// What AWS calls trust with a profile that has this `ca_bundle`; `None` where that is what
    /// all others trust, too.
    pub(in crate::cloud) fn aws_roots(
        &self,
        profile: Option<&Bundle>,
    ) -> Result<Option<Roots>, String> {
        let Some(bundle) = self.aws.as_ref().or(profile) else { return Ok(None) };
        let mut roots = Roots { replace: true, ..Roots::default() };
        roots.add(bundle)?;
        Ok(Some(roots))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_with(env: &[(&str, &str)]) -> (Result<Authorities, String>, Vec<String>) {
        let env: Vec<_> = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut told = Vec::new();
        let found = Authorities::read(&Variables::new(&env), &mut told);
        (found, told.iter().map(ToString::to_string).collect())
    }

    fn authorities(env: &[(&str, &str)]) -> Authorities {
        read_with(env).0.expect("good variables")
    }

    /// A folder with an authority, a file of nothing, and one of something else.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let write =
            |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
        write("ca.pem", include_str!("../../../tests/durability/authority.pem"));
        write("empty.pem", "");
        write("text.pem", "no certificate");
        write("cut.pem", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n");
        folder
    }

    fn path(folder: &tempfile::TempDir, name: &str) -> String {
        folder.path().join(name).to_string_lossy().into_owned()
    }

    #[test]
    fn a_bundle_is_all_that_aws_trusts_and_one_more_for_the_others() {
        let folder = folder();
        let found = authorities(&[("AWS_CA_BUNDLE", &path(&folder, "ca.pem"))]);
        let others = found.roots().expect("readable");
        assert!(!others.replace && others.certificates.len() == 1);
        let aws = found.aws_roots(None).expect("readable").expect("its own");
        assert!(aws.replace && aws.certificates.len() == 1);
        assert!(
            others.to_string().starts_with("the system, /")
                && aws.to_string().ends_with("(AWS_CA_BUNDLE)")
        );
    }

    #[test]
    fn the_usual_variables_replace_the_systems_for_all_calls() {
        let folder = folder();
        for (name, file) in [("SSL_CERT_FILE", "ca.pem"), ("SSL_CERT_DIR", "")] {
            let path = path(&folder, file);
            let found = authorities(&[(name, &path)]);
            let roots = found.roots().expect("readable");
            assert!(roots.replace && roots.certificates.len() == 1, "{name}");
            assert!(found.aws_roots(None).expect("readable").is_none());
        }
        let none = format!("/no/such/folder::{}", path(&folder, ""));
        assert!(authorities(&[("SSL_CERT_DIR", &none)]).roots().is_ok());
    }

    #[test]
    fn a_profiles_bundle_is_asked_after_the_variable() {
        let folder = folder();
        let profile = Bundle::new(&path(&folder, "ca.pem"), "ca_bundle of profile `p`");
        let alone = authorities(&[]).aws_roots(Some(&profile)).expect("readable").expect("its own");
        assert!(alone.replace && alone.to_string().ends_with("(ca_bundle of profile `p`)"));
        let both = authorities(&[("AWS_CA_BUNDLE", &path(&folder, "ca.pem"))]);
        let both = both.aws_roots(Some(&profile)).expect("readable").expect("its own");
        assert!(both.to_string().ends_with("(AWS_CA_BUNDLE)"));
    }

    #[test]
    fn a_file_that_gives_no_certificate_is_refused_with_variable_and_file() {
        let folder = folder();
        for (file, why) in [
            ("gone.pem", "cannot be read: No such file"),
            ("empty.pem", "holds no certificate"),
            ("text.pem", "holds no certificate"),
            ("cut.pem", "holds no certificate"),
        ] {
            for name in ["AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
                let path = path(&folder, file);
                let told = authorities(&[(name, &path)]).roots().expect_err(file);
                assert!(told.starts_with(&format!("{name}: {path} {why}")), "{told}");
                assert!(told.contains("expected the certificates of authorities as PEM"), "{told}");
            }
        }
        let (blank, _) = read_with(&[("SSL_CERT_FILE", "")]);
        assert!(blank.expect_err("blank").starts_with("SSL_CERT_FILE: is set and empty"));
    }

    #[test]
    fn variables_of_other_tools_are_told_where_nothing_is_set_in_their_place() {
        let (_, told) =
            read_with(&[("REQUESTS_CA_BUNDLE", "/x.pem"), ("CURL_CA_BUNDLE", "/x.pem")]);
        let remedy = "is ignored: set AWS_CA_BUNDLE or SSL_CERT_FILE to the same file";
        assert_eq!(told, OTHERS.map(|name| format!("{name} {remedy}")));
        let (_, told) = read_with(&[("REQUESTS_CA_BUNDLE", "/x.pem"), ("SSL_CERT_FILE", "/x.pem")]);
        assert_eq!(
            told,
            [
                "certificates are checked against this instead of the system's: /x.pem (SSL_CERT_FILE)"
            ]
        );
    }
}
