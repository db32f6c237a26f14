//! What residents write where another's ticket stands for their concern.

use serde_json::{Value, json};

use crate::inbound::answer::{MAILBOX, PIXEL, with_files};
use crate::inbound::{answer, hand_in, program};
use crate::support::city::{City, dumping, link};

crate::tests![
    what_a_neighbour_wrote_is_theirs_to_have_and_to_erase,
    what_a_neighbour_wrote_outlives_the_ticket_s_own_resident,
    what_they_wrote_of_another_ticket_stays_theirs_when_it_is_parted,
];

/// A concern whose resident wrote, and another that is attached to its ticket, whose resident wrote, sent a photograph, and had the
/// ticket reopened, which is closed again.
async fn two_wrote(city: &City) -> (Value, Value) {
    city.take_mail_back().await;
    let (server, agent, proprete) = (program(city, &["mail:inbound"]).await, city.agent().await, city.proprete().await);
    let mut body = dumping();
    body["category"] = json!("graffiti");
    let first = agent.post("/v1/concerns", &body).await.created();
    let main = &first["tickets"][0];
    body["attach_to"] = main["id"].clone();
    body["resident"]["email"] = json!("voisin@mail.example");
    let attached = agent.post("/v1/concerns", &body).await.created();
    city.drain().await;
    let letter = city.letters_to("voisin@mail.example").pop().unwrap();
    let sent = with_files(&letter, "Chez Zéphyrine, au 3.", &[("porte.png", "image/png", PIXEL)]);
    let taken = hand_in(&server, &sent.replace(MAILBOX, "voisin@mail.example")).await;
    assert_eq!((&taken["outcome"], &taken["attachments"]), (&json!("placed"), &json!(1)));
    let own = answer(
        &city.letters_to("habitante@mail.example").pop().unwrap(),
        "habitante@mail.example",
        "own",
        "Ma grille.",
    );
    assert_eq!(hand_in(&server, &own).await["outcome"], "placed");

    let settled = async || {
        let taken = proprete.acknowledge(&proprete.ticket(main).await).await.ok();
        proprete.resolve(&taken).await.ok()
    };
    settled().await;
    city.drain().await;
    let tracking = link(&city.letters_to("voisin@mail.example").pop().unwrap(), "/v1/tracking/");
    let tracking = tracking.split('#').next().unwrap();
    let text = "Zéphyrine le voit encore";
    let said = json!({ "solved": "no", "reason": "other", "text": text, "reopen": true, "ticket": main["reference"] });
    city.stranger().post(&format!("{tracking}/feedback"), &said).await.is(200);
    let desk = city.dispatcher().await;
    let export = async |concern: &Value| {
        desk.get(&format!("/v1/residents/{}/export", concern["id"].as_str().unwrap())).await.ok()["concerns"][0].clone()
    };
    let theirs = export(&attached).await;
    let followed = &theirs["followed"][0];
    assert_eq!(followed["written"][0]["text"], "Chez Zéphyrine, au 3.");
    assert_eq!(followed["attachments"][0]["name"], "porte.jpg");
    assert_eq!(theirs["feedback"][0]["text"], text);
    assert!(!theirs.to_string().contains("grille"), "{theirs}");
    let others = export(&first).await;
    assert_eq!(others["tickets"][0]["messages_to_resident"][0]["text"], "Ma grille.");
    assert!(others["tickets"][0]["timeline"].as_array().unwrap().iter().any(|line| line["what"]["type"] == "reopened"));
    assert!(!others.to_string().contains("Zéphyrine") && !others.to_string().contains("porte"), "{others}");

    desk.close(&settled().await).await.ok();
    (first, attached)
}

/// Erases what is kept of the resident of a concern.
async fn erase(city: &City, concern: &Value) {
    let path = format!("/v1/residents/{}/erase", concern["id"].as_str().unwrap());
    let erased = city.dispatcher().await.post(&path, &json!({})).await.ok();
    assert_eq!(erased["erased"], json!([concern["id"]]));
}

/// How many rows hold what the neighbour wrote, sent, and said with the reopening.
async fn of_the_neighbour(city: &City) -> [i64; 3] {
    let mut left = [0; 3];
    let kept = [("resident_message", "text"), ("attachment", "name"), ("ticket_event", "fact::text")];
    for (left, (table, column)) in left.iter_mut().zip(kept) {
        let count = format!("select count(*) from {table} where {column} ~ 'Zéphyrine|porte'");
        *left = city.database.count(&count).await;
    }
    left
}

async fn what_a_neighbour_wrote_is_theirs_to_have_and_to_erase() {
    let city = City::new().await;
    let (_, attached) = two_wrote(&city).await;
    assert_eq!(of_the_neighbour(&city).await, [1, 1, 1]);
    erase(&city, &attached).await;
    assert_eq!(of_the_neighbour(&city).await, [0, 0, 0]);
    assert_eq!(city.database.count("select count(*) from resident_message where text = 'Ma grille.'").await, 1);
    assert_eq!(city.database.count("select count(*) from stray_file where doomed").await, 1);
    city.stop().await;
}

async fn what_a_neighbour_wrote_outlives_the_ticket_s_own_resident() {
    let city = City::new().await;
    let (first, attached) = two_wrote(&city).await;
    erase(&city, &first).await;
    assert_eq!(city.database.count("select count(*) from resident_message where text = 'Ma grille.'").await, 0);
    assert_eq!(of_the_neighbour(&city).await, [1, 1, 1]);
    assert_eq!(city.database.count("select count(*) from stray_file where doomed").await, 0);
    erase(&city, &attached).await;
    assert_eq!(of_the_neighbour(&city).await, [0, 0, 0]);
    city.stop().await;
}

async fn what_they_wrote_of_another_ticket_stays_theirs_when_it_is_parted() {
    let city = City::new().await;
    city.take_mail_back().await;
    let (server, agent, desk) = (program(&city, &["mail:inbound"]).await, city.agent().await, city.dispatcher().await);
    let mut body = dumping();
    body["category"] = json!("graffiti");
    let first = agent.post("/v1/concerns", &body).await.created();
    body["resident"]["email"] = json!("voisin@mail.example");
    let second = agent.post("/v1/concerns", &body).await.created();
    let (main, duplicate) = (&first["tickets"][0], &second["tickets"][0]);
    let merged = desk.act(duplicate, "merge", &json!({ "duplicate_of": main["id"] })).await.ok();
    city.drain().await;
    let letter = city.letters_to("voisin@mail.example").pop().unwrap();
    let told = hand_in(&server, &answer(&letter, "voisin@mail.example", "1", "Le mur du fond.")).await;
    assert_eq!(told["outcome"], "placed");
    desk.act(&merged, "unmerge", &json!({ "note": "Un autre mur." })).await.ok();
    let taken = city.proprete().await.acknowledge(&desk.ticket(main).await).await.ok();
    city.proprete().await.resolve(&taken).await.ok();
    let path = format!("/v1/residents/{}/export", second["id"].as_str().unwrap());
    let concern = desk.get(&path).await.ok()["concerns"][0].clone();
    let all = concern.to_string();
    assert!(all.contains("Le mur du fond.") && !all.contains("C’est fait"), "{concern}");
    city.stop().await;
}
