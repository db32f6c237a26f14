//! The calendars, and what comes of them day by day.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get};
use auth::permission::ReadCity;
use chrono::{Days, NaiveDate};
use domain::id::CalendarCode;
use domain::language::Language;
use domain::time::{Calendar, Closed, Holidays, Span, Week};
use schemars::JsonSchema;
use serde::Serialize;
use usecases::Context;
use utoipa::{IntoParams, ToSchema};

use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::Caller;
use crate::request::date::day;
use crate::request::query::Query;

/// The weeks of a preview, unless asked otherwise.
const DEFAULT_WEEKS: u64 = 4;
/// The weeks of a preview at most.
const MAX_WEEKS: u64 = 26;

/// A span of opening, in local time.
#[derive(Serialize, ToSchema)]
#[schema(as = OpeningSpan)]
struct SpanView {
    /// When it opens, local time.
    #[schema(examples("08:30"))]
    from: String,
    /// Up to `24:00`.
    #[schema(examples("12:00"))]
    to: String,
}

impl From<&Span> for SpanView {
    fn from(span: &Span) -> Self {
        Self { from: span.from().to_string(), to: span.to().to_string() }
    }
}

/// The opening hours of each day of the week; a day without spans is closed.
#[derive(Serialize, ToSchema)]
#[schema(as = OpeningWeek)]
struct WeekView {
    /// Mondays.
    monday: Vec<SpanView>,
    /// Tuesdays.
    tuesday: Vec<SpanView>,
    /// Wednesdays.
    wednesday: Vec<SpanView>,
    /// Thursdays.
    thursday: Vec<SpanView>,
    /// Fridays.
    friday: Vec<SpanView>,
    /// Saturdays.
    saturday: Vec<SpanView>,
    /// Sundays.
    sunday: Vec<SpanView>,
}

impl From<&Week> for WeekView {
    fn from(week: &Week) -> Self {
        let Week { monday, tuesday, wednesday, thursday, friday, saturday, sunday } = week;
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] =
            [monday, tuesday, wednesday, thursday, friday, saturday, sunday]
                .map(|spans| spans.iter().map(SpanView::from).collect());
        Self { monday, tuesday, wednesday, thursday, friday, saturday, sunday }
    }
}

/// When services are open.
#[derive(Serialize, ToSchema)]
#[schema(as = Calendar)]
struct CalendarView {
    /// Its code.
    #[schema(examples("bureau"))]
    code: String,
    /// What people call it.
    name: String,
    /// The IANA time zone of its hours and days.
    #[schema(examples("Europe/Paris"))]
    time_zone: &'static str,
    hours: WeekView,
    holidays: Holidays,
}

impl CalendarView {
    fn of(calendar: &Calendar, language: Language) -> Self {
        Self {
            code: calendar.code.to_string(),
            name: calendar.name.in_language(language).to_owned(),
            time_zone: calendar.zone().name(),
            hours: (&calendar.hours).into(),
            holidays: calendar.holidays,
        }
    }
}

/// The calendars, in the city's order.
#[derive(Serialize, ToSchema)]
pub(crate) struct Calendars {
    /// The calendars.
    items: Vec<CalendarView>,
    /// Null: this list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Why a day is closed. Of several reasons, the one that stands first here.
#[derive(Serialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClosedReason {
    /// A public holiday.
    Holiday,
    /// A closure, once.
    Closure,
    /// A closing day of each year.
    ClosingDay,
    /// A day of the week without hours.
    NoHours,
}

/// Why a day is closed, as a code and in words.
#[derive(Serialize, ToSchema)]
#[schema(as = ClosedBecause)]
struct ClosedView {
    reason: ClosedReason,
    /// In the language that was asked for.
    #[schema(examples("Lundi de Pentecôte"))]
    label: String,
}

impl ClosedView {
    fn of(closed: Closed<'_>, language: Language) -> Self {
        let plain = |fr, en| language.pick((fr, en)).to_owned();
        let (reason, label) = match closed {
            Closed::Holiday(holiday) => (ClosedReason::Holiday, holiday.name(language).to_owned()),
            Closed::Closure(closure) => {
                let own = closure.reason.as_ref().map(|reason| reason.in_language(language).to_owned());
                (
                    ClosedReason::Closure,
                    own.unwrap_or_else(|| plain("Fermeture exceptionnelle", "Closed exceptionally")),
                )
            }
            Closed::ClosingDay => {
                (ClosedReason::ClosingDay, plain("Jour de fermeture annuel", "Closed on this day each year"))
            }
            Closed::NoHours => {
                (ClosedReason::NoHours, plain("Fermé ce jour de la semaine", "Closed on this day of the week"))
            }
        };
        Self { reason, label }
    }
}

