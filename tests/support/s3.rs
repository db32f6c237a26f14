//! An S3-compatible object store, as a process of its own: `s3rver`. It needs Node.js, like [`super::oidc`].

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use files::{Place, S3};
use tempfile::TempDir;

use super::node::{WHAT_TO_INSTALL, modules, sources};

/// A running object store, which keeps its objects in a folder. It ends with the handle.
pub struct ObjectStore {
    process: Child,
    folder: TempDir,
    port: u16,
}

impl ObjectStore {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("node");
        command.arg(sources("s3").join("server.mjs")).arg(modules("s3")).arg(folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{WHAT_TO_INSTALL} ({error})"));
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|_| panic!("the object store does not start. {WHAT_TO_INSTALL}"));
        Self { process, folder, port }
    }

    /// Its bucket.
    pub fn place(&self, prefix: &str) -> Place {
        Place::S3(S3 {
            bucket: "continuum".to_owned(),
            prefix: prefix.to_owned(),
            endpoint: Some(format!("http://127.0.0.1:{}", self.port)),
            region: None,
            access_key_id: "S3RVER".into(),
            secret_access_key: "S3RVER".into(),
        })
    }

    /// Where its objects are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn stop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.process.kill().unwrap();
            self.process.wait().unwrap();
        }
    }
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        self.stop();
    }
}
