//! The calendar that calendar programs subscribe to, read as another program reads it.

use icalendar::{Calendar, Component as _, Event, EventLike as _};
use reqwest::Method;
use serde_json::{Value, json};

use super::{path, plan};
use crate::support::caller::{Caller, Reply};
use crate::support::city::City;

crate::tests![
    what_is_announced_stands_in_the_calendar_and_what_is_changed_follows,
    each_area_has_a_calendar_of_its_own,
    what_is_known_already_is_not_sent_again,
    the_calendar_goes_back_twelve_months,
    the_calendar_tells_of_no_person,
];

async fn announce(agent: &Caller, other: Value) -> Value {
    let cafe = plan(agent, other).await;
    agent.post(&path(&cafe, "/announce"), &json!({})).await.ok()
}

fn read(reply: &Reply) -> Calendar {
    assert_eq!(reply.is(200).header("content-type"), Some("text/calendar; charset=utf-8"));
    assert!(reply.text.ends_with("\r\n") && !reply.text.replace("\r\n", "").contains(['\r', '\n']));
    assert!(reply.text.split("\r\n").all(|line| line.len() <= 75), "{}", reply.text);
    reply.text.parse().unwrap()
}

fn events(calendar: &Calendar) -> Vec<&Event> {
    calendar.events().collect()
}

async fn what_is_announced_stands_in_the_calendar_and_what_is_changed_follows() {
    let city = City::new().await;
    let (agent, stranger) = (city.agent().await, city.stranger());
    let title = "Café avec un policier ; marché du Pigeonnier, sous la halle : venez, on vous écoute – entrée libre";
    plan(&agent, json!({ "title": "Un café dont personne ne sait rien" })).await;
    let cafe = announce(&agent, json!({ "title": title })).await;
    let calendar = read(&stranger.get("/v1/cafes.ics").await);
    assert_eq!(calendar.get_name(), Some("Cafés avec un policier – Amiens"));
    assert_eq!(calendar.property_value("X-WR-CALNAME"), Some("Cafés avec un policier – Amiens"));
    assert_eq!(calendar.property_value("REFRESH-INTERVAL"), Some("PT3H"));
    let all = events(&calendar);
    assert_eq!(all.len(), 1);
    let value = |event: &Event, name: &str| event.property_value(name).map(ToOwned::to_owned);
    assert_eq!(all[0].get_uid(), cafe["id"].as_str());
    assert_eq!((all[0].get_summary(), all[0].get_location()), (Some(title), Some("Place du Pays d’Auge")));
    for (name, expected) in [
        ("SEQUENCE", "2"),
        ("STATUS", "CONFIRMED"),
        ("DTSTAMP", "20260310T090000Z"),
        ("LAST-MODIFIED", "20260310T090000Z"),
        ("DTSTART", "20260312T090000Z"),
        ("DTEND", "20260312T113000Z"),
        ("GEO", "49.912100;2.297200"),
    ] {
        assert_eq!(value(all[0], name).as_deref(), Some(expected), "{name}");
    }
    city.clock.set("2026-03-10T09:10:00Z");
    let later = json!({ "ends_at": "2026-03-12T12:00:00Z" });
    agent.patch(&path(&cafe, ""), &cafe["version"], &later).await.ok();
    let calendar = read(&stranger.get("/v1/cafes.ics").await);
    let changed = events(&calendar)[0];
    assert_eq!(changed.get_uid(), cafe["id"].as_str());
    for (name, expected) in [("SEQUENCE", "3"), ("LAST-MODIFIED", "20260310T091000Z"), ("DTEND", "20260312T120000Z")] {
        assert_eq!(value(changed, name).as_deref(), Some(expected), "{name}");
    }
    agent.post(&path(&cafe, "/cancel"), &json!({ "reason": "Un agent est souffrant" })).await.ok();
    let reply = stranger.get("/v1/cafes.ics").await;
    let calendar = read(&reply);
    let cancelled = events(&calendar)[0];
    assert_eq!(
        (value(cancelled, "STATUS").as_deref(), value(cancelled, "SEQUENCE").as_deref()),
        (Some("CANCELLED"), Some("4"))
    );
    assert_eq!(cancelled.get_summary(), Some(format!("Annulé : {title}").as_str()));
    assert!(!reply.text.contains("souffrant"));
    city.stop().await;
}

