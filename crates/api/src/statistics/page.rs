//! The annual report as a page of A4: what councillors read. Every chart has its table, and nothing is fetched.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::language::Language;
use domain::statistics::mask::LEAST;
use domain::statistics::{Counted, Delay, Figures, Group, GroupBy};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;
use usecases::statistics::{CafeTable, Report};

use super::chart::{Chart, Row};
use super::view::{label, month};
use crate::page;
use crate::problem::Problem;

const STYLE: &str = include_str!("../../templates/report.css");

/// From how many on a share is told: of fewer, rounding would make it wrong by more than a few hundredths.
const SHARED: u64 = 50;

/// A line of a table.
#[derive(Serialize)]
struct Line {
    label: String,
    filed: String,
    resolved: String,
    on_time: String,
    answered: String,
    settled: String,
    reopened: String,
    without_work: String,
    open: String,
}

/// Writes numbers in a language.
#[derive(Clone, Copy)]
struct Writer(Language);

impl Writer {
    /// A number, its thousands apart; what is not shown as « n. c. » (non communiqué).
    fn number(self, count: Option<u64>) -> String {
        let Some(count) = count else { return self.0.pick(("n. c.", "n/a")).to_owned() };
        let (digits, apart) = (count.to_string(), self.0.pick(("\u{202f}", ",")));
        let groups: Vec<&str> = digits
            .as_bytes()
            .rchunks(3)
            .rev()
            .map(|group| std::str::from_utf8(group).expect("digits are ASCII"))
            .collect();
        groups.join(apart)
    }

    /// A share, of enough.
    fn share(self, part: Option<u64>, of: Option<u64>) -> Option<String> {
        let (part, of) = (part?, of.filter(|of| *of >= SHARED)?);
        let percent = (part.min(of) * 100 + of / 2) / of;
        Some(format!("{percent}{}", self.0.pick(("\u{202f}%", "%"))))
    }

    /// A length of time: hours below three days, else days.
    fn time(self, seconds: Option<f64>) -> String {
        let Some(seconds) = seconds else { return "–".to_owned() };
        let (hours, days) = (seconds / 3600.0, seconds / 86_400.0);
        match self.0 {
            _ if hours < 72.0 => format!("{hours:.0}\u{a0}h"),
            Language::Fr => format!("{days:.0}\u{a0}j"),
            Language::En => format!("{days:.0}\u{a0}d"),
        }
    }

    /// The median, and in brackets the 90th percentile.
    fn delay(self, delay: Delay) -> String {
        match delay.ninth_decile {
            Some(_) => format!("{} ({})", self.time(delay.median), self.time(delay.ninth_decile)),
            None => "–".to_owned(),
        }
    }

    fn line(self, label: String, figures: &Figures) -> Line {
        let count = |of| figures.count(of);
        let (acknowledged, on_time) = (count(Counted::Acknowledged), count(Counted::AcknowledgedOnTime));
        Line {
            label,
            filed: self.number(count(Counted::Filed)),
            resolved: self.number(count(Counted::Resolution)),
            on_time: self.share(on_time, acknowledged).unwrap_or_else(|| "–".to_owned()),
            answered: self.delay(figures.first_status),
            settled: self.delay(figures.resolution),
            reopened: self.number(count(Counted::Reopened)),
            without_work: self.number(count(Counted::ClosedWithoutWork)),
            open: self.number(count(Counted::Open)),
        }
    }

    fn bar(self, label: String, figures: &Figures) -> Row {
        let all = figures.count(Counted::Filed);
        Row { label, all, part: figures.count(Counted::Resolution), value: self.number(all) }
    }

    fn day(self, at: DateTime<Utc>, city: &City) -> String {
        let local = city.zone().local(at);
        local.format(self.0.pick(("%d/%m/%Y", "%-d %B %Y"))).to_string()
    }
}

/// A chart, and its table.
fn section(groups: &[Group], by: &GroupBy, city: &City, writer: Writer) -> Value {
    let named = || groups.iter().map(|g| (label(g.key.as_deref(), by, city, writer.0), &g.figures));
    let lines: Vec<Line> = named().map(|(label, figures)| writer.line(label, figures)).collect();
    let mut rows: Vec<Row> = named().map(|(label, figures)| writer.bar(label, figures)).collect();
    // By what is shown, never by what is not.
    rows.sort_by_key(|row| std::cmp::Reverse(row.all));
    context! { lines => Serde(lines), chart => Serde(Chart::new(rows)) }
}

