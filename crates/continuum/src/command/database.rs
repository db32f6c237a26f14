//! Which database: the one of `DATABASE_URL` (or of the file that `DATABASE_URL_FILE` names), or a private one in the data
//! folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use files::Settings as FileSettings;
use local_postgres::{Access, Server};
use store::{Connect, Store};
use usecases::Context;

use super::tell_aside;
use crate::instance::{Config, Mail, PATIENCE};
use crate::keys::Keys;
use crate::{SystemClock, TimeOrderedIds, secret};

/// The name of the database on a private server.
pub(crate) const PRIVATE: &str = "continuum";

/// Where things are kept.
#[derive(clap::Args, Clone)]
pub(crate) struct DatabaseOptions {
    /// The schema that holds the city: one city a schema.
    #[arg(long, env = "DATABASE_SCHEMA", default_value = "continuum")]
    database_schema: String,
    /// How many connections to the database at most, eight at least: a third of them is for lists and statistics, a quarter for searches. Up to
    /// three more hear what other instances announce.
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 12, value_parser = clap::value_parser!(u32).range(8..))]
    database_connections: u32,
    /// The folder for everything that this program keeps; without `DATABASE_URL` or `DATABASE_URL_FILE` in the
    /// environment, also for a private PostgreSQL.
    #[arg(long, env = "CONTINUUM_DATA_DIR", default_value = "continuum-data")]
    pub(crate) data_dir: PathBuf,
    /// The folder of the keys; made on first use. Default: `keys` in the data folder.
    #[arg(long, env = "CONTINUUM_KEYS_DIR")]
    keys_dir: Option<PathBuf>,
}

/// A database, and the private server that it is on, if it is on one.
pub(crate) struct Database {
    pub(crate) connect: Connect,
    server: Option<Access>,
}

/// What a private server is wanted for.
#[derive(Clone, Copy)]
enum Stay {
    /// To serve: it has to be there for as long, hence be our own.
    Long,
    /// For a command: one that somebody else has up does as well.
    Short,
}

impl Database {
    /// A private server in a folder, of our own.
    pub(crate) async fn private(folder: PathBuf, schema: &str, connections: u32) -> Result<Self> {
        Self::private_for(Stay::Long, folder, schema, connections).await
    }

    async fn private_for(stay: Stay, folder: PathBuf, schema: &str, connections: u32) -> Result<Self> {
        let shown = folder.display().to_string();
        let open = move || match stay {
            Stay::Long => Server::start(&folder).map(|server| Access::Own(Box::new(server))),
            Stay::Short => Access::open(&folder),
        };
        let server = tokio::task::spawn_blocking(open).await?;
        let server = server.with_context(|| format!("the private PostgreSQL in {shown} does not start"))?;
        store::ensure_database(&server.url("postgres"), PRIVATE).await?;
        let url = server.url(PRIVATE).into();
        let connect = Connect { url, replica: None, schema: schema.to_owned(), connections };
        Ok(Self { connect, server: Some(server) })
    }

    /// Makes the private database anew, empty.
    pub(crate) async fn make_anew(&self) -> Result<()> {
        if let Some(server) = &self.server {
            store::drop_database(&server.url("postgres"), PRIVATE).await?;
            store::ensure_database(&server.url("postgres"), PRIVATE).await?;
        }
        Ok(())
    }

    /// What the start-up line says.
    pub(crate) fn describe(&self) -> &'static str {
        if self.server.is_some() { "a private PostgreSQL in the data folder" } else { "the PostgreSQL of DATABASE_URL" }
    }

    /// Stops the private server, unless somebody else has it up.
    pub(crate) async fn stop(self) -> Result<()> {
        if let Some(server) = self.server {
            tokio::task::spawn_blocking(move || server.close()).await??;
        }
        Ok(())
    }
}

impl DatabaseOptions {
    /// Opens the database, for a command: a private server that is up is joined.
    pub(crate) async fn open(&self) -> Result<Database> {
        self.open_for(Stay::Short).await
    }

    /// Opens the database, to serve.
    pub(crate) async fn open_to_serve(&self) -> Result<Database> {
        self.open_for(Stay::Long).await
    }

