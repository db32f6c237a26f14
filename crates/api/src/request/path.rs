//! Ids in paths. A text that is not an id names nothing: 404.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use uuid::Uuid;

use crate::problem::{Code, Problem};

/// Which part of a path holds an id.
pub(crate) trait IdPath {
    /// The part's name in the route.
    const NAME: &'static str;
}

/// Says which part of a path holds an id.
macro_rules! id_path {
    ($name:ty, $part:literal) => {
        impl $crate::request::path::IdPath for $name {
            const NAME: &'static str = $part;
        }
    };
}
pub(crate) use id_path;

/// The id in a path.
pub(crate) struct Id<P> {
    pub(crate) value: Uuid,
    path: PhantomData<P>,
}

impl<P: IdPath> FromRequest for Id<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get(P::NAME).and_then(|text| text.parse().ok());
        ready(id.map(|value| Self { value, path: PhantomData }).ok_or_else(|| Problem::new(Code::NotFound)))
    }
}
