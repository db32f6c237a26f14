//! What residents say of how their tickets ended.

use std::time::Duration as StdDuration;

use chrono::Duration;
use continuum::Mail;
use reqwest::Method;
use serde_json::{Value, json};

use super::{json_at, page_at};
use crate::partner::{self, LANDLORD};
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping, link};
use crate::support::smtp::SmtpServer;

crate::tests![
    the_outcome_asks_and_one_reminder_follows_and_then_silence_is_no_satisfaction,
    who_has_answered_is_not_asked_again,
    the_last_answer_counts_and_staff_read_them_all,
    what_is_not_solved_is_taken_up_again_when_the_resident_asks,
    what_is_not_solved_is_told_also_when_nobody_is_asked_to_come_back,
    what_no_service_acts_on_is_told_to_the_desk,
    an_answer_says_what_is_wrong_with_it,
    the_form_of_the_page_does_the_same_without_script,
    of_several_residents_one_who_is_not_satisfied_is_enough,
    of_several_tickets_the_one_that_is_meant_is_named,
];

const RESIDENT: &str = "habitante@mail.example";

/// A ticket that was resolved, and the path of its resident's link.
pub async fn resolved(city: &City) -> (Value, String) {
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    let resolved = proprete.resolve(&acknowledged).await.ok();
    city.drain().await;
    let letter = city.letters_to(RESIDENT).pop().unwrap();
    let path = link(&letter, "/v1/tracking/");
    (resolved, path.split('#').next().unwrap().to_owned())
}

async fn say(city: &City, path: &str, said: &Value) -> Reply {
    city.stranger().post(&format!("{path}/feedback"), said).await
}

async fn submit(city: &City, path: &str, fields: &[(&str, &str)]) -> Reply {
    city.stranger().submit(path, fields).await
}

/// Lets the clocks run as they would each day, for so many days.
async fn live(city: &City, days: i64) {
    for _ in 0..days {
        city.clock.forward(Duration::days(1));
        while usecases::ticket::run_clocks(&city.instance.context).await.unwrap() > 0 {}
        city.drain().await;
    }
}

async fn the_outcome_asks_and_one_reminder_follows_and_then_silence_is_no_satisfaction() {
    let server = SmtpServer::start();
    let url = server.url();
    let city = City::with(|config| config.mail = Mail::Smtp(url.into())).await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    assert_eq!(ticket["feedback"], "not_asked");
    let resolved = proprete.resolve(&proprete.acknowledge(&ticket).await.ok()).await.ok();
    assert_eq!(resolved["feedback"], "asked");
    city.drain().await;
    // The receipt, that it is in hand, the outcome; besides, what the services and the officer got: the officer one for both.
    server.wait_for(6, StdDuration::from_secs(20)).await;
    let to_resident = || {
        let all = server.messages().into_iter();
        all.filter(|mail| mail.envelope.to == [RESIDENT.to_owned()]).map(|mail| mail.message).collect::<Vec<_>>()
    };
    let letters = to_resident();
    assert_eq!(letters.len(), 3);
    let outcome = letters.iter().find(|letter| letter.subject().unwrap().ends_with("la suite donnée")).unwrap();
    let text = outcome.body_text(0).unwrap();
    assert!(text.contains("Le problème est-il résolu") && text.contains("#solved"), "{text}");
    live(&city, 7).await;
    assert_eq!((to_resident().len(), proprete_sees(&city, &ticket).await), (3, json!("asked")));
    live(&city, 1).await;
    assert_eq!(proprete_sees(&city, &ticket).await, "asked_again");
    let reminder = to_resident().pop().unwrap();
    assert_eq!(to_resident().len(), 4);
    assert!(reminder.subject().unwrap().contains("le problème est-il résolu"), "{:?}", reminder.subject());
    assert!(reminder.body_text(0).unwrap().contains("L’intervention a été faite."));
    live(&city, 10).await;
    assert_eq!(to_resident().len(), 4, "nobody is asked a third time");
    let closed = city.proprete().await.ticket(&ticket).await;
    assert_eq!((&closed["state"], &closed["feedback"]), (&json!("closed"), &json!("no_answer")));
    let dispatcher = city.dispatcher().await;
    for (feedback, count) in [("no_answer", 1), ("solved", 0), ("not_asked", 1)] {
        let listed = dispatcher.get(&format!("/v1/tickets?feedback={feedback}")).await.ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), count, "{feedback}");
    }
    let csv = dispatcher.request(Method::GET, "/v1/tickets/export?format=csv").header("Accept-Language", "fr");
    let csv = dispatcher.send(csv).await.is(200).text.clone();
    assert!(csv.contains("Avis de l’habitant") && csv.contains("sans réponse"), "{csv}");
    city.stop().await;
}

