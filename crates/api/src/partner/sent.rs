//! What was sent to do something: JSON by a program, with its headers, or the page's form, with hidden fields in their place.

use std::collections::BTreeMap;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::problem::{Code, Problem};
use crate::request::body::{self, Body, Input};
use crate::request::idempotency::Idempotency;
use crate::request::{conditional, form};

/// What was sent.
pub(super) struct Sent<T> {
    /// What it says.
    pub(super) body: Result<Body<T>, Problem>,
    /// The versions of the ticket that were seen.
    pub(super) seen: Result<Vec<i64>, Problem>,
    /// Under which key.
    pub(super) key: Result<Idempotency, Problem>,
    /// The fields as they were typed, when it is the page's form.
    pub(super) form: Option<BTreeMap<String, String>>,
}

impl<T: Input> FromRequest for Sent<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !form::sent(request) {
            let seen = conditional::versions(request);
            let key = Idempotency::of(request);
            let body = Body::from_request(request, payload);
            return Box::pin(async move { Ok(Self { body: body.await, seen, key, form: None }) });
        }
        let (declared, request, payload) = (body::Declared::of(request), request.clone(), payload.take());
        Box::pin(async move {
            let bytes = body::read(declared, payload, T::MAX).await;
            Ok(of_form(&request, bytes))
        })
    }
}

fn of_form<T: Input>(request: &HttpRequest, bytes: Result<Vec<u8>, Problem>) -> Sent<T> {
    let typed = bytes.as_deref().map(form::typed).into_iter().flatten();
    let mut typed: BTreeMap<String, String> = typed.collect();
    let seen = typed.remove("version").and_then(|version| version.parse().ok());
    let key = typed.remove("key").filter(|key| (1..=255).contains(&key.len()));
    Sent {
        body: bytes.and_then(|_| form::parse(typed.clone(), &[])),
        seen: seen.map(|version| vec![version]).ok_or_else(|| Problem::new(Code::IfMatchNeeded)),
        key: Ok(Idempotency::of_form(request, key)),
        form: Some(typed),
    }
}
