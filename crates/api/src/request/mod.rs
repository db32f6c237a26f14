//! What a request brings: who asks, the body, the query, and the headers that change what is done.

pub(crate) mod accept;
pub(crate) mod body;
pub(crate) mod caller;
pub(crate) mod conditional;
pub(crate) mod cursor;
pub(crate) mod date;
mod fault;
pub(crate) mod form;
pub(crate) mod idempotency;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod reader;
mod refused;
pub(crate) mod sent;
mod unique;
pub(crate) mod upload;
