//! How it is told that rules are not kept, published or tried.

use domain::language::Language;
use domain::routing::check::Fault;
use usecases::routing::{ReplayError, RoutingError, SimulateError, Which};

use super::concern::concern_fault;
use super::content;
use crate::problem::{At, Code, FieldError, Problem};
use crate::reply::etag;

impl From<RoutingError> for Problem {
    fn from(error: RoutingError) -> Self {
        match error {
            RoutingError::NotFound => Self::new(Code::NotFound),
            RoutingError::Stale(current) => Self::new(Code::StaleVersion).etag(etag(current)),
            RoutingError::Taken => Self::new(Code::DraftNameTaken),
            RoutingError::TooMany => Self::new(Code::TooManyDrafts),
            RoutingError::UnknownBase => Self::new(Code::InvalidContent).errors(vec![content(
                "/based_on",
                "unknown_version",
                "Cette version n’a jamais été publiée.",
                "This version was never published.",
            )]),
            RoutingError::Outdated(version) => Self::new(Code::DraftOutdated).detail((
                format!("La version {version} est en vigueur : lisez-la, puis reprenez le brouillon avec « based_on » : {version}."),
                format!("Version {version} is in force: read it, then go on with the draft and `based_on`: {version}."),
            )),
            RoutingError::InForce => Self::new(Code::RulesInForce),
            RoutingError::Faulty(faults) => {
                Self::new(Code::InvalidContent).errors(faults.iter().map(rule_fault).collect())
            }
            RoutingError::KeyReused(error) => error.into(),
            RoutingError::NoCity(error) => error.into(),
            RoutingError::Store(error) => error.into(),
        }
    }
}

fn rule_fault(fault: &Fault) -> FieldError {
    let told = |language| {
        let message = fault.kind.message(language);
        fault.rule.as_ref().map_or(message.clone(), |rule| format!("{rule} : {message}"))
    };
    let texts = (told(Language::Fr), told(Language::En));
    FieldError::new(At::Body(format!("/rules{}", fault.pointer)), fault.kind.code(), texts)
}

impl From<SimulateError> for Problem {
    fn from(error: SimulateError) -> Self {
        match error {
            SimulateError::Invalid(faults) => {
                Self::new(Code::InvalidContent).errors(faults.into_iter().map(concern_fault).collect())
            }
            SimulateError::UnknownRules(which) => unknown_rules(which),
            SimulateError::NoCity(error) => error.into(),
            SimulateError::Store(error) => error.into(),
        }
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::UnknownRules(which) => unknown_rules(which),
            ReplayError::TooMany => Self::new(Code::TooManyExports).retry_after(10),
            ReplayError::NoCity(error) => error.into(),
            ReplayError::Store(error) => error.into(),
        }
    }
}

fn unknown_rules(which: Which) -> Problem {
    let (pointer, fr, en) = match which {
        Which::Draft(_) => ("/draft", "Ce brouillon n’existe pas.", "There is no such draft."),
        Which::Version(_) | Which::InForce => {
            ("/version", "Cette version n’a jamais été publiée.", "This version was never published.")
        }
    };
    Problem::new(Code::InvalidContent).errors(vec![content(pointer, "unknown_rules", fr, en)])
}