async fn proprete_sees(city: &City, ticket: &Value) -> Value {
    city.proprete().await.ticket(ticket).await["feedback"].clone()
}

async fn who_has_answered_is_not_asked_again() {
    let city = City::new().await;
    let (ticket, path) = resolved(&city).await;
    say(&city, &path, &json!({ "solved": "yes" })).await.ok();
    let before = city.letters_to(RESIDENT).len();
    live(&city, 20).await;
    assert_eq!(city.letters_to(RESIDENT).len(), before);
    assert_eq!(proprete_sees(&city, &ticket).await, "solved", "closing does not change it");
    city.stop().await;
}

async fn the_last_answer_counts_and_staff_read_them_all() {
    let city = City::new().await;
    let (ticket, path) = resolved(&city).await;
    let said = json!({ "solved": "no", "reason": "partly", "text": "Reste un sac, appelez le 06 12 34 56 78" });
    let page = say(&city, &path, &said).await.ok();
    let feedback = &page["tickets"][0]["feedback"];
    assert_eq!((&feedback["solved"], &feedback["reason"]), (&json!(false), &json!("partly")));
    assert_eq!(feedback["text"], "Reste un sac, appelez le […]");
    assert_eq!(proprete_sees(&city, &ticket).await, "not_solved");
    city.clock.forward(Duration::hours(1));
    say(&city, &path, &json!({ "solved": "yes", "text": "Merci" })).await.ok();
    assert_eq!(proprete_sees(&city, &ticket).await, "solved");
    let seen = city.proprete().await.ticket(&ticket).await;
    assert_eq!(
        (&seen["version"], &seen["state"]),
        (&ticket["version"], &json!("resolved")),
        "nobody's If-Match is spent"
    );
    let list = format!("/v1/tickets/{}/feedback", ticket["id"].as_str().unwrap());
    for reader in [city.proprete().await, city.dispatcher().await, city.agent().await] {
        let items = reader.get(&list).await.ok()["items"].as_array().unwrap().clone();
        assert_eq!(items.len(), 2);
        assert_eq!((&items[0]["text"], &items[0]["reopened"]), (&json!("Reste un sac, appelez le […]"), &json!(false)));
        assert_eq!((&items[1]["solved"], &items[1]["at"]), (&json!(true), &json!("2026-03-10T10:00:00Z")));
    }
    city.voirie().await.get(&list).await.refused(404, "not_found");
    city.stop().await;
}

async fn what_is_not_solved_is_taken_up_again_when_the_resident_asks() {
    let city = City::new().await;
    let (ticket, path) = resolved(&city).await;
    live(&city, 15).await;
    let (services, officer) = (city.letters_to("proprete@ville-amiens.example").len(), city.letters_to(OFFICER).len());
    let said = json!({ "solved": "no", "reason": "came_back", "text": "Un nouveau matelas", "reopen": true });
    let page = say(&city, &path, &said).await.ok();
    let own = &page["tickets"][0];
    assert_eq!((&own["state"], &own["feedback_open"], own.get("feedback")), (&json!("submitted"), &json!(false), None));
    let proprete = city.proprete().await;
    let reopened = proprete.ticket(&ticket).await;
    assert_eq!((&reopened["reopened"], &reopened["feedback"]), (&json!(1), &json!("not_asked")));
    let events = proprete.timeline(&ticket).await;
    let event = events.iter().find(|event| event["type"] == "reopened").unwrap();
    assert_eq!(event["by"]["type"], "resident");
    let note = "L’habitant, par sa page de suivi : Le problème est revenu. « Un nouveau matelas »";
    assert_eq!(event["data"]["note"], note);
    let why = async |who: Caller| {
        let events = who.timeline(&ticket).await;
        events.iter().find(|event| event["type"] == "reopened").unwrap()["data"].get("note").cloned()
    };
    for who in [city.agent().await, city.dispatcher().await] {
        assert_eq!(why(who).await, Some(json!(note)), "who reads what the resident says of it");
    }
    assert_eq!(why(city.other_agent().await).await, None, "who knows of the ticket, and has no part in it");
    city.drain().await;
    assert_eq!(city.letters_to("proprete@ville-amiens.example").len(), services + 1, "the service has it again");
    assert_eq!(city.letters_to(OFFICER).len(), officer + 1, "and the referrer hears of it");
    say(&city, &path, &said).await.refused(409, "feedback_not_open");
    // Resolved a second time, it is asked about anew.
    let again = proprete.resolve(&proprete.acknowledge(&reopened).await.ok()).await.ok();
    assert_eq!(again["feedback"], "asked");
    assert_eq!(json_at(&city, &path).await["tickets"][0].get("feedback"), None, "what was said before is past");
    city.dispatcher().await.close(&again).await.ok();
    city.clock.forward(Duration::days(31));
    say(&city, &path, &said).await.refused(409, "feedback_not_open");
    city.stop().await;
}

