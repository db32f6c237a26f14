//! What belongs to no single concern: what was written of cafés, e-mails that nobody could place, places that come back, lists that
//! people keep.

use domain::id::ConcernId;
use serde_json::{Value, json};
use sqlx::Executor as _;

use super::{cancelled, night};
use crate::cafe;
use crate::inbound::{hand_in, program, unplaced};
use crate::support::city::{City, dumping};

crate::tests![
    what_was_written_of_a_cafe_goes_three_years_after_it,
    an_e_mail_that_nobody_could_place_goes_after_a_year,
    an_e_mail_waits_as_long_as_its_writer_is_answered,
    a_place_that_comes_back_keeps_no_street_of_what_was_erased,
    a_kept_list_that_looks_for_words_goes_a_year_after_it_was_saved,
    what_is_said_once_a_duplicate_is_parted_goes_in_its_turn,
    what_is_being_written_goes_with_the_rest,
    what_was_reopened_meanwhile_is_not_erased,
];

async fn read(city: &City, cafe: &Value) -> Value {
    city.agent().await.get(&cafe::path(cafe, "")).await.ok()
}

async fn what_was_written_of_a_cafe_goes_three_years_after_it() {
    let city = City::new().await;
    let off = cafe::plan(&city.agent().await, json!({})).await;
    let reason = json!({ "reason": "Mme Petit ne peut pas venir" });
    city.agent().await.post(&cafe::path(&off, "/cancel"), &reason).await.ok();
    let silent = cafe::plan(&city.agent().await, json!({})).await;
    let (held, agent) = cafe::held(&city).await;
    let silent = agent.post(&cafe::path(&silent, "/hold"), &json!({})).await.ok();
    let body = json!({ "headcount": 34, "weather": "rain", "remarks": "Mme Petit est revenue." });
    let mut reported = cafe::report(&agent, &held, &body).await.ok();
    let mut plain = cafe::report(&agent, &silent, &json!({ "headcount": 3 })).await.ok();
    for cafe in [&mut reported, &mut plain] {
        cafe.as_object_mut().unwrap().remove("warnings");
    }
    // It ended on 12 March.
    city.clock.set("2029-03-12T12:00:00Z");
    night(&city).await;
    assert_eq!(read(&city, &reported).await, reported);
    assert_eq!(read(&city, &off).await["cancel_reason"], reason["reason"]);
    city.clock.set("2029-03-13T12:00:00Z");
    night(&city).await;
    reported["report"]["remarks"] = json!("[effacé]");
    assert_eq!(read(&city, &reported).await, reported, "what was counted stays");
    assert_eq!(read(&city, &off).await["cancel_reason"], "[effacé]");
    assert_eq!(read(&city, &plain).await, plain, "where nothing was written, nothing is said to be erased");
    city.stop().await;
}

async fn an_e_mail_that_nobody_could_place_goes_after_a_year() {
    let city = City::new().await;
    city.take_mail_back().await;
    let server = program(&city, &["mail:inbound"]).await;
    let mail = "From: voisin@mail.example\r\nTo: retours@ville-amiens.example\r\nMessage-ID: <1@mail.example>\r\n\
                Subject: Bonjour\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nJe cherche mon chat.\r\n";
    assert_eq!(hand_in(&server, mail).await["outcome"], "unplaced");
    // It came on 10 March.
    city.clock.set("2027-03-10T12:00:00Z");
    night(&city).await;
    assert_eq!(unplaced(&city).await[0]["text"], "Je cherche mon chat.");
    city.clock.set("2027-03-11T12:00:00Z");
    night(&city).await;
    assert_eq!(unplaced(&city).await, Vec::<Value>::new());
    assert_eq!(city.database.count("select count(*) from unplaced_mail").await, 0);
    city.stop().await;
}

