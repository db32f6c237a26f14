//! Places that come back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration as Real, Instant};

use chrono::{DateTime, Duration, Utc};
use domain::hotspot::{Sighting, find};
use domain::id::ConcernId;
use domain::place::Point;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Row as _;
use uuid::Uuid;

use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

crate::tests![
    three_concerns_within_a_hundred_metres_in_a_year_are_a_hotspot,
    a_hotspot_stays_the_same_sleeps_and_comes_back,
    services_know_of_those_that_their_tickets_make,
    a_list_is_narrowed_and_paged,
    what_is_found_little_by_little_is_what_is_found_at_once,
    a_changed_catalogue_is_followed,
    a_dense_town_is_kept_up,
];

async fn keep(city: &City) {
    while usecases::hotspot::keep(&city.instance.context).await.unwrap() > 0 {}
}

/// Files a concern of that category so many metres north of the place.
async fn file(who: &Caller, category: &str, metres: f64) -> Value {
    let mut body = dumping();
    body["category"] = json!(category);
    body["place"]["lat"] = json!(49.9121 + metres / 111_195.0);
    who.post("/v1/concerns", &body).await.created()
}

async fn listed(who: &Caller, query: &str) -> Vec<Value> {
    who.get(&format!("/v1/hotspots{query}")).await.ok()["items"].as_array().unwrap().clone()
}

async fn three_concerns_within_a_hundred_metres_in_a_year_are_a_hotspot() {
    let city = City::new().await;
    let agent = city.agent().await;
    file(&agent, "illegal_dumping", 0.0).await;
    file(&agent, "graffiti", 90.0).await;
    // Of another family, too far away, kept from others, and only known by its address.
    file(&agent, "pothole", 0.0).await;
    file(&agent, "illegal_dumping", 250.0).await;
    for category in ["neighbour_noise", "neighbour_noise", "neighbour_noise", "officer_complaint"] {
        file(&agent, category, 0.0).await;
    }
    let mut elsewhere = dumping();
    elsewhere["place"] = json!({ "address": "Rue du Pigeonnier" });
    agent.post("/v1/concerns", &elsewhere).await.created();
    keep(&city).await;
    assert_eq!(listed(&agent, "").await, Vec::<Value>::new());
    city.clock.forward(Duration::minutes(10));
    let agent = city.agent().await;
    // Attached to another one: it was said all the same.
    let mut body = dumping();
    body["attach_to"] =
        agent.get("/v1/tickets?category=illegal_dumping&sort=filed_at").await.ok()["items"][0]["id"].clone();
    agent.post("/v1/concerns", &body).await.created();
    keep(&city).await;
    let found = listed(&agent, "").await;
    assert_eq!(found.len(), 1, "{found:?}");
    let hotspot = &found[0];
    assert_eq!(hotspot["family"], json!({ "code": "cleanliness", "label": "Propreté et déchets" }));
    assert_eq!(
        (&hotspot["active"], &hotspot["concerns"], &hotspot["concerns_ever"]),
        (&json!(true), &json!(3), &json!(3))
    );
    assert_eq!(hotspot["months"], json!({ "2026-03": 3 }));
    assert_eq!(hotspot["areas"]["secteurs"], "nord");
    assert_eq!(hotspot["place"], json!({ "lat": 49.9121, "lon": 2.2972, "street": "Rue du Pigeonnier" }));
    assert_eq!(hotspot["first_concern_at"], "2026-03-10T09:00:00Z");
    assert_eq!(hotspot["last_concern_at"], "2026-03-10T09:10:00Z");
    let request = agent.request(Method::GET, "/v1/hotspots").header("Accept", "application/geo+json");
    let map = agent.send(request).await;
    assert_eq!(map.header("content-type"), Some("application/geo+json"));
    let map = map.ok();
    assert_eq!((&map["type"], &map["features"][0]["properties"]), (&json!("FeatureCollection"), hotspot));
    assert_eq!(map["features"][0]["geometry"], json!({ "type": "Point", "coordinates": [2.2972, 49.9121] }));
    city.stop().await;
}

