//! Setting a day.

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::ticket::schedule::Schedule;
use domain::ticket::{Action, Change, Ticket};

use super::change::{ChangeError, Denied, Fault, On, change};
use crate::once::{Done, Once};
use crate::{Context, of, within_two_years};

/// Sets the day on which the service will act: from today to two years from now.
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
    let loaded = cx.city()?;
    change(cx, who, on, Action::Schedule, once, |ticket, now| decide(cmd.clone(), ticket, of(&loaded), now)).await
}

pub(super) fn decide(cmd: Schedule, ticket: Ticket, city: &City, now: DateTime<Utc>) -> Result<Change, Denied> {
    if !within_two_years(city, cmd.scheduled_for, now) {
        return Err(Fault::ScheduledOutOfRange.into());
    }
    Ok(cmd.apply(ticket, now)?)
}
