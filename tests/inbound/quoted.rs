//! What an answer quotes is cut, and nothing that somebody says is lost with it.

use serde_json::json;

use super::{answer, city, empty, hand_in, outcome, unplaced, written};
use crate::support::city::{dumping, link};

crate::tests![
    answers_between_quoted_lines_and_lines_of_html_are_kept,
    an_answer_that_only_quotes_goes_to_the_dispatcher,
    a_personal_link_reaches_nobody_by_an_answer,
    attachments_that_are_not_kept_are_told,
    who_wrote_it_is_one,
    a_subject_tells_an_automatic_answer,
];

const MAILBOX: &str = "proprete@ville-amiens.example";

async fn answers_between_quoted_lines_and_lines_of_html_are_kept() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    let between = "Bonjour,\r\n\r\nLe 10/03/2026 à 10:04, Ville a écrit :\r\n> Où ?\r\nAu fond.\r\n> Quand ?\r\nHier.";
    assert_eq!(outcome(&hand_in(&server, &answer(letter, MAILBOX, "1", between)).await), ("placed", ""));
    let page = "<div>Fait&nbsp;:</div><ul><li>un matelas</li><li>un frigo</li></ul><blockquote type=\"cite\">Une saisine \
                vous est transmise.</blockquote>";
    let page = answer(letter, MAILBOX, "2", page).replace("text/plain", "text/html");
    assert_eq!(outcome(&hand_in(&server, &page).await), ("placed", ""));
    let messages = written(&city.agent().await, &ticket, "referrer_messages").await;
    assert_eq!(messages[0]["text"], "Bonjour,\n\n[…]\nAu fond.\n[…]\nHier.");
    assert_eq!(messages[1]["text"], "Fait\u{a0}:\nun matelas\nun frigo");
    city.stop().await;
}

async fn an_answer_that_only_quotes_goes_to_the_dispatcher() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    let all = "De : Ville <cafes@ville.example>\r\nEnvoyé : mardi 10 mars\r\nObjet : Saisine\r\n\r\nBonjour,\r\n\
               https://ville.example/suivi/secret\r\n\r\nFait ce matin.";
    assert_eq!(
        outcome(&hand_in(&server, &answer(letter, MAILBOX, "1", all)).await),
        ("unplaced", "nothing_of_their_own")
    );
    assert_eq!(written(&city.agent().await, &ticket, "referrer_messages").await.len(), 0);
    assert_eq!(city.drain().await, 1, "the desk");
    let waiting = unplaced(&city).await;
    assert_eq!((&waiting[0]["why"], &waiting[0]["ticket"]), (&json!("nothing_of_their_own"), &ticket["reference"]));
    let text = waiting[0]["text"].as_str().unwrap();
    assert!(text.ends_with("Fait ce matin."), "{text}");
    assert!(!text.contains("secret") && !text.contains("cafes@"), "{text}");
    let settle = format!("/v1/inbound/{}/settle", waiting[0]["id"].as_str().unwrap());
    city.dispatcher().await.post(&settle, &empty()).await.is(204);
    city.stop().await;
}

/// Whatever is not recognised as a quotation: whoever reads the answer gets no link to act in the resident's name.
async fn a_personal_link_reaches_nobody_by_an_answer() {
    let (city, server) = city().await;
    let mut body = dumping();
    body["category"] = json!("pothole");
    body["resident"] = json!({ "email": "resident@mail.example" });
    let filed = city.agent().await.post("/v1/concerns", &body).await.created();
    city.drain().await;
    let letter = &city.letters_to("resident@mail.example")[0];
    let token = link(letter, "/v1/tracking/").rsplit('/').next().unwrap().to_owned();
    let copied = format!(
        "Mon lien ne marche pas : https://ville.example/v1/tracking/{token}\r\n{}",
        letter.body_text(0).unwrap()
    );
    assert!(copied.matches(&token).count() > 1);
    let handed = hand_in(&server, &answer(letter, "resident@mail.example", "1", &copied)).await;
    assert_eq!(outcome(&handed), ("placed", ""));
    let messages = written(&city.voirie().await, &filed["tickets"][0], "resident_messages").await;
    assert!(messages[0]["text"].as_str().unwrap().starts_with("Mon lien ne marche pas : […]"), "{messages:?}");
    assert!(!serde_json::to_string(&messages).unwrap().contains(&token));
    city.stop().await;
}

