//! What can be asked of Continuum: one function for each command and each query. A command loads, lets `domain`
//! decide, saves the change with its event and its messages in one transaction, and is done; nothing leaves the house
//! within a request.
//!
//! Deliberately absent: HTTP. A command that may be repeated takes an [`once::Once`], which knows how its answer is
//! shown without knowing by what.

pub mod audit;
mod authenticate;
pub mod bounce;
pub mod cafe;
pub mod city;
pub mod client;
pub mod concern;
pub mod feed;
pub mod health;
pub mod hotspot;
pub mod identity;
pub mod inbound;
pub mod notification;
pub mod oauth;
pub mod once;
pub mod open311;
pub mod open_data;
pub mod password;
pub mod place;
mod reader;
pub mod refusal;
pub mod resident;
pub mod restitution;
pub mod retention;
pub mod routing;
pub mod saved_filter;
pub mod second_factor;
pub mod session;
pub mod statistics;
pub mod ticket;
pub mod tracking;
pub mod user;
pub mod watch;
pub mod webhook;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use auth::Tokens;
use auth::oidc::Provider;
use auth::password::Passwords;
use chrono::{DateTime, Days, NaiveDate, Utc};
use concern::Learnt;
use domain::audit::{Act, By, Record};
use domain::city::City;
use domain::clock::{Clock, Ids};
use domain::id::{MessageId, TicketId};
use domain::ticket::notice::Notice;
use fetch::Fetcher;
use files::Files;
use geocoder::Geocoder;
use store::Store;
use store::outbox::Message;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

pub use authenticate::{authenticate, authenticate_key};
pub use reader::{Reader, Readers};
pub use store::Error as StoreError;
pub use store::city::Loaded;
pub use store::idempotency::{Answer, Claim};
pub use store::waiting_once;

/// What every use case needs.
#[derive(Clone)]
pub struct Context {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn Ids>,
    /// Writes letters, to be looked at.
    pub letters: Arc<dyn notification::Letters>,
    /// Signs and verifies access tokens.
    pub tokens: Arc<Tokens>,
    /// Where people sign in with OpenID Connect, if anywhere.
    pub provider: Option<Arc<Provider>>,
    /// Hashes and verifies passwords.
    pub passwords: Arc<Passwords>,
    /// Receives and keeps the bytes of attachments.
    pub files: Arc<Files>,
    /// Sends requests to addresses that programs name.
    pub fetcher: Arc<Fetcher>,
    /// Looks addresses up, if anything does.
    pub geocoder: Option<Arc<Geocoder>>,
    /// As many hashes at once as there are processors: each fills one, and 19 MiB.
    pub hashing: Arc<Semaphore>,
    /// One other work at once that fills a processor: a look through a rule set, a search for places that come back. Nobody who
    /// logs in waits for it.
    pub looking: Arc<Semaphore>,
    /// As many exports at once as an instance writes: each holds a batch of tickets in memory.
    pub exports: Arc<Semaphore>,
    /// The city, as it was last read.
    pub city: Arc<ArcSwapOption<Loaded>>,
    /// Who has read tickets lately.
    pub readers: Readers,
    /// What was counted lately.
    pub counted: Arc<statistics::Remembered>,
    /// What was last learnt about categories, as it was last read.
    pub learnt: Arc<Learnt>,
    /// Which Continuum this is, as its events say: where its links lead.
    pub source: Arc<str>,
    /// Told when the feed has grown.
    pub fed: Arc<Notify>,
    /// Told when messages were appended, so that a worker of this process need not wait for its next look.
    pub wake: Arc<Notify>,
    /// Told when this process is to end: nothing new is begun, what was begun is finished.
    pub stopping: CancellationToken,
}

/// How long a process that is to end goes on with what it has begun.
const GRACE: Duration = Duration::from_secs(10);

/// There is no city in the database: none was loaded yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no city is loaded; run `continuum city load`")]
pub struct NoCity;

impl Context {
    /// The city, as one use case sees it from beginning to end.
    ///
    /// # Errors
    /// [`NoCity`] before one was loaded.
    pub fn city(&self) -> Result<Arc<Loaded>, NoCity> {
        self.city.load_full().ok_or(NoCity)
    }

    /// A message about a ticket, with an id of its own.
    pub(crate) fn message_about(&self, ticket: TicketId, notice: Notice) -> Message {
        Message::about(ticket, MessageId(self.ids.next()), notice)
    }

    /// Waits until what is under way has to be broken off, [`GRACE`] after the process was told to end.
    pub(crate) async fn out_of_time(&self) {
        self.stopping.cancelled().await;
        tokio::time::sleep(GRACE).await;
    }

    /// The current instant.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

/// Where a request came from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The address, as text.
    pub address: Option<String>,
    /// The program: the User-Agent header.
    pub agent: Option<String>,
}

impl Origin {
    /// What the audit log keeps of an act that nobody proved to be theirs, or that a person did before logging in.
    pub(crate) fn record(&self, by: By, act: Act, at: DateTime<Utc>) -> Record {
        Record { at, by, from: self.address.clone(), act, why: None }
    }
}

/// Puts a value where another may be; tells whether they differ.
fn put<T: PartialEq>(field: &mut T, value: Option<T>) -> bool {
    match value {
        Some(value) if value != *field => {
            *field = value;
            true
        }
        Some(_) | None => false,
    }
}

/// Does work that fills a processor away from the threads that answer requests, as much at once as `turns` allows.
async fn apart<T: Send + 'static>(turns: &Arc<Semaphore>, work: impl FnOnce() -> T + Send + 'static) -> T {
    let permit = turns.clone().acquire_owned().await.expect("the semaphore is never closed");
    let done = tokio::task::spawn_blocking(move || {
        let outcome = work();
        drop(permit);
        outcome
    });
    match done.await.map_err(JoinError::try_into_panic) {
        Ok(outcome) => outcome,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The process is being torn down: nobody waits for an answer any more.
        Err(Err(_)) => std::future::pending().await,
    }
}

/// Shorthand for what a loaded city holds.
fn of(loaded: &Loaded) -> &City {
    &loaded.city
}

/// How far ahead something can be planned.
const TWO_YEARS: Days = Days::new(730);

/// Whether a day lies between today and two years from now.
fn within_two_years(city: &City, day: NaiveDate, now: DateTime<Utc>) -> bool {
    let today = today(city, now);
    (today..=today + TWO_YEARS).contains(&day)
}

/// The day that an instant lies in, on the city's clocks.
fn today(city: &City, now: DateTime<Utc>) -> NaiveDate {
    city.zone().day_of(now)
}
