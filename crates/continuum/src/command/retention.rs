//! `continuum retention`.

use anyhow::Result;
use usecases::Context;
use usecases::retention::{Counts, Overview};

use super::database::DatabaseOptions;
use super::files::FileOptions;
use super::tell;

/// See what is erased over time: how long things are kept, what is due, what was erased. Erases nothing, but with --again; it migrates
/// the database of an earlier version.
#[derive(clap::Args)]
pub struct Retention {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    files: FileOptions,
    /// After a restore: erase again what residents had erased since the backup, as the notes beside the files say; and
    /// have the files deleted, in 30 days, that were uploaded since: no ticket knows of them.
    #[arg(long)]
    again: bool,
}

impl Retention {
    pub(crate) async fn run(self) -> Result<()> {
        self.database.need_database()?;
        let database = self.database.open().await?;
        let context = self.database.context_with(&database, self.files.settings(&self.database.data_dir)?).await?;
        let done = if self.again { again(&context).await } else { overview(&context).await };
        context.store.close().await;
        database.stop().await?;
        done
    }
}

async fn again(context: &Context) -> Result<()> {
    let unknown = usecases::ticket::attachment::doom_unknown(context).await?;
    if unknown > 0 {
        tell(format_args!(
            "{unknown} file(s) of uploads since the backup are deleted in 30 days: no ticket knows of them."
        ));
    }
    let again = usecases::resident::erase_again(context).await?;
    tell(format_args!("Erased again: what was left with {again} concerns."));
    Ok(())
}

async fn overview(context: &Context) -> Result<()> {
    show(&usecases::retention::overview(context).await?);
    Ok(())
}

fn show(overview: &Overview) {
    let Overview { retention, due, runs, .. } = overview;
    let [contact, texts, rows] = [retention.contact, retention.texts, retention.rows].map(String::from);
    tell("Kept from the end of a concern     for         due now");
    for (what, kept, due) in [
        ("how the resident can be reached", contact, due.contacts),
        ("what was said and written", texts, due.texts),
        ("the concern and its tickets", rows, due.rows),
    ] {
        tell(format_args!("  {what:<32} {kept:<11} {due:>7}"));
    }
    tell(format_args!("More than {} a night wait until a dispatcher confirms it.", retention.at_most));
    tell("");
    if runs.is_empty() {
        tell("No night has erased anything yet.");
        return;
    }
    tell("Run of                state     contacts   texts    rows");
    for run in runs {
        let Counts { contacts, texts, rows } = run.erased;
        let at = run.planned_at.format("%Y-%m-%d %H:%M UTC");
        tell(format_args!("{at}  {:<8}  {contacts:>8} {texts:>7} {rows:>7}", run.state.code()));
    }
}
