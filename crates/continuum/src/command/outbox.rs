//! `continuum outbox`.

use anyhow::{Result, bail};
use clap::ValueEnum;
use uuid::Uuid;

use super::database::DatabaseOptions;
use super::tell;
use crate::SystemClock;
use domain::clock::Clock as _;
use domain::email::EmailAddress;

/// See what could not be sent, send it again, or give it up.
#[derive(clap::Args)]
pub struct Outbox {
    #[command(subcommand)]
    command: OutboxCommand,
}

/// Which messages.
#[derive(Clone, Copy, ValueEnum)]
enum State {
    /// Given up; waiting for an operator.
    Dead,
    /// Waiting to be sent.
    Pending,
    /// Not sent, for a reason that is no error: the address takes no mail, the resident wants none, an operator
    /// dismissed it.
    Stopped,
}

/// What to do with the outbox.
#[derive(clap::Subcommand)]
enum OutboxCommand {
    /// List messages, the oldest first: dead ones with the mail server's words.
    List {
        /// Which messages.
        #[arg(long, value_enum, default_value_t = State::Dead)]
        state: State,
        /// Only messages after that one: where an earlier list ended.
        #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(i64).range(1..))]
        after: Option<i64>,
        /// How many at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1000))]
        limit: u64,
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Send dead messages again: the ones named, or all of them.
    Replay(Which),
    /// Give dead messages up for good: the ones named, or all of them. For what no server will ever take; `list --state
    /// stopped` still shows them.
    Dismiss(Which),
    /// Let mail go to an address again that took none: give the address on a line of the standard input, which no other
    /// user of the machine reads.
    Unmute {
        #[command(flatten)]
        database: DatabaseOptions,
    },
}

/// Which dead messages.
#[derive(clap::Args)]
struct Which {
    /// The ids, as `list` shows them.
    #[arg(required_unless_present = "all")]
    ids: Vec<Uuid>,
    /// All of them.
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    #[command(flatten)]
    database: DatabaseOptions,
}

impl Outbox {
    pub(crate) async fn run(self) -> Result<()> {
        match self.command {
            OutboxCommand::List { state, after, limit, database } => {
                list(state, after.unwrap_or_default(), limit, database).await
            }
            OutboxCommand::Replay(which) => settle(Dead::Replay, which).await,
            OutboxCommand::Dismiss(which) => settle(Dead::Dismiss, which).await,
            OutboxCommand::Unmute { database } => unmute(database).await,
        }
    }
}

async fn list(state: State, after: i64, limit: u64, options: DatabaseOptions) -> Result<()> {
    options.need_database()?;
    let database = options.open().await?;
    let store = options.store(&database)?;
    let state = match state {
        State::Dead => "dead",
        State::Pending => "pending",
        State::Stopped => "stopped",
    };
    let page = store.messages(state, after, limit).await?;
    if page.items.is_empty() {
        tell(format_args!("No message is {state}."));
    }
    for message in &page.items {
        let due = if state == "pending" {
            message.due_at.format("due %Y-%m-%d %H:%M:%S UTC  ").to_string()
        } else {
            String::new()
        };
        tell(format_args!(
            "{}  {}  {:<12}  to {:<36}  {due}{} attempt(s)  {}",
            message.id,
            message.reference,
            message.kind,
            message.recipient,
            message.attempts,
            message.last_error.as_deref().unwrap_or("-"),
        ));
    }
    if let Some(seq) = page.next {
        tell(format_args!("… and more: go on with --after {seq}."));
    }
    store.close().await;
    database.stop().await
}

/// What becomes of dead messages.
#[derive(Clone, Copy)]
enum Dead {
    /// They are sent again.
    Replay,
    /// They are given up.
    Dismiss,
}

async fn settle(what: Dead, Which { ids, all, database: options }: Which) -> Result<()> {
    options.need_database()?;
    let database = options.open().await?;
    let store = options.store(&database)?;
    let ids = (!all).then_some(ids);
    let (named, now) = (ids.is_some(), SystemClock.now());
    let count = match what {
        Dead::Replay => store.replay_messages(ids, now).await?,
        Dead::Dismiss => store.dismiss_messages(ids, now).await?,
    };
    store.close().await;
    database.stop().await?;
    if named && count == 0 {
        bail!("no dead message has such an id: see `continuum outbox list`");
    }
    tell(match what {
        Dead::Replay => format!("{count} message(s) will be sent again."),
        Dead::Dismiss => format!("{count} message(s) will never be sent."),
    });
    Ok(())
}

async fn unmute(options: DatabaseOptions) -> Result<()> {
    let address: EmailAddress = std::io::read_to_string(std::io::stdin())?.trim().parse()?;
    options.need_database()?;
    let database = options.open().await?;
    let store = options.store(&database)?;
    let was_muted = store.unmute(address.as_str()).await?;
    store.close().await;
    database.stop().await?;
    if !was_muted {
        bail!("that address was not muted");
    }
    tell("Mail goes to that address again.");
    Ok(())
}
