//! What the forms of our pages send: the same fields as a JSON body, checked against the same schema. There is no
//! cookie in Continuum that another site's form could ride on; what such a form proves stands in its address or in its
//! fields.

use std::pin::Pin;

use actix_web::rt::time::timeout;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, dev::Payload};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::body::{self, Body, Input, PATIENCE};
use crate::problem::{Code, Problem};

/// The type of what a form sends.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// A type of bodies that forms send too.
pub(crate) trait FormInput: Input {
    /// The fields that are boxes to tick: `true` when ticked, absent when not.
    const BOXES: &'static [&'static str] = &[];
}

/// A body that may come from a form.
pub(crate) struct Sent<T> {
    /// Whether it does: then a person reads the answer.
    pub(crate) by_form: bool,
    /// What it says, or what is wrong with it.
    pub(crate) value: Result<T, Problem>,
}

impl<T: FormInput> FromRequest for Sent<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let by_form = request.content_type().eq_ignore_ascii_case(FORM);
        if !by_form {
            let body = Body::<T>::from_request(request, payload);
            return Box::pin(async move { Ok(Self { by_form, value: Ok(body.await?.value) }) });
        }
        let payload = payload.take();
        Box::pin(async move {
            let bytes = timeout(PATIENCE, body::read(payload, T::MAX));
            let bytes = bytes.await.map_err(|_| Problem::new(Code::RequestTimeout))??;
            let json = Value::Object(fields::<T>(&bytes)).to_string();
            Ok(Self { by_form, value: body::parse(json.as_bytes()).map(|body| body.value) })
        })
    }
}

/// The fields that were filled in.
fn fields<T: FormInput>(bytes: &[u8]) -> Map<String, Value> {
    let filled = form_urlencoded::parse(bytes).filter(|(_, text)| !text.trim().is_empty());
    let field = |name: &str, text: &str| match text {
        "true" if T::BOXES.contains(&name) => Value::Bool(true),
        // A browser sends line breaks as CRLF (HTML, 4.10.21.8).
        text => Value::String(text.replace("\r\n", "\n")),
    };
    filled.map(|(name, text)| (name.to_string(), field(&name, &text))).collect()
}
