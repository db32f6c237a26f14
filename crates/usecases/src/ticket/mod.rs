//! Tickets.

mod acknowledge;
mod change;
mod close;
mod read;
mod refuse;
mod reopen;
mod resolve;
mod start;

pub use acknowledge::acknowledge;
pub use change::{ChangeError, Fault, On};
pub use close::close;
pub(crate) use read::record_shown;
pub use read::{list, read, timeline};
pub use refuse::refuse;
pub use reopen::reopen;
pub use resolve::resolve;
pub use start::start;
pub use store::ticket::{After, Entry, Filter, Named};
