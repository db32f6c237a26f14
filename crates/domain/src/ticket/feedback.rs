//! What residents say of how a ticket ended: asked by e-mail when it is resolved, once more eight days later, then
//! never again. An answer changes nothing of the ticket's life; one that asks for it reopens the ticket besides.

use chrono::{DateTime, Duration, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Ticket;
use super::lifecycle::{Action, Refusal};
use super::notice::Follower;
use super::reopen::Reopen;
use crate::language::Language;
use crate::text::{Note, Remark};

/// How long after `resolved` residents are asked a second time.
pub const ASKED_AGAIN_AFTER: Duration = Duration::days(8);

/// What residents say of a ticket, since it last ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Feedback {
    /// Nobody was asked: it has not ended, or nobody left an address.
    #[default]
    NotAsked,
    /// They were asked, and have not answered.
    Asked,
    /// They were asked twice, and have not answered.
    AskedAgain,
    /// They were asked, and the ticket was closed without an answer. Not the same as being satisfied.
    NoAnswer,
    /// It is solved.
    Solved,
    /// It is not: at least one of those who answered says so.
    NotSolved,
}

impl Feedback {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::NotAsked, Self::Asked, Self::AskedAgain, Self::NoAnswer, Self::Solved, Self::NotSolved];

    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::Asked => "asked",
            Self::AskedAgain => "asked_again",
            Self::NoAnswer => "no_answer",
            Self::Solved => "solved",
            Self::NotSolved => "not_solved",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feedback| feedback.code() == code)
    }

    /// What people call it.
    #[must_use]
    pub const fn label(self, language: Language) -> &'static str {
        language.pick(match self {
            Self::NotAsked => ("pas demandé", "not asked"),
            Self::Asked => ("demandé", "asked"),
            Self::AskedAgain => ("redemandé", "asked again"),
            Self::NoAnswer => ("sans réponse", "no answer"),
            Self::Solved => ("résolu", "solved"),
            Self::NotSolved => ("pas résolu", "not solved"),
        })
    }

    /// What becomes of it when the ticket is closed.
    pub(super) const fn closed(self) -> Self {
        match self {
            Self::Asked | Self::AskedAgain => Self::NoAnswer,
            Self::NotAsked | Self::NoAnswer | Self::Solved | Self::NotSolved => self,
        }
    }
}

/// Why a resident says that it is not solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unsolved {
    /// Nothing was done.
    NotDone,
    /// It was done, and it came back.
    CameBack,
    /// Part of it was done.
    Partly,
    /// Something was done, elsewhere.
    WrongPlace,
    /// Something else, which the text says.
    Other,
}

impl Unsolved {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::NotDone, Self::CameBack, Self::Partly, Self::WrongPlace, Self::Other];

    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotDone => "not_done",
            Self::CameBack => "came_back",
            Self::Partly => "partly",
            Self::WrongPlace => "wrong_place",
            Self::Other => "other",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// What the resident reads.
    #[must_use]
    pub const fn label(self, language: Language) -> &'static str {
        language.pick(match self {
            Self::NotDone => ("Rien n’a été fait", "Nothing was done"),
            Self::CameBack => ("Le problème est revenu", "The problem came back"),
            Self::Partly => ("Une partie seulement a été faite", "Only part of it was done"),
            Self::WrongPlace => ("Ce n’était pas au bon endroit", "It was done in the wrong place"),
            Self::Other => ("Autre chose", "Something else"),
        })
    }
}

/// A resident's answer to the question whether it is solved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is.
    Solved {
        /// What they add.
        text: Option<Remark>,
    },
    /// It is not.
    NotSolved {
        /// Why.
        reason: Unsolved,
        /// What they add.
        text: Option<Remark>,
        /// Whether the service is to have it again.
        reopen: bool,
    },
}

impl Answer {
    /// What they add, in their own words.
    #[must_use]
    pub const fn text(&self) -> Option<&Remark> {
        match self {
            Self::Solved { text } | Self::NotSolved { text, .. } => text.as_ref(),
        }
    }

    /// The reopening that they ask for, its note in their words.
    #[must_use]
    pub fn reopening(&self) -> Option<Reopen> {
        let Self::NotSolved { reason, text, reopen: true } = self else { return None };
        let said = text.as_ref().map(|text| format!(" « {text} »")).unwrap_or_default();
        let note = format!("L’habitant, par sa page de suivi : {}.{said}", reason.label(Language::Fr));
        Some(Reopen { note: Note::try_from(note).ok()? })
    }
}

impl Ticket {
    /// Whether a resident can say if it is solved: as long as they can have it reopened.
    ///
    /// # Errors
    /// Why not.
    pub fn takes_feedback(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.allows(Action::Reopen, now)
    }

    /// Marks that the residents of a ticket which was just resolved are asked, if one of them gets mails.
    pub fn ask(&mut self, followers: &[Follower]) {
        if followers.iter().any(|follower| follower.mailed) {
            self.feedback = Feedback::Asked;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_no_satisfaction() {
        for (before, after) in [
            (Feedback::NotAsked, Feedback::NotAsked),
            (Feedback::Asked, Feedback::NoAnswer),
            (Feedback::AskedAgain, Feedback::NoAnswer),
            (Feedback::Solved, Feedback::Solved),
            (Feedback::NotSolved, Feedback::NotSolved),
        ] {
            assert_eq!(before.closed(), after);
        }
    }

    #[test]
    fn the_longest_remark_fits_the_note() {
        let text = Remark::try_from("é".repeat(Remark::MAX)).ok();
        for reason in Unsolved::ALL {
            let answer = Answer::NotSolved { reason, text: text.clone(), reopen: true };
            assert!(answer.reopening().unwrap().note.as_str().ends_with("é »"));
        }
        let quiet = Answer::NotSolved { reason: Unsolved::Partly, text, reopen: false };
        assert_eq!(quiet.reopening(), None);
    }
}
