//! The life of a ticket: which action leads from which state to which. One exhaustive table, without `_`: a new state
//! or action does not compile until every cell is decided.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::language::Language;

/// How far a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TicketState)]
pub enum State {
    /// Sent to a service, which has not answered yet.
    Submitted,
    /// The service took it in hand.
    Acknowledged,
    /// The service set a day.
    Scheduled,
    /// The service is at work.
    InProgress,
    /// The service waits for something; the resolution clock stops.
    OnHold,
    /// The service sent it back; the dispatcher decides.
    Refused,
    /// The service says that it is settled.
    Resolved,
    /// Ended.
    Closed,
    /// Called off.
    Cancelled,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Submitted,
        Self::Acknowledged,
        Self::Scheduled,
        Self::InProgress,
        Self::OnHold,
        Self::Refused,
        Self::Resolved,
        Self::Closed,
        Self::Cancelled,
    ];

    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Acknowledged => "acknowledged",
            Self::Scheduled => "scheduled",
            Self::InProgress => "in_progress",
            Self::OnHold => "on_hold",
            Self::Refused => "refused",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether nothing is left to do about a ticket in it.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        match self {
            Self::Submitted
            | Self::Acknowledged
            | Self::Scheduled
            | Self::InProgress
            | Self::OnHold
            | Self::Refused => false,
            Self::Resolved | Self::Closed | Self::Cancelled => true,
        }
    }

    /// How a ticket in it stands, in a sentence to the resident.
    #[must_use]
    pub const fn to_resident(self, language: Language) -> &'static str {
        language.pick(match self {
            Self::Submitted => {
                ("Transmise au service, qui va l’examiner.", "Sent to the service, which will look at it.")
            }
            Self::Acknowledged => ("Prise en charge par le service.", "The service has taken it in hand."),
            Self::Scheduled => ("Une intervention est programmée.", "Work is scheduled."),
            Self::InProgress => ("Le service y travaille.", "The service is at work."),
            Self::OnHold => ("En attente.", "On hold."),
            Self::Refused => ("En cours de réorientation vers le bon service.", "On its way to the right service."),
            Self::Resolved => ("Traitée par le service.", "The service has dealt with it."),
            Self::Closed => ("Clôturée.", "Closed."),
            Self::Cancelled => ("Annulée.", "Cancelled."),
        })
    }
}

/// What can be done with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TicketAction)]
pub enum Action {
    /// The service opens it for the first time.
    Receive,
    /// The service takes it in hand.
    Acknowledge,
    /// The service sends it back.
    Refuse,
    /// It goes to another service.
    Reroute,
    /// The service sets a day.
    Schedule,
    /// The service sets to work.
    Start,
    /// The service waits for something.
    Hold,
    /// The waiting is over.
    Resume,
    /// The service says that it is settled.
    Resolve,
    /// It was not settled after all.
    Reopen,
    /// It ends.
    Close,
    /// It is called off.
    Cancel,
    /// It ends as a duplicate of another.
    Merge,
    /// It was no duplicate after all.
    Unmerge,
    /// Somebody in the service has it.
    Assign,
    /// It is more, or less, pressing.
    Prioritise,
    /// Other services get a ticket of the same concern.
    Split,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 17] = [
        Self::Receive,
        Self::Acknowledge,
        Self::Refuse,
        Self::Reroute,
        Self::Schedule,
        Self::Start,
        Self::Hold,
        Self::Resume,
        Self::Resolve,
        Self::Reopen,
        Self::Close,
        Self::Cancel,
        Self::Merge,
        Self::Unmerge,
        Self::Assign,
        Self::Prioritise,
        Self::Split,
    ];

    /// The name in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Acknowledge => "acknowledge",
            Self::Refuse => "refuse",
            Self::Reroute => "reroute",
            Self::Schedule => "schedule",
            Self::Start => "start",
            Self::Hold => "hold",
            Self::Resume => "resume",
            Self::Resolve => "resolve",
            Self::Reopen => "reopen",
            Self::Close => "close",
            Self::Cancel => "cancel",
            Self::Merge => "merge",
            Self::Unmerge => "unmerge",
            Self::Assign => "assign",
            Self::Prioritise => "prioritise",
            Self::Split => "split",
        }
    }
}