async fn an_e_mail_waits_as_long_as_its_writer_is_answered() {
    let city = City::new().await;
    city.take_mail_back().await;
    // Two concerns of one resident: one has ended.
    cancelled(&city, 1).await;
    let open = city.agent().await.post("/v1/concerns", &dumping()).await.created();
    city.clock.set("2026-09-10T08:00:00Z");
    let mail = "From: habitante@mail.example\r\nTo: retours@ville-amiens.example\r\nMessage-ID: <1@mail.example>\r\n\
                Subject: Bonjour\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nEt pour la cour ?\r\n";
    let server = program(&city, &["mail:inbound"]).await;
    assert_eq!(hand_in(&server, mail).await["outcome"], "unplaced");
    city.clock.set("2026-09-11T12:00:00Z");
    night(&city).await;
    assert_eq!(city.database.count("select count(*) from resident_contact").await, 1, "of the other");
    assert_eq!(unplaced(&city).await[0]["text"], "Et pour la cour ?");
    let dispatcher = city.dispatcher().await;
    for ticket in open["tickets"].as_array().unwrap() {
        dispatcher.act(&dispatcher.ticket(ticket).await, "cancel", &json!({ "note": "Sans suite" })).await.ok();
    }
    city.clock.set("2027-03-13T12:00:00Z");
    night(&city).await;
    assert_eq!(city.database.count("select count(*) from resident_contact").await, 0);
    assert_eq!(unplaced(&city).await, Vec::<Value>::new());
    city.stop().await;
}

async fn a_place_that_comes_back_keeps_no_street_of_what_was_erased() {
    let city = City::new().await;
    let agent = city.agent().await;
    let file = async |address: &str, email: &str| {
        let mut body = dumping();
        (body["place"]["address"], body["resident"]["email"]) = (json!(address), json!(email));
        agent.post("/v1/concerns", &body).await.created()
    };
    let mut asks = Value::Null;
    for number in 1..=3 {
        file(&format!("{number} rue Lavalard"), "habitante@mail.example").await;
        asks = file(&format!("{number} rue Duméril"), "zephyrine@mail.example").await;
        for ticket in asks["tickets"].as_array().unwrap() {
            agent.act(ticket, "cancel", &json!({ "note": "Rien à constater" })).await.ok();
        }
    }
    let find = async || while usecases::hotspot::keep(&city.instance.context).await.unwrap() > 0 {};
    let street = async || {
        let street = sqlx::query_scalar::<_, Option<String>>("select street from hotspot");
        street.fetch_one(&mut city.database.connection().await).await.unwrap()
    };
    find().await;
    assert_eq!(street().await.as_deref(), Some("Rue Duméril"));
    let erase = format!("/v1/residents/{}/erase", asks["id"].as_str().unwrap());
    let erased = city.dispatcher().await.post(&erase, &json!({})).await.ok();
    assert_eq!(erased["erased"].as_array().unwrap().len(), 3, "{erased}");
    assert_eq!(street().await, None);
    // Those who are still there say where it is.
    find().await;
    assert_eq!(street().await.as_deref(), Some("Rue Lavalard"));
    assert_eq!(city.database.count("select concerns::bigint from hotspot").await, 6);
    city.stop().await;
}

async fn a_kept_list_that_looks_for_words_goes_a_year_after_it_was_saved() {
    let city = City::new().await;
    let agent = city.agent().await;
    let keep = async |name: &str, parameters: Value| {
        agent.post("/v1/filters", &json!({ "name": name, "parameters": parameters })).await.created()
    };
    keep("Mme Petit", json!({ "q": ["petit"] })).await;
    let used = keep("Mme Grand", json!({ "q": ["grand"] })).await;
    keep("En retard", json!({ "late": ["true"] })).await;
    let names = async || -> Vec<String> {
        let kept = city.agent().await.get("/v1/filters").await.ok();
        kept["items"].as_array().unwrap().iter().map(|filter| filter["name"].as_str().unwrap().to_owned()).collect()
    };
    city.clock.set("2026-06-10T12:00:00Z");
    let path = format!("/v1/filters/{}", used["id"].as_str().unwrap());
    city.agent().await.patch(&path, &json!(1), &json!({ "parameters": { "q": ["grande"] } })).await.ok();
    // They were kept on 10 March.
    city.clock.set("2027-03-10T08:00:00Z");
    night(&city).await;
    assert_eq!(names().await, ["En retard", "Mme Grand", "Mme Petit"]);
    city.clock.set("2027-03-11T12:00:00Z");
    night(&city).await;
    assert_eq!(names().await, ["En retard", "Mme Grand"]);
    city.clock.set("2027-06-11T12:00:00Z");
    night(&city).await;
    assert_eq!(names().await, ["En retard"], "who looks for no words names nobody");
    city.stop().await;
}

