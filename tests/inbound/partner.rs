//! Answers about tickets that are with partners who read through a link.

use chrono::Duration;
use serde_json::json;

use super::{answer, city, hand_in, outcome, written};
use crate::client::{Program, register};
use crate::partner::{self, LANDLORD};
use crate::support::city::City;

crate::tests![what_a_resident_answers_about_a_partners_ticket_is_told_to_the_desk];

const RESIDENT: &str = "habitante@mail.example";
const OFFICER: &str = "claire.delattre@ville-amiens.example";
const DESK: &str = "regulation@ville-amiens.example";

/// The resident answers their last e-mail. How many e-mails the partner, the desk and the officer get of it.
async fn answers(city: &City, server: &Program, id: &str, text: &str) -> [usize; 3] {
    // What left a moment ago gathers what follows.
    for _ in 0..2 {
        city.drain().await;
        city.clock.forward(Duration::hours(1));
    }
    let told = || [LANDLORD, DESK, OFFICER].map(|to| city.letters_to(to).len());
    let before = told();
    let letter = city.letters_to(RESIDENT).pop().unwrap();
    let server = server.caller(city).await;
    assert_eq!(outcome(&hand_in(&server, &answer(&letter, RESIDENT, id, text)).await), ("placed", ""));
    city.drain().await;
    let after = told();
    [0, 1, 2].map(|nth: usize| after[nth] - before[nth])
}

async fn what_a_resident_answers_about_a_partners_ticket_is_told_to_the_desk() {
    let (city, _) = city().await;
    let server = register(&city, &["mail:inbound", "tickets:read"], &[]).await;
    let (ticket, door) = partner::referred(&city).await;
    let taken = partner::act(&city, &door, 1, "acknowledge", &json!({})).await.ok();
    // The page shows the partner nothing of it; nor does it lead anywhere once the ticket is settled.
    assert_eq!(answers(&city, &server, "1", "Ils sont revenus.").await, [0, 1, 1]);
    let end = json!({ "closure_reason": "work_done", "message_to_resident": "La porte est réparée." });
    partner::act(&city, &door, taken["version"].as_i64().unwrap(), "resolve", &end).await.ok();
    assert_eq!(answers(&city, &server, "2", "Toujours cassée.").await, [0, 1, 1]);
    let dispatcher = city.dispatcher().await;
    let texts = written(&dispatcher, &ticket, "resident_messages").await;
    assert_eq!((texts.len(), &texts[1]["text"]), (2, &json!("Toujours cassée.")));
    for letter in city.letters_to(DESK) {
        let subject = letter.subject().unwrap().replace('\u{a0}', " ");
        assert!(subject.ends_with(" : une réponse qu’aucun service ne traite"), "{subject}");
    }
    city.stop().await;
}
