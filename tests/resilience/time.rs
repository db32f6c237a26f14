//! A clock that is wrong, and workers that were away.

use std::collections::BTreeSet;

use chrono::Duration;
use serde_json::json;

use crate::client::register;
use crate::support::city::{City, dumping};
use crate::webhook::receiver::Receiver;
use crate::webhook::{deliver, hook};

crate::tests![
    a_clock_that_is_put_back_loses_nothing_and_counts_nothing_twice,
    workers_that_were_away_for_days_tell_everything_once_and_not_in_a_hundred_e_mails,
];

/// Does everything that is due, as a worker does.
async fn work(city: &City) {
    while usecases::ticket::run_clocks(&city.instance.context).await.unwrap() > 0 {}
    usecases::notification::tell_late(&city.instance.context).await.unwrap();
    while usecases::feed::place(&city.instance.context).await.unwrap() > 0 {}
    city.drain().await;
}

async fn a_clock_that_is_put_back_loses_nothing_and_counts_nothing_twice() {
    let city = City::new().await;
    let before = city.dumping().await;
    city.clock.forward(-Duration::hours(1));
    // Tokens of an hour that has not come yet are refused, and people log in again.
    let proprete = city.proprete().await;
    let after = city.dumping().await;
    let acknowledged = proprete.acknowledge(&before).await.ok();
    assert_eq!(acknowledged["version"], 2);
    proprete.resolve(&acknowledged).await.ok();
    work(&city).await;
    let negative = "select count(*) from handover where answered_after < 0";
    assert_eq!(city.database.count(negative).await, 0);
    let timeline = proprete.timeline(&before).await;
    let told: Vec<_> = timeline.iter().map(|event| (&event["version"], &event["type"])).collect();
    assert_eq!(
        told,
        [(&json!(1), &json!("submitted")), (&json!(2), &json!("acknowledged")), (&json!(3), &json!("resolved")),]
    );
    // What was due at the later hour is sent once that has come, in order; the rest at once.
    let pending = "select count(*) from outbox where state = 'pending'";
    assert!(city.database.count(pending).await > 0);
    let reference = after["reference"].as_str().unwrap();
    assert!(city.letters().iter().any(|letter| letter.subject().unwrap().contains(reference)));
    city.clock.forward(Duration::hours(1) + Duration::minutes(30));
    work(&city).await;
    assert_eq!(city.database.count(pending).await, 0);
    assert_eq!(city.database.count("select count(*) from outbox where state <> 'sent'").await, 0);
    let ids: BTreeSet<String> = city.letters().iter().map(|letter| letter.message_id().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), city.letters().len(), "each once");
    city.stop().await;
}

async fn workers_that_were_away_for_days_tell_everything_once_and_not_in_a_hundred_e_mails() {
    let city = City::with(|config| config.private_targets = vec!["127.0.0.1/32".parse().unwrap()]).await;
    let program = register(&city, &["tickets:read"], &[]).await.caller(&city).await;
    let receiver = Receiver::start("127.0.0.1");
    hook(&program, &receiver.url()).await;
    let agent = city.agent().await;
    let address = |number| format!("habitante.{number}@mail.example");
    for number in 0..40 {
        let mut body = dumping();
        if number < 10 {
            body["resident"]["email"] = json!(address(number));
        } else {
            body.as_object_mut().unwrap().remove("resident");
        }
        agent.post("/v1/concerns", &body).await.created();
    }
    city.clock.forward(Duration::days(3));
    let second = city.second().await;
    // Two workers wake at once.
    let (one, two) = tokio::join!(work(&city), async {
        while usecases::ticket::run_clocks(&second.context).await.unwrap() > 0 {}
        while second.worker.drain().await.unwrap() != notify::Drained::default() {}
    });
    let ((), ()) = (one, two);
    work(&city).await;
    tokio::join!(deliver(&city), deliver(&city));
    let events = receiver.events();
    let places: Vec<&str> = events.iter().map(|event| event["sequence"].as_str().unwrap()).collect();
    assert!(places.is_sorted_by(|one, next| one < next), "each once, in order: {places:?}");
    let happened = city.database.count("select count(*) from feed").await;
    assert!(happened >= 80, "two tickets each: {happened}");
    assert_eq!(i64::try_from(places.len()).unwrap(), happened);
    for number in 0..10 {
        assert_eq!(city.letters_to(&address(number)).len(), 1, "what they said was received");
    }
    let count = async |state: &str| {
        city.database.count(&format!("select count(*) from outbox where kind = 'reminder' and {state}")).await
    };
    let rungs = count("true").await;
    assert!(rungs >= 80, "two services and more were reminded of each: {rungs}");
    assert_eq!(count("state = 'sent'").await, rungs);
    let twice = "select count(*) from (
        select 1 from outbox join ticket on ticket.id = ticket_id
        where kind = 'reminder' and service_code = 'proprete' group by ticket_id, recipient having count(*) > 1) as twice";
    assert_eq!(city.database.count(twice).await, 0);
    let mails = "select count(distinct coalesce(mail, id)) from outbox where kind = 'reminder'";
    let mails = city.database.count(mails).await;
    assert!(mails < 20, "{rungs} reminders in {mails} e-mails");
    // One of them names every ticket of the service.
    let letters = city.letters_to("proprete@ville-amiens.example");
    let most = letters.iter().map(|letter| letter.body_text(0).unwrap().matches("délai dépassé").count()).max();
    assert_eq!(most, Some(40));
    let late = city.letters_to("nadia.fournier@ville-amiens.example").len();
    assert_eq!(late, 1, "the list of what is late, once");
    second.stop().await;
    city.stop().await;
}
