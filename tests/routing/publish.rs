//! Publishing rules, and going back to former ones.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::{draft_with, path, rule};
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping};

crate::tests![
    a_new_service_with_its_rule_is_live_on_two_instances_within_a_second,
    what_is_published_is_even_if_the_city_cannot_be_read_again_at_once,
    what_was_published_meanwhile_is_not_undone_unseen,
    of_two_that_publish_at_once_one_does,
    one_goes_back_to_a_former_version,
    a_service_without_members_is_no_place_to_send_to,
    loading_the_citys_files_does_not_undo_what_people_published,
    what_a_rule_adds_to_its_tickets,
];

async fn publish(who: &Caller, draft: &Value, reason: &str) -> Reply {
    let version = draft["version"].as_i64().unwrap();
    let request = who.request(Method::POST, &format!("{}/publish", path(draft)));
    let request = request.header("If-Match", format!("\"{version}\"")).json(&json!({ "reason": reason }));
    who.send(request).await
}

/// Loads the city with one more service, in which nobody works yet.
async fn found_the_river_brigade(city: &City) {
    let mut changed = city.instance.context.city().unwrap().city.clone();
    let mut service = changed.services.iter().find(|service| service.code.as_str() == "brigade-verte").unwrap().clone();
    service.code = "brigade-fluviale".parse().unwrap();
    changed.services.push(service);
    usecases::city::load(&city.instance.context, &changed, false, None, city.instance.context.now()).await.unwrap();
}

/// The services that a concern about dumped rubbish goes to.
async fn sent_to(agent: &Caller) -> Vec<String> {
    let filed = agent.post("/v1/concerns", &dumping()).await.created();
    let tickets = filed["tickets"].as_array().unwrap();
    tickets.iter().map(|ticket| ticket["service"]["code"].as_str().unwrap().to_owned()).collect()
}

