//! The bytes of attachments: received, looked into, made anew, scanned for viruses, kept, handed out.
//!
//! Nothing is kept as it came. A photograph is decoded and drawn anew as a JPEG, upright, without what its camera wrote
//! into it; a document is read object by object and written anew, without script and without whatever lay between
//! its objects. What cannot be read is refused; so is what is too large, before memory is spent on it.
//!
//! Deliberately absent: whose the files are, and who may read them. Those who ask have decided that.

mod document;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod photograph;
mod scanner;
mod shelf;
mod spool;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::attachment::MediaType;
use domain::id::AttachmentId;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use uuid::Uuid;

pub use scanner::{Address, Verdict};
pub use shelf::{Opened, Place, S3};
pub use spool::{Spool, Spooled};

/// How many megapixels are decoded at once, by one instance. They take 4 bytes each, a progressive JPEG's 10.
const MEGAPIXELS_AT_ONCE: u32 = 64;

/// What a document counts as, in megapixels.
const DOCUMENT: u32 = 32;

/// How long an upload waits for its turn.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where files are, and what they may be.
#[derive(Clone)]
pub struct Settings {
    /// Where they are kept.
    pub place: Place,
    /// The folder in which uploads lie while they are looked into, without a name: they end with the process.
    pub spool: PathBuf,
    /// The greatest length of an upload, in bytes.
    pub max_bytes: u64,
    /// How many attachments a ticket can have.
    pub max_per_ticket: u32,
    /// The virus scanner (clamd), if there is one; then nothing is handed out that it has not seen.
    pub clamd: Option<Address>,
}

impl Settings {
    /// In a folder, with the usual limits, and no scanner.
    #[must_use]
    pub fn in_folder(data: &std::path::Path) -> Self {
        Self {
            place: Place::Folder(data.join("files")),
            spool: data.join("spool"),
            max_bytes: 20 * 1024 * 1024,
            max_per_ticket: 20,
            clamd: None,
        }
    }
}

/// Why an upload is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is longer than so many bytes.
    #[error("longer than {0} bytes")]
    TooLong(u64),
    /// There is nothing in it.
    #[error("empty")]
    Empty,
    /// It is none of the types that are accepted, whatever its name says.
    #[error("neither JPEG, PNG, WebP nor PDF")]
    UnknownType,
    /// It is of an accepted type, but cannot be read to its end.
    #[error("damaged")]
    Damaged,
    /// The image has more pixels than are decoded.
    #[error("more than {} megapixels", photograph::MAX_PIXELS / 1_000_000)]
    TooManyPixels,
    /// Unpacked, the document takes more room than is given to it.
    #[error("the document unpacks to more than is read")]
    Bomb,
    /// The document needs a password.
    #[error("encrypted")]
    Encrypted,
    /// The document does something, or carries something, besides being read.
    #[error("active content: {0}")]
    Active(String),
    /// The virus scanner knows it.
    #[error("infected: {0}")]
    Infected(String),
}

/// Why a file cannot be kept, or not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not accepted.
    #[error("the file is refused: {0}")]
    Refused(#[from] Refusal),
    /// A disk, an object store or a scanner does not do its part. Trying again later may help.
    #[error("{0}")]
    Unavailable(String),
    /// There is no such file.
    #[error("the file {0} is missing from the store")]
    Missing(String),
}

impl Error {
    fn unavailable(what: &str, error: impl std::fmt::Display) -> Self {
        Self::Unavailable(format!("{what}: {error}"))
    }
}

/// Which of an attachment's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The attachment itself.
    Content,
    /// A small picture of a photograph, JPEG.
    Thumbnail,
}

/// What was made of an upload.
#[derive(Debug, Clone)]
pub struct Made {
    /// What it is.
    pub media_type: MediaType,
    /// Its bytes.
    pub content: Bytes,
    /// A small picture of it, if it is a photograph.
    pub thumbnail: Option<Bytes>,
    /// Width and height in pixels, of a photograph.
    pub dimensions: Option<(u32, u32)>,
    /// Whether a scanner has seen the upload, and found nothing.
    pub scanned: bool,
}

impl Made {
    /// The SHA-256 of its bytes.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.content).into()
    }
}

/// Where files are received, looked into and kept.
pub struct Files {
    settings: Settings,
    shelf: shelf::Shelf,
    turns: Arc<Semaphore>,
}

