//! Residents who ask what is kept of them, or wish that it is erased.

use image::ImageFormat;
use serde_json::{Value, json};
use usecases::resident::erase_again;
use usecases::retention::keep;

use super::lived;
use crate::client::register;
use crate::inbound::answer::{MAILBOX, with_files};
use crate::inbound::{answer, hand_in, program};
use crate::support::caller::Caller;
use crate::support::city::{City, dumping, link};
use crate::support::files::{form, photograph, send_form};
use crate::webhook::receiver::{Manner, Receiver};
use crate::webhook::{deliver, hook};

crate::tests![
    a_resident_is_found_by_what_they_left_and_gets_everything,
    what_a_neighbour_was_told_and_said_is_theirs_too,
    what_another_resident_wrote_is_not_handed_out,
    what_receivers_answered_and_refused_files_were_called_goes_too,
    a_refused_erasure_erases_nothing,
    what_has_ended_is_erased_at_once_and_the_rest_when_it_ends,
    what_a_backup_brings_back_is_erased_again,
    only_dispatchers_do_this,
];

async fn find(city: &City, email: &str) -> Vec<Value> {
    let found = city.dispatcher().await.post("/v1/residents/search", &json!({ "email": email })).await.ok();
    found["concerns"].as_array().unwrap().clone()
}

async fn a_resident_is_found_by_what_they_left_and_gets_everything() {
    let city = City::new().await;
    let lived = lived(&city).await;
    let mut other = dumping();
    other["resident"] = json!({ "email": "Zephyrine@mail.example", "name": "Z." });
    other["description"] = json!("Un deuxième canapé");
    city.agent().await.post("/v1/concerns", &other).await.created();
    city.dumping().await;
    let found = find(&city, "zephyrine@mail.example").await;
    assert_eq!(found.len(), 2);
    assert_eq!(find(&city, "personne@mail.example").await, Vec::<Value>::new());
    assert_eq!(found[1], lived["ticket"]["concern_id"]);
    let path = format!("/v1/residents/{}/export", found[0].as_str().unwrap());
    let export = city.dispatcher().await.get(&path).await.ok();
    let concerns = export["concerns"].as_array().unwrap();
    assert_eq!(concerns.len(), 2, "those of one address are one resident's");
    let contact =
        json!({ "name": "Zéphyrine", "email": "zephyrine@mail.example", "phone": "+33612345678", "language": "fr" });
    assert_eq!(concerns[0]["contact"], contact);
    let everything = export.to_string();
    let other = &concerns[1];
    assert_eq!((&other["contact"]["name"], other["contact"].get("phone")), (&json!("Z."), None));
    assert_eq!(other.get("answer"), None, "what there is not is left out");
    assert!(other["mails"].as_array().unwrap().iter().all(|mail| mail.get("at") != Some(&Value::Null)), "{other}");
    for word in [
        "description",
        "address",
        "acknowledge",
        "hold",
        "note",
        "to-referrer",
        "to-resident",
        "outcome",
        "feedback",
        "attachment",
        "reopen",
    ] {
        assert!(everything.contains(&format!("word-{word}")), "{word} is missing: {everything}");
    }
    assert!(
        concerns[0]["mails"]
            .as_array()
            .unwrap()
            .iter()
            .any(|mail| mail["kind"] == "received" && mail["state"] == "sent")
    );
    let audited = city.audited().await;
    assert!(audited.iter().any(|act| act["type"] == "resident_exported"));
    assert!(audited.iter().any(|act| act["type"] == "resident_found" && act["concerns"] == json!(found)));
    assert!(
        !audited.iter().any(|act| act.to_string().contains("zephyrine")),
        "the log says of which concerns, not of whom"
    );
    city.dispatcher()
        .await
        .get("/v1/residents/0197a3b2-7c11-7b3a-9d3e-5a1f0c2e4d6b/export")
        .await
        .refused(404, "not_found");
    city.stop().await;
}

