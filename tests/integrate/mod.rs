//! Other programs, as their authors write them: against the program as it runs, with what the documentation tells them.

mod client;
mod mirror;
mod page;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::Test;
use crate::support::caller::Caller;
use crate::support::city::email;
use crate::support::database::{Database, PASSWORD};
use crate::support::program::{Program, keys_folder, said};
use crate::support::{node, python};

pub fn tests() -> Vec<Test> {
    [client::tests(), mirror::tests(), page::tests()].into_iter().flatten().collect()
}

/// A city whose program is a process of its own.
struct Town {
    program: Program,
    /// What it stands on, as long as it runs.
    _database: Database,
    _keys: tempfile::TempDir,
    data: tempfile::TempDir,
}

impl Town {
    /// Amiens, with nothing in it yet. Webhooks may go to this machine.
    async fn start(options: &[&str]) -> Self {
        let (database, keys, data) = (Database::cloned().await, keys_folder(), tempfile::tempdir().unwrap());
        let environment = [
            ("DATABASE_URL", database.url()),
            ("CONTINUUM_KEYS_DIR", keys.path().display().to_string()),
            ("CONTINUUM_DATA_DIR", data.path().display().to_string()),
        ];
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let serve = ["serve", "--metrics-listen", "127.0.0.1:0", "--webhook-private-target", "127.0.0.1/32"];
        let program = Program::start(&[&serve[..], options].concat(), &environment);
        Self { program, _database: database, _keys: keys, data }
    }

    fn url(&self) -> &str {
        self.program.base_url()
    }

    /// Logs somebody in, by the part of the address before the @.
    async fn login(&self, who: &str) -> Caller {
        let body = json!({ "email": email(who), "password": PASSWORD });
        let session = Caller::new(self.url(), None).post("/v1/sessions", &body).await.created();
        Caller::new(self.url(), session["access_token"].as_str())
    }

    /// Where each e-mail becomes a file.
    fn mail(&self) -> PathBuf {
        self.data.path().join("mail")
    }

    fn stop(self) {
        assert!(self.program.end("-TERM").success());
    }
}

/// A folder in which programs are written that use the packages of `tests/support/integrate`.
fn workshop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(node::modules("integrate").join("node_modules"), folder.path().join("node_modules"))
        .unwrap();
    std::fs::copy(node::sources("integrate").join("package.json"), folder.path().join("package.json")).unwrap();
    folder
}

/// A command in that folder, which finds those packages.
fn command(program: &str, folder: &Path) -> Command {
    let modules = folder.join("node_modules/.bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = [modules, python::packages("integrate")].into_iter().chain(std::env::split_paths(&path));
    let mut command = Command::new(program);
    command.current_dir(folder).env("PATH", std::env::join_paths(path).unwrap());
    command.env("PYTHONUNBUFFERED", "1").env("REDOCLY_TELEMETRY", "off");
    command
}

/// Runs a command to its good end. Returns what it printed.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Waits until something is there.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    wait(look).await.unwrap_or_else(|| panic!("not within two minutes: {what}"))
}

/// What is there within two minutes.
async fn wait<T>(mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let began = std::time::Instant::now();
    while began.elapsed().as_secs() < 120 {
        if let Some(found) = look().await {
            return Some(found);
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    None
}

/// The tickets of a service, the newest first.
async fn tickets(who: &Caller, service: &str) -> Vec<Value> {
    let page = who.get(&format!("/v1/tickets?limit=200&service={service}")).await.ok();
    page["items"].as_array().unwrap().clone()
}
