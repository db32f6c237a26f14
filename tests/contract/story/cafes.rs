//! Cafés: planned, announced, held, reported; and the sheets of what was said there.

use serde_json::{Value, json};

use super::Story;
use crate::support::caller::Caller;

pub async fn play(story: &mut Story) {
    let agent = story.city.agent().await;
    let cafe = story.done(&agent, "cafe_plan", &[]).await;
    let it = ("cafe", cafe["id"].clone());
    let version = ("If-Match", cafe["version"].clone());
    story.done(&agent, "cafe_change", &[it.clone(), version]).await;
    story.done(&agent, "cafe_announce", &[it.clone()]).await;
    story.play(&story.city.stranger(), "cafe_calendar", &[]).await;
    story.done(&agent, "cafe_list", &[]).await;
    let other = agent.post("/v1/cafes", &other()).await.created();
    story.done(&agent, "cafe_cancel", &[("cafe", other["id"].clone())]).await;
    // The day of the café; whoever was logged in is no more.
    story.city.clock.set("2026-12-03T10:00:00Z");
    let agent = story.city.agent().await;
    let held = story.done(&agent, "cafe_hold", &[it.clone()]).await;
    story.done(&agent, "cafe_file_concerns", &[it.clone()]).await;
    let version = ("If-Match", held["version"].clone());
    story.done(&agent, "cafe_report", &[it.clone(), version]).await;
    story.done(&agent, "cafe_read", &[it.clone()]).await;
    story.done(&agent, "cafe_cadence", &[]).await;
    sheets(story, &agent, &it).await;
}

fn other() -> Value {
    json!({
        "title": "Rencontre avec la brigade verte",
        "place": { "lat": 49.8942, "lon": 2.2957, "address": "Place Gambetta" },
        "starts_at": "2026-12-02T13:00:00Z",
        "ends_at": "2026-12-02T16:00:00Z"
    })
}

async fn sheets(story: &mut Story, agent: &Caller, it: &(&'static str, Value)) {
    let json = ("Accept", json!("application/json"));
    let published = story.done(agent, "cafe_sheet_publish", &[it.clone()]).await;
    story.done(agent, "cafe_sheet_read", &[it.clone(), json.clone()]).await;
    let token = published["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    story.recorded.alias(&token, "EXAMPLE----SHEET-TOKEN");
    story.done(&story.city.stranger(), "sheet_read", &[("token", json!(token)), json.clone()]).await;
    story.play(agent, "cafe_sheet_withdraw", &[it.clone()]).await;
    let published = story.done(agent, "area_sheet_publish", &[]).await;
    let token = published["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    story.recorded.alias(&token, "EXAMPLE----SHEET-TOKEN");
    story.done(agent, "area_sheet_read", &[json]).await;
    story.play(agent, "area_sheet_withdraw", &[]).await;
}
