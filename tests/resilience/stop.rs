//! A process that is asked to stop: what is under way is finished, who follows is told to connect again, and what is left others
//! take at once.

use std::time::{Duration, Instant};

use continuum::Mail;
use futures_util::future::join;
use reqwest::Method;
use sqlx::{Connection as _, Executor as _};

use crate::client::register;
use crate::event::{follower, place};
use crate::support::city::{City, dumping};
use crate::support::database::{self, Database};
use crate::support::smtp::{Behaviour, SmtpServer};
use crate::watch::Town;
use crate::webhook::hook;
use crate::webhook::receiver::{Manner, Receiver};

crate::tests![
    a_request_under_way_is_answered_and_who_follows_is_told_to_connect_again,
    a_process_that_gets_sigterm_does_the_same_and_ends_well,
    e_mails_that_cannot_be_finished_are_sent_by_others_at_once,
    webhooks_that_cannot_be_finished_are_delivered_by_others_at_once,
    a_webhook_whose_receiver_hangs_is_delivered_by_others_at_once,
];

const SOON: Duration = Duration::from_secs(30);

async fn a_request_under_way_is_answered_and_who_follows_is_told_to_connect_again() {
    let city = City::new().await;
    let (ticket, proprete, who) = (city.dumping().await, city.proprete().await, follower(&city).await);
    let stream = who.request(Method::GET, "/v1/events/stream").send().await.unwrap();
    let mut operator = city.database.connection().await;
    let mut holding = operator.begin().await.unwrap();
    holding.execute("select * from ticket for update").await.unwrap();
    let under_way = tokio::spawn(async move { proprete.acknowledge(&ticket).await });
    city.database.until_somebody_waits().await;
    let told = tokio::spawn(async move { (stream.text().await, Instant::now()) });
    let City { instance, database, .. } = city;
    let began = Instant::now();
    let released = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        holding.rollback().await.unwrap();
    };
    join(instance.stop(), released).await;
    // Those who keep a connection without asking anything are not waited for.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let answered = under_way.await.unwrap();
    assert_eq!(answered.header("connection"), Some("close"));
    assert_eq!(answered.ok()["state"], "acknowledged");
    let (text, ended) = told.await.unwrap();
    // It ended as a whole answer does, long before the limit.
    is_told_to_connect_again(&text.unwrap());
    assert!(ended - began < Duration::from_secs(1), "{:?}", ended - began);
    drop(database);
}

/// What a stream said to its end.
fn is_told_to_connect_again(text: &str) {
    let blocks: Vec<&str> = text.trim_end().split("\n\n").collect();
    let wait: u64 = blocks.last().unwrap().strip_prefix("retry: ").unwrap().parse().unwrap();
    assert!(blocks.len() > 1 && (1500..4500).contains(&wait), "{text}");
}

async fn a_process_that_gets_sigterm_does_the_same_and_ends_well() {
    // What waits for the ticket is the request, not a worker.
    let town = Town::start(&["--no-worker"]).await;
    let (agent, proprete) = (town.login("claire.delattre").await, town.login("amelie.petit").await);
    let who = town.follower(&town.login("paul.carpentier").await).await;
    let ticket = agent.post("/v1/concerns", &dumping()).await.created()["tickets"][0].clone();
    let stream = who.request(Method::GET, "/v1/events/stream").send().await.unwrap();
    let mut operator = town.database.connection().await;
    let mut holding = operator.begin().await.unwrap();
    holding.execute("select * from ticket for update").await.unwrap();
    let under_way = tokio::spawn(async move { proprete.acknowledge(&ticket).await });
    town.database.until_somebody_waits().await;
    let Town { program, database, folders: _folders, .. } = town;
    let began = Instant::now();
    let end = tokio::task::spawn_blocking(move || program.end("-TERM"));
    // The stream ends at once, the request is still waited for.
    is_told_to_connect_again(&stream.text().await.unwrap());
    assert!(!under_way.is_finished() && !end.is_finished());
    holding.rollback().await.unwrap();
    let answered = under_way.await.unwrap();
    assert_eq!(answered.header("connection"), Some("close"));
    assert_eq!(answered.ok()["state"], "acknowledged");
    assert_eq!(end.await.unwrap().code(), Some(0));
    // As docs/resilience.md has it.
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    drop(database);
}

