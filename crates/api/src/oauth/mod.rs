//! OAuth 2.0 for programs. Requests are forms and errors are those of RFC 6749, 5.2: what OAuth libraries expect.

mod introspect;
mod metadata;
mod revoke;
mod token;

use crate::openapi::Routes;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderMap, WWW_AUTHENTICATE};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse, ResponseError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use url::form_urlencoded;
use usecases::Context;
use usecases::oauth::{Credentials, OauthError};
use utoipa::ToSchema;

use crate::outermost::Told;
use crate::problem::Problem;

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(metadata::metadata).service(token::token).service(revoke::revoke).service(introspect::introspect);
}

/// The greatest form that is read, bytes.
const MAX_FORM: usize = 16 * 1024;

/// What clients sign their statements with.
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An error of OAuth 2.0 (RFC 6749, 5.2).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OAuthError {
    /// What went wrong, for programs.
    #[schema(examples("invalid_client"))]
    error: &'static str,
    /// What went wrong, for people.
    error_description: String,
    #[serde(skip)]
    status: StatusCode,
    /// Answered in the house's own form: it is not OAuth's to tell.
    #[serde(skip)]
    problem: Option<Problem>,
}

impl OAuthError {
    fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self { error, error_description: description.into(), status, problem: None }
    }

    fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    fn invalid_client() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", "the program has not proved who it is")
    }
}

/// What is answered with an error's code, for the document.
pub(crate) fn example(error: &str) -> serde_json::Value {
    let told = match error {
        "invalid_client" => OAuthError::invalid_client(),
        "invalid_scope" => OauthError::InvalidScope.into(),
        "unsupported_token_type" => OauthError::Secret.into(),
        "unsupported_grant_type" => token::unsupported_grant(),
        _ => OAuthError::invalid_request("the parameter token is missing"),
    };
    serde_json::json!(told)
}

impl std::fmt::Display for OAuthError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.error)
    }
}

impl ResponseError for OAuthError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        if let Some(problem) = &self.problem {
            return problem.error_response();
        }
        let mut response = HttpResponse::build(self.status);
        response.insert_header((CACHE_CONTROL, "no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, r#"Basic realm="continuum""#));
        }
        let mut response = response.json(self);
        response.extensions_mut().insert(Told);
        response
    }
}

impl From<Problem> for OAuthError {
    fn from(problem: Problem) -> Self {
        Self { problem: Some(problem.clone()), ..Self::new(problem.status_code(), "server_error", "") }
    }
}

impl From<OauthError> for OAuthError {
    fn from(error: OauthError) -> Self {
        match error {
            OauthError::InvalidClient => Self::invalid_client(),
            OauthError::InvalidScope => Self::new(
                StatusCode::BAD_REQUEST,
                "invalid_scope",
                "a scope is unknown, or the program is not registered for it",
            ),
            OauthError::Secret => Self::new(
                StatusCode::BAD_REQUEST,
                "unsupported_token_type",
                "this is a program's secret, which an administrator revokes: DELETE /v1/clients/{client}/secrets/{secret}",
            ),
            OauthError::NotTheirs => Self::invalid_request("the token is not this program's"),
            OauthError::Key(error) => {
                tracing::error!(%error, "an access token could not be signed");
                Problem::new(crate::problem::Code::Internal).into()
            }
            OauthError::Store(error) => Problem::from(error).into(),
        }
    }
}

/// A form, and who sends it.
struct Form {
    fields: BTreeMap<String, String>,
    credentials: Credentials,
}

impl Form {
    /// A parameter that has to be there.
    fn need(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name).ok_or_else(|| OAuthError::invalid_request(format!("the parameter {name} is missing")))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

impl FromRequest for Form {
    type Error = OAuthError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, OAuthError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_form = request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let (bytes, request) = (Bytes::from_request(request, payload), request.clone());
        Box::pin(async move {
            let bytes = bytes.await.map_err(|_| OAuthError::invalid_request("the body could not be read"))?;
            if !is_form {
                return Err(OAuthError::invalid_request("expected application/x-www-form-urlencoded"));
            }
            if bytes.len() > MAX_FORM {
                return Err(OAuthError::invalid_request("the body is too large"));
            }
            let mut fields = BTreeMap::new();
            for (name, value) in form_urlencoded::parse(&bytes).into_owned() {
                // RFC 6749, 3.2: not more than once; without a value, as if it was left out.
                if !value.is_empty() && fields.insert(name.clone(), value).is_some() {
                    return Err(OAuthError::invalid_request("a parameter stands twice"));
                }
            }
            let cx = request.app_data::<Data<Context>>().cloned();
            let cx = cx.ok_or_else(|| Problem::new(crate::problem::Code::Internal))?;
            let credentials = credentials(&cx, request.headers(), &fields)?;
            // RFC 7521, 4.2: whoever is named besides is the one who has proved who they are.
            if fields
                .get("client_id")
                .is_some_and(|named| named.parse().ok() != credentials.client().map(|client| client.0))
            {
                return Err(OAuthError::invalid_client());
            }
            Ok(Self { fields, credentials })
        })
    }
}

/// How the program proves who it is: in one way (RFC 6749, 2.3).
fn credentials(
    cx: &Context,
    headers: &HeaderMap,
    fields: &BTreeMap<String, String>,
) -> Result<Credentials, OAuthError> {
    let other = || OAuthError::invalid_request(format!("client_assertion_type is to be {ASSERTION}"));
    let (asserted, kind) = (fields.get("client_assertion"), fields.get("client_assertion_type"));
    if kind.is_some_and(|kind| kind != ASSERTION) {
        return Err(other());
    }
    let twice = asserted.is_some() || fields.contains_key("client_secret");
    // Of two, a proxy may have gone by the other one.
    let twice = twice || headers.get_all(AUTHORIZATION).count() > 1;
    match (headers.get(AUTHORIZATION), asserted) {
        (Some(_), _) if twice => Err(OAuthError::invalid_request("two ways to prove who it is")),
        (Some(header), _) => {
            let encoded = header.to_str().ok().and_then(|text| text.split_once(' '));
            let encoded =
                encoded.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")).map(|(_, encoded)| encoded);
            basic(encoded.unwrap_or_default()).ok_or_else(OAuthError::invalid_client)
        }
        (None, Some(assertion)) => {
            kind.ok_or_else(other)?;
            let issuer = cx.tokens.issuer();
            let audiences = vec![issuer.to_owned(), format!("{issuer}/oauth/token")];
            Ok(Credentials::Assertion { assertion: assertion.clone(), audiences })
        }
        (None, None) if fields.contains_key("client_secret") => {
            Err(OAuthError::invalid_request("the secret goes into the header Authorization: Basic, not into the body"))
        }
        (None, None) => Err(OAuthError::invalid_client()),
    }
}

/// RFC 6749, 2.3.1: each part is form-encoded before they are joined.
fn basic(encoded: &str) -> Option<Credentials> {
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded =
        |part: &str| form_urlencoded::parse(format!("x={part}").as_bytes()).next().map(|(_, value)| value.into_owned());
    let client = domain::id::ClientId(decoded(id)?.parse().ok()?);
    Some(Credentials::Secret { client, secret: decoded(secret)?.into() })
}
