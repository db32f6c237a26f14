//! The vocabulary and the rules of Continuum: what a concern, a ticket, a service and a café are, and what may be
//! done with them.
//!
//! Deliberately absent: async, I/O, HTTP, SQL, and every reading of the clock or of randomness. Time and ids are
//! arguments, handed in by whoever stands at the edge ([`clock::Clock`], [`clock::Ids`]).

pub mod account;
pub mod attachment;
pub mod audit;
pub mod cafe;
pub mod city;
pub mod clock;
pub mod concern;
pub mod content;
pub mod email;
pub mod feed;
pub mod hotspot;
pub mod id;
pub mod language;
pub mod letter;
pub mod notification;
pub mod open_data;
pub mod person;
pub mod place;
pub mod resident;
pub mod restitution;
pub mod retention;
pub mod rights;
pub mod routing;
pub mod siret;
pub mod slip;
pub mod statistics;
pub mod suggestion;
pub mod text;
pub mod ticket;
pub mod time;
pub mod webhook;