async fn what_is_not_solved_is_told_also_when_nobody_is_asked_to_come_back() {
    let city = City::new().await;
    let (_, path) = resolved(&city).await;
    city.clock.forward(Duration::hours(1));
    let told = || ["proprete@ville-amiens.example", OFFICER].map(|to| city.letters_to(to).len());
    let [service, officer] = told();
    say(&city, &path, &json!({ "solved": "yes" })).await.ok();
    city.drain().await;
    assert_eq!(told(), [service, officer], "what is solved is read by whoever looks");
    say(&city, &path, &json!({ "solved": "no", "reason": "partly" })).await.ok();
    city.drain().await;
    assert_eq!(told(), [service + 1, officer + 1]);
    let subjects: Vec<_> = city.letters_to(OFFICER).iter().map(|l| l.subject().unwrap().to_owned()).collect();
    assert!(subjects.iter().any(|subject| subject.contains("l’habitant s’est manifesté")), "{subjects:?}");
    city.stop().await;
}

async fn what_no_service_acts_on_is_told_to_the_desk() {
    let city = City::new().await;
    let told = |service| [service, DESK, OFFICER].map(|to| city.letters_to(to).len());
    // A partner's link has ended with the ticket.
    let (_, door) = partner::referred(&city).await;
    let taken = partner::act(&city, &door, 1, "acknowledge", &json!({})).await.ok();
    let end = json!({ "closure_reason": "work_done", "message_to_resident": "La porte est réparée." });
    partner::act(&city, &door, taken["version"].as_i64().unwrap(), "resolve", &end).await.ok();
    not_solved(&city, || told(LANDLORD)).await;
    // A service that refused it has it no more.
    let refused = city.proprete().await.refuse(&city.dumping().await).await.ok();
    city.dispatcher().await.act(&refused, "close", &json!({ "closure_reason": "nothing_found" })).await.ok();
    not_solved(&city, || told("proprete@ville-amiens.example")).await;
    city.stop().await;
}

/// Ticks that it is not solved, without a word. The desk is told in the place of the service, and the officer.
async fn not_solved(city: &City, told: impl Fn() -> [usize; 3]) {
    // What left a moment ago gathers what follows.
    for _ in 0..2 {
        city.drain().await;
        city.clock.forward(Duration::hours(1));
    }
    let letter = city.letters_to(RESIDENT).pop().unwrap();
    let path = link(&letter, "/v1/tracking/");
    let [service, desk, officer] = told();
    say(city, path.split('#').next().unwrap(), &json!({ "solved": "no", "reason": "not_done" })).await.ok();
    city.drain().await;
    assert_eq!(told(), [service, desk + 1, officer + 1]);
    let [to_desk, to_officer] = [DESK, OFFICER].map(|to| city.letters_to(to).pop().unwrap());
    let words = to_desk.body_text(0).unwrap().replace('\u{a0}', " ");
    assert!(words.contains("Une réponse qu’aucun service ne traite"), "{words}");
    assert!(words.contains("a répondu sur sa page de suivi que ce n’est pas résolu"), "{words}");
    for letter in [&to_desk, &to_officer] {
        let words = letter.body_text(0).unwrap();
        assert!(!words.contains("message de l’habitant") && !words.contains("Lire le message"), "{words}");
    }
}

