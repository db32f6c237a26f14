//! Sheets « Vous avez dit, nous avons fait »: what stands on them, for whom, and how they are published.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping};

mod browser;
mod drawn;
mod published;

pub fn tests() -> Vec<crate::support::Test> {
    [browser::tests(), drawn::tests(), published::tests()].into_iter().flatten().collect()
}

/// A café in the north that is held, and its id.
async fn cafe(city: &City) -> String {
    let agent = city.agent().await;
    let plan = json!({
        "title": "Café avec un policier, marché du Pigeonnier",
        "place": { "lat": 49.9121, "lon": 2.2972 },
        "starts_at": "2026-03-10T08:30:00Z",
        "ends_at": "2026-03-10T11:30:00Z"
    });
    let cafe = agent.post("/v1/cafes", &plan).await.created();
    let id = cafe["id"].as_str().unwrap().to_owned();
    agent.post(&format!("/v1/cafes/{id}/hold"), &json!({})).await.ok();
    id
}

/// A concern that was said at the café, about that, there.
fn said(cafe: &str, category: &str, address: &str) -> Value {
    let mut body = dumping();
    (body["origin"], body["cafe_id"]) = (json!("cafe"), json!(cafe));
    (body["category"], body["place"]["address"]) = (json!(category), json!(address));
    body
}

async fn file(agent: &Caller, body: &Value) -> Value {
    agent.post("/v1/concerns", body).await.created()["tickets"][0].clone()
}

async fn sheet(who: &Caller, path: &str) -> Value {
    who.get(path).await.ok()
}

async fn page(who: &Caller, path: &str) -> Reply {
    who.send(who.request(Method::GET, path).header("Accept", "text/html,*/*;q=0.8")).await
}

/// Of each part of each theme: the theme, what became of it, the number, and the lines as one reads them.
fn parts(sheet: &Value) -> Vec<(String, String, Option<u64>, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap_or("–").to_owned();
    let line = |line: &Value| {
        let texts = ["category", "street", "how", "month"].map(|field| text(&line[field]));
        texts.join(" | ")
    };
    let mut all = Vec::new();
    for theme in sheet["themes"].as_array().unwrap() {
        for part in theme["parts"].as_array().unwrap() {
            assert_eq!(part["masked"], json!(part["count"].is_null()));
            let lines = part["lines"].as_array().unwrap().iter().map(line).collect();
            all.push((text(&theme["code"]), text(&part["became"]), part["count"].as_u64(), lines));
        }
    }
    all
}

/// The path of a published sheet's link.
fn path(published: &Value) -> String {
    let url = published["url"].as_str().unwrap();
    url.strip_prefix("https://continuum.ville-amiens.example").unwrap().to_owned()
}
