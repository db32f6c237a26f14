//! How the errors of residents' links are told.

use usecases::tracking::{FeedbackError, FeedbackFault, LinkError};

use super::content;
use crate::problem::{Code, FieldError, Problem};

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::NotFound => Self::new(Code::NotFound),
            LinkError::NotTheirs => Self::new(Code::ActionNotYours).detail((
                "Le lien de l’habitant revient à qui a recueilli la doléance et aux régulateurs.",
                "The resident's link is for who filed the concern, and for dispatchers.",
            )),
            LinkError::NoLink => Self::new(Code::NoTrackingLink),
            LinkError::KeyReused(error) => error.into(),
            LinkError::Store(error) => error.into(),
        }
    }
}

impl From<FeedbackError> for Problem {
    fn from(error: FeedbackError) -> Self {
        match error {
            FeedbackError::NotFound => Self::new(Code::NotFound),
            FeedbackError::Invalid(faults) => {
                Self::new(Code::InvalidContent).errors(faults.into_iter().map(fault).collect())
            }
            FeedbackError::NotOpen => Self::new(Code::FeedbackNotOpen),
            FeedbackError::NoCity(error) => error.into(),
            FeedbackError::Store(error) => error.into(),
        }
    }
}

fn fault(fault: FeedbackFault) -> FieldError {
    match fault {
        FeedbackFault::TicketMissing => content(
            "/ticket",
            "required",
            "Dites de quelle référence il s’agit : plusieurs sont possibles.",
            "Say which reference is meant: there are several.",
        ),
        FeedbackFault::UnknownTicket => content(
            "/ticket",
            "unknown_ticket",
            "Votre demande n’a pas cette référence.",
            "Your request has no such reference.",
        ),
        FeedbackFault::ReasonMissing => content(
            "/reason",
            "required",
            "Choisissez pourquoi ce n’est pas résolu, ou écrivez-le.",
            "Choose why it is not solved, or write it.",
        ),
        FeedbackFault::TextMissing => content(
            "/text",
            "required",
            "Écrivez en quelques mots pourquoi ce n’est pas résolu.",
            "Write in a few words why it is not solved.",
        ),
        FeedbackFault::ReasonNotExpected => content(
            "/reason",
            "not_expected",
            "Si c’est résolu, il n’y a pas de raison à donner.",
            "If it is solved, there is no reason to give.",
        ),
        FeedbackFault::ReopenNotExpected => content(
            "/reopen",
            "not_expected",
            "Ce qui est résolu n’est pas repris.",
            "What is solved is not taken up again.",
        ),
    }
}
