//! Who reads tickets: those three requests that are asked for most, answered in one statement where it can be.

use std::future::{Ready, ready};

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::Method;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use auth::permission::ReadTickets;
use auth::{Credential, Presented, Recalled};
use domain::language::Language;
use domain::rights::Caller as Who;
use usecases::{Context, Reader};

use super::caller::Caller;
use crate::openapi;
use crate::problem::{Code, Problem, preferred_language};
use crate::ticket::named;

/// Whether a request asks for a list of tickets, one ticket or its timeline, and nothing is wrong with it that the guard tells those
/// who are known.
pub(crate) fn is_for_readers(request: &ServiceRequest) -> bool {
    let of_one = |path: &str| {
        let name = path.strip_prefix("/v1/tickets/")?;
        let (name, has_query) = match name.strip_suffix("/timeline") {
            Some(name) => (name, true),
            None => (name, false),
        };
        Some(named(name).is_some() && (has_query || request.query_string().is_empty()) && !openapi::has_path(path))
    };
    *request.method() == Method::GET
        && !request.headers().contains_key(CONTENT_ENCODING)
        && (request.path() == "/v1/tickets" || of_one(request.path()).unwrap_or(false))
}

/// Somebody who reads tickets: known, or recalled.
pub(crate) struct TicketReader {
    reader: Reader,
    recalled: Option<Recalled>,
    language: Language,
}

impl TicketReader {
    /// What is found for them. When nothing is, or the request is refused, and they are recalled: who they are now, and if that is
    /// somebody else, what is found for them then.
    pub(crate) async fn find<T>(
        self,
        cx: &Context,
        find: impl AsyncFn(&Reader) -> Result<T, Problem>,
        is_found: impl FnOnce(&T) -> bool,
    ) -> Result<(Caller<ReadTickets>, T), Problem> {
        let Self { reader, recalled, language } = self;
        let caller = |reader: Reader| Caller { grant: reader.into_who(), language };
        let found = find(&reader).await;
        let settled = match &found {
            Ok(found) => is_found(found),
            Err(problem) => problem.status().is_server_error(),
        };
        match recalled {
            Some(Recalled { person, session, from }) if !settled => {
                let presented = Presented::Session { user: person.user, session };
                let principal = usecases::authenticate(cx, presented, from).await?;
                let Some(principal) = principal else {
                    cx.readers.forget(session);
                    return Err(Problem::new(Code::InvalidToken));
                };
                cx.readers.remember(&principal);
                let limited = matches!(principal.credential, Credential::Session { limited: true, .. });
                if !limited && principal.caller == Who::Person(person) {
                    return Ok((caller(reader), found?));
                }
                let reader = Reader::known(principal.grant()?);
                let found = find(&reader).await?;
                Ok((caller(reader), found))
            }
            Some(_) | None => Ok((caller(reader), found?)),
        }
    }
}

impl FromRequest for TicketReader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let recalled = request.extensions().get::<(Recalled, Reader)>().cloned();
        ready(match recalled {
            Some((recalled, reader)) => {
                Ok(Self { reader, recalled: Some(recalled), language: preferred_language(request) })
            }
            None => Caller::from_request(request, payload).into_inner().map(|Caller { grant, language }| Self {
                reader: Reader::known(grant),
                recalled: None,
                language,
            }),
        })
    }
}
