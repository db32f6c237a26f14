//! What dispatchers do with e-mails that could not be put with a ticket.

use serde_json::{Value, json};

use super::{answer, city, complain, empty, hand_in, outcome, unplaced, written};
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping, link};

crate::tests![
    a_residents_e_mail_is_put_with_the_ticket_that_the_dispatcher_names,
    what_a_colleague_wrote_is_a_message_and_what_a_stranger_wrote_a_note,
    what_the_referrer_is_not_to_know_stays_among_colleagues,
    a_long_e_mail_is_put_whole_and_says_which_attachments_are_lost,
    a_ticket_that_there_is_not_leaves_the_e_mail_waiting,
    an_e_mail_is_put_with_one_ticket_once,
    what_somebody_without_a_concern_wrote_is_found_and_deleted,
];

const MAILBOX: &str = "proprete@ville-amiens.example";
const RESIDENT: &str = "habitante@mail.example";
const OFFICER: &str = "claire.delattre@ville-amiens.example";

/// Hands in an e-mail that belongs nowhere, and returns what the dispatcher sees of it.
async fn lost(city: &City, server: &Caller, from: &str, text: &str) -> Value {
    let mail = format!(
        "From: {from}\r\nTo: retours@ville-amiens.example\r\nMessage-ID: <{}@mail.example>\r\nSubject: Bonjour\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n",
        text.len()
    );
    assert_eq!(outcome(&hand_in(server, &mail).await), ("unplaced", "no_token"));
    unplaced(city).await.pop().unwrap()
}

async fn settle(dispatcher: &Caller, mail: &Value, body: &Value) -> Reply {
    dispatcher.post(&format!("/v1/inbound/{}/settle", mail["id"].as_str().unwrap()), body).await
}

fn by(from: &str) -> Value {
    json!({ "type": "mail", "name": "Nadia Fournier", "part": "dispatcher", "from": from })
}

async fn nothing_written(dispatcher: &Caller, ticket: &Value) {
    for what in ["notes", "referrer_messages", "resident_messages"] {
        assert_eq!(written(dispatcher, ticket, what).await, Vec::<Value>::new(), "{what}");
    }
}

async fn a_residents_e_mail_is_put_with_the_ticket_that_the_dispatcher_names() {
    let (city, server) = city().await;
    let filed = city.agent().await.post("/v1/concerns", &dumping()).await.created();
    let tickets = filed["tickets"].as_array().unwrap();
    city.drain().await;
    let receipt = &city.letters_to(RESIDENT)[0];
    let text = "Voir avec le 06 12 34 56 78.\r\n\r\n> Votre demande";
    assert_eq!(outcome(&hand_in(&server, &answer(receipt, RESIDENT, "1", text)).await), ("unplaced", "no_ticket"));
    let mail = unplaced(&city).await.remove(0);
    city.drain().await;
    let dispatcher = city.dispatcher().await;
    let reference = tickets[1]["reference"].as_str().unwrap().to_lowercase();
    settle(&dispatcher, &mail, &json!({ "ticket": reference })).await.is(204);
    assert_eq!(unplaced(&city).await, Vec::<Value>::new());
    let messages = written(&dispatcher, &tickets[1], "resident_messages").await;
    assert_eq!(messages.len(), 1);
    assert_eq!((&messages[0]["text"], &messages[0]["by"]), (&json!("Voir avec le […]."), &by("resident")));
    nothing_written(&dispatcher, &tickets[0]).await;
    // The resident is not shown it as something that the city wrote to them.
    let page = city.stranger();
    let request =
        page.request(reqwest::Method::GET, &link(receipt, "/v1/tracking/")).header("Accept", "application/json");
    for ticket in page.send(request).await.ok()["tickets"].as_array().unwrap() {
        assert_eq!(ticket["messages"], json!([]));
    }
    // The officer and the service are told, and by whom it is.
    city.clock.forward(chrono::Duration::minutes(20));
    let before = city.letters_to(OFFICER).len();
    assert_eq!(city.drain().await, 2);
    let letters = city.letters_to(OFFICER);
    assert_eq!(letters.len(), before + 1);
    let subject = letters[before].subject().unwrap();
    assert!(subject.ends_with("l’habitant s’est manifesté"), "{subject}");
    city.stop().await;
}