/// The months in their order, also those in which nothing was filed.
fn months(report: &Report, now: DateTime<Utc>, city: &City, writer: Writer) -> Value {
    let until = city.zone().local(now).format("%Y-%m").to_string();
    let empty = Figures::new([0; Counted::ALL.len()]);
    let keys =
        (1..=12).map(|month| format!("{:04}-{month:02}", report.year)).filter(|key| report.over || *key <= until);
    let months: Vec<(String, &Figures)> = keys
        .map(|key| {
            let found = report.months.iter().find(|group| group.key.as_deref() == Some(&key));
            let name = month(&key, writer.0).and_then(|month| Some(month.split_once(' ')?.0.to_owned()));
            (name.unwrap_or(key), found.map_or(&empty, |group| &group.figures))
        })
        .collect();
    let lines: Vec<Line> = months.iter().map(|(label, figures)| writer.line(label.clone(), figures)).collect();
    let rows = months.into_iter().map(|(label, figures)| writer.bar(label, figures)).collect();
    context! { lines => Serde(lines), chart => Serde(Chart::new(rows)) }
}

#[derive(Serialize)]
struct CafeLine {
    day: String,
    label: String,
    cafes: u64,
    concerns: String,
}

fn cafe_lines(table: &CafeTable, by: &GroupBy, city: &City, writer: Writer) -> Vec<CafeLine> {
    let line = |(group, concerns): &(usecases::statistics::CafeGroup, Option<u64>)| CafeLine {
        day: writer.day(group.starts_at, city),
        label: group.title.clone().unwrap_or_else(|| label(group.key.as_deref(), by, city, writer.0)),
        cafes: group.cafes.unsigned_abs(),
        concerns: writer.number(*concerns),
    };
    table.groups.iter().map(line).collect()
}

/// The report, to be sent.
pub(super) fn page(
    report: &Report,
    city: &City,
    language: Language,
    now: DateTime<Utc>,
) -> Result<HttpResponse, Problem> {
    let writer = Writer(language);
    let total = &report.total;
    let share = |part, of| writer.share(total.count(part), total.count(of));
    let by_area = GroupBy::Area(report.zoning.clone());
    let bar = |(group, concerns): &(usecases::statistics::CafeGroup, Option<u64>)| Row {
        label: label(group.key.as_deref(), &by_area, city, language),
        all: *concerns,
        part: None,
        value: writer.number(*concerns),
    };
    let html = page::render(
        "report.html",
        context! {
            language => language.tag(),
            style => Value::from_safe_string(STYLE.to_owned()),
            city => city.settings.name.as_str(),
            sender => Serde(&city.settings.sender),
            year => report.year,
            over => report.over,
            as_of => writer.day(report.as_of, city),
            printed_on => writer.day(now, city),
            least => LEAST,
            zoning => city.zoning(&report.zoning).map_or(report.zoning.as_str(), |zoning| zoning.name.as_str()),
            total => Serde(writer.line(language.pick(("Ensemble", "All")).to_owned(), total)),
            filed_nothing => total.count(Counted::Filed) == Some(0),
            acknowledged_share => share(Counted::AcknowledgedOnTime, Counted::Acknowledged),
            resolved_share => share(Counted::Resolution, Counted::Filed),
            told_share => share(Counted::ResidentsTold, Counted::ResidentsToTell),
            first_status => [total.first_status.median, total.first_status.ninth_decile].map(|at| writer.time(at)).to_vec(),
            resolution => [total.resolution.median, total.resolution.ninth_decile].map(|at| writer.time(at)).to_vec(),
            refused => writer.number(total.count(Counted::Refused)),
            rerouted => writer.number(total.count(Counted::Rerouted)),
            residents => writer.number(total.count(Counted::ResidentsToTell)),
            oldest => total.oldest_open.map(|at| writer.day(at, city)),
            months => months(report, now, city, writer),
            services => section(&report.services, &GroupBy::Service, city, writer),
            categories => section(&report.categories, &GroupBy::CategoryGroup, city, writer),
            areas => section(&report.areas, &by_area, city, writer),
            cafes => Serde(cafe_lines(&report.cafes, &by_area, city, writer)),
            cafes_by_area => Serde(cafe_lines(&report.cafes_by_area, &by_area, city, writer)),
            cafes_chart => Serde(Chart::new(report.cafes_by_area.groups.iter().map(bar).collect())),
            cafes_held => report.cafes.cafes,
            heard => writer.number(report.cafes.concerns),
        },
    )?;
    Ok(page::whole(html, STYLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_language_does() {
        let (fr, en) = (Writer(Language::Fr), Writer(Language::En));
        assert_eq!([Some(1_234_565), Some(5), None].map(|n| fr.number(n)), ["1\u{202f}234\u{202f}565", "5", "n. c."]);
        assert_eq!([Some(12_345), Some(100), None].map(|n| en.number(n)), ["12,345", "100", "n/a"]);
        assert_eq!(fr.share(Some(195), Some(200)), Some("98\u{202f}%".to_owned()));
        assert_eq!([fr.share(Some(40), Some(45)), fr.share(None, Some(100))], [None, None]);
        assert_eq!(en.time(Some(3600.0 * 71.0)), "71\u{a0}h");
        assert_eq!(fr.time(Some(86_400.0 * 12.4)), "12\u{a0}j");
    }
}
