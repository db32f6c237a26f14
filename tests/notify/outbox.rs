//! Who is told what, and what happens when a mail server is away.

use std::time::Duration;

use chrono::TimeDelta;
use continuum::Mail;
use futures_util::future::join;
use mail_parser::Message;
use serde_json::json;
use sqlx::Executor as _;

use crate::support::city::City;
use crate::support::smtp::{Behaviour, SmtpServer};

crate::tests![
    each_is_told_what_concerns_them_and_nobody_twice,
    letters_of_one_ticket_are_one_conversation_without_a_narrative,
    while_the_mail_server_is_away_nothing_is_lost_and_the_order_is_kept,
    a_refused_letter_waits_for_an_operator_and_holds_up_no_other,
    a_letter_of_a_newer_version_holds_up_no_other,
    a_letter_to_somebody_whose_address_is_gone_is_tried_once,
    two_workers_send_each_letter_once,
    what_cannot_end_within_its_lease_is_not_begun,
    what_is_under_way_is_finished_when_another_cannot_be_noted,
];

const SOON: Duration = Duration::from_secs(20);
const RESIDENT: &str = "habitante@mail.example";
const OFFICER: &str = "claire.delattre@ville-amiens.example";

async fn with_server() -> (City, SmtpServer) {
    let server = SmtpServer::start();
    let url = server.url();
    (City::with(|config| config.mail = Mail::Smtp(url.into())).await, server)
}

async fn each_is_told_what_concerns_them_and_nobody_twice() {
    let city = City::new().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let told = |city: &City| {
        let to = |letter: &Message<'_>| letter.to().unwrap().first().unwrap().address().unwrap().to_owned();
        let mut told: Vec<String> = city.letters().iter().map(to).collect();
        told.sort();
        told
    };
    assert_eq!(city.drain().await, 3, "the two services, and the resident that it was received");
    let first = told(&city);
    let known = |to: &str| ["proprete@", "brigade-verte@", RESIDENT].iter().any(|begin| to.starts_with(begin));
    assert!(first.iter().all(|to| known(to)), "{first:?}");
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    assert_eq!(city.drain().await, 2, "the officer and the resident");
    city.clock.forward(TimeDelta::minutes(20));
    let proprete = city.proprete().await;
    let started = proprete.start(&acknowledged).await.ok();
    assert_eq!(city.drain().await, 1, "the officer");
    city.clock.forward(TimeDelta::minutes(20));
    let proprete = city.proprete().await;
    let resolved = proprete.resolve(&started).await.ok();
    assert_eq!(city.drain().await, 2, "the officer and the resident");
    city.dispatcher().await.close(&resolved).await.ok();
    assert_eq!(city.drain().await, 0, "the outcome was told already");
    assert_eq!((city.letters_to(RESIDENT).len(), city.letters_to(OFFICER).len()), (3, 3));
    let other = city.dumping().await;
    proprete.refuse(&other).await.ok();
    assert_eq!(city.drain().await, 5, "two services, the dispatcher's desk, the officer and the resident");
    let subjects: Vec<String> =
        city.letters_to(OFFICER).iter().map(|letter| letter.subject().unwrap().to_owned()).collect();
    assert!(subjects.iter().any(|subject| subject.contains("refusée par le service, à réorienter")), "{subjects:?}");
    assert!(told(&city).iter().any(|to| to.starts_with("regulation@")), "{:?}", told(&city));
    city.stop().await;
}

async fn letters_of_one_ticket_are_one_conversation_without_a_narrative() {
    let city = City::new().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let note = json!({ "note": "Une note du service" });
    let acknowledged = proprete.act(&ticket, "acknowledge", &note).await.ok();
    proprete.resolve(&acknowledged).await.ok();
    city.drain().await;
    let about_it: Vec<_> = city
        .letters()
        .into_iter()
        .filter(|letter| letter.subject().unwrap().contains(ticket["reference"].as_str().unwrap()))
        // The receipt is about the whole concern.
        .filter(|letter| !letter.subject().unwrap().contains("bien reçu"))
        .collect();
    assert_eq!(about_it.len(), 5 - 1, "the officer's two in one");
    let thread = format!("ticket.{}@ville-amiens.example", ticket["id"].as_str().unwrap());
    for letter in &about_it {
        assert_eq!(letter.in_reply_to().as_text(), Some(thread.as_str()));
        assert_eq!(letter.header("Auto-Submitted").unwrap().as_text(), Some("auto-generated"));
        let whole = format!("{}{}", letter.body_text(0).unwrap(), letter.body_html(0).unwrap());
        for narrative in ["matelas", "note du service", "C’est fait", "Amélie", "Pigeonnier"] {
            assert!(!whole.contains(narrative), "a letter says {narrative}");
        }
    }
    city.stop().await;
}

