//! Ending a ticket.

use chrono::{DateTime, Duration, Utc};

use super::lifecycle::{Action, Refusal, State, next};
use super::{Change, Fact, Ticket};
use crate::city::catalogue::ClosureReason;
use crate::text::{BodyTold, MessageToResident, Note};

/// How long after `resolved` a ticket is closed by itself.
pub const BY_ITSELF_AFTER: Duration = Duration::days(14);

/// Whether a ticket can end for that reason: as not competent, once the competent body was told (CRPA L114-2); as a
/// duplicate, only by being merged with the other, so that its resident hears what becomes of that one.
pub(super) fn can_end(reason: ClosureReason, body_told: Option<&BodyTold>) -> Result<(), Refusal> {
    match reason {
        ClosureReason::NotCompetent if body_told.is_none() => Err(Refusal::BodyToldNeeded),
        ClosureReason::NotCompetent => Ok(()),
        _ if body_told.is_some() => Err(Refusal::BodyToldNotExpected),
        ClosureReason::Duplicate => Err(Refusal::MergeInstead),
        ClosureReason::WorkDone
        | ClosureReason::NothingFound
        | ClosureReason::UnderMonitoring
        | ClosureReason::NoActionPlanned
        | ClosureReason::InformationGiven
        | ClosureReason::ResidentWithdrew
        | ClosureReason::ResidentUnreachable
        | ClosureReason::PrivateMatter => Ok(()),
    }
}

/// End a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Close {
    /// How, for a refused ticket; a resolved one has its reason already.
    pub closure_reason: Option<ClosureReason>,
    /// The competent body that was told, for a refused ticket (CRPA L114-2).
    pub body_told: Option<BodyTold>,
    /// What the resident reads.
    pub message_to_resident: Option<MessageToResident>,
    /// For the service and the dispatcher.
    pub note: Option<Note>,
}

impl Close {
    /// The ticket once it has ended.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is resolved or refused; from `refused`, [`Refusal::ClosureReasonNeeded`]
    /// without a reason, [`Refusal::BodyToldNeeded`] when the reason is `not_competent` and no body is named,
    /// [`Refusal::BodyToldNotExpected`] when it is another and one is, [`Refusal::MergeInstead`] when it is `duplicate`; from
    /// `resolved`, [`Refusal::ClosureReasonGiven`] with another reason, [`Refusal::BodyToldNotExpected`] with a body.
    pub fn apply(self, ticket: Ticket, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Close)?;
        let was_refused = ticket.state == State::Refused;
        if was_refused {
            let reason = self.closure_reason.ok_or(Refusal::ClosureReasonNeeded)?;
            can_end(reason, self.body_told.as_ref())?;
        } else if self.closure_reason.is_some_and(|reason| Some(reason) != ticket.closure_reason) {
            return Err(Refusal::ClosureReasonGiven);
        } else if self.body_told.is_some() {
            return Err(Refusal::BodyToldNotExpected);
        }
        let reason = self.closure_reason.or(ticket.closure_reason);
        let fact = Fact::Closed {
            // What was said when it was resolved, with the body that was told, is not said a second time without it.
            closure_reason: self.closure_reason.filter(|_| was_refused),
            body_told: self.body_told,
            message_to_resident: self.message_to_resident,
            note: self.note,
        };
        Ok(ticket.turned(state, fact, |ticket| {
            ticket.closed_at = Some(now);
            ticket.closure_reason = reason;
            ticket.feedback = ticket.feedback.closed();
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::example::ticket;

    fn now() -> DateTime<Utc> {
        "2026-03-12T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_refused_ticket_ends_with_a_reason_and_the_body_that_was_told() {
        let close = |closure_reason, body: Option<&str>| {
            let body_told = body.map(|b| BodyTold::try_from(b.to_owned()).unwrap());
            Close { closure_reason, body_told, ..Close::default() }.apply(ticket(State::Refused), now())
        };
        assert_eq!(close(None, None).unwrap_err(), Refusal::ClosureReasonNeeded);
        assert_eq!(close(Some(ClosureReason::NotCompetent), None).unwrap_err(), Refusal::BodyToldNeeded);
        let closed = close(Some(ClosureReason::NotCompetent), Some("Département de la Somme")).unwrap().ticket;
        assert_eq!((closed.state, closed.closed_at), (State::Closed, Some(now())));
        assert_eq!(close(Some(ClosureReason::Duplicate), None).unwrap_err(), Refusal::MergeInstead);
        assert!(close(Some(ClosureReason::PrivateMatter), None).is_ok());
        let told = close(Some(ClosureReason::PrivateMatter), Some("Département de la Somme"));
        assert_eq!(told.unwrap_err(), Refusal::BodyToldNotExpected);
    }

    #[test]
    fn a_resolved_ticket_keeps_its_reason() {
        let resolved = Ticket { closure_reason: Some(ClosureReason::WorkDone), ..ticket(State::Resolved) };
        let close = |closure_reason| Close { closure_reason, ..Close::default() }.apply(resolved.clone(), now());
        for said in [None, Some(ClosureReason::WorkDone)] {
            let Change { ticket, fact } = close(said).unwrap();
            assert_eq!(ticket.closure_reason, Some(ClosureReason::WorkDone));
            assert!(matches!(fact, Fact::Closed { closure_reason: None, .. }), "{fact:?}");
        }
        assert_eq!(close(Some(ClosureReason::NothingFound)).unwrap_err(), Refusal::ClosureReasonGiven);
        let body_told = Some(BodyTold::try_from("Département de la Somme".to_owned()).unwrap());
        let again = Close { body_told, ..Close::default() }.apply(resolved.clone(), now());
        assert_eq!(again.unwrap_err(), Refusal::BodyToldNotExpected);
    }
}
