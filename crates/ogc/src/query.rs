//! What a request for features asks: everything that is wrong with it is told at once, unknown parameters too
//! (`/req/core/query-param-unknown`, `/req/core/query-param-invalid`).

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use domain::city::City;
use domain::id::{AreaCode, ZoningCode};
use domain::place::Bounds;
use usecases::open311::Window;

use crate::answer::Wrong;
use crate::collection::Collection;

/// How many features, unless asked otherwise.
pub(crate) const DEFAULT_LIMIT: u64 = 100;
/// How many features at most.
pub(crate) const MAX_LIMIT: u64 = 1000;

/// Which features are asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) bounds: Option<Bounds>,
    pub(crate) during: Option<Window>,
    pub(crate) limit: u64,
    pub(crate) cursor: Option<String>,
    /// Properties, by name: values that they may have.
    pub(crate) filters: BTreeMap<String, String>,
}

impl Asked {
    pub(crate) fn filter(&self, name: &str) -> Option<&str> {
        self.filters.get(name).map(String::as_str)
    }

    /// The areas that are asked for: of each zoning, one.
    pub(crate) fn areas(&self) -> Vec<(ZoningCode, AreaCode)> {
        let areas = self
            .filters
            .iter()
            .filter_map(|(name, area)| Some((name.strip_prefix("area_")?.parse().ok()?, area.parse().ok()?)));
        areas.collect()
    }
}

fn pairs(request: &HttpRequest) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect()
}

/// Refuses any parameter.
pub(crate) fn none(request: &HttpRequest) -> Result<(), Wrong> {
    let unknown = pairs(request).into_iter().map(|(name, _)| {
        let fr = format!("Le paramètre « {name} » est inconnu ici : il n’y en a aucun.");
        let en = format!("The parameter “{name}” is unknown here: there are none.");
        (name, fr, en)
    });
    let unknown: Vec<_> = unknown.collect();
    if unknown.is_empty() { Ok(()) } else { Err(Wrong::parameters(unknown)) }
}

/// What is asked of a collection.
pub(crate) fn asked(request: &HttpRequest, collection: Collection, city: &City) -> Result<Asked, Wrong> {
    let properties = collection.properties(city);
    let filters: Vec<_> = properties.iter().filter(|property| property.filters).collect();
    let mut asked = Asked { limit: DEFAULT_LIMIT, ..Asked::default() };
    let (mut wrong, mut seen) = (Vec::new(), Vec::new());
    for (name, value) in pairs(request) {
        if seen.contains(&name) {
            let fr = format!("« {name} » ne se donne qu’une fois.");
            wrong.push((name.clone(), fr, format!("“{name}” is given once only.")));
            continue;
        }
        seen.push(name.clone());
        let fault = match name.as_str() {
            "bbox" => bbox(&value).map(|bounds| asked.bounds = Some(bounds)).err(),
            "datetime" => datetime(&value).map(|window| asked.during = Some(window)).err(),
            "limit" => limit(&value).map(|limit| asked.limit = limit).err(),
            "cursor" => {
                asked.cursor = Some(value);
                None
            }
            _ => match filters.iter().find(|property| property.name == name) {
                Some(property) => {
                    let known = property.schema["enum"].as_array();
                    let is_flag = property.schema["type"] == "boolean";
                    let fits = match known {
                        Some(known) => known.iter().any(|one| one == value.as_str()),
                        None => !is_flag || ["true", "false"].contains(&value.as_str()),
                    };
                    let fault = unknown_value(&name, known);
                    asked.filters.insert(name.clone(), value);
                    (!fits).then_some(fault)
                }
                None => Some(unknown_parameter(&name, filters.iter().map(|property| property.name.as_str()))),
            },
        };
        wrong.extend(fault.map(|(fr, en)| (name, fr, en)));
    }
    if wrong.is_empty() { Ok(asked) } else { Err(Wrong::parameters(wrong)) }
}

type Fault = (String, String);

fn unknown_value(name: &str, known: Option<&Vec<serde_json::Value>>) -> Fault {
    let known = known.map_or_else(
        || "true, false".to_owned(),
        |known| known.iter().filter_map(|one| one.as_str()).collect::<Vec<_>>().join(", "),
    );
    (format!("« {name} » a une de ces valeurs : {known}."), format!("“{name}” has one of these values: {known}."))
}

fn unknown_parameter<'a>(name: &str, filters: impl Iterator<Item = &'a str>) -> Fault {
    let known = ["bbox", "datetime", "limit", "cursor"].into_iter().chain(filters).collect::<Vec<_>>().join(", ");
    (
        format!("Le paramètre « {name} » est inconnu. Il y a : {known}."),
        format!("The parameter “{name}” is unknown. There are: {known}."),
    )
}

