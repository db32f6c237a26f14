//! What happens by itself: waiting, closing, reminding, and clocks that are wound again.

use chrono::Duration;
use serde_json::{Value, json};

use crate::support::city::{City, dumping};

crate::tests![
    the_resolution_clock_stands_still_while_a_ticket_waits,
    a_ticket_resumes_on_its_day_and_is_closed_a_fortnight_after_it_was_settled,
    the_ladder_of_reminders_is_climbed_once,
    a_worker_that_slept_climbs_every_rung_that_fell_due,
    days_that_cannot_be_are_refused,
    clocks_are_wound_again_when_the_calendar_changes,
];

/// Does what is due by itself, until nothing is.
async fn run(city: &City) -> usize {
    let mut done = 0;
    loop {
        match usecases::ticket::run_clocks(&city.instance.context).await.unwrap() {
            0 => return done,
            more => done += more,
        }
    }
}

/// Whether the service was told that a wait of its is over.
async fn is_told(city: &City) -> bool {
    city.drain().await;
    let letters = city.letters_to("proprete@ville-amiens.example");
    letters.iter().any(|letter| letter.subject().unwrap().ends_with("l’attente est finie"))
}

async fn the_resolution_clock_stands_still_while_a_ticket_waits() {
    let city = City::new().await;
    let (filed, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&filed).await.ok();
    let hold = json!({ "reason": "third_party", "resume_on": "2026-03-30" });
    let waiting = proprete.act(&acknowledged, "hold", &hold).await.ok();
    assert_eq!((&waiting["state"], &waiting["resume_on"]), (&json!("on_hold"), &json!("2026-03-30")));
    // Two days of work later, at the same hour: what is left of the target is what was left.
    city.clock.forward(Duration::days(2));
    let proprete = city.proprete().await;
    assert_eq!(proprete.ticket(&filed).await["late"], false);
    let resumed = proprete.act(&waiting, "resume", &json!({})).await.ok();
    assert_eq!((&resumed["state"], resumed.get("resume_on")), (&json!("in_progress"), None));
    assert!(!is_told(&city).await, "who resumes it knows");
    let due = |ticket: &Value| ticket["resolve_due_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>();
    let (before, after) = (due(&filed).unwrap(), due(&resumed).unwrap());
    assert_eq!((before.to_rfc3339(), after.to_rfc3339()), due_after_two_days(before));
    let waiting = proprete.act(&resumed, "hold", &hold).await.ok();
    let scheduled = proprete.act(&waiting, "schedule", &json!({ "scheduled_for": "2026-04-01" })).await.ok();
    assert_eq!((&scheduled["state"], &scheduled["expected_on"]), (&json!("scheduled"), &json!("2026-04-01")));
    city.stop().await;
}

fn due_after_two_days(before: chrono::DateTime<chrono::Utc>) -> (String, String) {
    // The target of dumped rubbish ends on a Thursday; two open days later is the Monday after.
    assert_eq!(before.to_rfc3339(), "2026-03-12T16:30:00+00:00");
    (before.to_rfc3339(), "2026-03-16T16:30:00+00:00".to_owned())
}

async fn a_ticket_resumes_on_its_day_and_is_closed_a_fortnight_after_it_was_settled() {
    let city = City::new().await;
    let (filed, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&filed).await.ok();
    let hold = json!({ "reason": "weather", "resume_on": "2026-03-20" });
    proprete.act(&acknowledged, "hold", &hold).await.ok();
    // 23:30 on the 19th in Amiens, then half past midnight.
    city.clock.set("2026-03-19T22:30:00Z");
    run(&city).await;
    assert_eq!(city.proprete().await.ticket(&filed).await["state"], "on_hold");
    city.clock.set("2026-03-19T23:30:00Z");
    assert_eq!(run(&city).await, 1);
    let proprete = city.proprete().await;
    let resumed = proprete.ticket(&filed).await;
    assert_eq!(resumed["state"], "in_progress");
    let event = proprete.timeline(&filed).await[3].clone();
    assert_eq!((&event["type"], &event["by"]["type"]), (&json!("resumed"), &json!("system")));
    assert!(is_told(&city).await);
    proprete.resolve(&resumed).await.ok();
    city.clock.forward(Duration::days(14) - Duration::seconds(1));
    assert_eq!((run(&city).await, run(&city).await), (1, 0), "its resident is asked again whether it is solved");
    city.clock.forward(Duration::seconds(1));
    assert_eq!(run(&city).await, 1);
    let closed = city.proprete().await.ticket(&filed).await;
    assert_eq!((&closed["state"], &closed["closure_reason"]), (&json!("closed"), &json!("work_done")));
    city.stop().await;
}

async fn file_one(city: &City) -> Value {
    let mut body = dumping();
    body["category"] = json!("pothole");
    city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone()
}

fn reminders(city: &City, address: &str) -> usize {
    let subject = |letter: &mail_parser::Message<'_>| letter.subject().unwrap().starts_with("Relance");
    city.letters_to(address).iter().filter(|letter| subject(letter)).count()
}

async fn the_ladder_of_reminders_is_climbed_once() {
    let city = City::new().await;
    let filed = file_one(&city).await;
    let service = format!("{}@ville-amiens.example", filed["service"]["code"].as_str().unwrap());
    city.clock.set(filed["ack_due_at"].as_str().unwrap());
    assert_eq!(run(&city).await, 1);
    assert_eq!(run(&city).await, 0, "each rung once");
    city.drain().await;
    assert_eq!((reminders(&city, &service), reminders(&city, "regulation@ville-amiens.example")), (1, 0));
    city.clock.forward(Duration::days(7));
    assert_eq!(run(&city).await, 1);
    city.drain().await;
    // Voirie has no manager: their rung tells its mailbox.
    assert_eq!((reminders(&city, &service), reminders(&city, "regulation@ville-amiens.example")), (2, 1));
    let dispatcher = city.dispatcher().await;
    assert_eq!(dispatcher.ticket(&filed).await["version"], 1, "a reminder changes nothing that readers see");
    // Once it is in hand, the other clock runs, with a ladder of its own.
    let late = city.voirie().await.acknowledge(&filed).await.ok();
    city.clock.forward(Duration::days(60));
    run(&city).await;
    city.drain().await;
    assert_eq!((reminders(&city, &service), reminders(&city, "regulation@ville-amiens.example")), (4, 2), "{late}");
    city.stop().await;
}

async fn a_worker_that_slept_climbs_every_rung_that_fell_due() {
    let city = City::new().await;
    let filed = city.dumping().await;
    let second = city.second().await;
    city.clock.forward(Duration::days(5));
    // Two workers wake at once.
    let (one, two) = tokio::join!(
        usecases::ticket::run_clocks(&city.instance.context),
        usecases::ticket::run_clocks(&second.context)
    );
    assert_eq!(one.unwrap() + two.unwrap(), 2, "two tickets of the concern, each looked after once");
    city.drain().await;
    for address in ["proprete@ville-amiens.example", "denis.marchand@ville-amiens.example"] {
        assert_eq!(reminders(&city, address), 1, "{address} {filed}");
    }
    assert_eq!(reminders(&city, "regulation@ville-amiens.example"), 2);
    second.stop().await;
    city.stop().await;
}

async fn days_that_cannot_be_are_refused() {
    let city = City::new().await;
    let (filed, proprete) = (city.dumping().await, city.proprete().await);
    let ticket = proprete.acknowledge(&filed).await.ok();
    let act = async |action, body| proprete.act(&ticket, action, &body).await;
    for day in ["2026-03-09", "2028-03-10", "9999-12-31"] {
        act("schedule", json!({ "scheduled_for": day })).await.refused_fields(
            422,
            "invalid_content",
            &[("/scheduled_for", "out_of_range")],
        );
    }
    for day in ["2026-03-10", "2029-01-01"] {
        act("hold", json!({ "reason": "other", "resume_on": day })).await.refused_fields(
            422,
            "invalid_content",
            &[("/resume_on", "out_of_range"), ("/note", "required")],
        );
    }
    act("schedule", json!({ "scheduled_for": "2026-02-30" })).await.refused(400, "invalid_request");
    act("schedule", json!({ "scheduled_for": "2026-03-10" })).await.ok();
    city.stop().await;
}

async fn clocks_are_wound_again_when_the_calendar_changes() {
    let city = City::new().await;
    let (filed, dispatcher) = (city.dumping().await, city.dispatcher().await);
    let mut changed = city.instance.context.city().unwrap().city.clone();
    // From now on, propreté settles dumped rubbish within ten days.
    let service = changed.services.iter_mut().find(|service| service.code.as_str() == "proprete").unwrap();
    service.targets = serde_json::from_value(json!([{
        "category": "illegal_dumping", "acknowledge_within": "1d", "resolve_within": "10d"
    }]))
    .unwrap();
    usecases::city::load(&city.instance.context, &changed, false, None, city.instance.context.now()).await.unwrap();
    assert!(run(&city).await >= 1);
    assert_eq!(run(&city).await, 0);
    let wound = dispatcher.ticket(&filed).await;
    assert_eq!((&wound["resolve_due_at"], &wound["version"]), (&json!("2026-03-24T16:30:00Z"), &json!(1)));
    assert_eq!(wound["ack_due_at"], filed["ack_due_at"]);
    city.stop().await;
}
