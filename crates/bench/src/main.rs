//! The benchmark: `cargo run --release -p bench`. Makes a city of many tickets, drives the real server over HTTP with `wrk`,
//! then PostgreSQL alone with `pgbench`, which runs the statements that the server was seen to send; prints Markdown for
//! docs/performance.md.
//!
//! This binary is also the server: told so by its first argument, it is the program itself, in a process of its own.
//!
//! Deliberately absent: any load generator of its own, and any statement of the server's that is written down here.

mod city;
mod erasing;
mod load;
mod operation;
mod people;
mod replay;
mod report;
mod rows;
mod run;
mod server;
mod statement;
mod story;
mod usage;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// Measure what the program costs. Needs `wrk` (Debian: wrk) and `pgbench` (comes with PostgreSQL).
#[derive(Parser)]
#[command(name = "bench")]
struct Options {
    /// How many tickets the city has; several, separated by commas: one city after the other.
    #[arg(long, value_delimiter = ',', default_value = "10000,1000000")]
    tickets: Vec<u32>,
    /// How many connections the load generator opens; several, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "8,32")]
    connections: Vec<u32>,
    /// How many seconds each measurement takes.
    #[arg(long, default_value_t = 8)]
    seconds: u32,
    /// A small city, one second a measurement: whether everything answers, in as few round trips as promised. The figures
    /// mean nothing.
    #[arg(long, conflicts_with_all = ["tickets", "connections", "seconds"])]
    short: bool,
    /// Only the operations whose names contain this.
    #[arg(long, default_value = "")]
    only: String,
    /// Afterwards, have the worker remove what was kept for long enough, and measure what others get meanwhile.
    #[arg(long)]
    erase: bool,
    /// The folder to make the cities in, kept afterwards; one that is there already is used again. Default: a temporary one.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Show the statements that the server sends.
    #[arg(long)]
    statements: bool,
}

#[actix_web::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    if arguments.nth(1).is_some_and(|first| first == "continuum") {
        return continuum::main(std::env::args_os().skip(1)).await;
    }
    match measure(Options::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(format_args!("bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether everything answered as promised.
async fn measure(options: Options) -> Result<bool> {
    // The HTTP client is built without one; that there is one already is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let temporary = if options.folder.is_none() { Some(server::passable_folder()?) } else { None };
    let folder =
        options.folder.or_else(|| temporary.as_ref().map(|folder| folder.path().to_owned())).unwrap_or_default();
    let (connections, seconds) = if options.short { (vec![8], 1) } else { (options.connections, options.seconds) };
    let (only, statements) = (options.only, options.statements);
    let plan = run::Plan { connections, seconds, only, statements, erase: options.erase, judged: !options.short };
    let mut cities = Vec::new();
    for tickets in if options.short { vec![2000] } else { options.tickets } {
        let measured = run::city(&folder.join(tickets.to_string()), tickets, &plan).await?;
        // Told at once: the next one may take an hour, or fail.
        tell(report::city(&measured, &plan));
        cities.push(measured);
    }
    tell(report::judgement(&cities, &plan));
    let faults = report::faults(&cities);
    for fault in &faults {
        say(format_args!("FAILED: {fault}"));
    }
    Ok(faults.is_empty())
}

/// Prints a part of the result.
fn tell(text: impl std::fmt::Display) {
    // Nobody listens any more: there is nothing left to do.
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// Tells whoever waits what is being done.
pub(crate) fn say(text: impl std::fmt::Display) {
    drop(writeln!(std::io::stderr(), "{text}"));
}
