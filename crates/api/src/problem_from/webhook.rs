//! What may be wrong with webhooks.

use domain::rights::Right;
use usecases::webhook::{Fault, Refused, ReplayError, WebhookError};

use crate::problem::{At, Code, FieldError, Problem};
use crate::reply::etag;

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::NotFound => Self::new(Code::NotFound),
            WebhookError::Narrowed(lacking) => {
                let lacking: Vec<&str> = lacking.iter().map(|scope| scope.code()).collect();
                let lacking = lacking.join(", ");
                let detail = (
                    format!(
                        "Ce jeton n’a pas toutes les portées de lecture de son programme : il manque {lacking} (droit « follow_events »)."
                    ),
                    format!("This token lacks scopes by which its program reads: {lacking} (right “follow_events”)."),
                );
                Self::new(Code::MissingRight).right(Right::FollowEvents).detail(detail)
            }
            WebhookError::Stale(current) => Self::new(Code::StaleVersion).etag(etag(current)),
            WebhookError::Invalid(faults) => {
                Self::new(Code::InvalidContent).errors(faults.into_iter().map(fault).collect())
            }
            WebhookError::TooMany => Self::new(Code::TooManyWebhooks),
            WebhookError::TooManySecrets => Self::new(Code::TooManyWebhookSecrets),
            WebhookError::KeyReused(error) => error.into(),
            WebhookError::NoCity(error) => error.into(),
            WebhookError::Store(error) => error.into(),
        }
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Webhook(error) => error.into(),
            ReplayError::UnderWay => Self::new(Code::ReplayUnderWay),
            ReplayError::Expired => Self::new(Code::EventsExpired),
            ReplayError::Ahead => Self::new(Code::EventsAhead),
        }
    }
}

fn fault(fault: Fault) -> FieldError {
    let unknown = |pointer: &str, code: String| {
        let texts = (format!("La ville ne connaît pas « {code} »."), format!("The city knows no “{code}”."));
        FieldError::new(At::Body(pointer.to_owned()), "unknown_code", texts)
    };
    let beyond = |pointer: &str, code: String| {
        let texts = (
            format!("Le programme est limité à autre chose que « {code} »."),
            format!("The program is limited to others than “{code}”."),
        );
        FieldError::new(At::Body(pointer.to_owned()), "beyond_limits", texts)
    };
    match fault {
        Fault::Url(Refused::Scheme) => {
            FieldError::in_body("/url", "not_https", ("Attendu : une URL en https.", "Expected: an https URL."))
        }
        Fault::Url(Refused::Form) | Fault::Fragment => FieldError::in_body(
            "/url",
            "bad_url",
            (
                "Attendu : une URL avec un hôte, sans mot de passe ni fragment (#…).",
                "Expected: a URL with a host, without password and fragment (#…).",
            ),
        ),
        Fault::Url(Refused::Address) => FieldError::in_body(
            "/url",
            "not_public",
            (
                "Cette adresse n’est pas publique : rien n’y est envoyé.",
                "This address is not public: nothing is sent there.",
            ),
        ),
        Fault::BeyondService(code) => beyond("/services", code.to_string()),
        Fault::BeyondCategory(code) => beyond("/categories", code.to_string()),
        Fault::Scope(event_type) => {
            let (event_type, scope) = (event_type.code(), event_type.scope().code());
            let texts = (
                format!("Sans la portée « {scope} », le programme n’apprend rien de « {event_type} »."),
                format!("Without the scope “{scope}”, the program is told of no “{event_type}”."),
            );
            FieldError::new(At::Body("/types".to_owned()), "scope_missing", texts)
        }
        Fault::UnknownService(code) => unknown("/services", code.to_string()),
        Fault::UnknownCategory(code) => unknown("/categories", code.to_string()),
        Fault::UnknownZoning(code) => unknown("/areas", code.to_string()),
        Fault::UnknownArea(zoning, area) => unknown("/areas", format!("{zoning}:{area}")),
    }
}
