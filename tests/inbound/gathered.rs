//! E-mails that tell of several turns: where an answer to one goes, and what a report about one does.

use chrono::TimeDelta;
use mail_parser::Message;
use serde_json::{Value, json};

use super::report::report;
use super::{answer, city, hand_in, later, outcome, reply_to, reports_to, unplaced, written};
use crate::support::caller::Caller;
use crate::support::city::{City, email};

crate::tests![
    an_answer_to_several_turns_of_a_ticket_goes_to_that_ticket,
    an_answer_to_a_digest_of_several_tickets_is_for_the_dispatcher,
    what_was_left_out_of_an_e_mail_gets_no_answer,
    a_members_copy_is_answered_like_the_mailboxs,
    a_report_mutes_the_address_for_every_e_mail_to_it,
];

const OFFICER: &str = "claire.delattre@ville-amiens.example";

async fn choose(who: &Caller, version: i64, wishes: &Value) {
    let request = who.request(reqwest::Method::PUT, "/v1/me/notifications");
    who.send(request.header("If-Match", format!("\"{version}\"")).json(wishes)).await.ok();
}

/// The only e-mail to an address whose subject has these words.
fn one(city: &City, address: &str, words: &str) -> Message<'static> {
    let letters = city.letters_to(address).into_iter();
    let subject = |letter: &Message<'_>| letter.subject().unwrap().replace('\u{a0}', " ");
    let mut found: Vec<_> = letters.filter(|letter| subject(letter).contains(words)).collect();
    assert_eq!(found.len(), 1, "{words}: {:?}", city.letters_to(address).iter().map(subject).collect::<Vec<_>>());
    found.remove(0)
}

async fn texts(who: &Caller, ticket: &Value) -> Vec<String> {
    let messages = written(who, ticket, "referrer_messages").await;
    messages.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
}

async fn an_answer_to_several_turns_of_a_ticket_goes_to_that_ticket() {
    let (city, server) = city().await;
    let (ticket, other, proprete) = (city.dumping().await, city.dumping().await, city.proprete().await);
    for ticket in [&ticket, &other] {
        let acknowledged = proprete.acknowledge(ticket).await.ok();
        proprete.start(&acknowledged).await.ok();
    }
    city.drain().await;
    assert_eq!(city.letters_to(OFFICER).len(), 2, "one a ticket");
    let reference = other["reference"].as_str().unwrap();
    let letter = one(&city, OFFICER, reference);
    assert!(letter.body_text(0).unwrap().contains("2 changements"), "{}", letter.body_text(0).unwrap());
    let taken = hand_in(&server, &answer(&letter, OFFICER, "1", "Merci, l’habitante est prévenue.")).await;
    assert_eq!((outcome(&taken), taken["ticket"].as_str()), (("placed", ""), Some(reference)));
    let agent = city.agent().await;
    assert_eq!(texts(&agent, &other).await, ["Merci, l’habitante est prévenue."]);
    assert_eq!(texts(&agent, &ticket).await, Vec::<String>::new());
    city.stop().await;
}

async fn an_answer_to_a_digest_of_several_tickets_is_for_the_dispatcher() {
    let (city, _) = city().await;
    choose(&city.agent().await, 0, &json!({ "progress": "daily" })).await;
    let (ticket, other, proprete) = (city.dumping().await, city.dumping().await, city.proprete().await);
    for ticket in [&ticket, &other] {
        proprete.acknowledge(ticket).await.ok();
    }
    city.drain().await;
    city.clock.set("2026-03-11T06:30:00Z");
    city.drain().await;
    let server = later(&city).await;
    let digest = one(&city, OFFICER, "Des nouvelles de 2 saisines");
    let taken = hand_in(&server, &answer(&digest, OFFICER, "1", "Merci.")).await;
    assert_eq!(outcome(&taken), ("unplaced", "no_ticket"));
    assert_eq!(unplaced(&city).await[0]["text"], "Merci.");
    city.stop().await;
}

