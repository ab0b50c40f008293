mod sources;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use secrecy::ExposeSecret;

use super::recipe::{Env, Recipe};
use super::source::{Origin, Role, Source};
use crate::cloud::{AccountSource, AlibabaSettings, CloudError, ErrorClass, StaticKey};

const PROFILES: &str = r#"{ "current": "hub", "profiles": [
  { "name": "hub", "mode": "AK", "access_key_id": "HUB", "access_key_secret": "hub-secret" },
  { "name": "sts", "mode": "ststoken", "access_key_id": "STS.X", "access_key_secret": "x", "sts_token": "T" },
  { "name": "team", "mode": "RamRoleArn", "access_key_id": "TEAM", "access_key_secret": "s",
    "ram_role_arn": "acs:ram::2:role/r", "ram_session_name": "ours", "external_id": "E", "expired_seconds": 900 },
  { "name": "chain", "mode": "chainableRamRoleArn", "source_profile": "team", "ram_role_arn": "acs:ram::3:role/r" },
  { "name": "one", "mode": "ChainableRamRoleArn", "source_profile": "two", "ram_role_arn": "a" },
  { "name": "two", "mode": "ChainableRamRoleArn", "source_profile": "one", "ram_role_arn": "a" },
  { "name": "machine", "mode": "EcsRamRole", "ram_role_name": "r" },
  { "name": "half", "mode": "AK", "access_key_id": "HALF" },
  { "name": "only", "mode": "EcsRamRole" },
  { "name": "pod", "mode": "OIDC", "oidc_provider_arn": "P", "oidc_token_file": "/token", "ram_role_arn": "acs:ram::4:role/r", "sts_region": "cn-beijing" },
  { "name": "script", "mode": "External", "process_command": "get-key s3cret" },
  { "name": "address", "mode": "CredentialsURI", "credentials_uri": "https://keys/s3cret" },
  { "name": "two-steps", "mode": "RamRoleArnWithRoleName", "ram_role_name": "r", "ram_role_arn": "acs:ram::5:role/r", "policy": "{}", "enable_vpc": true, "sts_region": "cn-hangzhou" },
  { "name": "over", "mode": "ChainableRamRoleArn", "source_profile": "script", "ram_role_arn": "acs:ram::6:role/r", "sts_endpoint": "sts.eu-central-1.aliyuncs.com" },
  { "name": "tokenless", "mode": "OIDC", "oidc_provider_arn": "P", "ram_role_arn": "r" },
  { "name": "inside", "mode": "AK", "access_key_id": "K", "access_key_secret": "s", "enable_vpc": true },
  { "name": "elsewhere", "mode": "AK", "access_key_id": "K", "access_key_secret": "s", "sts_endpoint": "sts.example" },
  { "name": "odd", "mode": "AK", "access_key_id": "K", "access_key_secret": "s", "sts_region": "cn-beijing.evil/" },
  { "name": "browser", "mode": "CloudSSO", "access_token": "s3cret" } ] }"#;

/// A configuration to be resolved: settings, variables, profiles on disk.
struct Given {
    settings: AlibabaSettings,
    source: AccountSource,
    account: &'static str,
    vars: BTreeMap<String, String>,
    home: tempfile::TempDir,
}