const DESK: &str = "regulation@ville-amiens.example";
const OFFICER: &str = "claire.delattre@ville-amiens.example";

async fn an_answer_says_what_is_wrong_with_it() {
    let city = City::new().await;
    let (ticket, path) = resolved(&city).await;
    for (said, fields) in [
        (json!({ "solved": "no" }), vec![("/reason", "required")]),
        (json!({ "solved": "no", "reason": "other" }), vec![("/text", "required")]),
        (
            json!({ "solved": "yes", "reason": "partly", "reopen": true }),
            vec![("/reason", "not_expected"), ("/reopen", "not_expected")],
        ),
        (json!({ "solved": "yes", "ticket": "AMI-26-999999" }), vec![("/ticket", "unknown_ticket")]),
    ] {
        say(&city, &path, &said).await.refused_fields(422, "invalid_content", &fields);
    }
    let long = "x".repeat(1001);
    for (said, field) in [
        (json!({}), ("/solved", "required")),
        (json!({ "solved": "maybe" }), ("/solved", "unknown_value")),
        (json!({ "solved": "no", "text": long }), ("/text", "too_long")),
        (json!({ "solved": "no", "why": "x" }), ("/why", "unknown_field")),
    ] {
        say(&city, &path, &said).await.refused_fields(400, "invalid_request", &[field]);
    }
    assert_eq!(proprete_sees(&city, &ticket).await, "asked");
    say(&city, "/v1/tracking/AAAAAAAAAAAAAAAAAAAAAA", &json!({ "solved": "yes" })).await.is(404);
    // Before it has ended, nothing can be said.
    let other = city.dumping().await;
    city.drain().await;
    let path = link(city.letters_to(RESIDENT).last().unwrap(), "/v1/tracking/");
    let said = json!({ "solved": "yes", "ticket": other["reference"] });
    say(&city, &path, &said).await.refused(409, "feedback_not_open");
    say(&city, &path, &json!({ "solved": "yes" })).await.refused(409, "feedback_not_open");
    city.stop().await;
}

async fn the_form_of_the_page_does_the_same_without_script() {
    let city = City::new().await;
    let (ticket, path) = resolved(&city).await;
    let page = page_at(&city, &path).await.is(200).text.replace("&#x2f;", "/");
    assert!(
        page.contains("Oui, c’est résolu") && page.contains("id=\"solved\"") && !page.contains("<script"),
        "{page}"
    );
    let reference = ticket["reference"].as_str().unwrap();
    let action = format!("{path}/feedback");
    assert!(page.contains(&format!("action=\"{action}\"")), "{page}");
    let policy = page_at(&city, &path).await.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains("form-action 'self'"), "{policy}");
    let refused = submit(&city, &action, &[("ticket", reference), ("solved", "no"), ("text", "")]).await;
    assert!(refused.is(422).text.contains("Choisissez pourquoi"), "{}", refused.text);
    let kept =
        [("ticket", reference), ("solved", "no"), ("reason", "not_reason"), ("text", "<b>Là</b>"), ("reopen", "true")];
    let refused = submit(&city, &action, &kept).await;
    assert!(refused.is(422).text.contains("&lt;b&gt;Là&lt;") && refused.text.contains(" checked>"), "{}", refused.text);
    let said = [("ticket", reference), ("solved", "no"), ("text", "<b>Toujours</b> là\r\nhélas")];
    let answer = submit(&city, &action, &said).await;
    assert_eq!((answer.is(303).header("location"), &answer.text), (Some(path.as_str()), &String::new()));
    let page = page_at(&city, &path).await.is(200).text.replace("&#x2f;", "/");
    assert!(page.contains("Le 10/03/2026, vous nous avez dit que ce n’est pas résolu"), "{page}");
    assert_eq!(json_at(&city, &path).await["tickets"][0]["feedback"]["text"], "<b>Toujours</b> là\nhélas");
    let again = [("ticket", reference), ("solved", "no"), ("reason", "not_done"), ("reopen", "true")];
    submit(&city, &action, &again).await.is(303);
    assert_eq!(city.proprete().await.ticket(&ticket).await["state"], "submitted");
    let late = submit(&city, &action, &again).await;
    assert!(late.is(409).text.contains("Le service n’a pas encore répondu"), "{}", late.text);
    // There is no form any more: what was typed into it is shown, so that it can be said elsewhere.
    let late = submit(&city, &action, &[("ticket", reference), ("solved", "no"), ("text", "<i>Encore</i>")]).await;
    assert!(late.is(409).text.contains("&lt;i&gt;Encore&lt;"), "{}", late.text);
    city.stop().await;
}

