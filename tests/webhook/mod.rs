//! What programs are sent.

mod failure;
mod own;
pub mod receiver;
mod refusal;

use chrono::Duration;
use domain::clock::Clock as _;
use reqwest::Method;
use serde_json::{Value, json};

use self::receiver::{Manner, Receiver};
use crate::client::{Program, register};
use crate::event::{events, place};
use crate::support::Test;
use crate::support::caller::Caller;
use crate::support::city::City;

pub fn tests() -> Vec<Test> {
    what::tests().into_iter().chain(own::tests()).chain(failure::tests()).chain(refusal::tests()).collect()
}

/// A city whose programs may have events sent to these networks, and whose clock tells the time.
async fn city(networks: &[&str]) -> City {
    let networks: Vec<_> = networks.iter().map(|network| network.parse().unwrap()).collect();
    let city = City::with(|config| config.private_targets = networks).await;
    city.clock.set(&continuum::SystemClock.now().to_rfc3339());
    city
}

/// A program that follows tickets and cafés.
async fn follower(city: &City) -> (Program, Caller) {
    let program = register(city, &["tickets:read", "cafes:read"], &[]).await;
    let caller = program.caller(city).await;
    (program, caller)
}

/// Has everything sent to a URL.
pub async fn hook(who: &Caller, url: &str) -> Value {
    who.post("/v1/webhooks", &json!({ "url": url })).await.created()
}

fn path(webhook: &Value, rest: &str) -> String {
    format!("/v1/webhooks/{}{rest}", webhook["id"].as_str().unwrap())
}

async fn deliveries(who: &Caller, webhook: &Value) -> Vec<Value> {
    let page = who.get(&path(webhook, "/deliveries?limit=200")).await.ok();
    page["items"].as_array().unwrap().clone()
}

/// Gives events their place, and delivers what is due, as the worker does.
pub async fn deliver(city: &City) {
    place(city).await;
    let cx = &city.instance.context;
    loop {
        let mut leases = usecases::webhook::lease(cx, true, 10).await.unwrap();
        leases.extend(usecases::webhook::lease(cx, false, 10).await.unwrap());
        if leases.is_empty() {
            return;
        }
        for lease in leases {
            usecases::webhook::deliver(cx, lease).await.unwrap();
        }
    }
}

