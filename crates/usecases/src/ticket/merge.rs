//! Ending a ticket as a duplicate of another, and taking that back.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::merge::{Merge, Unmerge};
use domain::ticket::{Action, Ticket};
use store::ticket::{Beside, Found, Named};

use super::change::{ChangeError, Fault, On, change, change_beside};
use crate::once::{Done, Once};
use crate::{Context, of};

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
    let beside = Beside { other: Some(main), ..Beside::default() };
    change_beside(cx, who, on, beside, Action::Merge, once, |ticket, _, Found { other, .. }, now| {
        let main = other.ok_or(Fault::UnknownMain)?;
        main.can_have_duplicate(&ticket).map_err(Fault::NotAMain)?;
        Ok((cmd.clone().apply(ticket, &main, now)?, Vec::new()))
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
    let loaded = cx.city()?;
    change(cx, who, on, Action::Unmerge, once, |ticket, now| Ok(cmd.clone().apply(ticket, of(&loaded), now)?)).await
}
