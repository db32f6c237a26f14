//! How what goes wrong with a partner's link is told.

use usecases::ticket::partner::{ActError, RenewError, Shut, WriteError};

use crate::problem::{Code, Problem};

impl From<Shut> for Problem {
    fn from(shut: Shut) -> Self {
        match shut {
            Shut::Unknown => Self::new(Code::NotFound),
            Shut::Expired => Self::new(Code::PartnerLinkExpired),
            Shut::Answered | Shut::Gone => Self::new(Code::PartnerLinkOver),
            Shut::NoCity(error) => error.into(),
            Shut::Store(error) => error.into(),
        }
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Shut(shut) => shut.into(),
            ActError::Change(error) => error.into(),
        }
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Shut(shut) => shut.into(),
            WriteError::Writing(error) => error.into(),
        }
    }
}

impl From<RenewError> for Problem {
    fn from(error: RenewError) -> Self {
        match error {
            RenewError::Shut(shut) => shut.into(),
            RenewError::NotExpired => Self::new(Code::PartnerLinkStillValid),
            RenewError::Throttled(throttled) => throttled.into(),
        }
    }
}
