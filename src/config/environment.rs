//! Which variables of the environment are keys of ours, and how a wrong name is rightly spelled.

use std::ffi::OsString;

use super::action;
use super::error::{ConfigError, Problem};
use crate::model::Provider;

/// The start of every variable; `__` stands between section and key.
const PREFIX: &str = "UNPAIR_";
const SEPARATOR: &str = "__";

/// The sections that exist, and those of later versions: a variable that begins with one of them
/// was meant for configuration.
const SECTIONS: [&str; 6] = ["alibaba", "aws", "account", "guard", "notify", "sandbox"];

/// Every key that a variable can set, but for limits of single actions.
pub(super) const KEYS: [(&str, &[&str]); 7] = [
    ("guard", &["max_rules", "max_percent", "max_failures", "fresh", "only_accounts", "protect"]),
    (
        "alibaba",
        &[
            "ecs_endpoint",
            "sts_endpoint",
            "config_file",
            "profile",
            "role_arn",
            "extra_regions",
            "allow_external",
            "metadata_endpoint",
        ],
    ),
    ("aws", &["ec2_endpoint", "sts_endpoint", "profile", "role_arn", "sts_region", "external_id"]),
    ("alibaba__limits", LIMITS),
    ("aws__limits", LIMITS),
    ("account__0", &["cloud", "id", "name", "profile", "role_arn", "credentials"]),
    ("sandbox", &["world"]),
];

const LIMITS: &[&str] = &["rate", "burst", "in_flight"];

/// What a variable is to configuration.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Variable {
    /// The path of a key, such as `alibaba`, `limits`, `rate`.
    Key(Vec<String>),
    /// Meant as a key, and spelled so that it sets none: what to do.
    Misspelled(String),
    /// Nothing of ours.
    Other,
}

/// Says what the variable of this name is.
pub(super) fn read(name: &str) -> Variable {
    if is_service_link(name) {
        return Variable::Other;
    }
    if let Some(rest) = name.strip_prefix(PREFIX).filter(|rest| rest.contains(SEPARATOR)) {
        return Variable::Key(spell(rest));
    }
    let Some(rest) = plain(name) else { return Variable::Other };
    let of_section =
        SECTIONS.iter().find(|section| rest.starts_with(&section.to_ascii_uppercase()));
    let of_guard = KEYS[0].1.iter().any(|key| rest == letters(key));
    match (of_section, of_guard) {
        (None, false) => Variable::Other,
        (Some(&"notify"), _) => {
            Variable::Misspelled("sets nothing: this version has no [notify]: unset it".to_owned())
        }
        (section, _) => {
            let right = spelling(name).unwrap_or_else(|| example(section.unwrap_or(&"guard")));
            Variable::Misspelled(format!("sets no key: expected {right}, or another name"))
        }
    }
}

/// How a variable is spelled whose letters are those of a key.
pub(super) fn spelling(name: &str) -> Option<String> {
    let rest = plain(name)?;
    let keys = KEYS.iter().flat_map(|(section, keys)| keys.iter().map(move |key| (*section, *key)));
    for (section, key) in keys {
        let in_section = rest == letters(section) + &letters(key);
        if in_section || (section == "guard" && rest == letters(key)) {
            return Some(variable(&[section, key]));
        }
    }
    account_key(&rest).or_else(|| action_key(&rest))
}

/// `ACCOUNT12NAME` → `UNPAIR_ACCOUNT__12__NAME`.
fn account_key(rest: &str) -> Option<String> {
    let rest = rest.strip_prefix("ACCOUNT")?;
    let key = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = rest.strip_suffix(key).filter(|number| !number.is_empty())?;
    let known = KEYS[5].1.iter().find(|known| letters(known) == key)?;
    Some(variable(&["account", number, known]))
}

/// `AWSLIMITSREVOKESECURITYGROUPINGRESSRATE` → with its parts told apart.
fn action_key(rest: &str) -> Option<String> {
    Provider::ALL.into_iter().find_map(|cloud| {
        let rest = rest.strip_prefix(&letters(cloud.as_str()))?.strip_prefix("LIMITS")?;
        action::of(cloud).find_map(|action| match rest.strip_prefix(&letters(action))? {
            "" => Some(variable(&[cloud.as_str(), "limits", action])),
            "RATE" => Some(variable(&[cloud.as_str(), "limits", action, "rate"])),
            "BURST" => Some(variable(&[cloud.as_str(), "limits", action, "burst"])),
            _ => None,
        })
    })
}

