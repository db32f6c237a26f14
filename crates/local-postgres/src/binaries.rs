//! Finds PostgreSQL's server binaries on this machine.
//!
//! Order: `PG_BIN`, which if set is the only one looked at; `PATH`; the places of the usual packages, newest first;
//! what [`crate::obtain`] fetched earlier. Data that exists already decides: binaries of its major version come first.
//!
//! Deliberately absent: `pg_config` and `pg_ctl`; two programs are needed, `initdb` and `postgres`.

use std::cmp::Reverse;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::OLDEST_MAJOR;
use crate::account::Account;
use crate::command;
use crate::error::Error;

/// Folder, beginning of a version's name in it, and the way from there to the binaries.
const PLACES: [(&str, &str, &str); 7] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// A folder with `initdb` and `postgres` that run, in a version that is accepted.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    folder: PathBuf,
    libraries: Vec<PathBuf>,
    major: u32,
    version: String,
}

/// What a search found, and why the rest was passed over.
#[derive(Debug, Default)]
pub(crate) struct Search {
    pub(crate) found: Option<Binaries>,
    pub(crate) passed_over: Vec<String>,
}

/// Looks on this machine and in `cache`, preferring the major version `wanted`.
pub(crate) fn find(cache: &Path, account: Option<&Account>, wanted: Option<u32>) -> Result<Search, Error> {
    if let Some(folder) = env::var_os("PG_BIN").filter(|folder| !folder.is_empty()) {
        let folder = PathBuf::from(folder);
        return match Binaries::at(&folder, account) {
            Ok(binaries) => Ok(Search { found: Some(binaries), passed_over: Vec::new() }),
            Err(reason) => Err(Error::PgBin { folder, reason }),
        };
    }
    let mut places = in_path();
    places.extend(PLACES.iter().flat_map(|(parent, prefix, rest)| versions(Path::new(parent), prefix, rest)));
    places.extend(cached(cache));
    Ok(among(&places, account, wanted))
}

/// The first usable place with the wanted major version, else the first usable place.
pub(crate) fn among(places: &[PathBuf], account: Option<&Account>, wanted: Option<u32>) -> Search {
    let mut search = Search::default();
    for place in places {
        match Binaries::at(place, account) {
            Ok(binaries) if wanted.is_none_or(|wanted| wanted == binaries.major) => {
                search.found = Some(binaries);
                break;
            }
            Ok(binaries) => search.found = search.found.or(Some(binaries)),
            Err(reason) => search.passed_over.push(format!("{}: {reason}", place.display())),
        }
    }
    search
}

/// Folders of binaries in a cache that [`crate::obtain`] fills.
pub(crate) fn cached(cache: &Path) -> Vec<PathBuf> {
    let mut places = Vec::new();
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            places.extend(unpacked(&entry.path()));
        }
    }
    places.sort_by_key(|place| Reverse(version_in(place)));
    places
}

/// Folders of binaries in one unpacked package or archive.
pub(crate) fn unpacked(root: &Path) -> Vec<PathBuf> {
    let mut places = versions(&root.join("usr/lib/postgresql"), "", "bin");
    places.extend(versions(root, "postgresql-", "bin"));
    places
}

impl Binaries {
    /// Checks a folder; the error is the reason to pass it over.
    pub(crate) fn at(folder: &Path, account: Option<&Account>) -> Result<Self, String> {
        let folder = folder.canonicalize().map_err(|error| error.to_string())?;
        for program in ["initdb", "postgres"] {
            if !folder.join(program).is_file() {
                return Err(format!("{program} is not there"));
            }
        }
        if let Some(account) = account
            && let Some(closed) = account.closed_folder(&folder)
        {
            let name = &account.name;
            return Err(format!("{name}, who must run it as this is root, cannot enter {}", closed.display()));
        }
        let libraries = own_libraries(&folder);
        let mut version = command::bare(&folder.join("postgres"), &libraries);
        version.arg("--version");
        let version = parse_version(&command::output(version)?)?;
        let major = parse_major(&version).ok_or_else(|| format!("version {version} is not understood"))?;
        if major < OLDEST_MAJOR {
            return Err(format!("version {version} is older than {OLDEST_MAJOR}"));
        }
        Ok(Self { folder, libraries, major, version })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Folders of libraries that came with the binaries and are unknown to the system's loader.
    pub(crate) fn libraries(&self) -> &[PathBuf] {
        &self.libraries
    }

    pub(crate) fn major(&self) -> u32 {
        self.major
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }
}

/// Library folders of a package unpacked elsewhere than in `/`; none for binaries that are installed.
pub(crate) fn own_libraries(binaries: &Path) -> Vec<PathBuf> {
    let debian = binaries
        .ancestors()
        .nth(5)
        .filter(|root| binaries.starts_with(root.join("usr/lib/postgresql")) && *root != Path::new("/"));
    let Some(root) = debian else {
        return Vec::new();
    };
    let mut folders = Vec::new();
    for parent in [root.join("usr/lib"), root.join("lib")] {
        let below = fs::read_dir(&parent).into_iter().flatten().flatten().map(|entry| entry.path());
        folders.extend(below.filter(|path| path.to_string_lossy().contains("-linux-")));
        folders.push(parent);
    }
    folders.retain(|folder| folder.is_dir());
    folders
}

/// `PATH` holds links in some distributions; PostgreSQL finds its other files from where it really is.
fn in_path() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let links = env::split_paths(&path).filter_map(|folder| folder.join("postgres").canonicalize().ok());
    let mut places: Vec<PathBuf> = links.filter_map(|program| program.parent().map(Path::to_path_buf)).collect();
    places.dedup();
    places
}

