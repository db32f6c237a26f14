use chrono::{DateTime, Utc};
use serde_json::json;

use super::*;
use crate::id::UserId;

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// Open from Monday to Friday, but for public holidays.
fn desk() -> Calendar {
    let day = json!(["09:00-17:00"]);
    let week = ["monday", "tuesday", "wednesday", "thursday", "friday"].map(|name| (name.to_owned(), day.clone()));
    serde_json::from_value(json!({
        "code": "desk",
        "name": { "fr": "Bureau", "en": "Office" },
        "hours": serde_json::Map::from_iter(week),
        "holidays": "metropolitan",
    }))
    .unwrap()
}

fn morning(now: &str, weekly: bool) -> String {
    next_morning(Some(&desk()), at(now), weekly).to_rfc3339()
}

#[test]
fn a_digest_leaves_on_the_next_working_morning() {
    assert_eq!(morning("2026-03-10T09:00:00Z", false), "2026-03-11T06:30:00+00:00", "the next day");
    assert_eq!(
        morning("2026-03-10T05:00:00Z", false),
        "2026-03-10T06:30:00+00:00",
        "the same day, before half past seven"
    );
    assert_eq!(morning("2026-03-10T06:30:00Z", false), "2026-03-11T06:30:00+00:00", "that of today has left");
    assert_eq!(morning("2026-03-13T09:00:00Z", false), "2026-03-16T06:30:00+00:00", "no digest on a weekend");
    assert_eq!(morning("2026-03-27T09:00:00Z", false), "2026-03-30T05:30:00+00:00", "in summer time");
    assert_eq!(morning("2026-04-03T09:00:00Z", false), "2026-04-07T05:30:00+00:00", "Easter Monday is none");
}

#[test]
fn a_weekly_digest_leaves_on_the_first_working_day_of_a_week() {
    assert_eq!(morning("2026-03-10T09:00:00Z", true), "2026-03-16T06:30:00+00:00");
    assert_eq!(morning("2026-04-03T09:00:00Z", true), "2026-04-07T05:30:00+00:00", "Tuesday, after Easter Monday");
    assert_eq!(morning("2026-04-07T09:00:00Z", true), "2026-04-13T05:30:00+00:00");
}

#[test]
fn a_desk_that_never_opens_loses_nothing() {
    let closed: Calendar = serde_json::from_value(json!({
        "code": "desk", "name": { "fr": "Bureau", "en": "Office" }, "hours": {}, "holidays": "none",
    }))
    .unwrap();
    for desk in [Some(&closed), None] {
        assert_eq!(next_morning(desk, at("2026-03-13T09:00:00Z"), false), at("2026-03-16T06:30:00Z"));
    }
}

#[test]
fn the_first_leaves_at_once_and_what_follows_together() {
    let now = at("2026-03-10T09:00:00Z");
    let none = Correspondence::default();
    assert_eq!(none.next(now), now);
    let left = |minutes| Correspondence { left_at: Some(now - TimeDelta::minutes(minutes)), ..none };
    assert_eq!(left(5).next(now), now + TimeDelta::minutes(15));
    assert_eq!(left(20).next(now), now, "the window has ended");
    let waits = Correspondence { leaves_at: Some(now + TimeDelta::minutes(3)), ..left(17) };
    assert_eq!(waits.next(now), now + TimeDelta::minutes(3), "with the one that waits");
    let under_way = Correspondence { under_way: true, ..none };
    assert_eq!(under_way.next(now), now + WINDOW, "nothing is put in an e-mail that is being sent");
}

#[test]
fn wishes_follow_from_roles_until_chosen() {
    let person = |role| Person { user: UserId(uuid::Uuid::nil()), roles: [role].into(), services: [].into() };
    let late = |role, chosen: Chosen| chosen.late(&person(role));
    let nothing = Chosen::default();
    for role in Role::ALL {
        let expected = match role {
            Role::Dispatcher | Role::ServiceManager => ListRhythm::Daily,
            Role::Agent | Role::ServiceMember | Role::Auditor | Role::Admin => ListRhythm::None,
        };
        assert_eq!(late(role, nothing), expected, "{role:?}");
    }
    let weekly = Chosen { late: Some(ListRhythm::Weekly), ..nothing };
    assert_eq!(late(Role::ServiceMember, weekly), ListRhythm::Weekly);
    assert_eq!(late(Role::Agent, weekly), ListRhythm::None, "an agent looks after no ticket");
    assert_eq!(nothing.rhythm(Group::Service), Rhythm::None);
    assert_eq!(nothing.rhythm(Group::Progress), Rhythm::AtOnce);
}
