//! Updates, as `FixMyStreet` speaks them: rules 19 to 21.

use chrono::Duration;
use serde_json::{Value, json};

use super::form::{both, refused, told};
use super::{key, post, refuses, requested, waste};
use crate::support::city::City;
use crate::ticket::close::REPEATED;

crate::tests![
    rule_19_an_update_sent_twice_is_one,
    rule_19_what_is_missing_or_not_theirs_is_refused,
    rule_20_updates_are_followed,
    rule_20_closing_what_is_resolved_is_no_second_end,
    rule_21_statuses_are_states,
    rule_21_what_the_rights_or_the_lifecycle_forbid_says_why,
];

/// An update of a request.
pub fn update<'a>(key: &'a str, id: &'a str, name: &'a str, status: &'a str) -> Vec<(&'a str, &'a str)> {
    let fields = [
        ("api_key", key),
        ("update_id", name),
        ("service_request_id", id),
        ("status", status),
        ("updated_datetime", "2026-03-10T09:00:00Z"),
        ("description", "C’est encore là, appelez le 06 12 34 56 78"),
        ("first_name", "Zoé"),
        ("email", "zoe@mail.example"),
    ];
    fields.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

async fn ticket(city: &City, id: &str) -> Value {
    city.dispatcher().await.get(&format!("/v1/tickets/{id}")).await.ok()
}

/// What the service reads of its conversation with who sent the request.
pub async fn messages(city: &City, id: &str) -> Vec<Value> {
    let path = format!("/v1/tickets/{id}/referrer_messages");
    city.proprete().await.get(&path).await.ok()["items"].as_array().unwrap().clone()
}

async fn rule_19_an_update_sent_twice_is_one() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let id = requested(&city, &waste(&key, &[])).await;
    let fields = update(&key, &id, "u-1", "OPEN");
    let mut names = Vec::new();
    for form in ["xml", "json"] {
        let reply = post(&city, &format!("servicerequestupdates.{form}"), &fields).await;
        let told = told(reply.is(200), "service_request_updates");
        let one = if form == "json" { told[0].clone() } else { told["request_update"].clone() };
        names.push(one["update_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(names[0], names[1]);
    let messages = messages(&city, &id).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["text"], "C’est encore là, appelez le […]");
    assert!(!messages[0].to_string().contains("Zoé"));
    let (one, other) = (update(&key, &id, "u-2", ""), update(&key, &id, "u-2", ""));
    let at_once = actix_web::rt::spawn({
        let url = format!("{}/open311/v2/servicerequestupdates.json", city.instance.base_url);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&one).finish();
        let request = reqwest::Client::new().post(url).header("Content-Type", "application/x-www-form-urlencoded");
        async move { request.body(body).send().await.unwrap().text().await.unwrap() }
    });
    let other = post(&city, "servicerequestupdates.json", &other).await.is(200).text.clone();
    assert_eq!(at_once.await.unwrap(), other, "also at the same time");
    city.stop().await;
}

async fn rule_19_what_is_missing_or_not_theirs_is_refused() {
    let city = City::new().await;
    let (key, other) = (key(&city, &[]).await, super::key(&city, &["proprete"]).await);
    let id = requested(&city, &waste(&key, &[])).await;
    let filed = city.dumping().await;
    let officers = filed["reference"].as_str().unwrap();
    let second = requested(&city, &waste(&key, &[])).await;
    post(&city, "servicerequestupdates.xml", &update(&key, &id, "u-1", "")).await.is(200);
    let without = |name: &str| {
        let fields = update(&key, &id, "u-9", "OPEN");
        fields.into_iter().filter(|(own, _)| *own != name).collect::<Vec<_>>()
    };
    for (fields, status, says) in [
        (without("update_id"), 400, "update_id"),
        (without("service_request_id"), 400, "service_request_id"),
        (without("description"), 400, "description"),
        (update(&key, "AMI-26-999999", "u-9", ""), 404, "inconnue"),
        (update(&key, officers, "u-9", ""), 400, "n’a pas envoyé"),
        (update(&other, &id, "u-9", ""), 400, "n’a pas envoyé"),
        (update(&key, &second, "u-1", ""), 400, "update_id"),
        (update(&key, &id, "u-9", "GOOD"), 400, "status"),
    ] {
        refuses(&city, "servicerequestupdates", &fields, status, says).await;
    }
    assert_eq!(messages(&city, &id).await.len(), 1);
    city.stop().await;
}

async fn rule_20_updates_are_followed() {
    let city = City::new().await;
    let (all, some) = (key(&city, &[]).await, key(&city, &["voirie"]).await);
    let id = requested(&city, &waste(&all, &[])).await;
    city.clock.forward(Duration::hours(1));
    let acknowledged =
        city.proprete().await.act(&ticket(&city, &id).await, "acknowledge", &json!({ "note": "Une note" })).await.ok();
    city.clock.forward(Duration::hours(1));
    city.proprete().await.resolve(&acknowledged).await.ok();
    let root = "service_request_updates";
    let updates = both(&city, &format!("servicerequestupdates?api_key={all}"), root).await;
    let updates = updates.as_array().unwrap();
    assert_eq!(updates.len(), 2, "{updates:?}");
    assert_ne!(updates[0]["update_id"], updates[1]["update_id"]);
    let expected = json!({
        "update_id": updates[1]["update_id"], "service_request_id": id, "status": "FIXED",
        "updated_datetime": "2026-03-10T11:00:00Z", "description": "L’intervention a été faite. C’est fait.",
        "media_url": null, "external_status_code": "work_done"
    });
    assert_eq!(updates[1], expected);
    assert!(!updates[0].to_string().contains("Une note"));
    let window = "start_date=2026-03-10T10:30:00Z&end_date=2026-03-10T11:30:00Z";
    let inside = both(&city, &format!("servicerequestupdates?api_key={all}&{window}"), root).await;
    assert_eq!(inside, json!([expected]));
    let limited = both(&city, &format!("servicerequestupdates?api_key={some}"), root).await;
    assert_eq!(limited, json!([]), "it is limited to another service");
    for query in ["start_date=2026-03-10T10:30:00Z", "end_date=2026-03-10T10:30:00Z"] {
        refused(&city, &format!("servicerequestupdates?api_key={all}&{query}"), 400).await;
    }
    city.stop().await;
}

