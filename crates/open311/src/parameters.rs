//! What a caller sends, in the query or as a form: an empty parameter counts as absent, unknown ones are ignored, as
//! clients of many cities send more than each of them knows.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use usecases::open311::Window;

use crate::answer::Wrong;

/// The longest time that can be asked for at once.
const SPAN: TimeDelta = TimeDelta::days(90);

/// The parameters, in the order in which they came.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those of a query or a form.
    pub(crate) fn parse(encoded: &[u8]) -> Result<Self, Wrong> {
        let pairs = url::form_urlencoded::parse(encoded);
        let pairs: Vec<(String, String)> = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        // What is not UTF-8 is decoded as this character.
        if pairs.iter().any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}')) {
            return Err(not_utf8());
        }
        Self::of(pairs)
    }

    /// Those that were read already.
    pub(crate) fn of(mut pairs: Vec<(String, String)>) -> Result<Self, Wrong> {
        if let Some((name, _)) = pairs.iter().find(|(_, value)| value.contains('\0')) {
            return Err(Wrong::bad((
                format!("« {} » contient un caractère nul.", name.replace('\0', "")),
                format!("“{}” contains a null character.", name.replace('\0', "")),
            )));
        }
        pairs.retain(|(_, value)| !value.trim().is_empty());
        Ok(Self(pairs))
    }

    /// A parameter that is given twice, although it has one value only.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let single = |name: &str| name != "media_url" && !name.ends_with("[]") && !name.starts_with("attribute[");
        let mut seen = HashSet::new();
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| single(name) && !seen.insert(*name))
    }

    /// All values of the parameter of that name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(own, _)| own == name || own.strip_suffix("[]") == Some(name))
            .map(|(_, value)| value.trim())
    }

    /// The parameter of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.trim())
    }

    /// All parameters, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A list between commas.
    pub(crate) fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.0.iter().filter(move |(own, _)| own == name);
        values.flat_map(|(_, value)| value.split(',')).map(str::trim).filter(|item| !item.is_empty())
    }

    /// A number within bounds.
    pub(crate) fn number(&self, name: &str, least: f64, most: f64) -> Result<Option<f64>, Wrong> {
        let Some(value) = self.get(name) else { return Ok(None) };
        number(name, value, least, most).map(Some)
    }

    /// A whole number within bounds.
    pub(crate) fn whole(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Wrong> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.parse().ok().filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or_else(|| out_of_range(name, least, most))
    }

    /// An instant (ISO 8601, with its zone).
    pub(crate) fn instant(&self, name: &str) -> Result<Option<DateTime<Utc>>, Wrong> {
        let Some(value) = self.get(name) else { return Ok(None) };
        // A plus sign that was not encoded arrives as a space.
        let instant = DateTime::parse_from_rfc3339(&value.replace(' ', "+"));
        instant.map(|at| Some(at.to_utc())).map_err(|_| {
            Wrong::bad((
                format!("« {name} » doit être une date ISO 8601 avec son fuseau : 2026-03-10T09:00:00Z."),
                format!("“{name}” must be an ISO 8601 date with its zone: 2026-03-10T09:00:00Z."),
            ))
        })
    }

    /// The time between two instants: 90 days at most, which is also what is meant when only one of them is given.
    pub(crate) fn window(&self, from: &str, to: &str, now: DateTime<Utc>) -> Result<Option<Window>, Wrong> {
        let window = match (self.instant(from)?, self.instant(to)?) {
            (None, None) => return Ok(None),
            (Some(from), None) => Window { from, to: now.max(from).min(later(from)) },
            (None, Some(to)) => Window { from: earlier(to), to },
            (Some(from), Some(to)) => Window { from, to },
        };
        let span = window.to - window.from;
        if span < TimeDelta::zero() {
            return Err(Wrong::bad((
                format!("« {to} » doit suivre « {from} »."),
                format!("“{to}” must come after “{from}”."),
            )));
        }
        if span > SPAN {
            return Err(Wrong::bad((
                format!("Entre « {from} » et « {to} », il y a au plus 90 jours."),
                format!("There are 90 days at most between “{from}” and “{to}”."),
            )));
        }
        Ok(Some(window))
    }
}

pub(crate) fn not_utf8() -> Wrong {
    Wrong::bad(("Les paramètres doivent être en UTF-8.", "Parameters must be UTF-8."))
}

/// The last 90 days.
pub(crate) fn lately(now: DateTime<Utc>) -> Window {
    Window { from: earlier(now), to: now }
}

fn earlier(at: DateTime<Utc>) -> DateTime<Utc> {
    at.checked_sub_signed(SPAN).unwrap_or(at)
}

fn later(at: DateTime<Utc>) -> DateTime<Utc> {
    at.checked_add_signed(SPAN).unwrap_or(at)
}

/// A number within bounds.
pub(crate) fn number(name: &str, value: &str, least: f64, most: f64) -> Result<f64, Wrong> {
    let number = value.trim().parse::<f64>().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| out_of_range(name, least, most))
}

fn out_of_range<T: std::fmt::Display>(name: &str, least: T, most: T) -> Wrong {
    Wrong::bad((
        format!("« {name} » doit être un nombre de {least} à {most}."),
        format!("“{name}” must be a number from {least} to {most}."),
    ))
}
