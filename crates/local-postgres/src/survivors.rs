//! What an earlier server may have left: processes, lock files, sockets, shared memory.
//!
//! A pid in a lock file proves nothing, as it may belong to another process by now. A survivor is a process called
//! `postgres` whose working folder is the cluster, which a server never leaves.
//!
//! Deliberately absent: any look at who started the survivor. The folder's lock is ours by now.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::sys;

/// Signals to send in turn, each with the time given to the processes to end; 0 is no signal.
type Steps = [(i32, Duration)];

/// For data that is kept: wait for a shutdown under way, then ask for one, then insist.
const GENTLE: [(i32, Duration); 4] = [
    (0, Duration::from_secs(10)),
    (libc::SIGINT, Duration::from_secs(30)),
    (libc::SIGQUIT, Duration::from_secs(10)),
    (libc::SIGKILL, Duration::from_secs(10)),
];

/// For data that nobody wants any more; left a moment, most end by themselves and clean up behind them.
const BRIEF: [(i32, Duration); 3] =
    [(0, Duration::from_secs(2)), (libc::SIGQUIT, Duration::from_secs(5)), (libc::SIGKILL, Duration::from_secs(10))];

const PAUSE: Duration = Duration::from_millis(20);

/// Ends every server process of the cluster and clears the files that would keep a new server from starting.
pub(crate) fn clear(cluster: &Path) -> Result<(), Error> {
    clear_by(cluster, &GENTLE)
}

/// Like [`clear`], for data that will never be started again: a next server would have freed the shared memory.
pub(crate) fn clear_for_good(cluster: &Path) -> Result<(), Error> {
    let segment = shared_memory(cluster);
    clear_by(cluster, &BRIEF)?;
    if let Some((key, id)) = segment {
        sys::remove_shared_memory(key, id);
    }
    Ok(())
}

fn clear_by(cluster: &Path, steps: &Steps) -> Result<(), Error> {
    if !cluster.is_dir() {
        return Ok(());
    }
    match end_processes(cluster, steps) {
        Ok(pids) if pids.is_empty() => {
            for name in ["postmaster.pid", ".s.PGSQL.5432", ".s.PGSQL.5432.lock"] {
                remove_file(&cluster.join(name))?;
            }
            Ok(())
        }
        Ok(pids) => Err(Error::Survivors { folder: cluster.to_path_buf(), pids }),
        // PostgreSQL then judges its lock file by itself.
        Err(error) => {
            tracing::debug!(%error, "cannot tell which processes use the data folder");
            Ok(())
        }
    }
}

/// Key and id of the server's System V segment: line 7 of its lock file.
fn shared_memory(cluster: &Path) -> Option<(i32, i32)> {
    let lock = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let mut numbers = lock.lines().nth(6)?.split_whitespace();
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Returns the processes that outlived every step.
fn end_processes(cluster: &Path, steps: &Steps) -> io::Result<Vec<i32>> {
    let mut pids = running_in(cluster)?;
    for (signal, patience) in steps {
        if pids.is_empty() {
            return Ok(pids);
        }
        tracing::warn!(?pids, signal, "an earlier PostgreSQL still uses the data folder");
        let deadline = Instant::now() + *patience;
        if *signal != 0 {
            for pid in &pids {
                sys::signal(*pid, *signal);
            }
        }
        while !pids.is_empty() && Instant::now() < deadline {
            thread::sleep(PAUSE);
            pids = running_in(cluster)?;
        }
    }
    Ok(pids)
}

#[cfg(target_os = "linux")]
fn running_in(cluster: &Path) -> io::Result<Vec<i32>> {
    use std::os::unix::fs::MetadataExt;

    let cluster = fs::metadata(cluster)?;
    let mut pids = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // Processes end while this looks at them: what cannot be read is none of ours.
        let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        let Ok(folder) = fs::metadata(entry.path().join("cwd")) else {
            continue;
        };
        if name.trim_end() == "postgres" && (folder.dev(), folder.ino()) == (cluster.dev(), cluster.ino()) {
            pids.push(pid);
        }
    }
    Ok(pids)
}

/// Without `/proc`: `lsof` lists the working folder of every process called `postgres`.
#[cfg(not(target_os = "linux"))]
fn running_in(cluster: &Path) -> io::Result<Vec<i32>> {
    let mut lsof = std::process::Command::new("lsof");
    lsof.args(["-a", "-c", "postgres", "-d", "cwd", "-Fpn"]);
    let listing = String::from_utf8_lossy(&lsof.output()?.stdout).into_owned();
    Ok(in_listing(&listing, &cluster.canonicalize()?))
}

/// `p` lines give a pid, `n` lines the folder of the last pid.
#[cfg(any(test, not(target_os = "linux")))]
fn in_listing(listing: &str, cluster: &Path) -> Vec<i32> {
    let mut pids = Vec::new();
    let mut current: Option<i32> = None;
    for line in listing.lines() {
        if let Some(pid) = line.strip_prefix('p') {
            current = pid.parse().ok();
        } else if line.strip_prefix('n').is_some_and(|folder| Path::new(folder) == cluster) {
            pids.extend(current);
        }
    }
    pids
}

fn remove_file(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_read_from_lsof() {
        let listing = "p12\nfcwd\nn/data/cluster\np13\nfcwd\nn/data/other\np14\nfcwd\nn/data/cluster\n";
        assert_eq!(in_listing(listing, Path::new("/data/cluster")), [12, 14]);
    }

    #[test]
    fn a_process_that_is_not_postgres_is_no_survivor() {
        let own = std::env::current_dir().unwrap();
        assert!(running_in(&own).unwrap().is_empty());
    }
}
