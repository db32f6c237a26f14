//! `continuum worker`.

use std::sync::Arc;

use anyhow::{Result, bail};
use fetch::Fetcher;
use tokio::time::timeout;
use url::Url;
use usecases::Context;

use super::database::DatabaseOptions;
use super::dkim::DkimOptions;
use super::files::FileOptions;
use super::serve::WebhookOptions;
use super::{asked_to_stop, tell};
use crate::instance::{STOP, listen, transport};
use crate::metrics_page;

/// The options of `continuum worker`.
#[derive(clap::Args)]
pub struct Worker {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    dkim: DkimOptions,
    #[command(flatten)]
    files: FileOptions,
    #[command(flatten)]
    webhooks: WebhookOptions,
    /// The base of every link in e-mails.
    #[arg(long, env = "CONTINUUM_PUBLIC_URL")]
    public_url: Url,
    /// The address of the metrics page, if there shall be one: 127.0.0.1:9465. Empty: none.
    #[arg(long, env = "CONTINUUM_WORKER_METRICS_LISTEN")]
    metrics_listen: Option<String>,
}

impl Worker {
    pub(crate) async fn run(self) -> Result<()> {
        self.database.refuse_demo()?;
        let signature = self.dkim.dkim()?.map(|dkim| dkim.signature()).transpose()?;
        let database = self.database.open_to_serve().await?;
        let context = self.database.context_with(&database, self.files.settings(&self.database.data_dir)?).await?;
        let context = Context {
            source: self.public_url.as_str().into(),
            fetcher: Arc::new(Fetcher::new(&self.webhooks.private_targets)?),
            ..context
        };
        let (schema, keys) = (database.connect.schema.clone(), self.database.keys()?.seal);
        let transport = transport(&self.database.mail()?)?;
        let (store, clock, ids) = (context.store.clone(), context.clock.clone(), context.ids.clone());
        let worker = notify::Worker::new(store, transport, clock, ids, context.wake.clone(), self.public_url);
        let worker = worker.signing(signature);
        if let Some(address) = self.metrics_listen.as_deref().filter(|address| !address.is_empty()) {
            let (server, upkeep) = metrics_page::server(context.clone(), listen(address)?)?;
            tokio::spawn(server);
            tokio::spawn(upkeep);
        }
        tell(format_args!("The worker drains the outbox of {}.", database.describe()));
        tell(format_args!("{}.", worker.describe()));
        tokio::spawn(crate::periodic::follow_city(context.clone()));
        let work = crate::periodic::work(context.clone(), schema, keys);
        let mut work = Box::pin(async { tokio::join!(worker.run(&context.stopping), work) });
        tokio::select! {
            asked = asked_to_stop() => asked?,
            _ = &mut work => bail!("the worker ended without being asked to"),
        }
        context.stopping.cancel();
        drop(timeout(STOP, work).await);
        context.store.close().await;
        database.stop().await
    }
}
