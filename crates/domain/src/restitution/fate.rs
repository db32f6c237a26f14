//! What became of a concern, in the words of a sheet for residents.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::city::catalogue::ClosureReason;
use crate::language::Language;
use crate::ticket::State;

/// Whether something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SheetOutcome)]
pub enum Became {
    /// Something was done: work, an answer, a watch that is kept.
    Done,
    /// It ended without that.
    NotDone,
    /// Somebody still has to act.
    Open,
}

impl Became {
    /// All, in the order of a sheet.
    pub const ALL: [Self; 3] = [Self::Done, Self::NotDone, Self::Open];
}

/// How far it is, or why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SheetFate)]
pub enum How {
    /// The officer answered at once.
    AnsweredOnTheSpot,
    /// The work was done.
    WorkDone,
    /// The question was answered.
    InformationGiven,
    /// The place is being watched.
    UnderMonitoring,
    /// Nothing was found on the spot.
    NothingFound,
    /// Nothing will be done.
    NoActionPlanned,
    /// Another body is competent, and was told.
    NotCompetent,
    /// It is a private matter.
    PrivateMatter,
    /// It is followed with another one.
    Duplicate,
    /// What was needed could not be found out.
    ResidentUnreachable,
    /// The resident took it back.
    Withdrawn,
    /// It was called off.
    Cancelled,
    /// A day is set.
    Scheduled,
    /// A service has taken it in hand.
    InHand,
    /// It was sent to a service, which has not taken it in hand yet.
    Waiting,
}

impl How {
    /// Whether something was done then.
    #[must_use]
    pub const fn became(self) -> Became {
        match self {
            Self::AnsweredOnTheSpot | Self::WorkDone | Self::InformationGiven | Self::UnderMonitoring => Became::Done,
            Self::NothingFound
            | Self::NoActionPlanned
            | Self::NotCompetent
            | Self::PrivateMatter
            | Self::Duplicate
            | Self::ResidentUnreachable
            | Self::Withdrawn
            | Self::Cancelled => Became::NotDone,
            Self::Scheduled | Self::InHand | Self::Waiting => Became::Open,
        }
    }

    /// What a sheet says. Shorter than [`ClosureReason::label`], and without « vous »: others read it too.
    #[must_use]
    pub const fn label(self, language: Language) -> &'static str {
        language.pick(match self {
            Self::AnsweredOnTheSpot => ("réponse donnée sur place", "answered on the spot"),
            Self::WorkDone => ("intervention faite", "work done"),
            Self::InformationGiven => ("réponse donnée", "answered"),
            Self::UnderMonitoring => ("lieu désormais surveillé", "place now watched"),
            Self::NothingFound => ("rien constaté sur place", "nothing found there"),
            Self::NoActionPlanned => ("aucune intervention prévue", "no action planned"),
            Self::NotCompetent => (
                "ne relève pas de la ville ; l’organisme compétent est informé",
                "not the city's; the right body was told",
            ),
            Self::PrivateMatter => ("relève du domaine privé", "a private matter"),
            Self::Duplicate => ("suivie avec une autre demande", "followed with another request"),
            Self::ResidentUnreachable => ("précisions impossibles à obtenir", "details could not be found out"),
            Self::Withdrawn => ("demande retirée", "request withdrawn"),
            Self::Cancelled => ("annulée", "called off"),
            Self::Scheduled => ("intervention programmée", "work scheduled"),
            Self::InHand => ("prise en charge", "taken in hand"),
            Self::Waiting => ("transmise au service", "sent to the service"),
        })
    }

    const fn of_reason(reason: ClosureReason) -> Self {
        match reason {
            ClosureReason::WorkDone => Self::WorkDone,
            ClosureReason::NothingFound => Self::NothingFound,
            ClosureReason::UnderMonitoring => Self::UnderMonitoring,
            ClosureReason::NoActionPlanned => Self::NoActionPlanned,
            ClosureReason::NotCompetent => Self::NotCompetent,
            ClosureReason::Duplicate => Self::Duplicate,
            ClosureReason::InformationGiven => Self::InformationGiven,
            ClosureReason::ResidentWithdrew => Self::Withdrawn,
            ClosureReason::ResidentUnreachable => Self::ResidentUnreachable,
            ClosureReason::PrivateMatter => Self::PrivateMatter,
        }
    }
}

/// A ticket, as far as it tells what became of a concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed {
    /// How far it is.
    pub state: State,
    /// Why it ended.
    pub reason: Option<ClosureReason>,
    /// Whether it is kept from others.
    pub restricted: bool,
    /// When it was settled, or else closed.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Followed {
    const fn how(&self) -> How {
        match (self.state, self.reason) {
            (State::Submitted | State::Refused, _) => How::Waiting,
            (State::Acknowledged | State::InProgress | State::OnHold, _) => How::InHand,
            (State::Scheduled, _) => How::Scheduled,
            (State::Resolved | State::Closed, Some(reason)) => How::of_reason(reason),
            (State::Resolved | State::Closed, None) => How::NoActionPlanned,
            (State::Cancelled, _) => How::Cancelled,
        }
    }
}

/// What became of a concern with these tickets, and when that was: open as long as one of them is, done when one of them
/// was. Without tickets, the officer answered on the spot.
#[must_use]
pub fn fate(tickets: &[Followed]) -> (How, Option<DateTime<Utc>>) {
    let best = |became: Became| {
        // In the order of the declaration, what says most comes first.
        let of = tickets.iter().filter(|ticket| ticket.how().became() == became);
        of.min_by_key(|ticket| (ticket.how() as u8, ticket.ended_at)).map(|ticket| (ticket.how(), ticket.ended_at))
    };
    let fates = [Became::Open, Became::Done, Became::NotDone].into_iter().find_map(best);
    fates.unwrap_or((How::AnsweredOnTheSpot, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_concern_is_open_while_a_ticket_is_and_done_when_one_was() {
        let ticket = |state, reason| Followed { state, reason, restricted: false, ended_at: None };
        let done = ticket(State::Resolved, Some(ClosureReason::WorkDone));
        let refused = ticket(State::Closed, Some(ClosureReason::NotCompetent));
        let of = |tickets: &[Followed]| fate(tickets).0;
        assert_eq!(of(&[]), How::AnsweredOnTheSpot);
        assert_eq!(of(&[done, ticket(State::Refused, None)]), How::Waiting);
        assert_eq!(of(&[ticket(State::Submitted, None), ticket(State::Scheduled, None)]), How::Scheduled);
        assert_eq!(of(&[refused, done]), How::WorkDone);
        assert_eq!(of(&[ticket(State::Cancelled, None), refused]), How::NotCompetent);
        assert_eq!(of(&[ticket(State::Cancelled, None)]), How::Cancelled);
        assert_eq!(of(&[ticket(State::Closed, Some(ClosureReason::ResidentWithdrew))]), How::Withdrawn);
    }

    #[test]
    fn each_reason_is_done_or_not() {
        let done = ClosureReason::ALL.into_iter().filter(|reason| How::of_reason(*reason).became() == Became::Done);
        let done: Vec<_> = done.collect();
        assert_eq!(done, [ClosureReason::WorkDone, ClosureReason::UnderMonitoring, ClosureReason::InformationGiven]);
    }
}
