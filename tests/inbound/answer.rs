//! Answers go to the ticket that they answer to.

use serde_json::json;

use super::{
    answer, city, complain, empty, hand_in, hand_in_raw, later, outcome, program, reply_to, unplaced, written,
};

crate::tests![
    a_services_answer_goes_to_the_referrer_without_what_it_quotes,
    a_members_answer_is_their_own,
    a_residents_answer_reaches_the_service_and_the_referrer,
    an_answer_to_a_complaint_about_an_officer_stays_among_colleagues,
    somebody_else_is_heard_by_the_dispatcher,
    attachments_come_along_by_the_same_rules,
    attachments_after_the_twentieth_are_named,
    the_same_e_mail_again_does_nothing,
    machines_are_not_answered,
    a_long_answer_is_kept_whole_or_goes_to_the_dispatcher,
    an_answer_after_the_end_is_told_to_the_dispatcher,
    only_a_mail_server_hands_in_and_anything_it_hands_in_is_answered,
];

pub const MAILBOX: &str = "proprete@ville-amiens.example";
const RESIDENT: &str = "habitante@mail.example";
const OFFICER: &str = "claire.delattre@ville-amiens.example";

async fn a_services_answer_goes_to_the_referrer_without_what_it_quotes() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    let text = "Enlevé ce matin, voir avec le 06 12 34 56 78.\r\n\r\nLe mar. 10 mars 2026 à 10:04, Ville d’Amiens\r\n\
                <cafes-police@ville-amiens.example> a écrit :\r\n> Bonjour,\r\n> Une saisine vous est transmise.";
    let taken = hand_in(&server, &answer(letter, "Propreté <Proprete@Ville-Amiens.example>", "1", text)).await;
    assert_eq!(outcome(&taken), ("placed", ""));
    assert_eq!(taken["ticket"], ticket["reference"]);

    let officer = city.agent().await;
    let messages = written(&officer, &ticket, "referrer_messages").await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["text"], "Enlevé ce matin, voir avec le […].");
    assert_eq!(messages[0]["by"], json!({ "type": "service", "part": "service", "service": "proprete" }));
    assert_eq!(city.drain().await, 1, "the officer");
    assert_eq!(city.letters_to(OFFICER).len(), 1);
    // Nothing of the ticket has changed.
    assert_eq!(officer.ticket(&ticket).await["version"], ticket["version"]);
    city.stop().await;
}

async fn a_members_answer_is_their_own() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    let member = "amelie.petit@ville-amiens.example";
    assert_eq!(outcome(&hand_in(&server, &answer(letter, member, "1", "Nous passons demain.")).await), ("placed", ""));
    let messages = written(&city.agent().await, &ticket, "referrer_messages").await;
    assert_eq!(messages[0]["by"]["type"], "person");
    assert_eq!(messages[0]["by"]["part"], "service");

    // The officer answers what they were told, by e-mail as well.
    city.drain().await;
    let letter = &city.letters_to(OFFICER)[0];
    assert_eq!(outcome(&hand_in(&server, &answer(letter, OFFICER, "2", "Merci !")).await), ("placed", ""));
    let messages = written(&city.agent().await, &ticket, "referrer_messages").await;
    assert_eq!((&messages[1]["text"], &messages[1]["by"]["part"]), (&json!("Merci !"), &json!("referrer")));
    // What left a moment ago gathers what follows.
    city.clock.forward(chrono::Duration::minutes(20));
    assert_eq!(city.drain().await, 1, "the service");
    let server = later(&city).await;

    // A member of another service has no part in it.
    let letter = &city.letters_to(MAILBOX)[0];
    let stranger = "sophie.morel@ville-amiens.example";
    let taken = hand_in(&server, &answer(letter, stranger, "3", "Pas pour nous.")).await;
    assert_eq!(outcome(&taken), ("unplaced", "unknown_sender"));
    city.stop().await;
}

