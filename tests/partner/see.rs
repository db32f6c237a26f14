//! A partner sees what its service is entitled to, and nothing else.

use chrono::Duration;
use continuum::FileSettings;
use domain::city::organisation::Entitled;
use image::ImageFormat;
use reqwest::Method;
use serde_json::{Value, json};

use super::{LANDLORD, POLICE, act, change_service, newest_link, openings, page, passed_on, read, referred};
use crate::support::caller::Caller;
use crate::support::city::{City, dumping};
use crate::support::files::{pdf, photograph, upload};

crate::tests![
    what_the_service_is_entitled_to_is_shown,
    what_it_is_not_entitled_to_is_nowhere,
    what_was_written_with_another_service_is_nowhere,
    photographs_are_had_through_the_link,
    an_entitlement_that_is_withdrawn_holds_at_once,
    a_restricted_ticket_takes_an_agreement,
    nobody_passes_a_restricted_ticket_on_without_one,
    what_was_opened_later_beside_another_says_when_the_concern_was_heard,
];

/// What nobody sees through a link.
const NEVER: [&str; 7] =
    ["habitante", "mail.example", "Claire", "Delattre", "Nadia", "C’est dans leur cour", "Une note entre collègues"];

async fn what_the_service_is_entitled_to_is_shown() {
    let city = City::new().await;
    let (ticket, path) = referred(&city).await;
    let note = json!({ "text": "Une note entre collègues" });
    let of = format!("/v1/tickets/{}", ticket["id"].as_str().unwrap());
    city.dispatcher().await.post(&format!("{of}/notes"), &note).await.created();
    let words = json!({ "text": "L’entrée B, celle de droite." });
    city.agent().await.post(&format!("{of}/referrer_messages"), &words).await.created();
    let seen = read(&city, &path).await.ok();
    assert_eq!(seen["may_see"], json!(["description", "place", "answers", "photos", "messages"]));
    assert_eq!(
        seen["place"],
        json!({
            "street": "Rue du Pigeonnier",
            "areas": seen["place"]["areas"],
            "address": "12 bis, rue du Pigeonnier, bâtiment B",
            "lat": 49.9121,
            "lon": 2.2972,
        })
    );
    assert_eq!(seen["description"], "Un groupe occupe le hall chaque soir");
    assert_eq!(
        seen["messages"],
        json!([{ "at": "2026-03-10T09:00:00Z", "own": false, "text": "L’entrée B, celle de droite." }])
    );
    assert_eq!(seen["actions"], json!(["receive", "acknowledge", "refuse"]));
    assert_eq!(seen["link_expires_at"], "2026-03-18T09:00:00Z");
    let shown = page(&city, &path).await.is(200).text.clone();
    for says in ["Occupation de hall", "Un groupe occupe", "bâtiment B", "L’entrée B", "L’agent qui suit la demande"]
    {
        assert!(shown.contains(says), "{says}: {shown}");
    }
    for hidden in NEVER {
        assert!(!shown.contains(hidden) && !seen.to_string().contains(hidden), "shows {hidden}: {shown}");
    }
    assert!(!shown.contains("<script"), "{shown}");
    city.stop().await;
}

async fn what_it_is_not_entitled_to_is_nowhere() {
    let city = City::new().await;
    change_service(&city, "bailleur", |service| service.access.as_mut().unwrap().may_see.clear()).await;
    let (ticket, path) = referred(&city).await;
    let words = json!({ "text": "L’entrée B, celle de droite." });
    let of = format!("/v1/tickets/{}/referrer_messages", ticket["id"].as_str().unwrap());
    city.agent().await.post(&of, &words).await.created();
    let seen = read(&city, &path).await.ok();
    assert_eq!(seen["place"], json!({ "street": "Rue du Pigeonnier", "areas": seen["place"]["areas"] }));
    assert_eq!(
        (seen.get("description"), &seen["answers"], &seen["photos"], &seen["messages"]),
        (None, &json!([]), &json!([]), &json!([]))
    );
    let shown = page(&city, &path).await.is(200).text.clone();
    assert!(shown.contains("Rue du Pigeonnier") && shown.contains("AMI-26-000001"), "{shown}");
    for hidden in ["Un groupe", "bâtiment B", "12 bis", "49.9", "2.297", "L’entrée B"].into_iter().chain(NEVER) {
        assert!(!shown.contains(hidden) && !seen.to_string().contains(hidden), "shows {hidden}: {shown}");
    }
    // What the partner does answers with nothing more, and so does the page that tells what is wrong with a form.
    let done = act(&city, &path, 1, "receive", &json!({})).await.ok().to_string();
    let wrong = super::submit(&city, &path, "refuse", &[("version", "2"), ("reason", "other")]).await;
    for text in [done, wrong.is(422).text.clone()] {
        assert!(!text.contains("Un groupe") && !text.contains("bâtiment B"), "{text}");
    }
    city.stop().await;
}

