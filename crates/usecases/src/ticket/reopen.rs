//! Taking back that a ticket is settled.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::reopen::Reopen;
use domain::ticket::{Action, Due, Ticket};

use super::change::{ChangeError, On, change};
use crate::once::{Done, Once};
use crate::{Context, of};

/// Takes back that a ticket is settled: its service has it again, and its clocks begin anew.
///
/// # Errors
/// See [`ChangeError`].
pub async fn reopen(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Reopen,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    let loaded = cx.city()?;
    change(cx, who, on, Action::Reopen, once, async |ticket, now| {
        // A category or service that is no longer in use has no targets any more: the ticket keeps those it had.
        let kept = Due { acknowledge: ticket.ack_due_at, resolve: ticket.resolve_due_at };
        let due = of(&loaded).due(&ticket.service, &ticket.category, now).unwrap_or(kept);
        Ok(cmd.apply(ticket, due, now)?)
    })
    .await
}