async fn a_residents_answer_reaches_the_service_and_the_referrer() {
    let (city, server) = city().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    proprete.acknowledge(&ticket).await.ok();
    city.drain().await;
    let before = (city.letters_to(MAILBOX).len(), city.letters_to(OFFICER).len());
    let letters = city.letters_to(RESIDENT);
    let letter = letters.last().unwrap();
    let text = "Merci, mais il y a aussi un frigo.\r\n\r\nEnvoyé de mon iPhone";
    assert_eq!(outcome(&hand_in(&server, &answer(letter, RESIDENT, "1", text)).await), ("placed", ""));
    let messages = written(&proprete, &ticket, "resident_messages").await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["text"], "Merci, mais il y a aussi un frigo.");
    assert_eq!(messages[0]["by"], json!({ "type": "resident" }));
    // What left a moment ago gathers what follows.
    city.clock.forward(chrono::Duration::minutes(20));
    let proprete = city.proprete().await;
    assert_eq!(city.drain().await, 2, "the service and the officer");
    assert_eq!((city.letters_to(MAILBOX).len(), city.letters_to(OFFICER).len()), (before.0 + 1, before.1 + 1));
    assert_eq!(city.letters_to(RESIDENT).len(), letters.len(), "nobody is told of their own words");
    // Each reads that it was the resident, and nothing of what they said.
    let (to_service, to_officer) = (city.letters_to(MAILBOX), city.letters_to(OFFICER));
    for letter in [to_service.last().unwrap(), to_officer.last().unwrap()] {
        assert!(subject(letter).ends_with(" : l’habitant s’est manifesté"), "{}", subject(letter));
        let words = format!("{}{}", letter.body_text(0).unwrap(), letter.body_html(0).unwrap());
        assert!(words.contains("L’habitant a écrit") && !words.contains("frigo"), "{words}");
    }
    let words = to_service.last().unwrap().body_text(0).unwrap();
    assert!(!words.contains("référent"), "{words}");
    // So does the ticket.
    let server = later(&city).await;
    let photograph = with_files(letter, "La voici.", &[("frigo.png", "image/png", PIXEL)]).replace(MAILBOX, RESIDENT);
    assert_eq!(outcome(&hand_in(&server, &photograph).await), ("placed", ""));
    let timeline = city.agent().await.timeline(&ticket).await;
    let last = timeline.last().unwrap();
    assert_eq!((&last["type"], &last["by"]), (&json!("attachment_added"), &json!({ "type": "resident" })));
    let path = format!(
        "/v1/tickets/{}/resident_messages/{}/take_back",
        ticket["id"].as_str().unwrap(),
        messages[0]["id"].as_str().unwrap()
    );
    proprete.post(&path, &empty()).await.refused(409, "message_has_left");
    city.stop().await;
}

async fn an_answer_to_a_complaint_about_an_officer_stays_among_colleagues() {
    let (city, server) = city().await;
    let filed = complain(&city).await;
    city.drain().await;
    let letters = city.letters();
    let letter = letters.iter().find(|letter| letter.reply_to().is_some()).unwrap();
    let mailbox = letter.to().unwrap().first().unwrap().address().unwrap().to_owned();
    assert_eq!(outcome(&hand_in(&server, &answer(letter, &mailbox, "1", "Entretien prévu.")).await), ("placed", ""));
    let concern = filed["id"].as_str().unwrap();
    let dispatcher = city.dispatcher().await;
    let ticket = dispatcher.get(&format!("/v1/concerns/{concern}")).await.ok()["tickets"][0].clone();
    assert_eq!(written(&dispatcher, &ticket, "notes").await[0]["text"], "Entretien prévu.");
    assert_eq!(written(&dispatcher, &ticket, "referrer_messages").await.len(), 0);
    assert_eq!(city.drain().await, 0);
    city.stop().await;
}

