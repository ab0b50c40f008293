//! The way to the clouds: proxies and certificates, as the environment says, for every request.

use unpair_testing::canaries;
use unpair_testing::process::Ended;
use unpair_testing::world_file::{A, X, Y};

use crate::endpoints::{self, to_the_providers};
use crate::proxy::{AUTHORITY, Proxy, refusing};
use crate::workspace::CliWorkspace;

const AUDIT: [&str; 2] = ["audit", "pairs.csv"];
/// Every host that the workspace's audit calls, in order.
const HOSTS: [&str; 4] = [
    "ec2.us-east-1.amazonaws.com",
    "ecs-cn-hangzhou.aliyuncs.com",
    "sts.aliyuncs.com",
    "sts.us-east-1.amazonaws.com",
];

/// One pair on each cloud, whose calls go to the providers' own hosts.
fn workspace() -> CliWorkspace {
    let workspace = endpoints::workspace();
    to_the_providers(&workspace);
    workspace.write("ca.pem", AUTHORITY);
    workspace
}

/// A proxy with the workspace's sandbox behind it, and what one answers that the sandbox does not play.
fn proxy(workspace: &CliWorkspace, plays: fn(&str, &str) -> Option<String>) -> Proxy {
    let address = |url: &str| url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let (alibaba, aws) =
        (address(&workspace.sandbox.alibaba_url()), address(&workspace.sandbox.aws_url()));
    Proxy::start(move |host, request| {
        let sandbox = if host.ends_with("aliyuncs.com") { &alibaba } else { &aws };
        plays(host, request).ok_or_else(|| sandbox.clone())
    })
}

fn sandbox_alone(workspace: &CliWorkspace) -> Proxy {
    proxy(workspace, |_, _| None)
}

fn through(workspace: &CliWorkspace, proxy: &Proxy, env: &[(&str, &str)]) -> Ended {
    let proxied = [("https_proxy", proxy.address.as_str())];
    workspace.run_with(&AUDIT, &[&proxied[..], env].concat())
}

#[test]
fn behind_a_proxy_that_signs_anew_every_call_works_once_its_authority_is_named() {
    let workspace = workspace();
    let proxy = sandbox_alone(&workspace);
    for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        let name = if variable == "SSL_CERT_DIR" { "folder" } else { "ca.pem" };
        if name == "folder" {
            std::fs::create_dir(workspace.path("folder")).expect("a new folder");
            workspace.write("folder/ca.pem", AUTHORITY);
        }
        through(&workspace, &proxy, &[(variable, name)])
            .exits(0)
            .tells(&format!("{name} ({variable})"))
            .tells(&format!(
                "https requests go through the proxy: {} (https_proxy)",
                proxy.address
            ));
    }
    assert_eq!(proxy.hosts(), HOSTS);
    assert!(!workspace.calls().is_empty());
}

#[test]
fn an_authority_that_is_not_trusted_is_told_with_the_remedy_and_not_tried_again() {
    let workspace = workspace();
    let proxy = sandbox_alone(&workspace);
    let remedy =
        "set AWS_CA_BUNDLE or SSL_CERT_FILE to the PEM file of the authority that signed it";
    through(&workspace, &proxy, &[("SSL_CERT_DIR", ".")]).exits(0);
    workspace.write("other.pem", include_str!("../durability/authority.pem"));
    let ended = through(&workspace, &proxy, &[("SSL_CERT_FILE", "other.pem")]).exits(7);
    ended
        .tells("an authority that is not trusted (trusted are those of other.pem (SSL_CERT_FILE))")
        .tells(remedy)
        .tells(&format!("through the proxy {} of https_proxy", proxy.address));
}

#[test]
fn a_bundle_that_gives_no_certificate_is_a_usage_error_and_nothing_is_sent() {
    let workspace = workspace();
    let proxy = sandbox_alone(&workspace);
    workspace.write("empty.pem", "");
    for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        for file in ["empty.pem", "gone.pem", "unpair.toml"] {
            through(&workspace, &proxy, &[(variable, file)])
                .exits(2)
                .tells(&format!("{variable}: {file}"))
                .tells("expected the certificates of authorities as PEM");
        }
    }
    assert!(proxy.hosts().is_empty() && !workspace.path("unpair.db").exists());
}