async fn a_hotspot_stays_the_same_sleeps_and_comes_back() {
    let city = City::new().await;
    for metres in [0.0, 10.0, 20.0] {
        file(&city.agent().await, "illegal_dumping", metres).await;
    }
    keep(&city).await;
    let id = listed(&city.agent().await, "").await[0]["id"].clone();
    let shows = async |at: &str, active: bool, concerns: u64, ever: u64| {
        city.clock.set(at);
        keep(&city).await;
        let found = listed(&city.agent().await, "").await;
        let shown = ["id", "active", "concerns", "concerns_ever"].map(|field| found[0][field].clone());
        assert_eq!((found.len(), shown), (1, [id.clone(), json!(active), json!(concerns), json!(ever)]), "{at}");
        found[0].clone()
    };
    city.clock.set("2026-09-10T09:00:00Z");
    file(&city.agent().await, "graffiti", 60.0).await;
    let grown = shows("2026-09-10T09:00:01Z", true, 4, 4).await;
    assert_eq!(grown["months"], json!({ "2026-03": 3, "2026-09": 1 }));
    shows("2027-03-10T22:00:00Z", true, 4, 4).await;
    let asleep = shows("2027-03-11T09:00:00Z", false, 0, 4).await;
    assert_eq!((&asleep["last_concern_at"], &asleep["months"]), (&json!("2026-09-10T09:00:00Z"), &grown["months"]));
    assert_eq!(listed(&city.agent().await, "?active=true").await.len(), 0);
    assert_eq!(listed(&city.agent().await, "?active=false").await.len(), 1);
    city.clock.set("2028-01-10T09:00:00Z");
    for metres in [5.0, 15.0, 25.0] {
        file(&city.agent().await, "illegal_dumping", metres).await;
    }
    let back = shows("2028-01-10T09:00:01Z", true, 3, 7).await;
    assert_eq!(back["months"], json!({ "2026-03": 3, "2026-09": 1, "2028-01": 3 }));
    city.stop().await;
}

async fn services_know_of_those_that_their_tickets_make() {
    let city = City::new().await;
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    let mut last = Value::Null;
    for metres in [0.0, 10.0, 20.0, 30.0] {
        last = file(&agent, "illegal_dumping", metres).await["tickets"][0].clone();
    }
    keep(&city).await;
    let [all] = listed(&agent, "").await.try_into().unwrap();
    assert_eq!((&all["concerns"], listed(&dispatcher, "").await), (&json!(4), vec![all.clone()]));
    let (proprete, voirie) = (city.proprete().await, city.voirie().await);
    let seen = listed(&proprete, "").await;
    assert_eq!((seen.len(), &seen[0]["id"], &seen[0]["concerns"]), (1, &all["id"], &json!(4)));
    assert_eq!((seen[0].get("months"), seen[0].get("concerns_ever")), (None, None));
    assert_eq!(listed(&voirie, "").await.len(), 0);
    let reroute = json!({ "service": "voirie", "note": "Chaussée" });
    dispatcher.act(&last, "reroute", &reroute).await.ok();
    assert_eq!(listed(&proprete, "").await[0]["concerns"], 3, "what is at another service now is not theirs");
    assert_eq!(listed(&voirie, "").await.len(), 0, "one ticket is no hotspot");
    assert_eq!(listed(&agent, "").await[0]["concerns"], 4);
    for who in [city.auditor().await, city.admin().await] {
        who.get("/v1/hotspots").await.lacks("read_hotspots");
    }
    city.stranger().get("/v1/hotspots").await.refused(401, "unauthenticated");
    city.stop().await;
}

