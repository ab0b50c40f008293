//! Small C libraries that are preloaded into the unmodified program, compiled when a test needs one.

use std::path::Path;
use std::process::Command;

/// Compiles `tests/durability/NAME` and returns where the library is; `None`, told, where there is
/// no C compiler or no preloading.
pub(crate) fn library(name: &str) -> Option<String> {
    if !cfg!(target_os = "linux") {
        println!("skipped: preloading is tried on Linux alone");
        return None;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/durability").join(name);
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).with_extension("so");
    let compiled = Command::new("cc")
        .args(["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .output();
    let Ok(output) = compiled else {
        println!("skipped: there is no C compiler");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(library.into_os_string().into_string().expect("the target folder is text"))
}