async fn somebody_else_is_heard_by_the_dispatcher() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    let other = answer(letter, "quelquun@ailleurs.example", "1", "C’est le voisin du 12.");
    assert_eq!(outcome(&hand_in(&server, &other).await), ("unplaced", "unknown_sender"));
    let lost =
        "From: habitant@mail.example\r\nTo: retours@ville-amiens.example\r\nSubject: Bonjour\r\n\r\nQui répond ?\r\n";
    assert_eq!(outcome(&hand_in(&server, lost).await), ("unplaced", "no_token"));
    let forged = reply_to(letter).replace("+r", "+rq");
    let forged = format!("From: {MAILBOX}\r\nTo: {forged}\r\nSubject: Re\r\n\r\nFait.\r\n");
    assert_eq!(outcome(&hand_in(&server, &forged).await), ("unplaced", "no_token"));

    // The desk is told once an hour, in words that tell nothing.
    assert_eq!(city.drain().await, 1);
    let desk = &city.letters_to("regulation@ville-amiens.example")[0];
    let words = format!("{}{}", desk.body_text(0).unwrap(), desk.body_html(0).unwrap());
    assert!(!words.contains("voisin") && !words.contains("ailleurs"), "{words}");

    let waiting = unplaced(&city).await;
    assert_eq!(waiting.len(), 3);
    assert_eq!(waiting[0]["ticket"], ticket["reference"]);
    assert_eq!(waiting[0]["from"], "quelquun@ailleurs.example");
    assert_eq!(waiting[0]["text"], "C’est le voisin du 12.");
    assert_eq!(written(&city.agent().await, &ticket, "referrer_messages").await.len(), 0);
    // It lies sealed.
    let seen = "select count(*) from unplaced_mail where encode(sealed, 'escape') like '%voisin%'";
    assert_eq!(city.database.count(seen).await, 0);
    let dispatcher = city.dispatcher().await;
    let settle = format!("/v1/inbound/{}/settle", waiting[0]["id"].as_str().unwrap());
    dispatcher.post(&settle, &empty()).await.is(204);
    dispatcher.post(&settle, &empty()).await.refused(404, "not_found");
    assert_eq!(unplaced(&city).await.len(), 2);
    let page = dispatcher.get("/v1/inbound?limit=1").await.ok();
    let next = format!("/v1/inbound?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(dispatcher.get(&next).await.ok()["next_cursor"], json!(null));
    city.agent().await.get("/v1/inbound").await.lacks("settle_mail");

    // What was settled is deleted a month later, what was not stays.
    let store = &city.instance.context.store;
    let month_ago = || city.instance.context.now() - chrono::Duration::days(30);
    city.clock.forward(chrono::Duration::days(30));
    assert_eq!(store.clear_settled_mail(month_ago()).await.unwrap(), 0);
    city.clock.forward(chrono::Duration::seconds(1));
    assert_eq!(store.clear_settled_mail(month_ago()).await.unwrap(), 1);
    assert_eq!(unplaced(&city).await.len(), 2);
    city.stop().await;
}

fn subject(letter: &mail_parser::Message<'_>) -> String {
    letter.subject().unwrap().replace('\u{a0}', " ")
}

pub const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/// An answer to the letter from the mailbox of « proprete », with files in base64: their names, types and bytes.
pub fn with_files(letter: &mail_parser::Message<'_>, text: &str, files: &[(&str, &str, &str)]) -> String {
    let mail = format!(
        "From: {MAILBOX}\r\nTo: {}\r\nMessage-ID: <files-{}@mail.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n",
        reply_to(letter),
        files.len()
    );
    let part = |(name, media_type, content): &(&str, &str, &str)| {
        format!(
            "--b\r\nContent-Type: {media_type}; name=\"{name}\"\r\nContent-Disposition: attachment; \
             filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{content}\r\n"
        )
    };
    let parts = files.iter().map(part).collect::<Vec<_>>().concat();
    mail + &parts + "--b--\r\n"
}

async fn attachments_come_along_by_the_same_rules() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    let files = [("apres.png", "image/png", PIXEL), ("devis.docx", "application/msword", "UEsDBBQABgAIAAAAIQA=")];
    let taken = hand_in(&server, &with_files(letter, "Voici.", &files)).await;
    assert_eq!((outcome(&taken), &taken["attachments"]), (("placed", ""), &json!(1)));
    assert_eq!(taken["refused_attachments"], json!([{ "name": "devis.docx", "why": "unknown_type" }]));
    let officer = city.agent().await;
    let messages = written(&officer, &ticket, "referrer_messages").await;
    assert_eq!(messages[0]["text"], "Voici.\n(Pièce jointe non conservée : devis.docx, ni photographie ni PDF.)");
    let kept = written(&officer, &ticket, "attachments").await;
    assert_eq!((kept.len(), &kept[0]["name"], &kept[0]["media_type"]), (1, &json!("apres.jpg"), &json!("image/jpeg")));
    let timeline = officer.timeline(&ticket).await;
    assert_eq!(timeline.last().unwrap()["type"], "attachment_added");
    assert_eq!(city.database.count("select count(*) from stray_file").await, 0);

    // Of an e-mail that is not placed, nothing is kept.
    let foreign = with_files(letter, "Voici.", &files[..1]).replace(MAILBOX, "x@ailleurs.example");
    assert_eq!(outcome(&hand_in(&server, &foreign).await), ("unplaced", "unknown_sender"));
    assert_eq!(unplaced(&city).await[0]["attachments"], json!(["apres.png"]));
    assert_eq!(city.database.count("select count(*) from stray_file").await, 0);
    // A photograph alone says something too.
    let alone = with_files(letter, "", &files[..1]).replace("files-1", "files-alone");
    assert_eq!(outcome(&hand_in(&server, &alone).await), ("placed", ""));
    city.stop().await;
}

