//! Setting to work.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::start::Start;
use domain::ticket::{Action, Ticket};

use super::change::{ChangeError, On, change};
use crate::Context;
use crate::once::{Done, Once};

/// Sets to work.
///
/// # Errors
/// See [`ChangeError`].
pub async fn start(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Start,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    change(cx, who, on, Action::Start, once, |ticket, now| Ok(cmd.clone().apply(ticket, now)?)).await
}
