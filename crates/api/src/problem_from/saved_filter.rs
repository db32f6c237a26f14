//! How the errors of keeping lists are told.

use usecases::saved_filter::SaveError;

use crate::problem::{Code, Problem};
use crate::reply::etag;

impl From<SaveError> for Problem {
    fn from(error: SaveError) -> Self {
        match error {
            SaveError::NotFound => Self::new(Code::NotFound),
            SaveError::NotTheirs => Self::new(Code::ActionNotYours).detail((
                "Seuls les responsables d’un service gardent des filtres pour lui.",
                "Only its managers keep filters for a service.",
            )),
            SaveError::Stale(current) => Self::new(Code::StaleVersion).etag(etag(current)),
            SaveError::Taken => Self::new(Code::FilterNameTaken),
            SaveError::TooMany => Self::new(Code::TooManyFilters),
            SaveError::KeyReused(error) => error.into(),
            SaveError::Store(error) => error.into(),
        }
    }
}
