//! What each key expects, told where a value is of another type.

/// A whole number that may be left without limit.
const COUNT: &str = "a whole number such as 1, or \"off\"";
const RATE: &str = "calls a second such as 5.0, \"auto\" or \"off\"";
const ENDPOINT: &str = "a URL in quotes, such as \"https://ecs.{region}.aliyuncs.com\"";
const PATH: &str = "a path in quotes";
const SWITCH: &str = "true or false";
const PROFILE: &str = "the name of a profile in quotes";

/// What the key at a path expects, such as `guard.max_rules`; nothing of a key that does not exist.
pub(super) fn of(key: &str) -> Option<&'static str> {
    let path: Vec<&str> = key.split('.').collect();
    Some(match path.as_slice() {
        ["account"] => "[[account]] in double brackets, once for each account",
        ["alibaba" | "aws" | "guard" | "sandbox"] | [_, "limits"] => "a section with keys",
        ["guard", key] => of_guard(key)?,
        ["account", _, key] => of_account(key)?,
        [_, "limits", .., "rate"] => RATE,
        [_, "limits", .., "burst"] | [_, "limits", "in_flight"] => COUNT,
        [_, "limits", _] => "calls a second such as 5.0, or { rate = 5.0, burst = 1 }",
        ["alibaba" | "aws", "ecs_endpoint" | "ec2_endpoint" | "sts_endpoint"] => ENDPOINT,
        ["alibaba", "metadata_endpoint"] => "a URL in quotes, such as \"http://127.0.0.1:8000\"",
        ["alibaba", "allow_external"] => SWITCH,
        ["alibaba", "config_file"] | ["sandbox", "world"] => PATH,
        ["alibaba" | "aws", "profile"] => PROFILE,
        ["alibaba", "role_arn"] => "a role in quotes, such as \"acs:ram::{account}:role/unpair\"",
        ["aws", "role_arn"] => "a role in quotes, such as \"arn:aws:iam::{account}:role/unpair\"",
        ["alibaba", "extra_regions"] => "a list of regions, such as [\"cn-new\"]",
        ["aws", "sts_region"] => "a region in quotes, such as \"us-east-1\"",
        ["aws", "external_id"] => "a text in quotes",
        _ => return None,
    })
}

fn of_guard(key: &str) -> Option<&'static str> {
    Some(match key {
        "max_rules" => "a whole number such as 500, or \"off\"",
        "max_percent" => "a number above 0 and at most 100, or \"off\"",
        "max_failures" => "a whole number such as 10, a percentage such as \"5%\", or \"off\"",
        "fresh" => "a duration in quotes, such as \"15m\" or \"2h\", or \"off\"",
        "only_accounts" => "a list of accounts, such as [\"1234567890123456\"]",
        "protect" => "a list such as [\"sg-prod-*\", \"account:1234567890123456\"]",
        _ => return None,
    })
}

fn of_account(key: &str) -> Option<&'static str> {
    Some(match key {
        "cloud" => "\"alibaba\" or \"aws\"",
        "id" => "an id in quotes, such as \"1234567890123456\"",
        "name" => "a name in quotes, as manifests call the account",
        "profile" => PROFILE,
        "role_arn" => "a role in quotes",
        "credentials" => "\"none\", or no such key",
        _ => return None,
    })
}

/// What the reader says of a value of another type, with what its key expects.
pub(super) fn told(key: &str, message: &str) -> String {
    let (found, is_type) = match message.split_once("expected ") {
        Some((found, _)) => (found.trim_end_matches([' ', ',']), true),
        None => (message, false),
    };
    match of(key).filter(|_| is_type && !found.starts_with("unknown")) {
        None => message.to_owned(),
        Some(expected) if found.is_empty() => format!("expected {expected}"),
        Some(expected) => format!("{}, expected {expected}", in_plain_words(found)),
    }
}

