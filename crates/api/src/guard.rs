//! Before every handler: the request's headers are of a decent size, the caller has not asked too often, and the token,
//! if one was presented, is verified and still holds. What was found out waits for the extractors of
//! [`crate::request::caller`]: a public route does not care, the others refuse before they read the body. Whether the token of
//! somebody who has read before still holds, [`crate::request::reader`] finds out together with what they read.

use std::fmt;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, ResponseError as _};
use auth::{Presented, Principal, Recalled, TokenError};
use domain::id::{ClientId, UserId};
use domain::rights::{Caller, Right};
use usecases::{Context, Origin};

use crate::front::{Counted, Front, Standing};
use crate::openapi;
use crate::problem::{Code, Problem};
use crate::request::query::Query;
use crate::request::reader::is_for_readers;

/// How many bytes of headers a request may have, besides what it proves itself with.
const MAX_HEADERS: usize = 16 * 1024;

/// Who is asking, or why nobody is recognised.
#[derive(Clone)]
pub(crate) struct Identified(pub(crate) Result<Principal, Problem>);

/// Whose token or key was presented, as far as that could be read: for the log, also where it no longer holds.
#[derive(Clone, Copy)]
pub(crate) enum Asker {
    Person(UserId),
    Program(ClientId),
}

impl From<&Presented> for Asker {
    fn from(presented: &Presented) -> Self {
        match presented {
            Presented::Session { user, .. } => Self::Person(*user),
            Presented::Client { client, .. } => Self::Program(*client),
        }
    }
}

impl From<&Principal> for Asker {
    fn from(principal: &Principal) -> Self {
        match &principal.caller {
            Caller::Person(person) => Self::Person(person.user),
            Caller::Client(client) => Self::Program(client.client),
        }
    }
}

impl fmt::Display for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(user) => write!(f, "person {user}"),
            Self::Program(client) => write!(f, "program {client}"),
        }
    }
}

/// Stands before every handler.
pub(crate) async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let admitted = match admit(&request).await.and_then(|()| refuse_encoded(&request)) {
        Ok(()) if openapi::is_of_another_method(request.path(), request.method()) => Err(not_so(request.path())),
        Ok(()) => refuse_query(&request),
        refused => refused,
    };
    match admitted {
        Ok(()) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(problem) => Ok(request.into_response(problem.error_response()).map_into_boxed_body()),
    }
}

async fn admit(request: &ServiceRequest) -> Result<(), Problem> {
    let internal = || Problem::new(Code::Internal);
    let cx = request.app_data::<Data<Context>>().cloned().ok_or_else(internal)?;
    let front = request.app_data::<Data<Front>>().cloned().ok_or_else(internal)?;
    let (address, origin) = front.origin(request);
    let presented = bearer(request.headers()).and_then(|token| present(&cx, token));
    if let Ok(Shown::Token(token)) = &presented {
        request.extensions_mut().insert(Asker::from(token));
    }
    let counted = match (&presented, address) {
        (Ok(Shown::Token(Presented::Session { user, .. })), _) => Some(Counted::Caller(user.0)),
        (Ok(Shown::Token(Presented::Client { client, .. })), _) => Some(Counted::Caller(client.0)),
        (Ok(Shown::Key(_)) | Err(_), address) => address.map(Counted::Address),
    };
    // Whoever looks after the server may ask as often as they like, and is told without anybody being asked who it is.
    let of_health = request.path().starts_with("/health/");
    let counted = counted.filter(|_| !of_health);
    match counted.and_then(|counted| front.count(counted)) {
        Some(Ok(standing)) => drop(request.extensions_mut().insert(standing)),
        Some(Err(standing)) => {
            request.extensions_mut().insert(standing);
            return Err(Problem::new(Code::RateLimited).retry_after(i64::try_from(standing.wait).unwrap_or(60)));
        }
        None => {}
    }
    // An overlong token is refused as what it is: no token of ours (401).
    let others = request.headers().iter().filter(|(name, _)| **name != AUTHORIZATION);
    if others.map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>() > MAX_HEADERS {
        return Err(Problem::new(Code::HeadersTooLarge));
    }
    let reads = is_for_readers(request);
    let recalled = reads.zip(presented.as_ref().ok()).and_then(|(right, shown)| recall(&cx, shown, right, &origin));
    if let Some(recalled) = recalled {
        request.extensions_mut().insert(recalled);
        request.extensions_mut().insert(origin);
        return Ok(());
    }
    let identified = match presented {
        Ok(_) if of_health => Err(Problem::new(Code::Unauthenticated)),
        Ok(presented) => identify(&cx, presented, &origin).await,
        Err(problem) => Err(problem),
    };
    if let (Ok(principal), Some(_)) = (&identified, reads) {
        cx.readers.remember(principal);
    }
    // Where everything hangs on the database, who asks cannot be known.
    if let Err(problem) = &identified
        && problem.status_code().is_server_error()
    {
        return Err(problem.clone());
    }
    request.extensions_mut().insert(origin);
    // For protocols beside the API.
    if let Ok(principal) = &identified {
        request.extensions_mut().insert(Asker::from(principal));
        request.extensions_mut().insert(principal.clone());
    }
    request.extensions_mut().insert(Identified(identified));
    Ok(())
}

