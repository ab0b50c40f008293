use super::*;

fn profiles(selected: &str, config: &str, credentials: &str) -> Profiles {
    let mut profiles = Profiles::new(selected);
    profiles.add(File::Config, "config", config.as_bytes()).expect("text");
    profiles.add(File::Credentials, "credentials", credentials.as_bytes()).expect("text");
    profiles
}

#[test]
fn a_section_is_a_profile_where_the_official_tools_take_it_for_one() {
    let config = "[default]\nk = 1\n[profile a]\nk = 2\n[profile \"b c\"]\nk = 3\n[ profile  d ]\n\
        k = 4\n[profile\te]\nk = 5\n[f]\nk = 6\n[profile g h]\nk = 7\n[sso-session i]\nk = 8\n\
        [preview]\n[plugins]\nodd\n[DEFAULT]\nl = 9\n";
    let credentials = "[a]\nm = 1\n[j]\nk = 9\n[profile n]\nk = 10\n[DEFAULT]\nl = x\n";
    for (name, expected) in [
        ("default", Some("1")),
        ("a", Some("2")),
        ("b c", Some("3")),
        ("d", Some("4")),
        ("e", Some("5")),
        ("f", None),
        ("g", None),
        ("i", None),
        ("j", Some("9")),
        ("n", None),
        ("DEFAULT", None),
    ] {
        assert_eq!(profiles(name, config, credentials).get("k"), expected, "{name}");
    }
    let a = profiles("a", config, credentials);
    assert_eq!((a.get("l"), a.get("m")), (Some("9"), Some("1")));
    assert_eq!(profiles("j", config, credentials).get("l"), Some("x"));
}

#[test]
fn a_profile_that_is_not_there_is_told_with_what_may_be_meant() {
    let found = profiles("x", "[f]\nk = 1\n[preview]\n", "[profile n]\nk = 1\n");
    for (name, expected) in [
        ("f", "config:1 has `[f]`, expected `[profile f]`"),
        ("n", "credentials:1 has `[profile n]`, expected `[n]` in that file"),
        ("x", "`x` is in neither the AWS config nor credentials file"),
    ] {
        let error = found.defined(name).err().expect(name);
        assert!(error.message.contains(expected), "{error}");
    }
    let cut = profiles("x", "[profile x\nk = 1\n", "");
    let error = cut.defined("x").err().expect("no such section");
    assert!(error.message.contains("config:1: expected `]`"), "{error}");
}

#[test]
fn a_fault_stops_its_own_profile_alone() {
    let found = profiles("a", "[profile a]\nk = 1\n[profile b]\nodd\n", "[c]\n= 1\n[a]\nl = 2\n");
    assert!(found.defined("a").is_ok());
    for (name, expected) in [("b", "`b`: config:4: expected `key"), ("c", "`c`: credentials:2: ")] {
        let error = found.defined(name).err().expect(name);
        assert!(error.message.contains(expected), "{error}");
    }
}

#[test]
fn a_key_is_taken_whole_from_the_credentials_file() {
    let config = "[default]\naws_access_key_id = OLD\naws_secret_access_key = o\n\
        aws_session_token = stale\nregion = eu-west-1\n";
    let credentials = "[default]\naws_access_key_id = NEW\naws_secret_access_key = n\n";
    let found = profiles("default", config, credentials);
    let parts = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region"];
    let expected = [Some("NEW"), Some("n"), None, Some("eu-west-1")];
    assert_eq!(parts.map(|key| found.get(key)), expected);
    let old = format!("{credentials}aws_security_token = t\n");
    assert_eq!(profiles("default", "", &old).get("aws_session_token"), Some("t"));
}

#[test]
fn a_key_that_cannot_be_is_told_by_its_place_and_never_by_its_value() {
    for (text, expected) in [
        (
            "aws_access_key_id = s3cret",
            "credentials:2: `aws_access_key_id` stands there, expected `aws_secret",
        ),
        ("aws_secret_access_key = s3cret", "expected `aws_access_key_id` beside it"),
        (
            "aws_access_key_id = \"s3cret\"\naws_secret_access_key = s",
            "credentials:2: `aws_access_key_id` is in quotation marks",
        ),
        (
            "aws_access_key_id = A\naws_secret_access_key = s3 cret",
            "credentials:3: `aws_secret_access_key` has a blank",
        ),
        (
            "aws_access_key_id = s3cret\n  aws_secret_access_key = s3",
            "`aws_access_key_id` stands there",
        ),
        (
            "aws_secret_access_key = s3\n aws_access_key_id = A\naws_access_key_id = A",
            "`aws_secret_access_key` goes on in the next line",
        ),
        (
            "aws_access_key_id = A\naws_secret_access_key = s\naws_session_token = s3\u{200b}",
            "credentials:4: `aws_session_token` has the character U+200B",
        ),
    ] {
        let found = profiles("default", "", &format!("[default]\n{text}\n"));
        let error = found.defined("default").and_then(Profile::check_keys).expect_err(expected);
        assert!(error.message.contains(expected) && !error.message.contains("s3"), "{error}");
    }
}
