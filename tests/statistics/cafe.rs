//! How many cafés were held, and what was heard there.

use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

crate::tests![cafes_that_were_held_are_counted_with_what_was_heard_there];

/// Plans a café, and holds it if so. Returns its id.
pub async fn cafe(who: &Caller, title: &str, (lat, lon): (f64, f64), starts_at: &str, held: bool) -> Value {
    let plan = json!({
        "title": title, "place": { "lat": lat, "lon": lon }, "starts_at": starts_at, "ends_at": "2026-12-31T12:00:00Z"
    });
    let planned = who.post("/v1/cafes", &plan).await.created();
    if held {
        who.post(&format!("/v1/cafes/{}/hold", planned["id"].as_str().unwrap()), &json!({})).await.ok();
    }
    planned["id"].clone()
}

/// Files concerns as heard at a café.
pub async fn hear(who: &Caller, cafe: &Value, times: usize) {
    for _ in 0..times {
        let mut body = dumping();
        body["origin"] = json!("cafe");
        body["cafe_id"] = cafe.clone();
        who.post("/v1/concerns", &body).await.created();
    }
}

async fn cafes_that_were_held_are_counted_with_what_was_heard_there() {
    let city = City::new().await;
    let agent = city.agent().await;
    let (north, centre) = ((49.9121, 2.2972), (49.8942, 2.2957));
    let first = cafe(&agent, "Marché du Pigeonnier", north, "2026-02-03T09:00:00Z", true).await;
    let second = cafe(&agent, "Place Gambetta", centre, "2026-02-20T09:00:00Z", true).await;
    let third = cafe(&agent, "Étouvie", north, "2026-03-05T09:00:00Z", true).await;
    cafe(&agent, "À venir", north, "2026-04-05T09:00:00Z", false).await;
    for (cafe, times) in [(&first, 13), (&second, 3), (&third, 6)] {
        hear(&agent, cafe, times).await;
    }
    let stats = async |who: &Caller, query: &str| who.get(&format!("/v1/stats/cafes?{query}")).await.ok();
    let counts = |answer: &Value| -> Vec<(String, Value, Value)> {
        let group = |g: &Value| (g["label"].as_str().unwrap().to_owned(), g["cafes"].clone(), g["concerns"].clone());
        answer["groups"].as_array().unwrap().iter().map(group).collect()
    };
    let is = |expected: &[(&str, u64, Value)]| -> Vec<(String, Value, Value)> {
        expected.iter().map(|(label, cafes, heard)| ((*label).to_owned(), json!(cafes), heard.clone())).collect()
    };
    let dispatcher = city.dispatcher().await;
    let each = stats(&dispatcher, "").await;
    let expected =
        is(&[("Marché du Pigeonnier", 1, json!(13)), ("Place Gambetta", 1, json!(3)), ("Étouvie", 1, json!(6))]);
    assert_eq!(counts(&each), expected);
    assert_eq!((&each["cafes"], &each["concerns"], &each["rounded_to"]), (&json!(3), &json!(22), &Value::Null));
    assert_eq!((&each["groups"][0]["key"], &each["groups"][0]["starts_at"]), (&first, &json!("2026-02-03T09:00:00Z")));
    let months = stats(&dispatcher, "group_by=month&starts_from=2026-02-10T00:00:00Z").await;
    assert_eq!(counts(&months), is(&[("février 2026", 1, json!(3)), ("mars 2026", 1, json!(6))]));
    let areas = stats(&dispatcher, "group_by=area:secteurs").await;
    assert_eq!(
        counts(&areas).iter().map(|g| (g.1.clone(), g.2.clone())).collect::<Vec<_>>(),
        [(json!(2), json!(19)), (json!(1), json!(3))]
    );
    let shown = stats(&city.auditor().await, "").await;
    let expected =
        is(&[("Marché du Pigeonnier", 1, json!(15)), ("Place Gambetta", 1, Value::Null), ("Étouvie", 1, json!(5))]);
    assert_eq!(counts(&shown), expected);
    assert_eq!((&shown["cafes"], &shown["concerns"], &shown["rounded_to"]), (&json!(3), &Value::Null, &json!(5)));
    city.stop().await;
}