/// Why an action is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The state does not allow the action.
    #[error("a ticket that is {} cannot be changed by “{}”", .state.code(), .action.code())]
    State {
        /// The state that the ticket is in.
        state: State,
        /// The action that was asked for.
        action: Action,
    },
    /// The person may see the ticket, but this action is somebody else's.
    #[error("“{}” is not for this person to do on this ticket", .0.code())]
    NotTheirs(Action),
    /// A closed ticket can be reopened for 30 days.
    #[error("a closed ticket can be reopened for 30 days only")]
    ReopenWindowOver,
    /// A refused ticket is closed with a closure reason.
    #[error("closing a refused ticket needs a closure reason")]
    ClosureReasonNeeded,
    /// A ticket ends as not competent once the competent body was told (CRPA L114-2).
    #[error("ending a ticket as not competent needs the body that was told")]
    BodyToldNeeded,
    /// A body was told where the city is competent, or of a ticket whose end said so already.
    #[error("the body that was told goes with the reason not_competent, when that reason is given")]
    BodyToldNotExpected,
    /// A ticket ends as a duplicate by being merged with the other.
    #[error("a ticket ends as a duplicate by being merged with the other")]
    MergeInstead,
    /// A resolved ticket has its closure reason already.
    #[error("a resolved ticket keeps the closure reason that it was resolved with")]
    ClosureReasonGiven,
    /// The service has opened it before.
    #[error("the ticket was received already")]
    AlreadyReceived,
    /// A duplicate does not reopen: what becomes of it is its main ticket's life, or it is parted from that.
    #[error("the ticket was closed as a duplicate of another")]
    Merged,
    /// Only a duplicate can be parted from its main ticket.
    #[error("the ticket was not closed as a duplicate of another")]
    NotMerged,
}

impl Refusal {
    /// The stable code that the API answers with.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::State { action, .. } => match action {
                Action::Receive | Action::Acknowledge => "ticket_not_submitted",
                Action::Refuse => "ticket_not_refusable",
                Action::Reroute => "ticket_not_reroutable",
                Action::Schedule => "ticket_not_schedulable",
                Action::Start => "ticket_not_startable",
                Action::Hold => "ticket_not_under_way",
                Action::Resume => "ticket_not_on_hold",
                Action::Resolve => "ticket_not_resolvable",
                Action::Reopen => "ticket_not_reopenable",
                Action::Close => "ticket_not_resolved",
                Action::Cancel => "ticket_not_cancellable",
                Action::Merge | Action::Prioritise | Action::Split => "ticket_ended",
                Action::Unmerge => "ticket_not_merged",
                Action::Assign => "ticket_not_assignable",
            },
            Self::NotTheirs(_) => "action_not_yours",
            Self::ReopenWindowOver => "reopen_window_over",
            Self::ClosureReasonNeeded => "closure_reason_needed",
            Self::BodyToldNeeded => "body_told_needed",
            Self::BodyToldNotExpected => "body_told_not_expected",
            Self::MergeInstead => "merge_instead",
            Self::ClosureReasonGiven => "closure_reason_given",
            Self::AlreadyReceived => "already_received",
            Self::Merged => "ticket_merged",
            Self::NotMerged => "ticket_not_merged",
        }
    }
}

