//! The program: its commands, its configuration, and [`build`], which makes an instance of the server for `main`, for
//! the demonstration and for the tests alike.
//!
//! Here, at the edge, the clock is read and identifiers are made.

mod audit;
pub mod city;
mod command;
mod demo;
mod edge;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod instance;
mod keys;
mod letters;
mod metrics_page;
mod periodic;
pub mod permissions;
mod resident;
mod secret;
mod telemetry;

pub use command::{Command, main};
pub use edge::{SystemClock, TimeOrderedIds};
/// Where attachments are kept, and what they may be.
pub use files::Settings as FileSettings;
pub use instance::{Config, Dkim, Instance, Mail, Oidc, PATIENCE, build, context};
pub use keys::Keys;

/// Gives what a hash of a password took, 19 MiB, back to the system: glibc's keeps it after the first few.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
