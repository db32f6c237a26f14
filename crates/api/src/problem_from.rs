//! How the errors of the use cases are told: each exhaustively, once.

mod attachment;
mod cafe;
mod concern;
mod inbound;
mod notification;
mod partner;
mod question;
mod resident;
pub(crate) mod restitution;
mod routing;
mod saved_filter;
mod statistics;
mod ticket;
mod tracking;
mod webhook;

use auth::Forbidden;
use auth::assertion::KeysError;
use usecases::NoCity;
use usecases::client::{ChangeError as ClientChangeError, Fault as ClientFault, RegisterError, SecretError};
use usecases::identity::UnlinkError;
use usecases::once::KeyReused;
use usecases::password::PasswordError;
use usecases::second_factor::SecondFactorError;
use usecases::session::{AgainError, BeginError, EndError, RefreshError, SessionError, Throttled};
use usecases::user::{ChangeError as UserChangeError, Fault as UserFault, InviteError};

use crate::problem::{At, Code, FieldError, Problem};
use crate::reply::etag;

/// The store's errors: what may pass is told as such, everything else is ours to mend. The log has the cause, the
/// client does not.
impl From<usecases::StoreError> for Problem {
    fn from(error: usecases::StoreError) -> Self {
        match error {
            usecases::StoreError::Unavailable(cause) => {
                tracing::warn!(%cause, "the database does not answer");
                Self::new(Code::Unavailable)
            }
            other @ (usecases::StoreError::Constraint(_)
            | usecases::StoreError::Corrupt(_)
            | usecases::StoreError::Database(_)) => {
                tracing::error!(cause = %other, "the database refused a statement");
                Self::new(Code::Internal)
            }
        }
    }
}

impl From<Forbidden> for Problem {
    fn from(forbidden: Forbidden) -> Self {
        match forbidden {
            Forbidden::Right(right) => {
                let (code, scopes) = (right.code(), right.scopes());
                let scopes: Vec<&str> = scopes.iter().map(|scope| scope.code()).collect();
                let detail = match scopes.join(", ").as_str() {
                    "" => (format!("Il manque le droit « {code} »."), format!("The right “{code}” is missing.")),
                    scopes => (
                        format!("Il manque le droit « {code} ». À un programme, le donnent : {scopes}."),
                        format!("The right “{code}” is missing. What gives it to a program: {scopes}."),
                    ),
                };
                Self::new(Code::MissingRight).right(right).detail(detail)
            }
            Forbidden::SecondFactor => Self::new(Code::SecondFactorRequired),
        }
    }
}

impl From<NoCity> for Problem {
    fn from(NoCity: NoCity) -> Self {
        Self::new(Code::NoCity)
    }
}

impl From<KeyReused> for Problem {
    fn from(KeyReused: KeyReused) -> Self {
        Self::new(Code::IdempotencyKeyReused)
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Key(error) => {
                tracing::error!(%error, "an access token could not be signed");
                Self::new(Code::Internal)
            }
            SessionError::Store(error) => error.into(),
        }
    }
}

impl From<Throttled> for Problem {
    fn from(throttled: Throttled) -> Self {
        let (fr, en) = wait(&throttled);
        let detail =
            (format!("Trop de tentatives : réessayez dans {fr}."), format!("Too many attempts: try again in {en}."));
        Self::new(Code::TooManyAttempts).detail(detail).retry_after(throttled.wait.num_seconds() + 1)
    }
}

/// For how long nothing more may be tried, as people say it, in French and in English.
pub(crate) fn wait(throttled: &Throttled) -> (String, String) {
    let seconds = throttled.wait.num_seconds().max(1);
    let (count, fr, en) = match seconds {
        ..=59 => (seconds, "seconde", "second"),
        60..=5400 => ((seconds + 59) / 60, "minute", "minute"),
        _ => ((seconds + 3599) / 3600, "heure", "hour"),
    };
    let plural = if count > 1 { "s" } else { "" };
    (format!("{count} {fr}{plural}"), format!("{count} {en}{plural}"))
}

