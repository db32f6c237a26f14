//! Answers to letters about a concern: they go to its ticket, if it has one alone.

use mail_parser::Message;
use serde_json::{Value, json};

use super::{answer, city, empty, hand_in, outcome, unplaced, written};
use crate::support::city::{City, dumping};

crate::tests![
    an_answer_to_the_receipt_goes_to_the_concerns_only_ticket,
    an_answer_about_a_concern_that_was_attached_goes_to_that_ticket,
    an_answer_about_a_concern_of_several_tickets_is_for_the_dispatcher,
    an_answer_about_a_concern_that_was_split_meanwhile_is_for_the_dispatcher,
];

const RESIDENT: &str = "habitante@mail.example";

/// A concern that goes to one service.
fn bulky() -> Value {
    let mut body = dumping();
    body["category"] = json!("bulky_waste");
    body
}

/// The only letter to the resident.
fn only(city: &City) -> Message<'static> {
    let mut letters = city.letters_to(RESIDENT);
    assert_eq!(letters.len(), 1, "{letters:?}");
    letters.remove(0)
}

async fn texts(city: &City, ticket: &Value) -> Vec<String> {
    let messages = written(&city.dispatcher().await, ticket, "resident_messages").await;
    messages.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
}

async fn an_answer_to_the_receipt_goes_to_the_concerns_only_ticket() {
    let (city, server) = city().await;
    let agent = city.agent().await;
    let filed = agent.post("/v1/concerns", &bulky()).await.created();
    assert_eq!(filed["tickets"].as_array().unwrap().len(), 1);
    let ticket = &filed["tickets"][0];
    city.drain().await;
    let taken = hand_in(&server, &answer(&only(&city), RESIDENT, "1", "Il y a aussi un frigo.")).await;
    assert_eq!((outcome(&taken), &taken["ticket"]), (("placed", ""), &ticket["reference"]));
    // So does one to the letter with a new link.
    let renew = format!("/v1/concerns/{}/tracking/renew", filed["id"].as_str().unwrap());
    agent.post(&renew, &empty()).await.ok();
    city.drain().await;
    let letters = city.letters_to(RESIDENT);
    assert_eq!(letters.len(), 2);
    let taken = hand_in(&server, &answer(&letters[1], RESIDENT, "2", "Le lien fonctionne, merci.")).await;
    assert_eq!((outcome(&taken), &taken["ticket"]), (("placed", ""), &ticket["reference"]));
    assert_eq!(texts(&city, ticket).await, ["Il y a aussi un frigo.", "Le lien fonctionne, merci."]);
    // Somebody else who has the address is not the resident.
    let other = answer(&letters[1], "voisin@mail.example", "3", "C’est moi.");
    assert_eq!(outcome(&hand_in(&server, &other).await), ("unplaced", "unknown_sender"));
    assert_eq!(unplaced(&city).await[0]["ticket"], ticket["reference"]);
    city.stop().await;
}

async fn an_answer_about_a_concern_that_was_attached_goes_to_that_ticket() {
    let (city, server) = city().await;
    let mut first = bulky();
    first["resident"]["email"] = json!("premiere@mail.example");
    let agent = city.agent().await;
    let main = agent.post("/v1/concerns", &first).await.created()["tickets"][0].clone();
    let mut attached = bulky();
    attached["attach_to"] = main["id"].clone();
    city.other_agent().await.post("/v1/concerns", &attached).await.created();
    city.drain().await;
    let taken = hand_in(&server, &answer(&only(&city), RESIDENT, "1", "Moi aussi, je le vois.")).await;
    assert_eq!((outcome(&taken), &taken["ticket"]), (("placed", ""), &main["reference"]));
    assert_eq!(texts(&city, &main).await, ["Moi aussi, je le vois."]);
    city.drain().await;
    for officer in ["claire.delattre@ville-amiens.example", "karim.haddad@ville-amiens.example"] {
        assert_eq!(city.letters_to(officer).len(), 1, "{officer}: who filed the ticket, and who heard the resident");
    }
    city.stop().await;
}

async fn an_answer_about_a_concern_of_several_tickets_is_for_the_dispatcher() {
    let (city, server) = city().await;
    let filed = city.agent().await.post("/v1/concerns", &dumping()).await.created();
    assert_eq!(filed["tickets"].as_array().unwrap().len(), 2);
    city.drain().await;
    let taken = hand_in(&server, &answer(&only(&city), RESIDENT, "1", "Et le trottoir ?")).await;
    assert_eq!(outcome(&taken), ("unplaced", "no_ticket"));
    for ticket in filed["tickets"].as_array().unwrap() {
        assert_eq!(texts(&city, ticket).await, Vec::<String>::new());
    }
    city.stop().await;
}

async fn an_answer_about_a_concern_that_was_split_meanwhile_is_for_the_dispatcher() {
    let (city, server) = city().await;
    let filed = city.agent().await.post("/v1/concerns", &bulky()).await.created();
    let ticket = &filed["tickets"][0];
    city.drain().await;
    let receipt = only(&city);
    let services = json!({ "services": ["voirie"], "note": "Aussi pour vous." });
    city.dispatcher().await.act(ticket, "split", &services).await.ok();
    let taken = hand_in(&server, &answer(&receipt, RESIDENT, "1", "Et le trottoir ?")).await;
    assert_eq!(outcome(&taken), ("unplaced", "no_ticket"));
    assert_eq!(texts(&city, ticket).await, Vec::<String>::new());
    city.stop().await;
}
