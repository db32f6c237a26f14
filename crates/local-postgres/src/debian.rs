//! The distribution's own PostgreSQL on Debian and Ubuntu, downloaded and unpacked without installing it.
//!
//! Works with and without root. Libraries that the machine lacks are fetched likewise and found through
//! `LD_LIBRARY_PATH`; which packages they are in is what `apt-get --simulate install` says.
//!
//! Deliberately absent: `apt-get update`, which changes the system: its user is asked to run it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::OLDEST_MAJOR;
use crate::binaries;
use crate::command;

const PACKAGE_LISTS: &str = "/var/lib/apt/lists";
/// Debian's PostgreSQL reads time zones from here and nowhere else.
const TIME_ZONES: &str = "/usr/share/zoneinfo/UTC";

/// Unpacks the package into `root`, and returns a name for the result or the reason of the failure.
pub(crate) fn unpack(root: &Path, wanted: Option<u32>) -> Result<String, String> {
    let mut search = command::tool("apt-cache");
    search.args(["search", "--names-only", "^postgresql-[0-9]+$"]);
    let major = choose(&command::output(search)?, wanted).ok_or_else(|| why_none(wanted))?;
    if !Path::new(TIME_ZONES).exists() {
        return Err(format!("{TIME_ZONES} does not exist, and Debian's PostgreSQL needs it: install tzdata"));
    }
    let server = format!("postgresql-{major}");
    download(std::slice::from_ref(&server), root)?;
    if !missing_libraries(root)?.is_empty() {
        let packages = lacking_libraries(&server)?;
        if !packages.is_empty() {
            download(&packages, root)?;
        }
        let missing = missing_libraries(root)?;
        if !missing.is_empty() {
            return Err(format!("{server} needs libraries that no package brought: {}", missing.join(", ")));
        }
    }
    Ok(format!("apt-{major}"))
}

/// The wanted version if it is offered; the newest one when none in particular is wanted.
fn choose(offered: &str, wanted: Option<u32>) -> Option<u32> {
    let names = offered.lines().filter_map(|line| line.split(' ').next());
    let majors = names.filter_map(|name| name.strip_prefix("postgresql-")?.parse().ok());
    majors.filter(|major| *major >= OLDEST_MAJOR && wanted.is_none_or(|wanted| wanted == *major)).max()
}

fn why_none(wanted: Option<u32>) -> String {
    let lists = fs::read_dir(PACKAGE_LISTS).into_iter().flatten().flatten();
    let known = lists.into_iter().any(|entry| entry.file_name().to_string_lossy().contains("_Packages"));
    if known {
        wanted.map_or_else(
            || format!("the distribution offers no PostgreSQL {OLDEST_MAJOR} or newer"),
            |major| format!("the data was made by PostgreSQL {major}, which the distribution does not offer"),
        )
    } else {
        "there are no package lists: run `apt-get update` as root, then try again".to_owned()
    }
}

fn download(packages: &[String], root: &Path) -> Result<(), String> {
    tracing::info!(?packages, "downloading packages");
    let place = tempfile::tempdir_in(root.parent().unwrap_or(root)).map_err(|error| error.to_string())?;
    let mut apt = command::tool("apt-get");
    // As root, apt would download as `_apt`, which may not write into this folder.
    apt.args(["-o", "APT::Sandbox::User=root", "--quiet", "download"]).args(packages).current_dir(&place);
    command::output(apt)
        .map_err(|reason| format!("{reason}; package lists may be old: run `apt-get update` as root"))?;
    for file in fs::read_dir(&place).map_err(|error| error.to_string())?.flatten() {
        let mut dpkg = command::tool("dpkg");
        dpkg.arg("-x").arg(file.path()).arg(root);
        command::output(dpkg)?;
    }
    Ok(())
}

/// Libraries that the loader does not find for the server, its tools and its modules.
fn missing_libraries(root: &Path) -> Result<Vec<String>, String> {
    let mut missing = Vec::new();
    for binaries in binaries::unpacked(root) {
        let mut files = vec![binaries.join("initdb"), binaries.join("postgres")];
        files.extend(modules(&binaries.with_file_name("lib")));
        let mut ldd = command::tool("ldd");
        if let Some(path) = command::library_path(&binaries::own_libraries(&binaries)) {
            ldd.env("LD_LIBRARY_PATH", path);
        }
        ldd.args(files);
        missing.extend(not_found(&command::output(ldd)?));
    }
    missing.sort();
    missing.dedup();
    Ok(missing)
}

fn modules(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "so")).collect()
}

/// `libpq.so.5 => not found` gives `libpq.so.5`.
fn not_found(listing: &str) -> Vec<String> {
    let lines = listing.lines().filter_map(|line| line.trim().strip_suffix(" => not found"));
    lines.map(str::to_owned).collect()
}

/// Library packages that installing `server` would bring to this machine.
fn lacking_libraries(server: &str) -> Result<Vec<String>, String> {
    let mut simulation: Command = command::tool("apt-get");
    simulation.args(["--simulate", "--no-install-recommends", "install", server]);
    Ok(new_libraries(&command::output(simulation)?))
}

/// `Inst libpq5 (15.18-0+deb12u1 Debian [amd64])` gives `libpq5`; a version in brackets after the name is an upgrade
/// of something installed, which stays as it is.
fn new_libraries(simulation: &str) -> Vec<String> {
    let mut packages = Vec::new();
    for line in simulation.lines() {
        let mut words = line.split(' ');
        if words.next() == Some("Inst")
            && let (Some(name), Some(version)) = (words.next(), words.next())
            && name.starts_with("lib")
            && version.starts_with('(')
        {
            packages.push(name.to_owned());
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERED: &str = "postgresql-13 - old\npostgresql-15 - The World's\npostgresql-16 - newer\n";

    #[test]
    fn the_newest_or_the_wanted_version_is_chosen() {
        assert_eq!(choose(OFFERED, None), Some(16));
        assert_eq!(choose(OFFERED, Some(15)), Some(15));
        assert_eq!(choose(OFFERED, Some(13)), None, "13 is not accepted");
        assert_eq!(choose(OFFERED, Some(17)), None, "17 is not offered");
        assert_eq!(choose("postgresql-14 - jammy\n", None), None);
        assert_eq!(choose("", None), None);
    }

    #[test]
    fn missing_libraries_are_read_from_ldd() {
        let listing =
            "/x/postgres:\n\tlibpq.so.5 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n\tlinux-vdso.so.1 (0x2)\n";
        assert_eq!(not_found(listing), ["libpq.so.5"]);
    }

    #[test]
    fn new_libraries_are_read_from_the_simulation() {
        let simulation = "NOTE: This is only a simulation!\n\
            Inst libc6 [2.36-1] (2.36-9 Debian [amd64])\n\
            Inst libpq5 (15.18-0+deb12u1 Debian [amd64])\n\
            Inst postgresql-15 (15.18 Debian [amd64])\n\
            Conf libpq5 (15.18-0+deb12u1 Debian [amd64])\n";
        assert_eq!(new_libraries(simulation), ["libpq5"]);
    }
}
