//! A server from its start to its stop.
//!
//! Deliberately absent: the creation of databases, and any wait for a particular client; the database `postgres`
//! exists, the rest is SQL.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::account::{self, Account};
use crate::binaries::{self, Binaries};
use crate::cluster::{self, Durability};
use crate::command::{self, with_real_names};
use crate::error::{Error, Failure};
use crate::folder::{Folder, Log, cluster_of};
use crate::guest;
use crate::obtain;
use crate::process::{Ending, Process};
use crate::socket::{self, PORT, Socket};
use crate::{survivors, throwaway};

/// Long enough to replay what a crash left of a large database.
const READY_WITHIN: Duration = Duration::from_mins(10);
const PAUSE: Duration = Duration::from_millis(10);

/// Signals that stop a server, in turn, each with the time that it is given.
const STOP_KEPT: [(i32, Duration); 3] = [
    (libc::SIGINT, Duration::from_secs(30)),
    (libc::SIGQUIT, Duration::from_secs(10)),
    (libc::SIGKILL, Duration::from_secs(10)),
];
const STOP_THROWAWAY: [(i32, Duration); 2] =
    [(libc::SIGQUIT, Duration::from_secs(10)), (libc::SIGKILL, Duration::from_secs(10))];

/// In force for every server, whatever its configuration files say.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    // The cluster itself: a folder of mode 0700.
    "unix_socket_directories=.",
    "unix_socket_permissions=0700",
    "timezone=UTC",
    "log_timezone=UTC",
    "jit=off",
    "log_checkpoints=off",
    // Neither statements nor details of errors: they would carry people's data into the log.
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
];
const SETTINGS_KEPT: &[&str] = &["fsync=on", "full_page_writes=on"];
const SETTINGS_THROWAWAY: &[&str] = &[
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=200",
    "shared_buffers=32MB",
    "wal_level=minimal",
    "max_wal_senders=0",
    // In the folder, hence removed with it.
    "dynamic_shared_memory_type=mmap",
];

/// A running PostgreSQL, which ends when this value is dropped and when the program ends, even by `kill -9` (on Linux).
///
/// A program that handles `SIGTERM` and `SIGINT` should drop its servers in answer: that is the orderly way.
#[derive(Debug)]
pub struct Server {
    process: Process,
    durability: Durability,
    binaries: Binaries,
    log: Log,
    stopped: bool,
    // From here in the order of their removal: the lock goes last, when nothing is left to protect.
    socket: Socket,
    /// Of a throwaway server only: removes its folder.
    scratch: Option<TempDir>,
    folder: Folder,
}

impl Server {
    /// Starts a server whose data stays in `data_dir`, which is made on first use; returns when it takes connections.
    ///
    /// Recovers by itself from a crash of the program or of PostgreSQL. Memory settings are those of `initdb` (128 MB
    /// of shared buffers, 100 connections) and can be changed in `data_dir/cluster/postgresql.conf`. Blocks for about
    /// a second on first use, far longer if PostgreSQL must be downloaded or recovers from a crash.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] when a server is already up on the folder ([`crate::Access::open`] uses that one), [`Error::NoBinaries`] when PostgreSQL can neither
    /// be found nor fetched, [`Error::OtherMajor`] when other versions made the data, [`Error::Damaged`] when a part of it is missing; see
    /// [`Error`] for the rest.
    pub fn start(data_dir: &Path) -> Result<Self, Error> {
        Self::start_in(Folder::open(data_dir)?, Durability::Kept, None)
    }

    /// Whether a folder holds data that [`Server::start`] keeps, or what is left of it; else that would make it anew.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when the folder cannot be read.
    pub fn has_data(data_dir: &Path) -> Result<bool, Error> {
        cluster::is_there(&cluster_of(data_dir))
    }

    /// Starts a server for tests below the temporary folder (`TMPDIR`): quick, not durable, removed when dropped.
    ///
    /// Throwaway folders of programs that were killed are removed first.
    ///
    /// # Errors
    ///
    /// As for [`Server::start`], without those about existing data.
    pub fn start_throwaway() -> Result<Self, Error> {
        throwaway::sweep();
        let (scratch, folder) = throwaway::create()?;
        Self::start_in(folder, Durability::Throwaway, Some(scratch))
    }

    /// Removes a folder that [`Server::start`] kept its data in, with all the data. That there is none is fine.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] when a server is up on the folder: then nothing is removed.
    pub fn erase(data_dir: &Path) -> Result<(), Error> {
        if !data_dir.is_dir() {
            return Ok(());
        }
        throwaway::remove(data_dir)
    }

