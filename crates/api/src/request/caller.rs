//! Who asks. A synchronous extractor, placed first in every handler that needs it: a bad body never answers before 401.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use auth::{Grant, Permission, Principal, TokenError};
use domain::language::Language;
use usecases::Context;

use crate::problem::{Code, Problem, preferred_language};

/// Somebody who has logged in.
pub(crate) struct LoggedIn(pub(crate) Principal);

/// Somebody who may do `P`, and the language that they prefer.
pub(crate) struct Caller<P> {
    pub(crate) grant: Grant<P>,
    pub(crate) language: Language,
}

fn principal(request: &HttpRequest) -> Result<Principal, Problem> {
    let context = request.app_data::<Data<Context>>().ok_or_else(|| Problem::new(Code::Internal))?;
    let header = request.headers().get(AUTHORIZATION).ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    let token = header.to_str().ok().and_then(|value| value.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    let token = token.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    context.tokens.verify(token, context.now()).map_err(|error| match error {
        TokenError::Invalid => Problem::new(Code::Unauthenticated),
        TokenError::Expired => Problem::new(Code::TokenExpired),
    })
}

impl FromRequest for LoggedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(principal(request).map(Self))
    }
}

impl<P: Permission> FromRequest for Caller<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = || {
            let grant = principal(request)?.grant()?;
            Ok(Self { grant, language: preferred_language(request) })
        };
        ready(caller())
    }
}
