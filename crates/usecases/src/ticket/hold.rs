//! Waiting for something.

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::ticket::event::HoldReason;
use domain::ticket::hold::Hold;
use domain::ticket::{Action, Change, Ticket};

use super::change::{ChangeError, Denied, Fault, On, change};
use crate::once::{Done, Once};
use crate::{Context, of, today, within_two_years};

/// Waits for something, until a day. The reason `other` needs a note.
///
/// # Errors
/// See [`ChangeError`].
pub async fn hold(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Hold,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    let loaded = cx.city()?;
    change(cx, who, on, Action::Hold, once, |ticket, now| decide(cmd.clone(), ticket, of(&loaded), now)).await
}

pub(super) fn decide(cmd: Hold, ticket: Ticket, city: &City, now: DateTime<Utc>) -> Result<Change, Denied> {
    let faults = faults(&cmd, city, now);
    if faults.is_empty() { Ok(cmd.apply(ticket, now)?) } else { Err(Denied::Invalid(faults)) }
}

fn faults(cmd: &Hold, city: &City, now: DateTime<Utc>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if cmd.resume_on == today(city, now) || !within_two_years(city, cmd.resume_on, now) {
        faults.push(Fault::ResumeOutOfRange);
    }
    if cmd.reason == HoldReason::Other && cmd.note.is_none() {
        faults.push(Fault::NoteMissing);
    }
    faults
}
