//! A real virus scanner: clamd, as a process of its own, whose only signature is that of the EICAR test file
//! (<https://www.eicar.org/download-anti-malware-testfile/>).

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use files::Address;
use tempfile::TempDir;

/// The EICAR test file.
pub const EICAR: &str = concat!(r"X5O!P%@AP[4\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*");

const WHAT_TO_INSTALL: &str =
    "the tests of the virus scanner need clamd: the package clamav-daemon of Debian and Ubuntu";

/// A running scanner. It ends with the handle.
pub struct Clamd {
    folder: TempDir,
    process: Option<Child>,
}

impl Clamd {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("database")).unwrap();
        let digit = |value: u8| char::from_digit(value.into(), 16);
        let signature: String = EICAR.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten().collect();
        fs::write(folder.path().join("database/eicar.ndb"), format!("Eicar-Test-Signature:0:*:{signature}\n")).unwrap();
        let path = folder.path().display();
        let configuration = format!(
            "Foreground yes\nDatabaseDirectory {path}/database\nLocalSocket {path}/socket\nStreamMaxLength 100M\n"
        );
        fs::write(folder.path().join("clamd.conf"), configuration).unwrap();
        let mut clamd = Self { folder, process: None };
        clamd.restart();
        clamd
    }

    pub fn address(&self) -> Address {
        Address::Socket(self.socket())
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Starts it again, and waits until it listens.
    pub fn restart(&mut self) {
        let program = ["/usr/sbin/clamd", "/usr/local/sbin/clamd"].into_iter().find(|path| fs::exists(path).unwrap());
        let mut command = Command::new(program.unwrap_or("clamd"));
        command.arg("--config-file").arg(self.folder.path().join("clamd.conf"));
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        let command = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap_or_else(|error| panic!("{WHAT_TO_INSTALL} ({error})"));
        let child = self.process.insert(child);
        let began = Instant::now();
        while UnixStream::connect(self.folder.path().join("socket")).is_err() {
            let ended = child.try_wait().unwrap();
            let log = || fs::read_to_string(self.folder.path().join("log")).unwrap();
            assert!(ended.is_none() && began.elapsed() < Duration::from_mins(1), "clamd does not start: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        self.stop();
    }
}