fn example(section: &str) -> String {
    let known = KEYS.iter().find(|(known, _)| known.starts_with(section));
    let (section, key) = known.map_or((section, "KEY"), |(known, keys)| (*known, keys[0]));
    format!("UNPAIR_SECTION__KEY such as {}", variable(&[section, key]))
}

fn variable(path: &[&str]) -> String {
    format!("{PREFIX}{}", path.join(SEPARATOR).to_ascii_uppercase())
}

/// What follows the prefix in whatever case and with whatever signs between: its letters alone.
fn plain(name: &str) -> Option<String> {
    let (prefix, rest) = name.split_at_checked(PREFIX.len())?;
    let prefix = prefix.replace(['-', '.'], "_");
    prefix.eq_ignore_ascii_case(PREFIX).then(|| letters(rest))
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '_' | '-' | '.')).collect::<String>().to_ascii_uppercase()
}

/// The path of a variable: `ALIBABA__LIMITS__RATE` → `alibaba`, `limits`, `rate`.
fn spell(name: &str) -> Vec<String> {
    let mut path: Vec<String> = Vec::new();
    for part in name.split(SEPARATOR) {
        let lower = part.to_ascii_lowercase();
        let is_limit = path.len() == 2 && path[1] == "limits";
        let action = is_limit.then(|| action::spell(part)).flatten();
        path.push(action.map_or(lower, str::to_owned));
    }
    path
}

