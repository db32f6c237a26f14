//! Saying that a ticket is settled, how, and what the resident reads.

use chrono::{DateTime, Utc};

use super::close::can_end;
use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::city::catalogue::ClosureReason;
use crate::text::{BodyTold, MessageToResident, Note};

/// Say that a ticket is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolve {
    /// How.
    pub closure_reason: ClosureReason,
    /// The competent body that was told, when the service is not (CRPA L114-2).
    pub body_told: Option<BodyTold>,
    /// What the resident reads.
    pub message_to_resident: MessageToResident,
    /// For the service and the dispatcher.
    pub note: Option<Note>,
}

impl Resolve {
    /// The ticket once it is settled.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is acknowledged, scheduled, in progress or on hold;
    /// [`Refusal::BodyToldNeeded`] when the reason is `not_competent` and no body is named,
    /// [`Refusal::BodyToldNotExpected`] when it is another and one is, [`Refusal::MergeInstead`] when it is `duplicate`.
    pub fn apply(self, ticket: Ticket, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Resolve)?;
        can_end(self.closure_reason, self.body_told.as_ref())?;
        let fact = Fact::Resolved {
            closure_reason: self.closure_reason,
            body_told: self.body_told,
            message_to_resident: self.message_to_resident,
            note: self.note,
        };
        Ok(ticket.turned(state, fact, |ticket| {
            ticket.resolved_at = Some(now);
            ticket.closure_reason = Some(self.closure_reason);
            ticket.end_pause(now);
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::State;
    use crate::ticket::example::ticket;

    #[test]
    fn the_resident_is_told_of_a_competent_body_only_when_one_was_and_of_another_ticket_only_when_there_is_one() {
        let resolve = |closure_reason, body: Option<&str>| {
            let body_told = body.map(|body| BodyTold::try_from(body.to_owned()).unwrap());
            let message_to_resident = MessageToResident::try_from("Voyez le département.".to_owned()).unwrap();
            let cmd = Resolve { closure_reason, body_told, message_to_resident, note: None };
            let acknowledged = ticket(State::Acknowledged);
            cmd.apply(acknowledged.clone(), acknowledged.filed_at).map(|change| change.fact)
        };
        assert_eq!(resolve(ClosureReason::NotCompetent, None).unwrap_err(), Refusal::BodyToldNeeded);
        let told = resolve(ClosureReason::NotCompetent, Some("Département de la Somme")).unwrap();
        assert!(matches!(told, Fact::Resolved { body_told: Some(_), .. }), "{told:?}");
        assert_eq!(resolve(ClosureReason::Duplicate, None).unwrap_err(), Refusal::MergeInstead);
        assert!(resolve(ClosureReason::PrivateMatter, None).is_ok());
    }
}