async fn what_a_neighbour_was_told_and_said_is_theirs_too() {
    let city = City::new().await;
    let (agent, proprete) = (city.agent().await, city.proprete().await);
    let main = agent.post("/v1/concerns", &dumping()).await.created()["tickets"][0].clone();
    let mut body = dumping();
    body["attach_to"] = main["id"].clone();
    body["resident"]["email"] = json!("voisin@mail.example");
    let attached = agent.post("/v1/concerns", &body).await.created();
    let outcome = json!({ "closure_reason": "work_done", "message_to_resident": "C’est propre" });
    let taken = proprete.acknowledge(&proprete.ticket(&main).await).await.ok();
    let resolved = proprete.act(&taken, "resolve", &outcome).await.ok();
    city.drain().await;
    let tracking = link(&city.letters_to("voisin@mail.example").pop().unwrap(), "/v1/tracking/");
    let tracking = tracking.split('#').next().unwrap();
    let said = json!({ "solved": "no", "reason": "other", "text": "Toujours là", "ticket": resolved["reference"] });
    city.stranger().post(&format!("{tracking}/feedback"), &said).await.is(200);
    let path = format!("/v1/residents/{}/export", attached["id"].as_str().unwrap());
    let concern = city.dispatcher().await.get(&path).await.ok()["concerns"][0].clone();
    assert_eq!(concern["tickets"], json!([]));
    assert_eq!(concern["followed"][0]["reference"], main["reference"]);
    let told = concern["followed"][0]["told"].as_array().unwrap();
    assert!(told.iter().any(|told| told["text"] == "C’est propre"), "{told:?}");
    assert_eq!(
        (&concern["feedback"][0]["ticket"], &concern["feedback"][0]["text"]),
        (&main["reference"], &json!("Toujours là"))
    );
    city.stop().await;
}

async fn what_another_resident_wrote_is_not_handed_out() {
    let city = City::new().await;
    city.take_mail_back().await;
    let (server, agent) = (program(&city, &["mail:inbound"]).await, city.agent().await);
    let mut body = dumping();
    body["category"] = json!("bulky_waste");
    let first = agent.post("/v1/concerns", &body).await.created();
    body["attach_to"] = first["tickets"][0]["id"].clone();
    body["resident"]["email"] = json!("voisin@mail.example");
    let attached = agent.post("/v1/concerns", &body).await.created();
    city.drain().await;
    let letter = city.letters_to("habitante@mail.example").pop().unwrap();
    let words = "Je passe tous les jours devant, à sept heures.";
    let taken = hand_in(&server, &answer(&letter, "habitante@mail.example", "1", words)).await;
    assert_eq!(taken["outcome"], "placed");
    let export = async |concern: &Value| {
        let path = format!("/v1/residents/{}/export", concern["id"].as_str().unwrap());
        city.dispatcher().await.get(&path).await.ok()
    };
    assert!(export(&first).await.to_string().contains(words), "their own words");
    let handed_out = export(&attached).await;
    assert_eq!(handed_out["concerns"][0]["followed"][0]["reference"], first["tickets"][0]["reference"]);
    assert!(!handed_out.to_string().contains(words), "{handed_out}");
    city.stop().await;
}

async fn what_receivers_answered_and_refused_files_were_called_goes_too() {
    let city = City::with(|config| config.private_targets = vec!["127.0.0.1/32".parse().unwrap()]).await;
    city.take_mail_back().await;
    let receiver = Receiver::start("127.0.0.1");
    receiver.answers(Manner { body: "Chez Zéphyrine ?".into(), ..Manner::status(200) });
    hook(&register(&city, &["tickets:read"], &[]).await.caller(&city).await, &receiver.url()).await;
    let (server, agent, proprete) =
        (program(&city, &["mail:inbound"]).await, city.agent().await, city.proprete().await);
    let answers = async |of: &str| {
        let kept = "select count(*) from webhook_delivery d join feed f on f.id = d.event_id where d.answer <> ''";
        city.database.count(&format!("{kept} {of}")).await
    };
    // Of their own ticket, everything that was answered goes; of a neighbour's that their concern follows, what was
    // answered to their own words.
    for (address, follows) in [("zephyrine@mail.example", false), ("voisin@mail.example", true)] {
        let mut body = dumping();
        body["category"] = json!("graffiti");
        let others = agent.post("/v1/concerns", &body).await.created();
        body["resident"]["email"] = json!(address);
        if follows {
            body["attach_to"] = others["tickets"][0]["id"].clone();
        }
        let own = agent.post("/v1/concerns", &body).await.created();
        let followed = if follows { &others } else { &own };
        let ticket = &followed["tickets"][0];
        let id = ticket["id"].as_str().unwrap();
        proprete.post(&format!("/v1/tickets/{id}/notes"), &json!({ "text": "Chez Zéphyrine" })).await.created();
        city.drain().await;
        let letter = city.letters_to(address).pop().unwrap();
        let file = ("devis DUPONT 06 12 34 56 78.docx", "application/msword", "UEsDBBQABgAIAAAAIQA=");
        let mail = with_files(&letter, "Voici.", &[file]).replace(MAILBOX, address);
        let taken = hand_in(&server, &mail).await;
        let refused = json!([{ "name": "devis DUPONT […].docx", "why": "unknown_type" }]);
        assert_eq!((&taken["outcome"], &taken["refused_attachments"]), (&json!("placed"), &refused));
        deliver(&city).await;
        let (all, of_ticket) = (answers("").await, answers(&format!("and f.ticket_id = '{id}'")).await);
        assert!(all > of_ticket && of_ticket > 2, "{all} {of_ticket}");
        agent.act(&agent.ticket(ticket).await, "cancel", &json!({ "note": "Retiré" })).await.ok();
        let erase = format!("/v1/residents/{}/erase", own["id"].as_str().unwrap());
        assert_eq!(city.dispatcher().await.post(&erase, &json!({})).await.ok()["erased"], json!([own["id"]]));
        assert_eq!(answers("").await, all - if follows { 1 } else { of_ticket }, "{address}");
        let named = "select count(*) from inbound_mail where outcome::text like '%DUPONT%'";
        assert_eq!(city.database.count(named).await, 0, "{address}");
        assert_eq!(hand_in(&server, &mail).await["outcome"], "placed", "that it came once is still known");
    }
    receiver.stop().await;
    city.stop().await;
}

