//! Cafés: from the plan to the report.

mod batch;
mod cadence;
mod calendar;
mod life;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::caller::{Caller, Reply};
use crate::support::city::City;

pub fn tests() -> Vec<crate::support::Test> {
    [batch::tests(), cadence::tests(), calendar::tests(), life::tests()].into_iter().flatten().collect()
}

/// A café at the Pigeonnier market, in the north, two days after the test begins.
pub fn market() -> Value {
    json!({
        "title": "Café avec un policier, marché du Pigeonnier",
        "place": { "lat": 49.9121, "lon": 2.2972, "address": "Place du Pays d’Auge" },
        "starts_at": "2026-03-12T09:00:00Z",
        "ends_at": "2026-03-12T11:30:00Z"
    })
}

/// Plans the café of [`market`], with other fields where some are given.
pub async fn plan(agent: &Caller, other: Value) -> Value {
    let mut body = market();
    body.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    agent.post("/v1/cafes", &body).await.created()
}

/// The path of a café, or of something of it.
pub fn path(cafe: &Value, rest: &str) -> String {
    format!("/v1/cafes/{}{rest}", cafe["id"].as_str().unwrap())
}

/// Writes the report of a café as the caller saw it.
pub async fn report(agent: &Caller, cafe: &Value, body: &Value) -> Reply {
    let request = agent.request(Method::POST, &path(cafe, "/report"));
    agent.send(request.header("If-Match", format!("\"{}\"", cafe["version"])).json(body)).await
}

/// A café in the north that began five minutes ago and is held, and an agent who is there.
pub async fn held(city: &City) -> (Value, Caller) {
    let cafe = plan(&city.agent().await, json!({})).await;
    city.clock.set("2026-03-12T09:05:00Z");
    let agent = city.agent().await;
    (agent.post(&path(&cafe, "/hold"), &json!({})).await.ok(), agent)
}