impl Files {
    /// Nothing is made or asked for yet.
    ///
    /// # Errors
    /// When an object store is not described as it should be.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let shelf = shelf::Shelf::new(&settings.place)?;
        Ok(Self { settings, shelf, turns: Arc::new(Semaphore::new(MEGAPIXELS_AT_ONCE as usize)) })
    }

    /// The greatest length of an upload, in bytes.
    #[must_use]
    pub const fn max_bytes(&self) -> u64 {
        self.settings.max_bytes
    }

    /// How many attachments a ticket can have.
    #[must_use]
    pub const fn max_per_ticket(&self) -> u32 {
        self.settings.max_per_ticket
    }

    /// Whether nothing is handed out that a scanner has not seen.
    #[must_use]
    pub const fn scans(&self) -> bool {
        self.settings.clamd.is_some()
    }

    /// Begins to receive an upload.
    ///
    /// # Errors
    /// When there is no room for it.
    pub async fn receive(&self) -> Result<Spool, Error> {
        Spool::new(&self.settings.spool, self.settings.max_bytes).await
    }

    /// Looks into an upload, and makes of it what is kept. A scanner that does not answer keeps nobody from sending:
    /// the file is then scanned later, and handed out after that.
    ///
    /// # Errors
    /// [`Error::Refused`], or when it is nobody's turn for too long.
    pub async fn make(&self, upload: Spooled) -> Result<Made, Error> {
        let scanned = match self.scan_upload(&upload).await {
            Some(Ok(Verdict::Clean)) => true,
            Some(Ok(Verdict::Infected(name))) => return Err(Refusal::Infected(name).into()),
            Some(Err(error)) => {
                tracing::warn!(%error, "an upload could not be scanned for viruses; it is handed out once it was");
                false
            }
            None => false,
        };
        let kind = Kind::of(upload.head()).ok_or(Refusal::UnknownType)?;
        match kind {
            Kind::Image(format) => {
                let file = upload.reader()?;
                let (width, height) =
                    self.aside(1, move || photograph::measure(file, format).map_err(Error::from)).await?;
                let megapixels = u64::from(width) * u64::from(height) / 1_000_000 + 1;
                let turn = u32::try_from(megapixels).unwrap_or(u32::MAX).min(MEGAPIXELS_AT_ONCE);
                let file = upload.reader()?;
                let drawn = self.aside(turn, move || Ok(photograph::draw(file, format)?)).await?;
                Ok(Made {
                    media_type: MediaType::Jpeg,
                    content: drawn.content.into(),
                    thumbnail: Some(drawn.thumbnail.into()),
                    dimensions: Some(drawn.dimensions),
                    scanned,
                })
            }
            Kind::Document => {
                let content = self.aside(DOCUMENT, move || Ok(document::rewrite(&upload.read()?)?)).await?;
                let (media_type, content) = (MediaType::Pdf, content.into());
                Ok(Made { media_type, content, thumbnail: None, dimensions: None, scanned })
            }
        }
    }

    async fn scan_upload(&self, upload: &Spooled) -> Option<Result<Verdict, Error>> {
        let clamd = self.settings.clamd.as_ref()?;
        let scanned = match upload.handle() {
            Ok(file) => scanner::scan_file(clamd, file).await,
            Err(error) => Err(error),
        };
        Some(scanned)
    }

    /// Work that fills a processor, on a thread of its own, when it is its turn.
    async fn aside<T: Send + 'static>(
        &self,
        turn: u32,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let wait = timeout(PATIENCE, self.turns.clone().acquire_many_owned(turn)).await;
        let turn = wait.map_err(|_| Error::Unavailable("too many files are being looked into".to_owned()))?;
        let turn = turn.map_err(|error| Error::unavailable("no file is looked into any more", error))?;
        let work = tokio::task::spawn_blocking(move || {
            // The turn lasts as long as the work, also when nobody waits for it any more.
            let _turn = turn;
            work()
        });
        // Whatever breaks the reader of a file is a file that cannot be read.
        work.await.unwrap_or_else(|_| Err(Refusal::Damaged.into()))
    }

    /// Keeps the files of an attachment.
    ///
    /// # Errors
    /// When the store does not take them.
    pub async fn keep(&self, id: AttachmentId, made: &Made) -> Result<(), Error> {
        self.shelf.put(id, Which::Content, made.content.clone()).await?;
        if let Some(thumbnail) = &made.thumbnail {
            self.shelf.put(id, Which::Thumbnail, thumbnail.clone()).await?;
        }
        Ok(())
    }

    /// One of an attachment's files, to be read.
    ///
    /// # Errors
    /// When it is missing, or the store does not answer.
    pub async fn open(&self, id: AttachmentId, which: Which) -> Result<Opened, Error> {
        self.shelf.get(id, which).await
    }

    /// Removes every file of an attachment; none need be there.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn discard(&self, id: AttachmentId) -> Result<(), Error> {
        self.shelf.delete(id).await
    }

    /// The ids under which something is kept, whether it is an attachment or not: the whole store is listed.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn ids(&self) -> Result<Vec<Uuid>, Error> {
        self.shelf.ids().await
    }

    /// Notes, beside the files, that something is erased: a backup of the database that is older does not know it.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn note_erased(&self, id: Uuid) -> Result<(), Error> {
        self.shelf.note_erased(id).await
    }

    /// What was noted as erased.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn erased(&self) -> Result<Vec<Uuid>, Error> {
        self.shelf.erased().await
    }

    /// Forgets such a note.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forget_erased(&self, id: Uuid) -> Result<(), Error> {
        self.shelf.forget_erased(id).await
    }

    /// Has a file that is kept scanned; none without a scanner.
    ///
    /// # Errors
    /// When the store or the scanner does not answer.
    pub async fn scan(&self, id: AttachmentId) -> Result<Option<Verdict>, Error> {
        let Some(clamd) = &self.settings.clamd else { return Ok(None) };
        let opened = self.shelf.get(id, Which::Content).await?;
        scanner::scan_stream(clamd, opened.stream).await.map(Some)
    }
}

/// What an upload is, from how it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Image(image::ImageFormat),
    Document,
}

impl Kind {
    /// From the first bytes; none when it is nothing that is accepted.
    fn of(head: &[u8]) -> Option<Self> {
        use image::ImageFormat::{Jpeg, Png, WebP};
        if head.starts_with(b"%PDF-") {
            return Some(Self::Document);
        }
        image::guess_format(head).ok().filter(|format| matches!(format, Jpeg | Png | WebP)).map(Self::Image)
    }
}
