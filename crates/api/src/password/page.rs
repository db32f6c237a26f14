//! The page that the link in an invitation leads to, or in the e-mail for a forgotten password. A form without script;
//! looking at it uses nothing up, because mail scanners look. The token is all that the form proves, and it stands in
//! the address: there is no cookie that another site could ride on.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, FormConfig, Path};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use minijinja::context;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use usecases::Context;
use usecases::password::PasswordError;

use crate::front::Front;
use crate::page;
use crate::problem::{Code, Problem, preferred_language};
use crate::request::caller::Visitor;

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    password: SecretString,
    again: SecretString,
}

fn show_form(request: &HttpRequest, email: &str, error: Option<String>) -> Result<HttpResponse, Problem> {
    let language = preferred_language(request).tag();
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let sign_in = request.app_data::<Data<Front>>().and_then(|front| front.sign_in());
    page::form(status, "password.html", context! { language, email, error, sign_in, path => request.path() })
}

fn show_lost(request: &HttpRequest) -> Result<HttpResponse, Problem> {
    page::form(StatusCode::GONE, "password_lost.html", context! { language => preferred_language(request).tag() })
}

#[get("/account/{token}")]
pub(super) async fn show(
    request: HttpRequest,
    cx: Data<Context>,
    token: Path<String>,
) -> Result<HttpResponse, Problem> {
    match usecases::password::of_link(&cx, &token).await? {
        Some(user) => show_form(&request, &user.email, None),
        None => show_lost(&request),
    }
}

#[post("/account/{token}")]
pub(super) async fn submit(
    request: HttpRequest,
    Visitor(origin): Visitor,
    cx: Data<Context>,
    token: Path<String>,
    chosen: Result<Form<Chosen>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let chosen = chosen.map_err(|_| Problem::new(Code::InvalidRequest))?;
    let Some(user) = usecases::password::of_link(&cx, &token).await? else { return show_lost(&request) };
    let language = preferred_language(&request);
    if chosen.password.expose_secret() != chosen.again.expose_secret() {
        let texts = ("Les deux mots de passe ne sont pas les mêmes.", "The two passwords are not the same.");
        return show_form(&request, &user.email, Some(language.pick(texts).to_owned()));
    }
    match usecases::password::choose(&cx, &token, &chosen.password, &origin).await {
        Ok(device) => {
            let language = language.tag();
            page::form(StatusCode::OK, "password_chosen.html", context! { language, email => user.email, device })
        }
        Err(PasswordError::LinkInvalid) => show_lost(&request),
        Err(PasswordError::Weak(weak)) => {
            let (_, fr, en) = super::weakness(weak);
            show_form(&request, &user.email, Some(language.pick((&fr, &en)).to_owned()))
        }
        Err(error) => Err(super::problem(error, "/password")),
    }
}

/// How much the form may send.
pub(crate) fn form_config() -> FormConfig {
    web::FormConfig::default().limit(8 * 1024)
}