async fn a_refused_erasure_erases_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().to_owned();
    let city = City::with(|config| config.files = continuum::FileSettings::in_folder(&files)).await;
    let one = city.dumping().await;
    let mut other = dumping();
    other["resident"] = json!({ "email": "zephyrine@mail.example" });
    let other = city.agent().await.post("/v1/concerns", &other).await.created();
    let desk = city.dispatcher().await;
    let erase = async |concern: &Value| {
        let path = format!("/v1/residents/{}/erase", concern.as_str().unwrap());
        let request = desk.request(reqwest::Method::POST, &path).header("Idempotency-Key", "once");
        desk.send(request.json(&json!({}))).await
    };
    erase(&one["concern_id"]).await.ok();
    erase(&other["id"]).await.refused(422, "idempotency_key_reused");
    assert_eq!(erase_again(&city.instance.context).await.unwrap(), 0);
    assert_eq!(find(&city, "zephyrine@mail.example").await, [other["id"].clone()]);
    city.stop().await;
}

async fn what_has_ended_is_erased_at_once_and_the_rest_when_it_ends() {
    let city = City::new().await;
    let lived = lived(&city).await;
    let mut other = dumping();
    other["resident"] = json!({ "email": "zephyrine@mail.example" });
    other["description"] = json!("Le deuxième canapé de Zéphyrine");
    let (agent, proprete) = (city.agent().await, city.proprete().await);
    // Answers are kept for repeats of these requests.
    let once = async |caller: &Caller, path: &str, body: &Value| {
        let request = caller.request(reqwest::Method::POST, path).header("Idempotency-Key", path);
        caller.send(request.json(body)).await.created()
    };
    let notes = format!("/v1/tickets/{}/notes", lived["ticket"]["id"].as_str().unwrap());
    once(&proprete, &notes, &json!({ "text": "Chez Zéphyrine" })).await;
    let filed = once(&agent, "/v1/concerns", &other).await;
    let kept = async || city.database.count("select count(*) from idempotency_key where body like '%Zéphyrine%'").await;
    let photograph = form("file", "Zéphyrine.jpg", &photograph(20, 20, ImageFormat::Jpeg));
    send_form(&agent, &filed["tickets"][0], Some("photograph"), photograph).await.created();
    assert_eq!(kept().await, 3);
    for beside in &filed["tickets"].as_array().unwrap()[1..] {
        agent.act(beside, "cancel", &json!({ "note": "Rien à constater" })).await.ok();
    }
    let open = &filed["tickets"][0];
    let desk = city.dispatcher().await;
    let path = format!("/v1/residents/{}/erase", open["concern_id"].as_str().unwrap());
    let erased = desk.post(&path, &json!({})).await.ok();
    assert_eq!(
        erased,
        json!({ "erased": [lived["ticket"]["concern_id"]], "waiting": [open["concern_id"]], "more": false })
    );
    assert_eq!(kept().await, 2);
    let once_more = format!("/v1/residents/{}/erase", lived["ticket"]["concern_id"].as_str().unwrap());
    let erased = desk.post(&once_more, &json!({})).await.ok();
    assert_eq!(erased, json!({ "erased": [lived["ticket"]["concern_id"]], "waiting": [], "more": false }));
    city.stranger().get(lived["tracking"].as_str().unwrap()).await.is(404);
    assert_eq!(find(&city, "zephyrine@mail.example").await, Vec::<Value>::new());
    let description = async |ticket: &Value| {
        let concern = format!("/v1/concerns/{}", ticket["concern_id"].as_str().unwrap());
        city.dispatcher().await.get(&concern).await.ok()["description"].clone()
    };
    assert_eq!(description(&lived["ticket"]).await, "[effacé]");
    assert_eq!(description(open).await, "Le deuxième canapé de Zéphyrine", "the service works with it");
    let audited = city.audited().await;
    let act = audited.iter().find(|act| act["type"] == "resident_erased").unwrap();
    assert_eq!(act["concerns"].as_array().unwrap().len(), 2);
    // Nothing more is mailed, and what ends is erased.
    let letters = city.letters().len();
    let resolved = proprete.resolve(&proprete.acknowledge(&proprete.ticket(open).await).await.ok()).await.ok();
    city.drain().await;
    assert!(!city.letters()[letters..].iter().any(|letter| format!("{:?}", letter.to()).contains("zephyrine")));
    city.dispatcher().await.close(&resolved).await.ok();
    while keep(&city.instance.context).await.unwrap() {}
    assert_eq!(description(open).await, "[effacé]");
    assert_eq!(kept().await, 0);
    // What is sent again once it is erased is not kept anew.
    let request = agent.request(reqwest::Method::POST, "/v1/concerns").header("Idempotency-Key", "/v1/concerns");
    agent.send(request.json(&other)).await.refused(422, "idempotency_key_reused");
    city.stop().await;
}

