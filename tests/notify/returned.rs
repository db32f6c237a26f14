//! Addresses that take no mail, addresses that mail comes back to, signatures.

use std::time::Duration;
use store::outbox::Mark;

use chrono::TimeDelta;
use continuum::{Dkim, Mail};
use mail_parser::Message;
use serde_json::{Value, json};

use crate::support::city::{City, dumping, email, link};
use crate::support::dkim::{Key, key, signatures};
use crate::support::smtp::{Behaviour, SmtpServer};

crate::tests![
    an_address_that_takes_no_mail_gets_none_and_the_referrer_is_told_once,
    the_desk_is_told_of_a_services_address_and_not_of_its_own,
    every_ticket_of_an_address_that_takes_no_mail_says_so_at_once,
    addresses_that_were_left_before_are_compared_too,
    staff_see_that_a_resident_is_not_reached_and_no_address,
    an_address_takes_mail_again_once_an_operator_says_so,
    mail_comes_back_to_an_address_of_its_own_when_the_city_takes_it_back,
    a_signature_is_one_that_receivers_accept,
    a_recipient_gets_so_many_letters_about_a_ticket_a_day,
];

const SOON: Duration = Duration::from_secs(20);
const RESIDENT: &str = "habitante@mail.example";

async fn with_server() -> (City, SmtpServer) {
    let server = SmtpServer::start();
    let url = server.url();
    (City::with(|config| config.mail = Mail::Smtp(url.into())).await, server)
}

fn gone(server: &SmtpServer, address: &str) {
    let words = format!("550 5.1.1 <{address}> no such user");
    server.behave(&Behaviour { refuse: [(address.to_owned(), words)].into(), ..Behaviour::default() });
}

fn received_by(server: &SmtpServer, address: &str) -> Vec<Message<'static>> {
    let messages = server.messages().into_iter();
    messages.filter(|received| received.envelope.to == [address]).map(|received| received.message).collect()
}

async fn settle(city: &City) -> usize {
    usecases::bounce::settle(&city.instance.context).await.unwrap()
}

async fn an_address_that_takes_no_mail_gets_none_and_the_referrer_is_told_once() {
    let (city, server) = with_server().await;
    gone(&server, RESIDENT);
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    city.drain().await;
    let officer = "claire.delattre@ville-amiens.example";
    assert_eq!(received_by(&server, officer).len(), 1);
    assert_eq!((settle(&city).await, settle(&city).await), (2, 0));
    city.clock.forward(TimeDelta::minutes(20));
    let proprete = city.proprete().await;
    city.drain().await;
    let told = received_by(&server, officer);
    assert!(told[1].subject().unwrap().contains("ne reçoit pas nos messages"), "{:?}", told[1].subject());
    let words = format!("{}{}", told[1].body_text(0).unwrap(), told[1].body_html(0).unwrap());
    assert!(!words.contains("habitante@"), "{words}");
    let preview = |letter: &str| {
        format!("/v1/notifications/preview?letter={letter}&ticket={}", ticket["reference"].as_str().unwrap())
    };
    let dispatcher = city.dispatcher().await;
    let seen = dispatcher.get(&preview("undeliverable.agent")).await.ok();
    assert_eq!(seen["subject"].as_str(), told[1].subject());
    dispatcher.get(&preview("undeliverable.service")).await.refused(409, "no_such_turn");

    // Nothing goes there any more, on any path, even once it would be taken.
    server.behave(&Behaviour::default());
    let path = format!("/v1/tickets/{}/resident_messages", ticket["id"].as_str().unwrap());
    let refused = proprete.post(&path, &json!({ "text": "Nous passons demain." })).await;
    refused.refused(409, "resident_without_address");
    proprete.resolve(&acknowledged).await.ok();
    // The same address, left with another concern: its referrer does not know, and its receipt is all that is tried.
    let other = city.dumping().await;
    proprete.acknowledge(&other).await.ok();
    city.drain().await;
    assert_eq!(received_by(&server, RESIDENT).len(), 0);
    assert_eq!((settle(&city).await, settle(&city).await), (1, 0));
    city.clock.forward(TimeDelta::minutes(20));
    city.drain().await;
    let about = |reference: &str| {
        let told = received_by(&server, officer);
        let told = told.iter().filter(|letter| letter.subject().unwrap().contains("ne reçoit pas"));
        told.filter(|letter| letter.subject().unwrap().contains(reference)).count()
    };
    assert_eq!(about(ticket["reference"].as_str().unwrap()), 1);
    assert_eq!(about(other["reference"].as_str().unwrap()), 1);
    assert_eq!(
        city.database.count("select count(*) from outbox where state in ('dead', 'bounced', 'pending')").await,
        0
    );

    // The mailbox was set up again.
    assert!(city.instance.context.store.unmute(RESIDENT).await.unwrap());
    let proprete = city.proprete().await;
    proprete.post(&path, &json!({ "text": "Nous passons demain." })).await.created();
    city.clock.forward(TimeDelta::minutes(21));
    city.drain().await;
    assert_eq!(received_by(&server, RESIDENT).len(), 1);
    city.stop().await;
}

