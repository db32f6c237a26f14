//! `Idempotency-Key`: the same request under the same key is done once.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use sha2::{Digest, Sha256};
use usecases::Claim;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::problem::{At, Code, FieldError, Problem};

/// The header's name.
pub(crate) const HEADER: &str = "Idempotency-Key";

/// The header of a request that may be repeated.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only documents the header that an extractor reads")]
pub(crate) struct IdempotencyHeader {
    /// Any text that is unique to this request: a repeat within 24 hours gets the first answer again.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255, example = "8c1d-marche-nord-12")]
    idempotency_key: Option<String>,
}

/// The key of a request, if it has one, and what the request is.
pub(crate) struct Idempotency {
    key: Option<String>,
    request: Sha256,
}

impl Idempotency {
    /// The claim of a client on the key, for a request with that body.
    pub(crate) fn claim(self, client: Uuid, body: &[u8; 32]) -> Option<Claim> {
        let fingerprint = self.request.chain_update(body).finalize().to_vec();
        self.key.map(|key| Claim { client, key, fingerprint })
    }
}

fn key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut headers = request.headers().get_all(HEADER);
    let Some(header) = headers.next() else { return Ok(None) };
    let text = header.to_str().ok().map(str::trim);
    match text.filter(|text| (1..=255).contains(&text.len())) {
        Some(text) if headers.next().is_none() => Ok(Some(text.to_owned())),
        _ => {
            let texts =
                ("Attendu : une clé de 1 à 255 caractères ASCII.", "Expected: one key of 1 to 255 ASCII characters.");
            let error = FieldError::new(At::Header(HEADER), "bad_value", texts);
            Err(Problem::new(Code::InvalidHeader).errors(vec![error]))
        }
    }
}

impl Idempotency {
    /// A request as its form carries it: the key stands in a field.
    pub(crate) fn of_form(request: &HttpRequest, key: Option<String>) -> Self {
        Self { key, request: describe(request) }
    }

    /// A request as a program sends it.
    pub(crate) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        key(request).map(|key| Self { key, request: describe(request) })
    }
}

fn describe(request: &HttpRequest) -> Sha256 {
    Sha256::new().chain_update(request.method().as_str()).chain_update(request.path())
}

impl FromRequest for Idempotency {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
