//! Where attachments are kept, and what looks into them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Error, Result, bail};
use files::{Place, S3, Settings};

use crate::secret;

/// Where attachments are kept. An object store is asked with the keys of `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`,
/// or of the files that these names with `_FILE` name.
#[derive(clap::Args, Clone)]
pub(crate) struct FileOptions {
    /// A folder, or a bucket of an S3-compatible object store: `s3://bucket/prefix`. Default: `files` in the data folder.
    #[arg(long, env = "CONTINUUM_FILES")]
    files: Option<String>,
    /// The object store's URL, when it is not Amazon's.
    #[arg(long, env = "AWS_ENDPOINT_URL")]
    s3_endpoint: Option<String>,
    /// The object store's region.
    #[arg(long, env = "AWS_REGION")]
    s3_region: Option<String>,
    /// The greatest length of an attachment, MiB.
    #[arg(long, env = "CONTINUUM_MAX_FILE_MIB", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=100))]
    max_file_mib: u64,
    /// How many attachments a ticket can have.
    #[arg(long, env = "CONTINUUM_MAX_FILES", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    max_files: u32,
    /// The virus scanner clamd, host:port or the path of its socket. Then nothing is handed out that it has not seen.
    #[arg(long, env = "CONTINUUM_CLAMD")]
    clamd: Option<String>,
}

impl FileOptions {
    pub(crate) fn settings(&self, data_dir: &Path) -> Result<Settings> {
        let settings = Settings::in_folder(data_dir);
        Ok(Settings {
            place: self.place()?.unwrap_or_else(|| settings.place.clone()),
            max_bytes: self.max_file_mib * 1024 * 1024,
            max_per_ticket: self.max_files,
            clamd: set(self.clamd.as_ref()).map(|clamd| clamd.parse().map_err(Error::msg)).transpose()?,
            ..settings
        })
    }

    fn place(&self) -> Result<Option<Place>> {
        let Some(files) = set(self.files.as_ref()) else { return Ok(None) };
        let Some(bucket) = files.strip_prefix("s3://") else { return Ok(Some(Place::Folder(PathBuf::from(files)))) };
        let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
        if bucket.is_empty() {
            bail!("--files s3://… names no bucket");
        }
        let key = |name| {
            secret::of_environment(name)?.with_context(|| format!("--files s3://… needs {name}, or {name}_FILE"))
        };
        Ok(Some(Place::S3(S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
            endpoint: set(self.s3_endpoint.as_ref()).cloned(),
            region: set(self.s3_region.as_ref()).cloned(),
            access_key_id: key("AWS_ACCESS_KEY_ID")?,
            secret_access_key: key("AWS_SECRET_ACCESS_KEY")?,
        })))
    }
}

/// A variable of the environment that is there but empty, as compose files leave them, says nothing.
fn set(value: Option<&String>) -> Option<&String> {
    value.filter(|value| !value.is_empty())
}
