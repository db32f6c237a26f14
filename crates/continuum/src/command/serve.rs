//! `continuum serve`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;
use url::Url;

use super::database::{DatabaseOptions, mail_folder};
use super::{asked_to_stop, tell};
use crate::instance::{Config, Instance, Mail, build};

/// Answer requests, and drain the outbox unless told not to.
#[derive(clap::Args)]
pub struct Serve {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The address to listen on; port 0 takes any free one.
    #[arg(long, env = "CONTINUUM_LISTEN", default_value = "127.0.0.1:8080")]
    listen: String,
    /// The address of the metrics page.
    #[arg(long, env = "CONTINUUM_METRICS_LISTEN", default_value = "127.0.0.1:9090")]
    metrics_listen: String,
    /// The base of every link in e-mails. Default: where this instance listens.
    #[arg(long, env = "CONTINUUM_PUBLIC_URL")]
    public_url: Option<Url>,
    /// Where e-mail goes: smtp://, smtps://, with login and ?tls=required. Without it, each e-mail is written as a file.
    #[arg(long, env = "SMTP_URL", hide_env_values = true)]
    smtp_url: Option<String>,
    /// Leave the outbox to other processes.
    #[arg(long)]
    no_worker: bool,
    /// Once ready, write where this instance answers into this file, as JSON.
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

/// What a ready file holds.
#[derive(Serialize)]
pub(crate) struct Ready {
    base_url: String,
    docs_url: String,
    metrics_url: Option<String>,
    mail_dir: Option<PathBuf>,
    pid: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logins: Vec<Login>,
}

/// Somebody who can log in to the demonstration.
#[derive(Serialize, serde::Deserialize, Clone)]
pub(crate) struct Login {
    pub(crate) role: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) name: String,
    pub(crate) services: Vec<String>,
}

impl Ready {
    pub(crate) fn new(instance: &Instance, mail_dir: Option<PathBuf>, logins: Vec<Login>) -> Self {
        Self {
            base_url: instance.base_url.clone(),
            docs_url: format!("{}/docs/", instance.base_url),
            metrics_url: instance.metrics_url.clone(),
            mail_dir,
            pid: std::process::id(),
            logins,
        }
    }
}

/// Writes a ready file: whoever waits for it never reads half of it.
pub(crate) fn write_ready_file(path: &Path, ready: &Ready) -> Result<()> {
    let aside = path.with_extension("new");
    fs::write(&aside, serde_json::to_vec_pretty(ready)?)
        .with_context(|| format!("{} cannot be written", aside.display()))?;
    fs::rename(&aside, path).with_context(|| format!("{} cannot be written", path.display()))
}

impl Serve {
    pub(crate) async fn run(self) -> Result<()> {
        let database = self.database.open().await?;
        let mail_dir = self.smtp_url.is_none().then(|| mail_folder(&self.database.data_dir));
        let mail = match (&self.smtp_url, &mail_dir) {
            (Some(url), _) => Mail::Smtp(url.clone()),
            (None, folder) => Mail::Folder(folder.clone().unwrap_or_default()),
        };
        let config = Config {
            listen: self.listen.clone(),
            metrics_listen: Some(self.metrics_listen.clone()),
            public_url: self.public_url.clone(),
            worker: !self.no_worker,
            ..self.database.config(&database, mail)?
        };
        let instance = build(config).await?;
        tell(format_args!("Continuum answers at {} with {}.", instance.base_url, database.describe()));
        tell(format_args!("{}.", instance.worker.describe()));
        if instance.context.city().is_err() {
            tell("No city is loaded yet: run `continuum city load cities/amiens`.");
        }
        if let Some(path) = &self.ready_file {
            write_ready_file(path, &Ready::new(&instance, mail_dir, Vec::new()))?;
        }
        asked_to_stop().await?;
        instance.stop().await;
        database.stop().await
    }
}