/// How often somebody was told of a ticket that its resident gets no mails.
fn told(server: &SmtpServer, who: &str, ticket: &Value) -> usize {
    let letters = received_by(server, &email(who));
    let subjects = letters.iter().map(|letter| letter.subject().unwrap().to_owned());
    subjects.filter(|s| s.contains("ne reçoit pas") && s.contains(ticket["reference"].as_str().unwrap())).count()
}

async fn every_ticket_of_an_address_that_takes_no_mail_says_so_at_once() {
    let (city, server) = with_server().await;
    let (first, over) = (city.dumping().await, city.dumping().await);
    let mut body = dumping();
    body["resident"]["email"] = json!("Habitante@Mail.example");
    let second = city.other_agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    body["resident"]["email"] = json!("voisin@mail.example");
    let stranger = city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    city.agent().await.act(&over, "cancel", &json!({ "note": "Deux fois la même" })).await.ok();
    city.drain().await;
    gone(&server, RESIDENT);
    let proprete = city.proprete().await;
    proprete.acknowledge(&first).await.ok();
    city.drain().await;
    settle(&city).await;
    let desk = city.dispatcher().await;
    for (ticket, mails) in [(&first, "returned"), (&second, "returned"), (&over, "returned"), (&stranger, "on")] {
        assert_eq!(desk.ticket(ticket).await["resident_mails"], mails, "{ticket}");
    }
    let path = format!("/v1/tickets/{}/resident_messages", second["id"].as_str().unwrap());
    proprete.post(&path, &json!({ "text": "Bonjour" })).await.refused(409, "resident_without_address");
    // One that is filed now, before any mail for it is tried.
    let third = city.dumping().await;
    assert_eq!(desk.ticket(&third).await["resident_mails"], "returned");
    for _ in 0..3 {
        city.drain().await;
        settle(&city).await;
        city.clock.forward(TimeDelta::minutes(20));
    }
    let proprete = city.proprete().await;
    for ticket in [&second, &third] {
        proprete.acknowledge(ticket).await.ok();
    }
    city.drain().await;
    assert_eq!(settle(&city).await, 0, "nothing was tried");
    city.clock.forward(TimeDelta::minutes(20));
    city.drain().await;
    let other = city.other_agent().await.get("/v1/me").await.ok()["email"].as_str().unwrap().to_owned();
    let other = other.split('@').next().unwrap();
    for (who, ticket, times) in [
        ("claire.delattre", &first, 1),
        (other, &second, 1),
        ("claire.delattre", &third, 1),
        ("claire.delattre", &over, 0),
        ("claire.delattre", &stranger, 0),
        ("claire.delattre", &second, 0),
    ] {
        assert_eq!(told(&server, who, ticket), times, "{who}: {}", ticket["reference"]);
    }
    // The mailbox was set up again: so it is for each of them.
    assert!(city.instance.context.store.unmute(RESIDENT).await.unwrap());
    let desk = city.dispatcher().await;
    for ticket in [&first, &second, &third, &over] {
        assert_eq!(desk.ticket(ticket).await["resident_mails"], "on");
    }
    city.stop().await;
}

async fn addresses_that_were_left_before_are_compared_too() {
    let (city, server) = with_server().await;
    let (first, second) = (city.dumping().await, city.dumping().await);
    city.drain().await;
    let undigested = "update resident_contact set address_digest = null";
    sqlx::query(undigested).execute(&mut city.database.connection().await).await.unwrap();
    while usecases::bounce::complete(&city.instance.context).await.unwrap() > 0 {}
    gone(&server, RESIDENT);
    city.proprete().await.acknowledge(&first).await.ok();
    city.drain().await;
    settle(&city).await;
    assert_eq!(city.dispatcher().await.ticket(&second).await["resident_mails"], "returned");
    city.stop().await;
}

