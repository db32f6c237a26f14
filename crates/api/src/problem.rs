//! Problems: every error is answered as `application/problem+json` (RFC 9457), with a stable code, in the language
//! that the caller prefers. The table below is the only place where codes, statuses and titles stand.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_LANGUAGE, ALLOW, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use domain::language::Language;
use domain::rights::Right;
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// A text in French and in English.
pub(crate) type Text = (&'static str, &'static str);

fn in_language((fr, en): Text, language: Language) -> &'static str {
    match language {
        Language::Fr => fr,
        Language::En => en,
    }
}

macro_rules! codes {
    ($($name:ident = $code:literal, $status:literal, $fr:literal, $en:literal;)*) => {
        /// What went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $en] $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as clients see it: it never changes.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The title, French and English.
            #[must_use]
            pub const fn title(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($fr, $en),)* }
            }
        }
    };
}

codes! {
    InvalidJson = "invalid_json", 400, "Le corps de la requête n’est pas du JSON valide", "The request body is not valid JSON";
    InvalidUtf8 = "invalid_utf8", 400, "Le corps de la requête n’est pas de l’UTF-8", "The request body is not UTF-8";
    InvalidRequest = "invalid_request", 400, "La requête n’a pas la forme attendue", "The request is not of the expected form";
    InvalidParameter = "invalid_parameter", 400, "Un paramètre de la requête est inconnu ou invalide", "A request parameter is unknown or invalid";
    InvalidHeader = "invalid_header", 400, "Un en-tête de la requête est invalide", "A request header is invalid";
    Unauthenticated = "unauthenticated", 401, "Il faut se connecter", "Authentication is needed";
    InvalidToken = "invalid_token", 401, "Le jeton d’accès n’est pas valable", "The access token is not valid";
    TokenExpired = "token_expired", 401, "Le jeton d’accès a expiré", "The access token has expired";
    WrongCredentials = "wrong_credentials", 401, "L’adresse ou le mot de passe est faux", "The e-mail address or the password is wrong";
    InvalidRefreshToken = "invalid_refresh_token", 401, "Le jeton de renouvellement n’est pas valable", "The refresh token is not valid";
    InvalidSignInCode = "invalid_sign_in_code", 401, "Le code d’identification n’est pas valable", "The code of the sign-in is not valid";
    SecondFactorNeeded = "second_factor_needed", 401, "Il faut aussi un code à usage unique", "A one-time code is needed too";
    WrongSecondFactor = "wrong_second_factor", 401, "Le code à usage unique est faux ou a déjà servi", "The one-time code is wrong or was used before";
    SecondFactorRequired = "second_factor_required", 403, "Votre rôle exige un second facteur : mettez-le en place d’abord", "Your role requires a second factor: set one up first";
    MissingRight = "missing_right", 403, "Votre rôle ne le permet pas", "Your role does not allow it";
    ActionNotYours = "action_not_yours", 403, "Cette action revient à quelqu’un d’autre sur cette saisine", "This action is somebody else's on this ticket";
    NotFound = "not_found", 404, "Introuvable", "Not found";
    NoSuchLetter = "no_such_letter", 404, "Aucun message de cette sorte n’est adressé à ce public", "No such letter is written to that audience";
    MethodNotAllowed = "method_not_allowed", 405, "Méthode non admise ici", "Method not allowed here";
    RequestTimeout = "request_timeout", 408, "La requête a mis trop de temps à arriver", "The request took too long to arrive";
    CafeNotPlanned = "cafe_not_planned", 409, "Seul un café prévu peut être tenu", "Only a planned café can be held";
    NoSuchTurn = "no_such_turn", 409, "La saisine n’a rien connu que ce message annonce", "The ticket has taken no turn that this letter tells of";
    TicketNotSubmitted = "ticket_not_submitted", 409, "La saisine n’est pas à l’état « transmise »", "The ticket is not submitted";
    TicketNotRefusable = "ticket_not_refusable", 409, "Cette saisine ne peut plus être refusée", "The ticket can no longer be refused";
    TicketNotReroutable = "ticket_not_reroutable", 409, "Cette saisine ne peut plus être réorientée", "The ticket can no longer be rerouted";
    TicketNotSchedulable = "ticket_not_schedulable", 409, "Cette saisine ne peut pas être programmée", "The ticket cannot be scheduled";
    TicketNotStartable = "ticket_not_startable", 409, "Le travail ne peut pas commencer sur cette saisine", "Work on the ticket cannot start";
    TicketNotUnderWay = "ticket_not_under_way", 409, "La saisine n’est pas en cours", "The ticket is not under way";
    TicketNotOnHold = "ticket_not_on_hold", 409, "La saisine n’est pas en attente", "The ticket is not on hold";
    TicketNotResolvable = "ticket_not_resolvable", 409, "La saisine ne peut pas être déclarée traitée", "The ticket cannot be resolved";
    TicketNotReopenable = "ticket_not_reopenable", 409, "La saisine n’est ni traitée ni clôturée", "The ticket is neither resolved nor closed";
    TicketNotResolved = "ticket_not_resolved", 409, "La saisine n’est ni traitée ni refusée", "The ticket is neither resolved nor refused";
    TicketNotCancellable = "ticket_not_cancellable", 409, "La saisine ne peut plus être annulée", "The ticket can no longer be cancelled";
    TicketMerged = "ticket_merged", 409, "La saisine a été clôturée comme doublon : ce qu’il en advient se décide sur la saisine principale", "The ticket was closed as a duplicate: what becomes of it is decided on the main ticket";
    TicketNotMerged = "ticket_not_merged", 409, "La saisine n’a pas été clôturée comme doublon", "The ticket was not closed as a duplicate";
    TicketNotAssignable = "ticket_not_assignable", 409, "Le service n’a plus cette saisine à traiter", "The service no longer has the ticket to settle";
    AlreadyReceived = "already_received", 409, "Le service a déjà ouvert cette saisine", "The service has opened the ticket before";
    TicketEnded = "ticket_ended", 409, "La saisine est déjà terminée", "The ticket has ended";
    ReopenWindowOver = "reopen_window_over", 409, "Une saisine clôturée ne peut être rouverte que pendant 30 jours", "A closed ticket can be reopened for 30 days only";
    ClosureReasonGiven = "closure_reason_given", 409, "La saisine a déjà un motif de clôture", "The ticket has a closure reason already";
    HiddenFromReferrer = "hidden_from_referrer", 409, "L’agent référent n’a pas connaissance de cette saisine", "The referrer is not to know of this ticket";
    ResidentWithoutAddress = "resident_without_address", 409, "L’habitant n’a pas laissé d’adresse e-mail", "The resident left no e-mail address";
    MessageHasLeft = "message_has_left", 409, "Le message est parti : il ne peut plus être repris", "The message has left: it can no longer be taken back";
    BulkRefused = "bulk_refused", 409, "Rien n’a changé : certaines saisines s’y opposent", "Nothing has changed: it was refused for some of the tickets";
    AttachmentsFull = "attachments_full", 409, "La saisine a déjà autant de pièces jointes qu’elle peut en avoir", "The ticket has as many attachments as it can have";
    AttachmentNotScanned = "attachment_not_scanned", 409, "L’antivirus n’a pas encore vu cette pièce jointe", "The virus scanner has not seen the attachment yet";
    EmailTaken = "email_taken", 409, "Un compte a déjà cette adresse", "There is an account with that address already";
    NameTaken = "name_taken", 409, "Un programme porte déjà ce nom", "There is a program of that name already";
    FilterNameTaken = "filter_name_taken", 409, "Il y a déjà un filtre de ce nom", "There is a filter of that name already";
    TooManyFilters = "too_many_filters", 409, "Il y en a déjà cent : supprimez-en un d’abord", "There are a hundred of them already: delete one first";
    DraftNameTaken = "draft_name_taken", 409, "Un autre brouillon porte ce nom", "Another draft is called so";
    TooManyDrafts = "too_many_drafts", 409, "Il y a déjà cinquante brouillons : supprimez-en un d’abord", "There are fifty drafts already: delete one first";
    DraftOutdated = "draft_outdated", 409, "D’autres règles ont été publiées depuis ce brouillon", "Other rules were published since the draft was begun";
    RulesInForce = "rules_in_force", 409, "Ces règles sont déjà en vigueur", "These rules are in force already";
    TwoSecrets = "two_secrets", 409, "Ce programme en a déjà deux : révoquez-en un d’abord", "The program has two of them already: revoke one first";
    InvitationAccepted = "invitation_accepted", 409, "L’invitation a déjà été acceptée", "The invitation was accepted already";
    OnlyWayIn = "only_way_in", 409, "Rien d’autre n’ouvrirait ce compte, ou aucun compte d’administration", "Nothing else would let anybody into this account, or into an administrator's";
    SecondFactorSetUp = "second_factor_set_up", 409, "Un second facteur est déjà en place", "A second factor is set up already";
    SecondFactorNotSetUp = "second_factor_not_set_up", 409, "Aucun second facteur n’est en place", "No second factor is set up";
    AttachmentRemoved = "attachment_removed", 410, "Cette pièce jointe a été retirée", "The attachment was taken back";
    LinkExpired = "link_expired", 410, "Ce lien a déjà servi, ou n’est plus valable", "The link was used already, or is no longer valid";
    StaleVersion = "stale_version", 412, "Cela a changé depuis que vous l’avez lu", "It has changed since you read it";
    BodyTooLarge = "body_too_large", 413, "Le corps de la requête est trop grand", "The request body is too large";
    UriTooLong = "uri_too_long", 414, "L’adresse de la requête est trop longue", "The request target is too long";
    UnsupportedMediaType = "unsupported_media_type", 415, "Le corps n’est pas d’un type accepté ici", "The body is not of a type that is accepted here";
    InvalidContent = "invalid_content", 422, "La requête est bien formée, mais son contenu ne convient pas", "The request is well formed, but its content does not fit";
    IdempotencyKeyReused = "idempotency_key_reused", 422, "Cette clé d’idempotence a servi à une autre requête", "The idempotency key was used for another request";
    IfMatchNeeded = "if_match_needed", 428, "Il faut dire quelle version vous avez lue (If-Match)", "Say which version you have read (If-Match)";
    TooManyAttempts = "too_many_attempts", 429, "Trop de tentatives", "Too many attempts";
    RateLimited = "rate_limited", 429, "Trop de requêtes", "Too many requests";
    TooManyExports = "too_many_exports", 429, "Trop d’exports sont en cours", "Too many exports are under way";
    HeadersTooLarge = "headers_too_large", 431, "Les en-têtes de la requête sont trop grands", "The request headers are too large";
    Internal = "internal", 500, "Une erreur est survenue de notre côté", "Something went wrong on our side";
    Unavailable = "unavailable", 503, "Le service est momentanément indisponible", "The service is unavailable for the moment";
    NoGeocoder = "no_geocoder", 503, "Aucune adresse ne peut être recherchée pour le moment", "No address can be looked up for the moment";
    NoCity = "no_city", 503, "Aucune ville n’est encore chargée", "No city is loaded yet";
}

