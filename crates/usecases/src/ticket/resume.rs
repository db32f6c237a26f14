//! Going on after waiting.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::resume::Resume;
use domain::ticket::{Action, Ticket};

use super::change::{ChangeError, On, change};
use crate::Context;
use crate::once::{Done, Once};

/// Goes on after waiting.
///
/// # Errors
/// See [`ChangeError`].
pub async fn resume(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Resume,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    change(cx, who, on, Action::Resume, once, |ticket, now| Ok(cmd.clone().apply(ticket, now)?)).await
}
