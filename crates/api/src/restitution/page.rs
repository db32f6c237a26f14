//! A sheet, as a page: for the wall of a social centre, for the table of the next café, for a telephone. It holds all that
//! it needs, and prints on A4.

use actix_web::HttpResponse;
use chrono::{Datelike as _, NaiveDate};
use domain::city::City;
use domain::language::Language;
use domain::restitution::Became;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::view::{LineView, PartView, SheetView, SubjectView};
use crate::page;
use crate::page::qr;
use crate::problem::Problem;
use crate::view::MONTHS;

const STYLE: &str = include_str!("../../templates/restitution.css");

fn month(day: NaiveDate, language: Language) -> String {
    format!("{} {}", language.pick(MONTHS[day.month0() as usize]), day.year())
}

fn day(day: NaiveDate, language: Language) -> String {
    match (language, day.day()) {
        (Language::Fr, 1) => format!("1er {}", month(day, language)),
        (Language::Fr | Language::En, n) => format!("{n} {}", month(day, language)),
    }
}

/// What the sheet is of: its name, and when that was.
fn subject(subject: &SubjectView, language: Language) -> (String, String) {
    match subject {
        SubjectView::Cafe { title, on } => (title.clone(), day(*on, language)),
        SubjectView::Area { zoning, area, from, to } => {
            let (from, to) = (day(*from, language), day(*to, language));
            let when = match language {
                Language::Fr => format!("du {from} au {to}"),
                Language::En => format!("{from} to {to}"),
            };
            (format!("{area} ({zoning})"), when)
        }
    }
}

const fn heading(became: Became) -> (&'static str, &'static str) {
    match became {
        Became::Done => ("Fait", "Done"),
        Became::NotDone => ("Pas fait, et pourquoi", "Not done, and why"),
        Became::Open => ("Encore en cours", "Still open"),
    }
}

fn line(line: &LineView, open: bool, language: Language) -> Value {
    let month = month(line.first_day, language);
    let when = match (open, language) {
        (false, _) => month,
        (true, Language::Fr) => format!("depuis {month}"),
        (true, Language::En) => format!("since {month}"),
    };
    context! {
        label => line.label.as_str(), street => line.street.as_deref(), how => line.how_label, when => when,
        month => line.month.as_str(),
    }
}

fn part(part: &PartView, language: Language) -> Value {
    let open = part.became == Became::Open;
    let lines: Vec<Value> = part.lines.iter().map(|one| line(one, open, language)).collect();
    context! {
        code => Serde(&part.became), heading => language.pick(heading(part.became)), count => part.count, lines => lines
    }
}

/// The page of a sheet.
pub(super) fn answer(sheet: &SheetView, city: &City, language: Language) -> Result<HttpResponse, Problem> {
    let themes = sheet.themes.iter().map(|theme| {
        let parts: Vec<Value> = theme.parts.iter().map(|one| part(one, language)).collect();
        context! { label => theme.label.as_str(), said => theme.said, parts => parts }
    });
    let themes: Vec<Value> = themes.collect();
    let (name, when) = subject(sheet.subject(), language);
    let qr = sheet.published.as_ref().map(|published| qr(&published.url)).transpose()?;
    let html = page::render(
        "restitution.html",
        context! {
            language => language.tag(),
            style => Value::from_safe_string(STYLE.to_owned()),
            sender => Serde(&city.settings.sender),
            city => city.settings.name.as_str(),
            name => name,
            when => when,
            drawn_up_on => day(city.zone().day_of(sheet.drawn_up_at), language),
            themes => themes,
            elsewhere => sheet.counted_elsewhere,
            qr => qr.map(Value::from_safe_string),
        },
    )?;
    Ok(page::whole(html, STYLE))
}