async fn what_was_written_with_another_service_is_nowhere() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    let messages = format!("/v1/tickets/{}/referrer_messages", ticket["id"].as_str().unwrap());
    let write = async |who: Caller, text: &str| {
        who.post(&messages, &json!({ "text": text })).await.created();
    };
    let pass_on = async |service: &str| {
        city.clock.forward(Duration::hours(1));
        let (dispatcher, to) = (city.dispatcher().await, json!({ "service": service, "note": "C’est pour vous." }));
        dispatcher.act(&dispatcher.ticket(&ticket).await, "reroute", &to).await.ok();
        city.drain().await;
    };
    let shown = async || {
        let seen = read(&city, &newest_link(&city, LANDLORD)).await.ok();
        let messages = seen["messages"].as_array().unwrap();
        messages.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    write(city.proprete().await, "Sa voisine ne doit pas le savoir.").await;
    pass_on("bailleur").await;
    assert_eq!(shown().await, Vec::<String>::new());
    assert!(!page(&city, &newest_link(&city, LANDLORD)).await.is(200).text.contains("voisine"));
    write(city.agent().await, "L’entrée B.").await;
    assert_eq!(shown().await, ["L’entrée B."]);
    // It was elsewhere in between.
    pass_on("proprete").await;
    write(city.proprete().await, "Nous avons son numéro.").await;
    pass_on("bailleur").await;
    assert_eq!(shown().await, Vec::<String>::new());
    write(city.agent().await, "Au fond de la cour.").await;
    // Reopened at the same partner, it was nowhere else.
    let path = newest_link(&city, LANDLORD);
    let version = async || read(&city, &path).await.ok()["version"].as_i64().unwrap();
    act(&city, &path, version().await, "acknowledge", &json!({})).await.ok();
    let end = json!({ "closure_reason": "work_done", "message_to_resident": "Le local est vidé." });
    act(&city, &path, version().await, "resolve", &end).await.ok();
    city.clock.forward(Duration::hours(1));
    let agent = city.agent().await;
    agent.reopen(&agent.ticket(&ticket).await).await.ok();
    city.drain().await;
    assert_ne!(newest_link(&city, LANDLORD), path);
    assert_eq!(shown().await, ["Au fond de la cour."]);
    city.stop().await;
}

async fn photographs_are_had_through_the_link() {
    let folder = tempfile::tempdir().unwrap();
    let city = City::with(|config| config.files = FileSettings::in_folder(folder.path())).await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let dispatcher = city.dispatcher().await;
    let added = upload(&dispatcher, &ticket, "cour.png", &photograph(600, 300, ImageFormat::Png)).await.created();
    upload(&dispatcher, &ticket, "bail.pdf", &pdf("Bonjour", None)).await.created();
    let (other, elsewhere) = passed_on(&city, "police-nationale", POLICE).await;
    let foreign = upload(&dispatcher, &other, "rue.png", &photograph(60, 30, ImageFormat::Png)).await.created();
    let photos = read(&city, &path).await.ok()["photos"].clone();
    assert_eq!((photos.as_array().unwrap().len(), &photos[0]["id"]), (1, &added["id"]), "documents are none");
    let (content, thumbnail) = (photos[0]["content"].as_str().unwrap(), photos[0]["thumbnail"].as_str().unwrap());
    let stranger = city.stranger();
    let reply = stranger.get(content).await;
    assert_eq!(
        (reply.is(200).header("content-type"), json!(reply.bytes.len())),
        (Some("image/jpeg"), added["size"].clone())
    );
    assert_eq!(
        reply.header("content-security-policy"),
        Some("default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox")
    );
    let again = stranger.request(Method::GET, content).header("If-None-Match", reply.header("etag").unwrap());
    stranger.send(again).await.is(304);
    stranger.get(thumbnail).await.is(200);
    assert!(page(&city, &path).await.text.replace("&#x2f;", "/").contains(thumbnail));
    // Nobody gets at what is another ticket's, nor past what their service is entitled to.
    let at = |path: &str, id: &Value| format!("{path}/photos/{}/content", id.as_str().unwrap());
    stranger.get(&at(&path, &foreign["id"])).await.refused(404, "not_found");
    stranger.get(&at(&elsewhere, &foreign["id"])).await.refused(404, "not_found");
    assert!(!page(&city, &elsewhere).await.is(200).text.contains("photos"), "not even a list of none");
    assert_eq!(openings(&city, &ticket).await, ["opened", "photo", "photo", "opened"]);
    let attachment =
        format!("/v1/tickets/{}/attachments/{}", ticket["id"].as_str().unwrap(), added["id"].as_str().unwrap());
    dispatcher.delete(&attachment).await.is(204);
    stranger.get(content).await.refused(410, "attachment_removed");
    city.stop().await;
}

