//! Setting a day.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::schedule::Schedule;
use domain::ticket::{Action, Ticket};

use super::change::{ChangeError, Fault, On, change};
use crate::once::{Done, Once};
use crate::{Context, today};

/// Sets the day on which the service will act: today or later.
///
/// # Errors
/// See [`ChangeError`].
pub async fn schedule(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Schedule,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    change(cx, who, on, Action::Schedule, once, async |held| {
        if cmd.scheduled_for < today(held.now) {
            return Err(Fault::ScheduledInThePast.into());
        }
        Ok(cmd.apply(held.ticket, held.now)?)
    })
    .await
}