/// The variables that Kubernetes gives every container for each service beside it: of a service
/// `unpair`, `unpair-guard` and so on. Source: "Service", "Environment variables".
fn is_service_link(name: &str) -> bool {
    // A service's name ends with a letter or a digit.
    let is_service = |service: &str| {
        service.starts_with("UNPAIR")
            && !service.ends_with('_')
            && service.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    let is_after = |marker: &str, ends: &dyn Fn(&str) -> bool| {
        name.match_indices(marker)
            .any(|(at, _)| is_service(&name[..at]) && ends(&name[at + marker.len()..]))
    };
    is_after("_SERVICE_HOST", &str::is_empty)
        || is_after("_SERVICE_PORT", &|rest| rest.is_empty() || rest.starts_with('_'))
        || is_after("_PORT", &|rest| rest.is_empty() || is_port(rest))
}

/// `_8080_TCP`, `_8080_TCP_ADDR`.
fn is_port(rest: &str) -> bool {
    let parts: Vec<&str> = rest.split('_').collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match parts.as_slice() {
        ["", number, "TCP" | "UDP" | "SCTP", last @ ..] => {
            is_number(number) && matches!(last, [] | ["PROTO" | "PORT" | "ADDR"])
        }
        _ => false,
    }
}

/// The variables as text. Those of other programs that are none are left out; one of ours is
/// refused, because a guard that cannot be read must not be passed over.
///
/// # Errors
/// [`ConfigError::Refused`] with every such variable.
pub fn environment(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<(String, String)>, ConfigError> {
    let (mut known, mut problems) = (Vec::new(), Vec::new());
    for (name, value) in variables {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => known.push((name, value)),
            (name, _) => {
                let name = name.unwrap_or_else(|name| name.to_string_lossy().into_owned());
                if read(&name) != Variable::Other {
                    let message =
                        "holds bytes that are not UTF-8, expected text: correct it, or unset it";
                    problems.push(Problem { place: name, message: message.to_owned() });
                }
            }
        }
    }
    if problems.is_empty() { Ok(known) } else { Err(ConfigError::Refused(problems)) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;
    use crate::config::{Config, Overrides};

    #[test]
    fn variables_of_kubernetes_and_of_others_are_not_ours() {
        for name in [
            "UNPAIR_PORT",
            "UNPAIR_PORT_8080_TCP",
            "UNPAIR_PORT_8080_TCP_ADDR",
            "UNPAIR_PORT_53_UDP_PROTO",
            "UNPAIR_SERVICE_HOST",
            "UNPAIR_SERVICE_PORT",
            "UNPAIR_SERVICE_PORT_HTTP",
            "UNPAIR_GUARD_SERVICE_HOST",
            "UNPAIR_GUARD_SERVICE_PORT_HTTPS",
            "UNPAIR_GUARD_PORT",
            "UNPAIR_GUARD_PORT_80_TCP_ADDR",
            "UNPAIR_AWS_V2_PORT_80_TCP",
            "UNPAIR__AWS_SERVICE_HOST",
            "UNPAIR_CONFIG",
            "UNPAIR_JOURNAL",
            "UNPAIR_SEED",
            "UNPAIR_LONG",
            "UNPAIR_PEERS_PYTHON",
            "UNPAIR_WEBHOOK",
            "UNPAIR_",
            "UNPAIR",
            "GUARD_MAX_RULES",
            "MY_UNPAIR_GUARD_MAX_RULES",
            "UNPÄIR_GUARD_MAX_RULES",
        ] {
            assert_eq!(read(name), Variable::Other, "{name}");
        }
    }

    #[test]
    fn a_name_that_sets_no_key_is_told_with_the_right_one() {
        for (name, right) in [
            ("UNPAIR_GUARD_MAX_RULES", "UNPAIR_GUARD__MAX_RULES"),
            ("UNPAIR_GUARDMAXRULES", "UNPAIR_GUARD__MAX_RULES"),
            ("unpair_guard__max_rules", "UNPAIR_GUARD__MAX_RULES"),
            ("Unpair_Guard__Protect", "UNPAIR_GUARD__PROTECT"),
            ("UNPAIR-GUARD.PROTECT", "UNPAIR_GUARD__PROTECT"),
            ("UNPAIR_ONLY_ACCOUNTS", "UNPAIR_GUARD__ONLY_ACCOUNTS"),
            ("UNPAIR_FRESH", "UNPAIR_GUARD__FRESH"),
            ("UNPAIR_ALIBABA_PROFILE", "UNPAIR_ALIBABA__PROFILE"),
            ("UNPAIR_AWS_EXTERNAL_ID", "UNPAIR_AWS__EXTERNAL_ID"),
            ("UNPAIR_AWS_LIMITS_RATE", "UNPAIR_AWS__LIMITS__RATE"),
            (
                "UNPAIR_ALIBABA_LIMITS_RevokeSecurityGroup_BURST",
                "UNPAIR_ALIBABA__LIMITS__REVOKESECURITYGROUP__BURST",
            ),
            ("UNPAIR_ACCOUNT_12_NAME", "UNPAIR_ACCOUNT__12__NAME"),
            ("UNPAIR_SANDBOX_WORLD", "UNPAIR_SANDBOX__WORLD"),
            // Nothing near: an example of the section.
            ("UNPAIR_GUARD", "UNPAIR_GUARD__MAX_RULES"),
            ("UNPAIR_GUARD_MAX_RULE", "UNPAIR_GUARD__MAX_RULES"),
            ("UNPAIR_ACCOUNTS", "UNPAIR_ACCOUNT__0__CLOUD"),
            ("UNPAIR_SANDBOX", "UNPAIR_SANDBOX__WORLD"),
            ("UNPAIR_NOTIFY_COMMAND", "no [notify]"),
        ] {
            let Variable::Misspelled(told) = read(name) else { panic!("{name}") };
            assert!(told.contains(right), "{name}: {told}");
        }
    }

    #[test]
    fn every_key_that_is_offered_is_one_and_none_is_missing() {
        for (section, keys) in KEYS {
            let path = variable(&[section, "nothing"]);
            let told = Config::from_text(None, [(path, "x".to_owned())], &Overrides::default());
            let told = told.expect_err("no such key").to_string();
            let known = told.split('`').filter(|part| keys.contains(part)).count();
            let offered = told.replace("`limits`", "").matches('`').count() / 2;
            // One pair of marks is for the key that is unknown.
            assert!(
                section.ends_with("limits") || (known == keys.len() && known + 1 == offered),
                "{told}"
            );
            for key in keys {
                assert_eq!(
                    spelling(&format!("unpair_{section}_{key}")),
                    Some(variable(&[section, key]))
                );
            }
        }
    }

    #[test]
    fn a_variable_of_ours_that_is_no_text_is_refused_and_others_are_left_out() {
        let bytes = |text: &[u8]| OsString::from_vec(text.to_vec());
        let read = |name: &[u8], value: &[u8]| environment([(bytes(name), bytes(value))]);
        for name in
            [&b"UNPAIR_GUARD__PROTECT"[..], b"UNPAIR_GUARD_PROTECT", b"unpair_guard__protect"]
        {
            let told = read(name, b"\xffsg-*").expect_err("no text").to_string();
            assert!(told.contains("not UTF-8"), "{told}");
        }
        let told = read(b"UNPAIR_GUARD__PROTECT\xff", b"sg-*").expect_err("no text").to_string();
        assert!(told.contains("not UTF-8"), "{told}");
        assert_eq!(read(b"HOME", b"/\xff").expect("of others"), []);
        assert_eq!(read(b"UNPAIR_JOURNAL", b"/\xff").expect("of others"), []);
    }
}
