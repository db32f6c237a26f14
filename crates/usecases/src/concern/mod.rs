//! Concerns.

mod file;
mod read;

pub use file::{Fault, File, FileError, Filed, Warning, file};
pub use read::read;
pub use store::Contact;
pub use store::concern::Concern;
