//! Folders of throwaway servers: made below the temporary folder, swept when their program was killed.
//!
//! Deliberately absent: sharing a server between programs; each has its own.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tempfile::TempDir;

use crate::error::Error;
use crate::folder::{Folder, temporary, wipe};
use crate::{socket, survivors, sys};

const PREFIX: &str = "continuum-throwaway-";

/// A new folder and its lock. A sweeper may take it in the instant before it is locked: then another is made.
pub(crate) fn create() -> Result<(TempDir, Folder), Error> {
    let parent = env::temp_dir();
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
    for entry in fs::read_dir(env::temp_dir()).into_iter().flatten().flatten() {
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
