//! Signing in at the organisation's identity provider: pages that the browser passes through. They belong to no contract;
//! a program sends the browser to `/sign-in?return_to=…&state=…&code_challenge=…&code_challenge_method=S256`, and gets a code
//! back in the fragment, which no server sees.

mod link;

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get};
use auth::oidc::{Callback, OidcError};
use auth::pkce::Challenge;
use minijinja::context;
use serde::Deserialize;
use url::form_urlencoded;
use usecases::Context;
use usecases::session::sign_in::{self, AT_PROVIDER, Finished, Return, SignInError, Wish};

use crate::front::Front;
use crate::page;
use crate::problem::{At, Code, FieldError, Problem, preferred_language};
use crate::request::caller::Visitor;

pub(crate) fn pages(config: &mut ServiceConfig) {
    config.service(start).service(start_linking).service(callback).service(link::link).service(signed_out);
}

/// The browser sends it back to this host only, over HTTPS only (RFC 6265bis, 4.1.3.2).
const COOKIE: &str = "__Host-continuum-sign-in";

/// The longest `state` that a program gets back, characters.
const MAX_STATE: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    return_to: Option<String>,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

fn cookie(value: String, lives: time::Duration) -> Cookie<'static> {
    Cookie::build(COOKIE, value)
        .path("/")
        .http_only(true)
        .secure(true)
        // The browser comes back from the provider, by a link.
        .same_site(SameSite::Lax)
        .max_age(lives)
        .finish()
}

async fn go(request: &HttpRequest, cx: &Context, wish: Wish) -> Result<HttpResponse, Problem> {
    match sign_in::start(cx, wish).await {
        Ok(started) => {
            let lives = time::Duration::minutes(AT_PROVIDER.num_minutes());
            let mut response = HttpResponse::SeeOther();
            response.cookie(cookie(started.cookie.expose().to_owned(), lives));
            Ok(response.insert_header((LOCATION, started.url.as_str())).finish())
        }
        Err(error) => refused(request, cx, error),
    }
}

fn wrong(name: &str, fr: &str, en: &str) -> Problem {
    let error = FieldError::new(At::Query(name.to_owned()), "bad_value", (fr, en));
    Problem::new(Code::InvalidParameter).errors(vec![error])
}

#[get("/sign-in")]
async fn start(
    request: HttpRequest,
    cx: Data<Context>,
    front: Data<Front>,
    query: Result<Query<Start>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    if cx.provider.is_none() {
        return Err(Problem::new(Code::NotFound));
    }
    let query = query.map_err(|_| {
        wrong(
            "return_to",
            "Attendu : « return_to » et « state », « code_challenge » et « code_challenge_method ».",
            "Expected: return_to and state, code_challenge and code_challenge_method.",
        )
    })?;
    go(&request, &cx, query.into_inner().wish(&front)?).await
}

impl Start {
    /// What the program wishes for, as far as it may.
    fn wish(self, front: &Front) -> Result<Wish, Problem> {
        let Self { return_to, state, code_challenge, code_challenge_method } = self;
        // To the letter (RFC 9700, 2.1): what a URL may be written like is not for us to judge.
        let listed = |text: &String| front.return_urls().iter().find(|url| url.as_str() == text).cloned();
        let return_to = match return_to {
            Some(text) => Some(listed(&text).ok_or_else(|| {
                wrong(
                    "return_to",
                    "Cette adresse n’est pas, à la lettre, l’une de celles qui sont admises (--return-url).",
                    "This address is not, to the letter, one of those that are allowed (--return-url).",
                )
            })?),
            None => None,
        };
        if state.as_ref().is_some_and(|state| state.chars().count() > MAX_STATE) {
            return Err(wrong("state", "Au plus 200 caractères.", "At most 200 characters."));
        }
        if code_challenge_method.as_deref() != Some("S256") {
            return Err(wrong("code_challenge_method", "Attendu : « S256 ».", "Expected: S256."));
        }
        let challenge = code_challenge.as_deref().and_then(Challenge::parse).ok_or_else(|| {
            wrong(
                "code_challenge",
                "Attendu : le SHA-256 de « code_verifier », en base64url (RFC 7636).",
                "Expected: the SHA-256 of code_verifier, in base64url (RFC 7636).",
            )
        })?;
        Ok(Wish { link: None, return_to, state, challenge: Some(challenge) })
    }
}

