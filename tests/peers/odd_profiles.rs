//! Odd files of profiles: `unpair` takes the key that botocore takes, or more, as told here.

use serde_json::Value;

use crate::sandbox_server::Sandbox;
use crate::support::{Ran, succeed};

const HUB: &str = "111111111111";

/// What the two make of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// Both take the key of the profile.
    Both,
    /// Neither does.
    Neither,
    /// botocore refuses both files for what is a fault of another profile, or none at all.
    OursAlone,
}

use Takes::{Both, Neither, OursAlone};

/// What is odd, what comes of it, `config`, `credentials`; `@KEY` stands for the two lines of the key.
const CASES: [(&str, Takes, &str, &str); 24] = [
    ("keys in config", Both, "[profile p]\n@KEY", ""),
    ("keys in credentials", Both, "", "[p]\n@KEY"),
    ("no prefix in config", Neither, "[p]\n@KEY", ""),
    ("a prefix in credentials", Neither, "", "[profile p]\n@KEY"),
    ("CRLF", Both, "[profile p]\r\nregion = us-east-1\r\n", "[p]\r\n@KEY"),
    ("tabs", Both, "[profile\tp]\nregion\t=\tus-east-1\n", "[p]\n@KEY"),
    ("colons", Both, "[profile p]\naws_access_key_id: @ID\naws_secret_access_key: @SECRET\n", ""),
    (
        "capitals",
        Both,
        "[profile p]\nAWS_Access_Key_ID = @ID\nAWS_SECRET_ACCESS_KEY = @SECRET\n",
        "",
    ),
    ("quotation marks around a name", Both, "[profile 'p']\n@KEY", ""),
    (
        "every line indented",
        Both,
        "[profile p]\n  aws_access_key_id = @ID\n  aws_secret_access_key = @SECRET\n",
        "",
    ),
    (
        "indented lines of another profile",
        Both,
        "[profile q]\n  region = us-east-1\n  output = json\n[profile p]\n@KEY",
        "",
    ),
    ("comments", Both, "# c\n[profile p] # c\n  ; c\n@KEY# c\n", ""),
    (
        "sections of tools",
        Both,
        "[preview]\ncloudfront = true\n[plugins]\na = b\n[sso-session s]\nsso_region = us-east-1\n[services t]\ns3 =\n  endpoint_url = u\n[profile p]\n@KEY",
        "",
    ),
    (
        "a section in a profile",
        Both,
        "[profile p]\ns3 =\n  max_concurrent_requests = 20\n\n  use_accelerate_endpoint = true\n@KEY",
        "",
    ),
    ("values for all", Both, "[DEFAULT]\n@KEY[profile p]\nregion = us-east-1\n", ""),
    (
        "a stale token beside the key of the other file",
        Both,
        "[profile p]\naws_session_token = stale\n",
        "[p]\n@KEY",
    ),
    ("half a key", Neither, "[profile p]\naws_access_key_id = @ID\n", ""),
    ("a line without = in the profile", Neither, "[profile p]\n@KEYodd\n", ""),
    (
        "a value that goes on by mistake",
        Neither,
        "[profile p]\naws_access_key_id = @ID\n  aws_secret_access_key = @SECRET\n",
        "",
    ),
    ("a line without = in another profile", OursAlone, "[profile p]\n@KEY[profile q]\nodd\n", ""),
    ("a byte order mark", OursAlone, "", "\u{feff}[p]\n@KEY"),
    ("a section twice", OursAlone, "[profile p]\nregion = us-east-1\n[profile p]\n@KEY", ""),
    ("a key twice", OursAlone, "[profile p]\nregion = us-east-1\nregion = eu-west-1\n@KEY", ""),
    ("lines before the first section", OursAlone, "region = us-east-1\n[profile p]\n@KEY", ""),
];

#[test]
#[ignore = "needs UNPAIR_PEERS_PYTHON, which tests/all.sh sets"]
fn odd_files_of_profiles_are_taken_where_botocore_takes_them() {
    let sandbox = Sandbox::start();
    let [id, secret] = sandbox.key(HUB);
    let aws = sandbox.url("aws");
    sandbox.home.write(
        "unpair.toml",
        &format!(
            "[aws]\nec2_endpoint = '{aws}'\nsts_endpoint = '{aws}'\n\
         [[account]]\ncloud = 'aws'\nid = '{HUB}'\nprofile = 'p'\n"
        ),
    );
    let key = format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
    let files = tempfile::tempdir().expect("a folder");
    let folders: Vec<_> = (0..CASES.len()).map(|n| files.path().join(n.to_string())).collect();
    for (folder, (_, _, config, credentials)) in folders.iter().zip(CASES) {
        let fill =
            |text: &str| text.replace("@KEY", &key).replace("@ID", id).replace("@SECRET", secret);
        std::fs::create_dir(folder).expect("a writable folder");
        std::fs::write(folder.join("config"), fill(config)).expect("a writable folder");
        std::fs::write(folder.join("credentials"), fill(credentials)).expect("a writable folder");
    }
    let botocore = succeed(sandbox.python.script("profiles.py").args(&folders)).stdout;
    let botocore = String::from_utf8(botocore).expect("text");
    for ((folder, (odd, expected, ..)), line) in folders.iter().zip(CASES).zip(botocore.lines()) {
        let mut unpair = sandbox.home.unpair(["accounts", "--format", "json"]);
        unpair.env("AWS_CONFIG_FILE", folder.join("config"));
        unpair.env("AWS_SHARED_CREDENTIALS_FILE", folder.join("credentials"));
        let ran = Ran::of(unpair.env("AWS_EC2_METADATA_DISABLED", "true"));
        let state = ran.json.as_array().and_then(|all| all.first()).map(|one| &one["state"]);
        let takes = match (line == id, state == Some(&Value::from("ok"))) {
            (true, true) => Both,
            (false, false) => Neither,
            (false, true) => OursAlone,
            (true, false) => panic!("{odd}: botocore alone takes it: {}", ran.json),
        };
        assert_eq!(takes, expected, "{odd}: {line}: {}", ran.json);
        assert!(line == id || line == "-", "{odd}: {line}");
    }
    assert_eq!(botocore.lines().count(), CASES.len());
}
