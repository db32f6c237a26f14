//! Filters that people keep.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::register;
use crate::support::caller::Caller;
use crate::support::city::City;

crate::tests![
    a_filter_is_kept_changed_and_deleted,
    a_services_filter_is_its_managers_and_everybody_there_sees_it,
    a_filter_holds_what_a_list_takes,
    names_are_told_apart,
];

async fn save(who: &Caller, name: &str, service: Option<&str>) -> Value {
    let mut body = json!({ "name": name, "parameters": { "status": ["submitted"] } });
    if let Some(service) = service {
        body["service"] = json!(service);
    }
    who.post("/v1/filters", &body).await.created()
}

fn path(filter: &Value) -> String {
    format!("/v1/filters/{}", filter["id"].as_str().unwrap())
}

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

async fn a_filter_is_kept_changed_and_deleted() {
    let city = City::new().await;
    let (agent, other) = (city.agent().await, city.other_agent().await);
    city.dumping().await;
    let body = json!({
        "name": "Les miennes",
        "parameters": { "referrer": ["me"], "q": ["matelas"], "status": ["submitted", "refused"], "sort": ["filed_at"] }
    });
    let kept = agent.post("/v1/filters", &body).await;
    let filter = kept.created();
    assert_eq!(kept.header("location"), Some(path(&filter).as_str()));
    assert_eq!(filter["query"], "q=matelas&referrer=me&sort=filed_at&status=submitted&status=refused");
    assert_eq!(agent.get(&path(&filter)).await.ok(), filter);
    let listed = agent.get(&format!("/v1/tickets?{}", filter["query"].as_str().unwrap())).await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);

    let change = json!({ "parameters": { "late": ["true"] } });
    agent.patch(&path(&filter), &json!(7), &change).await.refused(412, "stale_version");
    let changed = agent.patch(&path(&filter), &json!(1), &change).await.ok();
    assert_eq!(agent.patch(&path(&filter), &json!(2), &json!({})).await.ok(), changed, "nothing changes");
    assert_eq!(
        (&changed["name"], &changed["query"], &changed["version"]),
        (&body["name"], &json!("late=true"), &json!(2))
    );

    // Somebody else's does not exist.
    other.get(&path(&filter)).await.refused(404, "not_found");
    other.patch(&path(&filter), &json!(2), &change).await.refused(404, "not_found");
    other.delete(&path(&filter)).await.refused(404, "not_found");
    assert_eq!(names(&other.get("/v1/filters").await.ok()), Vec::<&str>::new());
    agent.delete(&path(&filter)).await.is(204);
    agent.get(&path(&filter)).await.refused(404, "not_found");
    agent.delete(&format!("/v1/filters/{}", Uuid::nil())).await.refused(404, "not_found");
    city.admin().await.get("/v1/filters").await.refused(403, "missing_right");
    let program = register(&city, &["tickets:read"], &[]).await.caller(&city).await;
    program.get("/v1/filters").await.refused(403, "missing_right");
    city.stop().await;
}

async fn a_services_filter_is_its_managers_and_everybody_there_sees_it() {
    let city = City::new().await;
    let (manager, member, voirie) = (city.login("denis.marchand").await, city.proprete().await, city.voirie().await);
    let filter = save(&manager, "À faire", Some("proprete")).await;
    assert_eq!(filter["service"], "proprete");
    save(&manager, "Déchets", Some("dechets")).await;
    save(&member, "Zone nord", None).await;
    assert_eq!(names(&member.get("/v1/filters").await.ok()), ["Zone nord", "À faire"]);
    assert_eq!(member.get(&path(&filter)).await.ok(), filter);
    let body = json!({ "name": "x", "parameters": {}, "service": "proprete" });
    for refused in [
        member.post("/v1/filters", &body).await,
        voirie.post("/v1/filters", &body).await,
        city.dispatcher().await.post("/v1/filters", &body).await,
        member.patch(&path(&filter), &json!(1), &json!({ "name": "x" })).await,
        member.delete(&path(&filter)).await,
    ] {
        refused.refused(403, "action_not_yours");
    }
    voirie.get(&path(&filter)).await.refused(404, "not_found");
    manager.patch(&path(&filter), &json!(1), &json!({ "name": "À faire vite" })).await.ok();
    manager.delete(&path(&filter)).await.is(204);
    assert_eq!(names(&member.get("/v1/filters").await.ok()), ["Zone nord"]);
    city.stop().await;
}

