//! How helpers are run: as whom, with which surroundings, tied to this program.
//!
//! Deliberately absent: shells, and anything of this program's environment that PostgreSQL has no need of. `PG*`
//! variables would redirect it, and this program's secrets are none of its business.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::Error;
use crate::sys;

/// Where Linux lets a process name its open files, whatever folders are closed above them.
const OPEN_FILES: &str = "/proc/self/fd";

/// `initdb` or `postgres` on a cluster, with `-D` already given.
///
/// Root's folders are often closed to the account that runs PostgreSQL. The cluster is then handed over as an open
/// folder, which needs no way through the folders above it.
pub(crate) fn on_cluster(
    binaries: &Binaries,
    program: &str,
    account: Option<&Account>,
    cluster: &Path,
    death_signal: i32,
) -> Result<Command, Error> {
    let mut command = Command::new(binaries.program(program));
    isolate(&mut command, binaries.libraries());
    let mut handle = None;
    let mut data = cluster.to_path_buf();
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
        if Path::new(OPEN_FILES).exists() {
            let file = File::open(cluster).map_err(Error::io("open", cluster))?;
            data = Path::new(OPEN_FILES).join(file.as_raw_fd().to_string());
            handle = Some(file);
        } else if let Some(closed) = account.closed_folder(cluster) {
            return Err(unreachable(cluster, closed, account));
        }
    }
    command.arg("-D").arg(&data);
    sys::tie_to_this_thread(&mut command, death_signal, handle);
    Ok(command)
}

/// A PostgreSQL program that touches no cluster, such as `postgres --version`.
pub(crate) fn bare(program: &Path, libraries: &[PathBuf]) -> Command {
    let mut command = Command::new(program);
    isolate(&mut command, libraries);
    sys::tie_to_this_thread(&mut command, libc::SIGKILL, None);
    command
}

/// A tool of the system, such as `apt-get`, which may need proxies and the like from the environment.
pub(crate) fn tool(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"PG") {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C").stdin(Stdio::null()).process_group(0);
    sys::tie_to_this_thread(&mut command, libc::SIGKILL, None);
    command
}

/// Runs a tool to its end and returns what it wrote, or the reason why it failed.
pub(crate) fn output(mut command: Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let log = last_lines(&String::from_utf8_lossy(&output.stderr), 5);
    Err(format!("{name} failed ({}): {}", output.status, log.replace('\n', "; ")))
}

pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// Replaces the name under which a program knew the cluster by the one that its user knows.
pub(crate) fn with_real_names(log: &str, cluster: &Path) -> String {
    let mut rest = log;
    let mut named = String::with_capacity(log.len());
    while let Some((before, after)) = rest.split_once(OPEN_FILES) {
        named.push_str(before);
        named.push_str(&cluster.to_string_lossy());
        let number = after.strip_prefix('/').unwrap_or(after);
        rest = number.trim_start_matches(|character: char| character.is_ascii_digit());
    }
    named.push_str(rest);
    named
}

/// `LD_LIBRARY_PATH` for binaries that bring their own libraries.
pub(crate) fn library_path(libraries: &[PathBuf]) -> Option<OsString> {
    if libraries.is_empty() { None } else { env::join_paths(libraries).ok() }
}

fn isolate(command: &mut Command, libraries: &[PathBuf]) {
    let path = env::var_os("PATH").unwrap_or_else(|| OsStr::new("/usr/bin:/bin").to_owned());
    command.env_clear().env("PATH", path).env("LC_ALL", "C");
    if let Some(path) = library_path(libraries) {
        command.env(if cfg!(target_os = "macos") { "DYLD_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" }, path);
    }
    // In a group of its own, so that Ctrl-C reaches this program only, which then stops it in good order.
    command.current_dir("/").stdin(Stdio::null()).process_group(0);
}

fn unreachable(cluster: &Path, closed: PathBuf, account: &Account) -> Error {
    let folder = cluster.parent().unwrap_or(cluster).to_path_buf();
    Error::Unreachable { folder, closed, account: account.name.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_speaks_of_the_folder_that_the_user_knows() {
        let log = "FATAL: \"/proc/self/fd/12/postgresql.conf\" and /proc/self/fd/12";
        let named = with_real_names(log, Path::new("/data/cluster"));
        assert_eq!(named, "FATAL: \"/data/cluster/postgresql.conf\" and /data/cluster");
    }

    #[test]
    fn last_lines_skips_blank_ones() {
        assert_eq!(last_lines("a\n\nb\nc\n \n", 2), "b\nc");
        assert_eq!(last_lines("", 2), "");
    }
}
