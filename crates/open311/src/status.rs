//! How far a request is, in the words of Open311 and of the extension for updates: from the states of tickets, and to what
//! would have to be done.

use domain::city::catalogue::{Audience, ClosureReason};
use domain::language::Language;
use domain::text::{Message, MessageToResident};
use domain::ticket::{Action, Fact, State};
use usecases::open311::Wish;

/// The state that a ticket came into, and how it ended; none when the public has nothing to know of it.
pub(crate) const fn after(fact: &Fact) -> Option<(State, Option<ClosureReason>)> {
    match fact {
        Fact::Submitted { .. } | Fact::Rerouted { .. } | Fact::Reopened { .. } | Fact::Unmerged { .. } => {
            Some((State::Submitted, None))
        }
        Fact::Acknowledged { .. } => Some((State::Acknowledged, None)),
        Fact::Refused { .. } => Some((State::Refused, None)),
        Fact::Scheduled { .. } => Some((State::Scheduled, None)),
        Fact::Started { .. } | Fact::Resumed { .. } => Some((State::InProgress, None)),
        Fact::Held { .. } => Some((State::OnHold, None)),
        Fact::Resolved { closure_reason, .. } => Some((State::Resolved, Some(*closure_reason))),
        Fact::Closed { closure_reason, .. } => Some((State::Closed, *closure_reason)),
        Fact::Cancelled { .. } => Some((State::Cancelled, None)),
        Fact::Merged { .. } => Some((State::Closed, Some(ClosureReason::Duplicate))),
        Fact::Received
        | Fact::Assigned { .. }
        | Fact::Prioritised { .. }
        | Fact::Followed { .. }
        | Fact::Split { .. }
        | Fact::AttachmentAdded { .. }
        | Fact::AttachmentRemoved { .. }
        | Fact::Pseudonymised => None,
    }
}

/// How it stands, in sentences that a resident may read; what its resident was told, with what points to somebody masked.
pub(crate) fn sentences(
    state: State,
    reason: Option<ClosureReason>,
    told: Option<&MessageToResident>,
    language: Language,
) -> String {
    let reason = reason.filter(|_| state.has_ended());
    let sentence =
        reason.map_or_else(|| state.to_resident(language), |reason| reason.label(Audience::Resident, language));
    match told.cloned().map(Message::from) {
        Some(told) => format!("{sentence} {told}"),
        None => sentence.to_owned(),
    }
}

/// The status of an update.
pub(crate) const fn status(state: State, reason: Option<ClosureReason>) -> &'static str {
    match (state, reason) {
        (State::Submitted, _) => "OPEN",
        (State::Acknowledged, _) => "INVESTIGATING",
        (State::Scheduled, _) => "ACTION_SCHEDULED",
        (State::InProgress | State::OnHold, _) => "IN_PROGRESS",
        (State::Refused, _) => "INTERNAL_REFERRAL",
        (State::Cancelled, _) => "CANCELLED",
        (State::Resolved | State::Closed, Some(ClosureReason::WorkDone)) => "FIXED",
        (State::Resolved | State::Closed, Some(ClosureReason::Duplicate)) => "DUPLICATE",
        (State::Resolved | State::Closed, Some(ClosureReason::NotCompetent)) => "NOT_COUNCILS_RESPONSIBILITY",
        (
            State::Resolved | State::Closed,
            Some(ClosureReason::InformationGiven | ClosureReason::ResidentWithdrew) | None,
        ) => "CLOSED",
        (
            State::Resolved | State::Closed,
            Some(
                ClosureReason::NothingFound
                | ClosureReason::UnderMonitoring
                | ClosureReason::NoActionPlanned
                | ClosureReason::ResidentUnreachable
                | ClosureReason::PrivateMatter,
            ),
        ) => "NO_FURTHER_ACTION",
    }
}

const OPEN: &[State] =
    &[State::Submitted, State::Acknowledged, State::Scheduled, State::InProgress, State::OnHold, State::Refused];
const ENDED: &[State] = &[State::Resolved, State::Closed];

/// What somebody wishes who sends that status, in any case, `_` for spaces; none when there is no such status.
pub(crate) fn wish(status: &str) -> Option<Wish> {
    let status = status.trim().to_ascii_uppercase().replace([' ', '-'], "_");
    let (action, holds_in): (Action, &'static [State]) = match status.as_str() {
        "OPEN" => (Action::Reopen, OPEN),
        "REOPEN" => (Action::Reopen, &[]),
        "CLOSED" => (Action::Resolve, &[State::Resolved, State::Closed, State::Cancelled]),
        "FIXED" | "NO_FURTHER_ACTION" => (Action::Resolve, ENDED),
        "IN_PROGRESS" => (Action::Start, &[State::InProgress, State::OnHold]),
        "ACTION_SCHEDULED" => (Action::Schedule, &[State::Scheduled]),
        "INVESTIGATING" => (Action::Acknowledge, &[State::Acknowledged]),
        "DUPLICATE" => (Action::Merge, ENDED),
        "NOT_COUNCILS_RESPONSIBILITY" => (Action::Refuse, ENDED),
        "INTERNAL_REFERRAL" => (Action::Reroute, &[State::Refused]),
        "FOR_TRIAGE" => (Action::Reroute, &[State::Submitted]),
        "CANCELLED" => (Action::Cancel, &[State::Cancelled]),
        _ => return None,
    };
    Some(Wish { action, holds_in })
}
