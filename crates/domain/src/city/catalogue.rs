//! The catalogue: what a concern may be about, at most two levels deep.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::question::Question;
use crate::id::CategoryCode;
use crate::language::{Label, Language};
use crate::rights::Secrecy;
use crate::text::VISIBLE;
use crate::ticket::Priority;
use crate::time::Target;

/// Who may know of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// Police agents, dispatchers and the ticket's service.
    Standard,
    /// The ticket's service, the referrer and dispatchers only.
    Restricted,
    /// An emergency or a crime: the resident is given numbers to call; no narrative and no contact are stored.
    SignpostOnly,
}

impl Sensitivity {
    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Restricted => "restricted",
            Self::SignpostOnly => "signpost_only",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn label(self, language: Language) -> &'static str {
        language.pick(match self {
            Self::Standard => ("ordinaire", "standard"),
            Self::Restricted => ("restreinte", "restricted"),
            Self::SignpostOnly => ("numéros d’urgence seulement", "emergency numbers only"),
        })
    }

    /// The sensitivity of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Standard, Self::Restricted, Self::SignpostOnly].into_iter().find(|s| s.code() == code)
    }
}

/// What a concern is about (`catalogue.yaml`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Its code; Open311 knows it as `service_code`.
    pub code: CategoryCode,
    /// The category that it is a part of. A parent groups; concerns are filed under its children or itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<CategoryCode>,
    /// What people call it.
    pub label: Label,
    /// Who may know of its tickets.
    pub sensitivity: Sensitivity,
    /// The referrer does not see the ticket either: a complaint about an officer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden_from_referrer: bool,
    /// Everybody in the city's services may know of its tickets, but the public is told of none: where a house stands empty.
    /// They are on no map and in no open data; sheets only count them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden_from_public: bool,
    /// How pressing its concerns are unless the officer or a rule says otherwise, `normal` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// How soon a service must take it in hand.
    pub acknowledge_within: Target,
    /// How soon a service must settle it.
    pub resolve_within: Target,
    /// What the officer should ask, say or know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<Label>,
    /// The law it rests on, as a text that the city may edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 500), regex(pattern = VISIBLE))]
    pub legal_reference: Option<String>,
    /// What to tell the resident at once. Compulsory when `sensitivity` is `signpost_only`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<Emergency>,
    /// What the officer asks. Each question belongs to this category alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub questions: Vec<Question>,
}

impl Category {
    /// Whether it is learnt from what was filed and suggested at intake. Of an emergency no text is kept; of a complaint
    /// about an officer, nobody shall find out by asking which names are in it.
    #[must_use]
    pub const fn is_suggested(&self) -> bool {
        !self.hidden_from_referrer && !matches!(self.sensitivity, Sensitivity::SignpostOnly)
    }

    /// Whether everybody may know of its concerns, and send some.
    #[must_use]
    pub const fn is_public(&self) -> bool {
        matches!(self.sensitivity, Sensitivity::Standard) && !self.hidden_from_referrer && !self.hidden_from_public
    }

    /// How far its tickets are kept from others.
    #[must_use]
    pub const fn secrecy(&self) -> Secrecy {
        Secrecy::of(self.sensitivity, self.hidden_from_referrer)
    }
}

/// Whom the resident should call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Emergency {
    /// What the officer says.
    pub message: Label,
    /// The numbers, the most urgent first.
    #[schemars(length(min = 1, max = 10))]
    pub numbers: Vec<EmergencyNumber>,
}

/// One number to call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencyNumber {
    /// As one dials it: « 17 », « 119 », « 116 006 ».
    #[schemars(length(min = 2, max = 20))]
    pub number: String,
    /// Who answers.
    pub label: Label,
}

/// Why a ticket ended, for the service, the officer and the resident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClosureReason {
    /// The work was done.
    WorkDone,
    /// Nothing was found on the spot.
    NothingFound,
    /// The place is being watched.
    UnderMonitoring,
    /// Nothing will be done.
    NoActionPlanned,
    /// Another body is competent, and was told.
    NotCompetent,
    /// Another ticket already covers it.
    Duplicate,
    /// The question was answered.
    InformationGiven,
    /// The resident no longer asks for it.
    ResidentWithdrew,
    /// The resident could not be reached.
    ResidentUnreachable,
    /// It is a private matter.
    PrivateMatter,
}