async fn what_a_colleague_wrote_is_a_message_and_what_a_stranger_wrote_a_note() {
    let (city, server) = city().await;
    let (ticket, dispatcher) = (city.dumping().await, city.dispatcher().await);
    city.drain().await;
    let to = json!({ "ticket": ticket["id"] });
    let mailbox = "Proprete@Ville-Amiens.example";
    for (from, text) in
        [(mailbox, "Un."), ("amelie.petit@ville-amiens.example", "Deux fois."), (OFFICER, "Trois fois en tout.")]
    {
        let mail = lost(&city, &server, from, text).await;
        settle(&dispatcher, &mail, &to).await.is(204);
    }
    let messages = written(&dispatcher, &ticket, "referrer_messages").await;
    let told: Vec<_> =
        messages.iter().map(|message| (message["text"].as_str().unwrap(), message["by"].clone())).collect();
    let expected = [("Un.", by("service")), ("Deux fois.", by("service")), ("Trois fois en tout.", by("referrer"))];
    assert_eq!(told, expected);
    // Each side is told of what the other wrote.
    city.drain().await;
    city.clock.forward(chrono::Duration::minutes(20));
    let (to_service, to_officer) = (city.letters_to(MAILBOX).len(), city.letters_to(OFFICER).len());
    assert_eq!(to_officer, 1);
    city.drain().await;
    assert_eq!((city.letters_to(MAILBOX).len(), city.letters_to(OFFICER).len()), (to_service + 1, to_officer));

    let server = super::later(&city).await;
    let dispatcher = city.dispatcher().await;
    // Members of other services and residents of other concerns have no part in it.
    for from in ["voisin@mail.example", "sophie.morel@ville-amiens.example"] {
        let mail = lost(&city, &server, from, &format!("C’est le voisin du 12, dit {}.", from.len())).await;
        settle(&dispatcher, &mail, &to).await.is(204);
    }
    let notes = written(&city.proprete().await, &ticket, "notes").await;
    assert_eq!(notes.len(), 2);
    for note in &notes {
        assert_eq!((&note["by"], &note["mentions"]), (&by("other"), &json!([])));
    }
    assert_eq!(written(&dispatcher, &ticket, "resident_messages").await, Vec::<Value>::new());
    city.stop().await;
}

async fn what_the_referrer_is_not_to_know_stays_among_colleagues() {
    let (city, server) = city().await;
    let filed = complain(&city).await;
    let dispatcher = city.dispatcher().await;
    let concern = format!("/v1/concerns/{}", filed["id"].as_str().unwrap());
    let ticket = dispatcher.get(&concern).await.ok()["tickets"][0].clone();
    city.drain().await;
    let letters = city.letters();
    let letter = letters.iter().find(|letter| letter.reply_to().is_some()).unwrap();
    let mailbox = letter.to().unwrap().first().unwrap().address().unwrap().to_owned();
    let mail = lost(&city, &server, &mailbox, "Entretien prévu.").await;
    settle(&dispatcher, &mail, &json!({ "ticket": ticket["id"] })).await.is(204);
    let notes = written(&dispatcher, &ticket, "notes").await;
    assert_eq!((&notes[0]["text"], &notes[0]["by"]), (&json!("Entretien prévu."), &by("service")));
    // The officer complained about has no part in it.
    let mail = lost(&city, &server, OFFICER, "Ce n’est pas moi.").await;
    settle(&dispatcher, &mail, &json!({ "ticket": ticket["id"] })).await.is(204);
    assert_eq!(written(&dispatcher, &ticket, "notes").await[1]["by"], by("other"));
    assert_eq!(written(&dispatcher, &ticket, "referrer_messages").await, Vec::<Value>::new());
    city.stop().await;
}

async fn a_long_e_mail_is_put_whole_and_says_which_attachments_are_lost() {
    let (city, server) = city().await;
    let (ticket, dispatcher) = (city.dumping().await, city.dispatcher().await);
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    dispatcher.act(&ticket, "cancel", &json!({ "note": "Par erreur." })).await.ok();
    city.drain().await;
    let text = format!("{}{}", "mot ".repeat(4400), "x".repeat(4000));
    let mail = answer(letter, MAILBOX, "1", &text).replacen(
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8",
        1,
    );
    let file =
        "Content-Disposition: attachment; filename=\"apres.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA";
    let mail = format!("{mail}\r\n--b\r\nContent-Type: image/png\r\n{file}\r\n--b--\r\n");
    assert_eq!(outcome(&hand_in(&server, &mail).await), ("unplaced", "too_long"));
    let waiting = unplaced(&city).await.remove(0);
    assert_eq!((&waiting["ticket"], &waiting["attachments"]), (&ticket["reference"], &json!(["apres.png"])));
    // A ticket that has ended takes it too.
    settle(&dispatcher, &waiting, &json!({ "ticket": waiting["ticket"] })).await.is(204);
    let messages = written(&dispatcher, &ticket, "referrer_messages").await;
    let texts: Vec<&str> = messages.iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(texts.iter().map(|text| text.matches("mot").count()).sum::<usize>(), 4400);
    assert_eq!(texts.iter().map(|text| text.matches('x').count()).sum::<usize>(), 20_000 - 4 * 4400);
    let end = "(Suite non conservée.)\n(Pièce jointe non conservée : apres.png, à redemander.)";
    assert!(texts.last().unwrap().ends_with(end), "{}", texts.last().unwrap());
    city.drain().await;
    assert_eq!(
        city.letters_to("regulation@ville-amiens.example").len(),
        1,
        "that it waited, not what they did themselves"
    );
    city.stop().await;
}