#[test]
fn a_profiles_bundle_is_trusted_by_the_calls_of_that_profile_alone() {
    let workspace = workspace();
    let proxy = sandbox_alone(&workspace);
    workspace.write("aws-config", &format!("[profile {}]\nca_bundle = ca.pem\n", X.id));
    workspace.write("other.pem", include_str!("../durability/authority.pem"));
    let ended = workspace.run_with(
        &["accounts"],
        &[("https_proxy", &proxy.address), ("SSL_CERT_FILE", "other.pem")],
    );
    let told = format!("ca.pem (ca_bundle of profile `{}`)", X.id);
    let ended = ended.exits(3).tells(&told);
    let line = |id: &str| ended.stdout.lines().find(|line| line.contains(id)).unwrap_or_default();
    assert!(line(X.id).contains("ok") && line(Y.id).contains("untrusted"), "{}", ended.stdout);
    assert!(line(A.id).contains("untrusted"), "{}", ended.stdout);
}

#[test]
fn no_proxy_and_all_proxy_are_honoured() {
    let workspace = workspace();
    let proxy = sandbox_alone(&workspace);
    let ca = ("SSL_CERT_FILE", "ca.pem");
    let all = [("https_proxy", ""), ("ALL_PROXY", proxy.address.as_str()), ca];
    workspace.run_with(&AUDIT, &all).exits(0).tells("(ALL_PROXY)");
    assert_eq!(proxy.hosts(), HOSTS);
    // Hosts that are nowhere, so that nothing leaves this machine.
    let nowhere = ["ALIBABA__ECS", "ALIBABA__STS", "AWS__EC2", "AWS__STS"]
        .map(|key| format!("UNPAIR_{key}_ENDPOINT"));
    let nowhere: Vec<_> = nowhere.iter().map(|key| (&**key, "https://a.nobody.invalid")).collect();
    let past = sandbox_alone(&workspace);
    through(&workspace, &past, &[&nowhere[..], &[("no_proxy", "corp,*.invalid:443"), ca]].concat())
        .exits(7)
        .tells("https requests go past the proxy to: corp,.invalid (no_proxy)");
    assert!(past.hosts().is_empty(), "{:?}", past.hosts());
}

#[test]
fn accounts_shows_the_way_to_the_clouds_in_full() {
    let workspace = workspace();
    let proxy = sandbox_alone(&workspace);
    let env = [("https_proxy", proxy.address.as_str()), ("SSL_CERT_FILE", "ca.pem")];
    let shown = workspace.run_with(&["accounts"], &env).exits(0).stdout;
    for line in [
        &format!("https requests go through the proxy: {} (https_proxy)", proxy.address),
        "certificates are checked against this instead of the system's: ca.pem (SSL_CERT_FILE)",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{shown}");
    }
}

#[test]
fn a_malformed_proxy_is_a_usage_error_that_names_the_variable_and_shows_no_secret() {
    let workspace = workspace();
    canaries::watch("the password of a proxy", "words-of-a-proxy_81");
    for proxy in [
        "http://me:words-of-a-proxy_81@h:3128 ",
        "http://me:words-of-a-proxy_81@h:x",
        "socks5://h:1",
    ] {
        for name in ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
            let env = [("https_proxy", ""), (name, proxy)];
            let told = format!("{name}: ");
            workspace
                .run_with(&AUDIT, &env)
                .exits(2)
                .tells(&told)
                .tells("expected http://HOST:PORT");
        }
    }
    let env = [("https_proxy", "http://me:words-of-a-proxy_81@h:x")];
    workspace.run_with(&["accounts"], &env).exits(2).tells("https_proxy: ");
    assert_ne!(workspace.run_with(&["accounts", "--sandbox"], &env).code(), Some(2));
}

#[test]
fn a_proxy_that_cannot_be_reached_is_named() {
    let workspace = workspace();
    let ended = workspace.run_with(&AUDIT, &[("https_proxy", "127.0.0.1:9")]).exits(7);
    for host in ["sts.aliyuncs.com", "sts.us-east-1.amazonaws.com"] {
        let told =
            format!("{host}: through the proxy 127.0.0.1:9 of https_proxy: Connection refused");
        assert!(ended.stderr.contains(&told), "{}", ended.stderr);
    }
}

#[test]
fn a_proxy_that_refuses_is_told_as_such() {
    let workspace = workspace();
    for (status, why) in [
        ("407 Who", "it asks for a user and a password"),
        ("403 No", "it refuses to connect to this host"),
    ] {
        let (proxy, _) = refusing(status);
        let ended = workspace.run_with(&AUDIT, &[("https_proxy", &proxy)]).exits(7);
        ended.tells("of https_proxy: ").tells(why);
    }
}