async fn e_mails_that_cannot_be_finished_are_sent_by_others_at_once() {
    let city = City::new().await;
    for _ in 0..3 {
        city.dumping().await;
    }
    let waiting = city.database.count("select count(*) from outbox").await;
    let server = SmtpServer::start();
    server.behave(&Behaviour { hang_after_data: true, ..Behaviour::default() });
    let mut config = database::config(&city.database.name, Mail::Smtp(server.url().into()), &city.clock);
    config.worker = true;
    let worker = continuum::build(config).await.unwrap();
    let on_their_way = server.wait_for(4, SOON).await;
    let began = Instant::now();
    worker.stop().await;
    let took = began.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(14)).contains(&took), "{took:?}");
    // Nothing has to wait until a lease has run out: the clock has not moved.
    assert_eq!(i64::try_from(city.drain().await).unwrap(), waiting);
    let sent: Vec<String> = city.letters().iter().map(|letter| letter.message_id().unwrap().to_owned()).collect();
    for letter in on_their_way {
        let id = letter.message.message_id().unwrap();
        assert!(sent.iter().any(|sent| sent == id), "{id} was not sent again, or under another id");
    }
    city.stop().await;
}

/// A city whose worker has begun to deliver to a receiver that answers after so long, as many concerns filed before; and how
/// another worker is built.
async fn delivering(after: Duration, concerns: usize) -> (City, Receiver, continuum::Config) {
    let networks = || vec!["127.0.0.1/32".parse().unwrap()];
    let city = City::with(|config| (config.worker, config.private_targets) = (true, networks())).await;
    let who = register(&city, &["tickets:read"], &[]).await.caller(&city).await;
    let receiver = Receiver::start("127.0.0.1");
    receiver.answers(Manner { after, ..Manner::status(204) });
    hook(&who, &receiver.url()).await;
    for _ in 0..concerns {
        city.dumping().await;
    }
    place(&city).await;
    let began = Instant::now();
    while receiver.sent().is_empty() {
        assert!(began.elapsed() < SOON);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut other = database::config(&city.database.name, Mail::Folder(city.mail.path().to_owned()), &city.clock);
    (other.worker, other.private_targets) = (true, networks());
    (city, receiver, other)
}

/// Until the webhook has been sent all that there is.
async fn delivered(database: &Database, receiver: &Receiver) {
    let began = Instant::now();
    while database.count("select count(*) from webhook w, feed_head h where w.position = h.position").await == 0 {
        assert!(began.elapsed() < SOON, "{} were sent", receiver.sent().len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What was sent, by its id.
fn sent(receiver: &Receiver) -> Vec<String> {
    receiver.sent().iter().map(|sent| sent.header("webhook-id").to_owned()).collect()
}

async fn a_webhook_whose_receiver_hangs_is_delivered_by_others_at_once() {
    let (city, receiver, config) = delivering(Duration::from_mins(1), 1).await;
    let City { instance, database, .. } = city;
    let began = Instant::now();
    instance.stop().await;
    let took = began.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(14)).contains(&took), "{took:?}");
    // It may have arrived, and comes again under its id. The clock has not moved, so that a lease would never run out.
    assert_eq!(database.count("select count(*) from webhook where lease is null and failures = 0").await, 1);
    assert_eq!(database.count("select count(*) from webhook_delivery").await, 0);
    let before = sent(&receiver);
    receiver.answers(Manner::status(204));
    let other = continuum::build(config).await.unwrap();
    delivered(&database, &receiver).await;
    let after = sent(&receiver).split_off(before.len());
    assert!(before.iter().all(|id| after.contains(id)), "{before:?} did not come again: {after:?}");
    other.stop().await;
}

async fn webhooks_that_cannot_be_finished_are_delivered_by_others_at_once() {
    let (city, receiver, config) = delivering(Duration::from_secs(2), 5).await;
    let City { instance, database, .. } = city;
    let began = Instant::now();
    instance.stop().await;
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    // The one that was under way was finished and noted; nobody holds the webhook.
    assert_eq!(database.count("select count(*) from webhook where lease is null and failures = 0").await, 1);
    let noted = database.count("select count(*) from webhook_delivery").await;
    let before = receiver.sent().len();
    assert_eq!(noted, i64::try_from(before).unwrap());
    assert!(before < 5, "it went on");
    // The clock has not moved, so that a lease would never run out: another worker goes on where it was.
    let other = continuum::build(config).await.unwrap();
    receiver.answers(Manner::status(204));
    delivered(&database, &receiver).await;
    let ids = sent(&receiver);
    let each: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(each.len(), ids.len(), "what was finished was noted, and nothing came twice");
    assert!(ids.len() > before, "the rest came");
    other.stop().await;
}
