//! What leaves the house: the worker that drains the outbox into e-mail.
//!
//! When a message leaves, and with which others, is settled first; then it is leased, written from the event that it tells of, delivered, and marked; no transaction is open
//! meanwhile. A worker that dies between delivery and mark sends the message again under the same `Message-ID`.

mod late;
pub mod letter;
mod plan;
mod sight;
pub mod transport;
mod worker;

pub use worker::{Drained, Worker, letter_about};
