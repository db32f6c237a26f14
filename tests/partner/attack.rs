//! What a link does not open.

use reqwest::Method;
use serde_json::json;

use super::{LANDLORD, POLICE, act, openings, page, passed_on, read};
use crate::support::city::City;

crate::tests![
    a_token_is_not_guessed,
    a_token_opens_one_ticket,
    what_is_not_a_partners_to_do_is_not_there,
    a_replay_does_nothing,
    a_token_is_no_login,
    the_database_holds_no_token,
];

async fn a_token_is_not_guessed() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let token = path.rsplit('/').next().unwrap();
    assert_eq!(token.len(), 22, "128 bits");
    let turned: String = token.chars().rev().collect();
    for guess in
        [turned.as_str(), &token[..21], &token.to_lowercase(), "AAAAAAAAAAAAAAAAAAAAAA", "%00", "a%27%20or%201=1"]
    {
        let path = format!("/v1/partners/{guess}");
        read(&city, &path).await.refused(404, "not_found");
        assert!(page(&city, &path).await.is(404).text.contains("Ce lien ne mène nulle part"));
        act(&city, &path, 2, "acknowledge", &json!({})).await.refused(404, "not_found");
    }
    assert_eq!(openings(&city, &ticket).await, [""; 0]);
    city.stop().await;
}

async fn a_token_opens_one_ticket() {
    let city = City::new().await;
    let (mine, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let (other, elsewhere) = passed_on(&city, "police-nationale", POLICE).await;
    assert_eq!(read(&city, &path).await.ok()["reference"], mine["reference"]);
    let shown = page(&city, &path).await.text.clone();
    assert!(!shown.contains(other["reference"].as_str().unwrap()) && !shown.contains(other["id"].as_str().unwrap()));
    // A body that names another ticket is refused, not followed.
    let body = json!({ "ticket": other["id"] });
    act(&city, &path, 2, "acknowledge", &body).await.refused_fields(
        400,
        "invalid_request",
        &[("/ticket", "unknown_field")],
    );
    act(&city, &path, 2, "acknowledge", &json!({})).await.ok();
    assert_eq!(read(&city, &elsewhere).await.ok()["state"], "submitted");
    // A tracking link is another kind of token, and so the other way round.
    let token = path.rsplit('/').next().unwrap();
    city.stranger().get(&format!("/v1/tracking/{token}")).await.is(404);
    city.stranger().get(&format!("/account/{token}")).await.is(410);
    city.stop().await;
}

async fn what_is_not_a_partners_to_do_is_not_there() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    for action in
        ["reroute", "hold", "resume", "reopen", "close", "cancel", "merge", "assign", "prioritise", "split", "notes"]
    {
        assert_eq!(act(&city, &path, 2, action, &json!({})).await.status, 404, "{action}");
    }
    let someone = json!({ "assignee": ticket["id"] });
    act(&city, &path, 2, "acknowledge", &someone).await.refused(400, "invalid_request");
    let stranger = city.stranger();
    let bare = |action: &str| stranger.request(Method::POST, &format!("{path}/{action}")).json(&json!({}));
    stranger.send(bare("acknowledge")).await.refused(428, "if_match_needed");
    stranger.send(bare("acknowledge").header("If-Match", "*")).await.refused(400, "invalid_header");
    let text = stranger.request(Method::POST, &format!("{path}/receive")).header("Content-Type", "text/plain");
    stranger.send(text.header("If-Match", "\"2\"").body("version=2")).await.refused(415, "unsupported_media_type");
    assert_eq!(stranger.send(stranger.request(Method::DELETE, &path)).await.status, 405);
    assert_eq!(city.dispatcher().await.timeline(&ticket).await.len(), 2);
    city.stop().await;
}

async fn a_replay_does_nothing() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    act(&city, &path, 2, "acknowledge", &json!({})).await.ok();
    let stale = act(&city, &path, 2, "acknowledge", &json!({})).await;
    stale.refused(412, "stale_version");
    assert_eq!(stale.header("etag"), Some("\"3\""));
    act(&city, &path, 3, "acknowledge", &json!({})).await.refused(409, "ticket_not_submitted");
    // Two at once: one of them has seen what the other left.
    let start = json!({});
    let (one, two) = tokio::join!(act(&city, &path, 3, "start", &start), act(&city, &path, 3, "start", &start));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    assert_eq!(city.dispatcher().await.timeline(&ticket).await.len(), 4);
    city.stop().await;
}

async fn a_token_is_no_login() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let token = path.rsplit('/').next().unwrap();
    let caller = city.with_token(&json!({ "access_token": token }));
    caller.get("/v1/me").await.refused(401, "invalid_token");
    caller.get(&format!("/v1/tickets/{}", ticket["id"].as_str().unwrap())).await.refused(401, "invalid_token");
    city.stop().await;
}

async fn the_database_holds_no_token() {
    let city = City::new().await;
    let (_, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let token = path.rsplit('/').next().unwrap();
    for table in ["partner_link", "partner_opening", "outbox"] {
        let rows = format!("select count(*) from {table} r where r::text like '%{token}%'");
        assert_eq!(city.database.count(&rows).await, 0, "{table}");
    }
    city.stop().await;
}
