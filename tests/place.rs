//! Looking addresses up at a geocoder, and doing without it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::{City, dumping};
use crate::support::geocoder::{Day, Geocoder};

crate::tests![
    an_address_is_found_with_its_areas,
    what_was_found_is_kept,
    a_geocoder_that_asks_for_it_is_left_alone,
    a_geocoder_that_fails_is_left_alone_and_concerns_are_filed_all_the_same,
    a_question_is_refused_parameter_by_parameter,
    without_a_geocoder_it_is_said,
];

async fn city(geocoder: &Geocoder) -> City {
    City::with(|config| config.geocoder = Some(geocoder.url.clone())).await
}

async fn an_address_is_found_with_its_areas() {
    let geocoder = Geocoder::start(Day::Good);
    let city = city(&geocoder).await;
    let agent = city.agent().await;
    let found = agent.get("/v1/places/search?q=8%20bd%20du%20port&near=49.9,2.3&limit=3").await.ok();
    let expected = json!({
        "address": "8 Boulevard du Port 80000 Amiens", "kind": "house_number", "lat": 49.897_446, "lon": 2.29009,
        "score": 0.49159, "postcode": "80000", "city": "Amiens", "city_code": "80021", "inside": true,
        "areas": { "quartiers": "centre-saint-leu", "secteurs": "centre" }
    });
    let mut first = found["items"][0].clone();
    // Which area it is is the zonings' test.
    assert_eq!(first["areas"].as_object().unwrap().len(), 2, "{first}");
    first["areas"] = expected["areas"].clone();
    assert_eq!((first, found["items"].as_array().unwrap().len()), (expected, 1), "what is no address is left out");
    let here = agent.get("/v1/places/reverse?lat=49.8974461&lon=2.2900904").await.ok();
    assert_eq!(here["items"][0]["address"], "8 Boulevard du Port 80000 Amiens");
    assert_eq!(
        geocoder.asked(),
        [
            "/geocodage/search?q=8+bd+du+port&citycode=80021&limit=3&lat=49.90000&lon=2.30000",
            "/geocodage/reverse?lat=49.89745&lon=2.29009&limit=5",
        ]
    );
    // What was found is a place.
    let mut body = dumping();
    body["place"] = json!({ "lat": here["items"][0]["lat"], "lon": here["items"][0]["lon"], "address": here["items"][0]["address"] });
    agent.post("/v1/concerns", &body).await.created();
    city.stop().await;
    geocoder.stop().await;
}

async fn search(who: &Caller, words: &str) -> crate::support::caller::Reply {
    who.get(&format!("/v1/places/search?q={words}")).await
}

async fn what_was_found_is_kept() {
    let geocoder = Geocoder::start(Day::Good);
    let city = city(&geocoder).await;
    let agent = city.agent().await;
    let at_once = (0..4).map(|_| search(&agent, "boulevard"));
    for reply in futures_util::future::join_all(at_once).await {
        reply.ok();
    }
    geocoder.has(Day::Broken);
    search(&agent, "boulevard").await.ok();
    assert_eq!(geocoder.asked().len(), 1);
    search(&agent, "avenue").await.refused(503, "no_geocoder");
    geocoder.has(Day::Good);
    search(&agent, "avenue").await.ok();
    assert_eq!(geocoder.asked().len(), 3, "a failure is not kept");
    city.stop().await;
    geocoder.stop().await;
}

fn retry_after(reply: &crate::support::caller::Reply) -> u64 {
    reply.header("retry-after").unwrap().parse().unwrap()
}

async fn a_geocoder_that_asks_for_it_is_left_alone() {
    let geocoder = Geocoder::start(Day::Busy(2));
    let city = city(&geocoder).await;
    let agent = city.agent().await;
    search(&agent, "boulevard").await.refused(503, "no_geocoder");
    geocoder.has(Day::Good);
    let reply = search(&agent, "avenue").await;
    reply.refused(503, "no_geocoder");
    assert!((1..=2).contains(&retry_after(&reply)), "{:?}", reply.header("retry-after"));
    assert_eq!(geocoder.asked().len(), 1);
    tokio::time::sleep(Duration::from_secs(retry_after(&reply))).await;
    search(&agent, "avenue").await.ok();
    city.stop().await;
    geocoder.stop().await;
}

async fn a_geocoder_that_fails_is_left_alone_and_concerns_are_filed_all_the_same() {
    for day in [Day::Slow, Day::Broken, Day::Odd] {
        let geocoder = Geocoder::start(day);
        let city = city(&geocoder).await;
        let agent = city.agent().await;
        let begun = Instant::now();
        for words in ["un", "deux", "trois"] {
            search(&agent, &format!("rue%20{words}")).await.refused(503, "no_geocoder");
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{day:?} took {:?}", begun.elapsed());
        let reply = search(&agent, "rue%20quatre").await;
        reply.refused(503, "no_geocoder");
        assert!((20..=30).contains(&retry_after(&reply)), "{day:?}: {:?}", reply.header("retry-after"));
        assert_eq!(geocoder.asked().len(), 3, "{day:?}");
        agent.post("/v1/concerns", &dumping()).await.created();
        city.stop().await;
        geocoder.stop().await;
    }
}

async fn a_question_is_refused_parameter_by_parameter() {
    let geocoder = Geocoder::start(Day::Good);
    let city = city(&geocoder).await;
    let agent = city.agent().await;
    for (path, fields) in [
        ("search", vec![("q", "required")]),
        (
            "search?q=ab&limit=21&near=1&colour=1",
            vec![("q", "bad_value"), ("near", "bad_value"), ("limit", "bad_value"), ("colour", "unknown_parameter")],
        ),
        ("search?q=%20%2Frue", vec![("q", "bad_value")]),
        ("reverse?lat=91", vec![("lat", "bad_value"), ("lon", "required")]),
        ("reverse?lat=NaN&lon=2&lon=3", vec![("lat", "bad_value"), ("lon", "repeated")]),
    ] {
        let problem = agent.get(&format!("/v1/places/{path}")).await.refused(400, "invalid_parameter");
        let errors: Vec<(String, String)> = problem["errors"].as_array().unwrap().iter().map(told).collect();
        let fields: Vec<(String, String)> = fields.into_iter().map(|(at, code)| (at.into(), code.into())).collect();
        assert_eq!(errors, fields, "{path}");
    }
    assert_eq!(geocoder.asked().len(), 0);
    city.stranger().get("/v1/places/search?q=boulevard").await.refused(401, "unauthenticated");
    city.stop().await;
    geocoder.stop().await;
}

fn told(error: &Value) -> (String, String) {
    (error["parameter"].as_str().unwrap().to_owned(), error["code"].as_str().unwrap().to_owned())
}

async fn without_a_geocoder_it_is_said() {
    let city = City::new().await;
    let agent = city.agent().await;
    let problem = search(&agent, "boulevard").await.refused(503, "no_geocoder");
    assert!(problem["detail"].as_str().unwrap().contains("vous-même"), "{problem}");
    city.stop().await;
}
