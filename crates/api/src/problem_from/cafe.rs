//! How it is told that something is not done with a café.

use domain::cafe::Refusal;
use usecases::cafe::{CadenceError, ChangeError, PlanError, PlanFault, ReportError, ReportFault, TurnError};

use super::{content, outside_city};
use crate::problem::{At, Code, FieldError, Problem};
use crate::reply::etag;

fn plan_fault(fault: PlanFault) -> FieldError {
    match fault {
        PlanFault::OutsideCity => outside_city(),
        PlanFault::EndsBeforeItBegins => content(
            "/ends_at",
            "ends_before_it_begins",
            "Un café finit après avoir commencé.",
            "A café ends after it begins.",
        ),
    }
}

fn invalid(faults: Vec<PlanFault>) -> Problem {
    Problem::new(Code::InvalidContent).errors(faults.into_iter().map(plan_fault).collect())
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Invalid(faults) => invalid(faults),
            PlanError::KeyReused(error) => error.into(),
            PlanError::NoCity(error) => error.into(),
            PlanError::Store(error) => error.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::new(match refusal {
            Refusal::NotPlanned => Code::CafeNotPlanned,
            Refusal::NotHeld => Code::CafeNotHeld,
            Refusal::Announced => Code::CafeAnnounced,
        })
    }
}

impl From<CadenceError> for Problem {
    fn from(error: CadenceError) -> Self {
        match error {
            CadenceError::NoCity(error) => error.into(),
            CadenceError::Store(error) => error.into(),
        }
    }
}

impl From<TurnError> for Problem {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::NotFound => Self::new(Code::NotFound),
            TurnError::Refused(refusal) => refusal.into(),
            TurnError::KeyReused(error) => error.into(),
            TurnError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Invalid(faults) => invalid(faults),
            ChangeError::NotFound => Self::new(Code::NotFound),
            ChangeError::Stale(current) => Self::new(Code::StaleVersion).etag(etag(current)),
            ChangeError::Refused(refusal) => refusal.into(),
            ChangeError::NoCity(error) => error.into(),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::NotFound => Self::new(Code::NotFound),
            ReportError::Stale(current) => Self::new(Code::StaleVersion).etag(etag(current)),
            ReportError::Refused(refusal) => refusal.into(),
            ReportError::Invalid(faults) => {
                Self::new(Code::InvalidContent).errors(faults.into_iter().map(report_fault).collect())
            }
            ReportError::KeyReused(error) => error.into(),
            ReportError::NoCity(error) => error.into(),
            ReportError::Store(error) => error.into(),
        }
    }
}

fn report_fault(fault: ReportFault) -> FieldError {
    let theme = |at: usize| format!("/conversations/{at}/category");
    match fault {
        ReportFault::UnknownCategory(at) => content(
            &theme(at),
            "unknown_category",
            "Le catalogue n’a pas ce motif ; voyez GET /v1/categories.",
            "The catalogue has no such category; see GET /v1/categories.",
        ),
        ReportFault::ThemeTwice(at) => content(
            &theme(at),
            "repeated",
            "Ce motif figure déjà plus haut : additionnez.",
            "This category stands above already: add the two up.",
        ),
        ReportFault::UnknownOfficer(user) => FieldError::new(
            At::Body("/officers".to_owned()),
            "unknown_officer",
            (format!("« {user} » n’est pas un agent de police."), format!("“{user}” is no police officer.")),
        ),
    }
}
