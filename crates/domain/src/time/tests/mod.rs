//! Working time, in examples; against an oracle that counts minute by minute in `oracle`.

mod oracle;

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use chrono_tz::Europe::Paris;

use super::{Calendar, Holidays, Pause, Span, Week};
use crate::language::Label;

fn office() -> Calendar {
    let day: Vec<Span> =
        ["08:30-12:00", "13:30-17:30"].into_iter().map(|s| Span::try_from(s.to_owned()).unwrap()).collect();
    Calendar {
        code: "bureau".parse().unwrap(),
        name: Label { fr: "Bureau".into(), en: "Office".into() },
        time_zone: None,
        hours: Week {
            monday: day.clone(),
            tuesday: day.clone(),
            wednesday: day.clone(),
            thursday: day.clone(),
            friday: day,
            ..Week::default()
        },
        holidays: Holidays::Metropolitan,
        closed: Vec::new(),
        closures: Vec::new(),
    }
}

/// A calendar that is the office but for some fields, as a file would write them.
fn but(fields: &serde_json::Value) -> Calendar {
    let mut calendar = serde_json::to_value(office()).unwrap();
    calendar.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_value(calendar).unwrap()
}

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

fn local(instant: DateTime<Utc>) -> String {
    instant.with_timezone(&Paris).format("%Y-%m-%d %H:%M").to_string()
}

fn due(start: &str, target: &str) -> String {
    local(office().due(at(start), target.parse().unwrap()))
}

#[test]
fn hours_count_only_while_open() {
    assert_eq!(due("2026-03-10T09:00:00Z", "2h"), "2026-03-10 12:00");
    assert_eq!(due("2026-03-10T09:00:00Z", "3h"), "2026-03-10 14:30");
    // Friday 17:00 local, two hours: half an hour left today, the rest on Monday.
    assert_eq!(due("2026-03-13T16:00:00Z", "2h"), "2026-03-16 10:00");
}

#[test]
fn days_end_when_the_service_closes() {
    assert_eq!(due("2026-03-10T09:00:00Z", "0d"), "2026-03-10 17:30");
    assert_eq!(due("2026-03-10T09:00:00Z", "2d"), "2026-03-12 17:30");
    assert_eq!(due("2026-03-14T09:00:00Z", "1d"), "2026-03-16 17:30", "filed on a Saturday");
    assert_eq!(due("2026-03-10T20:00:00Z", "0d"), "2026-03-11 17:30", "filed after closing");
}

#[test]
fn public_holidays_are_skipped() {
    // 14 May 2026 is Ascension Day; 25 May is Whit Monday.
    assert_eq!(due("2026-05-13T09:00:00Z", "1d"), "2026-05-15 17:30");
    assert_eq!(due("2026-05-22T09:00:00Z", "1d"), "2026-05-26 17:30");
}

#[test]
fn both_changes_of_the_clock_keep_the_local_hours() {
    // 29 March and 25 October 2026.
    assert_eq!(due("2026-03-27T16:00:00Z", "1h"), "2026-03-30 09:00");
    assert_eq!(due("2026-10-23T15:00:00Z", "1h"), "2026-10-26 09:00");
}

#[test]
fn a_target_of_no_hours_is_the_next_opening() {
    assert_eq!(due("2026-03-10T09:10:00Z", "0h"), "2026-03-10 10:10");
    assert_eq!(due("2026-03-10T16:30:00Z", "0h"), "2026-03-11 08:30", "filed as it closes");
}

fn pause(from: &str, to: Option<&str>) -> Pause {
    Pause { from: at(from), to: to.map(at) }
}

fn paused(target: &str, pauses: &[Pause]) -> String {
    local(office().due_paused(at("2026-03-10T09:00:00Z"), target.parse().unwrap(), pauses))
}

