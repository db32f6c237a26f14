//! The faults of calendars, each found where it is.

use super::faults::found;

fn calendar(from: &str, to: &str) -> Vec<String> {
    found(&[("calendars.yaml", from, to)])
}

#[test]
fn what_is_written_wrong_is_told_with_its_line() {
    let more = "holidays: reunion
  time_zone: Europe/Amiens
  closed: [12-25, 13-01]
  closures:
    - {from: 3 août, to: 2026-08-31}
    - {from: 2026-12-24, until: 2027-01-02, reason: {fr: Fêtes}}
";
    assert_eq!(
        calendar("holidays: metropolitan\n", more),
        [
            "calendars.yaml:5: [bureau].holidays: « reunion » is not one of: metropolitan, alsace_moselle, guadeloupe, \
             martinique, guyane, la_reunion, mayotte, saint_barthelemy, saint_martin, saint_pierre_et_miquelon, \
             nouvelle_caledonie, polynesie_francaise, wallis_et_futuna, none",
            "calendars.yaml:6: [bureau].time_zone: « Europe/Amiens » is not a time zone of the IANA database: write \
             Europe/Paris, America/Martinique, Indian/Reunion…",
            "calendars.yaml:7: [bureau].closed[1]: « 13-01 » is not a day of the year: write the month and the day, \
             12-25 for Christmas",
            "calendars.yaml:9: [bureau].closures[0].from: « 3 août » is not a date: write 2026-08-31",
            "calendars.yaml:10: [bureau].closures[1].to: is missing",
            "calendars.yaml:10: [bureau].closures[1].until: is not known here; known are: from, reason, to",
            "calendars.yaml:10: [bureau].closures[1].reason.en: is missing",
        ]
    );
    assert_eq!(
        calendar("\"08:00-12:00\"", "\"1100:00-12:00\""),
        ["calendars.yaml:4: [bureau].hours.monday[0]: « 1100:00-12:00 » is not a span of opening: write 08:30-12:00, \
          the end after the beginning, 24:00 at the latest"]
    );
}

#[test]
fn spans_touch_but_do_not_overlap() {
    assert_eq!(calendar("[\"08:00-12:00\"]", "[\"12:00-14:00\", \"08:00-12:00\"]"), Vec::<String>::new());
    assert_eq!(
        calendar("[\"08:00-12:00\"]", "[\"08:00-12:00\", \"14:00-18:00\", \"11:59-14:00\", \"08:00-12:00\"]"),
        [
            "calendars.yaml:4: [bureau].hours.monday[2]: « 11:59-14:00 » overlaps « 08:00-12:00 »",
            "calendars.yaml:4: [bureau].hours.monday[3]: « 08:00-12:00 » overlaps « 08:00-12:00 »",
        ]
    );
}

#[test]
fn closures_have_an_end_and_are_not_for_ever() {
    let closures = "holidays: metropolitan
  closures:
    - {from: 2026-08-31, to: 2026-08-01}
    - {from: 2026-08-31, to: 2026-08-31}
    - {from: 2026-01-01, to: 2027-02-04}
    - {from: 2026-01-01, to: 2027-02-05}
";
    assert_eq!(
        calendar("holidays: metropolitan\n", closures),
        [
            "calendars.yaml:7: [bureau].closures[0].to: the closure ends before it begins",
            "calendars.yaml:10: [bureau].closures[3].to: the closure lasts 401 days: at most 400",
        ]
    );
    let many = format!("holidays: metropolitan\n  closures: [{}]", "{from: 2026-01-01, to: 2026-01-01},".repeat(101));
    assert_eq!(
        calendar("holidays: metropolitan", &many),
        ["calendars.yaml:6: [bureau].closures: has more than 100 entries"]
    );
}

#[test]
fn a_calendar_opens() {
    assert_eq!(
        calendar("monday: [\"08:00-12:00\"]", "monday: []"),
        ["calendars.yaml:3: [bureau].hours: the calendar never opens"]
    );
    // Open on Mondays, closed on every day of the year but three: some years have none of them on a Monday.
    let days: Vec<String> =
        (1..=12).flat_map(|month| (4..=31).map(move |day| format!("{month:02}-{day:02}"))).collect();
    let days =
        days.into_iter().filter(|day| !["02-30", "02-31", "04-31", "06-31", "09-31", "11-31"].contains(&day.as_str()));
    let closed = days.chain((1..=11).flat_map(|month| (1..=3).map(move |day| format!("{month:02}-{day:02}"))));
    let closed = format!("holidays: metropolitan\n  closed: [{}]", closed.collect::<Vec<_>>().join(", "));
    assert_eq!(
        calendar("holidays: metropolitan", &closed),
        ["calendars.yaml:3: [bureau].hours: the calendar opens for less than 12 hours in 2024"]
    );
}