impl Given {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let folder = home.path().join(".aliyun");
        std::fs::create_dir(&folder).expect("writable");
        std::fs::write(folder.join("config.json"), PROFILES).expect("writable");
        let vars = BTreeMap::from([("HOME".to_owned(), path(home.path()))]);
        let settings = AlibabaSettings::default();
        Self { settings, source: AccountSource::Inherit, account: "1234567890123456", vars, home }
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(format!("ALIBABA_CLOUD_{name}"), value.to_owned());
        self
    }

    fn env_key(self) -> Self {
        self.var("ACCESS_KEY_ID", "ENV").var("ACCESS_KEY_SECRET", "env-secret")
    }

    fn source(mut self, source: AccountSource) -> Self {
        self.source = source;
        self
    }

    fn profile(self, name: &str) -> Self {
        self.source(AccountSource::Profile(name.to_owned()))
    }

    fn resolve(&self) -> Result<Source, CloudError> {
        let vars = self.vars.clone();
        let env: Env = Arc::new(move |name| vars.get(name).cloned());
        let account = self.account.into();
        Recipe::new(&self.settings, &self.source, &account, "run 7/x", env).resolve()
    }

    /// `key id > role > role …`
    fn outcome(&self) -> String {
        let source = self.resolve().expect("resolves");
        let roles = source.roles.iter().map(|role| format!(" > {}", role.arn));
        let origin = match source.origin {
            Origin::Key(key) => key.id,
            Origin::Oidc(oidc) => {
                let (file, role) = (oidc.token_file.display(), oidc.role.arn);
                format!("{} by {file} > {role}", oidc.provider)
            }
            Origin::Machine(role) => format!("machine {}", role.unwrap_or_default()),
            Origin::External(external) => external.command.expose_secret().to_owned(),
            Origin::Uri(uri) => uri.address.expose_secret().to_owned(),
        };
        origin + &roles.collect::<String>()
    }

    fn key(&self) -> StaticKey {
        match self.resolve().expect("resolves").origin {
            Origin::Key(key) => key,
            other => panic!("no key: {other:?}"),
        }
    }

    fn allowed(mut self) -> Self {
        self.settings.allow_external = true;
        self
    }

    fn refusal(&self) -> String {
        let error = self.resolve().expect_err("refused");
        assert_eq!(error.class, ErrorClass::Config, "{error}");
        error.message
    }
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn the_environment_comes_before_the_current_profile() {
    assert_eq!(Given::new().outcome(), "HUB");
    assert_eq!(Given::new().env_key().outcome(), "ENV");
    assert_eq!(Given::new().var("PROFILE", "sts").outcome(), "STS.X");
    assert_eq!(Given::new().var("ACCESS_KEY_ID", "").outcome(), "HUB");
}

#[test]
fn a_named_profile_comes_before_the_environment() {
    let mut given = Given::new().env_key();
    given.settings.profile = Some("sts".into());
    assert_eq!(given.outcome(), "STS.X");
    assert_eq!(given.profile("hub").outcome(), "HUB");
}

#[test]
fn the_token_and_role_of_the_environment_are_used() {
    let given =
        Given::new().env_key().var("SECURITY_TOKEN", "T").var("ROLE_ARN", "acs:ram::9:role/r");
    assert_eq!(given.outcome(), "ENV > acs:ram::9:role/r");
    let token = given.key().token;
    assert_eq!(token.as_ref().map(ExposeSecret::expose_secret), Some("T"));
    let given = given.var("OIDC_TOKEN_FILE", "/token");
    assert_eq!(given.outcome(), "ENV", "the role is the one of the OIDC token");
}

#[test]
fn the_role_template_names_the_account_and_the_run() {
    let mut given = Given::new().env_key().var("EXTERNAL_ID", "E");
    given.settings.role_arn = Some("acs:ram::{account}:role/unpair".into());
    let role = Role {
        arn: "acs:ram::1234567890123456:role/unpair".into(),
        session: "unpair-run7x".into(),
        external_id: Some("E".into()),
        seconds: None,
        policy: None,
        sts: None,
    };
    assert_eq!(given.resolve().expect("resolves").roles, [role]);
    assert_eq!(
        given.source(AccountSource::Role("acs:ram::5:role/own".into())).outcome(),
        "ENV > acs:ram::5:role/own"
    );
}

#[test]
fn a_role_template_is_not_filled_in_with_a_login_name() {
    let mut given = Given::new().env_key();
    given.settings.role_arn = Some("acs:ram::{account}:role/unpair".into());
    given.account = "b@aliyun.com";
    assert!(given.refusal().contains("map the name to an id"));
}

#[test]
fn profiles_assume_their_roles_and_chain() {
    assert_eq!(Given::new().profile("team").outcome(), "TEAM > acs:ram::2:role/r");
    let source = Given::new().profile("chain").resolve().expect("resolves");
    let role = |arn: &str, session: &str, id: Option<&str>, seconds| Role {
        arn: arn.into(),
        session: session.into(),
        external_id: id.map(Into::into),
        seconds,
        policy: None,
        sts: None,
    };
    assert_eq!(
        source.roles,
        [
            role("acs:ram::2:role/r", "ours", Some("E"), Some(900)),
            role("acs:ram::3:role/r", "unpair-run7x", None, None),
        ]
    );
}