async fn a_filter_holds_what_a_list_takes() {
    let city = City::new().await;
    let agent = city.agent().await;
    let body = json!({
        "name": "x",
        "parameters": { "status": ["lost"], "limit": ["3"], "cursor": [""], "col/our": ["red"], "late": ["true", "false"] }
    });
    let fields = [
        ("/parameters/col~1our", "unknown_field"),
        ("/parameters/cursor", "unknown_field"),
        ("/parameters/late", "too_many"),
        ("/parameters/limit", "unknown_field"),
    ];
    agent.post("/v1/filters", &body).await.refused_fields(400, "invalid_request", &fields);
    let body = json!({ "name": "x", "parameters": { "status": ["lost"], "late": ["perhaps"] } });
    let fields = [("/parameters/status", "bad_value"), ("/parameters/late", "bad_value")];
    agent.post("/v1/filters", &body).await.refused_fields(400, "invalid_request", &fields);
    let body = json!({ "name": "x", "parameters": { "status": [] } });
    agent.post("/v1/filters", &body).await.refused_fields(400, "invalid_request", &[("/parameters/status", "too_few")]);
    let (origins, states) = (vec!["cafe"; 100], vec!["submitted"; 100]);
    let body = json!({ "name": "x", "parameters": { "origin": origins, "status": states, "late": ["true"] } });
    agent.post("/v1/filters", &body).await.refused_fields(400, "invalid_request", &[("/parameters", "too_many")]);
    let body = json!({ "name": "x", "parameters": { "origin": vec!["cafe"; 101] } });
    let refused = agent.post("/v1/filters", &body).await;
    refused.refused_fields(400, "invalid_request", &[("/parameters/origin", "too_many")]);
    agent.post("/v1/filters", &json!({ "name": "x", "parameters": { "q": "matelas" } })).await.refused_fields(
        400,
        "invalid_request",
        &[("/parameters/q", "wrong_type")],
    );
    city.stop().await;
}

async fn names_are_told_apart() {
    let city = City::new().await;
    let (agent, other) = (city.agent().await, city.other_agent().await);
    let first = save(&agent, "Nord", None).await;
    save(&other, "Nord", None).await;
    let body = json!({ "name": "NORD", "parameters": {} });
    agent.post("/v1/filters", &body).await.refused(409, "filter_name_taken");
    save(&agent, "Sud", None).await;
    agent.patch(&path(&first), &json!(1), &json!({ "name": "sud" })).await.refused(409, "filter_name_taken");
    let request = |key: &str| agent.request(Method::POST, "/v1/filters").header("Idempotency-Key", key);
    let est = json!({ "name": "Est", "parameters": {} });
    let once = agent.send(request("a").json(&est)).await.created();
    assert_eq!(agent.send(request("a").json(&est)).await.created(), once);
    for n in 3..100 {
        save(&agent, &format!("Filtre {n}"), None).await;
    }
    let last = json!({ "name": "Un de trop", "parameters": {} });
    agent.post("/v1/filters", &last).await.refused(409, "too_many_filters");
    let (mut path, mut walked) = ("/v1/filters?limit=40".to_owned(), 0);
    loop {
        let page = agent.get(&path).await.ok();
        walked += names(&page).len();
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/filters?limit=40&cursor={cursor}");
    }
    assert_eq!(walked, 100);
    city.stop().await;
}