async fn staff_see_that_a_resident_is_not_reached_and_no_address() {
    let (city, server) = with_server().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    for who in [&proprete, &city.agent().await, &city.dispatcher().await] {
        assert_eq!(who.ticket(&ticket).await["resident_mails"], "on");
    }
    assert!(city.other_agent().await.ticket(&ticket).await.get("resident_mails").is_none(), "no part in it");
    let listed = proprete.get("/v1/tickets").await.ok();
    assert!(listed["items"][0].get("resident_mails").is_none(), "{listed}");
    city.drain().await;
    let path = link(&received_by(&server, RESIDENT)[0], "/v1/tracking/");
    city.stranger().submit(&format!("{path}/unsubscribe"), &[]).await.is(200);
    assert_eq!(proprete.ticket(&ticket).await["resident_mails"], "stopped");
    let stranger = city.stranger();
    stranger.submit(&format!("{path}/resume_mails"), &[]).await.is(303);
    gone(&server, RESIDENT);
    proprete.acknowledge(&proprete.ticket(&ticket).await).await.ok();
    city.drain().await;
    settle(&city).await;
    let seen = proprete.ticket(&ticket).await;
    assert_eq!(seen["resident_mails"], "returned");
    assert!(!seen.to_string().contains("habitante"), "{seen}");
    // Who still has the page learns it there.
    let request = stranger.request(reqwest::Method::GET, &path).header("Accept", "text/html");
    assert!(stranger.send(request).await.is(200).text.contains("nous reviennent"));
    let mut body = dumping();
    body.as_object_mut().unwrap().remove("resident");
    let silent = city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    assert_eq!(proprete.ticket(&silent).await["resident_mails"], "no_address");
    city.stop().await;
}

async fn the_desk_is_told_of_a_services_address_and_not_of_its_own() {
    let (city, server) = with_server().await;
    gone(&server, "proprete@ville-amiens.example");
    let ticket = city.dumping().await;
    city.drain().await;
    assert_eq!(settle(&city).await, 1);
    city.drain().await;
    let desk = received_by(&server, "regulation@ville-amiens.example");
    assert_eq!(desk.len(), 1);
    assert!(desk[0].subject().unwrap().contains(ticket["reference"].as_str().unwrap()), "{:?}", desk[0].subject());
    assert!(desk[0].subject().unwrap().contains("n’a pas pu être remis"), "{:?}", desk[0].subject());

    gone(&server, "regulation@ville-amiens.example");
    city.voirie().await;
    let other = city.dumping().await;
    city.proprete().await.refuse(&other).await.ok();
    city.drain().await;
    assert_eq!((settle(&city).await, settle(&city).await), (1, 0), "the desk's own");
    assert_eq!(city.drain().await, 0);
    city.stop().await;
}

async fn an_address_takes_mail_again_once_an_operator_says_so() {
    let (city, server) = with_server().await;
    gone(&server, "proprete@ville-amiens.example");
    city.dumping().await;
    city.drain().await;
    settle(&city).await;
    server.behave(&Behaviour::default());
    city.dumping().await;
    city.drain().await;
    assert_eq!(received_by(&server, "proprete@ville-amiens.example").len(), 0);
    let store = &city.instance.context.store;
    assert!(store.unmute("Proprete@ville-amiens.example").await.unwrap());
    assert!(!store.unmute("Proprete@ville-amiens.example").await.unwrap());
    city.dumping().await;
    city.drain().await;
    assert_eq!(received_by(&server, "proprete@ville-amiens.example").len(), 1);
    city.stop().await;
}