#[test]
fn a_profile_that_cannot_be_used_is_named_and_never_replaced_by_another() {
    let refusals = [
        ("browser", "config.json:21: profile `browser`: it has mode `CloudSSO`, expected AK"),
        (
            "script",
            "config.json:13: profile `script`: it runs a command for its credentials: set allow_external",
        ),
        (
            "address",
            "profile `address`: it asks an address for its credentials: set allow_external",
        ),
        ("tokenless", "profile `tokenless`: mode OIDC needs `oidc_token_file`"),
        ("inside", "profile `inside`: `enable_vpc` is true and `sts_region` is not there"),
        ("elsewhere", "profile `elsewhere`: `sts_endpoint` is no host of aliyuncs.com"),
        ("odd", "profile `odd`: `sts_region` is no region"),
        ("one", "profile `one`: it is its own source_profile"),
        ("half", "profile `half`: mode AK needs `access_key_secret`"),
        ("nobody", "no profile `nobody`"),
    ];
    for (name, expected) in refusals {
        let refusal = Given::new().env_key().profile(name).refusal();
        assert!(refusal.contains(expected) && !refusal.contains("s3cret"), "{refusal}");
    }
}

#[test]
fn half_a_key_and_half_a_source_of_the_environment_are_refused() {
    let refusals = [
        (Given::new().var("ACCESS_KEY_ID", "x"), "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not set"),
        (Given::new().var("ACCESS_KEY_SECRET", "x"), "ALIBABA_CLOUD_ACCESS_KEY_ID is not set"),
        (Given::new().var("OIDC_TOKEN_FILE", "/token"), "ALIBABA_CLOUD_OIDC_PROVIDER_ARN is not"),
        (Given::new().var("CLI_PROFILE_DISABLED", "True"), "CLI_PROFILE_DISABLED is set"),
        (Given::new().var("CONFIG_FILE", "/nowhere/config.json"), "/nowhere/config.json"),
    ];
    for (given, expected) in refusals {
        let refusal = given.refusal();
        assert!(refusal.contains(expected), "{refusal}");
    }
    let mut given = Given::new();
    given.vars.clear();
    assert!(given.refusal().contains("neither ALIBABA_CLOUD_ACCESS_KEY_ID nor HOME"));
}

#[test]
fn the_configured_file_is_found_below_the_home_directory() {
    let mut given = Given::new();
    let other = PROFILES.replace("\"HUB\"", "\"OTHER\"");
    std::fs::write(given.home.path().join("other.json"), other).expect("writable");
    given.settings.config_file = Some("~/other.json".into());
    assert_eq!(given.outcome(), "OTHER");
}

#[test]
fn a_broken_file_is_told_by_place_and_never_quoted() {
    let mut given = Given::new();
    let file = given.home.path().join("broken.json");
    given.settings.config_file = Some(file.clone());
    for (text, expected) in [
        (&b"{\"profiles\": \"s3cret\"}"[..], "broken.json: `profiles` is not a list"),
        (b"\"s3cret\"", "broken.json:1:8: it is not an object"),
        (b"{\"profiles\": [\n{\"name\": \"s3cret\",}]}", "broken.json:2:19: trailing comma"),
        (b"{\"profiles\": [\n", "broken.json:2:0: EOF"),
        (b"\xff\xfe{\0}\0", "UTF-16"),
    ] {
        std::fs::write(&file, text).expect("writable");
        let refusal = given.refusal();
        assert!(refusal.contains(expected) && !refusal.contains("s3cret"), "{refusal}");
    }
}