/// A path that exists, under other methods.
pub(crate) fn not_so(path: &str) -> Problem {
    Problem::new(Code::MethodNotAllowed).allow(openapi::methods_at(path).join(", "))
}

/// Refuses a body that is compressed or otherwise encoded (RFC 9110, 8.4): none is unpacked here. Who has to log in is told
/// that first.
fn refuse_encoded(request: &ServiceRequest) -> Result<(), Problem> {
    let identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if request.headers().get_all(CONTENT_ENCODING).all(identity) {
        return Ok(());
    }
    let pattern = request.match_pattern();
    if pattern.is_some_and(|path| openapi::is_for_the_known(&path, request.method())) && !is_known(request) {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType).detail((
        "Attendu : un corps qui n’est pas compressé, sans « Content-Encoding ».",
        "Expected: a body that is not compressed, without Content-Encoding.",
    )))
}

fn is_known(request: &ServiceRequest) -> bool {
    request.extensions().get::<Identified>().is_some_and(|identified| identified.0.is_ok())
}

/// Refuses the parameters of an operation that takes none. Who has to log in is told that first.
fn refuse_query(request: &ServiceRequest) -> Result<(), Problem> {
    if request.query_string().is_empty() {
        return Ok(());
    }
    let pattern = request.match_pattern();
    let Some(needs_login) = pattern.and_then(|path| openapi::takes_no_query(&path, request.method())) else {
        return Ok(());
    };
    if needs_login && !is_known(request) {
        return Ok(());
    }
    Query::of(request.request()).finish()
}

/// The token of an `Authorization` header (RFC 6750, 2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Result<String, Problem> {
    let mut presented = headers.get_all(AUTHORIZATION);
    // Of two, a proxy may have gone by the other one.
    let (Some(header), None) = (presented.next(), presented.next()) else {
        return Err(Problem::new(Code::Unauthenticated));
    };
    let header = header.to_str().ok();
    let (scheme, token) = header.and_then(|value| value.split_once(' ')).unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim().to_owned())
    } else {
        Err(Problem::new(Code::Unauthenticated))
    }
}

/// What was presented: a token that we have signed, or what looks like a key.
enum Shown {
    Token(Presented),
    Key(String),
}

fn present(cx: &Context, token: String) -> Result<Shown, Problem> {
    if usecases::client::looks_like_key(&token) {
        return Ok(Shown::Key(token));
    }
    let presented = cx.tokens.verify(&token, cx.now()).map_err(|error| match error {
        TokenError::Invalid => Problem::new(Code::InvalidToken),
        TokenError::Expired => Problem::new(Code::TokenExpired),
    });
    presented.map(Shown::Token)
}

/// Who presents that token, as it is at this moment.
pub(crate) async fn recognise(cx: &Context, token: String, origin: &Origin) -> Result<Principal, Problem> {
    identify(cx, present(cx, token)?, origin).await
}

/// Who presents that, if they have read lately and had the right: the statement that finds what they ask for asks whether it still holds.
fn recall(cx: &Context, shown: &Shown, right: Right, origin: &Origin) -> Option<Recalled> {
    let Shown::Token(presented) = shown else { return None };
    let recalled = cx.readers.recall(presented, origin.address.as_deref())?;
    recalled.who.caller().has(right).then_some(recalled)
}

async fn identify(cx: &Context, shown: Shown, origin: &Origin) -> Result<Principal, Problem> {
    let from = origin.address.clone();
    let principal = match shown {
        Shown::Token(presented) => usecases::authenticate(cx, presented, from).await?,
        Shown::Key(key) => usecases::authenticate_key(cx, &key, from).await?,
    };
    principal.ok_or_else(|| Problem::new(Code::InvalidToken))
}

/// Tells a caller how they stand with their limit.
pub(crate) fn tell(standing: Standing, headers: &mut HeaderMap) {
    let Standing { policy, quota, remaining, wait } = standing;
    for (name, value) in [
        ("ratelimit-policy", format!("\"{policy}\";q={quota};w=60")),
        ("ratelimit", format!("\"{policy}\";r={remaining};t={wait}")),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
