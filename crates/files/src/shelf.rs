//! Where files are kept: a folder, or a bucket of an S3-compatible object store.

use std::path::{Path as FilePath, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use domain::id::AttachmentId;
use futures_util::{Stream, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, RetryConfig};
use rustls::crypto::{CryptoProvider, ring};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::{Error, Which};

/// How long an object store is asked again that does not answer: somebody waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where files are kept.
#[derive(Clone)]
pub enum Place {
    /// In a folder; made on first use.
    Folder(PathBuf),
    /// In an object store.
    S3(S3),
}

/// A bucket of an S3-compatible object store.
#[derive(Clone)]
pub struct S3 {
    /// The bucket.
    pub bucket: String,
    /// What every key begins with; may be empty.
    pub prefix: String,
    /// The store's URL; Amazon's, when absent.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The id of the access key.
    pub access_key_id: SecretString,
    /// The access key.
    pub secret_access_key: SecretString,
}

type Chunks = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// A file that is read.
pub struct Opened {
    /// How long it is, in bytes.
    pub size: u64,
    /// Its bytes.
    pub stream: Chunks,
}

pub(crate) enum Shelf {
    Folder { root: PathBuf, store: OnceLock<Arc<dyn ObjectStore>> },
    S3 { store: Arc<dyn ObjectStore>, prefix: String },
}

impl Shelf {
    pub(crate) fn new(place: &Place) -> Result<Self, Error> {
        Ok(match place {
            Place::Folder(root) => Self::Folder { root: root.clone(), store: OnceLock::new() },
            Place::S3(s3) => Self::S3 { store: Arc::new(bucket(s3)?), prefix: s3.prefix.clone() },
        })
    }

    fn store(&self) -> Result<Arc<dyn ObjectStore>, Error> {
        match self {
            Self::S3 { store, .. } => Ok(store.clone()),
            Self::Folder { root, store } => {
                if let Some(store) = store.get() {
                    return Ok(store.clone());
                }
                let opened = Arc::new(folder(root)?);
                Ok(store.get_or_init(|| opened).clone())
            }
        }
    }

    fn folder_of(&self, id: AttachmentId) -> Path {
        match self {
            Self::Folder { .. } => Path::from(id.to_string()),
            Self::S3 { prefix, .. } => Path::from(format!("{prefix}/{id}")),
        }
    }

    fn path(&self, id: AttachmentId, which: Which) -> Path {
        self.folder_of(id).join(match which {
            Which::Content => "content",
            Which::Thumbnail => "thumbnail",
        })
    }

    pub(crate) async fn put(&self, id: AttachmentId, which: Which, bytes: Bytes) -> Result<(), Error> {
        self.store()?.put(&self.path(id, which), bytes.into()).await.map_err(unavailable)?;
        Ok(())
    }

    pub(crate) async fn get(&self, id: AttachmentId, which: Which) -> Result<Opened, Error> {
        let got = self.store()?.get(&self.path(id, which)).await.map_err(unavailable)?;
        let size = got.meta.size;
        Ok(Opened { size, stream: Box::pin(got.into_stream().map_err(std::io::Error::other)) })
    }

    pub(crate) async fn delete(&self, id: AttachmentId) -> Result<(), Error> {
        if let Self::Folder { root, .. } = self {
            // With whatever a process that was killed left half written beside them.
            let folder = root.join(id.to_string());
            return match tokio::fs::remove_dir_all(folder).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(Error::unavailable("the folder of files", error))
                }
                Ok(()) | Err(_) => Ok(()),
            };
        }
        let store = self.store()?;
        for which in [Which::Content, Which::Thumbnail] {
            match store.delete(&self.path(id, which)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(unavailable(error)),
            }
        }
        Ok(())
    }

    pub(crate) async fn ids(&self) -> Result<Vec<Uuid>, Error> {
        let root = match self {
            Self::Folder { .. } => None,
            Self::S3 { prefix, .. } => Some(Path::from(prefix.as_str())),
        };
        let listed = self.store()?.list_with_delimiter(root.as_ref()).await.map_err(unavailable)?;
        Ok(listed.common_prefixes.iter().filter_map(|folder| folder.filename()?.parse().ok()).collect())
    }
}

/// Where it is noted what was erased, beside the folders of attachments.
const ERASED: &str = "erased";

impl Shelf {
    fn notes(&self) -> Path {
        match self {
            Self::Folder { .. } => Path::from(ERASED),
            Self::S3 { prefix, .. } => Path::from(format!("{prefix}/{ERASED}")),
        }
    }

    pub(crate) async fn note_erased(&self, id: Uuid) -> Result<(), Error> {
        let note = self.notes().join(id.to_string());
        self.store()?.put(&note, Bytes::new().into()).await.map_err(unavailable)?;
        Ok(())
    }

    pub(crate) async fn erased(&self) -> Result<Vec<Uuid>, Error> {
        let notes: Vec<_> = self.store()?.list(Some(&self.notes())).try_collect().await.map_err(unavailable)?;
        Ok(notes.iter().filter_map(|note| note.location.filename()?.parse().ok()).collect())
    }

    pub(crate) async fn forget_erased(&self, id: Uuid) -> Result<(), Error> {
        match self.store()?.delete(&self.notes().join(id.to_string())).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }
}

fn folder(root: &FilePath) -> Result<LocalFileSystem, Error> {
    let no_folder = |error: &dyn std::fmt::Display| Error::unavailable("the folder of files", error);
    // Photographs are for nobody else on the machine. The folder of notes is made with them: whoever makes a backup, as
    // another user, finds it there, and makes none that the program could not read.
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(root.join(ERASED)).map_err(|error| no_folder(&error))?;
    let store = LocalFileSystem::new_with_prefix(root).map_err(|error| no_folder(&error))?;
    // Who is told that a file is kept finds it after a power cut too.
    Ok(store.with_fsync(true))
}

fn bucket(s3: &S3) -> Result<impl ObjectStore, Error> {
    if CryptoProvider::get_default().is_none() {
        // Refused if another thread was faster, which is as good.
        drop(ring::default_provider().install_default());
    }
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&s3.bucket)
        .with_access_key_id(s3.access_key_id.expose_secret())
        .with_secret_access_key(s3.secret_access_key.expose_secret())
        .with_retry(RetryConfig { max_retries: 3, retry_timeout: PATIENCE, ..RetryConfig::default() });
    if let Some(region) = &s3.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    builder.build().map_err(unavailable)
}

fn unavailable(error: object_store::Error) -> Error {
    match error {
        object_store::Error::NotFound { path, .. } => Error::Missing(path),
        other => Error::unavailable("the store of files", other),
    }
}
