//! Sheets at the link of everybody.

use reqwest::Method;
use serde_json::{Value, json};

use super::{cafe, file, page, parts, path, said, sheet};
use crate::support::caller::Reply;
use crate::support::city::City;

crate::tests![
    the_link_shows_the_sheet_as_it_was_published,
    a_withdrawn_sheet_is_gone_and_comes_back_under_another_link,
    an_areas_sheet_is_published_likewise,
    no_two_published_sheets_count_the_same_concern,
    two_that_are_published_at_once_count_no_concern_twice,
    publishing_twice_under_one_key_is_done_once,
    publishing_and_withdrawing_are_recorded,
];

async fn at(city: &City, path: &str) -> Reply {
    let stranger = city.stranger();
    stranger.send(stranger.request(Method::GET, path).header("Accept", "application/json")).await
}

async fn the_link_shows_the_sheet_as_it_was_published() {
    let city = City::new().await;
    let (agent, cafe) = (city.agent().await, cafe(&city).await);
    let ticket = file(&agent, &said(&cafe, "graffiti", "Rue du Pigeonnier")).await;
    let of = format!("/v1/cafes/{cafe}/sheet");
    let reply = agent.post(&format!("{of}/publish"), &json!({})).await;
    let published = reply.created();
    assert_eq!(reply.header("location"), published["url"].as_str());
    assert_eq!(published["at"], "2026-03-10T09:00:00Z");
    let link = path(&published);
    let token = link.strip_prefix("/v1/sheets/").unwrap();
    assert_eq!(token.len(), 22, "128 bits");
    let now = sheet(&agent, &of).await;
    assert_eq!(now["published"], published);
    assert_eq!(at(&city, &link).await.ok(), now, "what the officers saw");
    assert_eq!(city.database.count("select count(*) from restitution where content::text like '%matelas%'").await, 0);

    let shown = page(&city.stranger(), &link).await;
    assert!(shown.is(200).text.contains("transmise au service") && shown.text.contains("<svg"), "{}", shown.text);
    for (header, value) in [
        ("x-robots-tag", "noindex, nofollow"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(shown.header(header), Some(value));
    }
    assert!(city.stranger().get(&link).await.text.starts_with("<!DOCTYPE html>"), "a page, unless JSON is asked for");

    city.clock.set("2026-04-02T09:00:00Z");
    let (agent, proprete) = (city.agent().await, city.proprete().await);
    let ticket = proprete.acknowledge(&ticket).await.ok();
    proprete.resolve(&ticket).await.ok();
    assert_eq!(at(&city, &link).await.ok(), now, "what happened since is not on it");
    assert_eq!(parts(&sheet(&agent, &of).await)[0].1, "done");
    let again = agent.post(&format!("{of}/publish"), &json!({})).await.created();
    assert_eq!((&again["url"], &again["at"]), (&published["url"], &json!("2026-04-02T09:00:00Z")));
    assert_eq!(parts(&at(&city, &link).await.ok())[0].1, "done");
    city.stop().await;
}

async fn a_withdrawn_sheet_is_gone_and_comes_back_under_another_link() {
    let city = City::new().await;
    let (agent, dispatcher, cafe) = (city.agent().await, city.dispatcher().await, cafe(&city).await);
    let of = format!("/v1/cafes/{cafe}/sheet");
    let link = path(&agent.post(&format!("{of}/publish"), &json!({})).await.created());
    dispatcher.post(&format!("{of}/withdraw"), &json!({})).await.is(204);
    dispatcher.post(&format!("{of}/withdraw"), &json!({})).await.is(204);
    at(&city, &link).await.refused(404, "not_found");
    let lost = page(&city.stranger(), &link).await;
    let html = &lost.is(404).text;
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("Cette fiche n’est plus publiée."), "{html}");
    assert!(!html.contains("message"), "{html}");
    assert_eq!(sheet(&agent, &of).await.get("published"), None);
    let anew = path(&agent.post(&format!("{of}/publish"), &json!({})).await.created());
    assert_ne!(anew, link);
    at(&city, &anew).await.is(200);
    at(&city, &link).await.refused(404, "not_found");
    for wrong in ["0", "0000000000000000000000", "%00", "x'or'1"] {
        at(&city, &format!("/v1/sheets/{wrong}")).await.refused(404, "not_found");
    }
    city.stop().await;
}

async fn an_areas_sheet_is_published_likewise() {
    let city = City::new().await;
    city.dumping().await;
    let agent = city.agent().await;
    let body = json!({ "area": "secteurs:nord", "from": "2026-01-01", "to": "2026-03-31" });
    let published = agent.post("/v1/sheets/publish", &body).await.created();
    let found = sheet(&agent, "/v1/sheets?area=secteurs:nord&from=2026-01-01&to=2026-03-31").await;
    assert_eq!(found["published"], published);
    assert_eq!(at(&city, &path(&published)).await.ok(), found);
    let html = page(&city.stranger(), &path(&published)).await.text;
    assert!(html.contains("du 1er janvier 2026 au 31 mars 2026"), "{html}");
    let other = json!({ "area": "secteurs:nord", "from": "2026-01-01", "to": "2026-03-30" });
    assert_ne!(agent.post("/v1/sheets/publish", &other).await.created()["url"], published["url"]);
    agent.post("/v1/sheets/withdraw", &body).await.is(204);
    at(&city, &path(&published)).await.refused(404, "not_found");
    city.stop().await;
}