    /// Connection string of a database, which need not exist yet: `postgres://…?host=<socket folder>`, for clients of
    /// this program's user.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        socket::url(self.socket.folder(), database)
    }

    /// The file that the server writes its log to.
    #[must_use]
    pub fn log_file(&self) -> &Path {
        self.log.path()
    }

    /// Stops the server: open transactions are rolled back, and data that is kept is on disk when this returns. Programs
    /// that joined it are given half a minute to finish.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`] when the server had ended by itself before, or had to be forced to end. The next start
    /// recovers in both cases.
    pub fn stop(mut self) -> Result<(), Error> {
        self.shut_down()
    }

    fn start_in(folder: Folder, durability: Durability, scratch: Option<TempDir>) -> Result<Self, Error> {
        let cluster = folder.cluster();
        let account = account::unprivileged(&cluster);
        let made_by = folder.made_by()?;
        let binaries = choose_binaries(&folder, made_by.as_deref(), account.as_ref())?;
        if made_by.is_none() {
            cluster::create(&folder, &binaries, account.as_ref(), durability)?;
        }
        survivors::clear(&cluster)?;
        socket::clear_link(&folder);
        let socket = Socket::of(&folder)?;
        let (log, process) = spawn(&folder, &binaries, account.as_ref(), durability)?;
        let server = Self { process, durability, binaries, log, stopped: false, socket, scratch, folder };
        server.wait_until_ready()?;
        server.folder.announce(server.socket.folder())?;
        tracing::info!(
            folder = %server.folder.root().display(),
            version = server.binaries.version(),
            pid = server.process.pid(),
            "PostgreSQL is ready"
        );
        Ok(server)
    }

    fn wait_until_ready(&self) -> Result<(), Error> {
        let deadline = Instant::now() + READY_WITHIN;
        while !self.is_ready() {
            if let Some(ending) = self.process.ending_within(PAUSE) {
                return Err(self.failure(format!("it ended with {}", ending.description)));
            }
            if Instant::now() > deadline {
                return Err(self.failure(format!("it is not ready after {} s", READY_WITHIN.as_secs())));
            }
        }
        Ok(())
    }

    /// Line 1 of the lock file is the server's pid, line 8 its state.
    fn is_ready(&self) -> bool {
        let lock = fs::read_to_string(self.folder.cluster().join("postmaster.pid")).unwrap_or_default();
        let pid = lock.lines().next().and_then(|line| line.trim().parse().ok());
        pid == Some(self.process.pid()) && lock.lines().nth(7).is_some_and(|state| state.trim() == "ready")
    }

    fn shut_down(&mut self) -> Result<(), Error> {
        if self.stopped {
            return Ok(());
        }
        self.stopped = true;
        // Until the folder is free again, nobody joins.
        let _alone = match self.durability {
            Durability::Kept => guest::see_off(self.folder.root()),
            Durability::Throwaway => None,
        };
        let outcome = self.end_process();
        if let Some(scratch) = self.scratch.take() {
            survivors::clear_for_good(&self.folder.cluster())?;
            scratch.close().map_err(Error::io("remove", self.folder.root()))?;
        }
        outcome
    }

    fn end_process(&self) -> Result<(), Error> {
        if let Some(Ending { description, .. }) = self.process.ending_within(Duration::ZERO) {
            return Err(self.failure(format!("it had ended by itself with {description}")));
        }
        let steps: &[(i32, Duration)] = match self.durability {
            Durability::Kept => &STOP_KEPT,
            Durability::Throwaway => &STOP_THROWAWAY,
        };
        for (attempt, (signal, patience)) in steps.iter().enumerate() {
            self.process.signal(*signal);
            match self.process.ending_within(*patience) {
                Some(ending) if attempt == 0 && ending.success => return Ok(()),
                // By a signal that is not ours: it was ending before anybody could know.
                Some(Ending { signal: Some(other), description, .. }) if attempt == 0 && other != *signal => {
                    return Err(self.failure(format!("it had ended by itself with {description}")));
                }
                Some(ending) => return Err(self.failure(format!("stopping it ended with {}", ending.description))),
                None => {}
            }
        }
        Err(self.failure("it does not end".to_owned()))
    }

    fn failure(&self, reason: String) -> Error {
        Error::Failed(Box::new(Failure {
            binary: self.binaries.program("postgres"),
            version: self.binaries.version().to_owned(),
            folder: self.folder.root().to_path_buf(),
            reason,
            log: with_real_names(&self.log.last_lines(), &self.folder.cluster()),
        }))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            tracing::warn!(%error, "PostgreSQL did not stop in good order");
        }
    }
}

fn choose_binaries(folder: &Folder, made_by: Option<&str>, account: Option<&Account>) -> Result<Binaries, Error> {
    let wanted = made_by.and_then(|major| major.parse().ok());
    let cache = obtain::cache_folder(account);
    let search = binaries::find(&cache, account, wanted)?;
    let binaries = match search.found {
        Some(binaries) => binaries,
        None => obtain::into(&cache, account, wanted, search.passed_over)?,
    };
    match made_by {
        Some(made_by) if wanted != Some(binaries.major()) => Err(Error::OtherMajor {
            folder: folder.root().to_path_buf(),
            made_by: made_by.to_owned(),
            binary: binaries.program("postgres"),
            version: binaries.version().to_owned(),
        }),
        _ => Ok(binaries),
    }
}

fn spawn(
    folder: &Folder,
    binaries: &Binaries,
    account: Option<&Account>,
    durability: Durability,
) -> Result<(Log, Process), Error> {
    let (settings, death_signal) = match durability {
        Durability::Kept => (SETTINGS_KEPT, libc::SIGINT),
        Durability::Throwaway => (SETTINGS_THROWAWAY, libc::SIGQUIT),
    };
    let (log, file) = folder.log()?;
    let copy = file.try_clone().map_err(Error::io("write the log in", folder.root()))?;
    let mut postgres = command::on_cluster(binaries, "postgres", account, &folder.cluster(), death_signal)?;
    postgres.arg("-p").arg(PORT.to_string()).stdout(copy).stderr(file);
    for setting in SETTINGS.iter().chain(settings) {
        postgres.args(["-c", setting]);
    }
    let process = Process::spawn(postgres).map_err(Error::io("run", &binaries.program("postgres")))?;
    Ok((log, process))
}
