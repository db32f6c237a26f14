//! Real servers: started, used, killed in every way, and started again.
//!
//! Deliberately absent: the order of tests, and fixed waits. Each test has its own folder.

#![allow(clippy::panic, clippy::print_stderr, clippy::print_stdout, clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;

use local_postgres::{Access, Error, Server, obtain};
use support::{Program, eventually, kill_9, play_role, query, runs, server_pid, socket_folder};

#[test]
fn another_program() {
    play_role();
}

#[test]
fn a_server_keeps_its_data_listens_privately_and_stops() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::start(&place.path().join("data")).unwrap();
    let url = server.url("postgres");
    let pid = server_pid(&url);
    query(&url, "create table kept as select 'é' as word");
    assert_eq!(query(&url, "select upper(word) from kept"), ["É"]);
    assert_eq!(query(&url, "show data_checksums"), ["on"]);
    assert_eq!(query(&url, "show server_encoding"), ["UTF8"]);
    assert_eq!(query(&url, "show fsync"), ["on"]);
    assert_eq!(query(&url, "show listen_addresses"), [""]);
    assert_eq!(fs::metadata(socket_folder(&url)).unwrap().mode() & 0o777, 0o700);
    server.stop().unwrap();
    assert!(!runs(pid));
    assert!(!socket_folder(&url).join(".s.PGSQL.5432").exists());

    let server = Server::start(&place.path().join("data")).unwrap();
    assert_eq!(query(&server.url("postgres"), "select word from kept"), ["é"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_never_runs_as_root_even_where_only_root_may_enter() {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o700)).unwrap();
    let server = Server::start(place.path()).unwrap();
    let process = format!("/proc/{}", server_pid(&server.url("postgres")));
    assert_ne!(fs::metadata(process).unwrap().uid(), 0);
}

#[test]
fn a_killed_server_is_reported_and_recovers_at_the_next_start() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::start(place.path()).unwrap();
    let url = server.url("postgres");
    query(&url, "create table kept as select 1");
    let pid = server_pid(&url);
    kill_9(pid);
    eventually("the killed server is gone", || !runs(pid));
    let error = server.stop().unwrap_err().to_string();
    assert!(error.contains("had ended by itself with signal: 9"), "{error}");

    let server = Server::start(place.path()).unwrap();
    assert_eq!(query(&server.url("postgres"), "select count(*) from kept"), ["1"]);
}

#[cfg(target_os = "linux")]
#[test]
fn the_server_of_a_killed_program_ends_and_the_next_start_recovers() {
    let place = tempfile::tempdir().unwrap();
    let astray = [("PGDATA", "/nowhere"), ("PGPORT", "1"), ("PGOPTIONS", "--nonsense")];
    let program = Program::run("keep", place.path(), &astray);
    let url = program.said().to_owned();
    let pid = server_pid(&url);
    query(&url, "create table kept as select 1");
    program.kill_9();
    // At once, while the server of the killed program still shuts down.
    let server = Server::start(place.path()).unwrap();
    assert!(!runs(pid));
    assert_eq!(query(&server.url("postgres"), "select count(*) from kept"), ["1"]);
}

#[test]
fn a_second_program_learns_who_holds_the_folder() {
    let place = tempfile::tempdir().unwrap();
    let program = Program::run("keep", place.path(), &[]);
    match Server::start(place.path()) {
        Err(Error::Held { pid, .. }) => assert_eq!(pid, Some(program.pid())),
        other => panic!("{other:?}"),
    }
    let message = Server::start(place.path()).unwrap_err().to_string();
    assert!(message.contains(&format!("in use by process {}", program.pid())), "{message}");
    assert_eq!(query(program.said(), "select 1"), ["1"], "the first is not disturbed");
}

#[test]
fn a_guest_uses_the_server_of_another_program_and_leaves_it_running() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("long".repeat(30));
    let program = Program::run("keep", &folder, &[]);
    let guest = Access::open(&folder).unwrap();
    assert!(matches!(guest, Access::Guest(_)));
    assert_eq!(guest.url("postgres"), program.said(), "by the same link, where the path is long");
    assert_eq!(query(&guest.url("postgres"), "select 1"), ["1"]);
    guest.close().unwrap();
    assert_eq!(query(program.said(), "select 1"), ["1"]);
    drop(program);
    let own = Access::open(&folder).unwrap();
    assert!(matches!(own, Access::Own(_)), "nobody has it up any more");
    own.close().unwrap();
}

