//! A private PostgreSQL for a program that has none: found or fetched, initialised, started, and stopped with it.
//!
//! [`Server::start`] keeps its data in a folder, and [`Access::open`] uses the server that is up on one, or starts it;
//! [`Server::start_throwaway`] serves tests and leaves nothing behind.
//! Both listen on a unix socket in a folder of mode 0700 and on no TCP port, and run without privileges even when the
//! program is root. The server stops with the program, however the program ends.
//!
//! Everything blocks: an asynchronous caller wraps the calls in its runtime's blocking pool.
//!
//! Deliberately absent: any SQL client (databases are made by the caller, in SQL), remote servers, replication,
//! backups, and upgrades between major versions.

mod account;
mod binaries;
mod cluster;
mod command;
mod debian;
mod error;
mod folder;
mod guest;
mod obtain;
mod process;
mod server;
mod socket;
mod survivors;
mod sys;
mod throwaway;

pub use error::{Error, Failure};
pub use guest::{Access, Guest};
pub use obtain::obtain;
pub use server::Server;

/// Oldest major version of PostgreSQL that is accepted.
pub const OLDEST_MAJOR: u32 = 15;

/// The superuser of every server that this crate starts; it has no password.
pub const USER: &str = "continuum";