/// Erases what is kept of the resident of a ticket, whose concern has ended.
async fn erased(city: &City, ticket: &Value) {
    let path = format!("/v1/residents/{}/erase", ticket["concern_id"].as_str().unwrap());
    let erased = city.dispatcher().await.post(&path, &json!({})).await.ok();
    assert_eq!(erased["erased"], json!([ticket["concern_id"]]));
}

/// A concern with one ticket, of a resident who left nothing.
async fn bulky(city: &City) -> Value {
    let mut body = dumping();
    body["category"] = json!("bulky_waste");
    body.as_object_mut().unwrap().remove("resident");
    city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone()
}

async fn what_is_said_once_a_duplicate_is_parted_goes_in_its_turn() {
    let city = City::new().await;
    let (main, duplicate, dispatcher) = (bulky(&city).await, bulky(&city).await, city.dispatcher().await);
    let merged = dispatcher.act(&duplicate, "merge", &json!({ "duplicate_of": main["id"] })).await.ok();
    dispatcher.act(&main, "cancel", &json!({ "note": "Retiré" })).await.ok();
    erased(&city, &merged).await;
    let merged = dispatcher.ticket(&merged).await;
    let parted = dispatcher.act(&merged, "unmerge", &json!({ "note": "Mme Zéphyrine a rappelé" })).await.ok();
    let said =
        async || city.database.count("select count(*) from ticket_event where fact::text like '%Zéphyrine%'").await;
    night(&city).await;
    assert_eq!(said().await, 1, "it is dealt with again");
    let off = json!({ "note": "Retiré, dit Zéphyrine", "message_to_resident": "Madame Zéphyrine, c’est retiré." });
    dispatcher.act(&parted, "cancel", &off).await.ok();
    night(&city).await;
    assert_eq!(said().await, 0);
    city.stop().await;
}

async fn what_is_being_written_goes_with_the_rest() {
    let city = City::new().await;
    let ticket = bulky(&city).await;
    city.dispatcher().await.act(&ticket, "cancel", &json!({ "note": "Retiré" })).await.ok();
    let mut writer = city.database.connection().await;
    let begun: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut writer).await.unwrap();
    writer.execute("begin").await.unwrap();
    sqlx::query("insert into note values (gen_random_uuid(), $1::text::uuid, now(), '{\"type\": \"system\"}', 'Zéphyrine', '{}')")
        .bind(ticket["id"].as_str().unwrap())
        .execute(&mut writer)
        .await
        .unwrap();
    let waits = format!("select count(*) from pg_stat_activity where {begun} = any (pg_blocking_pids(pid))");
    let written = async {
        while city.database.count(&waits).await == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        writer.execute("commit").await.unwrap();
    };
    tokio::join!(erased(&city, &ticket), written);
    assert_eq!(city.database.count("select count(*) from note where text = '[effacé]'").await, 1);
    city.stop().await;
}

async fn what_was_reopened_meanwhile_is_not_erased() {
    let city = City::new().await;
    let (open, ended) = (bulky(&city).await, bulky(&city).await);
    city.dispatcher().await.act(&ended, "cancel", &json!({ "note": "Retiré" })).await.ok();
    let cx = &city.instance.context;
    let concerns = [&open, &ended].map(|ticket| ConcernId(ticket["concern_id"].as_str().unwrap().parse().unwrap()));
    let tx = cx.store.begin().await.unwrap();
    assert_eq!(tx.erase_texts(&concerns, cx.now()).await.unwrap(), concerns[1..]);
    tx.commit().await.unwrap();
    let said = "select count(*) from concern where description = '[effacé]'";
    assert_eq!(city.database.count(said).await, 1);
    city.stop().await;
}