async fn an_entitlement_that_is_withdrawn_holds_at_once() {
    let city = City::new().await;
    let (ticket, path) = referred(&city).await;
    change_service(&city, "bailleur", |service| {
        let access = service.access.as_mut().unwrap();
        access.may_see.remove(&Entitled::Description);
        "autre chose".clone_into(&mut access.purpose.fr);
    })
    .await;
    let seen = read(&city, &path).await.ok();
    assert_eq!((seen.get("description"), seen["place"].get("lat")), (None, Some(&json!(49.9121))));
    // The link was sent for that purpose.
    assert_eq!(seen["purpose"], "la convention de tranquillité résidentielle signée avec la ville");
    change_service(&city, "bailleur", |service| service.access = None).await;
    read(&city, &path).await.refused(410, "partner_link_over");
    act(&city, &path, 1, "acknowledge", &json!({})).await.refused(410, "partner_link_over");
    assert_eq!(city.dispatcher().await.ticket(&ticket).await["version"], 1);
    city.stop().await;
}

/// The agreement ends by which a partner has restricted tickets.
async fn withdraw(city: &City, partner: &str) {
    let mut changed = city.instance.context.city().unwrap().city.clone();
    let service = changed.services.iter_mut().find(|service| service.code.as_str() == partner).unwrap();
    service.may_receive_restricted = false;
    // The rules send it such concerns: the city would not pass as it is.
    assert!(!changed.check().is_empty());
    usecases::city::load(&city.instance.context, &changed, false, None, city.instance.context.now()).await.unwrap();
}

async fn a_restricted_ticket_takes_an_agreement() {
    let city = City::new().await;
    let (_, path) = referred(&city).await;
    withdraw(&city, "bailleur").await;
    read(&city, &path).await.refused(410, "partner_link_over");
    // Nor is a link made to another one.
    city.agent().await.post("/v1/concerns", &super::hall()).await.created();
    assert_eq!(city.database.count("select count(*) from partner_link").await, 1);
    let (_, path) = passed_on(&city, "bailleur", LANDLORD).await;
    read(&city, &path).await.ok();
    city.stop().await;
}

async fn nobody_passes_a_restricted_ticket_on_without_one() {
    let city = City::new().await;
    let mut dispute = dumping();
    dispute["category"] = json!("neighbour_dispute");
    let filed = city.agent().await.post("/v1/concerns", &dispute).await.created();
    let ticket = &filed["tickets"][0];
    withdraw(&city, "bailleur").await;
    let account = city.account("sophie.morel").await;
    let path = format!("/v1/users/{}", account["id"].as_str().unwrap());
    city.admin().await.patch(&path, &account["version"], &json!({ "services": ["mediation"] })).await.ok();
    let (member, dispatcher) = (city.login("sophie.morel").await, city.dispatcher().await);
    let to = |service: &str| json!({ "service": service, "note": "C’est dans leur cour." });
    let seen = member.ticket(ticket).await;
    for who in [&member, &dispatcher] {
        let reply = who.act(&seen, "reroute", &to("bailleur")).await;
        reply.refused_fields(422, "invalid_content", &[("/service", "not_entitled")]);
    }
    let many = json!({ "tickets": [{ "ticket": seen["id"], "version": seen["version"] }], "command": to("bailleur") });
    let answer = dispatcher.post("/v1/tickets/bulk/reroute", &many).await.ok();
    assert_eq!(answer["results"][0]["problem"]["errors"][0]["code"], "not_entitled");
    let split = json!({ "services": ["voirie", "bailleur"], "note": "Aussi pour vous." });
    let reply = dispatcher.act(&seen, "split", &split).await;
    reply.refused_fields(422, "invalid_content", &[("/services/1", "not_entitled")]);
    // With an agreement it is, and what is not restricted in any case.
    passed_on(&city, "bailleur", LANDLORD).await;
    dispatcher.act(&seen, "reroute", &to("police-nationale")).await.ok();
    city.stop().await;
}

async fn what_was_opened_later_beside_another_says_when_the_concern_was_heard() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    city.drain().await;
    city.clock.forward(Duration::days(2));
    let (dispatcher, split) =
        (city.dispatcher().await, json!({ "services": ["bailleur"], "note": "Aussi pour vous." }));
    dispatcher.act(&ticket, "split", &split).await.is(200);
    city.drain().await;
    let seen = read(&city, &newest_link(&city, LANDLORD)).await.ok();
    assert_eq!((&seen["filed_at"], &seen["sent_at"]), (&json!("2026-03-10T09:00:00Z"), &json!("2026-03-12T09:00:00Z")));
    let letter = city.letters_to(LANDLORD).pop().unwrap().body_text(0).unwrap().replace('\u{a0}', " ");
    assert!(letter.contains("recueillie le : 10/03/2026"), "{letter}");
    let sheet = format!("/v1/tickets/{}/sheet", seen["reference"].as_str().unwrap());
    let sheet = dispatcher.get(&sheet).await.is(200).text.replace('\u{a0}', " ").replace("&#x2f;", "/");
    assert!(sheet.contains("<dt>Recueillie le</dt><dd>10/03/2026"), "{sheet}");
    city.stop().await;
}
