//! The rules against a naive reading of them, their check against every concern there can be, and their words.

mod check;
mod generate;
mod guarantees;
mod naive;
mod partners;
mod reached;
mod sentences;
pub(crate) mod town;
