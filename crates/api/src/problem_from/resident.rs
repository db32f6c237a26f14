//! How the errors of personal data are told.

use usecases::resident::ResidentError;
use usecases::retention::{ConfirmError, RetentionError};

use crate::problem::{Code, Problem};

impl From<ResidentError> for Problem {
    fn from(error: ResidentError) -> Self {
        match error {
            ResidentError::NotFound => Self::new(Code::NotFound),
            ResidentError::KeyReused(error) => error.into(),
            ResidentError::Files(error) => error.into(),
            ResidentError::Store(error) => error.into(),
        }
    }
}

impl From<RetentionError> for Problem {
    fn from(error: RetentionError) -> Self {
        match error {
            RetentionError::NoCity(error) => error.into(),
            RetentionError::Store(error) => error.into(),
        }
    }
}

impl From<ConfirmError> for Problem {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::NotWaiting => Self::new(Code::RunNotWaiting),
            ConfirmError::KeyReused(error) => error.into(),
            ConfirmError::Store(error) => error.into(),
        }
    }
}