#[test]
fn a_pause_gives_back_the_open_time_that_it_took() {
    assert_eq!(paused("3h", &[]), "2026-03-10 14:30");
    // From 11:00 to 14:00 local: an hour and a half of it was open.
    let lunch = pause("2026-03-10T10:00:00Z", Some("2026-03-10T13:00:00Z"));
    assert_eq!(paused("3h", &[lunch]), "2026-03-10 16:00");
    assert_eq!(paused("2d", &[lunch]), "2026-03-13 10:00", "due at closing, then an hour and a half more");
    // Told twice, in any order and overlapping, it counts once.
    let within = pause("2026-03-10T10:30:00Z", Some("2026-03-10T12:00:00Z"));
    assert_eq!(paused("3h", &[within, lunch, lunch]), "2026-03-10 16:00");
    let at_night = pause("2026-03-10T18:00:00Z", Some("2026-03-11T05:00:00Z"));
    assert_eq!(paused("2d", &[at_night]), "2026-03-12 17:30");
}

#[test]
fn a_pause_that_lasts_or_that_came_too_late_moves_nothing() {
    assert_eq!(paused("3h", &[pause("2026-03-10T10:00:00Z", None)]), "2026-03-10 14:30");
    assert_eq!(paused("3h", &[pause("2026-03-10T13:30:00Z", Some("2026-03-20T10:00:00Z"))]), "2026-03-10 14:30");
    assert_eq!(paused("3h", &[pause("2026-03-09T10:00:00Z", Some("2026-03-10T09:00:00Z"))]), "2026-03-10 14:30");
}

#[test]
fn shares_of_a_target_are_of_its_open_time() {
    let (start, calendar) = (at("2026-03-10T09:00:00Z"), office());
    let due = calendar.due(start, "4h".parse().unwrap());
    let share = |percent, pauses: &[Pause]| local(calendar.share(start, due, percent, pauses));
    assert_eq!(
        [0, 50, 75, 100].map(|p| share(p, &[])),
        ["2026-03-10 10:00", "2026-03-10 12:00", "2026-03-10 14:30", "2026-03-10 15:30"]
    );
    assert_eq!(share(150, &[]), "2026-03-10 17:30");
    assert_eq!(share(200, &[]), "2026-03-11 10:30");
    // A pause after the due date puts off what comes later, one before has put off the due date already.
    assert_eq!(share(150, &[pause("2026-03-10T15:00:00Z", Some("2026-03-10T16:00:00Z"))]), "2026-03-11 09:30");
    let lunch = pause("2026-03-10T10:00:00Z", Some("2026-03-10T13:00:00Z"));
    let put_off = calendar.due_paused(start, "4h".parse().unwrap(), &[lunch]);
    assert_eq!(local(put_off), "2026-03-10 17:00");
    assert_eq!(local(calendar.share(start, put_off, 50, &[lunch])), "2026-03-10 15:00");
    assert_eq!(calendar.share(start, put_off, 100, &[lunch]), put_off);
    // No time between them: there is nothing to share.
    assert_eq!(calendar.share(start, start, 150, &[]), start);
}

fn round_the_clock() -> serde_json::Value {
    let day = ["00:00-24:00"];
    serde_json::json!({ "hours": { "monday": day, "saturday": day, "sunday": day }, "holidays": "none" })
}

#[test]
fn days_of_23_and_25_hours_are_so_long() {
    let calendar = but(&round_the_clock());
    let hours = |day: &str| calendar.open_on(day.parse().unwrap()).num_minutes();
    assert_eq!(["2026-03-28", "2026-03-29", "2026-10-25"].map(hours), [1440, 1380, 1500]);
    let due = calendar.due(at("2026-03-28T22:00:00Z"), "24h".parse().unwrap());
    assert_eq!(local(due), "2026-03-30 00:00");
    let due = calendar.due(at("2026-10-24T21:00:00Z"), "24h".parse().unwrap());
    assert_eq!(local(due), "2026-10-25 22:00");
}