/// Who reads a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The service that handled the ticket.
    Service,
    /// The officer who filed the concern.
    Agent,
    /// The resident who raised it.
    Resident,
}

impl Audience {
    /// The name in the names of letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Agent => "agent",
            Self::Resident => "resident",
        }
    }
}

impl ClosureReason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::WorkDone,
        Self::NothingFound,
        Self::UnderMonitoring,
        Self::NoActionPlanned,
        Self::NotCompetent,
        Self::Duplicate,
        Self::InformationGiven,
        Self::ResidentWithdrew,
        Self::ResidentUnreachable,
        Self::PrivateMatter,
    ];

    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::WorkDone => "work_done",
            Self::NothingFound => "nothing_found",
            Self::UnderMonitoring => "under_monitoring",
            Self::NoActionPlanned => "no_action_planned",
            Self::NotCompetent => "not_competent",
            Self::Duplicate => "duplicate",
            Self::InformationGiven => "information_given",
            Self::ResidentWithdrew => "resident_withdrew",
            Self::ResidentUnreachable => "resident_unreachable",
            Self::PrivateMatter => "private_matter",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// Whether who raised the concern got what they asked for (the work, the information), or will get it by another
    /// ticket. The others end it without work.
    #[must_use]
    pub const fn is_an_answer(self) -> bool {
        match self {
            Self::WorkDone | Self::InformationGiven | Self::Duplicate => true,
            Self::NothingFound
            | Self::UnderMonitoring
            | Self::NoActionPlanned
            | Self::NotCompetent
            | Self::ResidentWithdrew
            | Self::ResidentUnreachable
            | Self::PrivateMatter => false,
        }
    }

    /// What the reason is called, for those who read it.
    #[must_use]
    pub const fn label(self, audience: Audience, language: Language) -> &'static str {
        let (fr, en) = match audience {
            Audience::Service | Audience::Agent => self.for_staff(),
            Audience::Resident => self.for_resident(),
        };
        match language {
            Language::Fr => fr,
            Language::En => en,
        }
    }

    const fn for_staff(self) -> (&'static str, &'static str) {
        match self {
            Self::WorkDone => ("service fait", "work done"),
            Self::NothingFound => ("rien à signaler sur place", "nothing found on the spot"),
            Self::UnderMonitoring => ("mise sous surveillance", "under monitoring"),
            Self::NoActionPlanned => ("sans suite", "no action planned"),
            Self::NotCompetent => {
                ("hors compétence, organisme compétent informé", "not competent, the right body told")
            }
            Self::Duplicate => ("doublon", "duplicate"),
            Self::InformationGiven => ("information donnée", "information given"),
            Self::ResidentWithdrew => ("demande retirée par l’habitant", "withdrawn by the resident"),
            Self::ResidentUnreachable => ("habitant injoignable", "resident could not be reached"),
            Self::PrivateMatter => ("relève du domaine privé", "private matter"),
        }
    }

    const fn for_resident(self) -> (&'static str, &'static str) {
        match self {
            Self::WorkDone => ("L’intervention a été faite.", "The work has been done."),
            Self::NothingFound => {
                ("Le service s’est rendu sur place et n’a rien constaté.", "The service went there and found nothing.")
            }
            Self::UnderMonitoring => {
                ("Le lieu est désormais surveillé régulièrement.", "The place is now being watched regularly.")
            }
            Self::NoActionPlanned => ("Aucune intervention n’est prévue.", "No action is planned."),
            Self::NotCompetent => (
                "La ville n’est pas compétente ; l’organisme compétent a été informé.",
                "The city is not competent; the right body has been told.",
            ),
            Self::Duplicate => (
                "Cette demande est suivie avec une autre, identique.",
                "This request is followed together with another.",
            ),
            Self::InformationGiven => {
                ("La réponse à votre question est donnée ici.", "Your question is answered here.")
            }
            Self::ResidentWithdrew => ("Vous avez retiré votre demande.", "You withdrew your request."),
            Self::ResidentUnreachable => ("Le service n’a pas pu vous joindre.", "The service could not reach you."),
            Self::PrivateMatter => (
                "La situation relève du domaine privé ; la ville ne peut pas intervenir.",
                "This is a private matter; the city cannot act.",
            ),
        }
    }
}