async fn mail_comes_back_to_an_address_of_its_own_when_the_city_takes_it_back() {
    let (city, server) = with_server().await;
    city.dumping().await;
    city.drain().await;
    let plain = server.wait_for(3, SOON).await;
    assert!(plain.iter().all(|letter| letter.envelope.from == "cafes-police@ville-amiens.example"));
    assert!(plain.iter().all(|letter| letter.message.reply_to().is_none()));

    city.take_mail_back().await;
    city.dumping().await;
    city.drain().await;
    let marked = server.wait_for(6, SOON).await.split_off(3);
    let mut tokens = Vec::new();
    for letter in &marked {
        let from = &letter.envelope.from;
        let reply_to = letter.message.reply_to().unwrap().first().unwrap().address().unwrap();
        let code = |address: &str, begin: &str| {
            let rest = address.strip_prefix(begin).and_then(|rest| rest.strip_suffix("@ville-amiens.example"));
            rest.unwrap().to_owned()
        };
        let (token, answers) = (code(from, "retours+b"), code(reply_to, "retours+r"));
        assert!(from.len() - "@ville-amiens.example".len() <= 64, "{from}");
        let store = &city.instance.context.store;
        let id = store.returned(Mark::Bounce, &token.to_uppercase()).unwrap();
        assert_eq!(store.returned(Mark::Reply, &answers), Some(id));
        assert_eq!((store.returned(Mark::Reply, &token), store.returned(Mark::Bounce, &answers)), (None, None));
        assert_eq!(letter.message.message_id(), Some(format!("{id}@ville-amiens.example").as_str()));
        // Readers see the city's own address.
        assert_eq!(
            letter.message.from().unwrap().first().unwrap().address(),
            Some("cafes-police@ville-amiens.example")
        );
        tokens.push(token);
    }
    assert_ne!(tokens[0], tokens[1]);
    let store = &city.instance.context.store;
    let changed = format!("{}{}", &tokens[0][..38], if tokens[0].ends_with('a') { "q" } else { "a" });
    let mixed = format!("{}{}", &tokens[0][..20], &tokens[1][20..]);
    for forged in [changed.as_str(), &mixed, "", "a", &tokens[0][..38], "é"] {
        assert_eq!(store.returned(Mark::Bounce, forged), None, "{forged}");
    }
    city.stop().await;
}

async fn a_signature_is_one_that_receivers_accept() {
    let server = SmtpServer::start();
    let (url, Key { pem, record }) = (server.url(), key());
    let dkim = Dkim { selector: "continuum".to_owned(), domain: "ville-amiens.example".to_owned(), key: pem.into() };
    let city = City::with(|config| {
        config.mail = Mail::Smtp(url.into());
        config.dkim = Some(dkim);
    })
    .await;
    city.take_mail_back().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    proprete.resolve(&acknowledged).await.ok();
    city.drain().await;
    let records = [("continuum._domainkey.ville-amiens.example", record.as_str())];
    for received in server.wait_for(5, SOON).await {
        let found = signatures(&received.raw, &records);
        assert_eq!(found.len(), 1);
        let signature = &found[0];
        assert_eq!(signature.result, "pass", "{signature:?}");
        assert_eq!(signature.domain.as_deref(), Some("ville-amiens.example"));
        assert_eq!(signature.algorithm.as_deref(), Some("rsa-sha256"));
        let covered: Vec<String> = signature.headers.iter().map(|name| name.to_lowercase()).collect();
        for header in ["from", "to", "subject", "date", "message-id", "reply-to"] {
            assert!(covered.iter().any(|name| name == header), "{header} is not signed: {covered:?}");
        }
        // One letter changed on the way, in what is read or in where an answer goes.
        let raw = String::from_utf8(received.raw.clone()).unwrap();
        for (one, other) in [("retours+r", "retours+x"), ("ville-amiens.example>\r\nTo", "ville-rouen.example>\r\nTo")]
        {
            let tampered = raw.replacen(one, other, 1);
            if tampered != raw {
                assert_eq!(signatures(tampered.as_bytes(), &records)[0].result, "fail");
            }
        }
    }
    city.stop().await;
}

async fn a_recipient_gets_so_many_letters_about_a_ticket_a_day() {
    let (city, server) = with_server().await;
    let (ticket, mut proprete) = (city.dumping().await, city.proprete().await);
    city.drain().await;
    let path = format!("/v1/tickets/{}/referrer_messages", ticket["id"].as_str().unwrap());
    // Three messages each time, in one e-mail: it is e-mails that are counted.
    for n in 0..25 {
        for part in ["a", "b", "c"] {
            proprete.post(&path, &json!({ "text": format!("Message {n} {part}") })).await.created();
        }
        city.clock.forward(TimeDelta::minutes(20));
        city.drain().await;
        proprete = city.proprete().await;
    }
    let officer = "claire.delattre@ville-amiens.example";
    assert_eq!(received_by(&server, officer).len(), 20);
    // Another ticket is not concerned, and nothing is lost.
    let other = city.dumping().await;
    proprete.acknowledge(&other).await.ok();
    city.drain().await;
    assert_eq!(received_by(&server, officer).len(), 21);
    city.clock.forward(TimeDelta::hours(25));
    for _ in 0..10 {
        city.drain().await;
    }
    let told = received_by(&server, officer);
    assert_eq!(told.len(), 22, "what waited leaves in one");
    assert_eq!(city.database.count("select count(*) from outbox where state = 'sent' and kind = 'message'").await, 75);
    city.stop().await;
}
