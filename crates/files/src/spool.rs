//! Where an upload lies while it arrives: a file without a name, which ends with the process, whatever ends that.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _};
use std::path::Path;

use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt as _;

use crate::{Error, Refusal};

/// How much of the beginning is remembered: enough to tell what a file is.
const HEAD: usize = 64;

/// An upload that arrives.
pub struct Spool {
    file: tokio::fs::File,
    max: u64,
    length: u64,
    head: Vec<u8>,
    hash: Sha256,
}

impl Spool {
    pub(crate) async fn new(folder: &Path, max: u64) -> Result<Self, Error> {
        let folder = folder.to_owned();
        let made = tokio::task::spawn_blocking(move || {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            tempfile::tempfile_in(&folder)
        });
        let file = made.await.map_err(io::Error::other).flatten().map_err(no_room)?;
        let file = tokio::fs::File::from_std(file);
        Ok(Self { file, max, length: 0, head: Vec::with_capacity(HEAD), hash: Sha256::new() })
    }

    /// Takes what has arrived.
    ///
    /// # Errors
    /// [`Refusal::TooLong`] as soon as it is; or when the disk is full.
    pub async fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.length += bytes.len() as u64;
        if self.length > self.max {
            return Err(Refusal::TooLong(self.max).into());
        }
        let room = HEAD - self.head.len();
        self.head.extend_from_slice(&bytes[..room.min(bytes.len())]);
        self.hash.update(bytes);
        self.file.write_all(bytes).await.map_err(no_room)
    }

    /// It has arrived whole.
    ///
    /// # Errors
    /// [`Refusal::Empty`], or when the disk is full.
    pub async fn end(mut self) -> Result<Spooled, Error> {
        if self.length == 0 {
            return Err(Refusal::Empty.into());
        }
        self.file.flush().await.map_err(no_room)?;
        let file = self.file.into_std().await;
        Ok(Spooled { file, head: self.head, sha256: self.hash.finalize().into() })
    }
}

/// An upload that has arrived whole.
pub struct Spooled {
    file: File,
    head: Vec<u8>,
    sha256: [u8; 32],
}

impl Spooled {
    /// The SHA-256 of the upload as it came.
    #[must_use]
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// The file, for the one reader that moves its position.
    pub(crate) fn handle(&self) -> Result<File, Error> {
        let mut file = self.file.try_clone().map_err(no_room)?;
        file.rewind().map_err(no_room)?;
        Ok(file)
    }

    /// A reader of its own, from the beginning.
    pub(crate) fn reader(&self) -> Result<Reader, Error> {
        let file = self.file.try_clone().map_err(no_room)?;
        let length = file.metadata().map_err(no_room)?.len();
        Ok(Reader { file, length, at: 0 })
    }

    pub(crate) fn read(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.reader()?.read_to_end(&mut bytes).map_err(no_room)?;
        Ok(bytes)
    }
}

/// Reads a file without moving the position that its handles share.
pub(crate) struct Reader {
    file: File,
    length: u64,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

fn no_room(error: io::Error) -> Error {
    Error::unavailable("the folder for uploads", error)
}