/// What SSO and the web identities' STS answer, which the sandbox does not play.
fn identities(host: &str, request: &str) -> Option<String> {
    let answer = |body: &str| {
        Some(format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ))
    };
    if host.starts_with("portal.sso.") {
        return answer(
            r#"{"roleCredentials":{"accessKeyId":"AKIDSSO","secretAccessKey":"s","sessionToken":"t","expiration":4102444800000}}"#,
        );
    }
    if request.contains("AssumeRoleWithWebIdentity") {
        return answer(
            "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
             <AccessKeyId>AKIDWEB</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
             <SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>\
             </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
        );
    }
    if request.contains("GetCallerIdentity") {
        return answer(&format!(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::{X}:role/r</Arn>\
             <UserId>u</UserId><Account>{X}</Account></GetCallerIdentityResult>\
             <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>",
            X = X.id
        ));
    }
    None
}

#[test]
fn sso_and_web_identities_go_the_same_way_as_all_other_calls() {
    let workspace = workspace();
    workspace.write("unpair.toml", &format!("[[account]]\ncloud = 'aws'\nid = '{}'\n", X.id));
    workspace.write("token", "a.b.c");
    std::fs::create_dir_all(workspace.path(".aws/sso/cache")).expect("a folder");
    // The SHA-1 of the start URL names the file.
    workspace.write(
        ".aws/sso/cache/b343494cf15ba6b81449840ea93161cf3b27e5e3.json",
        r#"{"accessToken":"x","expiresAt":"2100-01-01T00:00:00Z","region":"us-east-1","startUrl":"https://example.com/start"}"#,
    );
    workspace.write(
        "aws-config",
        "[profile sso]\nsso_start_url = https://example.com/start\nsso_region = us-east-1\n\
         sso_account_id = 1\nsso_role_name = r\nregion = us-east-1\n",
    );
    let sts = "sts.us-east-1.amazonaws.com";
    let token = workspace.path("token").to_string_lossy().into_owned();
    let blank = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    let sso = [("AWS_PROFILE", "sso")];
    let web = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str()),
        ("AWS_ROLE_ARN", "arn:aws:iam::111111111111:role/r"),
        ("AWS_REGION", "us-east-1"),
    ];
    for (env, first) in [(&sso[..], "portal.sso.us-east-1.amazonaws.com"), (&web[..], sts)] {
        let proxy = proxy(&workspace, identities);
        let way = [("https_proxy", proxy.address.as_str()), ("AWS_CA_BUNDLE", "ca.pem")];
        let ended = workspace.run_with(&["accounts"], &[&way[..], &blank[..], env].concat());
        let hosts = proxy.hosts();
        assert!(hosts.iter().any(|host| host == first), "{hosts:?}: {ended:?}");
        assert!(hosts.iter().any(|host| host == sts), "{hosts:?}: {ended:?}");
        let untrusted = [("https_proxy", proxy.address.as_str()), ("SSL_CERT_FILE", "other.pem")];
        workspace.write("other.pem", include_str!("../durability/authority.pem"));
        workspace.run_with(&["accounts"], &[&untrusted[..], &blank[..], env].concat()).exits(7);
    }
}

#[test]
fn roles_of_both_clouds_are_assumed_on_the_same_way() {
    let workspace = workspace();
    let mut roles = workspace.read("unpair.toml");
    for (cloud, account, role) in [
        ("alibaba", A, format!("acs:ram::{}:role/unpair", A.id)),
        ("aws", X, format!("arn:aws:iam::{}:role/unpair", X.id)),
    ] {
        let (section, profile) = (format!("[{cloud}]\n"), format!("profile = '{}'", account.id));
        roles = roles.replace(&profile, &format!("role_arn = '{role}'"));
        roles = roles.replace(&section, "");
        roles.insert_str(0, &format!("{section}{profile}\n"));
    }
    workspace.write("unpair.toml", &roles);
    let proxy = sandbox_alone(&workspace);
    through(&workspace, &proxy, &[("AWS_CA_BUNDLE", "ca.pem")]).exits(0);
    assert_eq!(proxy.hosts(), HOSTS);
    let assumed = workspace.calls().iter().filter(|call| call.action == "AssumeRole").count();
    assert_eq!(assumed, 2, "one role on each cloud");
    through(&workspace, &proxy, &[]).exits(7).tells("signed by an authority that is not trusted");
}
