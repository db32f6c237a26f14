//! What leaves the house: the worker that drains the outbox into e-mail.
//!
//! A message is leased, written from the event that it tells of, delivered, and marked; no transaction is open
//! meanwhile. A worker that dies between delivery and mark sends the message again under the same `Message-ID`.

pub mod letter;
pub mod post;
pub mod transport;
mod worker;

pub use worker::{Drained, Worker};
