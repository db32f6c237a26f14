//! The resident's link.

pub mod browser;
pub mod feedback;
pub mod link;
pub mod mails;
pub mod slip;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::caller::Reply;
use crate::support::city::{City, dumping, link as link_in};

crate::tests![
    the_link_in_the_letter_shows_how_it_goes,
    the_page_is_in_the_residents_language_and_keeps_to_itself,
    each_step_says_what_comes_next_and_by_when,
    a_called_off_ticket_is_told_to_its_resident,
    why_a_ticket_was_called_off_is_read_on_the_page,
    a_request_that_goes_to_another_organisation_is_told_to_its_resident,
    nothing_changes_when_a_link_is_followed,
    a_link_that_leads_nowhere_says_so,
];

pub async fn json_at(city: &City, path: &str) -> Value {
    let stranger = city.stranger();
    stranger.send(stranger.request(Method::GET, path).header("Accept", "application/json")).await.ok()
}

pub async fn page_at(city: &City, path: &str) -> Reply {
    let stranger = city.stranger();
    stranger.send(stranger.request(Method::GET, path).header("Accept", "text/html,*/*;q=0.8")).await
}

/// A ticket that was acknowledged, and the path of its resident's link.
async fn followed(city: &City, language: &str) -> (Value, String) {
    let mut body = dumping();
    body["resident"]["language"] = json!(language);
    let filed = city.agent().await.post("/v1/concerns", &body).await.created();
    let proprete = city.proprete().await;
    let note = json!({ "note": "Une note du service", "expected_on": "2026-03-13" });
    let ticket = proprete.act(&filed["tickets"][0], "acknowledge", &note).await.ok();
    city.drain().await;
    let path = link_in(&city.letters_to("habitante@mail.example")[0], "/v1/tracking/");
    (ticket, path)
}

async fn the_link_in_the_letter_shows_how_it_goes() {
    let city = City::new().await;
    let (ticket, path) = followed(&city, "fr").await;
    let page = page_at(&city, &path).await.is(200).text.clone();
    assert!(page.contains("<a href=\"tel:0322974040\">03 22 97 40 40</a>"), "{page}");
    let tracked = json_at(&city, &path).await;
    assert_eq!((&tracked["category"], &tracked["language"]), (&json!("Dépôt sauvage"), &json!("fr")));
    let first = &tracked["tickets"][0];
    assert_eq!((&first["state"], &first["expected_on"]), (&json!("acknowledged"), &json!("2026-03-13")));
    assert_eq!((&first["messages"], first.get("outcome")), (&json!([]), None));
    let body = json!({ "closure_reason": "nothing_found", "message_to_resident": "Nous n’avons rien trouvé." });
    city.proprete().await.act(&ticket, "resolve", &body).await.ok();
    let first = json_at(&city, &path).await["tickets"][0].clone();
    assert_eq!(first["state"], "resolved");
    assert_eq!(first["messages"], json!([{ "at": "2026-03-10T09:00:00Z", "text": "Nous n’avons rien trouvé." }]));
    assert_eq!(first["outcome"]["label"], "Le service s’est rendu sur place et n’a rien constaté.");
    city.stop().await;
}

async fn the_page_is_in_the_residents_language_and_keeps_to_itself() {
    let city = City::new().await;
    for (language, says) in [("fr", "Votre demande"), ("en", "Your request")] {
        let city = City::new().await;
        let (ticket, path) = followed(&city, language).await;
        let body = json!({ "closure_reason": "work_done", "message_to_resident": "<b>C’est</b> fait & bien." });
        city.proprete().await.act(&ticket, "resolve", &body).await.ok();
        let reply = page_at(&city, &path).await;
        let page = &reply.is(200).text;
        assert!(page.contains(says) && page.contains(&format!("<html lang=\"{language}\">")), "{page}");
        assert!(page.contains("&lt;b&gt;C’est&lt;") && page.contains("AMI-26-000001"), "{page}");
        for hidden in ["matelas", "note du service", "Amélie", "Claire", "habitante", "Pigeonnier", "<script", "http"]
        {
            assert!(!page.contains(hidden), "the page shows {hidden}");
        }
        assert_eq!(
            (reply.header("cache-control"), reply.header("referrer-policy")),
            (Some("no-store"), Some("no-referrer"))
        );
        assert!(reply.header("x-robots-tag").unwrap().contains("noindex"));
        assert!(reply.header("content-security-policy").unwrap().starts_with("default-src 'none'; style-src 'self'"));
        city.stop().await;
    }
    city.stop().await;
}

