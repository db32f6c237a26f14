//! Receivers on a bad day: nothing is lost, and others are not disturbed.

use std::time::{Duration as Time, Instant};

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::receiver::{Manner, Receiver, Sent};
use super::{city, deliver, deliveries, file, follower, hook, path, subjects};
use crate::client::{Program, register_as};
use crate::event::place;
use crate::support::city::City;

crate::tests![
    one_that_is_down_for_an_hour_gets_everything_in_order,
    a_slow_one_delays_nobody,
    nor_do_a_hundred,
    one_that_is_mended_can_be_tried_at_once,
    one_that_fails_for_three_days_is_disabled_and_its_owner_told,
    one_that_is_gone_is_disabled_at_once,
];

/// Moves the clock to the next attempt. Returns the webhook.
async fn wait(city: &City, program: &Program, webhook: &Value) -> Value {
    let now = program.caller(city).await.get(&path(webhook, "")).await.ok();
    if let Some(at) = now["next_attempt_at"].as_str() {
        city.clock.set(at);
    }
    now
}

async fn one_that_is_down_for_an_hour_gets_everything_in_order() {
    let city = city(&["127.0.0.1/32"]).await;
    let (program, who) = follower(&city).await;
    let (receiver, other) = (Receiver::start("127.0.0.1"), Receiver::start("127.0.0.1"));
    let webhook = hook(&who, &receiver.url()).await;
    hook(&who, &other.url()).await;
    receiver.stop().await;
    let begin = city.instance.context.now();
    let mut filed = file(&city, 3).await;
    let mut attempts = 0;
    while city.instance.context.now() < begin + Duration::hours(1) {
        deliver(&city).await;
        attempts += 1;
        assert_eq!(wait(&city, &program, &webhook).await["failures"], attempts);
        filed.extend(file(&city, 1).await);
    }
    place(&city).await;
    assert!((6..12).contains(&attempts), "{attempts}");
    assert!(subjects(&other.events()).len() >= 3, "others are not disturbed");
    let again = Receiver::start(&receiver.at);
    deliver(&city).await;
    assert_eq!(subjects(&again.events()), filed);
    assert_eq!(subjects(&other.events()), filed);
    let who = program.caller(&city).await;
    let log = deliveries(&who, &webhook).await;
    assert_eq!(log.iter().filter(|one| one["error"] == "unreachable").count(), attempts);
    let now = who.get(&path(&webhook, "")).await.ok();
    assert_eq!((&now["failures"], now.get("failing_since"), now.get("next_attempt_at")), (&json!(0), None, None));
    again.stop().await;
    other.stop().await;
    city.stop().await;
}

async fn a_slow_one_delays_nobody() {
    let city = city(&["127.0.0.1/32"]).await;
    let (program, who) = follower(&city).await;
    let (slow, fast) = (Receiver::start("127.0.0.1"), Receiver::start("127.0.0.1"));
    slow.answers(Manner { after: Time::from_mins(1), ..Manner::status(204) });
    let webhook = hook(&who, &slow.url()).await;
    hook(&who, &fast.url()).await;
    let worker = tokio::spawn(usecases::webhook::run(city.instance.context.clone()));
    let filed = file(&city, 5).await;
    place(&city).await;
    let began = Instant::now();
    while fast.sent().len() < filed.len() {
        assert!(began.elapsed() < Time::from_secs(10), "{} were sent", fast.sent().len());
        tokio::time::sleep(Time::from_millis(50)).await;
    }
    assert_eq!(subjects(&fast.events()), filed);
    // What takes longer than 15 seconds has failed.
    let log = loop {
        let log = deliveries(&who, &webhook).await;
        if !log.is_empty() {
            break log;
        }
        assert!(began.elapsed() < Time::from_secs(40), "it is waited for too long");
        tokio::time::sleep(Time::from_millis(200)).await;
    };
    assert_eq!((&log[0]["error"], log[0].get("status")), (&json!("timeout"), None));
    assert!(log[0]["duration_ms"].as_i64().unwrap() >= 14_000, "{}", log[0]);
    slow.answers(Manner::status(204));
    wait(&city, &program, &webhook).await;
    while slow.sent().len() < filed.len() + 1 {
        assert!(began.elapsed() < Time::from_mins(1), "it does not go on");
        tokio::time::sleep(Time::from_millis(50)).await;
    }
    assert_eq!(subjects(&slow.events()[1..]), filed);
    worker.abort();
    slow.stop().await;
    fast.stop().await;
    city.stop().await;
}

