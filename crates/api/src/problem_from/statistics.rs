//! How the errors of reading figures are told.

use usecases::statistics::StatisticsError;

use crate::problem::{At, Code, FieldError, Problem};

impl From<StatisticsError> for Problem {
    fn from(error: StatisticsError) -> Self {
        match error {
            StatisticsError::TooFine(parameters) => {
                Self::new(Code::InvalidParameter).errors(parameters.into_iter().map(too_fine).collect())
            }
            StatisticsError::OutOfRange => {
                let texts = ("Après « filed_from », 366 jours au plus.", "After `filed_from`, 366 days at most.");
                let fault = FieldError::new(At::Query("filed_before".to_owned()), "out_of_range", texts);
                Self::new(Code::InvalidParameter).errors(vec![fault])
            }
            StatisticsError::NoSuchYear => Self::new(Code::NotFound),
            StatisticsError::NoCity(error) => error.into(),
            StatisticsError::Store(error) => error.into(),
        }
    }
}

fn too_fine(parameter: &'static str) -> FieldError {
    let texts = if parameter.ends_with("_from") || parameter.ends_with("_before") {
        (
            "Hors de la police municipale, une période se compte en mois entiers, à l’heure de la ville.",
            "Outside the municipal police, a period is made of whole months, on the city's clocks.",
        )
    } else {
        (
            "Hors de la police municipale, les chiffres ne se resserrent pas ainsi : ils diraient ce qu’il en est d’une saisine.",
            "Outside the municipal police, figures are not narrowed in this way: they would tell of a single ticket.",
        )
    };
    FieldError::new(At::Query(parameter.to_owned()), "too_fine", texts)
}
