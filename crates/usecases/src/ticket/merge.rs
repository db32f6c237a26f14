//! Ending a ticket as a duplicate of another, and taking that back.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::merge::{Merge, Unmerge};
use domain::ticket::{Action, Ticket};
use store::ticket::Named;

use super::change::{ChangeError, Fault, On, change, change_beside};
use crate::Context;
use crate::once::{Done, Once};

/// Ends a ticket as a duplicate of the main one, which is open and has the same readers.
///
/// # Errors
/// See [`ChangeError`].
pub async fn merge(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    (cmd, main): (Merge, Named),
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    change_beside(cx, who, on, Some(main), Action::Merge, once, async |held| {
        let main = held.other.ok_or(Fault::UnknownMain)?;
        main.can_have_duplicate(&held.ticket).map_err(Fault::NotAMain)?;
        // Whoever is about to change it must tell those who follow it from now on.
        held.tx.mark_written(main.id).await?;
        Ok(cmd.apply(held.ticket, &main, held.now)?)
    })
    .await
}

/// Takes back that a ticket is a duplicate.
///
/// # Errors
/// See [`ChangeError`].
pub async fn unmerge(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Unmerge,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    change(cx, who, on, Action::Unmerge, once, async |ticket, now| Ok(cmd.clone().apply(ticket, now)?)).await
}
