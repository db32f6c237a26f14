//! Who asks. Synchronous extractors, placed first in every handler that needs them: a bad body never answers before 401.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use auth::{Grant, Permission, Principal};
use domain::language::Language;
use usecases::Origin;

use crate::guard::Identified;
use crate::problem::{Code, Problem, preferred_language};

/// A person who has logged in, be it that they have to set up a second factor first.
pub(crate) struct LoggedIn {
    pub(crate) own: auth::LoggedIn,
    pub(crate) origin: Origin,
}

/// Somebody who may do `P`, and the language that they prefer.
pub(crate) struct Caller<P: Permission> {
    pub(crate) grant: Grant<P>,
    pub(crate) language: Language,
}

/// Anybody: where the request came from.
pub(crate) struct Visitor(pub(crate) Origin);

fn principal(request: &HttpRequest) -> Result<Principal, Problem> {
    let identified = request.extensions().get::<Identified>().cloned();
    identified.ok_or_else(|| Problem::new(Code::Internal))?.0
}

fn origin(request: &HttpRequest) -> Origin {
    request.extensions().get::<Origin>().cloned().unwrap_or_default()
}

fn logged_in(request: &HttpRequest) -> Result<LoggedIn, Problem> {
    let own = principal(request)?.logged_in().ok_or_else(|| {
        Problem::new(Code::MissingRight).detail(("Ceci est réservé aux personnes.", "This is for people only."))
    })?;
    Ok(LoggedIn { own, origin: origin(request) })
}

impl FromRequest for LoggedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(logged_in(request))
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

/// The language that somebody prefers.
pub(crate) struct Preferred(pub(crate) Language);

impl FromRequest for Preferred {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(preferred_language(request))))
    }
}

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(origin(request))))
    }
}
