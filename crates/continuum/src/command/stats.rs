//! `continuum stats`.

use anyhow::Result;

use super::database::DatabaseOptions;
use super::tell;

/// Look after the figures of tickets.
#[derive(clap::Args)]
pub struct Stats {
    #[command(subcommand)]
    command: StatsCommand,
}

/// What to do with the figures.
#[derive(clap::Subcommand)]
enum StatsCommand {
    /// Find the figures of all tickets anew from their events, while everything runs, and say how many were wrong. The
    /// worker keeps them up by itself: this is for after a repair of the database.
    Rebuild {
        #[command(flatten)]
        database: DatabaseOptions,
    },
}

impl Stats {
    pub(crate) async fn run(self) -> Result<()> {
        let StatsCommand::Rebuild { database: options } = self.command;
        options.need_database()?;
        let database = options.open().await?;
        let context = options.context(&database).await?;
        let outcome = usecases::statistics::rebuild(&context).await;
        context.store.close().await;
        database.stop().await?;
        let (seen, differed) = outcome?;
        tell(format_args!("{seen} ticket(s) looked at; the figures of {differed} differed."));
        Ok(())
    }
}
