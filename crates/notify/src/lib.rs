//! What leaves the house: the worker that drains the outbox into e-mail.
//!
//! When a message leaves, and with which others, is settled first. Then e-mails are leased, written from the events that
//! they tell of, delivered, and marked; no transaction is open meanwhile. A worker that dies between delivery and mark sends
//! the e-mail again under the same `Message-ID`.

mod late;
pub mod letter;
mod plan;
pub mod post;
mod sight;
pub mod transport;
mod worker;
mod write;

pub use worker::{Drained, Worker};
pub use write::Writer;