/// What is wrong with one field or parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where.
    pub at: At,
    /// What, as clients see it.
    pub code: &'static str,
    /// What, for people: French and English.
    pub detail: (String, String),
}

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// In the body: a JSON pointer (RFC 6901).
    Body(String),
    /// In the query.
    Query(String),
    /// In a header.
    Header(&'static str),
}

impl FieldError {
    pub(crate) fn new(at: At, code: &'static str, (fr, en): (impl Into<String>, impl Into<String>)) -> Self {
        Self { at, code, detail: (fr.into(), en.into()) }
    }

    pub(crate) fn in_body(pointer: &str, code: &'static str, (fr, en): Text) -> Self {
        Self::new(At::Body(pointer.to_owned()), code, (fr, en))
    }
}

/// An error, to be answered.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    more: Box<More>,
}

/// What a problem says besides its code. In a box, because results are moved about and problems are rare.
#[derive(Debug, Clone, Default)]
struct More {
    detail: Option<(String, String)>,
    errors: Vec<FieldError>,
    etag: Option<String>,
    allow: Option<String>,
    retry_after: Option<i64>,
    right: Option<Right>,
}

impl Problem {
    /// A problem of that code.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, more: Box::default() }
    }

    /// The same as what is wrong with one item of a list.
    pub(crate) fn about_item(&self, pointer: String) -> FieldError {
        let (fr, en) = self.code.title();
        let detail = self.more.detail.clone().unwrap_or_else(|| (format!("{fr}."), format!("{en}.")));
        FieldError { at: At::Body(pointer), code: self.code.name(), detail }
    }

    pub(crate) fn detail(mut self, (fr, en): (impl Into<String>, impl Into<String>)) -> Self {
        self.more.detail = Some((fr.into(), en.into()));
        self
    }

    pub(crate) fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.more.errors = errors;
        self
    }

    pub(crate) fn etag(mut self, etag: String) -> Self {
        self.more.etag = Some(etag);
        self
    }

    pub(crate) fn allow(mut self, allow: String) -> Self {
        self.more.allow = Some(allow);
        self
    }

    /// The right that is missing.
    pub(crate) fn right(mut self, right: Right) -> Self {
        self.more.right = Some(right);
        self
    }

    /// `seconds` until trying again can help.
    pub(crate) fn retry_after(mut self, seconds: i64) -> Self {
        self.more.retry_after = Some(seconds.max(1));
        self
    }

    /// The problem that a framework's own error response is turned into.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        Self::new(match status.as_u16() {
            404 => Code::NotFound,
            405 => Code::MethodNotAllowed,
            408 => Code::RequestTimeout,
            413 => Code::BodyTooLarge,
            414 => Code::UriTooLong,
            415 => Code::UnsupportedMediaType,
            431 => Code::HeadersTooLarge,
            503 => Code::Unavailable,
            400..=499 => Code::InvalidRequest,
            _ => Code::Internal,
        })
    }

    /// The answer, in the language that the request prefers.
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let language = preferred_language(request);
        let mut answer = HttpResponse::build(self.status_code());
        answer.insert_header((CONTENT_TYPE, "application/problem+json"));
        answer.insert_header((CONTENT_LANGUAGE, language.tag()));
        answer.insert_header((VARY, "Accept-Language"));
        if self.code.status() == 401 {
            answer.insert_header((WWW_AUTHENTICATE, self.challenge()));
        }
        if let Some(right) = self.more.right {
            answer.insert_header((WWW_AUTHENTICATE, insufficient_scope(right)));
        }
        match self.more.retry_after {
            Some(seconds) => drop(answer.insert_header((RETRY_AFTER, seconds))),
            None if self.code.status() == 503 => drop(answer.insert_header((RETRY_AFTER, "5"))),
            None => {}
        }
        if let Some(etag) = &self.more.etag {
            answer.insert_header((ETAG, etag.as_str()));
        }
        if let Some(allow) = &self.more.allow {
            answer.insert_header((ALLOW, allow.as_str()));
        }
        answer.json(self.body(request.path(), language))
    }

    /// RFC 6750, 3: the error is named only when a token was presented.
    fn challenge(&self) -> &'static str {
        match self.code {
            Code::TokenExpired => r#"Bearer realm="continuum", error="invalid_token", error_description="expired""#,
            Code::InvalidToken => r#"Bearer realm="continuum", error="invalid_token""#,
            _ => r#"Bearer realm="continuum""#,
        }
    }

    /// The body of the answer.
    pub(crate) fn body(&self, instance: &str, language: Language) -> ProblemBody {
        let pick = |(fr, en): &(String, String)| match language {
            Language::Fr => fr.clone(),
            Language::En => en.clone(),
        };
        let error = |error: &FieldError| FieldErrorBody {
            pointer: if let At::Body(pointer) = &error.at { Some(pointer.clone()) } else { None },
            parameter: if let At::Query(name) = &error.at { Some(name.clone()) } else { None },
            header: if let At::Header(name) = error.at { Some(name.to_owned()) } else { None },
            code: error.code.to_owned(),
            detail: pick(&error.detail),
        };
        let title = in_language(self.code.title(), language);
        ProblemBody {
            problem_type: format!("/docs/problems#{}", self.code.name()),
            title: title.to_owned(),
            status: self.code.status(),
            detail: self.more.detail.as_ref().map_or_else(|| format!("{title}."), pick),
            instance: instance.to_owned(),
            code: self.code.name().to_owned(),
            right: self.more.right.map(|right| right.code().to_owned()),
            errors: self.more.errors.iter().map(error).collect(),
        }
    }
}

