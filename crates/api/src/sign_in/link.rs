//! Whether an account is to be linked with the identity that the browser came back with: a page that asks, and the answer.

use actix_web::cookie::{Cookie, time};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse, post};
use minijinja::context;
use serde::Deserialize;
use usecases::Context;
use usecases::session::linking::{ASKED, Question, confirm};

use super::{COOKIE, cookie, refused, without_cookie};
use crate::front::Front;
use crate::page;
use crate::problem::{Code, Problem, preferred_language};
use crate::request::caller::Visitor;

/// What the form sends.
#[derive(Deserialize)]
struct Answer {
    answer: String,
}

/// The page that asks.
pub(super) fn ask(request: &HttpRequest, front: &Front, question: &Question) -> Result<HttpResponse, Problem> {
    let page = context! {
        language => preferred_language(request).tag(),
        provider => front.sign_in().unwrap_or_default(),
        issuer => question.issuer.as_str(),
        called => question.called.as_str(),
        name => question.user.name.as_str(),
        email => question.user.email.as_str(),
        answer => question.answer.expose(),
    };
    let mut response = page::form(StatusCode::OK, "link_identity.html", page)?;
    let kept = cookie(question.cookie.expose().to_owned(), time::Duration::minutes(ASKED.num_minutes()));
    response.add_cookie(&kept).map_err(|_| Problem::new(Code::Internal))?;
    Ok(response)
}

#[post("/sign-in/link")]
pub(super) async fn link(
    request: HttpRequest,
    Visitor(origin): Visitor,
    cx: Data<Context>,
    form: Result<Form<Answer>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let form = form.map_err(|_| Problem::new(Code::InvalidRequest))?;
    let held = request.cookie(COOKIE);
    let answer = match confirm(&cx, held.as_ref().map(Cookie::value), &form.answer, &origin).await {
        Ok(user) => {
            let language = preferred_language(&request).tag();
            let page = context! { language, linked => true, name => user.name.as_str() };
            page::form(StatusCode::OK, "signed_in.html", page)?
        }
        Err(error) => refused(&request, &cx, error)?,
    };
    without_cookie(&request, answer)
}
