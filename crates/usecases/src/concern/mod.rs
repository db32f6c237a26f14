//! Concerns.

mod attach;
mod draft;
mod duplicates;
mod file;
mod read;

pub use duplicates::{Like, LikeError, duplicates};
pub use file::{Fault, File, FileError, Filed, Warning, file};
pub use read::read;
pub use store::Contact;
pub use store::concern::Concern;
pub use store::ticket::Candidate;