/// As many concerns, each of which goes to one service. Returns their tickets' references.
async fn file(city: &City, count: usize) -> Vec<Value> {
    let agent = city.agent().await;
    let mut body = crate::support::city::dumping();
    body["category"] = json!("pothole");
    body["place"] = json!({ "lat": 49.8942, "lon": 2.2957 });
    let mut references = Vec::new();
    for _ in 0..count {
        let filed = agent.post("/v1/concerns", &body).await.created();
        assert_eq!(filed["tickets"].as_array().unwrap().len(), 1);
        references.push(filed["tickets"][0]["reference"].clone());
    }
    references
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn subjects(events: &[Value]) -> Vec<Value> {
    events.iter().map(|event| event["subject"].clone()).collect()
}

mod what {
    use super::*;

    crate::tests![
        events_are_sent_in_order_and_public_libraries_verify_them,
        a_secret_is_rotated_with_overlap,
        events_are_narrowed_to_what_is_asked_for_and_what_the_program_may_know,
        events_are_sent_again,
        a_ping_shows_whether_it_works,
        what_was_sent_stands_in_the_log_for_a_month,
        what_the_program_may_no_longer_know_is_not_in_its_log,
        one_worker_at_a_time_delivers_to_a_webhook,
        one_that_is_made_inactive_goes_on_where_it_was,
    ];

    async fn events_are_sent_in_order_and_public_libraries_verify_them() {
        let city = city(&["127.0.0.1/32"]).await;
        let (_, who) = follower(&city).await;
        let receiver = Receiver::start("127.0.0.1");
        file(&city, 1).await;
        place(&city).await;
        let webhook = hook(&who, &receiver.url()).await;
        let secret = webhook["secret"].as_str().unwrap();
        let filed = file(&city, 3).await;
        deliver(&city).await;
        let sent = receiver.sent();
        let told = events(&who, &format!("&after={}", webhook["last_sequence"].as_str().unwrap())).await;
        assert_eq!(receiver.events(), told);
        assert_eq!(subjects(&told), filed, "what came before is not sent");
        for one in &sent {
            assert_eq!(one.header("content-type"), "application/cloudevents+json");
            assert_eq!(one.header("webhook-id"), one.event()["id"]);
        }
        assert!(sent[0].is_signed_with(secret));
        assert!(!sent[0].is_signed_with("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="));
        let mut altered = sent[0].clone();
        altered.body = altered.body.replace("submitted", "cancelled");
        assert!(!altered.is_signed_with(secret));
        let now = who.get(&path(&webhook, "")).await.ok();
        assert_eq!(now["last_sequence"], told.last().unwrap()["sequence"]);
        assert_eq!((&now["version"], &now["active"], now.get("secret")), (&json!(1), &json!(true), None));
        deliver(&city).await;
        assert_eq!(receiver.sent().len(), 3, "once each");
        receiver.stop().await;
        city.stop().await;
    }

    async fn a_secret_is_rotated_with_overlap() {
        let city = city(&["127.0.0.1/32"]).await;
        let (_, who) = follower(&city).await;
        let receiver = Receiver::start("127.0.0.1");
        let webhook = hook(&who, &receiver.url()).await;
        let former = webhook["secret"].as_str().unwrap();
        let rotate = async || who.post(&path(&webhook, "/secret"), &json!({})).await;
        let rotated = rotate().await.created();
        let secret = rotated["secret"].as_str().unwrap();
        assert_ne!(secret, former);
        file(&city, 1).await;
        deliver(&city).await;
        let sent = receiver.sent();
        assert!(sent[0].is_signed_with(secret) && sent[0].is_signed_with(former));
        assert_eq!(sent[0].header("webhook-signature").split(' ').count(), 2);
        for _ in 0..3 {
            rotate().await.created();
        }
        rotate().await.refused(409, "too_many_webhook_secrets");
        city.clock.forward(Duration::hours(24));
        file(&city, 1).await;
        deliver(&city).await;
        assert_eq!(receiver.sent()[1].header("webhook-signature").split(' ').count(), 1);
        let plain = secret.strip_prefix("whsec_").unwrap();
        let dump =
            format!("select count(*) from webhook_secret where position(decode('{plain}', 'base64') in sealed) > 0");
        assert_eq!(city.database.count(&dump).await, 0);
        receiver.stop().await;
        city.stop().await;
    }

    async fn events_are_narrowed_to_what_is_asked_for_and_what_the_program_may_know() {
        let city = city(&["127.0.0.1/32"]).await;
        let (program, who) = follower(&city).await;
        let receiver = Receiver::start("127.0.0.1");
        let body = json!({
            "url": receiver.url(), "types": ["ticket.submitted"], "services": ["proprete"],
            "categories": ["illegal_dumping"], "areas": ["secteurs:nord"]
        });
        let webhook = who.post("/v1/webhooks", &body).await.created();
        for field in ["types", "services", "categories", "areas"] {
            assert_eq!(webhook[field], body[field]);
        }
        let ticket = city.dumping().await;
        city.proprete().await.acknowledge(&ticket).await.ok();
        crate::cafe::plan(&city.agent().await, json!({})).await;
        deliver(&city).await;
        assert_eq!(subjects(&receiver.events()), [ticket["reference"].clone()]);
        assert_eq!(receiver.events()[0]["type"], "ticket.submitted");
        let change =
            json!({ "types": ["ticket.resolved", "cafe.planned"], "services": [], "categories": [], "areas": [] });
        let changed = who.patch(&path(&webhook, ""), &json!(1), &change).await.ok();
        assert_eq!((&changed["types"], &changed["version"]), (&change["types"], &json!(2)));
        who.patch(&path(&webhook, ""), &json!(1), &change).await.refused(412, "stale_version");
        crate::cafe::plan(&city.agent().await, json!({})).await;
        deliver(&city).await;
        city.clock.forward(Duration::minutes(1));
        deliver(&city).await;
        assert_eq!(receiver.events()[1]["type"], "cafe.planned");
        // What the program may no longer know of is not sent.
        let admin = city.admin().await;
        let client = format!("/v1/clients/{}", program.id);
        admin.patch(&client, &json!(1), &json!({ "scopes": ["tickets:read"] })).await.ok();
        crate::cafe::plan(&city.agent().await, json!({})).await;
        deliver(&city).await;
        assert_eq!(receiver.sent().len(), 2);
        // A program that is disabled is sent nothing, until it no longer is.
        let who = program.caller(&city).await;
        let halted = who.patch(&path(&webhook, ""), &json!(2), &json!({ "active": false })).await.ok();
        assert_eq!(halted["types"], change["types"], "although one of them is told no more");
        let again = json!({ "active": true, "types": change["types"], "url": halted["url"] });
        who.patch(&path(&webhook, ""), &json!(3), &again).await.ok();
        who.patch(&path(&webhook, ""), &json!(4), &json!({ "types": [] })).await.ok();
        admin.patch(&client, &json!(2), &json!({ "active": false })).await.ok();
        let filed = file(&city, 1).await;
        deliver(&city).await;
        assert_eq!(receiver.sent().len(), 2);
        admin.patch(&client, &json!(3), &json!({ "active": true })).await.ok();
        city.clock.forward(Duration::minutes(1));
        deliver(&city).await;
        assert_eq!(subjects(&receiver.events()[2..]), filed);
        receiver.stop().await;
        city.stop().await;
    }

    async fn events_are_sent_again() {
        let city = city(&["127.0.0.1/32"]).await;
        let (_, who) = follower(&city).await;
        let receiver = Receiver::start("127.0.0.1");
        let webhook = hook(&who, &receiver.url()).await;
        let begin = city.instance.context.now();
        city.clock.forward(Duration::minutes(1));
        file(&city, 2).await;
        let middle = city.instance.context.now() + Duration::seconds(30);
        city.clock.forward(Duration::minutes(1));
        file(&city, 2).await;
        deliver(&city).await;
        let first = receiver.events();
        assert_eq!(first.len(), 4);
        let replay = path(&webhook, "/replay");
        let range = json!({ "from": begin, "until": middle });
        let answer = who.post(&replay, &range).await;
        let answer = answer.is(202).json();
        assert_eq!((&answer["after"], &answer["until"]), (&webhook["last_sequence"], &first[1]["sequence"]));
        who.post(&replay, &range).await.refused(409, "replay_under_way");
        // What is new comes after what is sent again.
        file(&city, 1).await;
        deliver(&city).await;
        let all = receiver.events();
        assert_eq!(all[4..6], first[..2]);
        assert_eq!(all.len(), 7);
        assert_eq!(receiver.sent()[4].header("webhook-id"), receiver.sent()[0].header("webhook-id"));
        let range = json!({ "from_sequence": first[3]["sequence"], "until_sequence": first[3]["sequence"] });
        who.post(&replay, &range).await.is(202);
        deliver(&city).await;
        assert_eq!(receiver.events()[7..], first[3..]);
        for bad in [
            json!({}),
            json!({ "from": middle, "until": begin }),
            json!({ "from": begin, "from_sequence": "1" }),
            json!({ "until_sequence": "1" }),
            json!({ "from_sequence": "2", "until_sequence": "1" }),
        ] {
            who.post(&replay, &bad).await.refused_fields(400, "invalid_request", &[("", "bad_range")]);
        }
        let beyond = json!({ "from_sequence": "99999999999999999999" });
        who.post(&replay, &beyond).await.refused_fields(400, "invalid_request", &[("/from_sequence", "bad_format")]);
        who.post(&replay, &json!({ "from_sequence": "999999" })).await.refused(410, "events_ahead");
        receiver.stop().await;
        city.stop().await;
    }

    async fn a_ping_shows_whether_it_works() {
        let city = city(&["127.0.0.1/32"]).await;
        let (_, who) = follower(&city).await;
        let receiver = Receiver::start("127.0.0.1");
        let webhook = hook(&who, &receiver.url()).await;
        let ask = who.request(Method::POST, &path(&webhook, "/ping")).header("Idempotency-Key", "essai");
        let asked = who.send(ask.try_clone().unwrap()).await.is(202).json();
        assert_eq!(who.send(ask).await.json(), asked);
        deliver(&city).await;
        let [ping] = &receiver.sent()[..] else { panic!("one ping") };
        let event = ping.event();
        assert_eq!((&event["type"], &event["id"]), (&json!("webhook.ping"), &asked["event_id"]));
        assert!(ping.is_signed_with(webhook["secret"].as_str().unwrap()));
        // It is sent once, also to one that is inactive, whatever comes of it.
        who.patch(&path(&webhook, ""), &json!(1), &json!({ "active": false })).await.ok();
        receiver.answers(Manner::status(500));
        who.send(who.request(Method::POST, &path(&webhook, "/ping"))).await.is(202);
        deliver(&city).await;
        city.clock.forward(Duration::hours(1));
        deliver(&city).await;
        assert_eq!(receiver.sent().len(), 2);
        let log =
            city.database.count("select count(*) from webhook_delivery where status = 500 and position is null").await;
        assert_eq!(log, 1);
        receiver.stop().await;
        city.stop().await;
    }

    async fn what_was_sent_stands_in_the_log_for_a_month() {
        let city = city(&["127.0.0.1/32"]).await;
        let (program, who) = follower(&city).await;
        let receiver = Receiver::start("127.0.0.1");
        let webhook = hook(&who, &receiver.url()).await;
        receiver.answers(Manner { body: "é".repeat(2000).into(), ..Manner::status(200) });
        file(&city, 3).await;
        deliver(&city).await;
        let log = deliveries(&who, &webhook).await;
        assert_eq!(log.len(), 3);
        let sent = receiver.sent();
        for (entry, one) in log.iter().rev().zip(&sent) {
            let event = one.event();
            assert_eq!((&entry["event_id"], &entry["event_type"]), (&event["id"], &event["type"]));
            assert_eq!((&entry["sequence"], &entry["status"]), (&event["sequence"], &json!(200)));
            assert_eq!((&entry["attempt"], &entry["url"]), (&json!(1), &json!(receiver.url())));
            assert_eq!(entry["request_bytes"], one.body.len());
            assert_eq!(entry["answer"], "é".repeat(500));
            assert_eq!(entry.get("error"), None);
            let whole = who.get(&path(&webhook, &format!("/deliveries/{}", text(&entry["id"])))).await.ok();
            let request = &whole["request"];
            assert_eq!((&request["body"], &request["as_sent"]), (&json!(one.body), &json!(true)));
            for (name, value) in request["headers"].as_object().unwrap() {
                assert_eq!(value, one.header(name));
            }
            assert!(request["headers"].as_object().unwrap().contains_key("webhook-signature"), "{request}");
            let mut rest = whole.clone();
            rest.as_object_mut().unwrap().remove("request");
            assert_eq!(rest, *entry);
        }
        // Page by page it is the same.
        let (mut paged, mut next) = (Vec::new(), String::new());
        loop {
            let page = who.get(&path(&webhook, &format!("/deliveries?limit=2{next}"))).await.ok();
            paged.extend(page["items"].as_array().unwrap().clone());
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(paged, log);
        let cx = &city.instance.context;
        city.clock.forward(Duration::days(30) - Duration::minutes(1));
        assert_eq!(usecases::webhook::forget(cx).await.unwrap(), 0);
        city.clock.forward(Duration::minutes(2));
        assert_eq!(usecases::webhook::forget(cx).await.unwrap(), 3);
        assert_eq!(deliveries(&program.caller(&city).await, &webhook).await, Vec::<Value>::new());
        receiver.stop().await;
        city.stop().await;
    }

    async fn what_the_program_may_no_longer_know_is_not_in_its_log() {
        let city = city(&["127.0.0.1/32"]).await;
        let (program, who) = follower(&city).await;
        let other = register(&city, &["tickets:read"], &[]).await.caller(&city).await;
        let receiver = Receiver::start("127.0.0.1");
        let webhook = hook(&who, &receiver.url()).await;
        let reference = text(&file(&city, 1).await[0]).to_owned();
        let ticket = city.dispatcher().await.get(&format!("/v1/tickets/{reference}")).await.ok();
        let note = format!("/v1/tickets/{}/notes", text(&ticket["id"]));
        city.dispatcher().await.post(&note, &json!({ "text": "Vu avec le syndic" })).await.created();
        who.send(who.request(Method::POST, &path(&webhook, "/ping"))).await.is(202);
        deliver(&city).await;
        let log = deliveries(&who, &webhook).await;
        let of = |kind: &str| {
            let entry = log.iter().find(|one| one["event_type"] == kind).unwrap();
            path(&webhook, &format!("/deliveries/{}", text(&entry["id"])))
        };
        let request = who.get(&of("ticket.note_added")).await.ok()["request"].clone();
        assert_eq!(request["as_sent"], true);
        assert!(text(&request["body"]).contains("Vu avec le syndic"), "{request}");
        let ping = who.get(&of("webhook.ping")).await.ok()["request"].clone();
        assert_eq!((&ping["as_sent"], ping["body"].is_string()), (&json!(true), true));
        other.get(&of("ticket.note_added")).await.is(404);
        who.get(&path(&webhook, "/deliveries/0197a0c4-0000-7000-8000-000000000001")).await.is(404);
        // What is changed or erased where it is kept is so here.
        let mut connection = city.database.connection().await;
        sqlx::query("update user_account set name = 'Une autre'").execute(&mut connection).await.unwrap();
        sqlx::Connection::close(connection).await.unwrap();
        let request = who.get(&of("ticket.note_added")).await.ok()["request"].clone();
        assert_eq!(request["as_sent"], false);
        assert!(text(&request["body"]).contains("Une autre"), "{request}");
        let admin = city.admin().await;
        let client = format!("/v1/clients/{}", program.id);
        let version = admin.get(&client).await.ok()["version"].clone();
        admin.patch(&client, &version, &json!({ "categories": ["graffiti"] })).await.ok();
        let who = program.caller(&city).await;
        let request = who.get(&of("ticket.note_added")).await.ok()["request"].clone();
        assert_eq!((request.get("body"), &request["as_sent"]), (None, &json!(false)));
        receiver.stop().await;
        city.stop().await;
    }

    async fn one_worker_at_a_time_delivers_to_a_webhook() {
        let city = city(&["127.0.0.1/32"]).await;
        let (_, who) = follower(&city).await;
        let receiver = Receiver::start("127.0.0.1");
        hook(&who, &receiver.url()).await;
        file(&city, 2).await;
        place(&city).await;
        let cx = &city.instance.context;
        let dead = usecases::webhook::lease(cx, false, 10).await.unwrap();
        assert_eq!(dead.len(), 1);
        deliver(&city).await;
        assert_eq!(receiver.sent().len(), 0, "another delivers");
        // It has died: others go on once its time is over, and it can no longer say that it is done.
        city.clock.forward(Duration::minutes(3));
        deliver(&city).await;
        assert_eq!(receiver.sent().len(), 2);
        for lease in dead {
            usecases::webhook::deliver(cx, lease).await.unwrap();
        }
        assert_eq!(receiver.sent().len(), 3, "it stops after one event");
        receiver.stop().await;
        city.stop().await;
    }

    async fn one_that_is_made_inactive_goes_on_where_it_was() {
        let city = city(&["127.0.0.1/32"]).await;
        let (_, who) = follower(&city).await;
        let receiver = Receiver::start("127.0.0.1");
        let webhook = hook(&who, &receiver.url()).await;
        let off = who.patch(&path(&webhook, ""), &json!(1), &json!({ "active": false })).await.ok();
        assert_eq!((&off["active"], &off["disabled_because"]), (&json!(false), &json!("asked")));
        let filed = file(&city, 2).await;
        deliver(&city).await;
        assert_eq!(receiver.sent().len(), 0);
        let on = who.patch(&path(&webhook, ""), &json!(2), &json!({ "active": true })).await.ok();
        assert_eq!((&on["active"], on.get("disabled_at")), (&json!(true), None));
        deliver(&city).await;
        assert_eq!(subjects(&receiver.events()), filed);
        receiver.stop().await;
        city.stop().await;
    }
}
