//! Python for programs that the tests run, with packages of `PyPI`: installed on first use, under the target folder, from a
//! `requirements.txt` that names every version.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::install;
use super::node::sources;

/// What is missing where Python cannot be started.
const WHAT_TO_INSTALL: &str = "the tests of other programs need Python 3.10 or newer with venv: Debian's python3-venv";

/// The folder of `python3` and the programs of the packages.
pub fn packages(of: &str) -> PathBuf {
    let requirements = sources(of).join("requirements.txt");
    let wanted = fs::read_to_string(&requirements).expect("requirements.txt");
    let folder = install::once(&format!("{of}-python"), &wanted, |folder| {
        let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder.join("venv")).output();
        let made = made.unwrap_or_else(|error| panic!("{WHAT_TO_INSTALL} ({error})"));
        assert!(made.status.success(), "{WHAT_TO_INSTALL}: {}", String::from_utf8_lossy(&made.stderr));
        let mut pip = Command::new(folder.join("venv/bin/python3"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"])
            .arg(&requirements);
        let output = pip.output().expect("pip");
        assert!(output.status.success(), "pip install: {}", String::from_utf8_lossy(&output.stderr));
    });
    folder.join("venv/bin")
}

/// Runs a script of `support/python`, which holds public tools against what the program answers, and gives back what it
/// printed; its failure is the test's.
pub async fn run(script: &str, arguments: &[&str]) -> String {
    let script = sources("python").join(script);
    let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
    let run = move || {
        let mut command = Command::new(packages("python").join("python3"));
        // Nothing is asked but the server of the test.
        command.arg(script).args(arguments).env("NO_PROXY", "*").stdin(Stdio::null());
        let output = command.output().expect("a script");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{command:?}: {out}{err}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    tokio::task::spawn_blocking(run).await.expect("a script")
}