/// RFC 6750, 3.1: which scopes would do, if a program can have one that does.
fn insufficient_scope(right: Right) -> String {
    let scopes: Vec<&str> = right.scopes().iter().map(|scope| scope.code()).collect();
    let challenge = r#"Bearer realm="continuum", error="insufficient_scope""#;
    if scopes.is_empty() { challenge.to_owned() } else { format!("{challenge}, scope=\"{}\"", scopes.join(" ")) }
}

/// The language that a request prefers.
pub(crate) fn preferred_language(request: &HttpRequest) -> Language {
    let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    header.map_or_else(Language::default, Language::negotiate)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Carries the problem outwards: [`crate::outermost`] knows the request, and writes the answer.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        response.extensions_mut().insert(self.clone());
        response
    }
}

/// An error (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// A page that explains the code, relative to the base URL.
    #[serde(rename = "type")]
    #[schema(rename = "type", format = "uri-reference", examples("/docs/problems#stale_version"))]
    problem_type: String,
    /// What went wrong, in the language of `Accept-Language`.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong this time.
    detail: String,
    /// The path of the request.
    #[schema(format = "uri-reference")]
    instance: String,
    /// What went wrong, for programs: it never changes.
    #[schema(pattern = "^[a-z][a-z0-9_]*$", examples("stale_version"))]
    code: String,
    /// The right that is missing (`missing_right`), by its name in docs/permissions.md.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, pattern = "^[a-z][a-z0-9_]*$", examples("manage_users"))]
    right: Option<String>,
    /// Every field or parameter that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldErrorBody>,
}

/// What is wrong with one field, parameter or header.
#[derive(Serialize, ToSchema)]
#[schema(as = FieldError)]
struct FieldErrorBody {
    /// The field of the body, a JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("/place/lat"))]
    pointer: Option<String>,
    /// The query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameter: Option<String>,
    /// The header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    header: Option<String>,
    /// What is wrong, for programs.
    #[schema(pattern = "^[a-z][a-z0-9_]*$", examples("required"))]
    code: String,
    /// What is wrong, for people.
    detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct() {
        let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