async fn a_list_is_narrowed_and_paged() {
    let city = City::new().await;
    for (category, metres) in [("illegal_dumping", 0.0), ("pothole", 0.0), ("graffiti", -900.0)] {
        city.clock.forward(Duration::minutes(1));
        for _ in 0..3 {
            file(&city.agent().await, category, metres).await;
        }
    }
    keep(&city).await;
    let agent = city.agent().await;
    let families = async |query: &str| -> Vec<Value> {
        listed(&agent, query).await.iter().map(|hotspot| hotspot["family"]["code"].clone()).collect()
    };
    assert_eq!(families("").await, ["cleanliness", "public_space", "cleanliness"], "the latest concern first");
    assert_eq!(families("?family=public_space").await, ["public_space"]);
    assert_eq!(families("?area=secteurs:nord&active=true").await, ["public_space", "cleanliness"]);
    assert_eq!(families("?area=secteurs:sud").await.len(), 0);
    let whole = listed(&agent, "").await;
    let mut paged = Vec::new();
    let mut path = "/v1/hotspots?limit=1".to_owned();
    loop {
        let page = agent.get(&path).await.ok();
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/hotspots?limit=1&cursor={cursor}");
    }
    assert_eq!(paged, whole);
    let faults = [("active", "bad_value"), ("area", "bad_value"), ("page", "unknown_parameter")];
    agent.get("/v1/hotspots?active=oui&area=nord&page=2").await.refused_fields(400, "invalid_parameter", &faults);
    city.stop().await;
}

/// Which concerns make which hotspot.
async fn kept(city: &City) -> BTreeMap<Uuid, BTreeSet<Uuid>> {
    let mut connection = city.database.connection().await;
    let rows = sqlx::query("select hotspot_id, concern_id from hotspot_concern where current");
    let mut kept: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    for row in rows.fetch_all(&mut connection).await.unwrap() {
        kept.entry(row.get(0)).or_default().insert(row.get(1));
    }
    kept
}

/// What the rules find among all concerns there are, without any worker.
async fn found(city: &City, since: DateTime<Utc>) -> BTreeSet<BTreeSet<Uuid>> {
    let mut connection = city.database.connection().await;
    let rows = sqlx::query("select id, lat, lon from concern where filed_at >= $1").bind(since);
    let sighting = |row: sqlx::postgres::PgRow| Sighting {
        concern: ConcernId(row.get(0)),
        point: Point { lat: row.get(1), lon: row.get(2) },
    };
    let all: Vec<_> = rows.fetch_all(&mut connection).await.unwrap().into_iter().map(sighting).collect();
    find(&all).into_iter().map(|found| found.concerns.into_iter().map(|concern| concern.0).collect()).collect()
}

async fn what_is_found_little_by_little_is_what_is_found_at_once() {
    let city = City::new().await;
    city.dumping().await;
    let second = city.second().await;
    // Nine times over 18 months, twenty concerns in a square of 600 m, by chance that repeats itself.
    for turn in 0..9_i32 {
        let from = format!(
            "concern t, generate_series(1, 20) as n, lateral (select
                md5('{turn} ' || n)::uuid as id,
                timestamptz '2026-03-10 09:00Z' + interval '60 days' * {turn} + interval '1 minute' * n as filed_at,
                49.9121 + (('x' || substr(md5('{turn} lat ' || n), 1, 4))::bit(16)::int % 600) / 111195.0 as lat,
                2.2972 + (('x' || substr(md5('{turn} lon ' || n), 1, 4))::bit(16)::int % 600) / 71600.0 as lon
            ) as copy where t.id in (select concern_id from ticket)"
        );
        city.database.copy("concern", &["id", "filed_at", "lat", "lon"], &from).await;
        let now = DateTime::parse_from_rfc3339("2026-03-10T10:00:00Z").unwrap().to_utc() + Duration::days(60) * turn;
        city.clock.set(&now.to_rfc3339());
        // One whose connections break anywhere, as if it were killed; then two at once.
        for micros in [2000, 5000, 9000] {
            let broken = async {
                tokio::time::sleep(Real::from_micros(micros)).await;
                let others = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                    where datname = current_database() and pid <> pg_backend_pid()";
                city.database.count(others).await
            };
            let (kept, _) = tokio::join!(usecases::hotspot::keep(&city.instance.context), broken);
            drop(kept);
        }
        let since = domain::hotspot::since(now, domain::time::Zone::PARIS);
        let left = format!(
            "select (select count(*) from hotspot_due) + 1 - (select count(*) from hotspot_progress where since = '{since}')"
        );
        while city.database.count(&left).await > 0 {
            let (one, other) = (&city.instance.context, &second.context);
            let (one, other) = tokio::join!(usecases::hotspot::keep(one), usecases::hotspot::keep(other));
            drop((one, other));
        }
        let kept = kept(&city).await;
        assert_eq!(kept.values().cloned().collect::<BTreeSet<_>>(), found(&city, since).await, "turn {turn}");
        assert!(kept.len() > 1, "turn {turn}");
    }
    // Connections that broke without being used since are found to be so one by one, each by a request that fails.
    for _ in 0..30 {
        city.stranger().get("/health/ready").await;
    }
    let (little, listed_little) = (kept(&city).await, listed(&city.agent().await, "?limit=200").await);
    assert!(listed_little.iter().any(|hotspot| hotspot["active"] == false), "some sleep");
    assert!(listed_little.iter().any(|hotspot| hotspot["concerns_ever"].as_u64() > hotspot["concerns"].as_u64()));
    city.database
        .count("with again as (update hotspot_progress set revision = -1 returning 1) select count(*) from again")
        .await;
    keep(&city).await;
    assert_eq!(kept(&city).await, little, "the same concerns make the same hotspots");
    assert_eq!(listed(&city.agent().await, "?limit=200").await, listed_little);
    second.stop().await;
    city.stop().await;
}

