//! The data folder: what is in it, and the lock that says who uses it.
//!
//! | name | content |
//! |---|---|
//! | `lock` | locked (`flock`) while a server is up; says the pid of the program and, once it takes connections, where |
//! | `guests` | locked, shared, by each program that uses the server of another |
//! | `cluster` | PostgreSQL's own data folder, and the socket; mode 0700 |
//! | `cluster.new` | an unfinished `initdb` |
//! | `server.log`, `server.log.old` | what the server wrote; set aside when it exceeds a mebibyte |
//! | `socket-link` | path of the short-cut to the socket, when one was needed |
//!
//! Deliberately absent: anything that would be wiped or changed outside these names, so that a folder which holds
//! other files can be given without harm.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::command::last_lines;
use crate::error::Error;
use crate::sys;

const LOG_LIMIT: u64 = 1 << 20;

#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    lock: File,
}

/// What the lock file says, which its holder writes just after it has got the lock, and again when its server is ready.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) pid: Option<u32>,
    /// The folder of the socket, as clients reach it.
    pub(crate) socket: Option<PathBuf>,
}

/// Where a server's own part of the log begins.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    start: u64,
}

impl Folder {
    /// Creates the folder if need be, and takes its lock or says who has it.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        if !path.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(Error::io("create the folder", path))?;
        }
        Self::open_existing(path)
    }

    /// Like [`Folder::open`], for a folder that must exist.
    pub(crate) fn open_existing(path: &Path) -> Result<Self, Error> {
        let root = path.canonicalize().map_err(Error::io("open the folder", path))?;
        let lock = lock(&root)?;
        Ok(Self { root, lock })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn cluster(&self) -> PathBuf {
        cluster_of(&self.root)
    }

    pub(crate) fn unfinished_cluster(&self) -> PathBuf {
        self.root.join("cluster.new")
    }

    pub(crate) fn socket_link(&self) -> PathBuf {
        self.root.join("socket-link")
    }

    /// Tells other programs that the server takes connections, and where.
    pub(crate) fn announce(&self, socket: &Path) -> Result<(), Error> {
        let mut lock = &self.lock;
        lock.write_all(socket.as_os_str().as_bytes())
            .and_then(|()| lock.write_all(b"\n"))
            .map_err(Error::io("write", &self.root.join("lock")))
    }

    /// Major version that made the data; `None` when there is none yet, or its version is missing.
    pub(crate) fn made_by(&self) -> Result<Option<String>, Error> {
        let path = self.cluster().join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// Opens the server's log for appending.
    pub(crate) fn log(&self) -> Result<(Log, File), Error> {
        let path = self.root.join("server.log");
        if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LOG_LIMIT) {
            fs::rename(&path, self.root.join("server.log.old")).map_err(Error::io("rename", &path))?;
        }
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let file = file.map_err(Error::io("write", &path))?;
        let start = file.metadata().map_err(Error::io("read", &path))?.len();
        Ok((Log { path, start }, file))
    }
}

impl Drop for Folder {
    /// Says so to the system, as closing the file is not enough while another thread's child has it too.
    fn drop(&mut self) {
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(%error, "the lock of the data folder stays until this program ends");
        }
    }
}

impl Log {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The last lines written since the server was started.
    pub(crate) fn last_lines(&self) -> String {
        let mut bytes = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.start))?;
            file.read_to_end(&mut bytes)
        });
        match read {
            Ok(_) => last_lines(&String::from_utf8_lossy(&bytes), 15),
            Err(error) => format!("{}: {error}", self.path.display()),
        }
    }
}

/// Where PostgreSQL's own data folder is in a data folder.
pub(crate) fn cluster_of(root: &Path) -> PathBuf {
    root.join("cluster")
}

/// A new folder below `parent` with a name that nothing else has, for this program's user alone.
pub(crate) fn temporary(parent: &Path, prefix: &str) -> Result<TempDir, Error> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).permissions(Permissions::from_mode(0o700));
    builder.tempdir_in(parent).map_err(Error::io("create a folder in", parent))
}

/// Removes a folder with all its content; that it does not exist is fine.
pub(crate) fn wipe(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// The lock belongs to the open file, which helpers do not inherit: it goes with this program, however that ends.
///
/// Only a child between its fork and its exec keeps it for an instant, hence the patience when the holder is dead.
fn lock(root: &Path) -> Result<File, Error> {
    let path = root.join("lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(&path).map_err(Error::io("open", &path))?;
    let mut attempts = 0;
    while let Err(error) = file.try_lock() {
        if let TryLockError::Error(error) = error {
            return Err(Error::io("lock", &path)(error));
        }
        attempts += 1;
        let pid = holder(&mut file).pid;
        if attempts == 50 || pid.is_some_and(sys::exists) {
            return Err(Error::Held { folder: root.to_path_buf(), pid });
        }
        thread::sleep(Duration::from_millis(20));
    }
    sign(&mut file).map_err(Error::io("write", &path))?;
    Ok(file)
}

fn sign(file: &mut File) -> io::Result<()> {
    // Whoever swept the folder away between open and lock had the lock of a file that is no more.
    if file.metadata()?.nlink() == 0 {
        return Err(io::ErrorKind::NotFound.into());
    }
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

/// Who holds the folder, from its lock file; nobody, when there is none.
pub(crate) fn holder_of(root: &Path) -> Holder {
    File::open(root.join("lock")).map(|mut file| holder(&mut file)).unwrap_or_default()
}

fn holder(file: &mut File) -> Holder {
    let mut text = String::new();
    if file.rewind().and_then(|()| file.read_to_string(&mut text)).is_err() {
        return Holder::default();
    }
    // A line that is being written has no end yet.
    let mut lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    let pid = lines.next().and_then(|line| line.parse().ok());
    Holder { pid, socket: lines.next().map(PathBuf::from) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_to_open_a_folder_learns_who_holds_it() {
        let place = tempfile::tempdir().unwrap();
        let first = Folder::open(&place.path().join("a/b")).unwrap();
        let error = Folder::open(&place.path().join("a/b")).unwrap_err();
        assert!(matches!(error, Error::Held { pid: Some(pid), .. } if pid == std::process::id()), "{error}");
        drop(first);
        Folder::open_existing(&place.path().join("a/b")).unwrap();
    }

    #[test]
    fn a_folder_swept_away_cannot_be_locked() {
        let place = tempfile::tempdir().unwrap();
        let error = Folder::open_existing(&place.path().join("gone")).unwrap_err();
        assert!(error.is_not_found(), "{error}");
    }
}
