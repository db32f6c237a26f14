//! `/v1/partners`: what a partner without accounts sees of a ticket and does with it, through the link in its e-mail. The
//! token is the whole authorization: it stands in the address, so that there is no cookie that another site could ride on.
//! Each operation is there twice: as JSON for programs, and as a page with forms, without script, for people.

mod act;
pub(crate) mod message;
mod page;
mod photo;
mod read;
mod renew;
mod sent;
mod view;

use std::future::{Ready, ready};

use crate::openapi::Routes;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;

use crate::problem::Problem;

pub(crate) fn routes(config: &mut impl Routes) {
    config
        .service(read::read)
        .service(act::receive)
        .service(act::acknowledge)
        .service(act::refuse)
        .service(act::schedule)
        .service(act::start)
        .service(act::resolve)
        .service(message::message)
        .service(renew::renew)
        .service(photo::content)
        .service(photo::thumbnail);
}

/// The link that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct LinkPath {
    /// The token, as it stands in the link.
    #[param(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    token: String,
}

impl LinkPath {
    /// Where the link leads.
    fn page(&self) -> String {
        format!("/v1/partners/{}", self.token)
    }
}

impl FromRequest for LinkPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self { token: request.match_info().get("token").unwrap_or_default().to_owned() }))
    }
}
