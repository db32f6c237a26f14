//! Who is asking, and what they may do.
//!
//! A request's token is verified ([`Tokens`]) and becomes a [`Principal`] once the database has said that it still
//! holds; a principal with the right becomes a [`Grant`], which only this crate can make; a use case takes the grant as
//! an argument. Who is [`Recalled`] has asked before, and is asked about by the statement that finds what they read: they are
//! [`Asking`]. The table of rights, and the rights on one ticket, are `domain`'s.
//!
//! Deliberately absent: the database (the `usecases` crate brings hashes and sessions), and the clock. Salts and
//! refresh tokens do come from the operating system's randomness: they are secrets, not identifiers.

pub mod assertion;
pub mod oidc;
pub mod password;
pub mod permission;
pub mod pkce;
mod principal;
pub mod seal;
pub mod second_factor;
pub mod secret;
pub mod token;

pub use permission::{Asking, Forbidden, Grant, Holder, Permission};
pub use principal::{Credential, LoggedIn, Presented, Principal, Recalled, Verified};
pub use seal::SealKeys;
pub use token::{TokenError, Tokens};