impl From<BeginError> for Problem {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::WrongCredentials => Self::new(Code::WrongCredentials),
            BeginError::SecondFactorNeeded => Self::new(Code::SecondFactorNeeded),
            BeginError::WrongSecondFactor => Self::new(Code::WrongSecondFactor),
            BeginError::Throttled(throttled) => throttled.into(),
            BeginError::Session(error) => error.into(),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Invalid => Self::new(Code::InvalidRefreshToken),
            RefreshError::Session(error) => error.into(),
        }
    }
}

impl From<SecondFactorError> for Problem {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::AlreadySetUp => Self::new(Code::SecondFactorSetUp),
            SecondFactorError::NotSetUp => Self::new(Code::SecondFactorNotSetUp),
            SecondFactorError::WrongCode => Self::new(Code::InvalidContent).errors(vec![content(
                "/code",
                "wrong_code",
                "Ce code est faux, ou a déjà servi.",
                "This code is wrong, or was used before.",
            )]),
            SecondFactorError::Again(error) => error.into(),
            SecondFactorError::Throttled(throttled) => throttled.into(),
            SecondFactorError::NotFound => Self::new(Code::NotFound),
            SecondFactorError::Store(error) => error.into(),
        }
    }
}

impl From<AgainError> for Problem {
    fn from(error: AgainError) -> Self {
        match error {
            AgainError::Password(PasswordError::WrongPassword) => {
                Self::new(Code::InvalidContent).errors(vec![content(
                    "/password",
                    "wrong_password",
                    "Ce n’est pas votre mot de passe actuel.",
                    "This is not your current password.",
                )])
            }
            AgainError::Password(error) => crate::password::problem(error, "/password"),
            AgainError::LongAgo => Self::new(Code::LoginTooOld),
            AgainError::Store(error) => error.into(),
        }
    }
}

impl From<EndError> for Problem {
    fn from(error: EndError) -> Self {
        match error {
            EndError::NotFound => Self::new(Code::NotFound),
            EndError::Again(error) => error.into(),
            EndError::Store(error) => error.into(),
        }
    }
}

impl From<UnlinkError> for Problem {
    fn from(error: UnlinkError) -> Self {
        match error {
            UnlinkError::NotFound => Self::new(Code::NotFound),
            UnlinkError::OnlyWayIn => Self::new(Code::OnlyWayIn),
            UnlinkError::Again(error) => error.into(),
            UnlinkError::Store(error) => error.into(),
        }
    }
}

impl From<InviteError> for Problem {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::Invalid(faults) => {
                Self::new(Code::InvalidContent).errors(faults.into_iter().map(user_fault).collect())
            }
            InviteError::Taken => Self::new(Code::EmailTaken),
            InviteError::NotFound => Self::new(Code::NotFound),
            InviteError::Accepted => Self::new(Code::InvitationAccepted),
            InviteError::KeyReused(error) => error.into(),
            InviteError::NoCity(error) => error.into(),
            InviteError::Store(error) => error.into(),
        }
    }
}

impl From<UserChangeError> for Problem {
    fn from(error: UserChangeError) -> Self {
        match error {
            UserChangeError::NotFound => Self::new(Code::NotFound),
            UserChangeError::Stale(current) => Self::new(Code::StaleVersion).etag(etag(current)),
            UserChangeError::Invalid(faults) => {
                Self::new(Code::InvalidContent).errors(faults.into_iter().map(user_fault).collect())
            }
            UserChangeError::NoCity(error) => error.into(),
            UserChangeError::Store(error) => error.into(),
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Invalid(faults) => {
                Self::new(Code::InvalidContent).errors(faults.into_iter().map(client_fault).collect())
            }
            RegisterError::Taken => Self::new(Code::NameTaken),
            RegisterError::KeyReused(error) => error.into(),
            RegisterError::NoCity(error) => error.into(),
            RegisterError::Store(error) => error.into(),
        }
    }
}

