//! `continuum worker`.

use anyhow::Result;
use notify::transport::Transport;
use url::Url;

use super::database::{DatabaseOptions, mail_folder};
use super::{asked_to_stop, tell};

/// Drain the outbox only. Any number of these may run at once.
#[derive(clap::Args)]
pub struct Worker {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The base of every link in e-mails.
    #[arg(long, env = "CONTINUUM_PUBLIC_URL")]
    public_url: Url,
    /// Where e-mail goes: smtp://, smtps://, with login and ?tls=required. Without it, each e-mail is written as a file.
    #[arg(long, env = "SMTP_URL", hide_env_values = true)]
    smtp_url: Option<String>,
}

impl Worker {
    pub(crate) async fn run(self) -> Result<()> {
        let database = self.database.open().await?;
        let context = self.database.context(&database).await?;
        let (schema, keys) = (database.connect.schema.clone(), self.database.keys()?.seal);
        let transport = match &self.smtp_url {
            Some(url) => Transport::smtp(url)?,
            None => Transport::folder(mail_folder(&self.database.data_dir))?,
        };
        let (store, clock, wake) = (context.store.clone(), context.clock.clone(), context.wake.clone());
        let worker = notify::Worker::new(store, transport, clock, wake, self.public_url);
        tell(format_args!("The worker drains the outbox of {}.", database.describe()));
        tell(format_args!("{}.", worker.describe()));
        tokio::select! {
            () = worker.run() => {}
            () = crate::periodic::clear_answers(context.clone()) => {}
            () = crate::periodic::seal_audit(context.clone(), schema, keys) => {}
            outcome = asked_to_stop() => outcome?,
        }
        context.store.close().await;
        database.stop().await
    }
}
