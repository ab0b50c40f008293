//! Mode External: a command of a profile writes the key.

use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::kept::Kept;
use super::source::{External, config};
use crate::cloud::{CloudError, ErrorClass, child, scarce};

/// How long a command may take; the official tools wait as long.
const LONGEST: Duration = Duration::from_mins(1);

/// Runs the command: its words are split as a shell does, and no shell runs it.
pub(super) async fn key(external: &External) -> Result<Kept, CloudError> {
    let words = shlex::split(external.command.expose_secret()).filter(|words| !words.is_empty());
    let words = words.ok_or_else(|| {
        config(format!("{}: a quotation mark is not closed, or there is no command", external.from))
    })?;
    let failed = |why: String| {
        let message = format!("{}: `{}` {why}", external.from, words[0]);
        CloudError::local(ErrorClass::Credential, "process_command", message)
    };
    let ran = tokio::time::timeout(LONGEST, child::run(&words)).await;
    let ran = ran.map_err(|_| failed(format!("did not end within {} s", LONGEST.as_secs())))?;
    let (status, written) = ran.map_err(|error| {
        scarce::of_start(&error).unwrap_or_else(|| failed(format!("does not run: {error}")))
    })?;
    if !status.success() {
        return Err(failed(child::ended(status)));
    }
    Kept::of_command(&written).map_err(|why| failed(format!("gives no credentials: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn external(command: &str) -> External {
        External {
            command: command.to_owned().into(),
            from: "profile `x`: `process_command`".into(),
        }
    }

    async fn refusal(command: &str) -> CloudError {
        key(&external(command)).await.err().expect(command)
    }

    #[tokio::test]
    async fn the_words_of_a_command_are_split_as_a_shell_does_and_no_shell_runs_it() {
        let written = r#"{"mode":"AK","access_key_id":"A;$HOME","access_key_secret":"s"}"#;
        let kept = key(&external(&format!("printf '%s' '{written}'"))).await.expect("a key");
        assert_eq!(kept.key.id, "A;$HOME");
    }

    #[tokio::test]
    async fn a_command_that_gives_no_key_is_told_without_its_arguments_and_what_it_wrote() {
        for (command, expected) in [
            ("sh -c 'echo s3cret; exit 3' s3cret", "`sh` ended with exit code 3"),
            ("echo s3cret", "`echo` gives no credentials: expected one JSON object"),
            ("no-such-program-anywhere s3cret", "does not run"),
        ] {
            let error = refusal(command).await;
            assert_eq!(error.class, ErrorClass::Credential);
            let told = &error.message;
            assert!(told.contains(expected) && !told.contains("s3cret"), "{told}");
            assert!(told.starts_with("profile `x`: `process_command`"), "{told}");
        }
        for command in ["echo 's3cret", ""] {
            let error = refusal(command).await;
            assert_eq!(error.class, ErrorClass::Config);
            assert!(!error.message.contains("s3cret"), "{error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_that_does_not_end_is_given_up() {
        let error = refusal("sleep 600").await;
        assert!(error.message.contains("`sleep` did not end within 60 s"), "{error}");
    }
}
