//! How the errors of sheets are told.

use usecases::restitution::SheetError;

use crate::problem::{At, Code, FieldError, Problem};

/// What is wrong with a field of the request, and which field that is.
type Fault = (&'static str, &'static str, (&'static str, &'static str));

fn fault(error: SheetError) -> Result<Fault, Problem> {
    Ok(match error {
        SheetError::UnknownArea => {
            ("area", "unknown_code", ("La ville ne connaît pas ce secteur.", "The city knows no such area."))
        }
        SheetError::EndsBeforeItBegins => (
            "to",
            "ends_before_it_begins",
            ("Le dernier jour vient avant le premier.", "The last day comes before the first one."),
        ),
        SheetError::TooLong => {
            ("to", "too_long", ("Une fiche couvre 731 jours au plus.", "A sheet covers 731 days at most."))
        }
        SheetError::NotFound => return Err(Problem::new(Code::NotFound)),
        SheetError::KeyReused(error) => return Err(error.into()),
        SheetError::NoCity(error) => return Err(error.into()),
        SheetError::Store(error) => return Err(error.into()),
    })
}

impl From<SheetError> for Problem {
    fn from(error: SheetError) -> Self {
        match fault(error) {
            Ok((field, code, texts)) => Self::new(Code::InvalidContent).errors(vec![FieldError::new(
                At::Body(format!("/{field}")),
                code,
                texts,
            )]),
            Err(problem) => problem,
        }
    }
}

/// The same, where the fields are parameters of a query.
pub(crate) fn in_query(error: SheetError) -> Problem {
    match fault(error) {
        Ok((field, code, texts)) => {
            Problem::new(Code::InvalidParameter).errors(vec![FieldError::new(At::Query(field.to_owned()), code, texts)])
        }
        Err(problem) => problem,
    }
}
