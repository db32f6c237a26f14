//! Workers that drain the outbox into e-mail.

pub mod letter;
pub mod transport;