async fn rule_20_closing_what_is_resolved_is_no_second_end() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let (settled, refused) = (requested(&city, &waste(&key, &[])).await, requested(&city, &waste(&key, &[])).await);
    let (service, dispatcher) = (city.proprete().await, city.dispatcher().await);
    let acknowledged = service.acknowledge(&ticket(&city, &settled).await).await.ok();
    let resolved = service.resolve(&acknowledged).await.ok();
    dispatcher.act(&resolved, "close", &json!({ "closure_reason": "work_done" })).await.ok();
    let refused = service.refuse(&ticket(&city, &refused).await).await.ok();
    dispatcher.act(&refused, "close", &json!({ "closure_reason": "nothing_found" })).await.ok();
    let path = format!("servicerequestupdates?api_key={key}");
    let statuses = async || {
        let updates = both(&city, &path, "service_request_updates").await;
        let updates = updates.as_array().unwrap().iter();
        updates.map(|update| update["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let expected = ["INVESTIGATING", "FIXED", "INTERNAL_REFERRAL", "NO_FURTHER_ACTION"];
    assert_eq!(statuses().await, expected);
    // Events that were written before repeat the reason.
    sqlx::raw_sql(REPEATED).execute(&mut city.database.connection().await).await.unwrap();
    assert_eq!(statuses().await, expected);
    city.stop().await;
}

async fn rule_21_statuses_are_states() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let service = city.proprete().await;
    let id = requested(&city, &waste(&key, &[])).await;
    let acknowledged = service.acknowledge(&ticket(&city, &id).await).await.ok();
    let scheduled = service.act(&acknowledged, "schedule", &json!({ "scheduled_for": "2026-03-12" })).await.ok();
    let started = service.start(&scheduled).await.ok();
    let weather = json!({ "reason": "weather", "resume_on": "2026-03-20" });
    let held = service.act(&started, "hold", &weather).await.ok();
    let body = json!({ "closure_reason": "no_action_planned", "message_to_resident": "Rien n’est prévu." });
    service.act(&held, "resolve", &body).await.ok();
    // In any case, and with spaces: what is so already is told to the service.
    for (name, status) in [("u-1", "closed"), ("u-2", "No further action")] {
        post(&city, "servicerequestupdates.xml", &update(&key, &id, name, status)).await.is(200);
    }
    assert_eq!((messages(&city, &id).await.len(), &ticket(&city, &id).await["state"]), (2, &json!("resolved")));
    post(&city, "servicerequestupdates.xml", &update(&key, &id, "u-3", "reopen")).await.is(200);
    assert_eq!(ticket(&city, &id).await["state"], "submitted");
    let refused = service.acknowledge(&ticket(&city, &id).await).await.ok();
    service.refuse(&refused).await.ok();
    let cancelled = requested(&city, &waste(&key, &[])).await;
    post(&city, "servicerequestupdates.json", &update(&key, &cancelled, "u-4", "CANCELLED")).await.is(200);
    assert_eq!(ticket(&city, &cancelled).await["state"], "cancelled");
    let path = format!("servicerequestupdates?api_key={key}");
    let updates = both(&city, &path, "service_request_updates").await;
    let statuses: Vec<&str> = updates.as_array().unwrap().iter().map(|u| u["status"].as_str().unwrap()).collect();
    assert_eq!(
        statuses,
        [
            "INVESTIGATING",
            "ACTION_SCHEDULED",
            "IN_PROGRESS",
            "IN_PROGRESS",
            "NO_FURTHER_ACTION",
            "INVESTIGATING",
            "INTERNAL_REFERRAL"
        ],
        "what the program did itself is not told to it"
    );
    city.stop().await;
}

async fn rule_21_what_the_rights_or_the_lifecycle_forbid_says_why() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let id = requested(&city, &waste(&key, &[])).await;
    let service = city.proprete().await;
    for (status, says) in [
        ("INVESTIGATING", "le service"),
        ("REOPEN", "L’état"),
        ("FIXED", "L’état"),
        ("INTERNAL_REFERRAL", "le service"),
        ("DUPLICATE", "le service"),
    ] {
        refuses(&city, "servicerequestupdates", &update(&key, &id, "u-1", status), 400, says).await;
    }
    let resolved = service.acknowledge(&ticket(&city, &id).await).await.ok();
    for (status, says) in [("CANCELLED", "CANCELLED"), ("FIXED", "le service"), ("IN_PROGRESS", "le service")] {
        refuses(&city, "servicerequestupdates", &update(&key, &id, "u-1", status), 400, says).await;
    }
    let resolved = service.resolve(&resolved).await.ok();
    city.dispatcher().await.close(&resolved).await.ok();
    city.clock.forward(Duration::days(31));
    refuses(&city, "servicerequestupdates", &update(&key, &id, "u-1", "OPEN"), 400, "30 jours").await;
    assert_eq!(messages(&city, &id).await.len(), 0, "nothing was kept");
    city.stop().await;
}