    async fn open_for(&self, stay: Stay) -> Result<Database> {
        let (schema, connections) = (self.database_schema.clone(), self.database_connections);
        if let Some(url) = secret::of_environment("DATABASE_URL")? {
            let replica = secret::of_environment("DATABASE_REPLICA_URL")?;
            return Ok(Database { connect: Connect { url, replica, schema, connections }, server: None });
        }
        let folder = self.private();
        if matches!(stay, Stay::Short) {
            // `serve` and `worker` say so when they are ready; what a command does elsewhere looks well done.
            let made = if Server::has_data(&folder)? { "" } else { ", made now" };
            tell_aside(format_args!("without DATABASE_URL, in the private PostgreSQL of {}{made}", folder.display()));
        }
        Database::private_for(stay, folder, &schema, connections).await
    }

    /// Where a private server keeps its data.
    fn private(&self) -> PathBuf {
        self.data_dir.join("postgres")
    }

    /// Refuses to begin with a private database that is made anew: for commands that find nothing there, and for what a
    /// mail server starts, with an environment of its own.
    pub(crate) fn need_database(&self) -> Result<()> {
        let folder = self.private();
        if secret::of_environment("DATABASE_URL")?.is_none() && !Server::has_data(&folder)? {
            bail!(
                "neither DATABASE_URL nor DATABASE_URL_FILE is set, and there is no private PostgreSQL in {}: name the \
                 database where this command is started",
                folder.display()
            );
        }
        Ok(())
    }

    /// The keys.
    pub(crate) fn keys(&self) -> Result<Keys> {
        Keys::of_folder(&self.keys_dir())
    }

    /// Refuses a folder without keys: for commands that have nothing to do with keys which they make themselves.
    pub(crate) fn need_keys(&self) -> Result<()> {
        let folder = self.keys_dir();
        if !folder.join("residents.key").exists() {
            bail!("{} holds no keys: say with --keys-dir where they are", folder.display());
        }
        Ok(())
    }

    /// Where the keys are.
    pub(crate) fn keys_dir(&self) -> PathBuf {
        self.keys_dir.clone().unwrap_or_else(|| self.data_dir.join("keys"))
    }

    /// Refuses the keys and accounts of a demonstration, whose passwords were printed.
    pub(crate) fn refuse_demo(&self) -> Result<()> {
        for folder in [Some(self.data_dir.as_path()), self.keys_dir().parent()].into_iter().flatten() {
            if folder.join(crate::demo::MARK).exists() {
                bail!(
                    "{} holds a demonstration, whose keys and passwords are not for use: take another folder",
                    folder.display()
                );
            }
        }
        Ok(())
    }

    /// Where e-mail goes: to the server of `SMTP_URL`, or into a folder.
    pub(crate) fn mail(&self) -> Result<Mail> {
        let server = secret::of_environment("SMTP_URL")?.map(Mail::Smtp);
        Ok(server.unwrap_or_else(|| Mail::Folder(mail_folder(&self.data_dir))))
    }

    /// The store alone, for commands that need no more.
    pub(crate) fn store(&self, database: &Database) -> Result<Store> {
        Ok(Store::connect(&database.connect, self.keys()?.sealing)?)
    }

    /// A configuration for commands that do not listen.
    pub(crate) fn config(&self, database: &Database, mail: Mail) -> Result<Config> {
        Ok(Config {
            database: database.connect.clone(),
            listen: "127.0.0.1:0".to_owned(),
            metrics_listen: None,
            public_url: None,
            keys: self.keys()?,
            mail,
            dkim: None,
            files: FileSettings::in_folder(&self.data_dir),
            private_targets: Vec::new(),
            geocoder: None,
            password_cost: auth::password::Cost::default(),
            proxies: Vec::new(),
            origins: Vec::new(),
            return_urls: Vec::new(),
            oidc: None,
            rate_limits: None,
            threads: None,
            patience: PATIENCE,
            worker: false,
            clock: Arc::new(SystemClock),
            ids: Arc::new(TimeOrderedIds),
        })
    }

    /// A context, for commands that carry out use cases but do not listen.
    pub(crate) async fn context(&self, database: &Database) -> Result<Context> {
        let settings = FileSettings::in_folder(&self.data_dir);
        self.context_with(database, settings).await
    }

    /// A context with files in that place.
    pub(crate) async fn context_with(&self, database: &Database, files: FileSettings) -> Result<Context> {
        let mail = Mail::Folder(mail_folder(&self.data_dir));
        let config = Config { files, ..self.config(database, mail)? };
        crate::context(&config, &url::Url::parse("http://localhost")?).await
    }
}

/// Where e-mails lie that go nowhere.
fn mail_folder(data_dir: &Path) -> PathBuf {
    data_dir.join("mail")
}
