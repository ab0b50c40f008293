//! The HTML report in a real browser. `UNPAIR_CHROMIUM` names a Chromium; without it there is
//! nothing to see, and the test says so.

#[path = "support/canaries.rs"]
mod canaries;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A note that would take over a page that let it.
const HOSTILE: &str = "<img src=x onerror=document.title=1><script>document.title=2</script>";

/// The file of the embedded clouds, which holds their keys.
const SANDBOX: &str = "unpair.db.sandbox.json";

/// A folder in which a run has ended: one pair severed, one with a partner.
fn finished_run() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = format!(
        "region,account_a,group_a,account_b,group_b,note\n\
         cn-beijing,a@aliyun.com,sg-bp1azkttqpldxgtedXXX,b@aliyun.com,sg-bp15ed6xe1yxeycg7XXX,\n\
         cn-hangzhou,1234567890123401,sg-hz0partner0000000a4,1234567890123403,\
         sg-hz0partner0000000p4,{HOSTILE}\n"
    );
    fs::write(folder.path().join("pairs.csv"), manifest).expect("a manifest");
    unpair(folder.path(), &["revoke", "pairs.csv", "--sandbox", "--yes"]);
    folder
}

fn unpair(folder: &Path, args: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unpair"));
    let output = canaries::plant(command.args(args).current_dir(folder)).output();
    let output = output.expect("the program");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "unpair {args:?}: {said}");
    canaries::assert_none("what is printed", &[output.stdout, output.stderr].concat());
    canaries::assert_none_below(folder, &[SANDBOX]);
}

/// The document as `chromium` holds it after loading `page` and running what it lets run.
fn dom(chromium: &str, folder: &Path, page: &str) -> String {
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-dev-shm-usage", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("browser").display()))
        .arg(format!("file://{}", folder.join(page).display()))
        .stderr(Stdio::null())
        .output()
        .expect("a Chromium");
    assert!(output.status.success(), "{chromium}: {}", output.status);
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_browser_shows_the_report_and_runs_nothing_of_it() {
    let Some(chromium) = std::env::var("UNPAIR_CHROMIUM").ok().filter(|path| !path.is_empty())
    else {
        println!("UNPAIR_CHROMIUM names no browser: not seen in one");
        return;
    };
    let folder = finished_run();
    unpair(folder.path(), &["report", "--format", "html", "--output", "report.html"]);
    let dom = dom(&chromium, folder.path(), "report.html");
    assert!(dom.contains("2 pairs: 1 severed, 1 ours severed · 3 rules: 3 removed</h1>"), "{dom}");
    assert!(dom.contains("<title>unpair report</title>"), "a script has run");
    assert!(!dom.contains("<img") && !dom.contains("<script"), "markup from outside");
    assert!(dom.contains("&lt;img src=x onerror=document.title=1&gt;"), "the note as it is");
    assert_eq!(dom.matches("<tr class=\"removed\">").count(), 3, "a row a rule");
    assert_eq!(dom.matches("<tr class=\"ours_severed\">").count(), 1, "a row a pair");
    assert_eq!(
        dom.matches("aliyun ecs RevokeSecurityGroup").count(),
        2,
        "the owner's commands, one a direction"
    );
    assert_eq!(dom.matches("<tr").count(), dom.matches("</tr>").count(), "whole tables");
}
