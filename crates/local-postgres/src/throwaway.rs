//! Folders of throwaway servers: made in memory or below the temporary folder, swept when their program was killed.
//!
//! Deliberately absent: sharing a server between programs; each has its own.

use std::env;
use std::ffi::{CStr, OsStr};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::Error;
use crate::folder::{Folder, temporary, wipe};
use crate::{socket, survivors, sys};

const PREFIX: &str = "continuum-throwaway-";

/// Where Linux has a file system in memory. A database is cloned there six times as fast as on a disk, most of which is
/// making a thousand files.
const MEMORY: &CStr = c"/dev/shm";

/// What has to be free there, bytes: a throwaway server holds some hundred megabytes.
const ROOM: u128 = 4 << 30;

/// The folder for folders: the one that somebody chose, or memory, if it has room, or else the system's.
fn parent() -> PathBuf {
    let memory = || sys::available(MEMORY).is_ok_and(|free| free >= ROOM);
    if env::var_os("TMPDIR").is_none() && memory() { in_memory() } else { env::temp_dir() }
}

fn in_memory() -> PathBuf {
    OsStr::from_bytes(MEMORY.to_bytes()).into()
}

/// A new folder and its lock. A sweeper may take it in the instant before it is locked: then another is made.
pub(crate) fn create() -> Result<(TempDir, Folder), Error> {
    let parent = parent();
    let mut attempts = 0;
    loop {
        attempts += 1;
        let place = temporary(&parent, PREFIX)?;
        match Folder::open_existing(place.path()) {
            Ok(folder) => return Ok((place, folder)),
            Err(Error::Held { .. }) if attempts < 10 => {}
            Err(error) if error.is_not_found() && attempts < 10 => {}
            Err(error) => return Err(error),
        }
    }
}

/// Removes what earlier throwaway servers left when their program was killed: folders of ours that nobody has locked.
pub(crate) fn sweep() {
    let folders = [env::temp_dir(), in_memory()];
    for entry in folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten() {
        let named = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes());
        // Not following links: this is what the name itself stands for.
        let ours = entry.metadata().is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == sys::effective_user());
        if named
            && ours
            && let Err(error) = remove(&entry.path())
        {
            tracing::debug!(%error, "a throwaway folder stays");
        }
    }
}

/// Removes a server's folder, unless it is held.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    let folder = Folder::open_existing(path)?;
    for cluster in [folder.cluster(), folder.unfinished_cluster()] {
        survivors::clear_for_good(&cluster)?;
    }
    socket::clear_link(&folder);
    wipe(folder.root())
}