#[test]
fn of_many_at_once_one_starts_the_server_and_stops_it_when_the_others_have_left() {
    let place = tempfile::tempdir().unwrap();
    let visit = || {
        let access = Access::open(place.path()).unwrap();
        let url = access.url("postgres");
        for _ in 0..20 {
            assert_eq!(query(&url, "select pg_sleep(0.01)::text || 'x'"), ["x"]);
        }
        access.close().unwrap();
    };
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(visit);
        }
    });
    visit();
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_killed_program_announced_is_not_believed() {
    let place = tempfile::tempdir().unwrap();
    let program = Program::run("keep", place.path(), &[]);
    query(program.said(), "create table kept as select 1");
    program.kill_9();
    let access = Access::open(place.path()).unwrap();
    assert!(matches!(access, Access::Own(_)));
    assert_eq!(query(&access.url("postgres"), "select count(*) from kept"), ["1"]);
}

#[test]
fn an_initdb_cut_short_is_begun_again() {
    let place = tempfile::tempdir().unwrap();
    for unfinished in ["cluster", "cluster.new/global"] {
        fs::create_dir_all(place.path().join(unfinished)).unwrap();
    }
    fs::write(place.path().join("of the user"), "kept").unwrap();
    let server = Server::start(place.path()).unwrap();
    assert_eq!(query(&server.url("postgres"), "select 1"), ["1"]);
    assert!(!place.path().join("cluster.new").exists());
    assert!(place.path().join("of the user").exists());
}

#[test]
fn lock_files_whose_pid_another_process_has_got_are_no_obstacle() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::start(place.path()).unwrap();
    let cluster = socket_folder(&server.url("postgres"));
    let lock = fs::read_to_string(cluster.join("postmaster.pid")).unwrap();
    let pid = server_pid(&server.url("postgres")).to_string();
    server.stop().unwrap();
    // The parent of the tests runs, as the same user, and is not a server.
    let reused = lock.replacen(&pid, &std::os::unix::process::parent_id().to_string(), 1);
    for name in ["postmaster.pid", ".s.PGSQL.5432.lock", ".s.PGSQL.5432"] {
        fs::write(cluster.join(name), &reused).unwrap();
    }
    let server = Server::start(place.path()).unwrap();
    assert_eq!(query(&server.url("postgres"), "select 1"), ["1"]);
}

#[test]
fn a_failure_names_the_binary_its_version_and_its_last_words() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::start(place.path()).unwrap();
    let cluster = socket_folder(&server.url("postgres"));
    let version = query(&server.url("postgres"), "show server_version").remove(0);
    server.stop().unwrap();
    fs::write(cluster.join("postgresql.auto.conf"), "nonsense = 1\n").unwrap();
    let failure = match Server::start(place.path()) {
        Err(Error::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    };
    let message = failure.to_string();
    assert!(message.contains("/postgres (PostgreSQL ") && version.starts_with(&failure.version), "{message}");
    let named = cluster.join("postgresql.auto.conf");
    assert!(message.contains("nonsense") && message.contains(named.to_str().unwrap()), "{message}");
}

#[test]
fn data_of_another_major_version_is_refused() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("cluster")).unwrap();
    fs::write(place.path().join("cluster/PG_VERSION"), "14\n").unwrap();
    let error = Server::start(place.path()).unwrap_err();
    let message = error.to_string();
    let Error::OtherMajor { version, .. } = error else { panic!("{message}") };
    assert!(message.contains("made by PostgreSQL 14") && message.contains(&version), "{message}");
    assert!(place.path().join("cluster/PG_VERSION").exists(), "and not touched");
}

#[test]
fn data_without_its_version_is_refused_and_not_wiped() {
    let place = tempfile::tempdir().unwrap();
    assert!(!Server::has_data(place.path()).unwrap());
    let server = Server::start(place.path()).unwrap();
    query(&server.url("postgres"), "create table kept as select 1");
    server.stop().unwrap();
    assert!(Server::has_data(place.path()).unwrap());
    let (version, aside) = (place.path().join("cluster/PG_VERSION"), place.path().join("aside"));
    fs::rename(&version, &aside).unwrap();
    let error = Server::start(place.path()).unwrap_err();
    assert!(matches!(&error, Error::Damaged { folder } if folder.ends_with("cluster")), "{error}");
    assert!(Server::has_data(place.path()).unwrap(), "what is left of it");
    fs::rename(&aside, &version).unwrap();
    let server = Server::start(place.path()).unwrap();
    assert_eq!(query(&server.url("postgres"), "select count(*) from kept"), ["1"]);
}

