//! A partner that does not answer in time has the ticket no longer.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Europe::Paris;
use serde_json::json;

use super::{DESK, LANDLORD, act, page, passed_on, read, referred, run};
use crate::support::city::City;

/// The moment as letters say it.
fn local(at: &str) -> String {
    let at: DateTime<Utc> = at.parse().unwrap();
    at.with_timezone(&Paris).format("%d/%m/%Y à %-H h").to_string()
}

crate::tests![
    silence_past_the_target_returns_the_ticket_once,
    silence_is_not_the_one_reroute_of_a_service,
    whoever_answered_in_time_keeps_the_ticket,
    a_receipt_is_no_answer,
];

async fn silence_past_the_target_returns_the_ticket_once() {
    let city = City::new().await;
    let (ticket, path) = referred(&city).await;
    let second = city.second().await;
    city.clock.set(ticket["ack_due_at"].as_str().unwrap());
    run(&city).await;
    assert_eq!(read(&city, &path).await.ok()["state"], "submitted", "until the target, not until before it");
    city.drain().await;
    city.clock.forward(Duration::seconds(1));
    let (one, two) = tokio::join!(
        usecases::ticket::run_clocks(&city.instance.context),
        usecases::ticket::run_clocks(&second.context)
    );
    assert_eq!(one.unwrap() + two.unwrap(), 1);
    run(&city).await;
    let dispatcher = city.dispatcher().await;
    let returned = dispatcher.ticket(&ticket).await;
    assert_eq!(
        (&returned["service"]["code"], &returned["state"], &returned["handovers"]),
        (&json!("regulation"), &json!("submitted"), &json!(2))
    );
    let events = dispatcher.timeline(&ticket).await;
    // The dispatcher, who works at the desk, has just opened it.
    let told: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(told, ["submitted", "rerouted", "received"]);
    let event = &events[1];
    assert_eq!(event["by"], json!({ "type": "system" }));
    assert!(event["data"]["note"].as_str().unwrap().starts_with("Sans réponse du partenaire"), "{event}");
    city.drain().await;
    let told = city.letters_to(DESK);
    let text = told.last().unwrap().body_text(0).unwrap();
    assert!(told.len() == 1 && text.contains("n’a pas répondu dans le délai"), "{text}");
    let to_partner: Vec<_> = city.letters_to(LANDLORD).iter().map(|l| l.subject().unwrap().to_owned()).collect();
    assert_eq!(to_partner.len(), 3, "referred, reminded, withdrawn: {to_partner:?}");
    let withdrawn = city.letters_to(LANDLORD).pop().unwrap().body_text(0).unwrap().replace('\u{a0}', " ");
    assert!(withdrawn.contains("n’a pas eu de réponse de votre part"), "{withdrawn}");
    let due = local(ticket["ack_due_at"].as_str().unwrap());
    assert!(withdrawn.contains(&format!("qui courait jusqu’au {due}")), "{withdrawn}");
    read(&city, &path).await.refused(410, "partner_link_over");
    act(&city, &path, 2, "acknowledge", &json!({})).await.refused(410, "partner_link_over");
    assert!(page(&city, &path).await.is(410).text.contains("n’a pas répondu à temps"));
    second.stop().await;
    city.stop().await;
}

async fn silence_is_not_the_one_reroute_of_a_service() {
    let city = City::new().await;
    let (ticket, _) = referred(&city).await;
    city.clock.set(ticket["ack_due_at"].as_str().unwrap());
    city.clock.forward(Duration::seconds(1));
    run(&city).await;
    // Whoever works at the desk passes it on as a service does, once.
    let account = city.account("sophie.morel").await;
    let path = format!("/v1/users/{}", account["id"].as_str().unwrap());
    city.admin()
        .await
        .patch(&path, &account["version"], &json!({ "services": ["regulation", "mediation"] }))
        .await
        .ok();
    let member = city.login("sophie.morel").await;
    let returned = member.ticket(&ticket).await;
    let on = member.act(&returned, "reroute", &json!({ "service": "mediation", "note": "À la médiation." })).await.ok();
    let note = json!({ "service": "regulation", "note": "Non." });
    member.act(&on, "reroute", &note).await.refused(403, "action_not_yours");
    city.stop().await;
}

async fn whoever_answered_in_time_keeps_the_ticket() {
    let city = City::new().await;
    let (taken, path) = passed_on(&city, "bailleur", LANDLORD).await;
    act(&city, &path, 2, "acknowledge", &json!({})).await.ok();
    // A service of the town hall is reminded, as ever.
    let own = city.dumping().await;
    city.clock.forward(Duration::days(3));
    run(&city).await;
    let dispatcher = city.dispatcher().await;
    for (ticket, service) in [(&taken, "bailleur"), (&own, "proprete")] {
        assert_eq!(dispatcher.ticket(ticket).await["service"]["code"], service);
    }
    city.stop().await;
}

async fn a_receipt_is_no_answer() {
    let city = City::new().await;
    let (ticket, path) = referred(&city).await;
    act(&city, &path, 1, "receive", &json!({})).await.ok();
    city.clock.forward(Duration::days(3));
    run(&city).await;
    assert_eq!(city.dispatcher().await.ticket(&ticket).await["service"]["code"], "regulation");
    city.stop().await;
}