/// With `CONTINUUM_TIMES` set, twenty thousand concerns of one family in a year on 12 km², and it prints how long things took:
/// docs/performance.md.
async fn a_dense_town_is_kept_up() {
    let (concerns, side) = if std::env::var_os("CONTINUUM_TIMES").is_some() { (20_000, 3500) } else { (300, 420) };
    let city = City::new().await;
    city.dumping().await;
    city.clock.set("2026-03-10T10:00:00Z");
    let copies = |turn: &str, n: i32| {
        format!(
            "concern t, generate_series(1, {n}) as n, lateral (select
                md5('{turn} ' || n)::uuid as id,
                timestamptz '2026-03-10 09:00Z' - interval '364 days' / {n} * n as filed_at,
                49.9121 + (('x' || substr(md5('{turn} lat ' || n), 1, 4))::bit(16)::int % {side}) / 111195.0 as lat,
                2.2972 + (('x' || substr(md5('{turn} lon ' || n), 1, 4))::bit(16)::int % {side}) / 71600.0 as lon
            ) as copy where t.id in (select concern_id from ticket)"
        )
    };
    city.database.copy("concern", &["id", "filed_at", "lat", "lon"], &copies("first", concerns)).await;
    let begun = Instant::now();
    keep(&city).await;
    println!("{concerns} concerns: {} ms", begun.elapsed().as_millis());
    city.database.copy("concern", &["id", "filed_at", "lat", "lon"], &copies("later", 10)).await;
    let begun = Instant::now();
    keep(&city).await;
    println!("10 more: {} ms", begun.elapsed().as_millis());
    let now = DateTime::parse_from_rfc3339("2026-03-10T10:00:00Z").unwrap().to_utc();
    let since = domain::hotspot::since(now, domain::time::Zone::PARIS);
    let kept = kept(&city).await;
    assert_eq!(kept.values().cloned().collect::<BTreeSet<_>>(), found(&city, since).await);
    println!("{} hotspots", kept.len());
    city.stop().await;
}

async fn a_changed_catalogue_is_followed() {
    let city = City::new().await;
    let agent = city.agent().await;
    for _ in 0..3 {
        file(&agent, "illegal_dumping", 0.0).await;
    }
    keep(&city).await;
    assert_eq!(listed(&agent, "?active=true").await.len(), 1);
    let mut changed = city.instance.context.city().unwrap().city.clone();
    let category = changed.catalogue.iter_mut().find(|category| category.code.as_str() == "illegal_dumping").unwrap();
    category.sensitivity = domain::city::catalogue::Sensitivity::Restricted;
    usecases::city::load(&city.instance.context, &changed, true, None, city.instance.context.now()).await.unwrap();
    keep(&city).await;
    assert_eq!(listed(&agent, "?active=true").await.len(), 0, "what is kept from others now is on no map");
    city.stop().await;
}