async fn each_step_says_what_comes_next_and_by_when() {
    let city = City::new().await;
    let (ticket, path) = followed(&city, "fr").await;
    let next = async || json_at(&city, &path).await["tickets"][0]["next"].as_str().unwrap().to_owned();
    assert_eq!(next().await, "Le service prévoit d’intervenir le 13/03/2026, puis vous dira quelle suite est donnée.");
    city.clock.set("2026-03-14T09:00:00Z");
    let due = ticket["resolve_due_at"].as_str().unwrap();
    let day = format!("{}/{}/{}", &due[8..10], &due[5..7], &due[..4]);
    let proprete = city.proprete().await;
    let late = due < "2026-03-14";
    let promise = if late { "aurait dû vous répondre le" } else { "vous répondra d’ici au" };
    assert!(next().await.contains(promise) && next().await.contains(&day), "{}", next().await);
    city.clock.set("2027-01-01T09:00:00Z");
    assert_eq!(next().await, format!("Le service aurait dû vous répondre le {day} : nous le relançons."));
    city.clock.set("2026-03-14T09:00:00Z");
    let held = json!({ "reason": "weather", "resume_on": "2026-04-02", "note": "Gel, dit le chef" });
    let held = proprete.act(&proprete.ticket(&ticket).await, "hold", &held).await.ok();
    assert_eq!(next().await, "Le service y reviendra le 02/04/2026.");
    let resolved = proprete.resolve(&held).await.ok();
    assert_eq!(next().await, "Sans autre nouvelle de votre part, elle sera clôturée le 28/03/2026.");
    city.dispatcher().await.close(&resolved).await.ok();
    assert_eq!(next().await, "C’est terminé. Si le problème n’est pas résolu, dites-le ici jusqu’au 13/04/2026.");
    city.clock.set("2026-05-14T09:00:00Z");
    assert_eq!(next().await, "C’est terminé. Si le problème revient, signalez-le de nouveau.");
    assert!(!page_at(&city, &path).await.is(200).text.contains("Gel"), "notes are the service's");
    city.stop().await;
}

async fn a_called_off_ticket_is_told_to_its_resident() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    let note = json!({ "note": "Déjà signalé par la voisine" });
    city.agent().await.act(&ticket, "cancel", &note).await.ok();
    city.drain().await;
    let letter = city.letters_to("habitante@mail.example").pop().unwrap();
    assert_eq!(letter.subject(), Some("Votre demande AMI-26-000001 est annulée"));
    assert!(!letter.body_text(0).unwrap().contains("voisine"));
    city.stop().await;
}

async fn why_a_ticket_was_called_off_is_read_on_the_page() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    let why = "Votre voisine l’avait signalé hier : le service y passe demain.";
    let body = json!({ "note": "Doublon, vu au téléphone", "message_to_resident": why });
    city.agent().await.act(&ticket, "cancel", &body).await.ok();
    city.drain().await;
    let letter = city.letters_to("habitante@mail.example").pop().unwrap();
    let text = letter.body_text(0).unwrap();
    assert!(text.contains("La raison en est donnée sur votre page de suivi.") && !text.contains("voisine"), "{text}");
    let path = link_in(&letter, "/v1/tracking/");
    let tracked = json_at(&city, &path).await;
    let called_off = tracked["tickets"].as_array().unwrap().iter().find(|one| one["state"] == "cancelled").unwrap();
    assert_eq!(called_off["messages"][0]["text"], why);
    let page = page_at(&city, &path).await.is(200).text.clone();
    assert!(page.contains("le service y passe demain") && !page.contains("Doublon"), "{page}");
    assert!(page.contains("La raison est donnée ci-dessous.") && !page.contains("Pour savoir pourquoi"), "{page}");
    city.stop().await;
}

