//! What people are told of, how often, and in how few e-mails.

use std::time::Duration;

use chrono::TimeDelta;
use continuum::Mail;
use mail_parser::Message;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping, email};
use crate::support::smtp::{Behaviour, SmtpServer};

crate::tests![
    wishes_are_ones_own_and_follow_from_roles_until_chosen,
    what_follows_within_twenty_minutes_comes_in_one_mail,
    who_waits_holds_nobody_up,
    a_service_hears_at_once_what_it_has_to_do,
    a_digest_tells_of_a_day_and_a_weekly_one_of_a_week,
    another_wish_holds_for_what_waits,
    what_is_not_wished_is_not_sent,
    a_member_asks_for_the_mail_of_the_service_and_hears_of_no_act_of_their_own,
    nobody_gets_a_mail_for_a_ticket_they_may_not_see,
    a_mail_that_failed_is_the_same_mail_again,
    each_morning_those_who_look_after_it_are_told_what_is_late,
];

const AGENT: &str = "claire.delattre@ville-amiens.example";
const SOON: Duration = Duration::from_secs(20);

async fn choose(who: &Caller, version: i64, wishes: &Value) -> Reply {
    let request = who.request(Method::PUT, "/v1/me/notifications").header("If-Match", format!("\"{version}\""));
    who.send(request.json(wishes)).await
}

fn text(letter: &Message<'_>) -> String {
    letter.body_text(0).unwrap().into_owned()
}

fn subject(letter: &Message<'_>) -> String {
    letter.subject().unwrap().replace('\u{a0}', " ")
}

/// The newest e-mail to an address: files are named by message, not by time.
fn newest(city: &City, address: &str, before: usize) -> Message<'static> {
    let letters = city.letters_to(address);
    assert_eq!(letters.len(), before + 1, "{:?}", letters.iter().map(subject).collect::<Vec<_>>());
    letters.into_iter().max_by_key(|letter| letter.date().unwrap().to_timestamp()).unwrap()
}

fn reference(ticket: &Value) -> &str {
    ticket["reference"].as_str().unwrap()
}

async fn wishes_are_ones_own_and_follow_from_roles_until_chosen() {
    let city = City::new().await;
    let late = async |who: Caller| who.get("/v1/me/notifications").await.ok()["late"].clone();
    assert_eq!(late(city.dispatcher().await).await, "daily");
    assert_eq!(late(city.manager().await).await, "daily");
    assert_eq!(late(city.proprete().await).await, "none");
    let agent = city.agent().await;
    let read = agent.get("/v1/me/notifications").await;
    assert_eq!(read.header("etag"), Some("\"0\""));
    let usual = json!({
        "progress": "at_once", "outcomes": "at_once", "messages": "at_once", "assignments": "at_once",
        "reminders": "at_once", "service": "none", "late": "none", "version": 0,
    });
    assert_eq!(read.ok(), usual);
    agent.put("/v1/me/notifications", &json!({})).await.refused(428, "if_match_needed");
    let chosen = choose(&agent, 0, &json!({ "progress": "daily", "outcomes": "weekly" })).await;
    assert_eq!(chosen.header("etag"), Some("\"1\""));
    assert_eq!(chosen.ok()["progress"], "daily");
    choose(&agent, 0, &json!({})).await.refused(412, "stale_version");
    assert_eq!(agent.get("/v1/me/notifications").await.ok()["outcomes"], "weekly");
    assert_eq!(choose(&agent, 1, &json!({})).await.ok()["progress"], "at_once", "what is left out is as usual");
    for bad in [json!({ "progress": "hourly" }), json!({ "late": "at_once" }), json!({ "security": "none" })] {
        choose(&agent, 2, &bad).await.refused(400, "invalid_request");
    }
    assert_eq!(city.other_agent().await.get("/v1/me/notifications").await.ok(), usual, "those of another are theirs");
    city.stranger().get("/v1/me/notifications").await.refused(401, "unauthenticated");
    city.stop().await;
}

