//! A streaming replica of the database, made as an operator makes one: `pg_basebackup`.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use local_postgres::Server;
use serde_json::Value;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::support::city::{City, dumping};

crate::tests![statistics_and_exports_are_read_from_a_replica_that_has_seen_everything];

/// A folder that PostgreSQL's account gets through.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Copies a city to another server.
fn copy(from: &str, to: &str) {
    let mut dump =
        Command::new("pg_dump").args(["--no-owner", "--no-privileges", from]).stdout(Stdio::piped()).spawn().unwrap();
    let mut psql = Command::new("psql");
    psql.args(["--quiet", "--set=ON_ERROR_STOP=1", to]).stdin(dump.stdout.take().unwrap()).stdout(Stdio::null());
    assert!(psql.status().unwrap().success() && dump.wait().unwrap().success());
}

/// A replica of the server in that folder, as its account.
fn replica_of(primary: &Server, cluster: &Path, folder: &Path) -> Server {
    let mut backup = Command::new("pg_basebackup");
    backup.args(["--checkpoint=fast", "--write-recovery-conf", "--no-sync", "--dbname", &primary.url("postgres")]);
    assert!(backup.arg("--pgdata").arg(folder.join("cluster")).status().unwrap().success());
    let owner = fs::metadata(cluster).unwrap();
    give(&folder.join("cluster"), (owner.uid(), owner.gid()));
    Server::start(folder).unwrap()
}

fn give(path: &Path, owner: (u32, u32)) {
    chown(path, Some(owner.0), Some(owner.1)).unwrap();
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), owner);
        }
    }
}

async fn statistics_and_exports_are_read_from_a_replica_that_has_seen_everything() {
    let (first, second) = (folder(), folder());
    let primary = Server::start(first.path()).unwrap();
    let mut connection = PgConnection::connect(&primary.url("postgres")).await.unwrap();
    connection.execute("create database continuum").await.unwrap();
    connection.execute("alter database continuum set log_statement = 'all'").await.unwrap();
    let template = City::new().await;
    copy(&template.database.url(), &primary.url("continuum"));
    template.stop().await;
    let replica = replica_of(&primary, &first.path().join("cluster"), second.path());
    let (one, other) = (primary.url("continuum"), replica.url("continuum"));
    let city = City::with(|config| {
        config.database.url = one.clone().into();
        config.database.replica = Some(other.clone().into());
    })
    .await;
    let asked = |server: &Server, words: &str| {
        let log = fs::read_to_string(server.log_file()).unwrap();
        log.matches(words).count()
    };
    let (figures, exported) = ("as behind_since", "select id, description from concern");
    let desk = city.dispatcher().await;
    let count = async || {
        while usecases::statistics::keep(&city.instance.context).await.unwrap() > 0 {}
        desk.get("/v1/stats/tickets").await.ok()["total"]["filed"].clone()
    };
    let export = async || desk.get("/v1/tickets/export?format=ndjson").await.is(200).text.lines().count();
    city.dumping().await;
    let filed = count().await;
    assert_eq!((asked(&replica, figures), asked(&primary, figures)), (1, 0));
    assert_eq!(Value::from(export().await), filed);
    assert_eq!((asked(&replica, exported), asked(&primary, exported)), (1, 0));

    // What I just wrote I can read, however far the replica lags behind.
    let mut standby = PgConnection::connect(&other).await.unwrap();
    standby.execute("select pg_wal_replay_pause()").await.unwrap();
    let concern = city.agent().await.post("/v1/concerns", &dumping()).await.created();
    let now = filed.as_i64().unwrap() + i64::try_from(concern["tickets"].as_array().unwrap().len()).unwrap();
    assert_eq!(count().await, now);
    assert_eq!(Value::from(export().await), now);
    assert_eq!((asked(&replica, figures), asked(&primary, figures)), (1, 1));
    assert_eq!((asked(&replica, exported), asked(&primary, exported)), (1, 1));
    standby.execute("select pg_wal_replay_resume()").await.unwrap();
    // What was counted is told for ten seconds, by neither.
    assert_eq!(count().await, now);
    assert_eq!((asked(&replica, figures), asked(&primary, figures)), (1, 1));
    city.clock.forward(chrono::Duration::seconds(10));
    assert_eq!(count().await, now);
    assert_eq!((asked(&replica, figures), asked(&primary, figures)), (2, 1));

    // A replica that is gone is missed by nobody.
    standby.close().await.unwrap();
    replica.stop().unwrap();
    city.clock.forward(chrono::Duration::seconds(10));
    assert_eq!(count().await, now);
    assert_eq!(Value::from(export().await), now);
    assert_eq!((asked(&primary, figures), asked(&primary, exported)), (2, 2));
    city.stop().await;
    connection.close().await.unwrap();
    primary.stop().unwrap();
}