/// Profiles as the official tool reads them, some of which nobody can use.
const ODD: &str = "\u{feff}{\r\n \"Current\": \"good\", \"meta_path\": null, \"profiles\": [\r\n\
    null, 7, { \"mode\": \"AK\" },\r\n\
    { \"NAME\": \"good\", \"Mode\": \" AK\", \"Access_Key_Id\": \"GOOD\\n\", \"access_key_secret\": \"s\\r\\n\",\r\n\
      \"sts_token\": null, \"expired_seconds\": null, \"retry_count\": \"3\", \"more\": {} },\r\n\
    { \"name\": \"number\", \"mode\": \"AK\", \"access_key_id\": 31337, \"access_key_secret\": \"s\" },\r\n\
    { \"name\": \"text\", \"mode\": \"RamRoleArn\", \"access_key_id\": \"K\", \"access_key_secret\": \"s\",\r\n\
      \"ram_role_arn\": \"r\", \"expired_seconds\": \"900\" },\r\n\
    { \"name\": \"blank\", \"mode\": \"AK\", \"access_key_id\": \"K\", \"access_key_secret\": \"s3 cret\" },\r\n\
    { \"name\": \"quoted\", \"mode\": \"AK\", \"access_key_id\": \"'s3cret'\", \"access_key_secret\": \"s\" },\r\n\
    { \"name\": \"nothing\", \"mode\": null },\r\n\
    { \"name\": \"lists\", \"mode\": [\"s3cret\"] } ] }";

#[test]
fn a_file_is_read_as_the_official_tool_reads_it_and_a_bad_profile_stops_itself_alone() {
    let given = Given::new();
    std::fs::write(given.home.path().join(".aliyun/config.json"), ODD).expect("writable");
    assert_eq!(given.outcome(), "GOOD");
    let key = given.key();
    assert_eq!((key.secret.expose_secret(), key.token.is_none()), ("s", true));
    let mut given = given;
    for (name, expected) in [
        ("number", "config.json:6: profile `number`: `access_key_id` is a number, expected a text"),
        ("text", "config.json:7: profile `text`: `expired_seconds` is a text, expected a number"),
        ("blank", "config.json:9: profile `blank`: `access_key_secret` has a blank"),
        ("quoted", "profile `quoted`: `access_key_id` is in quotation marks"),
        ("nothing", "profile `nothing`: it has mode ``, expected AK"),
        ("lists", "profile `lists`: `mode` is a list"),
    ] {
        given = given.profile(name);
        let refusal = given.refusal();
        let hidden = !refusal.contains("s3") && !refusal.contains("31337");
        assert!(refusal.contains(expected) && hidden, "{refusal}");
    }
}

#[test]
fn line_ends_around_variables_are_no_part_of_them_and_what_no_key_holds_is_told() {
    let given = Given::new()
        .var("ACCESS_KEY_ID", "ENV\n")
        .var("ACCESS_KEY_SECRET", " s\r\n")
        .var("SECURITY_TOKEN", "\n")
        .var("ROLE_ARN", "acs:ram::9:role/r\n");
    assert_eq!(given.outcome(), "ENV > acs:ram::9:role/r");
    let key = given.key();
    assert_eq!((key.secret.expose_secret(), key.token.is_none()), ("s", true));
    assert_eq!(Given::new().var("PROFILE", "sts\n").outcome(), "STS.X");
    for (name, value, expected) in [
        ("ACCESS_KEY_ID", "\"s3cret\"", "ALIBABA_CLOUD_ACCESS_KEY_ID is in quotation marks"),
        ("ACCESS_KEY_SECRET", "s3 cret", "ALIBABA_CLOUD_ACCESS_KEY_SECRET has a blank"),
        ("SECURITY_TOKEN", "s3cr\u{e9}t", "ALIBABA_CLOUD_SECURITY_TOKEN has the character U+00E9"),
    ] {
        let refusal = Given::new().env_key().var(name, value).refusal();
        assert!(refusal.contains(expected) && !refusal.contains("s3"), "{refusal}");
    }
}

#[test]
fn keys_in_memory_are_used_and_partners_are_not_ours() {
    let key = StaticKey { id: "MEM".into(), secret: "m".to_owned().into(), token: None };
    assert_eq!(Given::new().source(AccountSource::Static(key)).outcome(), "MEM");
    let error = Given::new().env_key().source(AccountSource::None).resolve().expect_err("refused");
    assert_eq!(error.class, ErrorClass::NotOurs);
}

#[test]
fn no_secret_is_shown_by_debug() {
    let source = Given::new().env_key().resolve().expect("resolves");
    assert!(!format!("{source:?}").contains("env-secret"));
    for profile in ["script", "address", "over"] {
        let source = Given::new().allowed().profile(profile).resolve().expect("resolves");
        assert!(!format!("{source:?}").contains("s3cret"));
    }
}