#[test]
fn binaries_named_by_pg_bin_must_work() {
    let place = tempfile::tempdir().unwrap();
    let program = Program::run("keep", place.path(), &[("PG_BIN", "/usr/bin/env")]);
    assert!(program.said().starts_with("PG_BIN=/usr/bin/env: "), "{}", program.said());
}

#[test]
fn a_path_too_long_for_a_socket_is_cut_short() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("long".repeat(30));
    let server = Server::start(&folder).unwrap();
    let link = socket_folder(&server.url("postgres"));
    assert!(!link.starts_with(place.path()));
    assert_eq!(query(&server.url("postgres"), "select 1"), ["1"]);
    server.stop().unwrap();
    assert!(!link.parent().unwrap().exists());
}

#[test]
fn a_throwaway_server_leaves_nothing_even_after_a_panic() {
    let server = Server::start_throwaway().unwrap();
    let url = server.url("postgres");
    assert_eq!(query(&url, "show fsync"), ["off"]);
    assert_eq!(query(&url, "show max_connections"), ["200"]);
    let pid = server_pid(&url);
    let folder = folder_of(&url);
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _server = server;
        panic!("as a failing test does");
    }));
    assert!(panic.is_err());
    assert!(!runs(pid));
    assert!(!Path::new(&folder).exists());
}

#[cfg(target_os = "linux")]
#[test]
fn the_throwaway_server_of_a_killed_program_ends_and_its_folder_is_swept() {
    let place = tempfile::tempdir().unwrap();
    let temporary = [("TMPDIR", place.path().to_str().unwrap())];
    let killed = Program::run("throwaway", place.path(), &temporary);
    let (pid, folder) = (server_pid(killed.said()), folder_of(killed.said()));
    assert!(folder.starts_with(place.path().to_str().unwrap()));
    killed.kill_9();
    eventually("the server of the killed program has ended", || !runs(pid));
    assert!(Path::new(&folder).exists());

    let first = Program::run("throwaway", place.path(), &temporary);
    assert!(!Path::new(&folder).exists(), "swept");
    let second = Program::run("throwaway", place.path(), &temporary);
    assert_eq!(query(first.said(), "select 1"), ["1"], "what is in use is not swept");
    assert_eq!(query(second.said(), "select 1"), ["1"]);
}

#[cfg(target_os = "linux")]
#[test]
fn the_distribution_s_package_is_unpacked_and_serves() {
    let cache = tempfile::tempdir().unwrap();
    // Root starts the server under another account, which must be able to enter.
    fs::set_permissions(cache.path(), Permissions::from_mode(0o755)).unwrap();
    let binaries = match obtain(cache.path()) {
        Ok(binaries) => binaries,
        Err(Error::NoBinaries { tried }) if cannot_download(&tried) => {
            eprintln!("SKIPPED: the distribution's package cannot be had here: {tried:?}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    assert!(binaries.starts_with(cache.path()));
    assert_eq!(obtain(cache.path()).unwrap(), binaries, "fetched once");

    let place = tempfile::tempdir().unwrap();
    let program = Program::run("keep", place.path(), &[("PG_BIN", binaries.to_str().unwrap())]);
    assert_eq!(query(program.said(), "select 1"), ["1"], "{}", program.said());
    let running = fs::read_link(format!("/proc/{}/exe", server_pid(program.said())));
    // An ordinary user may always see the binary of its own process, and root that of every process.
    assert_eq!(running.unwrap(), binaries.join("postgres").canonicalize().unwrap());
}

fn cannot_download(tried: &[String]) -> bool {
    let reasons = [
        "apt-cache: No such file",
        "apt-get: No such file",
        "run `apt-get update`",
        "Unable to fetch",
        "Failed to fetch",
    ];
    tried.iter().any(|way| way.starts_with("apt-get: ") && reasons.iter().any(|reason| way.contains(reason)))
}

/// The throwaway folder, as text, from the URL of its server.
fn folder_of(url: &str) -> String {
    socket_folder(url).parent().unwrap().to_str().unwrap().to_owned()
}
