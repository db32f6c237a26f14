//! Trying a concern against the rules.

use serde_json::{Value, json};

use super::{draft_with, rule};
use crate::support::city::City;

crate::tests![
    a_concern_is_tried_and_told_in_words,
    a_concern_is_tried_against_a_draft_and_a_version,
    words_that_are_not_kept_are_not_looked_for,
    what_cannot_be_tried_is_told
];

fn tried() -> Value {
    json!({
        "category": "illegal_dumping", "origin": "patrol", "place": { "lat": 49.9121, "lon": 2.2972 },
        "description": "Un canapé sur le trottoir"
    })
}

async fn a_concern_is_tried_and_told_in_words() {
    let city = City::new().await;
    let admin = city.admin().await;
    let told = admin.post("/v1/routing/simulate", &tried()).await.ok();
    assert_eq!(told["areas"]["secteurs"], "nord");
    let taken = &told["taken_by"];
    assert_eq!(taken["rule"], json!({ "code": "depots-sauvages", "name": "Dépôts sauvages et déjections canines" }));
    assert_eq!(taken["because"], "le motif est « Dépôt sauvage »");
    assert_eq!(taken["send_to"][0], json!({ "code": "proprete", "name": "Propreté urbaine" }));
    assert_eq!((&taken["priority"], &taken["watchers"]), (&json!("normal"), &json!([])));
    let passed = told["passed"].as_array().unwrap();
    assert_eq!(passed[0]["rule"]["code"], "objets-dangereux");
    assert_eq!(passed[0]["pointer"], "/rules/0/when");
    assert!(passed.iter().all(|rule| !rule["because"].as_str().unwrap().is_empty()), "{told}");
    let request = admin.request(reqwest::Method::POST, "/v1/routing/simulate").header("Accept-Language", "en");
    let english = admin.send(request.json(&tried())).await.ok();
    assert_eq!(english["taken_by"]["because"], "the category is “Illegal dumping”");
    assert_eq!(city.agent().await.get("/v1/tickets").await.ok()["items"], json!([]), "nothing is kept");
    city.agent().await.post("/v1/routing/simulate", &tried()).await.refused(403, "missing_right");
    city.stop().await;
}

async fn a_concern_is_tried_against_a_draft_and_a_version() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    let mut night = rule("nuit", "illegal_dumping", "voirie");
    night["when"] = json!({ "type": "all", "of": [
        { "type": "category", "any_of": ["illegal_dumping"] },
        { "type": "hour", "from": 21, "to": 6 },
        { "type": "keywords", "any_of": ["canapé"] }
    ]});
    night["note"] = json!("À enlever avant le marché.");
    night["watchers"] = json!(["police-municipale"]);
    let draft = draft_with(&dispatcher, "La nuit", night).await;
    let mut body = tried();
    body["draft"] = draft["id"].clone();
    body["at"] = json!("2026-03-10T22:30:00Z");
    let told = dispatcher.post("/v1/routing/simulate", &body).await.ok();
    assert_eq!(told["taken_by"]["rule"]["code"], "nuit", "{told}");
    assert_eq!(told["taken_by"]["note"], "À enlever avant le marché.");
    assert_eq!(told["taken_by"]["watchers"][0]["code"], "police-municipale");
    body["at"] = json!("2026-03-10T12:30:00Z");
    let told = dispatcher.post("/v1/routing/simulate", &body).await.ok();
    assert_eq!(told["passed"][0]["pointer"], "/rules/0/when/of/1", "{told}");
    assert!(told["passed"][0]["because"].as_str().unwrap().contains("13 h"), "{told}");
    body.as_object_mut().unwrap().remove("draft");
    body["version"] = json!(1);
    let told = dispatcher.post("/v1/routing/simulate", &body).await.ok();
    assert_eq!(told["taken_by"]["rule"]["code"], "depots-sauvages");
    city.stop().await;
}

async fn words_that_are_not_kept_are_not_looked_for() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    let mut words = rule("mots", "illegal_dumping", "voirie");
    words["when"] = json!({ "type": "keywords", "any_of": ["cambrioleur", "canapé"] });
    let draft = draft_with(&dispatcher, "Mots", words).await;
    let taken = async |description: &str| {
        let mut body = tried();
        (body["draft"], body["description"]) = (draft["id"].clone(), json!(description));
        dispatcher.post("/v1/routing/simulate", &body).await.ok()["taken_by"]["rule"]["code"].clone()
    };
    assert_eq!(taken("Laissé là par un cambrioleur").await, "depots-sauvages", "as filing it would mask the word");
    assert_eq!(taken("Un canapé, laissé là par un cambrioleur").await, "mots");
    city.stop().await;
}

async fn what_cannot_be_tried_is_told() {
    let city = City::new().await;
    let admin = city.admin().await;
    let with = async |field: &str, value: Value| {
        let mut body = tried();
        body[field] = value;
        admin.post("/v1/routing/simulate", &body).await
    };
    with("category", json!("dragons")).await.refused_fields(
        422,
        "invalid_content",
        &[("/category", "unknown_category")],
    );
    with("place", json!({ "lat": 48.85, "lon": 2.35 })).await.refused_fields(
        422,
        "invalid_content",
        &[("/place", "outside_city")],
    );
    with("answers", json!({ "colour": "red" })).await.refused(422, "invalid_content");
    with("version", json!(7)).await.refused_fields(422, "invalid_content", &[("/version", "unknown_rules")]);
    let told = with("place", json!({ "address": "12 rue du Pigeonnier" })).await.ok();
    assert_eq!((&told["areas"], &told["taken_by"]["rule"]["code"]), (&json!({}), &json!("depots-sauvages")));
    assert_eq!(told["outcome"], "referred");
    let emergency = with("category", json!("domestic_violence")).await.ok();
    assert_eq!(
        (&emergency["outcome"], emergency.get("taken_by"), &emergency["passed"]),
        (&json!("signposted"), None, &json!([])),
        "nobody is sent what nobody keeps"
    );
    let nil = json!("00000000-0000-0000-0000-000000000000");
    with("draft", nil.clone()).await.refused_fields(422, "invalid_content", &[("/draft", "unknown_rules")]);
    let mut both = tried();
    both["draft"] = nil;
    both["version"] = json!(1);
    admin.post("/v1/routing/simulate", &both).await.refused_fields(
        400,
        "invalid_request",
        &[("/version", "not_expected")],
    );
    city.stop().await;
}
