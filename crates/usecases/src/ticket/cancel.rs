//! Calling a ticket off.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::cancel::Cancel;
use domain::ticket::{Action, Ticket};

use super::change::{ChangeError, On, change};
use crate::Context;
use crate::once::{Done, Once};

/// Calls a ticket off.
///
/// # Errors
/// See [`ChangeError`].
pub async fn cancel(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Cancel,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    change(cx, who, on, Action::Cancel, once, |ticket, _| Ok(cmd.clone().apply(ticket)?)).await
}
