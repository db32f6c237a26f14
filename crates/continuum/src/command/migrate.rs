//! `continuum migrate`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use super::database::DatabaseOptions;
use super::tell;

/// Bring the database up to this program.
#[derive(clap::Args)]
pub struct Migrate {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Only say what is pending; exit with 1 if something is.
    #[arg(long)]
    check: bool,
    /// Then let this role of the database serve: it reads and writes the city's rows, and changes no table. Say so after each
    /// update; `serve` and `worker` get a `DATABASE_URL` with that role.
    #[arg(long, value_name = "ROLE", conflicts_with = "check")]
    serving_role: Option<String>,
}

impl Migrate {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let database = self.database.open().await?;
        let store = self.database.store(&database)?;
        let pending = store.pending_migrations().await?;
        for migration in &pending {
            tell(format_args!("{:04} {}", migration.version, migration.name));
        }
        let code = match (pending.is_empty(), self.check) {
            (true, _) => {
                tell("Nothing is pending.");
                ExitCode::SUCCESS
            }
            (false, true) => ExitCode::FAILURE,
            (false, false) => {
                store.migrate(&database.connect.schema).await?;
                tell("Done.");
                ExitCode::SUCCESS
            }
        };
        if let Some(role) = &self.serving_role {
            if !store.grant_serving(&database.connect.schema, role).await? {
                bail!("{role} owns the tables, or may do as who owns them: it is none that only serves");
            }
            tell(format_args!("{role} may serve."));
        }
        store.close().await;
        database.stop().await?;
        Ok(code)
    }
}
