//! The resident's link: the page that it leads to, and what can be done there; renewing it, ending it, and the slip of
//! paper that stands for it.

mod feedback;
mod link;
mod mails;
mod slip;

pub use feedback::{FeedbackError, FeedbackFault, GiveFeedback, give_feedback};
pub use link::{LinkError, Renewed, end, renew};
pub use mails::{may_stop_mails, resume_mails, stop_mails};
pub use slip::{SlipError, find, make_slip};
pub use store::feedback::Given;
pub use store::tracking::{Followed, Mails, Told, Tracked};

use store::Error;

use crate::Context;

/// What the resident may read; none when the link leads nowhere (any more).
///
/// # Errors
/// When the database does not answer.
pub async fn read(cx: &Context, token: &str) -> Result<Option<Tracked>, Error> {
    cx.store.tracked(token, cx.now()).await
}