async fn a_new_service_with_its_rule_is_live_on_two_instances_within_a_second() {
    let city = City::new().await;
    let second = city.second().await;
    let (admin, agent) = (city.admin().await, city.agent().await);
    let there = agent.at(&second.base_url);
    assert_eq!(sent_to(&there).await, ["proprete", "brigade-verte"]);
    found_the_river_brigade(&city).await;
    let invited = json!({
        "email": "marin@ville-amiens.example", "name": "Marin d’Eau", "roles": ["service_member"],
        "services": ["brigade-fluviale"]
    });
    admin.post("/v1/users", &invited).await.created();
    let draft = draft_with(&admin, "Brigade fluviale", rule("fluviale", "illegal_dumping", "brigade-fluviale")).await;
    let edition = publish(&admin, &draft, "La brigade fluviale commence lundi.").await.created();
    assert_eq!((&edition["version"], &edition["author"]["name"]), (&json!(2), &json!("Paul Carpentier")));
    assert_eq!(sent_to(&agent).await, ["brigade-fluviale"], "at once where it was published");
    let published = Instant::now();
    while !there.get("/v1/services").await.ok().to_string().contains("fluviale")
        || second.context.city().unwrap().city.rules.version < 2
    {
        assert!(published.elapsed() < Duration::from_secs(1), "the other instance has not heard of it");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let filed = there.post("/v1/concerns", &dumping()).await.created();
    let ticket = &filed["tickets"][0];
    assert_eq!(ticket["service"]["code"], "brigade-fluviale");
    assert_eq!((&ticket["routing"]["rule"], &ticket["routing"]["version"]), (&json!("fluviale"), &json!(2)));
    assert_eq!(ticket["routing"]["explanation"], "le motif est « Dépôt sauvage »");
    admin.get(&path(&draft)).await.refused(404, "not_found");
    let acts = city.audited().await;
    let act = acts.iter().find(|act| act["type"] == "routing_published");
    assert_eq!(act, Some(&json!({ "type": "routing_published", "version": 2 })));
    second.stop().await;
    city.stop().await;
}

async fn what_is_published_is_even_if_the_city_cannot_be_read_again_at_once() {
    let city = City::new().await;
    let (admin, agent) = (city.admin().await, city.agent().await);
    let draft = draft_with(&admin, "Voirie", rule("voirie-seule", "illegal_dumping", "voirie")).await;
    let mut operator = city.database.connection().await;
    let spoil = "create table whole as select settings from city;
        create function spoil() returns trigger language plpgsql as $$ begin new.settings = '{}'; return new; end $$;
        create trigger spoil before update on city for each row execute function spoil()";
    sqlx::raw_sql(spoil).execute(&mut operator).await.unwrap();
    assert_eq!(publish(&admin, &draft, "Essai.").await.created()["version"], 2);
    assert_eq!(admin.get("/v1/routing").await.ok()["version"], 2);
    let mend = "drop trigger spoil on city; update city set settings = whole.settings from whole";
    sqlx::raw_sql(mend).execute(&mut operator).await.unwrap();
    usecases::city::reload(&city.instance.context).await.unwrap();
    assert_eq!(sent_to(&agent).await, ["voirie"]);
    city.stop().await;
}

async fn what_was_published_meanwhile_is_not_undone_unseen() {
    let city = City::new().await;
    let (admin, dispatcher) = (city.admin().await, city.dispatcher().await);
    let one = draft_with(&admin, "Une", rule("une", "illegal_dumping", "voirie")).await;
    let two = draft_with(&dispatcher, "Deux", rule("deux", "graffiti", "voirie")).await;
    publish(&admin, &one, "Les dépôts à la voirie.").await.created();
    let problem = publish(&dispatcher, &two, "Les trous à la propreté.").await.refused(409, "draft_outdated");
    assert!(problem["detail"].as_str().unwrap().contains('2'), "{problem}");
    let two = dispatcher.patch(&path(&two), &json!(1), &json!({ "based_on": 2 })).await.ok();
    publish(&admin, &json!({ "id": two["id"], "version": 1 }), "Non.").await.refused(412, "stale_version");
    assert_eq!(publish(&dispatcher, &two, "En connaissance de cause.").await.created()["version"], 3);
    let same = admin.post("/v1/routing/drafts", &json!({ "name": "Pareilles" })).await.created();
    publish(&admin, &same, "Rien de neuf.").await.refused(409, "rules_in_force");
    let page = admin.get("/v1/routing/versions?limit=2").await.ok();
    let told: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|edition| &edition["reason"]).collect();
    assert_eq!(told, [&json!("En connaissance de cause."), &json!("Les dépôts à la voirie.")]);
    let next = page["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("/v1/routing/versions?limit=2&cursor={next}")).await.ok();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (1, &Value::Null));
    city.stop().await;
}

async fn of_two_that_publish_at_once_one_does() {
    let city = City::new().await;
    let (admin, dispatcher) = (city.admin().await, city.dispatcher().await);
    let one = draft_with(&admin, "Une", rule("une", "illegal_dumping", "voirie")).await;
    let two = draft_with(&dispatcher, "Deux", rule("deux", "graffiti", "voirie")).await;
    let (first, second) = tokio::join!(publish(&admin, &one, "Moi."), publish(&dispatcher, &two, "Non, moi."));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", first.text, second.text);
    assert_eq!(admin.get("/v1/routing").await.ok()["version"], 2);
    city.stop().await;
}

async fn one_goes_back_to_a_former_version() {
    let city = City::new().await;
    let (admin, agent) = (city.admin().await, city.agent().await);
    let draft = draft_with(&admin, "Voirie", rule("voirie-seule", "illegal_dumping", "voirie")).await;
    publish(&admin, &draft, "Essai.").await.created();
    assert_eq!(sent_to(&agent).await, ["voirie"]);
    let restore = async |version: i32, reason: &str| {
        admin.post(&format!("/v1/routing/versions/{version}/restore"), &json!({ "reason": reason })).await
    };
    restore(2, "C’est déjà elle.").await.refused(409, "rules_in_force");
    restore(9, "Laquelle ?").await.refused(404, "not_found");
    let edition = restore(1, "La voirie n’en peut plus.").await.created();
    assert_eq!((&edition["version"], &edition["restored_from"]), (&json!(3), &json!(1)));
    assert_eq!(sent_to(&agent).await, ["proprete", "brigade-verte"]);
    let (first, last) = (admin.get("/v1/routing/versions/1").await.ok(), admin.get("/v1/routing").await.ok());
    assert_eq!(first["rules"], last["rules"]);
    // What the city no longer has cannot be gone back to.
    let mut changed = city.instance.context.city().unwrap().city.clone();
    changed.services.retain(|service| service.code.as_str() != "voirie");
    changed.rules.rules.retain(|rule| !rule.send_to.iter().any(|service| service.as_str() == "voirie"));
    usecases::city::load(&city.instance.context, &changed, true, None, city.instance.context.now()).await.unwrap();
    let problem = restore(2, "Tout à la voirie.").await.refused(422, "invalid_content");
    assert!(problem["errors"].as_array().unwrap().iter().any(|error| error["code"] == "unknown_service"), "{problem}");
    city.stop().await;
}

async fn a_service_without_members_is_no_place_to_send_to() {
    let city = City::new().await;
    let admin = city.admin().await;
    found_the_river_brigade(&city).await;
    let draft = draft_with(&admin, "Eau", rule("fluviale", "illegal_dumping", "brigade-fluviale")).await;
    let problem = publish(&admin, &draft, "À l’eau.").await;
    let told = problem.refused(422, "invalid_content");
    let errors = told["errors"].as_array().unwrap();
    assert!(
        errors.iter().any(|e| e["pointer"] == "/rules/0/send_to/0" && e["code"] == "service_without_member"),
        "{told}"
    );
    city.stop().await;
}

async fn loading_the_citys_files_does_not_undo_what_people_published() {
    let city = City::new().await;
    let admin = city.admin().await;
    let files = city.instance.context.city().unwrap().city.clone();
    let draft = draft_with(&admin, "Voirie", rule("voirie-seule", "illegal_dumping", "voirie")).await;
    publish(&admin, &draft, "Essai.").await.created();
    let (cx, now) = (&city.instance.context, city.instance.context.now());
    let refused = usecases::city::load(cx, &files, false, None, now).await.unwrap_err();
    assert!(refused.to_string().contains("version 2"), "{refused}");
    assert_eq!(admin.get("/v1/routing").await.ok()["version"], 2);
    let why = domain::text::Reason::try_from("Les fichiers font foi.".to_owned()).unwrap();
    let changed = usecases::city::load(cx, &files, true, Some(&why), now).await.unwrap();
    assert_eq!(changed.len(), 1);
    let in_force = admin.get("/v1/routing").await.ok();
    let version = admin.get("/v1/routing/versions/3").await.ok();
    assert_eq!((&in_force["version"], version.get("author")), (&json!(3), None));
    assert_eq!(version["reason"], "Les fichiers font foi.");
    city.stop().await;
}

async fn what_a_rule_adds_to_its_tickets() {
    let city = City::new().await;
    let (admin, agent) = (city.admin().await, city.agent().await);
    let mut first = rule("depots", "illegal_dumping", "proprete");
    first["acknowledge_within"] = json!("1h");
    first["watchers"] = json!(["mediation"]);
    first["note"] = json!("Avant le marché.");
    let draft = draft_with(&admin, "Dépôts", first).await;
    publish(&admin, &draft, "Le marché.").await.created();
    let mut body = dumping();
    body["priority"] = json!("high");
    let filed = agent.post("/v1/concerns", &body).await.created();
    let ticket = &filed["tickets"][0];
    assert_eq!(ticket["priority"], "high", "the officer says so, and the rule says nothing");
    // 10:00 on the clock of Amiens, and an hour of work.
    assert_eq!(ticket["ack_due_at"], "2026-03-10T10:00:00Z");
    assert_eq!(city.proprete().await.timeline(ticket).await[0]["data"]["note"], "Avant le marché.");
    city.drain().await;
    city.clock.forward(chrono::Duration::minutes(20));
    city.proprete().await.acknowledge(ticket).await.ok();
    city.drain().await;
    let letters = city.letters_to("mediation@ville-amiens.example");
    let told: Vec<&str> = letters.iter().map(|letter| letter.subject().unwrap()).collect();
    let reference = ticket["reference"].as_str().unwrap();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|subject| subject.contains(reference) && subject.contains("pour information")), "{told:?}");
    let texts: Vec<String> = letters.iter().map(|letter| letter.body_text(0).unwrap().into_owned()).collect();
    assert!(texts[0].contains("transmise au service") && texts[1].contains("prise en charge"), "{texts:?}");
    let preview = format!("/v1/notifications/preview?letter=watched.service&ticket={reference}");
    let seen = city.dispatcher().await.get(&preview).await.ok()["text"].as_str().unwrap().to_owned();
    assert_eq!(seen, texts[1].replace("\r\n", "\n"));
    assert!(texts.iter().all(|text| !text.contains("http")), "it cannot follow a link to what it does not see");
    city.stop().await;
}
