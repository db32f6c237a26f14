//! How the errors of taking e-mail are told.

use usecases::inbound::{ReceiveError, SettleError};

use super::content;
use crate::problem::{Code, Problem};

impl From<ReceiveError> for Problem {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::NotAnEmail => Self::new(Code::NotAnEmail)
                .detail(("Il n’a pas d’expéditeur (RFC 5322, 3.6.2).", "It has no originator (RFC 5322, 3.6.2).")),
            ReceiveError::TooLarge => Self::new(Code::BodyTooLarge),
            ReceiveError::Unavailable(cause) => {
                tracing::warn!(%cause, "an attachment of an e-mail could not be kept");
                Self::new(Code::Unavailable)
            }
            ReceiveError::NoCity(error) => error.into(),
            ReceiveError::Store(error) => error.into(),
        }
    }
}

impl From<SettleError> for Problem {
    fn from(error: SettleError) -> Self {
        match error {
            SettleError::NotFound => Self::new(Code::NotFound),
            SettleError::UnknownTicket => Self::new(Code::InvalidContent).errors(vec![content(
                "/ticket",
                "unknown_ticket",
                "Cette saisine n’existe pas.",
                "There is no such ticket.",
            )]),
            SettleError::NoCity(error) => error.into(),
            SettleError::Store(error) => error.into(),
        }
    }
}