impl From<ClientChangeError> for Problem {
    fn from(error: ClientChangeError) -> Self {
        match error {
            ClientChangeError::NotFound => Self::new(Code::NotFound),
            ClientChangeError::Stale(current) => Self::new(Code::StaleVersion).etag(etag(current)),
            ClientChangeError::Invalid(faults) => {
                Self::new(Code::InvalidContent).errors(faults.into_iter().map(client_fault).collect())
            }
            ClientChangeError::Taken => Self::new(Code::NameTaken),
            ClientChangeError::NoCity(error) => error.into(),
            ClientChangeError::Store(error) => error.into(),
        }
    }
}

impl From<SecretError> for Problem {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::NotFound => Self::new(Code::NotFound),
            SecretError::TooMany => Self::new(Code::TwoSecrets),
            SecretError::Expiry => Self::new(Code::InvalidContent).errors(vec![content(
                "/expires_at",
                "out_of_range",
                "Un secret expire dans les deux ans.",
                "A secret expires within two years.",
            )]),
            SecretError::Store(error) => error.into(),
        }
    }
}

fn client_fault(fault: ClientFault) -> FieldError {
    let unknown =
        |pointer: &str, code, what: (String, String)| FieldError::new(At::Body(pointer.to_owned()), code, what);
    match fault {
        ClientFault::NoScope => content("/scopes", "required", "Au moins un droit.", "At least one scope."),
        ClientFault::NoService => content(
            "/services",
            "required",
            "« tickets:restricted » se limite à des services : nommez-les.",
            "“tickets:restricted” is limited to services: name them.",
        ),
        ClientFault::UnknownService(code) => unknown(
            "/services",
            "unknown_service",
            (
                format!("Le service « {code} » n’existe pas ; voyez GET /v1/services."),
                format!("There is no service “{code}”; see GET /v1/services."),
            ),
        ),
        ClientFault::UnknownCategory(code) => unknown(
            "/categories",
            "unknown_category",
            (
                format!("Le motif « {code} » n’existe pas ; voyez GET /v1/categories."),
                format!("There is no category “{code}”; see GET /v1/categories."),
            ),
        ),
        ClientFault::Keys(error) => {
            let fr = match error {
                KeysError::NoSet => "Attendu : un JSON Web Key Set (RFC 7517) de 1 à 5 clés.",
                KeysError::Kind => "Attendu : des clés publiques OKP Ed25519, EC P-256 ou RSA de 2048 à 4096 bits.",
                KeysError::Private => "C’est une clé privée : elle n’est pas conservée, et ne doit plus servir.",
            };
            unknown("/jwks", "bad_keys", (fr.to_owned(), format!("{error}.")))
        }
    }
}

fn user_fault(fault: UserFault) -> FieldError {
    match fault {
        UserFault::NoRole => content("/roles", "required", "Au moins un rôle.", "At least one role."),
        UserFault::NoService => content(
            "/services",
            "required",
            "Un rôle dans un service va avec au moins un service.",
            "A role in a service goes with at least one service.",
        ),
        UserFault::ServiceNotExpected => content(
            "/services",
            "not_expected",
            "Sans rôle dans un service, pas de service.",
            "Without a role in a service, no service.",
        ),
        UserFault::UnknownService(code) => FieldError::new(
            At::Body("/services".to_owned()),
            "unknown_service",
            (
                format!("Le service « {code} » n’existe pas ; voyez GET /v1/services."),
                format!("There is no service “{code}”; see GET /v1/services."),
            ),
        ),
        UserFault::LastAdmin(field) => content(
            &format!("/{field}"),
            "last_admin",
            "C’est le dernier compte d’administration : personne ne pourrait plus inviter.",
            "This is the last administrator: nobody could invite anybody any more.",
        ),
    }
}

fn content(pointer: &str, code: &'static str, fr: &'static str, en: &'static str) -> FieldError {
    FieldError::in_body(pointer, code, (fr, en))
}

fn outside_city() -> FieldError {
    content("/place", "outside_city", "Le lieu est hors de la ville.", "The place is outside the city.")
}
