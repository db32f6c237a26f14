//! Makes a cluster: PostgreSQL's data folder, as `initdb` writes it.
//!
//! `initdb` works in `cluster.new`, which gets its final name when it is complete: what bears that name was whole, and is nobody's to
//! wipe, whatever has become of it.
//!
//! Deliberately absent: upgrades of a cluster that another major version made.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::Path;
use std::process::Command;

use crate::USER;
use crate::account::Account;
use crate::binaries::Binaries;
use crate::command::{self, with_real_names};
use crate::error::{Error, Failure};
use crate::folder::{Folder, wipe};
use crate::survivors;

/// UTF-8 with French letters known as letters, in an order that does not change with the system's libraries.
const LOCALE: &[&str] =
    if cfg!(target_os = "macos") { &["--locale=C", "--lc-ctype=en_US.UTF-8"] } else { &["--locale=C.UTF-8"] };

/// Whether data must outlive the machine's crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    Kept,
    Throwaway,
}

/// Runs `initdb`; what an unfinished run left is wiped before.
pub(crate) fn create(
    folder: &Folder,
    binaries: &Binaries,
    account: Option<&Account>,
    durability: Durability,
) -> Result<(), Error> {
    let (unfinished, cluster) = (folder.unfinished_cluster(), folder.cluster());
    refuse_damaged(&cluster)?;
    survivors::clear_for_good(&unfinished)?;
    wipe(&unfinished)?;
    DirBuilder::new().mode(0o700).create(&unfinished).map_err(Error::io("create the folder", &unfinished))?;
    if let Some(account) = account {
        chown(&unfinished, Some(account.uid), Some(account.gid))
            .map_err(Error::io("give to another account", &unfinished))?;
    }
    let mut initdb = command::on_cluster(binaries, "initdb", account, &unfinished, libc::SIGKILL)?;
    initdb
        .args(["--username", USER, "--encoding=UTF8", "--data-checksums", "--no-instructions"])
        .args(["--auth-local=trust", "--auth-host=reject"])
        .args(LOCALE);
    if durability == Durability::Throwaway {
        initdb.arg("--no-sync");
    }
    run(initdb, folder, binaries)?;
    fs::rename(&unfinished, &cluster).map_err(Error::io("rename", &unfinished))?;
    let root = folder.root();
    File::open(root).and_then(|root| root.sync_all()).map_err(Error::io("write", root))
}

/// Whether a cluster is there, or what is left of one.
pub(crate) fn is_there(cluster: &Path) -> Result<bool, Error> {
    match fs::read_dir(cluster) {
        Ok(mut files) => Ok(files.next().is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("read", cluster)(error)),
    }
}

/// Refuses a cluster that has lost its version, or is being brought back: it may hold all data but that.
fn refuse_damaged(cluster: &Path) -> Result<(), Error> {
    if is_there(cluster)? { Err(Error::Damaged { folder: cluster.to_path_buf() }) } else { Ok(()) }
}

/// Into the log file rather than a pipe: `initdb`'s own children then survive this program long enough to clean up.
fn run(mut initdb: Command, folder: &Folder, binaries: &Binaries) -> Result<(), Error> {
    let binary = binaries.program("initdb");
    let (log, file) = folder.log()?;
    let copy = file.try_clone().map_err(Error::io("write the log in", folder.root()))?;
    let status = initdb.stdout(copy).stderr(file).status().map_err(Error::io("run", &binary))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed(Box::new(Failure {
        binary,
        version: binaries.version().to_owned(),
        folder: folder.root().to_path_buf(),
        reason: format!("it ended with {status}"),
        log: with_real_names(&log.last_lines(), &folder.unfinished_cluster()),
    })))
}
