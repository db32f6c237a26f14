//! Opening a ticket for the first time.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::receive::Receive;
use domain::ticket::{Action, Ticket};

use super::change::{ChangeError, On, change};
use crate::Context;
use crate::once::{Done, Once};

/// Says that the service has opened the ticket.
///
/// # Errors
/// See [`ChangeError`].
pub async fn receive(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Receive,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    change(cx, who, on, Action::Receive, once, |ticket, now| Ok(cmd.apply(ticket, now)?)).await
}