pub(crate) fn limit(value: &str) -> Result<u64, Fault> {
    // More than there is at once is no error, however much more: /req/core/fc-limit-response-1.
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let limit = digits.then(|| value.parse::<u64>().map_or(MAX_LIMIT, |limit| limit.min(MAX_LIMIT)));
    limit.filter(|limit| *limit > 0).ok_or_else(|| {
        let (fr, en) = ("« limit » est un nombre entier à partir de 1.", "“limit” is a whole number from 1 on.");
        (fr.to_owned(), en.to_owned())
    })
}

/// Four numbers, or six with heights, which are left aside: everything here lies on the ground.
pub(crate) fn bbox(value: &str) -> Result<Bounds, Fault> {
    let fault = |fr: &str, en: &str| Err((format!("« bbox » : {fr}"), format!("“bbox”: {en}")));
    let numbers: Option<Vec<f64>> = value.split(',').map(|number| number.trim().parse().ok()).collect();
    let numbers = numbers.filter(|numbers| numbers.iter().all(|number| number.is_finite()));
    let (west, south, east, north) = match numbers.as_deref() {
        Some([west, south, east, north]) => (*west, *south, *east, *north),
        Some([west, south, low, east, north, high]) if low <= high => (*west, *south, *east, *north),
        Some([_, _, _, _, _, _]) => {
            return fault(
                "la hauteur du bas est au-dessus de celle du haut.",
                "the lower height is above the upper one.",
            );
        }
        Some(_) | None => {
            return fault(
                "quatre nombres entre virgules, ouest,sud,est,nord (ou six avec les hauteurs), en degrés.",
                "four numbers between commas, west,south,east,north (or six with heights), in degrees.",
            );
        }
    };
    if ![south, north].iter().all(|lat| (-90.0..=90.0).contains(lat)) {
        return fault("une latitude va de -90 à 90.", "a latitude is from -90 to 90.");
    }
    if ![west, east].iter().all(|lon| (-180.0..=180.0).contains(lon)) {
        return fault("une longitude va de -180 à 180.", "a longitude is from -180 to 180.");
    }
    if south > north {
        return fault("le sud est au nord du nord.", "the south lies north of the north.");
    }
    Ok(Bounds { west, south, east, north })
}

/// An instant, or an interval with at most one open end (RFC 3339); a day is all of it, in UTC.
pub(crate) fn datetime(value: &str) -> Result<Window, Fault> {
    let fault = |fr: &str, en: &str| Err((format!("« datetime » : {fr}"), format!("“datetime”: {en}")));
    let form = || {
        fault(
            "un instant (2026-03-10T09:00:00Z) ou deux séparés par « / », l’un des deux pouvant être « .. ».",
            "an instant (2026-03-10T09:00:00Z), or two with “/” between, one of which may be “..”.",
        )
    };
    let is_open = |end: &str| end.is_empty() || end == "..";
    let window = match value.split('/').collect::<Vec<_>>().as_slice() {
        [one] => moment(one),
        [from, to] if is_open(from) && is_open(to) => None,
        [from, to] => {
            let from = if is_open(from) { Some(DateTime::<Utc>::UNIX_EPOCH) } else { moment(from).map(|one| one.from) };
            let to = if is_open(to) { last() } else { moment(to).map(|one| one.to) };
            from.zip(to).map(|(from, to)| Window { from, to })
        }
        _ => None,
    };
    match window {
        None => form(),
        Some(Window { from, to }) if from > to => {
            fault("la fin précède le début.", "the end comes before the beginning.")
        }
        Some(window) => Ok(window),
    }
}

fn last() -> Option<DateTime<Utc>> {
    Some(NaiveDate::from_ymd_opt(9999, 12, 31)?.and_time(chrono::NaiveTime::MIN).and_utc())
}

fn moment(text: &str) -> Option<Window> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        let from = day.and_time(chrono::NaiveTime::MIN).and_utc();
        let to = from.checked_add_days(Days::new(1))? - TimeDelta::microseconds(1);
        return within_reason(Window { from, to });
    }
    // A plus sign that was not encoded arrives as a space.
    let at = DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok()?.to_utc();
    within_reason(Window { from: at, to: at })
}

/// What PostgreSQL has instants for.
fn within_reason(window: Window) -> Option<Window> {
    let years = 0..10_000;
    let fits = |at: DateTime<Utc>| years.contains(&chrono::Datelike::year(&at));
    (fits(window.from) && fits(window.to)).then_some(window)
}
