//! The documentation, from inside this binary: the API explorer, the OpenAPI document, the page that explains problems,
//! the style sheet of the pages. Nothing is fetched from elsewhere.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION};
use actix_web::middleware::{DefaultHeaders, Next, from_fn};
use actix_web::{HttpResponse, get, web};
use minijinja::context;
use minijinja::value::Serde;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::openapi;
use crate::page;
use crate::problem::Problem;

/// Swagger UI sets styles from its script, and draws its icons from `data:` URLs.
const EXPLORER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(crate) fn routes(config: &mut web::ServiceConfig) {
    // "none": the explorer would otherwise show a badge that sends the document's address to a public validator.
    let explorer = Config::new(["/openapi.json"]).validator_url("none").deep_linking(true).try_it_out_enabled(true);
    config.service(explorer_root).service(document).service(problems).service(style).service(
        web::scope("")
            .wrap(DefaultHeaders::new().add((CONTENT_SECURITY_POLICY, EXPLORER_POLICY)))
            .wrap(from_fn(with_charset))
            .service(SwaggerUi::new("/docs/{_:.*}").config(explorer)),
    );
}

/// Says in which encoding a text is: Swagger UI's do not.
async fn with_charset(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let text = media_type.filter(|media_type| media_type.starts_with("text/") && !media_type.contains(';'));
    if let Some(Ok(value)) = text.map(|text| HeaderValue::try_from(format!("{text}; charset=utf-8"))) {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    Ok(response)
}

#[get("/docs")]
async fn explorer_root() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/docs/")).finish()
}

#[get("/openapi.json")]
async fn document() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("Cache-Control", "public, max-age=300"))
        .body(openapi::TEXT)
}

#[get("/docs/problems")]
async fn problems() -> Result<HttpResponse, Problem> {
    Ok(page::answer(page::render("problems.html", context! { problems => Serde(openapi::problems()) })?))
}

#[get("/assets/continuum.css")]
async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header(("Cache-Control", "public, max-age=3600"))
        .body(include_str!("../templates/continuum.css"))
}
