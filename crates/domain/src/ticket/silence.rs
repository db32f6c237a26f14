//! The silence of a partner: past the target, its ticket returns to the dispatcher's desk by itself.

use chrono::{DateTime, Utc};

use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::id::{OrganisationCode, ServiceCode};
use crate::text::Note;

/// What the timeline says of it.
const WHY: &str = "Sans réponse du partenaire dans le délai de prise en charge : la saisine revient à la régulation.";

/// Return a ticket that its partner left unanswered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// To this service: the dispatcher's desk.
    pub desk: ServiceCode,
}

impl Return {
    /// The ticket at the dispatcher's desk, whose clocks begin anew. It was not passed on by anybody: whoever gets it next
    /// may still do so once. `organisation`: that of the desk, when the partner is of another.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket can be passed on.
    ///
    /// # Panics
    /// Never: what the timeline says is a note.
    pub fn apply(
        self,
        ticket: Ticket,
        organisation: Option<OrganisationCode>,
        now: DateTime<Utc>,
    ) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Reroute)?;
        let note = Note::try_from(WHY.to_owned()).expect("the literal is short, and a test makes it a note");
        let fact = Fact::Rerouted {
            from: ticket.service.clone(),
            service: self.desk.clone(),
            note,
            answer_due_at: Some(ticket.ack_due_at),
            organisation,
        };
        Ok(ticket.turned(state, fact, |ticket| {
            ticket.service = self.desk;
            ticket.hand_over(now);
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::State;
    use crate::ticket::example::ticket;

    #[test]
    fn silence_is_nobodys_one_reroute() {
        let before = ticket(State::Submitted);
        let (now, due) = (before.filed_at, before.ack_due_at);
        let back = Return { desk: "regulation".parse().unwrap() };
        let Change { ticket: after, fact } = back.apply(before, None, now).unwrap();
        assert_eq!((after.service.as_str(), after.handovers, after.reroutes), ("regulation", 2, 0));
        assert!(matches!(fact, Fact::Rerouted { answer_due_at: Some(at), .. } if at == due), "{fact:?}");
        assert_eq!((fact.code(), after.state, after.version), ("rerouted", State::Submitted, 4));
    }
}
