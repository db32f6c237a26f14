//! Saying that a ticket is settled.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::resolve::Resolve;
use domain::ticket::{Action, Ticket};

use super::change::{ChangeError, On, change};
use crate::Context;
use crate::once::{Done, Once};

/// Says that a ticket is settled, how, and what the resident reads.
///
/// # Errors
/// See [`ChangeError`].
pub async fn resolve(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Resolve,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    change(cx, who, on, Action::Resolve, once, |ticket, now| Ok(cmd.clone().apply(ticket, now)?)).await
}
