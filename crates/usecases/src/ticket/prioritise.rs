//! Saying how pressing a ticket is.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::prioritise::Prioritise;
use domain::ticket::{Action, Ticket};

use super::change::{ChangeError, On, change};
use crate::Context;
use crate::once::{Done, Once};

/// Says how pressing a ticket is.
///
/// # Errors
/// See [`ChangeError`].
pub async fn prioritise(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Prioritise,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    change(cx, who, on, Action::Prioritise, once, |ticket, _| Ok(cmd.clone().apply(ticket)?)).await
}