async fn a_ticket_that_there_is_not_leaves_the_e_mail_waiting() {
    let (city, server) = city().await;
    let (ticket, dispatcher) = (city.dumping().await, city.dispatcher().await);
    let mail = lost(&city, &server, RESIDENT, "Qui répond ?").await;
    let nowhere = "018f0000-0000-7000-8000-000000000000";
    for name in ["AMI-26-999999", nowhere] {
        let reply = settle(&dispatcher, &mail, &json!({ "ticket": name })).await;
        reply.refused_fields(422, "invalid_content", &[("/ticket", "unknown_ticket")]);
    }
    for body in [json!({ "ticket": "" }), json!({ "ticket": "a b" }), json!({ "ticket": 1 }), json!({ "tickets": [] })]
    {
        let reply = settle(&dispatcher, &mail, &body).await;
        assert_eq!(reply.status, 400, "{body}");
    }
    settle(&city.agent().await, &mail, &json!({ "ticket": ticket["id"] })).await.lacks("settle_mail");
    assert_eq!(unplaced(&city).await, std::slice::from_ref(&mail));
    nothing_written(&dispatcher, &ticket).await;
    let no_mail = json!({ "id": nowhere });
    settle(&dispatcher, &no_mail, &json!({ "ticket": ticket["id"] })).await.refused(404, "not_found");
    nothing_written(&dispatcher, &ticket).await;
    settle(&dispatcher, &mail, &empty()).await.is(204);
    nothing_written(&dispatcher, &ticket).await;
    city.stop().await;
}

async fn an_e_mail_is_put_with_one_ticket_once() {
    let (city, server) = city().await;
    let (one, other, dispatcher) = (city.dumping().await, city.dumping().await, city.dispatcher().await);
    let mail = lost(&city, &server, RESIDENT, "C’est revenu.").await;
    let bodies = [&one, &other, &one, &other].map(|ticket| json!({ "ticket": ticket["id"] }));
    let replies = futures_util::future::join_all(bodies.iter().map(|body| settle(&dispatcher, &mail, body))).await;
    let mut codes: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    codes.sort_unstable();
    assert_eq!(codes, [204, 404, 404, 404]);
    let mut messages = written(&dispatcher, &one, "resident_messages").await;
    messages.extend(written(&dispatcher, &other, "resident_messages").await);
    assert_eq!(messages.len(), 1);
    settle(&dispatcher, &mail, &bodies[0]).await.refused(404, "not_found");
    city.stop().await;
}

async fn what_somebody_without_a_concern_wrote_is_found_and_deleted() {
    let (city, server) = city().await;
    let mail = lost(&city, &server, "Voisine@mail.example", "Et ma haie ?").await;
    let dispatcher = city.dispatcher().await;
    let find = async |address: &str| {
        let found = dispatcher.post("/v1/residents/search", &json!({ "email": address })).await.ok();
        assert_eq!(found["concerns"], json!([]));
        found["mails"].clone()
    };
    assert_eq!(find("voisin@mail.example").await, json!([]));
    // For a month, what was settled is still there.
    settle(&dispatcher, &mail, &empty()).await.is(204);
    let found = find("voisine@mail.example").await;
    assert_eq!((&found[0]["id"], &found[0]["text"]), (&mail["id"], &json!("Et ma haie ?")));
    let path = format!("/v1/inbound/{}", mail["id"].as_str().unwrap());
    city.agent().await.delete(&path).await.lacks("settle_mail");
    dispatcher.delete(&path).await.is(204);
    dispatcher.delete(&path).await.refused(404, "not_found");
    assert_eq!(find("voisine@mail.example").await, json!([]));
    assert_eq!(city.database.count("select count(*) from unplaced_mail").await, 0);
    let audited = city.audited().await;
    let deleted = audited.iter().filter(|act| act["type"] == "mail_deleted" && act["mail"] == mail["id"]);
    assert_eq!(deleted.count(), 1);
    assert_eq!(audited.iter().filter(|act| act["type"] == "resident_found").count(), 1);
    city.stop().await;
}
