//! Who asks. Synchronous extractors, placed first in every handler that needs them: a bad body never answers before 401.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use auth::{Credential, Grant, Permission, Principal};
use domain::id::{SessionId, UserId};
use domain::language::Language;
use domain::rights::Caller as Who;
use usecases::Origin;

use crate::guard::Identified;
use crate::problem::{Code, Problem, preferred_language};

/// A person who has logged in, be it that they have to set up a second factor first.
pub(crate) struct LoggedIn {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
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
    let principal = principal(request)?;
    match (principal.caller, principal.credential) {
        (Who::Person(person), Credential::Session { id, .. }) => {
            Ok(LoggedIn { user: person.user, session: id, origin: origin(request) })
        }
        (Who::Person(_) | Who::Client(_), _) => {
            Err(Problem::new(Code::MissingRight)
                .detail(("Ceci est réservé aux personnes.", "This is for people only.")))
        }
    }
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