/// A day of a calendar.
#[derive(Serialize, ToSchema)]
#[schema(as = CalendarDay)]
struct DayView {
    /// The day.
    date: NaiveDate,
    /// The hours, in local time; none when it is closed.
    open: Vec<SpanView>,
    /// How long it is open: less or more than the hours say when the clock is changed during them.
    #[schema(minimum = 0, examples(450))]
    open_minutes: i64,
    /// Why it is closed; absent on an open day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closed_because: Option<ClosedView>,
}

/// A calendar, and what comes of it day by day.
#[derive(Serialize, ToSchema)]
pub(crate) struct CalendarPreview {
    calendar: CalendarView,
    /// One day after the other.
    days: Vec<DayView>,
}

impl CalendarPreview {
    fn of(calendar: &Calendar, from: NaiveDate, weeks: u64, language: Language) -> Self {
        let day = |date: NaiveDate| DayView {
            date,
            open: calendar.spans_on(date).iter().map(SpanView::from).collect(),
            open_minutes: calendar.open_on(date).num_minutes(),
            closed_because: calendar.closed_because(date).map(|closed| ClosedView::of(closed, language)),
        };
        let until = from + Days::new(7 * weeks);
        Self {
            calendar: CalendarView::of(calendar, language),
            days: from.iter_days().take_while(|date| *date < until).map(day).collect(),
        }
    }
}

/// The calendar that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct CalendarPath {
    /// The calendar's code.
    #[param(value_type = String, example = "bureau", pattern = "^[a-z][a-z0-9_-]{0,59}$")]
    calendar: CalendarCode,
}

impl FromRequest for CalendarPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let calendar = request.match_info().get("calendar").and_then(|code| code.parse().ok());
        ready(calendar.map(|calendar| Self { calendar }).ok_or_else(|| Problem::new(Code::NotFound)))
    }
}

/// Which days to preview.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct PreviewDays {
    /// The first day, of the years 2000 to 2099; unless given, today in the calendar's time zone.
    #[param(example = "2026-05-11")]
    from: Option<NaiveDate>,
    /// How many weeks.
    #[param(minimum = 1, maximum = 26, default = 4)]
    weeks: Option<u64>,
}

/// Read the calendars
///
/// When services are open, in the city's order: time zone, hours of the week, and which public holidays are kept.
#[utoipa::path(
    operation_id = "calendar_list",
    tag = "city",
    responses((status = 200, description = "The calendars", body = Calendars)),
    security(("bearer" = []))
)]
#[get("/v1/calendars")]
pub(crate) async fn calendars(caller: Caller<ReadCity>, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    let loaded = cx.city()?;
    let items = loaded.city.calendars.iter().map(|calendar| CalendarView::of(calendar, caller.language)).collect();
    Ok(reply::read(None, caller.language, &Calendars { items, next_cursor: None }))
}

/// Preview a calendar
///
/// Its next weeks day by day: the hours, or why it is closed. Targets are counted in exactly these hours.
#[utoipa::path(
    operation_id = "calendar_preview",
    tag = "city",
    params(CalendarPath, PreviewDays),
    responses(
        (status = 200, description = "The days", body = CalendarPreview),
        (status = 400, description = "A parameter is wrong: `errors` names each")
    ),
    security(("bearer" = []))
)]
#[get("/v1/calendars/{calendar}/preview")]
pub(crate) async fn preview(
    caller: Caller<ReadCity>,
    cx: Data<Context>,
    path: CalendarPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let from = query.one("from", "2000-01-01…2099-12-31", day);
    let weeks = query.one("weeks", format!("1…{MAX_WEEKS}").as_str(), |text| {
        text.parse().ok().filter(|weeks| (1..=MAX_WEEKS).contains(weeks))
    });
    query.finish()?;
    let loaded = cx.city()?;
    let calendar = loaded.city.calendar(&path.calendar).ok_or_else(|| Problem::new(Code::NotFound))?;
    let from = from.unwrap_or_else(|| calendar.zone().day_of(cx.now()));
    let preview = CalendarPreview::of(calendar, from, weeks.unwrap_or(DEFAULT_WEEKS), caller.language);
    Ok(reply::read(None, caller.language, &preview))
}
