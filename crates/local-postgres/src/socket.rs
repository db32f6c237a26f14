//! How clients reach the socket, which lies in the cluster: a folder of mode 0700.
//!
//! The system limits the path of a socket to about a hundred bytes. The server, which works in the cluster, names it
//! relatively and has no such limit. For its clients, a path that is too long is cut short by a symbolic link in a
//! private temporary folder; it is noted in the data folder, to be removed after a crash.
//!
//! Deliberately absent: TCP.

use std::env;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::Error;
use crate::folder::{Folder, temporary};
use crate::{USER, sys};

/// Fixes the name of the socket, nothing else.
pub(crate) const PORT: u16 = 5432;
/// 107 bytes on Linux, 103 on macOS and the BSDs.
const LONGEST_PATH: usize = 103;
const LINK_FOLDER: &str = "continuum-socket-";
const LINK: &str = "s";
const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];

#[derive(Debug)]
pub(crate) struct Socket {
    folder: PathBuf,
    _link: Option<TempDir>,
}

impl Socket {
    /// The way to the cluster's socket, by a link if it would be too long.
    pub(crate) fn of(folder: &Folder) -> Result<Self, Error> {
        let cluster = folder.cluster();
        if fits(&cluster) {
            return Ok(Self { folder: cluster, _link: None });
        }
        let link = make_link(&cluster)?;
        let note = folder.socket_link();
        fs::write(&note, link.path().as_os_str().as_bytes()).map_err(Error::io("write", &note))?;
        Ok(Self { folder: link.path().join(LINK), _link: Some(link) })
    }

    /// The folder of the socket, as clients reach it.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Connection string for a database, as `sqlx` and `psql` understand it.
pub(crate) fn url(folder: &Path, database: &str) -> String {
    let database = percent_encode(database.as_bytes());
    let host = percent_encode(folder.as_os_str().as_bytes());
    format!("postgres://{USER}@localhost:{PORT}/{database}?host={host}&sslmode=disable")
}

/// Whether somebody answers at the socket.
pub(crate) fn answers(folder: &Path) -> bool {
    UnixStream::connect(file(folder)).is_ok()
}

/// Removes the link that a killed program left.
pub(crate) fn clear_link(folder: &Folder) {
    let note = folder.socket_link();
    let Ok(path) = fs::read_to_string(&note).map(PathBuf::from) else {
        return;
    };
    let ours =
        fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == sys::effective_user());
    let named = path.file_name().is_some_and(|name| name.as_bytes().starts_with(LINK_FOLDER.as_bytes()));
    if ours && named && fs::read_link(path.join(LINK)).is_ok_and(|target| target == folder.cluster()) {
        // Only the link and a folder left empty: nothing is removed that could be someone else's.
        fs::remove_file(path.join(LINK)).and_then(|()| fs::remove_dir(&path)).ok();
    }
    fs::remove_file(note).ok();
}

fn make_link(cluster: &Path) -> Result<TempDir, Error> {
    let mut failure = None;
    for parent in [env::temp_dir(), PathBuf::from("/tmp")] {
        match temporary(&parent, LINK_FOLDER) {
            Ok(link) if fits(&link.path().join(LINK)) => {
                let path = link.path().join(LINK);
                symlink(cluster, &path).map_err(Error::io("create", &path))?;
                return Ok(link);
            }
            Ok(_) => {}
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| Error::Io {
        action: "reach the socket: the path is too long:",
        path: cluster.to_path_buf(),
        source: std::io::ErrorKind::InvalidFilename.into(),
    }))
}

/// Clients take paths as text.
fn fits(folder: &Path) -> bool {
    file(folder).to_str().is_some_and(|path| path.len() <= LONGEST_PATH)
}

fn file(folder: &Path) -> PathBuf {
    folder.join(format!(".s.PGSQL.{PORT}"))
}

fn percent_encode(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(['%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_survives_any_path() {
        assert_eq!(
            url(Path::new("/été & co/data"), "a b"),
            "postgres://continuum@localhost:5432/a%20b?host=%2F%C3%A9t%C3%A9%20%26%20co%2Fdata&sslmode=disable"
        );
    }

    #[test]
    fn a_long_path_gets_a_link_that_is_removed_after_a_crash() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&place.path().join("x".repeat(120))).unwrap();
        let socket = Socket::of(&folder).unwrap();
        assert!(fits(&socket.folder));
        assert_eq!(fs::read_link(&socket.folder).unwrap(), folder.cluster());
        let link = socket.folder.parent().unwrap().to_path_buf();
        // As when the program is killed: nothing is dropped.
        std::mem::forget(socket);
        clear_link(&folder);
        assert!(!link.exists() && !folder.socket_link().exists());
    }
}