async fn attachments_that_are_not_kept_are_told() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    let with = |id: &str, text: &str| {
        let parts = format!(
            "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--b\r\nContent-Type: text/plain; \
             name=\"notes.txt\"\r\nContent-Disposition: attachment; filename=\"notes.txt\"\r\n\r\nLe deuxième.\r\n--b\r\n\
             Content-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\nSubject: Devis\r\n\r\nCent euros.\r\n--b--"
        );
        let mixed = "Content-Type: multipart/mixed; boundary=\"b\"";
        answer(letter, MAILBOX, id, &parts).replacen("Content-Type: text/plain; charset=utf-8", mixed, 1)
    };
    let taken = hand_in(&server, &with("1", "Voici.")).await;
    assert_eq!(outcome(&taken), ("placed", ""));
    let refused = ["notes.txt", "message.eml"].map(|name| json!({ "name": name, "why": "unknown_type" }));
    assert_eq!(taken["refused_attachments"], json!(refused));
    let messages = written(&city.agent().await, &ticket, "referrer_messages").await;
    let told = "Voici.\n(Pièce jointe non conservée : notes.txt, ni photographie ni PDF.)\n\
                (Pièce jointe non conservée : message.eml, ni photographie ni PDF.)";
    assert_eq!(messages[0]["text"], told);
    assert_eq!(outcome(&hand_in(&server, &with("2", "")).await), ("unplaced", "nothing_of_their_own"));
    assert_eq!(unplaced(&city).await[0]["attachments"], json!(["notes.txt", "message.eml"]));
    city.stop().await;
}

async fn who_wrote_it_is_one() {
    let (city, server) = city().await;
    city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    for from in [
        format!("{MAILBOX}, x@ailleurs.example"),
        format!("x@ailleurs.example, {MAILBOX}"),
        format!("{MAILBOX}\r\nFrom: x@ailleurs.example"),
        format!("x@ailleurs.example\r\nFrom: {MAILBOX}"),
    ] {
        let taken = hand_in(&server, &answer(letter, &from, "1", "Fait.")).await;
        assert_eq!(outcome(&taken), ("unplaced", "unknown_sender"), "{from}");
    }
    assert_eq!(unplaced(&city).await[0]["from"], format!("{MAILBOX}, x@ailleurs.example"));
    city.stop().await;
}

async fn a_subject_tells_an_automatic_answer() {
    let (city, server) = city().await;
    city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    let of = |id: &str, subject: &str| {
        let mail = answer(letter, MAILBOX, id, "Je suis absent.");
        let own = format!("Subject: Re: {}", letter.subject().unwrap());
        assert!(mail.contains(&own));
        mail.replace(&own, &format!("Subject: {subject}"))
    };
    for (id, subject) in ["Absence", "Absent(e) du bureau", "Out of office", "Auto: Saisine"].iter().enumerate() {
        let taken = hand_in(&server, &of(&id.to_string(), subject)).await;
        assert_eq!(outcome(&taken), ("ignored", "automatic"), "{subject}");
    }
    let encoded = of("8", "=?utf-8?q?R=C3=A9ponse_automatique_=3A_Saisine?=");
    assert_eq!(outcome(&hand_in(&server, &encoded).await), ("ignored", "automatic"));
    assert_eq!(outcome(&hand_in(&server, &of("9", "Re: Absence de lampadaire")).await), ("placed", ""));
    city.stop().await;
}
