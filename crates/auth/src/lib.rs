//! Who is asking, and what they may do.
//!
//! A request's token becomes a [`Principal`]; a principal with the right becomes a [`Grant`], which only this crate
//! can make; a use case takes the grant as an argument. Rights on one ticket are `domain`'s.
//!
//! Deliberately absent: the database (the `usecases` crate brings hashes and sessions), and the clock. Salts and
//! refresh tokens do come from the operating system's randomness: they are secrets, not identifiers.

pub mod oidc;
pub mod password;
pub mod permission;
pub mod refresh;
pub mod token;

pub use permission::{Forbidden, Grant, Permission};
pub use token::{Principal, TokenError, Tokens};
