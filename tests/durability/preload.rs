//! A small C library that is preloaded into the unmodified program, compiled when a test needs it.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// Where the library made of `disk.c` is; `None`, told, where there is no C compiler or no
/// preloading.
pub(crate) fn disk() -> Option<&'static str> {
    static DISK: OnceLock<Option<String>> = OnceLock::new();
    let disk = DISK.get_or_init(compiled).as_deref();
    if disk.is_none() {
        println!("skipped: needs Linux and a C compiler");
    }
    disk
}

fn compiled() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/durability/disk.c");
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("disk.so");
    let output = Command::new("cc")
        .args(["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .output()
        .ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(library.into_os_string().into_string().expect("the target folder is text"))
}