async fn what_follows_within_twenty_minutes_comes_in_one_mail() {
    let city = City::new().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    city.drain().await;
    let first = newest(&city, AGENT, 0);
    assert_eq!(subject(&first), format!("Saisine {} prise en charge", reference(&ticket)), "the first one, at once");
    city.clock.forward(TimeDelta::minutes(3));
    let started = proprete.start(&acknowledged).await.ok();
    city.clock.forward(TimeDelta::minutes(2));
    proprete.resolve(&started).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to(AGENT).len(), 1, "it waits");
    assert_eq!(
        city.letters_to("habitante@mail.example").len(),
        3,
        "the receipt and both ends: no resident waits, or gets them in one"
    );
    city.clock.forward(TimeDelta::minutes(14));
    assert_eq!(city.drain().await, 0, "19 minutes after the first");
    city.clock.forward(TimeDelta::minutes(1));
    assert_eq!(city.drain().await, 1);
    let second = newest(&city, AGENT, 1);
    assert_eq!(subject(&second), format!("Saisine {} : service fait", reference(&ticket)), "the newest state");
    let told = text(&second);
    let places: Vec<usize> = ["a connu 2 changements", "10 h 03 : intervention commencée", "10 h 05 : service fait"]
        .map(|words| told.replace('\u{a0}', " ").find(words).unwrap_or_else(|| panic!("{words}: {told}")))
        .into();
    assert!(places.is_sorted(), "{told}");
    let thread = format!("ticket.{}@ville-amiens.example", ticket["id"].as_str().unwrap());
    assert_eq!(second.in_reply_to().as_text(), Some(thread.as_str()), "one conversation with the first");
    // A single one that waited reads like any other.
    city.clock.forward(TimeDelta::minutes(5));
    let resolved = city.dispatcher().await.ticket(&ticket).await;
    city.dispatcher().await.reopen(&resolved).await.ok();
    assert_eq!(city.drain().await, 1, "the service");
    city.clock.forward(TimeDelta::minutes(15));
    assert_eq!(city.drain().await, 1);
    assert_eq!(subject(&newest(&city, AGENT, 2)), format!("Saisine {} : rouverte", reference(&ticket)));
    city.stop().await;
}

async fn who_waits_holds_nobody_up() {
    let city = City::new().await;
    let (ticket, other, proprete) = (city.dumping().await, city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    city.drain().await;
    let started = proprete.start(&acknowledged).await.ok();
    assert_eq!(city.drain().await, 0, "the officer waits");
    proprete.resolve(&started).await.ok();
    assert_eq!(city.drain().await, 1, "the resident does not");
    proprete.acknowledge(&other).await.ok();
    assert_eq!(city.drain().await, 2, "nor does the officer, of another ticket");
    let health = city.stranger().get("/health/ready").await.ok();
    assert_eq!((&health["outbox_pending"], health.get("outbox_oldest_seconds")), (&json!(0), None), "{health}");
    city.stop().await;
}

async fn a_service_hears_at_once_what_it_has_to_do() {
    let city = City::new().await;
    let (ticket, dispatcher) = (city.dumping().await, city.dispatcher().await);
    city.drain().await;
    let to = |service| json!({ "service": service, "note": "Pour vous." });
    let before = city.letters_to("proprete@ville-amiens.example").len();
    let there = dispatcher.act(&ticket, "reroute", &to("voirie")).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to("proprete@ville-amiens.example").len(), before + 1, "withdrawn");
    dispatcher.act(&there, "reroute", &to("proprete")).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to("proprete@ville-amiens.example").len(), before + 2, "referred again");
    assert_eq!(city.letters_to("voirie@ville-amiens.example").len(), 2);
    city.stop().await;
}

