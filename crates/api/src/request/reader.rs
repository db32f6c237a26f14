//! Who reads what is asked for most: tickets and events. Who has asked before is remembered, and found out about in the statement that
//! finds what they ask for.

use std::future::{Ready, ready};

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::Method;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, ResponseError as _};
use auth::permission::{FollowEvents, ReadTickets};
use auth::{Asking, Credential, Permission, Recalled};
use domain::language::Language;
use domain::rights::Right;
use usecases::Context;

use super::caller::Caller;
use crate::openapi;
use crate::problem::{Code, Problem, preferred_language};
use crate::ticket::named;

/// The right that a request needs which asks for a list of tickets, one ticket, its timeline, its sheet or a list of events, if nothing is wrong
/// with it that the guard tells those who are known.
pub(crate) fn is_for_readers(request: &ServiceRequest) -> Option<Right> {
    let of_one = |path: &str| {
        let name = path.strip_prefix("/v1/tickets/")?;
        let (name, has_query) = match name.split_once('/') {
            Some((name, "timeline")) => (name, true),
            Some((name, "sheet")) => (name, false),
            Some(_) => return None,
            None => (name, false),
        };
        let is_one =
            named(name).is_some() && (has_query || request.query_string().is_empty()) && !openapi::has_path(path);
        is_one.then_some(ReadTickets::RIGHT)
    };
    if *request.method() != Method::GET || request.headers().contains_key(CONTENT_ENCODING) {
        return None;
    }
    match request.path() {
        "/v1/tickets" => Some(ReadTickets::RIGHT),
        "/v1/events" => Some(FollowEvents::RIGHT),
        path => of_one(path),
    }
}

/// Somebody who reads what the right `P` is for: known, or recalled.
pub(crate) struct Reader<P: Permission> {
    asking: Asking<P>,
    language: Language,
}

impl<P: Permission> Reader<P> {
    /// What is found for them. When nothing is, or the request is refused, and they are recalled: who they are now, and what is found
    /// for them then.
    pub(crate) async fn find<T>(
        self,
        cx: &Context,
        find: impl AsyncFn(&Asking<P>) -> Result<T, Problem>,
        is_found: impl FnOnce(&T) -> bool,
    ) -> Result<(Caller<P>, T), Problem> {
        let Self { asking, language } = self;
        let found = find(&asking).await;
        let settled = match &found {
            Ok(found) => is_found(found),
            Err(problem) => problem.status_code().is_server_error(),
        };
        let recalled = asking.as_recalled().filter(|_| !settled).cloned();
        let caller = Caller { grant: asking.once_found(), language };
        let Some(recalled) = recalled else { return Ok((caller, found?)) };
        let principal = usecases::authenticate(cx, recalled.presented(), recalled.from.clone()).await?;
        let Some(principal) = principal else {
            cx.readers.forget(&recalled.presented());
            return Err(Problem::new(Code::InvalidToken));
        };
        cx.readers.remember(&principal);
        let limited = matches!(principal.credential, Credential::Session { limited: true, .. });
        match found {
            Ok(found) if !limited && principal.caller == recalled.who.caller() => Ok((caller, found)),
            Ok(_) | Err(_) => {
                let asking = Asking::from(principal.grant()?);
                let found = find(&asking).await?;
                Ok((Caller { grant: asking.once_found(), language }, found))
            }
        }
    }
}

impl<P: Permission> FromRequest for Reader<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let recalled = request.extensions().get::<Recalled>().cloned();
        ready(match recalled {
            Some(recalled) => Asking::recalled(recalled)
                .map(|asking| Self { asking, language: preferred_language(request) })
                .map_err(Problem::from),
            None => Caller::from_request(request, payload)
                .into_inner()
                .map(|Caller { grant, language }| Self { asking: grant.into(), language }),
        })
    }
}