/// `invalid type: sequence` → `is a list`.
fn in_plain_words(found: &str) -> String {
    let Some(kind) = found.strip_prefix("invalid type: ") else { return found.to_owned() };
    let kind = match kind.split_once(' ').map_or((kind, ""), |(kind, value)| (kind, value)) {
        ("sequence", _) => "a list".to_owned(),
        ("map", _) => "a table".to_owned(),
        ("boolean", value) => value.to_owned(),
        ("integer", value) => format!("the number {value}"),
        ("floating", value) => format!("the number {}", value.trim_start_matches("point ")),
        // What stands there may be a secret.
        ("string", _) => "a text".to_owned(),
        _ => kind.to_owned(),
    };
    format!("is {kind}")
}

#[cfg(test)]
mod tests {
    use crate::config::environment::KEYS;
    use crate::config::{Config, Overrides};

    use super::*;

    /// What is told of a configuration that is refused.
    fn refused(text: &str) -> String {
        let config = Config::from_text(Some(("c.toml", text)), [], &Overrides::default());
        config.expect_err(text).to_string()
    }

    /// Every key with its path and a file that holds `value` there.
    fn every_key(value: &str) -> Vec<(String, String)> {
        let keys =
            KEYS.iter().flat_map(|(section, keys)| keys.iter().map(move |key| (*section, *key)));
        let file = |(section, key): (&str, &str)| {
            let header = match section {
                "account__0" => "[[account]]".to_owned(),
                section => format!("[{}]", section.replace("__", ".")),
            };
            let path = format!("{}.{key}", section.replace("__", "."));
            (path, format!("{header}\n{key} = {value}\n"))
        };
        keys.map(file).collect()
    }

    #[test]
    fn a_value_of_another_type_is_told_with_what_its_key_expects() {
        let (switches, others): (Vec<_>, Vec<_>) =
            every_key("true").into_iter().partition(|(path, _)| of(path) == Some(SWITCH));
        let of_switches = every_key("5")
            .into_iter()
            .filter(|key| switches.iter().any(|(path, _)| *path == key.0));
        for (path, text) in others.into_iter().chain(of_switches) {
            let told = refused(&text);
            let expected = of(&path).expect("every key expects something");
            assert!(told.starts_with(&format!("c.toml:2: {path}: ")), "{told}");
            assert!(told.ends_with(&format!("expected {expected}")), "{told}");
            assert!(!told.contains("invalid type"), "{told}");
        }
    }

    #[test]
    fn a_text_where_a_number_is_expected_is_told_so_wherever_it_comes_from() {
        for (text, told) in [
            ("[guard]\nmax_rules = 'many'\n", "expected a whole number such as 500, or \"off\""),
            ("[guard]\nmax_percent = 'few'\n", "expected a number above 0 and at most 100"),
            ("[guard]\nmax_rules = [5]\n", "is a list, expected a whole number such as 500"),
            ("[aws.limits]\nburst = 'x'\n", "expected a whole number such as 1, or \"off\""),
            ("[aws.limits]\nDescribeRegions = { rate = 'x' }\n", "expected calls a second"),
            (
                "[[account]]\ncloud = 'aws'\nid = 111111111111\n",
                "the number `111111111111`, expected an id in quotes",
            ),
            ("[account]\ncloud = 'aws'\n", "is a table, expected [[account]] in double brackets"),
            ("guard = 5\n", "is the number `5`, expected a section with keys"),
        ] {
            assert!(refused(text).contains(told), "{told}: {}", refused(text));
        }
        let env = [("UNPAIR_GUARD__MAX_RULES".to_owned(), "many".to_owned())];
        let told = Config::from_text(None, env, &Overrides::default()).expect_err("no number");
        let expected = "`many` is not a number, expected a whole number such as 500, or \"off\"";
        assert_eq!(told.to_string(), format!("UNPAIR_GUARD__MAX_RULES: {expected}"));
    }
}
