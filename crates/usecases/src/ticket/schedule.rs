//! Setting a day.

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::{DateTime, Utc};
use domain::ticket::schedule::Schedule;
use domain::ticket::{Action, Change, Ticket};

use super::change::{ChangeError, Denied, Fault, On, change};
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
    change(cx, who, on, Action::Schedule, once, async |held| Ok(decide(cmd, held.ticket, held.now)?)).await
}

pub(super) fn decide(cmd: Schedule, ticket: Ticket, now: DateTime<Utc>) -> Result<Change, Denied> {
    if cmd.scheduled_for < today(now) {
        return Err(Fault::ScheduledInThePast.into());
    }
    Ok(cmd.apply(ticket, now)?)
}
