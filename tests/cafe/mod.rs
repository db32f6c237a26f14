//! Cafés.

use serde_json::json;

use crate::support::city::City;

crate::tests![a_cafe_is_planned_then_held];

async fn a_cafe_is_planned_then_held() {
    let city = City::new().await;
    let agent = city.agent().await;
    let plan = json!({
        "title": "Café avec un policier, marché du Pigeonnier",
        "place": { "lat": 49.9121, "lon": 2.2972 },
        "starts_at": "2026-03-12T09:00:00Z",
        "ends_at": "2026-03-12T11:30:00Z"
    });
    let reply = agent.post("/v1/cafes", &plan).await;
    let planned = reply.created();
    assert_eq!((&planned["state"], &planned["areas"]["secteurs"]), (&json!("planned"), &json!("nord")));
    let path = reply.header("location").unwrap().to_owned();
    city.clock.set("2026-03-12T09:05:00Z");
    let agent = city.agent().await;
    let held = agent.post(&format!("{path}/hold"), &json!({})).await.ok();
    assert_eq!((&held["state"], &held["held_at"]), (&json!("held"), &json!("2026-03-12T09:05:00Z")));
    assert_eq!(agent.get(&path).await.ok(), held);
    agent.post(&format!("{path}/hold"), &json!({})).await.refused(409, "cafe_not_planned");
    city.stop().await;
}
