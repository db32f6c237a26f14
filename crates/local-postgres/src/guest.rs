//! Using the server that another program has up on a folder, or one of one's own when there is none.
//!
//! Whoever joins holds a shared lock for as long, which whoever stops the server waits for. So of two short commands at
//! once, the first starts a server, the second joins, and whichever ends first takes nothing away from the other.
//!
//! Deliberately absent: handing a server over. It ends with the program that started it, half a minute after it was
//! asked to at the latest.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::folder::{Holder, holder_of};
use crate::server::Server;
use crate::{socket, sys};

/// How long a server that starts or stops elsewhere is waited for: one that replays what a crash left may take longer.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long guests are given to finish.
const FAREWELL: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// A way to a folder's server.
#[derive(Debug)]
pub enum Access {
    /// One of one's own, which ends with this value.
    Own(Box<Server>),
    /// The server of another program.
    Guest(Guest),
}

/// A stay at the server of another program.
#[derive(Debug)]
pub struct Guest {
    socket: PathBuf,
    /// Its lock goes with it.
    _stay: File,
}

impl Access {
    /// Joins the server that is up on the folder, or starts one.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] when the program that holds the folder has no server that answers, for a minute; otherwise as for
    /// [`Server::start`].
    pub fn open(data_dir: &Path) -> Result<Self, Error> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let held = match Server::start(data_dir) {
                Ok(server) => return Ok(Self::Own(Box::new(server))),
                Err(error @ Error::Held { .. }) => error,
                Err(error) => return Err(error),
            };
            if let Some(guest) = join(data_dir)? {
                return Ok(Self::Guest(guest));
            }
            if Instant::now() > deadline {
                return Err(held);
            }
            thread::sleep(PAUSE);
        }
    }

    /// Connection string of a database; see [`Server::url`].
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        match self {
            Self::Own(server) => server.url(database),
            Self::Guest(guest) => socket::url(&guest.socket, database),
        }
    }

    /// Stops the server if it is one's own, and leaves it otherwise.
    ///
    /// # Errors
    ///
    /// See [`Server::stop`].
    pub fn close(self) -> Result<(), Error> {
        match self {
            Self::Own(server) => server.stop(),
            Self::Guest(_) => Ok(()),
        }
    }
}

/// None while the server starts or stops: what its holder has announced is only true if the holder lives and answers.
fn join(data_dir: &Path) -> Result<Option<Guest>, Error> {
    let stay = guests(data_dir)?;
    if stay.try_lock_shared().is_err() {
        return Ok(None);
    }
    Ok(match holder_of(data_dir) {
        Holder { pid: Some(pid), socket: Some(socket) } if sys::exists(pid) && socket::answers(&socket) => {
            Some(Guest { socket, _stay: stay })
        }
        Holder { .. } => None,
    })
}

/// Waits until nobody uses the server any more. While what this returns lives, nobody joins.
pub(crate) fn see_off(root: &Path) -> Option<File> {
    let guests = guests(root).ok()?;
    let deadline = Instant::now() + FAREWELL;
    while guests.try_lock().is_err() {
        if Instant::now() > deadline {
            tracing::warn!("another program still uses this PostgreSQL, which stops all the same");
            return None;
        }
        thread::sleep(PAUSE);
    }
    Some(guests)
}

fn guests(root: &Path) -> Result<File, Error> {
    let path = root.join("guests");
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    file.map_err(Error::io("open", &path))
}
