//! The commands.

mod audit;
mod city;
mod database;
mod dkim;
mod files;
mod health;
mod inbound;
mod keys;
mod migrate;
mod openapi;
mod outbox;
mod retention;
mod serve;
mod stats;
mod user;
mod worker;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

pub(crate) use database::Database;
pub(crate) use serve::{Login, NATIONAL_GEOCODER, Ready, WebhookOptions, remove_ready_file, write_json};

use crate::demo;
use crate::telemetry::{self, LogFormat};

/// Continuum: concerns heard at cafés reach the competent service, and the answer travels back.
#[derive(Parser)]
#[command(name = "continuum", version, about, disable_help_subcommand = true)]
struct Cli {
    /// How the log is written, on the standard error.
    #[arg(long, env = "CONTINUUM_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, global = true)]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Try it out: a private PostgreSQL, the city of Amiens, a café with eight concerns, the API and the worker.
    Demo(demo::Demo),
    /// Answer requests, and do the work of `worker` unless told not to.
    ///
    /// E-mail goes to the server of `SMTP_URL` (smtp://, smtps://, with login and ?tls=required); without one, each e-mail is a file.
    /// Statistics and exports are read from `DATABASE_REPLICA_URL`, if there is one.
    ///
    /// What is secret has no option. It comes from the environment, or from the file that the same name with `_FILE` names:
    /// `DATABASE_URL`, `DATABASE_REPLICA_URL`, `SMTP_URL`, `DKIM_KEY`, `OIDC_CLIENT_SECRET`, `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`.
    ///
    /// Also from the environment alone come `CONTINUUM_LOG` (what is logged), `OTEL_EXPORTER_OTLP_ENDPOINT` and OpenTelemetry's others
    /// (where traces go), `SSL_CERT_FILE` (whose certificates are believed) and `PG_BIN` (the binaries of a private PostgreSQL).
    Serve(Box<serve::Serve>),
    /// Send what waits to be sent, do what is due, and answer no requests.
    ///
    /// E-mails, webhooks, reminders, figures, seals of the audit log, and what is not kept any longer. Any number may run at once. E-mail
    /// goes to the server of `SMTP_URL`, as with `serve`. What has no option (`DATABASE_URL`, `DKIM_KEY`, …) comes from where that of
    /// `serve` does: see there.
    Worker(worker::Worker),
    /// Bring the database up to this program.
    Migrate(migrate::Migrate),
    /// Check a city's files, load them, or write them.
    City(city::City),
    /// Verify the audit log, or read it.
    Audit(audit::Audit),
    /// See what could not be sent, send it again, or give it up.
    Outbox(outbox::Outbox),
    /// See what is erased over time.
    Retention(retention::Retention),
    /// Find the figures of tickets anew.
    Stats(stats::Stats),
    /// Take one e-mail from the standard input, for a mail server.
    Inbound(Box<inbound::Inbound>),
    /// Invite people, or help who has lost their second factor.
    User(user::User),
    /// Replace keys.
    Keys(keys::Keys),
    /// Print who may do what, as Markdown.
    Permissions,
    /// Write the OpenAPI document, or compare it.
    Openapi(openapi::Openapi),
    /// Ask the instance on this machine whether it is ready: for container health checks.
    Health(health::Health),
}

/// Runs the program with these arguments, and says how it ended.
pub async fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let for_a_mail_server = inbound::is_asked_for(&arguments);
    let failed = if for_a_mail_server { ExitCode::from(inbound::EX_TEMPFAIL) } else { ExitCode::FAILURE };
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) if for_a_mail_server && error.use_stderr() => {
            drop(error.print());
            return failed;
        }
        Err(error) => error.exit(),
    };
    // A server's log tells what it did; a command's output speaks for itself, and the demonstration's is for reading.
    // The seals of the audit log are witnesses: they are told whatever else is asked for.
    let level = match cli.command {
        Command::Serve(_) | Command::Worker(_) => "info,sqlx=warn,continuum::periodic=info",
        Command::Demo(_) => "error,sqlx=error",
        _ => "warn,sqlx=warn",
    };
    let telemetry = match telemetry::start(level, cli.log_format) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            tell_error(&error);
            return failed;
        }
    };
    let code = Box::pin(run(cli.command)).await.unwrap_or_else(|error| {
        tell_error(&error);
        failed
    });
    telemetry.stop();
    code
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Demo(demo) => demo.run().await.map(|()| ExitCode::SUCCESS),
        Command::Serve(serve) => serve.run().await.map(|()| ExitCode::SUCCESS),
        Command::Worker(worker) => Box::pin(worker.run()).await.map(|()| ExitCode::SUCCESS),
        Command::Migrate(migrate) => migrate.run().await,
        Command::City(city) => city.run().await,
        Command::Audit(audit) => audit.run().await,
        Command::Outbox(outbox) => outbox.run().await.map(|()| ExitCode::SUCCESS),
        Command::Retention(retention) => retention.run().await.map(|()| ExitCode::SUCCESS),
        Command::Stats(stats) => stats.run().await.map(|()| ExitCode::SUCCESS),
        Command::Inbound(inbound) => inbound.run().await,
        Command::User(user) => user.run().await.map(|()| ExitCode::SUCCESS),
        Command::Keys(keys) => keys.run().await.map(|()| ExitCode::SUCCESS),
        Command::Permissions => {
            tell(crate::permissions::markdown().trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi(openapi) => openapi.run(),
        Command::Health(health) => health.run(),
    }
}

/// Prints a line of what the program has to say. When nobody listens any more (`| head`), it ends as programs do there.
pub(crate) fn tell(line: impl std::fmt::Display) {
    if writeln!(std::io::stdout(), "{line}").is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
        std::process::exit(141);
    }
}

/// Prints a line on the standard error, beside what the program was asked for.
pub(crate) fn tell_aside(line: impl std::fmt::Display) {
    // Whoever does not listen there misses nothing else.
    drop(writeln!(std::io::stderr(), "continuum: {line}"));
}

fn tell_error(error: &anyhow::Error) {
    tell_aside(format_args!("{error:#}"));
}

/// Waits until the program is asked to stop.
pub(crate) async fn asked_to_stop() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        outcome = tokio::signal::ctrl_c() => outcome?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
