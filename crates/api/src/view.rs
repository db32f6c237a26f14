//! What several answers show: places, references to services, tickets.

mod ticket;

use std::borrow::Cow;
use std::collections::BTreeMap;

use compact_str::CompactString;
use domain::city::City;
use domain::id::ServiceCode;
use domain::language::Language;
use domain::place::{Areas, Place, Point, Whereabouts};
use domain::text::Address;
use domain::ticket::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::tracking::Mails;
use utoipa::ToSchema;

use crate::problem::{Code, FieldError, Problem};
pub(crate) use ticket::{Shown, TicketView};

/// The months, in French and in English.
pub(crate) const MONTHS: [(&str, &str); 12] = [
    ("janvier", "January"),
    ("février", "February"),
    ("mars", "March"),
    ("avril", "April"),
    ("mai", "May"),
    ("juin", "June"),
    ("juillet", "July"),
    ("août", "August"),
    ("septembre", "September"),
    ("octobre", "October"),
    ("novembre", "November"),
    ("décembre", "December"),
];

/// What a state is called in French.
pub(crate) const fn state_label(state: State) -> &'static str {
    match state {
        State::Submitted => "transmise",
        State::Acknowledged => "prise en charge",
        State::Scheduled => "programmée",
        State::InProgress => "en cours",
        State::OnHold => "en attente",
        State::Refused => "refusée, à réorienter",
        State::Resolved => "traitée",
        State::Closed => "clôturée",
        State::Cancelled => "annulée",
    }
}

/// Bytes, two digits each.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).flatten().collect()
}

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "only documents what answers and bodies stream")]
pub(crate) struct FileBytes(Vec<u8>);

/// A place, WGS 84.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Place)]
pub(crate) struct PlaceView {
    /// Latitude, degrees.
    #[schema(minimum = -90, maximum = 90, examples(49.894))]
    pub(crate) lat: f64,
    /// Longitude, degrees.
    #[schema(minimum = -180, maximum = 180, examples(2.302))]
    pub(crate) lon: f64,
    /// Postal address, one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 200, examples("Rue du Pigeonnier"))]
    pub(crate) address: Option<Address>,
}

impl From<&Place> for PlaceView {
    fn from(place: &Place) -> Self {
        Self { lat: place.point.lat, lon: place.point.lon, address: place.address.clone() }
    }
}

impl From<PlaceView> for Place {
    fn from(view: PlaceView) -> Self {
        Self { point: domain::place::Point { lat: view.lat, lon: view.lon }, address: view.address }
    }
}

/// Where a concern is, WGS 84: a point, an address, or both.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Whereabouts)]
pub(crate) struct WhereaboutsView<'a> {
    /// Latitude, degrees; with `lon`. Absent when nobody has put the address on the map: then it lies in no area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = -90, maximum = 90, examples(49.894))]
    pub(crate) lat: Option<f64>,
    /// Longitude, degrees; with `lat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = -180, maximum = 180, examples(2.302))]
    pub(crate) lon: Option<f64>,
    /// Postal address, one line. Its street is shown to everybody on public maps: no names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 200, examples("Rue du Pigeonnier"))]
    pub(crate) address: Option<Cow<'a, Address>>,
}

impl<'a> From<&'a Whereabouts> for WhereaboutsView<'a> {
    fn from(place: &'a Whereabouts) -> Self {
        let (lat, lon) = place.point.map(|point| (point.lat, point.lon)).unzip();
        Self { lat, lon, address: place.address.as_ref().map(Cow::Borrowed) }
    }
}

impl TryFrom<WhereaboutsView<'_>> for Whereabouts {
    type Error = Problem;

    fn try_from(view: WhereaboutsView<'_>) -> Result<Self, Problem> {
        let needed = |field: &str| {
            let texts = ("Une latitude va avec une longitude.", "A latitude goes with a longitude.");
            Problem::new(Code::InvalidRequest).errors(vec![FieldError::in_body(field, "required", texts)])
        };
        let point = match (view.lat, view.lon) {
            (Some(lat), Some(lon)) => Some(Point { lat, lon }),
            (None, None) if view.address.is_none() => {
                let texts = ("Donnez un point ou une adresse.", "Give a point or an address.");
                let error = FieldError::in_body("/place", "empty", texts);
                return Err(Problem::new(Code::InvalidRequest).errors(vec![error]));
            }
            (None, None) => None,
            (Some(_), None) => return Err(needed("/place/lon")),
            (None, Some(_)) => return Err(needed("/place/lat")),
        };
        Ok(Self { point, address: view.address.map(Cow::into_owned) })
    }
}

/// The areas of a place: `{"secteurs": "nord"}`.
pub(crate) fn areas(areas: &Areas) -> BTreeMap<String, String> {
    areas.iter().map(|(zoning, area)| (zoning.to_string(), area.to_string())).collect()
}

/// A service, named.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServiceRef {
    /// Its code.
    #[schema(value_type = String, examples("proprete"))]
    code: ServiceCode,
    /// What people call it.
    #[schema(value_type = String, examples("Propreté urbaine"))]
    pub(crate) name: CompactString,
}

impl ServiceRef {
    pub(crate) fn new(city: &City, code: &ServiceCode, language: Language) -> Self {
        let name = city.service(code).map_or(code.as_str(), |service| service.name.in_language(language));
        Self { code: code.clone(), name: name.into() }
    }
}

/// Whether mails go to a resident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailsToResident)]
pub(crate) enum MailsView {
    /// No address was left.
    NoAddress,
    /// They do.
    On,
    /// They do not any more: the resident stopped them, or their link was ended.
    Stopped,
    /// They do not any more: the address takes none.
    Returned,
}

impl From<Mails> for MailsView {
    fn from(mails: Mails) -> Self {
        match mails {
            Mails::NoAddress => Self::NoAddress,
            Mails::On => Self::On,
            Mails::Stopped => Self::Stopped,
            Mails::Returned => Self::Returned,
        }
    }
}