async fn attachments_after_the_twentieth_are_named() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    let names: Vec<String> = (1..=22).map(|n| format!("photo-{n}.png")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "image/png", PIXEL)).collect();
    let taken = hand_in(&server, &with_files(letter, "Voici.", &files)).await;
    assert_eq!((outcome(&taken), &taken["attachments"]), (("placed", ""), &json!(20)));
    let lost = |name: &str| json!({ "name": name, "why": "attachments_full" });
    assert_eq!(taken["refused_attachments"], json!([lost("photo-21.png"), lost("photo-22.png")]));
    let messages = written(&city.agent().await, &ticket, "referrer_messages").await;
    let text = messages[0]["text"].as_str().unwrap();
    assert!(text.contains("photo-21.png") && text.contains("photo-22.png"), "{text}");
    let foreign = with_files(letter, "Voici.", &files).replace(MAILBOX, "x@ailleurs.example");
    assert_eq!(outcome(&hand_in(&server, &foreign).await), ("unplaced", "unknown_sender"));
    assert_eq!(unplaced(&city).await[0]["attachments"], json!(names));
    city.stop().await;
}

async fn the_same_e_mail_again_does_nothing() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let mail = answer(&city.letters_to(MAILBOX)[0], MAILBOX, "1", "Fait.");
    let twice = futures_util::future::join(hand_in(&server, &mail), hand_in(&server, &mail)).await;
    assert_eq!(twice.0, twice.1);
    assert_eq!(hand_in(&server, &mail).await, twice.0);
    assert_eq!(written(&city.agent().await, &ticket, "referrer_messages").await.len(), 1);
    assert_eq!(city.drain().await, 1);
    let lost = "From: a@mail.example\r\nTo: retours@ville-amiens.example\r\nMessage-ID: <l@x>\r\n\r\nQui ?\r\n";
    for _ in 0..3 {
        hand_in(&server, lost).await;
    }
    assert_eq!(unplaced(&city).await.len(), 1);
    city.stop().await;
}

async fn machines_are_not_answered() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    for (n, header) in ["Auto-Submitted: auto-replied", "Precedence: bulk", "Return-Path: <>"].iter().enumerate() {
        let mail = answer(letter, MAILBOX, &n.to_string(), "Je suis absent.");
        let taken = hand_in(&server, &format!("{header}\r\n{mail}")).await;
        assert_eq!(outcome(&taken), ("ignored", "automatic"), "{header}");
    }
    // A letter of our own that comes back is one too.
    let own = city.letters_to(MAILBOX)[0].raw_message().to_vec();
    assert_eq!(outcome(&hand_in_raw(&server, own).await.ok()), ("ignored", "automatic"));
    let nothing = answer(letter, MAILBOX, "9", "");
    assert_eq!(outcome(&hand_in(&server, &nothing).await), ("ignored", "empty"));
    assert_eq!(written(&city.agent().await, &ticket, "referrer_messages").await.len(), 0);
    assert_eq!((city.drain().await, unplaced(&city).await.len()), (0, 0));
    // One that does not say so: it is not answered for ever.
    let mut placed = 0;
    for n in 100..160 {
        let taken = hand_in(&server, &answer(letter, MAILBOX, &n.to_string(), "Bien reçu.")).await;
        match outcome(&taken) {
            ("placed", _) => placed += 1,
            other => assert_eq!(other, ("unplaced", "too_many")),
        }
    }
    assert_eq!(placed, 50);
    city.stop().await;
}

