//! A letter as it would be written.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, VARY};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get};
use auth::permission::PreviewLetters;
use domain::language::Language;
use domain::letter::LetterName;
use serde::Serialize;
use usecases::Context;
use usecases::notification::About;
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;
use crate::request::accept::rather;
use crate::request::caller::Caller;
use crate::request::query::Query;
use crate::ticket::named;

/// The letter runs no script, fetches nothing and is of no origin, whatever a city wrote into it.
const POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Which letter.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Asked` takes")]
pub(crate) struct WhichLetter {
    /// Its name, which is that of its words without the language: `outcome.resident`, `received`, `turns`, `digest`,
    /// `late`, `list.cafe`, `unplaced_mail`, `invitation`… A wrong one is answered with all of them.
    #[param(required = true, example = "outcome.resident")]
    letter: String,
    /// The language that it is written in: `fr`, the default, or `en`.
    language: Option<Language>,
    /// The ticket that it tells of, by id or reference; when absent, all of it is made up.
    #[param(example = "AMI-26-004217")]
    ticket: Option<String>,
}

/// A letter.
#[derive(Serialize, ToSchema)]
#[schema(as = Letter)]
pub(crate) struct LetterView {
    /// The subject.
    #[schema(examples("Votre demande AMI-26-004217 est prise en charge"))]
    subject: String,
    /// The part of plain text.
    text: String,
    /// The part of HTML: a document of its own.
    html: String,
}

/// What was asked for.
pub(crate) struct Asked {
    about: About,
    html: bool,
}

impl FromRequest for Asked {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut query = Query::of(request);
        let letters: Vec<String> = LetterName::all().map(|letter| letter.to_string()).collect();
        let letter = query.needed("letter", letters.join(" / ").as_str(), LetterName::from_name);
        let language = query.one("language", "fr / en", |tag| match tag {
            "fr" => Some(Language::Fr),
            "en" => Some(Language::En),
            _ => None,
        });
        let ticket = query.one("ticket", ("une saisine, par id ou référence", "a ticket, by id or reference"), named);
        let html = rather(request, "text/html", "application/json");
        ready(
            query
                .finish_with(letter)
                .map(|letter| Self { about: About { letter, language: language.unwrap_or_default(), ticket }, html }),
        )
    }
}

/// See a letter as it would be written
///
/// With the city's own words, if it wrote some; of the last such letter that was written about the ticket, sent or not
/// (`no_such_turn` when none was). Within the reader's reach, and nothing is sent: the links of residents and partners lead nowhere. As HTML when `Accept` asks for it, else as
/// JSON.
#[utoipa::path(
    operation_id = "notification_preview",
    tag = "notifications",
    params(WhichLetter),
    responses(
        (status = 200, description = "The letter", content((LetterView = "application/json"), (String = "text/html"))),
        (status = 404, description = "There is no such ticket within the reader's reach: `not_found`"),
        (status = 409, description = "The letter tells of nothing that happened to the ticket: `no_such_turn`"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/notifications/preview")]
pub(crate) async fn preview(
    caller: Caller<PreviewLetters>,
    cx: Data<Context>,
    asked: Asked,
) -> Result<HttpResponse, Problem> {
    let letter = usecases::notification::preview(&cx, &caller.grant, &asked.about).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_LANGUAGE, asked.about.language.tag())).insert_header((VARY, "Accept"));
    Ok(if asked.html {
        response
            .content_type("text/html; charset=utf-8")
            .insert_header((CONTENT_SECURITY_POLICY, POLICY))
            .body(letter.html)
    } else {
        response.json(LetterView { subject: letter.subject, text: letter.text, html: letter.html })
    })
}
