//! The rules, and the city as data.

use serde_json::json;

use super::Story;

pub async fn play(story: &mut Story) {
    let (agent, admin, dispatcher) =
        (story.city.agent().await, story.city.admin().await, story.city.dispatcher().await);
    for list in ["category_list", "service_list", "zoning_list", "calendar_list", "place_search", "place_reverse"] {
        story.done(&agent, list, &[]).await;
    }
    story.done(&agent, "calendar_preview", &[]).await;
    story.done(&admin, "routing_read", &[]).await;
    let draft = story.done(&admin, "routing_draft_save", &[]).await;
    let it = ("draft", draft["id"].clone());
    story.done(&admin, "routing_draft_list", &[]).await;
    story.done(&admin, "routing_draft_read", &[it.clone()]).await;
    let version = ("If-Match", draft["version"].clone());
    let changed = story.done(&admin, "routing_draft_change", &[it.clone(), version]).await;
    story.done(&admin, "routing_draft_check", &[it.clone()]).await;
    story.done(&dispatcher, "routing_simulate", &[]).await;
    story.play(&dispatcher, "routing_replay", &[]).await;
    let version = ("If-Match", changed["version"].clone());
    story.done(&admin, "routing_draft_publish", &[it, version]).await;
    story.done(&admin, "routing_version_list", &[]).await;
    story.done(&admin, "routing_version_read", &[("version", json!(1))]).await;
    story.done(&admin, "routing_version_restore", &[("version", json!(1))]).await;
    story.done(&dispatcher, "routing_quality", &[]).await;
    let other = story.done(&admin, "routing_draft_save", &[("/name", json!("Autre brigade"))]).await;
    let it = [("draft", other["id"].clone()), ("If-Match", other["version"].clone())];
    story.play(&admin, "routing_draft_delete", &it).await;
    for path in ["health_live", "health_ready", "jwks_read"] {
        story.done(&story.city.stranger(), path, &[]).await;
    }
    while usecases::hotspot::keep(&story.city.instance.context).await.unwrap() > 0 {}
    story.done(&agent, "hotspot_list", &[]).await;
    story.play(&agent, "hotspot_list", &[("Accept", json!("application/geo+json"))]).await;
}
