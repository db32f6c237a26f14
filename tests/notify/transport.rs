//! E-mail reaches a real SMTP server, in each way in which a city may be connected to one.

use std::time::{Duration, SystemTime};

use lettre::Message;
use notify::post::Post;
use notify::transport::{DeliveryError, Transport};

use store::outbox::Returns;

use crate::support::smtp::send::{letter, trusting};
use crate::support::smtp::{Behaviour, Encryption, SmtpServer};

crate::tests![
    a_letter_arrives_whole,
    a_line_that_begins_with_a_full_stop_arrives_as_it_is,
    many_letters_go_through_one_transport,
    starttls_and_a_login_are_used_when_the_url_says_so,
    tls_from_the_first_byte,
    a_server_that_cannot_prove_who_it_is_gets_nothing,
    a_server_without_starttls_gets_nothing_when_it_is_required,
    a_wrong_password_is_for_the_operator_and_costs_no_letter,
    a_refused_recipient_is_final_and_the_words_name_nobody,
    a_deferred_recipient_is_tried_again,
    an_address_beyond_ascii_is_final_for_a_server_that_takes_none,
    a_server_that_is_down_is_tried_again_and_found_when_it_is_back,
    a_server_that_turns_everybody_away_is_tried_again,
    an_answer_that_never_comes_is_not_taken_for_the_next_one,
];

const SOON: Duration = Duration::from_secs(10);

async fn send(transport: &Transport, to: &str, number: u128) -> Result<(), DeliveryError> {
    let (post, id) = letter(to, number);
    transport.deliver(&post, id).await
}

fn transient(outcome: Result<(), DeliveryError>) -> String {
    match outcome {
        Err(DeliveryError::Transient(words)) => words,
        other => panic!("not a transient trouble: {other:?}"),
    }
}

fn permanent(outcome: Result<(), DeliveryError>) -> String {
    match outcome {
        Err(DeliveryError::Permanent(words)) => words,
        other => panic!("not a permanent refusal: {other:?}"),
    }
}

fn gone(outcome: Result<(), DeliveryError>) -> String {
    match outcome {
        Err(DeliveryError::Gone(words)) => words,
        other => panic!("not an address that takes no mail: {other:?}"),
    }
}

async fn a_letter_arrives_whole() {
    let server = SmtpServer::start();
    let transport = Transport::smtp(&server.url()).unwrap();
    send(&transport, "habitante@x.example", 7).await.unwrap();

    let messages = server.wait_for(1, SOON).await;
    let [received] = messages.as_slice() else { panic!("{} e-mails", messages.len()) };
    assert_eq!(received.envelope.from, "cafes-police@ville-amiens.example");
    assert_eq!(received.envelope.to, ["habitante@x.example"]);
    assert!(!received.envelope.tls && !received.envelope.authenticated);
    assert_eq!(received.message.message_id(), Some("00000000-0000-0000-0000-000000000007@ville-amiens.example"));
    assert!(received.message.body_text(0).unwrap().contains("L’intervention a été faite."));
    assert!(received.message.body_html(0).unwrap().contains("Propreté urbaine"));
    assert!(received.raw.is_ascii());
}

async fn a_line_that_begins_with_a_full_stop_arrives_as_it_is() {
    let server = SmtpServer::start();
    let transport = Transport::smtp(&server.url()).unwrap();
    let (_, id) = letter("habitante@x.example", 1);
    let body = "first\r\n.\r\n..\r\n.last\r\n";
    let message = Message::builder()
        .from("cafes-police@ville-amiens.example".parse().unwrap())
        .to("habitante@x.example".parse().unwrap())
        .date(SystemTime::UNIX_EPOCH)
        .body(body.to_owned())
        .unwrap();
    let post = Post::new(message, None, &Returns::default(), None).unwrap();
    transport.deliver(&post, id).await.unwrap();
    let received = server.wait_for(1, SOON).await;
    assert_eq!(received[0].raw, post.message.formatted());
    assert!(received[0].raw.ends_with(body.as_bytes()));
}

async fn many_letters_go_through_one_transport() {
    let server = SmtpServer::start();
    let transport = Transport::smtp(&server.url()).unwrap();
    // More than one connection carries.
    for number in 1..=60 {
        send(&transport, "habitante@x.example", number).await.unwrap();
    }
    assert_eq!(server.wait_for(60, SOON).await.len(), 60);
}

async fn starttls_and_a_login_are_used_when_the_url_says_so() {
    let server = SmtpServer::start_with(Encryption::StartTls, Some(("continuum", "s3cret/+& é")));
    assert_eq!(trusting(Some(&server.certificate()), &server.url(), "habitante@x.example"), "delivered");
    let messages = server.wait_for(1, SOON).await;
    assert!(messages[0].envelope.tls && messages[0].envelope.authenticated);

    let described = Transport::smtp(&server.url()).unwrap();
    let shown = format!("{} {described:?}", described.describe());
    assert!(shown.contains("(STARTTLS, as continuum)") && !shown.contains("s3cret"), "{shown}");
}

async fn tls_from_the_first_byte() {
    let server = SmtpServer::start_with(Encryption::Implicit, None);
    assert_eq!(trusting(Some(&server.certificate()), &server.url(), "habitante@x.example"), "delivered");
    assert!(server.wait_for(1, SOON).await[0].envelope.tls);
}

