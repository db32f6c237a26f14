//! Ending a ticket.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::close::Close;
use domain::ticket::{Action, Ticket};

use super::change::{ChangeError, On, change};
use crate::Context;
use crate::once::{Done, Once};

/// Ends a ticket.
///
/// # Errors
/// See [`ChangeError`].
pub async fn close(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Close,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    change(cx, who, on, Action::Close, once, |ticket, now| Ok(cmd.clone().apply(ticket, now)?)).await
}
