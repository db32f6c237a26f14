//! What is one e-mail: delivered twice it does nothing twice, and nothing else is taken for it.

use reqwest::Method;
use serde_json::Value;

use super::{answer, city, hand_in, outcome, reply_to, unplaced, written};
use crate::support::caller::Caller;

crate::tests![
    copies_for_two_tickets_are_two_answers,
    copies_that_took_different_ways_are_one_answer,
    other_words_under_the_same_message_id_are_not_lost,
    e_mails_without_a_message_id_are_told_apart,
];

const MAILBOX: &str = "proprete@ville-amiens.example";

async fn delivered_to(server: &Caller, recipient: &str, mail: &str) -> Value {
    let recipient = recipient.replace('+', "%2B").replace('@', "%40");
    let path = format!("/v1/inbound/email?recipient={recipient}");
    let request = server.request(Method::POST, &path).header("Content-Type", "message/rfc822");
    server.send(request.body(mail.to_owned())).await.ok()
}

async fn texts(reader: &Caller, ticket: &Value) -> Vec<String> {
    let messages = written(reader, ticket, "referrer_messages").await;
    messages.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
}

async fn copies_for_two_tickets_are_two_answers() {
    let (city, server) = city().await;
    let (one, other) = (city.dumping().await, city.dumping().await);
    city.drain().await;
    let letters = city.letters_to(MAILBOX);
    let of = |ticket: &Value| {
        let reference = ticket["reference"].as_str().unwrap();
        letters.iter().find(|letter| letter.subject().unwrap().contains(reference)).unwrap()
    };
    let (first, second) = (reply_to(of(&one)), reply_to(of(&other)));
    let both = |id: &str| {
        answer(of(&one), MAILBOX, id, "Les deux sont enlevés.").replacen(&first, &format!("{first}, {second}"), 1)
    };
    let agent = city.agent().await;
    // The mail server says to whom each copy went…
    for (to, ticket) in [(&first, &one), (&second, &other)] {
        let taken = delivered_to(&server, to, &both("1")).await;
        assert_eq!((outcome(&taken), &taken["ticket"]), (("placed", ""), &ticket["reference"]));
    }
    // … or the copy itself does.
    for (to, ticket) in [(&second, &other), (&first, &one)] {
        for header in ["Delivered-To", "X-Original-To"] {
            let taken = hand_in(&server, &format!("{header}: {to}\r\n{}", both("2"))).await;
            assert_eq!((outcome(&taken), &taken["ticket"]), (("placed", ""), &ticket["reference"]), "{header}");
        }
    }
    for ticket in [&one, &other] {
        assert_eq!(texts(&agent, ticket).await, ["Les deux sont enlevés."; 2]);
    }
    city.stop().await;
}

async fn copies_that_took_different_ways_are_one_answer() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    let mail = answer(letter, MAILBOX, "1", "C’est fait.");
    let to = reply_to(letter);
    let placed = hand_in(&server, &mail).await;
    assert_eq!(outcome(&placed), ("placed", ""));
    // By another way, to the address in other letters, in another transfer encoding.
    let relayed =
        format!("Received: from mx2.mail.example by ville.example; Tue, 10 Mar 2026 10:04:00 +0100\r\n{mail}");
    assert_eq!(hand_in(&server, &relayed).await, placed);
    assert_eq!(delivered_to(&server, &to, &relayed).await, placed);
    assert_eq!(delivered_to(&server, &to.to_uppercase(), &mail).await, placed);
    assert_eq!(delivered_to(&server, "retours@ville-amiens.example", &mail).await, placed);
    let encoded = mail.replace("C’est fait.", "C=E2=80=99est fait.").replacen(
        "MIME-Version",
        "Content-Transfer-Encoding: quoted-printable\r\nMIME-Version",
        1,
    );
    assert_eq!(hand_in(&server, &encoded).await, placed);
    assert_eq!(texts(&city.agent().await, &ticket).await, ["C’est fait."]);
    city.stop().await;
}

async fn other_words_under_the_same_message_id_are_not_lost() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    for text in ["Nous passons demain.", "Non, jeudi.", "Non, jeudi."] {
        assert_eq!(outcome(&hand_in(&server, &answer(letter, MAILBOX, "1", text)).await), ("placed", ""));
    }
    assert_eq!(texts(&city.agent().await, &ticket).await, ["Nous passons demain.", "Non, jeudi."]);
    // Nor does who forges the id of another's e-mail keep that one away.
    let forged = answer(letter, "quelquun@ailleurs.example", "2", "Enlevé.");
    assert_eq!(outcome(&hand_in(&server, &forged).await), ("unplaced", "unknown_sender"));
    let own = answer(letter, MAILBOX, "2", "Enlevé.");
    assert_eq!(outcome(&hand_in(&server, &own).await), ("placed", ""));
    for text in ["Qui répond ?", "Et quand ?", "Et quand ?"] {
        let lost = "From: a@mail.example\r\nTo: retours@ville-amiens.example\r\nMessage-ID: <l@x>\r\n\r\n";
        assert_eq!(outcome(&hand_in(&server, &format!("{lost}{text}\r\n")).await), ("unplaced", "no_token"));
    }
    assert_eq!(unplaced(&city).await.len(), 3);
    city.stop().await;
}

async fn e_mails_without_a_message_id_are_told_apart() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let letter = &city.letters_to(MAILBOX)[0];
    let mail = |minute: &str| {
        let dated = format!("Date: Tue, 10 Mar 2026 10:{minute}:00 +0100");
        answer(letter, MAILBOX, "1", "Bien reçu.").replacen("Message-ID: <1@mail.example>", &dated, 1)
    };
    for minute in ["04", "04", "05"] {
        assert_eq!(outcome(&hand_in(&server, &mail(minute)).await), ("placed", ""));
        let relayed = format!("Received: from mx2.mail.example by ville.example; {minute}\r\n{}", mail(minute));
        assert_eq!(outcome(&hand_in(&server, &relayed).await), ("placed", ""));
    }
    assert_eq!(texts(&city.agent().await, &ticket).await, ["Bien reçu."; 2]);
    city.stop().await;
}