async fn a_digest_tells_of_a_day_and_a_weekly_one_of_a_week() {
    let city = City::new().await;
    let (agent, proprete) = (city.agent().await, city.proprete().await);
    choose(&agent, 0, &json!({ "progress": "daily", "outcomes": "weekly" })).await.ok();
    let (one, two) = (city.dumping().await, city.dumping().await);
    let acknowledged = proprete.acknowledge(&one).await.ok();
    proprete.start(&acknowledged).await.ok();
    proprete.resolve(&proprete.acknowledge(&two).await.ok()).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to(AGENT).len(), 0);
    city.clock.set("2026-03-11T06:29:00Z");
    assert_eq!(city.drain().await, 0);
    city.clock.set("2026-03-11T06:30:00Z");
    assert_eq!(city.drain().await, 1);
    let daily = newest(&city, AGENT, 0);
    assert_eq!(subject(&daily), "Des nouvelles de 2 saisines");
    let told = text(&daily).replace('\u{a0}', " ");
    for words in [reference(&one), reference(&two), "prise en charge", "intervention commencée"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("service fait") && !told.contains("matelas"), "{told}");
    // Monday.
    city.clock.set("2026-03-16T06:29:00Z");
    assert_eq!(city.drain().await, 0);
    city.clock.set("2026-03-16T06:30:00Z");
    assert_eq!(city.drain().await, 1);
    let weekly = newest(&city, AGENT, 1);
    assert_eq!(
        subject(&weekly),
        format!("Saisine {} : service fait", reference(&two)),
        "one alone reads like any other"
    );
    city.stop().await;
}

async fn another_wish_holds_for_what_waits() {
    let city = City::new().await;
    let (agent, proprete) = (city.agent().await, city.proprete().await);
    choose(&agent, 0, &json!({ "progress": "weekly" })).await.ok();
    let ticket = city.dumping().await;
    proprete.acknowledge(&ticket).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to(AGENT).len(), 0);
    choose(&agent, 1, &json!({ "progress": "at_once" })).await.ok();
    assert_eq!(city.drain().await, 1);
    assert_eq!(city.letters_to(AGENT).len(), 1);
    city.stop().await;
}

async fn what_is_not_wished_is_not_sent() {
    let city = City::new().await;
    let (agent, proprete) = (city.agent().await, city.proprete().await);
    let none = json!({
        "progress": "none", "outcomes": "none", "messages": "none", "assignments": "none", "reminders": "none",
        "service": "none", "late": "none",
    });
    choose(&agent, 0, &none).await.ok();
    let ticket = city.dumping().await;
    proprete.resolve(&proprete.acknowledge(&ticket).await.ok()).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to(AGENT).len(), 0);
    assert_eq!(city.database.count("select count(*) from outbox where state = 'stopped'").await, 2);
    assert_eq!(city.database.count("select count(*) from outbox where state = 'pending'").await, 0);
    // What happens to the account is told all the same.
    let changed =
        json!({ "current_password": crate::support::database::PASSWORD, "password": "pigeon violet tram soupière" });
    agent.put("/v1/me/password", &changed).await.is(204);
    city.drain().await;
    assert_eq!(city.letters_to(AGENT).len(), 1);
    city.stop().await;
}

async fn a_member_asks_for_the_mail_of_the_service_and_hears_of_no_act_of_their_own() {
    let city = City::new().await;
    let (amelie, mailbox) = (email("amelie.petit"), "proprete@ville-amiens.example");
    city.dumping().await;
    city.drain().await;
    assert_eq!((city.letters_to(&amelie).len(), city.letters_to(mailbox).len()), (0, 1), "only the mailbox");
    let proprete = city.proprete().await;
    choose(&proprete, 0, &json!({ "service": "at_once" })).await.ok();
    let ticket = city.dumping().await;
    city.drain().await;
    assert_eq!(city.letters_to(mailbox).len(), 2, "the mailbox as well");
    let copy = newest(&city, &amelie, 0);
    assert!(subject(&copy).contains("à prendre en charge"), "{}", subject(&copy));
    assert!(text(&copy).contains("vous avez demandé à recevoir aussi le courrier de votre service"), "{}", text(&copy));
    assert!(text(&copy).contains("/v1/tickets/"), "a member opens the ticket");
    // Passed on by herself: the mailbox of neither service tells her.
    city.clock.forward(TimeDelta::minutes(30));
    let proprete = city.proprete().await;
    proprete.act(&ticket, "reroute", &json!({ "service": "voirie", "note": "Pour la voirie." })).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to(&amelie).len(), 1, "nobody is told of their own act");
    // In a digest, too.
    choose(&proprete, 1, &json!({ "service": "daily" })).await.ok();
    let (own, others) = (city.dumping().await, city.dumping().await);
    let manager = city.manager().await;
    proprete.acknowledge(&own).await.ok();
    let acknowledged = manager.acknowledge(&others).await.ok();
    city.dispatcher().await.act(&acknowledged, "reroute", &json!({ "service": "voirie", "note": "Non." })).await.ok();
    city.drain().await;
    city.clock.set("2026-03-11T06:30:00Z");
    city.drain().await;
    let digest = newest(&city, &amelie, 1);
    let told = text(&digest).replace('\u{a0}', " ");
    assert_eq!(told.matches("transmise à votre service").count(), 1, "the other one she no longer sees: {told}");
    assert!(told.contains("retirée à votre service"), "{told}");
    city.stop().await;
}