async fn what_was_left_out_of_an_e_mail_gets_no_answer() {
    let (city, _) = city().await;
    choose(&city.proprete().await, 0, &json!({ "service": "daily" })).await;
    let (gone, kept) = (city.dumping().await, city.dumping().await);
    city.drain().await;
    let note = json!({ "service": "voirie", "note": "Pour la voirie." });
    city.proprete().await.act(&gone, "reroute", &note).await.ok();
    city.drain().await;
    city.clock.set("2026-03-11T06:30:00Z");
    city.drain().await;
    let amelie = email("amelie.petit");
    let letter = one(&city, &amelie, kept["reference"].as_str().unwrap());
    assert!(!letter.body_text(0).unwrap().contains(gone["reference"].as_str().unwrap()), "{:?}", letter.body_text(0));
    let left_out = "select count(*) from outbox where state = 'stopped' and mail is null
                    and last_error = 'the recipient may no longer know of it' and recipient ->> 'type' = 'member'";
    assert_eq!(city.database.count(left_out).await, 1);
    // The first message, whose id is that of the e-mail, was left out: the answer goes to what was told.
    let server = later(&city).await;
    let taken = hand_in(&server, &answer(&letter, &amelie, "1", "Vu, nous passons demain.")).await;
    assert_eq!((outcome(&taken), &taken["ticket"]), (("placed", ""), &kept["reference"]));
    city.stop().await;
}

async fn a_members_copy_is_answered_like_the_mailboxs() {
    let (city, server) = city().await;
    choose(&city.proprete().await, 0, &json!({ "service": "at_once" })).await;
    let ticket = city.dumping().await;
    city.drain().await;
    let amelie = email("amelie.petit");
    let copy = one(&city, &amelie, "à prendre en charge");
    assert_ne!(reply_to(&copy), reply_to(&one(&city, "proprete@ville-amiens.example", "à prendre en charge")));
    let taken = hand_in(&server, &answer(&copy, &amelie, "1", "Nous passons demain.")).await;
    assert_eq!(outcome(&taken), ("placed", ""));
    let agent = city.agent().await;
    assert_eq!(texts(&agent, &ticket).await, ["Nous passons demain."]);
    // Somebody else who has the address writes to nobody.
    let forged = hand_in(&server, &answer(&copy, "quelquun@mail.example", "2", "Annulez.")).await;
    assert_eq!(outcome(&forged), ("unplaced", "unknown_sender"));
    city.stop().await;
}

async fn a_report_mutes_the_address_for_every_e_mail_to_it() {
    let (city, _) = city().await;
    let amelie = email("amelie.petit");
    choose(&city.proprete().await, 0, &json!({ "service": "at_once", "late": "daily" })).await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    city.drain().await;
    city.clock.forward(TimeDelta::minutes(21));
    let dispatcher = city.dispatcher().await;
    let away = json!({ "service": "voirie", "note": "Non." });
    let there = dispatcher.act(&acknowledged, "reroute", &away).await.ok();
    dispatcher.act(&there, "reroute", &json!({ "service": "proprete", "note": "Si." })).await.ok();
    city.drain().await;
    let several = one(&city, &amelie, "transmise à votre service");
    let told = city
        .database
        .count("select count(*) from outbox where recipient ->> 'type' = 'member' and state = 'sent'")
        .await;
    let server = later(&city).await;
    let back = reports_to(&several);
    assert_eq!(outcome(&hand_in(&server, &report(&back, "failed", "5.1.1")).await), ("bounced", ""));
    let muted = "select count(*) from outbox where recipient ->> 'type' = 'member' and state = 'stopped'";
    assert_eq!(city.database.count(muted).await, 2, "both turns of that e-mail, of {told}");
    city.drain().await;
    one(&city, "regulation@ville-amiens.example", "n’a pas pu être remis");
    // Nothing goes there on any path: a copy of the mailbox's mail, a digest, the list of what is late, a message to her.
    let before = city.letters_to(&amelie).len();
    city.dumping().await;
    city.drain().await;
    choose(&city.proprete().await, 1, &json!({ "service": "daily", "late": "daily" })).await;
    let other = city.dumping().await;
    let account = city.account("amelie.petit").await;
    city.manager().await.act(&other, "assign", &json!({ "assignee": account["id"] })).await.ok();
    city.drain().await;
    city.clock.set("2026-03-24T06:30:00Z");
    usecases::notification::tell_late(&city.instance.context).await.unwrap();
    city.drain().await;
    assert_eq!(city.letters_to(&amelie).len(), before);
    let waits = "select count(*) from outbox where state in ('pending', 'dead', 'bounced')
                 and recipient ->> 'user' = ";
    let waits = format!("{waits}'{}'", account["id"].as_str().unwrap());
    assert_eq!(city.database.count(&waits).await, 0);
    let late = "select count(*) from outbox where kind = 'late' and state = 'stopped' and last_error like '%no mail%'";
    assert_eq!(city.database.count(late).await, 1);
    city.stop().await;
}