/// From the page of an invitation, or of a forgotten password: the account will be linked with the identity, once its
/// owner has said so on a page ([`link`]). Nothing is used up before.
#[get("/account/{token}/sign-in")]
async fn start_linking(request: HttpRequest, cx: Data<Context>, token: Path<String>) -> Result<HttpResponse, Problem> {
    if usecases::password::of_link(&cx, &token).await?.is_none() {
        return refused(&request, &cx, SignInError::LinkInvalid);
    }
    go(&request, &cx, Wish { link: Some(token.into_inner()), ..Wish::default() }).await
}

#[get("/sign-in/callback")]
async fn callback(
    request: HttpRequest,
    Visitor(origin): Visitor,
    cx: Data<Context>,
    front: Data<Front>,
    query: Result<Query<Callback>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let held = request.cookie(COOKIE);
    let answer = query.map(Query::into_inner).unwrap_or_default();
    let outcome = sign_in::finish(&cx, held.as_ref().map(Cookie::value), answer, &origin).await;
    match outcome {
        Ok(Return::Asked(question)) => link::ask(&request, &front, &question),
        Ok(Return::SignedIn(finished)) => without_cookie(&request, back(&request, &finished)?),
        Err(error) => without_cookie(&request, refused(&request, &cx, error)?),
    }
}

/// What the browser kept has served.
fn without_cookie(request: &HttpRequest, mut response: HttpResponse) -> Result<HttpResponse, Problem> {
    if request.cookie(COOKIE).is_some() {
        let gone = cookie(String::new(), time::Duration::ZERO);
        response.add_cookie(&gone).map_err(|_| Problem::new(Code::Internal))?;
    }
    Ok(response)
}

/// To the program that asked, or to a page that shows the code.
fn back(request: &HttpRequest, finished: &Finished) -> Result<HttpResponse, Problem> {
    let Finished { code, user, wish } = finished;
    if let Some(mut url) = wish.return_to.clone() {
        let mut fragment = form_urlencoded::Serializer::new(String::new());
        fragment.append_pair("code", code.expose());
        if let Some(state) = &wish.state {
            fragment.append_pair("state", state);
        }
        url.set_fragment(Some(&fragment.finish()));
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, url.as_str())).finish());
    }
    let language = preferred_language(request).tag();
    let page = context! { language, linked => false, name => user.name.as_str(), code => code.expose() };
    page::form(StatusCode::OK, "signed_in.html", page)
}

/// Why somebody is not signed in, on a page that says what to do.
fn refused(request: &HttpRequest, cx: &Context, error: SignInError) -> Result<HttpResponse, Problem> {
    let (status, why) = match error {
        SignInError::NotConfigured => return Err(Problem::new(Code::NotFound)),
        SignInError::Session(error) => return Err(error.into()),
        SignInError::UnknownPerson => (StatusCode::FORBIDDEN, "unknown"),
        SignInError::SomebodyElse => (StatusCode::FORBIDDEN, "somebody_else"),
        SignInError::SecondFactor => (StatusCode::FORBIDDEN, "second_factor"),
        SignInError::Provider(OidcError::SiretMissing | OidcError::SiretNotAllowed { .. }) => {
            (StatusCode::FORBIDDEN, "siret")
        }
        SignInError::LinkInvalid => (StatusCode::GONE, "link"),
        SignInError::Provider(OidcError::Unreachable | OidcError::Unintelligible) => {
            (StatusCode::BAD_GATEWAY, "provider")
        }
        SignInError::Provider(ref error) => {
            tracing::warn!(%error, "a sign-in was refused");
            (StatusCode::BAD_REQUEST, "again")
        }
        SignInError::NoAttempt | SignInError::CodeInvalid => (StatusCode::BAD_REQUEST, "again"),
    };
    let sender = cx.city().ok().map(|loaded| loaded.city.settings.sender.clone());
    let ask = sender.map(|sender| context! { name => sender.name, email => sender.email, phone => sender.phone });
    let language = preferred_language(request).tag();
    page::form(status, "sign_in_refused.html", context! { language, why, ask })
}

#[get("/signed-out")]
async fn signed_out(request: HttpRequest) -> Result<HttpResponse, Problem> {
    page::form(StatusCode::OK, "signed_out.html", context! { language => preferred_language(&request).tag() })
}
