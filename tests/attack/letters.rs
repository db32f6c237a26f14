//! Texts that would become a header, or another e-mail, of the e-mails that carry them.

use std::time::Duration;

use continuum::Mail;
use serde_json::json;

use super::rename;
use crate::client::register;
use crate::support::city::{City, dumping, email};
use crate::support::smtp::{Received, SmtpServer};

crate::tests![a_name_of_several_lines_is_refused, no_text_becomes_a_header_or_another_e_mail,];

/// What ends a line somewhere: CR LF, each alone, NEL, VT, FF.
const CONTROLS: [&str; 6] = ["\r\n", "\r", "\n", "\u{85}", "\u{b}", "\u{c}"];
/// Unicode's separators, which are no control characters.
const SEPARATORS: [&str; 2] = ["\u{2028}", "\u{2029}"];

const SOON: Duration = Duration::from_secs(20);
const HEADERS: [&str; 17] = [
    "auto-submitted",
    "content-language",
    "content-transfer-encoding",
    "content-type",
    "date",
    "feedback-id",
    "from",
    "in-reply-to",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "message-id",
    "mime-version",
    "references",
    "reply-to",
    "subject",
    "to",
    "x-auto-response-suppress",
];

async fn a_name_of_several_lines_is_refused() {
    let city = City::new().await;
    let (admin, dispatcher, agent) = (city.admin().await, city.dispatcher().await, city.agent().await);
    let place = json!({ "lat": 49.894, "lon": 2.302 });
    for end in CONTROLS {
        let name = format!("Étouvie{end}Bcc: evil@evil.example");
        let address = format!("a@ville.example{end}Bcc: evil@evil.example");
        let user = json!({ "email": "a@ville.example", "name": name, "roles": ["agent"] });
        let client = json!({ "name": name, "contact": "a@ville.example", "scopes": ["tickets:read"] });
        let contact = json!({ "name": "Appli", "contact": address, "scopes": ["tickets:read"] });
        let times = ("2026-03-12T09:00:00Z", "2026-03-12T10:00:00Z");
        let cafe = json!({ "title": name, "place": place, "starts_at": times.0, "ends_at": times.1 });
        let mut concern = dumping();
        concern["resident"] = json!({ "name": name, "email": "a@mail.example" });
        for (caller, path, body, field, code) in [
            (&admin, "/v1/users", user, "/name", "invalid"),
            (&admin, "/v1/clients", client, "/name", "invalid"),
            (&admin, "/v1/clients", contact, "/contact", "bad_format"),
            (&dispatcher, "/v1/cafes", cafe, "/title", "invalid"),
            (&agent, "/v1/concerns", concern, "/resident/name", "invalid"),
        ] {
            caller.post(path, &body).await.refused_fields(400, "invalid_request", &[(field, code)]);
        }
        let forgotten = city.stranger().post("/v1/passwords/forgotten", &json!({ "email": address })).await;
        forgotten.refused_fields(400, "invalid_request", &[("/email", "bad_format")]);
    }
    assert_eq!(city.drain().await, 0);
    city.stop().await;
}

/// The e-mail has the headers that e-mails of ours have, goes to one address, and ends where it ends.
fn is_ours(received: &Received) {
    let raw = std::str::from_utf8(&received.raw).unwrap();
    assert!(raw.is_ascii() && !raw.replace("\r\n", "").contains(['\r', '\n']), "{raw}");
    let (head, _) = raw.split_once("\r\n\r\n").unwrap();
    for line in head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
        let name = line.split(':').next().unwrap().to_ascii_lowercase();
        assert!(HEADERS.contains(&name.as_str()), "the header {name} is nobody's: {head}");
    }
    assert_eq!(received.envelope.to.len(), 1);
    let to: Vec<_> = received.message.to().unwrap().iter().filter_map(|to| to.address()).collect();
    assert_eq!(to, [received.envelope.to[0].as_str()], "{head}");
    assert!(received.message.bcc().is_none() && received.message.cc().is_none(), "{head}");
    assert!(!received.envelope.to[0].contains("evil"), "{head}");
    assert!(!received.envelope.from.contains("evil"), "{head}");
    let from = received.message.from().unwrap();
    assert_eq!(
        from.iter().filter_map(|from| from.address()).collect::<Vec<_>>(),
        ["cafes-police@ville-amiens.example"]
    );
    let subject = received.message.subject().unwrap();
    let ends = |c: char| c.is_control() || SEPARATORS.concat().contains(c);
    assert!(!subject.contains(ends), "{subject:?}");
    // Nothing that is written can begin a line with a name that looks like a header's.
    for line in received.message.body_text(0).unwrap().lines() {
        assert!(!line.starts_with("Bcc:") && line != ".", "{line}");
    }
}

async fn no_text_becomes_a_header_or_another_e_mail() {
    let server = SmtpServer::start();
    let url = server.url();
    let city = City::with(|config| config.mail = Mail::Smtp(url.into())).await;
    let ends = CONTROLS.concat() + &SEPARATORS.concat();
    let hostile = format!(
        "{ends}Bcc: evil@evil.example\r\nX-Evil: 1\r\n\r\n<b>x\r\n.\r\nMAIL FROM:<evil@evil.example>\r\nRCPT \
         TO:<evil@evil.example>\r\nDATA\r\n\n.\n\r.\rBcc: evil@evil.example"
    );
    rename(&city, |name| name.push_str(&hostile)).await;
    let said = hostile.replace(['\u{85}', '\u{b}', '\u{c}'], "");
    let admin = city.admin().await;
    for separator in SEPARATORS {
        let name = format!("Étouvie{separator}Bcc: evil@evil.example");
        let who = format!("etouvie-{}@ville-amiens.example", u32::from(separator.chars().next().unwrap()));
        admin.post("/v1/users", &json!({ "email": who, "name": name, "roles": ["agent"] })).await.created();
        let client = json!({ "name": name, "contact": who, "scopes": ["tickets:read"] });
        let client = admin.post("/v1/clients", &client).await.created();
        let secrets = format!("/v1/clients/{}/secrets", client["id"].as_str().unwrap());
        admin.post(&secrets, &json!({ "kind": "secret" })).await.created();
    }
    register(&city, &["tickets:read"], &[]).await;
    city.stranger().post("/v1/passwords/forgotten", &json!({ "email": email("amelie.petit") })).await.is(202);
    let mut body = dumping();
    (body["description"], body["place"]["address"]) = (json!(said), json!("12 rue\u{2028}Bcc: evil@evil.example"));
    body["resident"]["name"] = json!("Jeanne\u{2029}Bcc: evil@evil.example");
    let ticket = city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    let proprete = city.proprete().await;
    let ticket = proprete.act(&ticket, "acknowledge", &json!({ "note": said })).await.ok();
    let done = json!({ "closure_reason": "work_done", "message_to_resident": said });
    proprete.act(&ticket, "resolve", &done).await.ok();
    let sent = city.drain().await;
    assert!(sent >= 6, "{sent}");
    let messages = server.wait_for(sent, SOON).await;
    assert_eq!(messages.len(), sent, "no e-mail holds another one");
    messages.iter().for_each(is_ours);
    city.stop().await;
}
