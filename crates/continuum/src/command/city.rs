//! `continuum city`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use domain::text::Reason;
use usecases::city::areas::{Counts, Report};

use super::database::DatabaseOptions;
use super::tell;
use crate::city;

/// Check a city's files, load them, or write them.
#[derive(clap::Args)]
pub struct City {
    #[command(subcommand)]
    command: CityCommand,
}

/// What to do with a city's files.
#[derive(clap::Subcommand)]
enum CityCommand {
    /// Say everything that is wrong, with file, line and field, and what is worth a look; exit with 1 if something is
    /// wrong.
    Check {
        /// The city's folder.
        dir: PathBuf,
    },
    /// Make the database's city the one of the files: as a whole or not at all, and only what differs.
    Load {
        /// The city's folder.
        dir: PathBuf,
        /// Replace routing rules that somebody published over the API.
        #[arg(long, requires = "reason")]
        replace_rules: bool,
        /// Why: kept with the routing rules, if they change, and in the audit log.
        #[arg(long, value_parser = |text: &str| Reason::try_from(text.to_owned()))]
        reason: Option<Reason>,
        /// Do nothing where a city was loaded before: for what is run at each start.
        #[arg(long, conflicts_with = "replace_rules")]
        if_none: bool,
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Hold the areas that concerns, tickets and cafés keep against the zonings in force, and say what differs.
    Areas {
        /// Make them follow. May be interrupted, and done again.
        #[arg(long)]
        apply: bool,
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Write the database's city as files, the rules that people published included: whole or not at all.
    Export {
        /// The folder, empty or not there yet.
        dir: PathBuf,
        #[command(flatten)]
        database: DatabaseOptions,
    },
}

impl City {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        match self.command {
            CityCommand::Check { dir } => {
                let city::Checked { faults, warnings } = city::check(&dir);
                for fault in &faults {
                    tell(fault);
                }
                for warning in &warnings {
                    tell(format_args!("warning: {warning}"));
                }
                if faults.is_empty() {
                    tell(format_args!("{}: nothing is wrong.", dir.display()));
                    return Ok(ExitCode::SUCCESS);
                }
                Ok(ExitCode::FAILURE)
            }
            CityCommand::Load { dir, replace_rules, reason, if_none, database } => {
                if if_none && is_there(&database).await? {
                    tell("A city was loaded before: nothing is done.");
                    return Ok(ExitCode::SUCCESS);
                }
                load(dir, replace_rules, reason, database).await
            }
            CityCommand::Areas { apply, database } => areas(apply, &database).await,
            CityCommand::Export { dir, database } => export(&dir, &database).await,
        }
    }
}

/// Whether a city was loaded.
async fn is_there(options: &DatabaseOptions) -> Result<bool> {
    let database = options.open().await?;
    let context = options.context(&database).await?;
    let is_there = context.city().is_ok();
    context.store.close().await;
    database.stop().await?;
    Ok(is_there)
}

async fn load(dir: PathBuf, replace_rules: bool, why: Option<Reason>, options: DatabaseOptions) -> Result<ExitCode> {
    let city = match city::read(&dir) {
        Ok(city) => city,
        Err(faults) => {
            for fault in &faults {
                tell(fault);
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    let database = options.open().await?;
    let context = options.context(&database).await?;
    let losses = usecases::city::losses(&context, &city).await;
    let loaded = usecases::city::load(&context, &city, replace_rules, why.as_ref(), context.now()).await;
    context.store.close().await;
    database.stop().await?;
    let (changes, losses) = (loaded?, losses?);
    for (zoning, area) in &losses.areas {
        tell(format_args!(
            "warning: {zoning}: the area « {area} » is gone; `continuum city areas` says what lay in it"
        ));
    }
    for service in &losses.services {
        tell(format_args!("warning: the service « {service} » is gone and still has open tickets: pass them on"));
    }
    for service in &losses.unstaffed {
        tell(format_args!("warning: rules send to « {service} », and nobody belongs to it: `continuum user invite`"));
    }
    for change in &changes {
        tell(change);
    }
    tell(if changes.is_empty() { "Nothing differs." } else { "Loaded." });
    Ok(ExitCode::SUCCESS)
}

async fn export(dir: &Path, options: &DatabaseOptions) -> Result<ExitCode> {
    let database = options.open().await?;
    let store = options.store(&database)?;
    let loaded = store.city().await;
    store.close().await;
    database.stop().await?;
    let loaded = loaded?.context("no city was loaded yet: `continuum city load DIR` loads one")?;
    city::export(&loaded.city, dir)?;
    tell(format_args!("{}: written, with version {} of the rules.", dir.display(), loaded.city.rules.version));
    Ok(ExitCode::SUCCESS)
}

async fn areas(apply: bool, options: &DatabaseOptions) -> Result<ExitCode> {
    let database = options.open().await?;
    let context = options.context(&database).await?;
    let outcome = usecases::city::areas::recompute(&context, apply).await;
    context.store.close().await;
    database.stop().await?;
    let report = outcome?;
    tell_areas(&report);
    let left = report.differ.sum() - report.written.sum();
    if report.differ.sum() == 0 {
        tell("Nothing differs.");
    } else if !apply {
        tell("Nothing was written: --apply does it.");
    } else if left == 0 {
        tell("Written.");
    } else {
        tell(format_args!("Written, but for {left} that somebody was working on: do it again."));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn tell_areas(report: &Report) {
    tell(format_args!("looked at: {}", counted(report.seen)));
    tell(format_args!("differ: {}", counted(report.differ)));
    for ((zoning, from, to), counts) in &report.moves {
        let [from, to] = [from, to].map(|area| area.as_ref().map_or("no area", |code| code.as_str()));
        tell(format_args!("{zoning}: {from} → {to}: {}", counted(*counts)));
    }
    for (zoning, counts) in &report.in_none {
        tell(format_args!("{zoning}: in no area: {}", counted(*counts)));
    }
    if report.without_place > 0 {
        let what = if report.without_place == 1 { "emergency or crime" } else { "emergencies or crimes" };
        tell(format_args!("left as they are, having no place: {} {what}", report.without_place));
    }
}

fn counted(Counts { concerns, tickets, cafes }: Counts) -> String {
    let [concerns, tickets, cafes] =
        [(concerns, "concern"), (tickets, "ticket"), (cafes, "café")].map(|(count, one)| match count {
            1 => format!("1 {one}"),
            _ => format!("{count} {one}s"),
        });
    format!("{concerns}, {tickets}, {cafes}")
}
