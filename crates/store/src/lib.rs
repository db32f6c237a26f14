//! What is kept, and how it is asked for: PostgreSQL through sea-orm.
//!
//! Entities never leave this crate: it hands out domain types and read models. Every query about cases takes the
//! caller's [`Scope`]; a row outside of it is not found, in a list as in a fetch. Where one statement beats several it
//! is written as SQL, parameters bound.
//!
//! Deliberately absent: rules (they are `domain`'s), and any reading of the clock.

pub mod area;
pub mod attachment;
pub mod audit;
pub mod cafe;
pub mod city;
pub mod client;
mod columns;
pub mod concern;
mod connect;
mod device;
mod error;
pub mod feed;
pub mod feedback;
pub mod handover;
pub mod hotspot;
pub mod idempotency;
pub mod identity;
pub mod inbound;
pub mod link;
pub mod migrate;
pub mod noted;
pub mod notification;
pub mod office;
pub mod open311;
pub mod open_data;
pub mod outbox;
pub mod partner;
mod pool;
mod resident;
mod resident_key;
pub mod restitution;
pub mod retention;
pub mod routing;
pub mod saved_filter;
mod scope;
mod seal;
pub mod second_factor;
pub mod session;
pub mod sign_in;
pub mod slip;
pub mod statistics;
pub mod suggestion;
pub mod throttle;
pub mod ticket;
pub mod tracking;
pub mod user;
pub mod watch;
pub mod webhook;
mod withheld;

use chrono::{DateTime, Utc};
use domain::id::{AreaCode, ZoningCode};

pub use connect::{Connect, Listener, SESSION, Store, Tx, drop_database, ensure_database};
pub use error::Error;
pub use pool::waiting_once;
pub use resident::Contact;
pub use resident_key::Replaced;
pub use scope::Scope;
pub use seal::{SealingKey, SealingKeys};

/// The result of asking the store.
pub type Result<T> = std::result::Result<T, Error>;

/// From then on, and until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first instant.
    pub from: DateTime<Utc>,
    /// The last instant.
    pub to: DateTime<Utc>,
}

/// How many rows a page of that many is asked for: one more tells whether another page follows.
fn one_more(limit: u64) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// What these are called.
fn texts<'a, T: ToString + 'a>(codes: impl IntoIterator<Item = &'a T>) -> Vec<String> {
    codes.into_iter().map(ToString::to_string).collect()
}

/// Areas as columns hold them.
fn area_codes<'a>(areas: impl IntoIterator<Item = &'a (ZoningCode, AreaCode)>) -> Vec<String> {
    areas.into_iter().map(|(zoning, area)| format!("{zoning}:{area}")).collect()
}

/// One page of a list, and where the next one begins.
#[derive(Debug, Clone)]
pub struct Page<T, C> {
    /// The items.
    pub items: Vec<T>,
    /// The position of the last item, if more follow.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// The page made of at most `limit` of the rows, which were asked for one more than that.
    fn cut(mut rows: Vec<T>, limit: u64, position: impl Fn(&T) -> C) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(position) } else { None };
        Self { items: rows, next }
    }
}
