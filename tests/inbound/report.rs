//! Reports that something did not arrive.

use serde_json::json;

use super::{city, hand_in, outcome, reply_to, reports_to, unplaced};

crate::tests![a_report_mutes_the_address_and_tells_the_referrer, a_report_that_nobody_can_have_caused_mutes_nobody];

const RESIDENT: &str = "habitante@mail.example";
const OFFICER: &str = "claire.delattre@ville-amiens.example";

/// A delivery status notification (RFC 3464), as Postfix writes it.
pub(super) fn report(to: &str, action: &str, status: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example (Mail Delivery System)\r\nTo: {to}\r\nMessage-ID: \
         <{action}-{status}@mx.example>\r\nSubject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: \
         auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; \
         boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nI could not deliver it.\r\n--b\r\nContent-Type: \
         message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; \
         {RESIDENT}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; 550 unknown\r\n\r\n--b\r\n\
         Content-Type: text/rfc822-headers\r\n\r\nSubject: Votre demande\r\n\r\n--b--\r\n"
    )
}

async fn a_report_mutes_the_address_and_tells_the_referrer() {
    let (city, server) = city().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    city.drain().await;
    let letters = city.letters_to(RESIDENT);
    let back = reports_to(letters.last().unwrap());
    // What will pass by itself changes nothing.
    for (action, status) in [("delayed", "4.4.1"), ("failed", "5.2.2"), ("failed", "4.4.7")] {
        assert_eq!(outcome(&hand_in(&server, &report(&back, action, status)).await), ("ignored", "report"));
    }
    // Whoever may answer cannot say that it did not arrive, at neither address.
    let answers = reply_to(letters.last().unwrap());
    for to in [answers.clone(), answers.replace("+r", "+b")] {
        assert_eq!(outcome(&hand_in(&server, &report(&to, "failed", "5.1.1")).await), ("ignored", "report"));
    }
    let gone = report(&back, "failed", "5.1.1");
    assert_eq!(outcome(&hand_in(&server, &gone).await), ("bounced", ""));
    assert_eq!(outcome(&hand_in(&server, &gone).await), ("bounced", ""), "a report that comes twice");
    city.clock.forward(chrono::TimeDelta::minutes(20));
    let proprete = city.proprete().await;
    assert_eq!(city.drain().await, 1, "the officer, once");
    let told = city.letters_to(OFFICER);
    assert!(told.iter().any(|letter| letter.subject().unwrap().contains("ne reçoit pas nos messages")));
    proprete.resolve(&acknowledged).await.ok();
    city.clock.forward(chrono::TimeDelta::minutes(20));
    assert_eq!(city.drain().await, 1, "the officer alone");
    assert_eq!(city.letters_to(RESIDENT).len(), letters.len());
    assert_eq!(unplaced(&city).await, Vec::<serde_json::Value>::new());
    city.stop().await;
}

async fn a_report_that_nobody_can_have_caused_mutes_nobody() {
    let (city, server) = city().await;
    let ticket = city.dumping().await;
    city.proprete().await.acknowledge(&ticket).await.ok();
    city.drain().await;
    for to in ["retours@ville-amiens.example", "retours+baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@ville-amiens.example"]
    {
        assert_eq!(outcome(&hand_in(&server, &report(to, "failed", "5.1.1")).await), ("ignored", "report"));
    }
    assert_eq!(city.database.count("select count(*) from muted_address").await, 0);
    let path = format!("/v1/tickets/{}/resident_messages", ticket["id"].as_str().unwrap());
    city.proprete().await.post(&path, &json!({ "text": "Nous passons demain." })).await.created();
    city.stop().await;
}
