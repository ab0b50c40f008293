//! The texts of `init`: a commented configuration, and a manifest with rows to replace.

use crate::cloud::{Listed, ListedProfile};
use crate::config::{Config, Overrides};
use crate::model::{PerCloud, Provider, is_hostile};

const HEAD: &str = "\
# The configuration of unpair, written by `unpair init`. Every key is optional but for those of
# [[account]]; each can also be given by an environment variable, as UNPAIR_SECTION__KEY. Secrets
# never stand in this file: they come from the profiles and variables of `aliyun` and `aws`.
";

const CLOUDS: &str = r#"
[alibaba]
# profile = "hub"                                # default: the current profile of `aliyun configure`
# role_arn = "acs:ram::{account}:role/unpair"    # assumed in every account without a section of its own

[alibaba.limits]                                 # for each account, region and action
# rate = 5.0                                     # calls a second, never exceeded; "auto" learns, "off" is none
# burst = 1

[aws]
# profile = "hub"                                # default: what `aws` would use
# role_arn = "arn:aws:iam::{account}:role/unpair"
# external_id = "…"

[aws.limits]                                     # default: the documented bucket of each action
# rate = 5.0
"#;

const ACCOUNTS: &str = "
# Accounts with credentials of their own. Manifests may call them by their names.
";

const PARTNER: &str = r#"
# A partner's account: read as far as your own credentials allow, never called.
# [[account]]
# cloud = "aws"
# id = "999999999999"
# name = "example-partner"
# credentials = "none"
"#;

const GUARD: &str = r#"
[guard]                                          # what no run may do; --yes skips none of it
# max_rules = 500                                # refuse a plan that removes more
# max_percent = 50                               # or more than this share of a group's rules
# protect = ["sg-prod-*"]                        # groups that no run touches
# only_accounts = ["999999999999"]               # when set, no other account is called
"#;

/// The profile that `aws` uses where none is named: it is what an account inherits.
const INHERITED: &str = "default";

/// The text of a configuration that names every profile.
pub(super) fn configuration(found: &[(Provider, Listed)]) -> String {
    let mut accounts = String::new();
    for (cloud, listed) in found {
        for profile in &listed.profiles {
            add(&mut accounts, *cloud, profile);
        }
    }
    [HEAD, CLOUDS, ACCOUNTS, &accounts, PARTNER, GUARD].concat()
}

/// Adds an account as it is accepted beside the others, with or without a name; else as a comment.
fn add(accounts: &mut String, cloud: Provider, profile: &ListedProfile) {
    if profile.name == INHERITED || profile.name.contains(is_hostile) {
        return;
    }
    let (named, unnamed) =
        (section(cloud, profile, Naming::Named), section(cloud, profile, Naming::ById));
    let is_accepted = |section: &String| {
        let text = format!("{accounts}{section}");
        Config::from_text(Some(("", &text)), [], &Overrides::default()).is_ok()
    };
    let accepted = [&named, &unnamed].into_iter().find(|section| is_accepted(section));
    match accepted {
        Some(section) => accounts.push_str(section),
        None => {
            accounts.extend(named.lines().flat_map(|line| ["# ", line, "\n"]));
        }
    }
}

/// Whether manifests may call an account by its profile's name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    Named,
    ById,
}

fn section(cloud: Provider, profile: &ListedProfile, naming: Naming) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let id = profile.account.as_ref().map(|id| format!("id = \"{id}\"\n")).unwrap_or_default();
    let quoted = quoted(&profile.name);
    let name = if naming == Naming::Named { format!("name = {quoted}\n") } else { String::new() };
    format!("[[account]]\ncloud = \"{cloud}\"\n{id}{name}profile = {quoted}\n\n")
}

const COLUMNS: &str = "cloud,region,account_a,group_a,account_b,group_b,direction,note\n";

/// An example row: accounts and groups that are nobody's.
const EXAMPLE: PerCloud<&str> = PerCloud {
    alibaba: "alibaba,cn-hangzhou,1000000000000001,sg-example-ours,1000000000000002,\
              sg-example-theirs,both,an example: replace this row\n",
    aws: "aws,us-east-1,999999999998,sg-00000000000000001,999999999999,sg-00000000000000002,\
          both,an example: replace this row\n",
};

/// The text of a manifest with a row of each cloud that has profiles; of both where none has.
pub(super) fn manifest(found: &[(Provider, Listed)]) -> String {
    let used = found.iter().filter(|(_, listed)| !listed.profiles.is_empty());
    let mut clouds: Vec<Provider> = used.map(|(cloud, _)| *cloud).collect();
    if clouds.is_empty() {
        clouds.extend(Provider::ALL);
    }
    clouds.into_iter().fold(COLUMNS.to_owned(), |text, cloud| text + EXAMPLE.of(cloud))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Config {
        Config::from_text(Some(("unpair.toml", text)), [], &Overrides::default())
            .unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn found(profiles: &[(&str, Option<&str>)]) -> Vec<(Provider, Listed)> {
        let profiles = profiles.iter().map(|(name, account)| ListedProfile {
            name: (*name).to_owned(),
            account: account.map(Into::into),
        });
        vec![(Provider::Aws, Listed { profiles: profiles.collect(), ..Listed::default() })]
    }

    #[test]
    fn what_is_written_is_read_with_every_key_that_is_a_comment() {
        for profiles in [found(&[]), found(&[("team", Some("222222222222"))])] {
            let text = configuration(&profiles);
            read(&text);
            let is_key = |line: &str| line.contains(" = ") || line == "[[account]]";
            let all = text.lines().map(|line| match line.strip_prefix("# ") {
                Some(key) if is_key(key) => key.to_owned(),
                _ => line.to_owned(),
            });
            let config = read(&all.collect::<Vec<_>>().join("\n"));
            assert_eq!(config.guard.max_rules, Some(500));
            assert!(config.clouds.aws.profile.is_some() && config.clouds.alibaba.profile.is_some());
        }
    }

    #[test]
    fn every_profile_is_an_account_or_a_comment_and_the_file_is_always_read() {
        let profiles = found(&[
            ("default", None),
            ("team", Some("222222222222")),
            ("keys", None),
            ("the same account", Some("222222222222")),
            ("name with \"quotes\" = and # more", Some("333333333333")),
            ("123456789012", None),
            ("hostile\u{202e}", Some("444444444444")),
            ("line\nend = 1", Some("555555555555")),
        ]);
        let text = configuration(&profiles);
        let accounts = read(&text).clouds.accounts;
        let ids: Vec<Option<String>> =
            accounts.iter().map(|it| it.id.as_ref().map(ToString::to_string)).collect();
        let known = |id: &str| Some(id.to_owned());
        assert_eq!(ids, [known("222222222222"), None, known("333333333333")], "{text}");
        assert!(text.contains("# profile = \"the same account\""), "{text}");
        assert!(!text.contains('\u{202e}') && !text.contains("line\nend"), "{text}");
    }

    #[test]
    fn the_manifest_has_a_row_of_each_cloud_that_is_used() {
        let rows =
            |text: &str| text.lines().skip(1).map(|row| row[..3].to_owned()).collect::<Vec<_>>();
        assert_eq!(rows(&manifest(&found(&[("team", None)]))), ["aws"]);
        assert_eq!(rows(&manifest(&found(&[]))), ["ali", "aws"]);
    }
}
