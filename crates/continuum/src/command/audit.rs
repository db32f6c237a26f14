//! `continuum audit`.

use std::process::ExitCode;

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::builder::PossibleValuesParser;
use domain::audit::chain::{Entry, Hash, Head};
use domain::audit::verify::Verification;
use domain::audit::{Act, By, Record};
use domain::clock::Clock as _;
use store::Store;
use store::audit::Filter;

use super::database::DatabaseOptions;
use super::tell;
use crate::SystemClock;
use crate::audit::{VerifyError, verify};

/// Verify the audit log, or read it.
#[derive(clap::Args)]
pub struct Audit {
    #[command(subcommand)]
    command: AuditCommand,
}

/// What to do with the audit log.
#[derive(clap::Subcommand)]
enum AuditCommand {
    /// Recompute the chain and check every seal; name the first broken link, and exit with 1, if there is one.
    Verify {
        /// The entry to begin with, instead of the first that is there: where earlier ones were removed, the one after a seal.
        #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(i64).range(1..))]
        from: Option<i64>,
        /// A seal as the server has logged it (“the audit log is sealed”), which nobody can take out of the database:
        /// the log has to hold that entry with that hash.
        #[arg(long, value_name = "SEQ:HASH", value_parser = logged)]
        seal: Option<Head>,
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// List entries, the last one first.
    List {
        /// Only from this moment on: 2026-03-10T00:00:00Z.
        #[arg(long)]
        since: Option<DateTime<Utc>>,
        /// Only this act.
        #[arg(long, value_parser = PossibleValuesParser::new(Act::CODES))]
        act: Option<String>,
        /// Only entries before that one: where an earlier list ended.
        #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(i64).range(1..))]
        before: Option<i64>,
        /// How many at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1000))]
        limit: u64,
        #[command(flatten)]
        database: DatabaseOptions,
    },
}

impl Audit {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        match self.command {
            AuditCommand::Verify { from, seal, database } => verify_log(from, seal, database).await,
            AuditCommand::List { since, act, before, limit, database } => {
                list(&Filter { act, since, ..Filter::default() }, before, limit, database).await
            }
        }
    }
}

/// A seal as it was logged.
fn logged(text: &str) -> Result<Head, String> {
    let (seq, hash) = text.split_once(':').ok_or("expected the entry's number, a colon, and its hash")?;
    let seq = seq.parse().ok().filter(|seq| *seq > 0).ok_or("the entry's number is not one")?;
    Ok(Head { seq, hash: hash.parse::<Hash>().map_err(|error| error.to_string())? })
}

async fn verify_log(from: Option<i64>, logged: Option<Head>, options: DatabaseOptions) -> Result<ExitCode> {
    options.need_keys()?;
    options.need_database()?;
    let database = options.open().await?;
    let keys = options.keys()?;
    let store = Store::connect(&database.connect, keys.sealing)?;
    let verified = verify(&store, &database.connect.schema, &keys.seal, (from, logged), SystemClock.now()).await;
    store.close().await;
    database.stop().await?;
    match verified {
        Ok(verified) => {
            tell_whole(&verified);
            Ok(ExitCode::SUCCESS)
        }
        Err(VerifyError::Broken(broken)) => {
            tell(format_args!("The audit log is broken: {broken}."));
            Ok(ExitCode::FAILURE)
        }
        Err(VerifyError::Store(error)) => Err(error.into()),
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn tell_whole(verified: &Verification) {
    let (from, last) = (verified.begins_with(), verified.head.seq);
    match verified.since {
        Some(since) => tell(format_args!(
            "The audit log is whole: entries {from} to {last} ({}), the first of {}.",
            verified.entries,
            time(since)
        )),
        None => tell(format_args!(
            "The audit log holds nothing from entry {from} on: 0 entries, {} seals. Nothing in the database speaks of more.",
            verified.seals
        )),
    }
    if from > 1 {
        tell(format_args!("What was before entry {from} was not looked at, or is gone: kept for six months at least."));
    }
    let Some(seal) = &verified.last_seal else {
        tell("Seals: 0. No seal was made over it yet: nobody would notice if its end were cut off.");
        return;
    };
    if seal.head.seq == 0 {
        let at = time(seal.sealed_at);
        tell(format_args!("Seals: {}, the last of {} over nothing, made at {at}.", verified.seals, seal.day));
        return;
    }
    tell(format_args!(
        "Seals: {}, the last of {} over entry {}, made at {} with the key {}.",
        verified.seals,
        seal.day,
        seal.head.seq,
        time(seal.sealed_at),
        seal.signature.key_id
    ));
    tell(format_args!("Its hash, which the server has logged: {}.", seal.head.hash));
    if last > seal.head.seq {
        tell(format_args!("Not sealed yet: entries {} to {last}.", seal.head.seq + 1));
    }
}

async fn list(filter: &Filter, before: Option<i64>, limit: u64, options: DatabaseOptions) -> Result<ExitCode> {
    options.need_database()?;
    let database = options.open().await?;
    let store = options.store(&database)?;
    let page = store.audit_page(filter, before, limit).await?;
    if page.items.is_empty() {
        tell("No entry.");
    }
    for entry in &page.items {
        match entry.record() {
            Ok(record) => tell(line(entry, &record)?),
            Err(_) => tell(format_args!("{:>8}  {}  unreadable: {:?}", entry.seq, time(entry.at), entry.content)),
        }
    }
    if let Some(seq) = page.next {
        tell(format_args!("… and more: go on with --before {seq}."));
    }
    store.close().await;
    database.stop().await?;
    Ok(ExitCode::SUCCESS)
}

/// An entry on one line: control characters that somebody typed are shown escaped.
fn line(entry: &Entry, record: &Record) -> Result<String> {
    let by = match record.by {
        By::Person { user } => format!("person {user}"),
        By::Client { client } => format!("client {client}"),
        By::Operator => "operator".to_owned(),
        By::System => "system".to_owned(),
        By::Nobody => "nobody".to_owned(),
    };
    let mut act = serde_json::to_value(&record.act)?;
    if let Some(fields) = act.as_object_mut() {
        fields.remove("type");
    }
    let why = record.why.as_ref().map(|why| format!("  {why:?}")).unwrap_or_default();
    Ok(format!(
        "{:>8}  {}  {:<21}  {by:<43}  {:<15}  {act}{why}",
        entry.seq,
        time(entry.at),
        record.act.code(),
        record.from.as_deref().unwrap_or("-"),
    ))
}
