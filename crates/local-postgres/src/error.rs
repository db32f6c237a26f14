//! What can go wrong, in words that say what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a private PostgreSQL could not be found, started or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No usable PostgreSQL on this machine, and none could be fetched.
    #[error(
        "no PostgreSQL {} or newer is at hand; install one, or set PG_BIN to the folder of its binaries:\n{}",
        crate::OLDEST_MAJOR,
        indent(.tried)
    )]
    NoBinaries {
        /// Each place or way that was tried, and why it failed.
        tried: Vec<String>,
    },

    /// `PG_BIN` names a folder whose binaries cannot be used.
    #[error("PG_BIN={}: {reason}", .folder.display())]
    PgBin {
        /// The value of `PG_BIN`.
        folder: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// Another program, or another part of this one, runs a server on the folder.
    #[error(
        "the data folder {} is in use by {}: stop it, or choose another folder",
        .folder.display(),
        holder(*.pid)
    )]
    Held {
        /// The data folder.
        folder: PathBuf,
        /// The process that holds it, when it said so.
        pid: Option<u32>,
    },

    /// The data was written by a major version of PostgreSQL that is not at hand.
    #[error(
        "the data folder {} was made by PostgreSQL {made_by}, but {} is PostgreSQL {version}: \
         set PG_BIN to the binaries of PostgreSQL {made_by}, or choose another folder",
        .folder.display(),
        .binary.display()
    )]
    OtherMajor {
        /// The data folder.
        folder: PathBuf,
        /// Content of its `PG_VERSION`.
        made_by: String,
        /// The server binary that would have been used.
        binary: PathBuf,
        /// Version of that binary.
        version: String,
    },

    /// There is a cluster of which a part is missing, its version at least: it is neither used nor replaced.
    #[error(
        "{} holds data, but no PG_VERSION: bring a backup back into it, whole, or remove it to begin anew, without the data",
        .folder.display()
    )]
    Damaged {
        /// The cluster.
        folder: PathBuf,
    },

    /// The program is root, and the account that must run PostgreSQL cannot reach the data folder.
    #[error(
        "PostgreSQL must run as {account} but that account cannot enter {}, above the data folder {}: \
         choose another data folder, or allow it with `chmod o+x`",
        .closed.display(),
        .folder.display()
    )]
    Unreachable {
        /// The data folder.
        folder: PathBuf,
        /// The folder on the way that is closed.
        closed: PathBuf,
        /// The account that must run PostgreSQL.
        account: String,
    },

    /// Processes of an earlier server still use the folder and cannot be ended.
    #[error("an earlier PostgreSQL still runs in {} and cannot be ended: processes {pids:?}", .folder.display())]
    Survivors {
        /// The data folder.
        folder: PathBuf,
        /// Its processes.
        pids: Vec<i32>,
    },

    /// `initdb` or `postgres` failed.
    #[error(transparent)]
    Failed(Box<Failure>),

    /// A file operation failed.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was attempted, as a verb.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The reason given by the system.
        source: io::Error,
    },
}

/// Everything worth knowing about a failed `initdb` or `postgres`.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} (PostgreSQL {version}) on the data folder {}: {reason}{}",
    .binary.display(),
    .folder.display(),
    Log(.log)
)]
pub struct Failure {
    /// The program that was run.
    pub binary: PathBuf,
    /// Its version.
    pub version: String,
    /// The data folder.
    pub folder: PathBuf,
    /// How it ended.
    pub reason: String,
    /// The last lines it wrote.
    pub log: String,
}

impl Error {
    /// For `map_err`: names the failed operation and its file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    /// True when a file that the operation needs does not exist.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

struct Log<'a>(&'a str);

impl fmt::Display for Log<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            formatter.write_str("; it wrote nothing")
        } else {
            write!(formatter, "; its last lines:\n{}", self.0)
        }
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another program".to_owned(), |pid| format!("process {pid}"))
}

fn indent(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}