/// `parent/prefix*/rest` for what exists, newest version first.
fn versions(parent: &Path, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let mut found: Vec<(Reverse<u32>, PathBuf)> = Vec::new();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let version = name.to_str().and_then(|name| name.strip_prefix(prefix)).and_then(parse_major);
        let place = entry.path().join(rest);
        if let Some(version) = version
            && place.join("postgres").exists()
        {
            found.push((Reverse(version), place));
        }
    }
    found.sort();
    found.into_iter().map(|(_, place)| place).collect()
}

/// The version that a path names, for sorting a cache.
fn version_in(place: &Path) -> Option<u32> {
    let mut names = place.iter().rev().filter_map(OsStr::to_str);
    names.find_map(|name| parse_major(name.rsplit('-').next()?))
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` gives `15.18`.
fn parse_version(output: &str) -> Result<String, String> {
    let version = output.trim().strip_prefix("postgres (PostgreSQL) ").and_then(|rest| rest.split(' ').next());
    version.map(str::to_owned).ok_or_else(|| format!("`postgres --version` answers {output:?}"))
}

/// The number at the beginning: `15.18`, `17`, `18beta1`.
fn parse_major(version: &str) -> Option<u32> {
    let end = version.find(|character: char| !character.is_ascii_digit()).unwrap_or(version.len());
    version[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fake(root: &Path, way: &str) {
        let folder = root.join(way);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("postgres"), "").unwrap();
    }

    #[test]
    fn versions_are_understood() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n").unwrap(), "15.18");
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1\n").unwrap(), "18beta1");
        assert!(parse_version("pg_ctl (PostgreSQL) 15.18").is_err());
        assert_eq!(parse_major("18beta1"), Some(18));
        assert_eq!(parse_major("9.6.24"), Some(9));
        assert_eq!(parse_major("latest"), None);
    }

    #[test]
    fn the_newest_version_comes_first() {
        let place = tempfile::tempdir().unwrap();
        for version in ["9.6", "16", "15", "common"] {
            fake(place.path(), &format!("{version}/bin"));
        }
        let found = versions(place.path(), "", "bin");
        let expected: Vec<PathBuf> =
            ["16", "15", "9.6"].iter().map(|version| place.path().join(version).join("bin")).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_cache_lists_packages_and_archives_but_no_partial_downloads() {
        let cache = tempfile::tempdir().unwrap();
        fake(cache.path(), "apt-15/usr/lib/postgresql/15/bin");
        fake(cache.path(), "archive-17.2.0/postgresql-17.2.0/bin");
        fake(cache.path(), ".partial-x/usr/lib/postgresql/16/bin");
        let found = cached(cache.path());
        let newest = cache.path().join("archive-17.2.0/postgresql-17.2.0/bin");
        assert_eq!(found, [newest, cache.path().join("apt-15/usr/lib/postgresql/15/bin")]);
    }

    #[test]
    fn only_unpacked_packages_bring_libraries() {
        let root = tempfile::tempdir().unwrap();
        let binaries = root.path().join("usr/lib/postgresql/15/bin");
        let libraries = root.path().join("usr/lib/x86_64-linux-gnu");
        fs::create_dir_all(&binaries).unwrap();
        fs::create_dir_all(&libraries).unwrap();
        assert_eq!(own_libraries(&binaries), [libraries, root.path().join("usr/lib")]);
        assert!(own_libraries(Path::new("/usr/lib/postgresql/15/bin")).is_empty());
    }

    #[test]
    fn a_place_that_cannot_be_used_is_passed_over_with_its_reason() {
        let place = tempfile::tempdir().unwrap();
        fake(place.path(), "bin");
        let search = among(&[place.path().join("bin"), place.path().join("none")], None, None);
        assert!(search.found.is_none());
        assert!(search.passed_over[0].ends_with("initdb is not there"), "{:?}", search.passed_over);
        assert_eq!(search.passed_over.len(), 2);
    }
}