async fn while_the_mail_server_is_away_nothing_is_lost_and_the_order_is_kept() {
    let (city, mut server) = with_server().await;
    server.stop();
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    proprete.resolve(&acknowledged).await.ok();
    for _ in 0..4 {
        assert_eq!(city.drain().await, 0);
        city.clock.forward(TimeDelta::minutes(5));
    }
    assert_eq!(city.database.count("select count(*) from outbox where state = 'pending'").await, 7);
    server.restart();
    for _ in 0..8 {
        city.clock.forward(TimeDelta::minutes(20));
        city.drain().await;
    }
    let reference = ticket["reference"].as_str().unwrap();
    let received = server.wait_for(6, SOON).await;
    assert_eq!(received.len(), 6, "the officer's two in one");
    let own = received.iter().filter(|letter| letter.message.subject().unwrap().contains(reference));
    let own = own.filter(|letter| !letter.message.subject().unwrap().contains("bien reçu"));
    let sent: Vec<(String, String)> =
        own.map(|letter| (letter.envelope.to[0].clone(), letter.message.message_id().unwrap().to_owned())).collect();
    let mut connection = city.database.connection().await;
    let expected: Vec<uuid::Uuid> =
        sqlx::query_scalar("select mail from outbox where ticket_id = $1::uuid and id = mail order by seq")
            .bind(ticket["id"].as_str().unwrap())
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let expected: Vec<String> = expected.iter().map(|id| format!("{id}@ville-amiens.example")).collect();
    let place = |id: &String| expected.iter().position(|expected| expected == id).expect("a mail that was to be sent");
    for (to, _) in &sent {
        let theirs: Vec<usize> = sent.iter().filter(|(other, _)| other == to).map(|(_, id)| place(id)).collect();
        assert!(theirs.is_sorted(), "the order of the mails to {to}");
    }
    assert_eq!(sent.len(), expected.len());
    city.stop().await;
}

async fn a_refused_letter_waits_for_an_operator_and_holds_up_no_other() {
    let (city, server) = with_server().await;
    let refused = format!("550 5.7.1 <{RESIDENT}> courrier refusé");
    server.behave(&Behaviour { refuse: [(RESIDENT.to_owned(), refused)].into(), ..Behaviour::default() });
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    proprete.resolve(&acknowledged).await.ok();
    assert_eq!(city.drain().await, 3, "all but the three to the resident; the officer's two in one");
    let store = &city.instance.context.store;
    let dead = store.messages("dead", 0, 10).await.unwrap().items;
    assert_eq!(dead.len(), 3);
    let words = dead[0].last_error.clone().unwrap();
    assert!(words.contains("courrier refusé") && !words.contains("habitante"), "{words}");
    server.behave(&Behaviour::default());
    let now = domain::clock::Clock::now(&*city.clock);
    assert_eq!(store.replay_messages(Some(vec![dead[0].id]), now).await.unwrap(), 1);
    assert_eq!(city.drain().await, 1);
    assert_eq!(store.replay_messages(None, now).await.unwrap(), 2);
    assert_eq!(city.drain().await, 2);
    assert_eq!(server.wait_for(6, SOON).await.len(), 6);
    city.stop().await;
}

async fn a_letter_of_a_newer_version_holds_up_no_other() {
    let city = City::new().await;
    city.dumping().await;
    let mut connection = city.database.connection().await;
    let mut change = async |what: &str| {
        let statement = sqlx::AssertSqlSafe(format!("update outbox set {what}"));
        assert_eq!(sqlx::query(statement).execute(&mut connection).await.unwrap().rows_affected(), 1);
    };
    change("recipient = '{\"type\": \"drone\"}' where recipient ->> 'code' = 'proprete'").await;
    assert_eq!(city.drain().await, 2, "the resident's and another service's; when this one leaves cannot be settled");
    let service = "recipient = '{\"type\": \"service\", \"code\": \"proprete\"}'";
    change(&format!("{service}, kind = 'sung' where recipient ->> 'type' = 'drone'")).await;
    assert_eq!(city.drain().await, 0, "nor can it be written");
    city.dumping().await;
    assert_eq!(city.drain().await, 3, "those of another ticket, also to this service");
    change("kind = 'referral', leased_until = null where kind = 'sung'").await;
    assert_eq!(city.drain().await, 1);
    let wish = "insert into notification_wish (user_id, wishes, version)
                select user_id, '{\"service\": \"hourly\"}', 1 from service_member where service_code = 'proprete' limit 1";
    assert_eq!(sqlx::query(wish).execute(&mut connection).await.unwrap().rows_affected(), 1);
    city.dumping().await;
    assert_eq!(city.drain().await, 3, "nor does a member whose wishes cannot be read");
    city.stop().await;
}

