//! Concerns.

mod attach;
mod draft;
mod duplicates;
mod file;
mod learn;
mod note;
mod read;
mod ready;
mod suggest;

pub use duplicates::{Like, LikeError, duplicates};
pub(crate) use file::prepare;
pub use file::{Fault, File, FileError, Filed, Warning, file};
pub use learn::{LearnError, learn};
pub use note::{IntakeError, Note, NoteError, Sent, intake, note};
pub use read::read;
pub use store::Contact;
pub use store::concern::Concern;
pub use store::suggestion::Trained;
pub use store::ticket::Candidate;
pub use suggest::{Learnt, Said, SuggestError, Suggested, suggest};