async fn nobody_gets_a_mail_for_a_ticket_they_may_not_see() {
    let city = City::new().await;
    let (admin, proprete) = (city.admin().await, city.proprete().await);
    // Who has left the service.
    choose(&proprete, 0, &json!({ "service": "daily", "messages": "daily", "assignments": "daily" })).await.ok();
    let ticket = city.dumping().await;
    let account = city.account("amelie.petit").await;
    city.manager().await.act(&ticket, "assign", &json!({ "assignee": account["id"] })).await.ok();
    city.drain().await;
    let path = format!("/v1/users/{}", account["id"].as_str().unwrap());
    admin.patch(&path, &account["version"], &json!({ "services": ["voirie"] })).await.ok();
    city.clock.set("2026-03-11T06:30:00Z");
    city.drain().await;
    assert_eq!(city.letters_to(&email("amelie.petit")).len(), 0, "she no longer works there");
    let (admin, dispatcher) = (city.admin().await, city.dispatcher().await);
    // Whose account is disabled.
    let agent = city.agent().await;
    choose(&agent, 0, &json!({ "progress": "daily" })).await.ok();
    let followed = city.dumping().await;
    dispatcher.act(&followed, "reroute", &json!({ "service": "voirie", "note": "Pour vous." })).await.ok();
    city.drain().await;
    let account = city.account("claire.delattre").await;
    let path = format!("/v1/users/{}", account["id"].as_str().unwrap());
    admin.patch(&path, &account["version"], &json!({ "active": false })).await.ok();
    city.clock.set("2026-03-12T06:30:00Z");
    city.drain().await;
    assert_eq!(city.letters_to(AGENT).len(), 0, "her account is disabled");
    let dispatcher = city.dispatcher().await;
    // A mailbox, after the ticket has gone elsewhere.
    let before = city.letters_to("proprete@ville-amiens.example").len();
    let moved = city.other_agent().await.post("/v1/concerns", &dumping()).await.created()["tickets"][0].clone();
    dispatcher.act(&moved, "reroute", &json!({ "service": "voirie", "note": "Non." })).await.ok();
    city.drain().await;
    let letters = city.letters_to("proprete@ville-amiens.example");
    let told = letters.iter().filter(|letter| subject(letter).contains(reference(&moved)));
    let told: Vec<String> = told.map(subject).collect();
    assert_eq!((letters.len(), told.len()), (before + 1, 1), "{told:?}");
    assert!(told[0].contains("plus à"), "{told:?}");
    assert_eq!(city.database.count("select count(*) from outbox where state = 'dead'").await, 0);
    city.stop().await;
}