async fn a_request_that_goes_to_another_organisation_is_told_to_its_resident() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    let to = |service: &str| json!({ "service": service, "note": "Pour vous." });
    let told = || {
        let letters = city.letters_to("habitante@mail.example").into_iter();
        letters.filter(|letter| letter.subject().unwrap().contains("à un autre organisme")).collect::<Vec<_>>()
    };
    let at_voirie = dispatcher.act(&city.dumping().await, "reroute", &to("voirie")).await.ok();
    city.drain().await;
    assert!(told().is_empty(), "within the town hall, nobody is asked for who does what");
    let at_the_landlord = dispatcher.act(&at_voirie, "reroute", &to("bailleur")).await.ok();
    city.drain().await;
    let letters = told();
    let name = at_the_landlord["service"]["name"].as_str().unwrap();
    let text = letters[0].body_text(0).unwrap();
    assert!(letters.len() == 1 && text.contains(name) && text.contains("Téléphone"), "{text}");
    assert!(text.contains("Habitat du Beffroi"), "{text}");
    let event = dispatcher.timeline(&at_the_landlord).await.pop().unwrap();
    assert_eq!(event["data"]["organisation"], "habitat-beffroi");

    // Also when it goes there besides: the service that had it keeps it.
    let ticket = city.dumping().await;
    let split = json!({ "services": ["voirie", "bailleur"], "note": "Vous aussi." });
    let event = dispatcher.act(&ticket, "split", &split).await.ok();
    let event = dispatcher.timeline(&event).await.pop().unwrap();
    city.drain().await;
    let letters = told();
    assert_eq!(letters.len(), 2, "of the landlord's ticket alone");
    let at_the_landlord = json!({ "id": event["data"]["tickets"][1] });
    let opened = dispatcher.ticket(&at_the_landlord).await;
    let text = letters[1].body_text(0).unwrap();
    let (name, reference) = (opened["service"]["name"].as_str().unwrap(), opened["reference"].as_str().unwrap());
    assert!(text.contains(name) && text.contains(reference) && text.contains("Habitat du Beffroi"), "{text}");
    assert!(text.contains("la garde"), "{text}");
    assert_eq!(dispatcher.timeline(&opened).await[0]["data"]["organisation"], "habitat-beffroi");

    // And when it comes from an organisation that the city no longer has anything to do with.
    let retired = "update service set active = false where code = 'bailleur'; update city set revision = revision + 1";
    sqlx::raw_sql(retired).execute(&mut city.database.connection().await).await.unwrap();
    usecases::city::reload(&city.instance.context).await.unwrap();
    dispatcher.act(&opened, "reroute", &to("proprete")).await.ok();
    city.drain().await;
    let letters = told();
    assert!(letters.len() == 3 && letters[2].body_text(0).unwrap().contains("Propreté urbaine, "), "{letters:?}");
    city.stop().await;
}

async fn nothing_changes_when_a_link_is_followed() {
    let city = City::new().await;
    let (_, path) = followed(&city, "fr").await;
    let marks = "select (select sum(version) from ticket)::bigint + (select count(*) from ticket_event)
                 + (select count(*) from outbox) + (select count(*) from feedback) + (select sum(generation) from tracking_link)
                 + (select count(*) from tracking_link where mails_stopped_at is not null)";
    let before = city.database.count(marks).await;
    page_at(&city, &path).await.is(200);
    json_at(&city, &path).await;
    page_at(&city, &format!("{path}/unsubscribe")).await.is(200);
    assert_eq!(city.database.count(marks).await, before);
    city.stop().await;
}

async fn a_link_that_leads_nowhere_says_so() {
    let city = City::new().await;
    let page = page_at(&city, "/v1/tracking/AAAAAAAAAAAAAAAAAAAAAA").await;
    assert!(page.is(404).text.contains("Ce lien ne mène nulle part"));
    let stranger = city.stranger();
    let request = stranger.request(Method::GET, "/v1/tracking/nope").header("Accept", "application/json");
    stranger.send(request).await.refused(404, "not_found");
    city.stop().await;
}
