//! What the forms of our pages send: the same fields as a JSON body, checked against the same schema. There is no
//! cookie in Continuum that another site's form could ride on; what such a form proves stands in its address or in its
//! fields.

use std::collections::BTreeMap;
use std::pin::Pin;

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use super::body::{self, Body, Input};
use super::form;
use crate::problem::Problem;

/// A type of bodies that forms send too.
pub(crate) trait FormInput: Input {
    /// The fields that are boxes to tick: `true` when ticked, absent when not.
    const BOXES: &'static [&'static str] = &[];
}

/// A body that may come from a form.
pub(crate) struct Sent<T> {
    /// The fields as they were typed, if it does: then a person reads the answer.
    pub(crate) form: Option<BTreeMap<String, String>>,
    /// What it says, or what is wrong with it.
    pub(crate) value: Result<T, Problem>,
}

impl<T: FormInput> FromRequest for Sent<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !form::sent(request) {
            let body = Body::<T>::from_request(request, payload);
            return Box::pin(async move { Ok(Self { form: None, value: Ok(body.await?.value) }) });
        }
        let (declared, payload) = (body::Declared::of(request), payload.take());
        Box::pin(async move {
            let bytes = body::read(declared, payload, T::MAX).await?;
            let typed: BTreeMap<String, String> = form::typed(&bytes).collect();
            Ok(Self { value: form::parse(typed.clone(), T::BOXES).map(|body| body.value), form: Some(typed) })
        })
    }
}
