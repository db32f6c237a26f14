//! Taking back that a ticket is settled.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::reopen::Reopen;
use domain::ticket::{Action, Ticket};

use super::change::{ChangeError, On, change};
use crate::once::{Done, Once};
use crate::{Context, of};

/// Takes back that a ticket is settled: its service has it again, or the dispatcher's desk if that had refused it, and its
/// clocks begin anew.
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
    change(cx, who, on, Action::Reopen, once, |ticket, now| Ok(cmd.clone().apply(ticket, of(&loaded), now)?)).await
}
