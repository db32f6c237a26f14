//! What the city says of personal data, filled from its configuration: a notice for residents (RGPD, articles 13 and 14), and
//! the entry of its register (article 30).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ManagePersonalData;
use domain::city::City;
use domain::city::organisation::ServiceKind;
use domain::language::Language;
use minijinja::value::Serde;
use minijinja::{Value, context};
use usecases::Context;

use crate::page;
use crate::problem::{Problem, preferred_language};
use crate::request::caller::Caller;

const STYLE: &str = include_str!("../../templates/privacy.css");

/// The path of the notice.
const NOTICE: &str = "v1/privacy-notice";

fn services(city: &City, kind: ServiceKind, language: Language) -> String {
    let those = city.services.iter().filter(|service| service.kind == kind);
    those.map(|service| service.name.in_language(language)).collect::<Vec<_>>().join(", ")
}

/// What both say.
fn told(city: &City, language: Language) -> Value {
    let settings = &city.settings;
    let retention = &settings.retention;
    context! {
        language => language.tag(),
        city => settings.name.as_str(),
        insee => settings.insee.as_str(),
        sender => Serde(&settings.sender),
        officer => settings.data_protection.as_ref().map(|known| known.officer.as_str()),
        municipal => services(city, ServiceKind::Municipal, language),
        partners => services(city, ServiceKind::Partner, language),
        kept => context! {
            contact => retention.contact.words(language),
            texts => retention.texts.words(language),
            rows => retention.rows.words(language),
        },
        at_most => retention.at_most,
        second_factor => !settings.second_factor_required_for.is_empty(),
        style => Value::from_safe_string(STYLE.to_owned()),
    }
}

fn rendered(name: &str, context: Value) -> Result<HttpResponse, Problem> {
    Ok(page::whole(page::render(name, context)?, STYLE))
}

/// See the notice on personal data
///
/// What the city tells residents of their personal data (RGPD, articles 13 and 14), from its configuration: who keeps what, why,
/// for how long, and what they may ask. A page that prints on one side of A4, for the stand of a café; in French, or English by
/// `Accept-Language`.
#[utoipa::path(
    operation_id = "privacy_notice",
    tag = "residents",
    responses((status = 200, description = "A page", body = String, content_type = "text/html")),
    security(())
)]
#[get("/v1/privacy-notice")]
pub(crate) async fn notice(cx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    rendered("privacy_notice.html", told(&cx.city()?.city, preferred_language(&request)))
}

/// See the register's entry
///
/// The entry of the city's register of processing activities (RGPD, article 30), in French, from its configuration: a page that
/// prints on A4. For dispatchers.
#[utoipa::path(
    operation_id = "processing_record",
    tag = "residents",
    responses((status = 200, description = "A page", body = String, content_type = "text/html")),
    security(("bearer" = []))
)]
#[get("/v1/processing-record")]
pub(crate) async fn record(_caller: Caller<ManagePersonalData>, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    let city = &cx.city()?.city;
    let today = city.zone().local(cx.now()).format("%d/%m/%Y").to_string();
    let link = format!("{}/{NOTICE}", cx.source.trim_end_matches('/'));
    rendered("processing_record.html", context! { today, notice => link, ..told(city, Language::Fr) })
}
