//! The server under test, a process of its own; and the PostgreSQL below both.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use local_postgres::Server;
use serde_json::Value;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;

use crate::usage::Process;

/// The database of the city.
const DATABASE: &str = "continuum";
/// How long the server may take to become ready, or to end.
const PATIENCE: Duration = Duration::from_mins(2);
/// As many requests as can be named: what is measured is not the limit.
const UNLIMITED: &str = "4294967295";

/// What PostgreSQL has on a small server of a city; everything else as `initdb` leaves it, `fsync` on.
const SETTINGS: [&str; 5] = [
    "shared_buffers = '1GB'",
    "effective_cache_size = '6GB'",
    "max_wal_size = '1GB'",
    "checkpoint_timeout = '15min'",
    "random_page_cost = 1.1",
];
/// What is written of a page after a checkpoint, the fastest way that this PostgreSQL was built with.
const COMPRESSIONS: [&str; 2] = ["lz4", "on"];

/// A temporary folder that PostgreSQL may pass, which as root runs under another account.
pub(crate) fn passable_folder() -> Result<TempDir> {
    Ok(tempfile::Builder::new().prefix("continuum-bench-").permissions(Permissions::from_mode(0o755)).tempdir()?)
}

/// PostgreSQL with one city.
pub(crate) struct Database {
    server: Server,
    folder: PathBuf,
}

impl Database {
    /// Starts it in a folder, which is made when it is not there.
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        let place = folder.join("postgres");
        let new = !place.exists();
        fs::create_dir_all(folder)?;
        let mut server = Server::start(&place)?;
        if new {
            let mut connection = PgConnection::connect(&server.url("postgres")).await?;
            for setting in SETTINGS {
                connection.execute(sqlx::AssertSqlSafe(format!("alter system set {setting}"))).await?;
            }
            for compression in COMPRESSIONS {
                let statement = format!("alter system set wal_compression = '{compression}'");
                if connection.execute(sqlx::AssertSqlSafe(statement)).await.is_ok() {
                    break;
                }
            }
            connection.close().await?;
            server.stop()?;
            server = Server::start(&place)?;
        }
        store::ensure_database(&server.url("postgres"), DATABASE).await?;
        Ok(Self { server, folder: folder.to_owned() })
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.server.url(DATABASE)
    }

    /// A connection that sees the city.
    pub(crate) async fn connection(&self) -> Result<PgConnection> {
        let mut connection = PgConnection::connect(&self.url()).await?;
        connection.execute("set search_path to continuum").await?;
        Ok(connection)
    }

    /// Its log.
    pub(crate) fn log(&self) -> &Path {
        self.server.log_file()
    }

    /// Its first process.
    pub(crate) fn process(&self) -> Result<Process> {
        let file = fs::read_to_string(self.folder.join("postgres/cluster/postmaster.pid"))?;
        let pid = file.lines().next().and_then(|line| line.trim().parse().ok());
        pid.map(Process).context("postmaster.pid is not understood")
    }

    /// The folder that it was started from.
    pub(crate) fn binaries(&self) -> Result<PathBuf> {
        let program = fs::read_link(format!("/proc/{}/exe", self.process()?.0))?;
        Ok(program.parent().context("PostgreSQL runs from nowhere")?.to_owned())
    }

    /// The folder of what the program keeps beside the database.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Runs a command of the program to its end.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<()> {
        let output = self.program(arguments)?.stdin(Stdio::null()).output()?;
        if !output.status.success() {
            bail!("continuum {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    fn program(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("continuum").args(arguments).env_clear().env("DATABASE_URL", self.url());
        command.env("CONTINUUM_DATA_DIR", self.data());
        // As the image has it.
        command.envs([("MIMALLOC_ALLOW_THP", "0"), ("MIMALLOC_PURGE_DELAY", "5")]);
        Ok(command)
    }

    pub(crate) fn stop(self) -> Result<()> {
        Ok(self.server.stop()?)
    }
}

/// The server under test.
pub(crate) struct Program {
    child: Child,
    /// Where it answers.
    pub(crate) base_url: String,
    /// How long it took until it answered.
    pub(crate) started_in: Duration,
}

impl Program {
    /// Starts it, and waits until it says that it is ready. It leaves the outbox alone, so that nothing but requests is
    /// measured.
    pub(crate) fn start(database: &Database) -> Result<Self> {
        Self::serve(database, &["--no-worker"])
    }

    /// The same, with the worker in it.
    pub(crate) fn start_with_worker(database: &Database) -> Result<Self> {
        Self::serve(database, &[])
    }

    fn serve(database: &Database, arguments: &[&str]) -> Result<Self> {
        let ready = database.data().join("ready.json");
        if ready.exists() {
            fs::remove_file(&ready)?;
        }
        let log = fs::File::create(database.data().join("server.log"))?;
        let mut command = database.program(&["serve", "--listen", "127.0.0.1:0", "--geocoder", ""])?;
        command.args(arguments).args([
            // Of all instances: what one has signed is taken by the others.
            "--public-url",
            "http://localhost",
            "--metrics-listen",
            "127.0.0.1:0",
            "--rate-limit",
            UNLIMITED,
            "--rate-limit-address",
            UNLIMITED,
        ]);
        command.arg("--ready-file").arg(&ready).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let began = Instant::now();
        let mut program = Self { child: command.spawn()?, base_url: String::new(), started_in: Duration::ZERO };
        while !ready.exists() {
            if program.child.try_wait()?.is_some() || began.elapsed() > PATIENCE {
                bail!("the server did not start: {}", fs::read_to_string(database.data().join("server.log"))?);
            }
            thread::sleep(Duration::from_millis(1));
        }
        program.started_in = began.elapsed();
        let said: Value = serde_json::from_slice(&fs::read(&ready)?)?;
        said["base_url"].as_str().context("the ready file names no address")?.clone_into(&mut program.base_url);
        Ok(program)
    }

    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }

    pub(crate) fn stop(mut self) -> Result<()> {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status()?;
        if !asked.success() {
            bail!("the server was not there to be stopped");
        }
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(ended) = self.child.try_wait()? {
                ensure!(ended.success(), "the server did not stop as asked: {ended}");
                return Ok(());
            }
            thread::sleep(Duration::from_millis(1));
        }
        bail!("the server did not stop within {PATIENCE:?}")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already, unless something failed: then that is what is told.
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}
