//! Waiting for something.

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::{Days, NaiveDate};
use domain::ticket::event::HoldReason;
use domain::ticket::hold::Hold;
use domain::ticket::{Action, Ticket};

use super::change::{ChangeError, Fault, On, change};
use crate::once::{Done, Once};
use crate::{Context, today};

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
    change(cx, who, on, Action::Hold, once, async |held| {
        let faults = faults(&cmd, today(held.now));
        if faults.is_empty() { Ok(cmd.apply(held.ticket, held.now)?) } else { Err(ChangeError::Invalid(faults)) }
    })
    .await
}

pub(super) fn faults(cmd: &Hold, today: NaiveDate) -> Vec<Fault> {
    let mut faults = Vec::new();
    if cmd.resume_on <= today || cmd.resume_on > today + Days::new(730) {
        faults.push(Fault::ResumeOutOfRange);
    }
    if cmd.reason == HoldReason::Other && cmd.note.is_none() {
        faults.push(Fault::NoteMissing);
    }
    faults
}