async fn each_area_has_a_calendar_of_its_own() {
    let city = City::new().await;
    let (agent, stranger) = (city.agent().await, city.stranger());
    let north = announce(&agent, json!({})).await;
    let south = announce(&agent, json!({ "place": { "lat": 49.8760, "lon": 2.3180 } })).await;
    let area = south["areas"]["secteurs"].as_str().unwrap();
    let uids = |calendar: &Calendar| -> Vec<String> {
        events(calendar).into_iter().map(|event| event.get_uid().unwrap().to_owned()).collect()
    };
    let calendar = read(&stranger.get("/v1/cafes.ics?area=secteurs:nord").await);
    assert_eq!(uids(&calendar), [north["id"].as_str().unwrap()]);
    assert_eq!(calendar.get_name(), Some("Cafés avec un policier – Amiens – Nord"));
    assert!(
        events(&read(&stranger.get(&format!("/v1/cafes.ics?area=secteurs:{area}")).await))[0].get_location().is_none()
    );
    let both = read(&stranger.get(&format!("/v1/cafes.ics?area=secteurs:nord&area=secteurs:{area}")).await);
    assert_eq!(uids(&both).len(), 2);
    for (query, code) in [("area=nord", "bad_value"), ("area=secteurs:mars", "unknown_code")] {
        let reply = stranger.get(&format!("/v1/cafes.ics?{query}")).await;
        reply.refused_fields(400, "invalid_parameter", &[("area", code)]);
    }
    city.stop().await;
}

async fn what_is_known_already_is_not_sent_again() {
    let city = City::new().await;
    let (agent, stranger) = (city.agent().await, city.stranger());
    let ask = async |etag: &str| {
        stranger.send(stranger.request(Method::GET, "/v1/cafes.ics").header("If-None-Match", etag)).await
    };
    let empty = stranger.get("/v1/cafes.ics").await;
    assert_eq!(empty.header("cache-control"), Some("public, max-age=900"));
    let etag = empty.header("etag").unwrap();
    let known = ask(etag).await;
    assert_eq!((known.is(304).text.as_str(), known.header("etag")), ("", Some(etag)));
    ask(&format!("\"other\", W/{etag}")).await.is(304);
    announce(&agent, json!({})).await;
    assert_ne!(ask(etag).await.is(200).header("etag"), Some(etag));
    city.stop().await;
}

async fn the_calendar_goes_back_twelve_months() {
    let city = City::new().await;
    let agent = city.agent().await;
    announce(&agent, json!({})).await;
    let count = async || events(&read(&city.stranger().get("/v1/cafes.ics").await)).len();
    city.clock.set("2027-03-12T09:00:00Z");
    assert_eq!(count().await, 1);
    city.clock.set("2027-03-12T09:00:01Z");
    assert_eq!(count().await, 0);
    city.stop().await;
}

async fn the_calendar_tells_of_no_person() {
    let city = City::new().await;
    let cafe = announce(&city.agent().await, json!({})).await;
    city.clock.set("2026-03-12T09:05:00Z");
    let agent = city.agent().await;
    let held = agent.post(&path(&cafe, "/hold"), &json!({})).await.ok();
    let officer = city.account("claire.delattre").await["id"].clone();
    let report = json!({ "headcount": 4321, "officers": [officer], "remarks": "Prévoir une seconde table." });
    super::report(&agent, &held, &report).await.ok();
    let text = city.stranger().get("/v1/cafes.ics").await.text;
    for secret in [officer.as_str().unwrap(), "4321", "table"] {
        assert!(!text.contains(secret), "{text}");
    }
    city.stop().await;
}