async fn what_a_backup_brings_back_is_erased_again() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().to_owned();
    let city = City::with(|config| config.files = continuum::FileSettings::in_folder(&files)).await;
    let lived = lived(&city).await;
    let concern = lived["ticket"]["concern_id"].as_str().unwrap();
    let mut connection = city.database.connection().await;
    let kept: Vec<String> = sqlx::query_scalar("select to_jsonb(r)::text from resident_contact r")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    city.dispatcher().await.post(&format!("/v1/residents/{concern}/erase"), &json!({})).await.ok();
    let cx = &city.instance.context;
    assert_eq!(erase_again(cx).await.unwrap(), 0);
    // The backup knew the resident, and what they had said.
    sqlx::query("insert into resident_contact select * from jsonb_populate_record(null::resident_contact, $1::jsonb)")
        .bind(&kept[0])
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query("update concern set contact_erased_at = null, texts_erased_at = null, to_erase = false, description = 'Zéphyrine'")
        .execute(&mut connection)
        .await
        .unwrap();
    assert_eq!(erase_again(cx).await.unwrap(), 1);
    let audited = city.audited().await;
    let acts: Vec<&Value> = audited.iter().filter(|act| act["type"] == "resident_erased").collect();
    assert_eq!(acts.len(), 2);
    assert!(acts.iter().all(|act| act["concerns"] == json!([concern])), "{acts:?}");
    assert_eq!(city.database.count("select count(*) from resident_contact").await, 0);
    assert_eq!(city.database.count("select count(*) from concern where description = '[effacé]'").await, 1);
    assert_eq!(erase_again(cx).await.unwrap(), 0);
    city.stop().await;
}

async fn only_dispatchers_do_this() {
    let city = City::new().await;
    let concern = city.dumping().await["concern_id"].as_str().unwrap().to_owned();
    for caller in
        [city.agent().await, city.proprete().await, city.manager().await, city.admin().await, city.auditor().await]
    {
        caller
            .post("/v1/residents/search", &json!({ "email": "habitante@mail.example" }))
            .await
            .lacks("manage_personal_data");
        caller.get(&format!("/v1/residents/{concern}/export")).await.lacks("manage_personal_data");
        caller.post(&format!("/v1/residents/{concern}/erase"), &json!({})).await.lacks("manage_personal_data");
        caller.get("/v1/retention").await.lacks("manage_personal_data");
    }
    city.stop().await;
}
