//! `continuum demo`: everything at once, to try the program out. Nothing here is provisional: the same `build`, the same
//! use cases, a private PostgreSQL, and each e-mail as a file.

mod banner;
mod people;
mod story;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use auth::password::Cost;
use files::Settings as FileSettings;
use local_postgres::Server;

use crate::command::{Database, NATIONAL_GEOCODER, Ready, WebhookOptions, remove_ready_file, tell, write_json};
use crate::instance::{Config, Mail, PATIENCE, build};
use crate::keys::Keys;
use crate::{SystemClock, TimeOrderedIds, city};

/// Marks a folder as a demonstration's, before anything else is in it; keeps its password, once the story was played to its end.
pub(crate) const MARK: &str = "demo.json";

/// Try it out: a private PostgreSQL, the city of Amiens, a café with eight concerns, the API and the worker.
#[derive(clap::Args)]
pub struct Demo {
    /// The address to listen on; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// The folder for everything that the demonstration keeps.
    #[arg(long, default_value = "continuum-data")]
    data_dir: PathBuf,
    /// Once ready, write where it answers and who can log in into this file, as JSON.
    #[arg(long)]
    ready_file: Option<PathBuf>,
    /// Begin anew: forget what an earlier demonstration kept in the folder.
    #[arg(long)]
    reset: bool,
    /// The city's folder.
    #[arg(long, default_value = "cities/amiens")]
    city: PathBuf,
    #[command(flatten)]
    webhooks: WebhookOptions,
}

impl Demo {
    pub(crate) async fn run(self) -> Result<()> {
        if self.reset {
            forget(&self.data_dir)?;
        }
        fs::create_dir_all(&self.data_dir)
            .with_context(|| format!("the folder {} cannot be made", self.data_dir.display()))?;
        let data_dir = self.data_dir.canonicalize()?;
        let mark = people::Mark::read(&data_dir.join(MARK))?;
        if mark.is_none() {
            leave_others_alone(&data_dir)?;
            write_json(&data_dir.join(MARK), &people::Mark::default())?;
        }
        let mark = mark.filter(people::Mark::is_whole);
        let database = Database::private(data_dir.join("postgres"), "continuum", 12).await?;
        if mark.is_none() {
            database.make_anew().await?;
        }
        let mail_dir = data_dir.join("mail");
        let config = Config {
            database: database.connect.clone(),
            listen: self.listen.clone(),
            metrics_listen: Some("127.0.0.1:0".to_owned()),
            public_url: None,
            keys: Keys::of_folder(&data_dir.join("keys"))?,
            mail: Mail::Folder(mail_dir.clone()),
            files: FileSettings::in_folder(&data_dir),
            private_targets: self.webhooks.private_targets.clone(),
            geocoder: Some(NATIONAL_GEOCODER.parse()?),
            password_cost: Cost::default(),
            proxies: Vec::new(),
            origins: Vec::new(),
            return_urls: Vec::new(),
            dkim: None,
            oidc: None,
            rate_limits: None,
            threads: None,
            patience: PATIENCE,
            worker: true,
            clock: Arc::new(SystemClock),
            ids: Arc::new(TimeOrderedIds),
        };
        remove_ready_file(self.ready_file.as_deref())?;
        let mut instance = build(config).await?;
        let kept = mark.is_some();
        let mark = match mark {
            Some(mark) => mark,
            None => self.prepare(&instance.context, &data_dir).await?,
        };
        if let Some(path) = &self.ready_file {
            write_json(path, &Ready::new(&instance, Some(mail_dir.clone()), mark.logins.clone()))?;
        }
        banner::print(&instance, &mark, &mail_dir, kept);
        let asked = instance.asked_to_stop().await;
        tell("\nStopping…");
        remove_ready_file(self.ready_file.as_deref())?;
        instance.stop().await;
        database.stop().await?;
        asked
    }

    /// Loads the city, makes the accounts, plays the story.
    async fn prepare(&self, cx: &usecases::Context, data_dir: &Path) -> Result<people::Mark> {
        let told = |faults: Vec<city::Located>| {
            let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
            anyhow!("the city's files are not right (`--city` names their folder):\n{}", lines.join("\n"))
        };
        let city = city::read(&self.city).map_err(told)?;
        let people = city::read_demo(&self.city).map_err(told)?;
        usecases::city::load(cx, &city, false, None, cx.now()).await?;
        let cast = people::put(cx, people).await?;
        story::play(cx, &cast).await?;
        let mark = people::Mark::of(&cast);
        write_json(&data_dir.join(MARK), &mark)?;
        Ok(mark)
    }
}

/// Removes what an earlier demonstration kept; nothing else that may lie in the folder, and nothing at all while one
/// runs there.
fn forget(data_dir: &Path) -> Result<()> {
    if !data_dir.join(MARK).exists() {
        return leave_others_alone(data_dir);
    }
    Server::erase(&data_dir.join("postgres"))?;
    write_json(&data_dir.join(MARK), &people::Mark::default())?;
    remove(fs::remove_dir_all(data_dir.join("mail")))?;
    remove(fs::remove_dir_all(data_dir.join("files")))?;
    remove(fs::remove_dir_all(data_dir.join("keys")))
}

/// Refuses a folder without a mark in which there is something: `serve` keeps a city in the same one, unless told otherwise.
fn leave_others_alone(data_dir: &Path) -> Result<()> {
    match ["postgres", "mail", "keys", "files"].iter().find(|name| data_dir.join(name).exists()) {
        Some(name) => bail!(
            "{} was not made by a demonstration, and is left alone: take another folder with --data-dir",
            data_dir.join(name).display()
        ),
        None => Ok(()),
    }
}

fn remove(outcome: std::io::Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).context("an earlier demonstration cannot be removed")
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