async fn no_two_published_sheets_count_the_same_concern() {
    let city = City::new().await;
    let (agent, cafe) = (city.agent().await, cafe(&city).await);
    for _ in 0..10 {
        file(&agent, &said(&cafe, "illegal_dumping", "Rue du Pigeonnier")).await;
    }
    for _ in 0..3 {
        city.dumping().await;
    }
    let area = "/v1/sheets?area=secteurs:nord&from=2026-03-01&to=2026-03-31";
    let count = |sheet: &Value| (parts(sheet)[0].2, sheet["counted_elsewhere"].as_bool().unwrap());
    assert_eq!(count(&sheet(&agent, area).await), (Some(15), false));
    let of = format!("/v1/cafes/{cafe}/sheet");
    agent.post(&format!("{of}/publish"), &json!({})).await.created();
    assert_eq!(count(&sheet(&agent, &of).await), (Some(10), false));
    // 13 less 10 would be 3.
    let found = sheet(&agent, area).await;
    assert_eq!(count(&found), (None, true));
    assert_eq!(parts(&found)[0].3, ["illegal_dumping | Rue du Pigeonnier | waiting | 2026-03"], "the line stays");
    let html = page(&agent, area).await.text;
    assert!(html.contains("une autre fiche publiée compte déjà"), "{html}");
    assert!(!html.contains("moins de 10"), "thirteen were said: {html}");
    // A sheet that was withdrawn may hang on a wall somewhere.
    agent.post(&format!("{of}/withdraw"), &json!({})).await.is(204);
    assert_eq!(count(&sheet(&agent, area).await), (None, true));
    for _ in 0..2 {
        city.dumping().await;
    }
    assert_eq!(count(&sheet(&agent, area).await), (Some(5), true), "the other five");
    let body = json!({ "area": "secteurs:nord", "from": "2026-03-01", "to": "2026-03-31" });
    agent.post("/v1/sheets/publish", &body).await.created();
    assert_eq!(count(&sheet(&agent, area).await), (Some(5), true), "its own do not stand in its way");
    assert_eq!(city.database.count("select count(*) from restitution_count").await, 15);
    city.stop().await;
}

async fn two_that_are_published_at_once_count_no_concern_twice() {
    let city = City::new().await;
    let (agent, cafe) = (city.agent().await, cafe(&city).await);
    for _ in 0..8 {
        file(&agent, &said(&cafe, "illegal_dumping", "Rue du Pigeonnier")).await;
    }
    let second = city.second().await;
    let there = agent.at(&second.base_url);
    let body = |to: &str| json!({ "area": "secteurs:nord", "from": "2026-03-01", "to": to });
    let (of, days) = (format!("/v1/cafes/{cafe}/sheet/publish"), ["2026-03-29", "2026-03-30", "2026-03-31"].map(body));
    let empty = json!({});
    let (a, b, c, d) = tokio::join!(
        agent.post(&of, &empty),
        there.post("/v1/sheets/publish", &days[0]),
        agent.post("/v1/sheets/publish", &days[1]),
        there.post("/v1/sheets/publish", &days[2]),
    );
    let mut told = Vec::new();
    for reply in [a, b, c, d] {
        told.push(parts(&at(&city, &path(&reply.created())).await.ok())[0].2);
    }
    told.sort_unstable();
    assert_eq!(told, [None, None, None, Some(10)], "eight are counted by one of them");
    second.stop().await;
    city.stop().await;
}

async fn publishing_twice_under_one_key_is_done_once() {
    let city = City::new().await;
    let (agent, cafe) = (city.agent().await, cafe(&city).await);
    let publish = async || {
        let request = agent.request(Method::POST, &format!("/v1/cafes/{cafe}/sheet/publish"));
        agent.send(request.header("Idempotency-Key", "mur").json(&json!({}))).await.created()
    };
    let first = publish().await;
    city.clock.set("2026-03-10T09:05:00Z");
    assert_eq!(publish().await, first);
    assert_eq!(sheet(&agent, &format!("/v1/cafes/{cafe}/sheet")).await["published"], first);
    city.stop().await;
}

async fn publishing_and_withdrawing_are_recorded() {
    let city = City::new().await;
    let (agent, cafe) = (city.agent().await, cafe(&city).await);
    let body = json!({ "area": "secteurs:nord", "from": "2026-03-01", "to": "2026-03-31" });
    agent.post("/v1/sheets/publish", &body).await.created();
    let of = format!("/v1/cafes/{cafe}/sheet");
    agent.post(&format!("{of}/withdraw"), &json!({})).await.refused(404, "not_found");
    for _ in 0..2 {
        agent.post(&format!("{of}/publish"), &json!({})).await.created();
    }
    for _ in 0..2 {
        agent.post(&format!("{of}/withdraw"), &json!({})).await.is(204);
    }
    let acts = city.audited().await;
    let acts: Vec<&Value> = acts.iter().filter(|act| act["type"].as_str().unwrap().starts_with("sheet_")).collect();
    let sheet = &acts[1]["sheet"];
    let published = json!({ "type": "sheet_published", "sheet": sheet, "cafe": cafe });
    assert_eq!(
        acts,
        [
            &json!({
                "type": "sheet_published", "sheet": acts[0]["sheet"], "area": "secteurs:nord",
                "days": ["2026-03-01", "2026-03-31"]
            }),
            &published,
            &published,
            // What was withdrawn is not withdrawn again.
            &json!({ "type": "sheet_withdrawn", "sheet": sheet }),
        ]
    );
    city.stop().await;
}
