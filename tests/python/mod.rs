//! Python programs that the tests run beside this one, installed with pinned versions into `.awsemu/` on
//! first use. A part that is missing fails the test: it is never skipped.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// One installation at a time, whatever number of tests want it.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Installs packages unless they are there; the folder of their programs. `name` is a folder in `.awsemu/`,
/// empty for `.awsemu/` itself.
pub fn installed(name: &str, packages: &[&str]) -> PathBuf {
    let _one = INSTALLING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(".awsemu").join(name);
    let (bin, marker, wanted) = (root.join("bin"), root.join("installed"), packages.join("\n"));
    if std::fs::read_to_string(&marker).is_ok_and(|have| have == wanted) {
        return bin;
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&root), "python3 -m venv: Python 3.11 or later with venv is needed");
    run(Command::new(bin.join("pip")).args(["install", "-q"]).args(packages), "pip install: the package index must be reachable once");
    std::fs::write(marker, wanted).unwrap();
    bin
}

fn run(command: &mut Command, what: &str) {
    let output = command.output().unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(output.status.success(), "{what}:\n{}", String::from_utf8_lossy(&output.stderr));
}