#[test]
fn hours_within_the_change_come_never_or_twice() {
    let night = but(&serde_json::json!({ "hours": { "sunday": ["01:30-02:30"] }, "holidays": "none" }));
    let minutes = |day: &str| night.open_on(day.parse().unwrap()).num_minutes();
    assert_eq!(["2026-03-22", "2026-03-29", "2026-10-25"].map(minutes), [60, 30, 90]);
    let opens = |from: &str, to: &str| night.working_time(at(from), at(to)).num_minutes();
    assert_eq!(opens("2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z"), 60, "until the first 02:30");
    assert_eq!(opens("2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"), 0);
    assert_eq!(opens("2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"), 30, "02:00 to 02:30 for the second time");
    let skipped = but(&serde_json::json!({ "hours": { "sunday": ["02:00-03:00"] }, "holidays": "none" }));
    assert_eq!(local(skipped.due(at("2026-03-23T09:00:00Z"), "1d".parse().unwrap())), "2026-04-05 03:00");
}

#[test]
fn closures_swallow_weeks_and_leap_days_count() {
    let closed = but(&serde_json::json!({ "closures": [
        { "from": "2026-03-11", "to": "2026-04-30" },
        { "from": "2026-04-20", "to": "2026-05-17", "reason": { "fr": "Travaux", "en": "Works" } }
    ] }));
    assert_eq!(local(closed.due(at("2026-03-10T09:00:00Z"), "1d".parse().unwrap())), "2026-05-18 17:30");
    assert_eq!(due("2028-02-28T09:00:00Z", "1d"), "2028-02-29 17:30");
    let leap = but(&serde_json::json!({ "closed": ["02-29"] }));
    assert_eq!(local(leap.due(at("2028-02-28T09:00:00Z"), "1d".parse().unwrap())), "2028-03-01 17:30");
}

#[test]
fn hours_are_those_of_the_calendars_own_zone() {
    let reunion = but(&serde_json::json!({ "time_zone": "Indian/Reunion", "holidays": "la_reunion" }));
    // 08:30 in Saint-Denis, two hours ahead of Paris in summer; 20 December is its holiday.
    assert_eq!(reunion.due(at("2026-07-20T22:00:00Z"), "0h".parse().unwrap()), at("2026-07-21T04:30:00Z"));
    assert!(reunion.spans_on("2027-12-20".parse().unwrap()).is_empty());
    assert_eq!(serde_json::to_value(&reunion).unwrap()["time_zone"], "Indian/Reunion");
}

#[test]
fn counting_in_a_calendar_that_never_opens_ends() {
    let never = but(&serde_json::json!({ "hours": {} }));
    let start = at("2026-03-10T09:00:00Z");
    assert_eq!(never.due(start, "3h".parse().unwrap()), start + Duration::hours(3));
    assert_eq!(never.due(start, "3d".parse().unwrap()), start + Duration::days(3));
    assert_eq!(
        never.due_paused(start, "3h".parse().unwrap(), &[pause("2026-03-10T10:00:00Z", None)]),
        at("2026-03-10T12:00:00Z")
    );
    assert_eq!(never.after(start, Duration::minutes(5)), start + Duration::minutes(5));
    assert_eq!(never.after(start, Duration::MAX), DateTime::<Utc>::MAX_UTC);
}

#[test]
fn the_rarest_opening_that_is_accepted_reaches_the_longest_target() {
    let all = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap().iter_days().take(366);
    let closed: Vec<String> = all.map(|day| day.format("%m-%d").to_string()).filter(|day| day != "06-21").collect();
    let week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let hours: BTreeMap<&str, [&str; 1]> = week.iter().map(|day| (*day, ["06:00-18:00"])).collect();
    let (mut from, mut closures) = (NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(), Vec::new());
    for _ in 0..100 {
        let to = from + Days::new(399);
        closures.push(serde_json::json!({ "from": from, "to": to }));
        from = to + Days::new(1);
    }
    let rare = but(&serde_json::json!({ "hours": hours, "closed": closed, "closures": closures, "holidays": "none" }));
    assert_eq!(rare.faults(), []);
    let due = rare.due(at("2026-03-10T09:00:00Z"), "365d".parse().unwrap());
    assert_eq!(local(due), "2500-06-21 18:00");
    assert_eq!(rare.working_time(at("2026-03-10T09:00:00Z"), due), Duration::hours(365 * 12));
}
