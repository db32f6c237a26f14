//! Handovers: each passing of a ticket to a service, and what the service answered. They follow from the events.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Actor, Fact};
use crate::id::ServiceCode;

/// What a service answered to a ticket that was passed to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HandoverAnswer)]
pub enum Answer {
    /// It took the ticket in hand.
    Accepted,
    /// It sent the ticket back.
    Refused,
}

impl Answer {
    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
        }
    }

    /// The answer of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Accepted, Self::Refused].into_iter().find(|answer| answer.code() == code)
    }
}

/// One passing of a ticket to a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Handover {
    /// Counts the handovers of the ticket, from 1.
    pub number: i32,
    /// The service.
    pub service: ServiceCode,
    /// When the ticket was passed to it.
    pub sent_at: DateTime<Utc>,
    /// When the service first opened it.
    pub received_at: Option<DateTime<Utc>>,
    /// When it last answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// What.
    pub answer: Option<Answer>,
    /// Who answered.
    pub answered_by: Option<Actor>,
    /// After how much working time of the service, in seconds.
    pub answered_after: Option<i64>,
    /// When the ticket left it: passed on, or ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What an event does to the handovers of its ticket. A ticket that has not ended has exactly one that has not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turn {
    /// The service has seen it.
    pub received: bool,
    /// The service has answered.
    pub answer: Option<Answer>,
    /// The one that runs ends.
    pub ends: bool,
    /// Another begins, at the ticket's service.
    pub begins: bool,
}

impl Fact {
    /// What it does to the handovers.
    #[must_use]
    pub const fn turn(&self) -> Turn {
        let nothing = Turn { received: false, answer: None, ends: false, begins: false };
        match self {
            Self::Submitted { .. } => Turn { begins: true, ..nothing },
            Self::Received => Turn { received: true, ..nothing },
            Self::Acknowledged { .. } => Turn { received: true, answer: Some(Answer::Accepted), ..nothing },
            Self::Refused { .. } => Turn { received: true, answer: Some(Answer::Refused), ..nothing },
            Self::Rerouted { .. } | Self::Reopened { .. } | Self::Unmerged { .. } => {
                Turn { ends: true, begins: true, ..nothing }
            }
            Self::Closed { .. } | Self::Cancelled { .. } | Self::Merged { .. } => Turn { ends: true, ..nothing },
            Self::Scheduled { .. }
            | Self::Started { .. }
            | Self::Held { .. }
            | Self::Resumed { .. }
            | Self::Resolved { .. }
            | Self::Assigned { .. }
            | Self::Prioritised { .. }
            | Self::Followed { .. }
            | Self::Split { .. }
            | Self::AttachmentAdded { .. }
            | Self::AttachmentRemoved { .. }
            | Self::Pseudonymised => nothing,
        }
    }
}