async fn two_workers_send_each_letter_once() {
    let (city, server) = with_server().await;
    for _ in 0..15 {
        city.dumping().await;
    }
    let worker = &city.instance.worker;
    loop {
        let (one, other) = join(worker.drain(), worker.drain()).await;
        if one.unwrap().sent + other.unwrap().sent == 0 {
            break;
        }
    }
    let mut ids: Vec<_> =
        server.messages().iter().map(|letter| letter.message.message_id().unwrap().to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), server.messages().len()), (45, 45));
    city.stop().await;
}

async fn what_cannot_end_within_its_lease_is_not_begun() {
    let server = SmtpServer::start();
    let url = format!("{}?timeout=5", server.url());
    let city = City::with(|config| config.mail = Mail::Smtp(url.into())).await;
    for _ in 0..3 {
        city.dumping().await;
    }
    server.behave(&Behaviour { hang_after_data: true, ..Behaviour::default() });
    let later = async {
        server.wait_for(4, SOON).await;
        city.clock.forward(TimeDelta::seconds(30));
    };
    let (drained, ()) = join(city.instance.worker.drain(), later).await;
    assert_eq!(drained.unwrap(), notify::Drained { put_off: 4, ..notify::Drained::default() });
    assert_eq!(server.messages().len(), 4, "the others would have been under way when their lease ended");
    assert_eq!(city.database.count("select count(*) from outbox where leased_until is not null").await, 0);
    server.behave(&Behaviour::default());
    city.clock.forward(TimeDelta::minutes(1));
    assert_eq!(city.drain().await, 9);
    assert_eq!(server.wait_for(4 + 9, SOON).await.len(), 4 + 9);
    city.stop().await;
}

async fn what_is_under_way_is_finished_when_another_cannot_be_noted() {
    let (city, server) = with_server().await;
    for _ in 0..3 {
        city.dumping().await;
    }
    server.behave(&Behaviour { slow: [(RESIDENT.to_owned(), 1000)].into(), ..Behaviour::default() });
    let mut connection = city.database.connection().await;
    let refuse = "alter table outbox add constraint unnoted check (state <> 'sent' or recipient ? 'concern')";
    connection.execute(refuse).await.unwrap();
    city.instance.worker.drain().await.unwrap_err();
    let received = server.messages();
    assert_eq!(received.len(), 4, "those that were begun at once");
    let residents = received.iter().filter(|letter| letter.envelope.to == [RESIDENT]).count();
    assert!((1..4).contains(&residents));
    let noted = "select count(*) from outbox where state = 'sent' and recipient ? 'concern'";
    assert_eq!(city.database.count(noted).await, i64::try_from(residents).unwrap());
    let held = city.database.count("select count(*) from outbox where leased_until is not null").await;
    assert_eq!(held, 4 - i64::try_from(residents).unwrap(), "what was begun is not given back, the rest is");
    connection.execute("alter table outbox drop constraint unnoted").await.unwrap();
    server.behave(&Behaviour::default());
    city.clock.forward(TimeDelta::minutes(2));
    assert_eq!(city.drain().await, 9 - residents);
    city.stop().await;
}

async fn a_letter_to_somebody_whose_address_is_gone_is_tried_once() {
    let city = City::new().await;
    city.dumping().await;
    // As an operator may, not as an erasure does, which leaves nothing to be sent.
    city.database.connection().await.execute("delete from resident_contact").await.unwrap();
    city.drain().await;
    let given_up = "select count(*) from outbox where kind = 'received' and state = 'dead' and attempts = 1
        and last_error = 'the recipient has no address any more'";
    assert_eq!(city.database.count(given_up).await, 1);
    assert_eq!(city.database.count("select count(*) from outbox where state = 'pending'").await, 0);
    assert!(city.letters_to(RESIDENT).is_empty());
    city.stop().await;
}
