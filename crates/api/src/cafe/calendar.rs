//! The calendar of the announced cafés, to which calendar programs subscribe.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use domain::cafe::{Cafe, State};
use domain::city::City;
use domain::id::{AreaCode, ZoningCode};
use usecases::Context;
use utoipa::IntoParams;

use super::ical::{Ical, utc};
use crate::problem::Problem;
use crate::reply;
use crate::request::query::Query;

/// How often a calendar program looks: what is announced or called off this morning is seen at noon.
const LOOK_EVERY: &str = "PT3H";

/// What the calendar can be narrowed by.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameter that `Query` takes")]
pub(crate) struct CafeCalendar {
    /// In one of these areas, each as `zoning:area`.
    #[param(explode = true, example = json!(["secteurs:nord"]))]
    area: Option<Vec<String>>,
}

/// Subscribe to the calendar of cafés
///
/// An iCalendar feed (RFC 5545, RFC 7986) for calendar programs and web sites: the announced cafés of the last 12 months and
/// all that are to come, 1000 at most, also those that were called off since (`STATUS:CANCELLED`). Nobody logs in; it tells
/// of no person. With `If-None-Match`, what one has already is not sent again.
#[utoipa::path(
    operation_id = "cafe_calendar",
    tag = "cafes",
    params(CafeCalendar),
    responses(
        (status = 200, description = "The calendar", body = String, content_type = "text/calendar", headers(("ETag" = String, description = "Changes with the calendar"), ("Cache-Control" = String, description = "For how long it may be kept"))),
        (status = 304, description = "You have it already"),
    ),
    security(())
)]
#[get("/v1/cafes.ics")]
pub(crate) async fn calendar(cx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let loaded = cx.city()?;
    let mut query = Query::of(&request);
    let areas = query.each("area", "zoning:area", crate::city::area);
    for (zoning, area) in &areas {
        if loaded.city.zoning(zoning).is_none_or(|zoning| zoning.area(area).is_none()) {
            let (fr, en) = (
                format!("La ville ne connaît pas « {zoning}:{area} »."),
                format!("The city knows no “{zoning}:{area}”."),
            );
            query.fault("area", "unknown_code", fr, en);
        }
    }
    query.finish()?;
    let cafes = usecases::cafe::announced(&cx, &areas).await?;
    let text = text(&loaded.city, &areas, &cafes);
    Ok(reply::cached(&request, "text/calendar; charset=utf-8", "public, max-age=900", text))
}

fn text(city: &City, areas: &[(ZoningCode, AreaCode)], cafes: &[Cafe]) -> String {
    let of_area = |(zoning, area): &(ZoningCode, AreaCode)| Some(city.zoning(zoning)?.area(area)?.name.as_str());
    let areas: Vec<&str> = areas.iter().filter_map(of_area).collect();
    let name = match areas.as_slice() {
        [] => format!("Cafés avec un policier – {}", city.settings.name),
        areas => format!("Cafés avec un policier – {} – {}", city.settings.name, areas.join(" – ")),
    };
    let mut ical = Ical::default();
    ical.line("BEGIN", "VCALENDAR");
    ical.line("VERSION", "2.0");
    ical.line("PRODID", "-//Continuum//Cafes//FR");
    ical.line("CALSCALE", "GREGORIAN");
    // RFC 7986, and what came before it and is still read by more programs.
    for property in ["NAME", "X-WR-CALNAME"] {
        ical.text(property, &name);
    }
    ical.line("X-WR-TIMEZONE", city.zone().name());
    ical.line("REFRESH-INTERVAL;VALUE=DURATION", LOOK_EVERY);
    ical.line("X-PUBLISHED-TTL", LOOK_EVERY);
    for cafe in cafes {
        event(&mut ical, cafe);
    }
    ical.line("END", "VCALENDAR");
    ical.into()
}

fn event(ical: &mut Ical, cafe: &Cafe) {
    let (status, title) = match cafe.state {
        State::Planned | State::Held | State::Reported => ("CONFIRMED", cafe.title.to_string()),
        // Programs that do not show the status show the title.
        State::Cancelled => ("CANCELLED", format!("Annulé : {}", cafe.title)),
    };
    ical.line("BEGIN", "VEVENT");
    ical.line("UID", &cafe.id.to_string());
    // Without a METHOD, DTSTAMP is when it was last changed (RFC 5545, 3.8.7.2).
    for property in ["DTSTAMP", "LAST-MODIFIED"] {
        ical.line(property, &utc(cafe.changed_at));
    }
    ical.line("SEQUENCE", &cafe.version.to_string());
    ical.line("STATUS", status);
    ical.line("DTSTART", &utc(cafe.starts_at));
    ical.line("DTEND", &utc(cafe.ends_at));
    ical.text("SUMMARY", &title);
    if let Some(address) = &cafe.place.address {
        ical.text("LOCATION", address.as_str());
    }
    ical.line("GEO", &format!("{:.6};{:.6}", cafe.place.point.lat, cafe.place.point.lon));
    ical.line("END", "VEVENT");
}
