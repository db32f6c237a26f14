//! Public tools in Python that look at what the program answers. They are installed on first use, under the target folder,
//! from `python/requirements.txt`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::database::root;

/// What is missing where they cannot be run.
const WHAT_TO_INSTALL: &str =
    "the tests of maps and of open data need Python 3.10 or newer with venv: the package python3-venv";

/// The folder of the scripts.
fn sources() -> PathBuf {
    root().join("tests/support/python")
}

fn ran(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{WHAT_TO_INSTALL} ({error})"))
}

fn succeeds(command: &mut Command) -> Output {
    let output = ran(command);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {out}{err}");
    output
}

/// The virtual environment. It is made when it is missing or not that of the list; of several processes that want it, the
/// others wait for the first.
fn environment() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    fs::create_dir_all(&folder).expect("a folder for the packages");
    let guard = File::create(folder.join("lock")).expect("a lock file");
    guard.lock().expect("a lock");
    let list = sources().join("requirements.txt");
    let wanted = fs::read_to_string(&list).expect("requirements.txt");
    let (environment, installed) = (folder.join("venv"), folder.join("installed.txt"));
    if fs::read_to_string(&installed).is_ok_and(|present| present == wanted) {
        return environment;
    }
    succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"];
    succeeds(Command::new(environment.join("bin/python")).args(pip).arg(&list));
    fs::write(installed, wanted).expect("the mark of an installation");
    environment
}

/// Runs a script of the folder to its end, and gives back what it printed; its failure is the test's.
pub async fn run(script: &str, arguments: &[&str]) -> String {
    let (script, arguments) =
        (sources().join(script), arguments.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
    let run = move || {
        let mut command = Command::new(environment().join("bin/python"));
        // Nothing is asked but the server of the test.
        command.arg(script).args(arguments).env("NO_PROXY", "*");
        String::from_utf8(succeeds(&mut command).stdout).expect("UTF-8")
    };
    tokio::task::spawn_blocking(run).await.expect("a script")
}
