//! Taking back that a ticket is settled.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::reopen::Reopen;
use domain::ticket::{Action, Ticket};

use super::change::{ChangeError, On, change};
use crate::Context;
use crate::once::{Done, Once};

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
    change(cx, who, on, Action::Reopen, once, |ticket, now| Ok(cmd.clone().apply(ticket, now)?)).await
}
