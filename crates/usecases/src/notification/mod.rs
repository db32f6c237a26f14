//! How people wish to be told, what is late in the morning, and letters as they would be written.

mod late;
mod preview;
mod real;
mod wishes;

pub use late::tell_late;
pub use preview::{About, Letters, PreviewError, Real, Written, preview};
pub use store::notification::Wishes;
pub use store::outbox::Topic;
pub use wishes::{ChooseError, Own, choose, own};