async fn a_mail_that_failed_is_the_same_mail_again() {
    let server = SmtpServer::start();
    let url = server.url();
    let city = City::with(|config| config.mail = Mail::Smtp(url.into())).await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    let started = proprete.start(&acknowledged).await.ok();
    let busy = format!("451 4.3.0 <{AGENT}> plus tard");
    server.behave(&Behaviour { refuse: [(AGENT.to_owned(), busy)].into(), ..Behaviour::default() });
    city.drain().await;
    // What comes meanwhile is no part of it.
    proprete.resolve(&started).await.ok();
    city.drain().await;
    server.behave(&Behaviour::default());
    city.clock.forward(TimeDelta::minutes(1));
    city.drain().await;
    let to_agent = |server: &SmtpServer| -> Vec<(String, String)> {
        let received = server.messages().into_iter().filter(|mail| mail.envelope.to == [AGENT]);
        let shown = |mail: crate::support::smtp::Received| {
            (mail.message.message_id().unwrap().to_owned(), mail.message.body_text(0).unwrap().into_owned())
        };
        received.map(shown).collect()
    };
    server.wait_for(6, SOON).await;
    let first = to_agent(&server);
    assert_eq!(first.len(), 1);
    assert!(first[0].1.contains("2 changements") && !first[0].1.contains("service fait"), "{}", first[0].1);
    let ids = "select count(*) from outbox where mail::text || '@ville-amiens.example' = '";
    assert_eq!(city.database.count(&format!("{ids}{}'", first[0].0)).await, 2, "both stand in that mail");
    city.clock.forward(TimeDelta::minutes(25));
    city.drain().await;
    server.wait_for(7, SOON).await;
    let both = to_agent(&server);
    assert_eq!(both.len(), 2);
    assert_ne!(both[0].0, both[1].0);
    city.stop().await;
}

async fn each_morning_those_who_look_after_it_are_told_what_is_late() {
    let city = City::new().await;
    let cx = &city.instance.context;
    let (dispatcher, manager) = (email("nadia.fournier"), email("denis.marchand"));
    let (one, _) = (city.dumping().await, city.dumping().await);
    city.drain().await;
    city.clock.set("2026-03-11T06:30:00Z");
    assert_eq!(usecases::notification::tell_late(cx).await.unwrap(), 0, "nothing is late");
    // Sunday: a day off.
    city.clock.set("2026-03-22T06:30:00Z");
    assert_eq!(usecases::notification::tell_late(cx).await.unwrap(), 0);
    choose(&city.voirie().await, 0, &json!({ "late": "daily" })).await.ok();
    choose(&city.proprete().await, 0, &json!({ "late": "weekly" })).await.ok();
    city.clock.set("2026-03-24T06:29:00Z");
    assert_eq!(usecases::notification::tell_late(cx).await.unwrap(), 0, "not yet");
    city.clock.set("2026-03-24T06:30:00Z");
    let told = usecases::notification::tell_late(cx).await.unwrap();
    assert_eq!(usecases::notification::tell_late(cx).await.unwrap(), 0, "once a morning");
    let second = city.second().await;
    assert_eq!(usecases::notification::tell_late(&second.context).await.unwrap(), 0, "whichever instance looks");
    second.stop().await;
    assert!(told >= 2, "{told}");
    // What is settled before it leaves is not on it.
    city.proprete().await.resolve(&city.proprete().await.acknowledge(&one).await.ok()).await.ok();
    city.drain().await;
    let list = newest(&city, &manager, 0);
    let text_of = |letter: &Message<'_>| text(letter).replace('\u{a0}', " ");
    assert!(!text_of(&list).contains(reference(&one)), "{}", text_of(&list));
    assert!(text_of(&list).contains("Propreté urbaine") && text_of(&list).contains("à prendre en charge avant le"));
    assert!(!text_of(&list).contains("matelas") && !text_of(&list).contains("Pigeonnier"));
    let all = newest(&city, &dispatcher, 0);
    assert!(subject(&all).ends_with("en retard"), "{}", subject(&all));
    assert_eq!(city.letters_to(&email("sophie.morel")).len(), 0, "her services have nothing late");
    assert_eq!(city.letters_to(&email("amelie.petit")).len(), 0, "on Mondays only");
    assert_eq!(city.letters_to(AGENT).iter().filter(|letter| subject(letter).contains("en retard")).count(), 0);
    city.stop().await;
}