/// The state that an action leads to, as the table says.
///
/// # Errors
/// [`Refusal::State`] when the table has no such row.
pub const fn next(state: State, action: Action) -> Result<State, Refusal> {
    use Action::{
        Acknowledge, Assign, Cancel, Close, Hold, Merge, Prioritise, Receive, Refuse, Reopen, Reroute, Resolve, Resume,
        Schedule, Split, Start, Unmerge,
    };
    use State::{Acknowledged, Cancelled, Closed, InProgress, OnHold, Refused, Resolved, Scheduled, Submitted};

    let to = match (state, action) {
        (Submitted, Receive | Reroute)
        | (Acknowledged | Refused, Reroute)
        | (Resolved | Closed, Reopen)
        | (Closed, Unmerge) => Submitted,
        (Submitted, Acknowledge) => Acknowledged,
        (Submitted | Acknowledged, Refuse) => Refused,
        (Acknowledged | InProgress | OnHold, Schedule) => Scheduled,
        (Acknowledged | Scheduled | OnHold, Start) | (OnHold, Resume) => InProgress,
        (Acknowledged | Scheduled | InProgress, Hold) => OnHold,
        (Acknowledged | Scheduled | InProgress | OnHold, Resolve) => Resolved,
        (Resolved | Refused, Close) | (Submitted | Acknowledged | Scheduled | InProgress | OnHold | Refused, Merge) => {
            Closed
        }
        (Submitted | Acknowledged | Refused, Cancel) => Cancelled,
        (Submitted | Acknowledged | Scheduled | InProgress | OnHold, Assign | Prioritise | Split)
        | (Refused, Prioritise | Split) => state,

        (Submitted, Schedule | Start | Hold | Resume | Resolve | Reopen | Close | Unmerge)
        | (Acknowledged, Receive | Acknowledge | Resume | Reopen | Close | Unmerge)
        | (
            Scheduled,
            Receive | Acknowledge | Refuse | Reroute | Schedule | Resume | Reopen | Close | Cancel | Unmerge,
        )
        | (InProgress, Receive | Acknowledge | Refuse | Reroute | Start | Resume | Reopen | Close | Cancel | Unmerge)
        | (OnHold, Receive | Acknowledge | Refuse | Reroute | Hold | Reopen | Close | Cancel | Unmerge)
        | (
            Refused,
            Receive | Acknowledge | Refuse | Schedule | Start | Hold | Resume | Resolve | Reopen | Unmerge | Assign,
        )
        | (
            Resolved,
            Receive | Acknowledge | Refuse | Reroute | Schedule | Start | Hold | Resume | Resolve | Cancel | Merge
            | Unmerge | Assign | Prioritise | Split,
        )
        | (
            Closed,
            Receive | Acknowledge | Refuse | Reroute | Schedule | Start | Hold | Resume | Resolve | Close | Cancel
            | Merge | Assign | Prioritise | Split,
        )
        | (
            Cancelled,
            Receive | Acknowledge | Refuse | Reroute | Schedule | Start | Hold | Resume | Resolve | Reopen | Close
            | Cancel | Merge | Unmerge | Assign | Prioritise | Split,
        ) => return Err(Refusal::State { state, action }),
    };
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::{Action, Refusal, State, next};

    /// The table of `docs/architecture.md`, typed a second time as it is read there: one line a state, one column an
    /// action, `·` for a forbidden cell.
    const TABLE: &str = "
                      receive    acknowledge   refuse   reroute    schedule   start        hold     resume       resolve   reopen     close   cancel     merge   unmerge    assign        prioritise    split
        submitted     submitted  acknowledged  refused  submitted  ·          ·            ·        ·            ·         ·          ·       cancelled  closed  ·          submitted     submitted     submitted
        acknowledged  ·          ·             refused  submitted  scheduled  in_progress  on_hold  ·            resolved  ·          ·       cancelled  closed  ·          acknowledged  acknowledged  acknowledged
        scheduled     ·          ·             ·        ·          ·          in_progress  on_hold  ·            resolved  ·          ·       ·          closed  ·          scheduled     scheduled     scheduled
        in_progress   ·          ·             ·        ·          scheduled  ·            on_hold  ·            resolved  ·          ·       ·          closed  ·          in_progress   in_progress   in_progress
        on_hold       ·          ·             ·        ·          scheduled  in_progress  ·        in_progress  resolved  ·          ·       ·          closed  ·          on_hold       on_hold       on_hold
        refused       ·          ·             ·        submitted  ·          ·            ·        ·            ·         ·          closed  cancelled  closed  ·          ·             refused       refused
        resolved      ·          ·             ·        ·          ·          ·            ·        ·            ·         submitted  closed  ·          ·       ·          ·             ·             ·
        closed        ·          ·             ·        ·          ·          ·            ·        ·            ·         submitted  ·       ·          ·       submitted  ·             ·             ·
        cancelled     ·          ·             ·        ·          ·          ·            ·        ·            ·         ·          ·       ·          ·       ·          ·             ·             ·";

    #[test]
    fn every_cell_is_as_the_table_says() {
        let mut lines = TABLE.lines().filter(|line| !line.trim().is_empty());
        let actions: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
        assert_eq!(actions, Action::ALL.map(Action::code));
        let mut states = Vec::new();
        for line in lines {
            let mut cells = line.split_whitespace();
            let state = State::from_code(cells.next().unwrap()).unwrap();
            for (action, cell) in Action::ALL.into_iter().zip(cells.by_ref()) {
                let expected = State::from_code(cell).ok_or(Refusal::State { state, action });
                assert_eq!(next(state, action), expected, "{} on {}", action.code(), state.code());
            }
            assert_eq!(cells.next(), None);
            states.push(state);
        }
        assert_eq!(states, State::ALL);
    }
}