async fn nor_do_a_hundred() {
    let city = city(&["127.0.0.1/32"]).await;
    let (slow, fast) = (Receiver::start("127.0.0.1"), Receiver::start("127.0.0.1"));
    for number in 0..5 {
        let program = register_as(&city, &format!("Lent {number}"), &["tickets:read"], &[]).await;
        let who = program.caller(&city).await;
        for _ in 0..20 {
            hook(&who, &slow.url()).await;
        }
    }
    let (_, who) = follower(&city).await;
    hook(&who, &fast.url()).await;
    // All answer at once first; then a hundred no longer do.
    file(&city, 1).await;
    deliver(&city).await;
    assert_eq!((slow.take().len(), fast.take().len()), (100, 1));
    slow.answers(Manner { after: Time::from_secs(10), ..Manner::status(204) });
    let worker = tokio::spawn(usecases::webhook::run(city.instance.context.clone()));
    let mut waits = Vec::new();
    // The first time they are not known to be slow: one attempt of some may have to end.
    for most in [15, 5, 5, 5] {
        let filed = file(&city, 1).await;
        let began = Instant::now();
        place(&city).await;
        city.instance.context.fed.notify_waiters();
        while fast.sent().is_empty() {
            assert!(began.elapsed() < Time::from_secs(most), "waited after {waits:?}");
            tokio::time::sleep(Time::from_millis(20)).await;
        }
        assert_eq!(subjects(&fast.take().iter().map(Sent::event).collect::<Vec<_>>()), filed);
        waits.push(began.elapsed());
        tokio::time::sleep(Time::from_secs(4)).await;
    }
    assert!(slow.sent().len() >= 100, "{} were sent to the slow ones", slow.sent().len());
    worker.abort();
    slow.stop().await;
    fast.stop().await;
    city.stop().await;
}

async fn one_that_is_mended_can_be_tried_at_once() {
    let city = city(&["127.0.0.1/32"]).await;
    let (_, who) = follower(&city).await;
    let receiver = Receiver::start("127.0.0.1");
    receiver.answers(Manner::status(500));
    let webhook = hook(&who, &receiver.url()).await;
    let filed = file(&city, 1).await;
    deliver(&city).await;
    receiver.answers(Manner::status(204));
    deliver(&city).await;
    assert_eq!(receiver.take().len(), 1, "it is waited for");
    let now = who.patch(&path(&webhook, ""), &json!(1), &json!({ "active": true })).await.ok();
    assert_eq!((&now["failures"], now.get("next_attempt_at"), &now["version"]), (&json!(0), None, &json!(1)));
    deliver(&city).await;
    assert_eq!(subjects(&receiver.events()), filed);
    receiver.stop().await;
    city.stop().await;
}

async fn one_that_fails_for_three_days_is_disabled_and_its_owner_told() {
    let city = city(&["127.0.0.1/32"]).await;
    let (program, who) = follower(&city).await;
    let receiver = Receiver::start("127.0.0.1");
    receiver.answers(Manner::status(500));
    let webhook = hook(&who, &receiver.url()).await;
    let filed = file(&city, 2).await;
    let begin = city.instance.context.now();
    let disabled = loop {
        deliver(&city).await;
        let now = wait(&city, &program, &webhook).await;
        if now["active"] == false {
            break now;
        }
        assert_eq!(city.letters_to("dsi@ville-amiens.example").len(), 0);
    };
    assert_eq!((&disabled["disabled_because"], &disabled["version"]), (&json!("failing"), &json!(2)));
    let at: DateTime<Utc> = disabled["disabled_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(at, begin + Duration::days(3));
    let ids: std::collections::BTreeSet<String> =
        receiver.events().iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "the second event waits for the first");
    let tries = receiver.sent().len();
    assert!((12..40).contains(&tries), "{tries}");
    city.drain().await;
    let [letter] = &city.letters_to("dsi@ville-amiens.example")[..] else { panic!("one letter") };
    let text = letter.body_text(0).unwrap();
    assert!(text.contains("127.0.0.1") && text.contains("pendant trois jours"), "{text}");
    city.clock.forward(Duration::days(1));
    deliver(&city).await;
    assert_eq!(receiver.sent().len(), tries);
    // Once it is mended, nothing is lost.
    receiver.answers(Manner::status(200));
    let who = program.caller(&city).await;
    who.patch(&path(&webhook, ""), &json!(2), &json!({ "active": true })).await.ok();
    deliver(&city).await;
    assert_eq!(subjects(&receiver.events()[tries..]), filed);
    receiver.stop().await;
    city.stop().await;
}

async fn one_that_is_gone_is_disabled_at_once() {
    let city = city(&["127.0.0.1/32"]).await;
    let (_, who) = follower(&city).await;
    let (receiver, other) = (Receiver::start("127.0.0.1"), Receiver::start("127.0.0.1"));
    receiver.answers(Manner::status(410));
    let webhook = hook(&who, &receiver.url()).await;
    hook(&who, &other.url()).await;
    let filed = file(&city, 2).await;
    deliver(&city).await;
    assert_eq!((receiver.sent().len(), subjects(&other.events())), (1, filed));
    let now = who.get(&path(&webhook, "")).await.ok();
    assert_eq!((&now["active"], &now["disabled_because"]), (&json!(false), &json!("gone")));
    city.drain().await;
    let letters = city.letters_to("dsi@ville-amiens.example");
    assert_eq!(letters.len(), 1);
    assert!(letters[0].body_text(0).unwrap().contains("410"));
    receiver.stop().await;
    other.stop().await;
    city.stop().await;
}
