//! The link comes by e-mail, and following it changes nothing.

use std::time::Duration;

use continuum::Mail;
use mail_parser::Message;
use reqwest::Method;
use serde_json::json;

use super::{LANDLORD, act, change_service, hall, openings, page, passed_on, read, referred, run};
use crate::support::city::{City, link};
use crate::support::smtp::SmtpServer;

crate::tests![
    the_mail_carries_a_link_and_not_a_word_of_the_concern,
    following_the_link_changes_nothing_and_is_logged,
    who_followed_the_links_is_for_dispatchers,
    a_service_without_links_gets_its_mail_as_ever,
    a_partner_that_is_given_access_later_gets_links_to_what_it_has,
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

async fn a_partner_that_is_given_access_later_gets_links_to_what_it_has() {
    let city = City::new().await;
    let access =
        city.instance.context.city().unwrap().city.service(&"bailleur".parse().unwrap()).unwrap().access.clone();
    change_service(&city, "bailleur", |service| service.access = None).await;
    let file = async || city.agent().await.post("/v1/concerns", &hall()).await.created()["tickets"][0].clone();
    let (late, waiting) = (file().await, file().await);
    city.drain().await;
    run(&city).await;
    assert_eq!(city.database.count("select count(*) from partner_link").await, 0);
    // The first one's answer is overdue: it goes back to the desk, as silence does.
    let statement = format!(
        "update ticket set handed_over_at = handed_over_at - interval '10 days' where id = '{}'",
        late["id"].as_str().unwrap()
    );
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut city.database.connection().await).await.unwrap();
    change_service(&city, "bailleur", |service| service.access = access).await;
    let second = city.second().await;
    usecases::city::reload(&second.context).await.unwrap();
    let (here, there) = tokio::join!(
        usecases::ticket::run_clocks(&city.instance.context),
        usecases::ticket::run_clocks(&second.context)
    );
    assert!(here.unwrap() + there.unwrap() > 0);
    run(&city).await;
    city.drain().await;
    assert_eq!(city.database.count("select count(*) from partner_link").await, 1, "each once, whoever is at work");
    let with_link = |letter: &Message<'_>| letter.body_text(0).unwrap().contains("/v1/partners/");
    let letters = city.letters_to(LANDLORD);
    let letters: Vec<_> = letters.iter().filter(|letter| with_link(letter)).collect();
    assert_eq!(letters.len(), 1);
    let path = link(letters[0], "/v1/partners/");
    assert_eq!(read(&city, &path).await.ok()["reference"], waiting["reference"]);
    assert_eq!(act(&city, &path, 1, "acknowledge", &json!({})).await.ok()["state"], "acknowledged");
    // Another change of the city sends nothing again.
    change_service(&city, "bailleur", |service| service.phone = Some("03 22 00 00 00".to_owned())).await;
    let before = city.letters_to(LANDLORD).len();
    run(&city).await;
    city.drain().await;
    assert_eq!(city.letters_to(LANDLORD).len(), before);
    second.stop().await;
    city.stop().await;
}
