//! How the errors of telling people are told.

use usecases::notification::{ChooseError, PreviewError};

use crate::problem::{Code, Problem};
use crate::reply::etag;

impl From<ChooseError> for Problem {
    fn from(error: ChooseError) -> Self {
        match error {
            ChooseError::NotFound => Self::new(Code::InvalidToken),
            ChooseError::Stale(current) => Self::new(Code::StaleVersion).etag(etag(current)),
            ChooseError::Store(error) => error.into(),
        }
    }
}

impl From<PreviewError> for Problem {
    fn from(error: PreviewError) -> Self {
        match error {
            PreviewError::NotFound => Self::new(Code::NotFound),
            PreviewError::NoSuchTurn => Self::new(Code::NoSuchTurn),
            PreviewError::Unwritable(error) => {
                tracing::error!(%error, "a letter could not be written");
                Self::new(Code::Internal)
            }
            PreviewError::NoCity(error) => error.into(),
            PreviewError::Store(error) => error.into(),
        }
    }
}