async fn a_long_answer_is_kept_whole_or_goes_to_the_dispatcher() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    let words = "mot ".repeat(1200);
    assert_eq!(outcome(&hand_in(&server, &answer(letter, MAILBOX, "1", &words)).await), ("placed", ""));
    let messages = written(&city.agent().await, &ticket, "referrer_messages").await;
    let said = messages.iter().map(|message| message["text"].as_str().unwrap().matches("mot").count());
    assert_eq!((messages.len(), said.sum::<usize>()), (3, 1200));
    assert_eq!(city.drain().await, 1, "who is told is told once");
    let endless = "mot ".repeat(5000);
    assert_eq!(outcome(&hand_in(&server, &answer(letter, MAILBOX, "2", &endless)).await), ("unplaced", "too_long"));
    assert_eq!(unplaced(&city).await[0]["text"].as_str().unwrap().matches("mot").count(), 5000);
    city.stop().await;
}

async fn an_answer_after_the_end_is_told_to_the_dispatcher() {
    let (city, server) = city().await;
    let (ticket, proprete, dispatcher) = (city.dumping().await, city.proprete().await, city.dispatcher().await);
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    let resolved = proprete.resolve(&acknowledged).await.ok();
    dispatcher.close(&resolved).await.ok();
    city.drain().await;
    let letters = city.letters_to(RESIDENT);
    let mail = answer(letters.last().unwrap(), RESIDENT, "1", "C’est revenu.");
    assert_eq!(outcome(&hand_in(&server, &mail).await), ("placed", ""));
    assert_eq!(city.drain().await, 1, "the desk");
    // What left a moment ago gathers what follows.
    city.clock.forward(chrono::Duration::minutes(20));
    assert_eq!(city.drain().await, 2, "the service and the officer");
    let desk = city.letters_to("regulation@ville-amiens.example");
    assert_eq!(desk.len(), 1);
    assert!(subject(&desk[0]).ends_with(" : une réponse qu’aucun service ne traite"), "{}", subject(&desk[0]));
    // The desk does not read that the officer wrote, when the service did.
    let server = later(&city).await;
    let late = answer(&city.letters_to(MAILBOX)[0], MAILBOX, "2", "Nous y retournons.");
    assert_eq!(outcome(&hand_in(&server, &late).await), ("placed", ""));
    city.clock.forward(chrono::Duration::minutes(20));
    city.drain().await;
    let desk = city.letters_to("regulation@ville-amiens.example");
    assert_eq!(desk.len(), 2);
    assert!(!desk[1].body_text(0).unwrap().contains("référent"), "{:?}", desk[1].body_text(0));
    city.stop().await;
}

async fn only_a_mail_server_hands_in_and_anything_it_hands_in_is_answered() {
    let (city, server) = city().await;
    for other in [city.agent().await, city.admin().await, program(&city, &["tickets:write", "tickets:read"]).await] {
        hand_in_raw(&other, b"From: a@b.example\r\n\r\nx".to_vec()).await.lacks("hand_in_mail");
    }
    hand_in_raw(&city.stranger(), b"From: a@b.example\r\n\r\nx".to_vec()).await.refused(401, "unauthenticated");
    let mut seed: u64 = 7;
    for length in [0_usize, 1, 2, 10, 100, 1000, 5000] {
        for _ in 0..5 {
            let bytes = (0..length).map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 56) as u8
            });
            hand_in_raw(&server, bytes.collect()).await.refused(422, "not_an_email");
        }
    }
    let request = server.request(reqwest::Method::POST, "/v1/inbound/email").header("Content-Type", "text/plain");
    server.send(request.body("From: a@b.example\r\n\r\nx")).await.refused(415, "unsupported_media_type");
    let query = "/v1/inbound/email?recipient=a@b.example&recipient=c@d.example";
    let request = server.request(reqwest::Method::POST, query).header("Content-Type", "message/rfc822");
    server.send(request.body("From: a@b.example\r\n\r\nx")).await.refused(400, "invalid_parameter");
    city.stop().await;
}
