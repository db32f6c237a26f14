//! The link comes by e-mail, and following it changes nothing.

use std::time::Duration;

use continuum::Mail;
use reqwest::Method;
use serde_json::json;

use super::{LANDLORD, hall, openings, page, passed_on, read, referred};
use crate::support::city::{City, link};
use crate::support::smtp::SmtpServer;

crate::tests![
    the_mail_carries_a_link_and_not_a_word_of_the_concern,
    following_the_link_changes_nothing_and_is_logged,
    who_followed_the_links_is_for_dispatchers,
    a_service_without_links_gets_its_mail_as_ever,
];

async fn the_mail_carries_a_link_and_not_a_word_of_the_concern() {
    let server = SmtpServer::start();
    let url = server.url();
    let city = City::with(|config| config.mail = Mail::Smtp(url.into())).await;
    city.agent().await.post("/v1/concerns", &hall()).await.created();
    city.drain().await;
    let received = server.wait_for(1, Duration::from_secs(10)).await;
    let mail = received.iter().find(|mail| mail.envelope.to == [LANDLORD]).unwrap();
    assert_eq!(
        mail.message.subject(),
        Some(
            "Saisine AMI-26-000001\u{a0}: réponse attendue avant le 12/03/2026 à 17 h 30"
                .replace(" h ", "\u{a0}h\u{a0}")
                .as_str()
        )
    );
    let (text, html) = (mail.message.body_text(0).unwrap(), mail.message.body_html(0).unwrap());
    for part in [&text, &html] {
        for said in
            ["Vous recevez cette saisine au titre de la convention de tranquillité résidentielle", "18/03/2026 à 10"]
        {
            assert!(part.contains(said), "{said}: {part}");
        }
        for hidden in ["groupe", "Pigeonnier", "bâtiment B", "habitante", "Claire", "Delattre", "/v1/tickets/"] {
            assert!(!part.contains(hidden), "the e-mail tells {hidden}: {part}");
        }
    }
    let path = link(&mail.message, "/v1/partners/");
    assert_eq!(read(&city, &path).await.ok()["description"], "Un groupe occupe le hall chaque soir");
    city.stop().await;
}

async fn following_the_link_changes_nothing_and_is_logged() {
    let city = City::new().await;
    let (ticket, path) = referred(&city).await;
    let marks = "select (select sum(version) from ticket)::bigint + (select count(*) from ticket_event)
                 + (select count(*) from outbox) + (select count(*) from partner_link)
                 + (select count(*) from handover where received_at is not null)";
    let before = city.database.count(marks).await;
    let reply = page(&city, &path).await;
    assert_eq!(
        (reply.is(200).header("cache-control"), reply.header("referrer-policy"), reply.header("x-robots-tag")),
        (Some("no-store"), Some("no-referrer"), Some("noindex, nofollow"))
    );
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self';"), "{policy}");
    let read = read(&city, &path).await;
    assert_eq!((read.header("etag"), read.ok().get("received_at")), (Some("\"1\""), None));
    let stranger = city.stranger();
    for _ in 0..2 {
        // Scanners look whether there is something before they fetch it.
        let head = stranger.send(stranger.request(Method::HEAD, &path)).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""));
    }
    assert_eq!(city.database.count(marks).await, before);
    assert_eq!(openings(&city, &ticket).await, ["opened"; 4]);
    city.stop().await;
}

async fn who_followed_the_links_is_for_dispatchers() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    page(&city, &path).await.is(200);
    let of = format!("/v1/tickets/{}/openings", ticket["id"].as_str().unwrap());
    let openings = city.dispatcher().await.get(&of).await.ok();
    assert_eq!(
        openings["items"],
        json!([{
            "at": "2026-03-10T09:00:00Z",
            "service": { "code": "bailleur", "name": "Habitat du Beffroi (bailleur)" },
            "handover": 2,
            "what": "opened",
            "address": "127.0.0.1",
        }])
    );
    city.agent().await.get(&of).await.refused(403, "action_not_yours");
    city.voirie().await.get(&of).await.refused(404, "not_found");
    city.clock.forward(chrono::Duration::days(365));
    let store = &city.instance.context.store;
    let year_ago = || city.instance.context.now() - chrono::Duration::days(365);
    assert_eq!(store.clear_openings(year_ago()).await.unwrap(), 0);
    city.clock.forward(chrono::Duration::seconds(1));
    assert_eq!(store.clear_openings(year_ago()).await.unwrap(), 1);
    city.stop().await;
}

async fn a_service_without_links_gets_its_mail_as_ever() {
    let city = City::new().await;
    city.dumping().await;
    city.drain().await;
    let letters = city.letters_to("proprete@ville-amiens.example");
    assert_eq!(link(&letters[0], "/v1/tickets/"), "/v1/tickets/AMI-26-000001");
    assert_eq!(city.database.count("select count(*) from partner_link").await, 0);
    city.stop().await;
}