async fn of_several_residents_one_who_is_not_satisfied_is_enough() {
    let city = City::new().await;
    let main = city.dumping().await;
    let mut body = dumping();
    body["resident"] = json!({ "email": "voisin@mail.example" });
    body["attach_to"] = main["id"].clone();
    city.other_agent().await.post("/v1/concerns", &body).await.created();
    let proprete = city.proprete().await;
    let acknowledged = proprete.acknowledge(&proprete.ticket(&main).await).await.ok();
    proprete.resolve(&acknowledged).await.ok();
    city.drain().await;
    let path_of = |address: &str| link(&city.letters_to(address)[0], "/v1/tracking/");
    let (own, neighbour) = (path_of(RESIDENT), path_of("voisin@mail.example"));
    say(&city, &own, &json!({ "solved": "no", "reason": "partly" })).await.ok();
    say(&city, &neighbour, &json!({ "solved": "yes" })).await.ok();
    assert_eq!(proprete_sees(&city, &main).await, "not_solved");
    assert_eq!(json_at(&city, &neighbour).await["tickets"][0]["feedback"]["solved"], true, "each reads their own");
    say(&city, &own, &json!({ "solved": "yes" })).await.ok();
    assert_eq!(proprete_sees(&city, &main).await, "solved");
    city.stop().await;
}

async fn of_several_tickets_the_one_that_is_meant_is_named() {
    let city = City::new().await;
    let filed = city.agent().await.post("/v1/concerns", &dumping()).await.created();
    let tickets = filed["tickets"].as_array().unwrap();
    let dispatcher = city.dispatcher().await;
    let body = json!({ "services": ["voirie"], "note": "La chaussée aussi." });
    dispatcher.act(&tickets[0], "split", &body).await.ok();
    let concern = format!("/v1/concerns/{}", filed["id"].as_str().unwrap());
    let all = dispatcher.get(&concern).await.ok()["tickets"].as_array().unwrap().clone();
    let of = |service: &str| all.iter().find(|ticket| ticket["service"]["code"] == service).unwrap().clone();
    for (who, service) in [(city.proprete().await, "proprete"), (city.voirie().await, "voirie")] {
        let acknowledged = who.acknowledge(&who.ticket(&of(service)).await).await.ok();
        who.resolve(&acknowledged).await.ok();
    }
    city.drain().await;
    let path = link(&city.letters_to(RESIDENT)[0], "/v1/tracking/");
    let answer = say(&city, &path, &json!({ "solved": "yes" })).await;
    answer.refused_fields(422, "invalid_content", &[("/ticket", "required")]);
    let said = json!({ "solved": "yes", "ticket": of("voirie")["reference"] });
    say(&city, &path, &said).await.ok();
    let sees = async |service: &str| dispatcher.ticket(&of(service)).await["feedback"].clone();
    assert_eq!((sees("voirie").await, sees("proprete").await), (json!("solved"), json!("asked")));
    // As everywhere: by its id, and however the reference is written.
    let lower = of("proprete")["reference"].as_str().unwrap().to_lowercase();
    for ticket in [of("proprete")["id"].clone(), json!(lower)] {
        say(&city, &path, &json!({ "solved": "yes", "ticket": ticket })).await.ok();
    }
    assert_eq!(sees("proprete").await, "solved");
    let other = json!({ "solved": "yes", "ticket": "A saisine !" });
    say(&city, &path, &other).await.refused_fields(422, "invalid_content", &[("/ticket", "unknown_ticket")]);
    city.stop().await;
}
