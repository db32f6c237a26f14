//! PostgreSQL alone: `pgbench` runs the statements of an operation, prepared, from as many connections.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::server::Database;

/// How many transactions there were, and within how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replayed {
    pub(crate) transactions: u64,
    pub(crate) seconds: f64,
}

/// How many a second.
#[expect(clippy::cast_precision_loss, reason = "a count")]
pub(crate) fn rate(all: &[Replayed]) -> f64 {
    let transactions: u64 = all.iter().map(|replayed| replayed.transactions).sum();
    transactions as f64 / all.iter().map(|replayed| replayed.seconds).sum::<f64>()
}

/// How long it goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    Seconds(u32),
    /// So many transactions a connection.
    Transactions(u32),
}

/// Runs scripts in turn, by the `pgbench` of the server's own version. What the same scripts made anew is there when they are run
/// `again`, so many times: they count from further on.
pub(crate) fn pgbench(
    database: &Database,
    scripts: &[String],
    (connections, again): (u32, usize),
    until: Until,
) -> Result<Replayed> {
    let folder = database.data();
    let mut pgbench = Command::new(database.binaries()?.join("pgbench"));
    pgbench.args(["-n", "-M", "prepared", "-D", "i=0", "-D", &format!("new={}", again * 1_000_000)]);
    pgbench.args(["-j", "2", "-c", &connections.to_string()]);
    match until {
        Until::Seconds(seconds) => pgbench.args(["-T", &seconds.to_string()]),
        Until::Transactions(transactions) => pgbench.args(["-t", &transactions.to_string()]),
    };
    for (place, script) in scripts.iter().enumerate() {
        let file = folder.join(format!("replay-{place}.sql"));
        fs::write(&file, script)?;
        pgbench.arg("-f").arg(file);
    }
    let session = store::SESSION.map(|(name, value)| format!("-c {name}={value}")).join(" ");
    pgbench.env("PGOPTIONS", format!("-c search_path=continuum {session}"));
    let output = pgbench.arg(database.url()).output().context("pgbench cannot be run; it comes with PostgreSQL")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let (Some(rate), Some(transactions), true) =
        (after(&said, "tps = "), after(&said, "number of transactions actually processed: "), output.status.success())
    else {
        bail!("pgbench failed: {said}{}", String::from_utf8_lossy(&output.stderr));
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    Ok(Replayed { transactions: transactions as u64, seconds: transactions / rate })
}

/// The number behind these words.
fn after(said: &str, words: &str) -> Option<f64> {
    let (_, rest) = said.split_once(words)?;
    let end = rest.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(rest.len());
    rest[..end].parse().ok()
}