async fn a_server_that_cannot_prove_who_it_is_gets_nothing() {
    for tls in [Encryption::StartTls, Encryption::Implicit] {
        let server = SmtpServer::start_with(tls, Some(("continuum", "s3cret")));
        let said = trusting(None, &server.url(), "habitante@x.example");
        assert!(said.starts_with("transient ") && !said.contains("s3cret"), "{said}");
        assert!(server.messages().is_empty());
    }
}

async fn a_server_without_starttls_gets_nothing_when_it_is_required() {
    let server = SmtpServer::start();
    let transport = Transport::smtp(&format!("{}?tls=required", server.url())).unwrap();
    let words = transient(send(&transport, "habitante@x.example", 1).await);
    assert!(words.contains("STARTTLS"), "{words}");
    assert!(server.messages().is_empty());
}

async fn a_wrong_password_is_for_the_operator_and_costs_no_letter() {
    let server = SmtpServer::start_with(Encryption::Implicit, Some(("continuum", "right")));
    let url = server.url().replace("right", "wr0ng");
    let said = trusting(Some(&server.certificate()), &url, "habitante@x.example");
    assert!(said.starts_with("transient 535 ") && !said.contains("wr0ng"), "{said}");
}

async fn a_refused_recipient_is_final_and_the_words_name_nobody() {
    let server = SmtpServer::start();
    let transport = Transport::smtp(&server.url()).unwrap();
    let left = "parti@x.example";
    let words = "550 5.1.1 <parti@x.example> no such user: parti (ask postmaster@x.example)";
    server.behave(&Behaviour { refuse: [(left.to_owned(), words.to_owned())].into(), ..Behaviour::default() });
    assert_eq!(gone(send(&transport, left, 1).await), "550 5.1.1 <[adresse]> no such user: [adresse] (ask [adresse])");
    // What is refused for another reason says nothing of the address.
    for words in ["552 5.2.2 mailbox full", "550 5.7.1 not from you", "550 no"] {
        server.behave(&Behaviour { refuse: [(left.to_owned(), words.to_owned())].into(), ..Behaviour::default() });
        assert_eq!(permanent(send(&transport, left, 1).await), words);
    }
    // The others are not concerned.
    send(&transport, "habitante@x.example", 2).await.unwrap();
    assert_eq!(server.wait_for(1, SOON).await.len(), 1);
}

async fn a_deferred_recipient_is_tried_again() {
    let server = SmtpServer::start();
    let transport = Transport::smtp(&server.url()).unwrap();
    let busy = "occupe@x.example";
    let words = "451 4.2.1 <occupe@x.example> busy";
    server.behave(&Behaviour { defer: [(busy.to_owned(), words.to_owned())].into(), ..Behaviour::default() });
    assert_eq!(transient(send(&transport, busy, 1).await), "451 4.2.1 <[adresse]> busy");
    server.behave(&Behaviour::default());
    send(&transport, busy, 1).await.unwrap();
}

async fn an_address_beyond_ascii_is_final_for_a_server_that_takes_none() {
    let server = SmtpServer::start();
    let transport = Transport::smtp(&server.url()).unwrap();
    let words = permanent(send(&transport, "élodie@x.example", 1).await);
    assert!(words.contains("SMTPUTF8"), "{words}");
}

async fn a_server_that_is_down_is_tried_again_and_found_when_it_is_back() {
    let mut server = SmtpServer::start();
    let transport = Transport::smtp(&server.url()).unwrap();
    send(&transport, "habitante@x.example", 1).await.unwrap();
    server.stop();
    // Once over the connection that was kept, once over none.
    for _ in 0..2 {
        transient(send(&transport, "habitante@x.example", 2).await);
    }
    server.restart();
    send(&transport, "habitante@x.example", 2).await.unwrap();
    assert_eq!(server.wait_for(2, SOON).await.len(), 2);
}

async fn a_server_that_turns_everybody_away_is_tried_again() {
    let server = SmtpServer::start();
    let transport = Transport::smtp(&server.url()).unwrap();
    send(&transport, "habitante@x.example", 1).await.unwrap();
    for words in ["421 4.3.2 closing", "554 5.3.2 no service today"] {
        server.behave(&Behaviour { reject_all: Some(words.to_owned()), ..Behaviour::default() });
        transient(send(&transport, "habitante@x.example", 2).await);
    }
    server.behave(&Behaviour::default());
    send(&transport, "habitante@x.example", 2).await.unwrap();
}

async fn an_answer_that_never_comes_is_not_taken_for_the_next_one() {
    let server = SmtpServer::start();
    let transport = Transport::smtp(&format!("{}?timeout=1", server.url())).unwrap();
    server.behave(&Behaviour { hang_after_data: true, ..Behaviour::default() });
    let words = transient(send(&transport, "habitante@x.example", 1).await);
    assert!(words.contains("within 1 s"), "{words}");
    // It arrived all the same; the repeat carries the same Message-ID.
    server.wait_for(1, SOON).await;
    server.behave(&Behaviour::default());
    send(&transport, "habitante@x.example", 1).await.unwrap();
    let messages = server.wait_for(2, SOON).await;
    assert_eq!(messages[0].message.message_id(), messages[1].message.message_id());
    let left = "parti@x.example";
    let refusal = "550 5.1.1 no such user".to_owned();
    server.behave(&Behaviour { refuse: [(left.to_owned(), refusal)].into(), ..Behaviour::default() });
    gone(send(&transport, left, 2).await);
}
