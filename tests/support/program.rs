//! The program as a process of its own: the test binary, told so by its first argument.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::database::{root, seal_pem, token_pem};

/// How long a process may take to become ready, or to end.
const PATIENCE: Duration = Duration::from_mins(1);

/// A command line of the program. The environment is empty but for what is given here.
pub fn command(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("continuum").args(arguments).env_clear().current_dir(root());
    for name in ["PATH", "HOME", "TMPDIR", "PG_BIN"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.envs(environment.iter().copied());
    command
}

/// Runs a command of the program to its end.
pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    command(arguments, environment).stdin(Stdio::null()).output().unwrap()
}

/// What a command printed.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The keys of the tests, as the folder that a process reads.
pub fn keys_folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let private = fs::Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().permissions(private).tempdir().unwrap();
    fs::write(folder.path().join("token-signing.pem"), token_pem()).unwrap();
    fs::write(folder.path().join("audit-seal.pem"), seal_pem()).unwrap();
    // The base64 of the thirty-two sevens and eights that `sealing_keys` holds.
    fs::write(folder.path().join("residents.key"), "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=").unwrap();
    fs::write(folder.path().join("accounts.key"), "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=").unwrap();
    folder
}

/// The program, running.
pub struct Program {
    child: Child,
    folder: TempDir,
    pub ready: Value,
}

impl Program {
    /// Starts it, and waits until its ready file is there.
    pub fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ready = folder.path().join("ready.json");
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut command = command(arguments, environment);
        command.arg("--ready-file").arg(&ready).args(["--listen", "127.0.0.1:0"]);
        let child = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let mut program = Self { child, folder, ready: Value::Null };
        let began = Instant::now();
        while !ready.exists() {
            let ended = program.child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "{ended:?}: {}", program.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        program.ready = serde_json::from_slice(&fs::read(&ready).unwrap()).unwrap();
        program
    }

    pub fn base_url(&self) -> &str {
        self.ready["base_url"].as_str().unwrap()
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal, and waits for the end.
    pub fn end(mut self, signal: &str) -> ExitStatus {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already unless a test failed; then its own failure is the one to tell.
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// The pid of the private PostgreSQL of a data folder.
pub fn postgres_pid(data_dir: &Path) -> u32 {
    let file = fs::read_to_string(data_dir.join("postgres/cluster/postmaster.pid")).unwrap();
    file.lines().next().unwrap().parse().unwrap()
}

/// Whether a process runs.
pub fn runs(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}
