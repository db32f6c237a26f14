//! Duplicates: merged into a main ticket, followed with it, and parted again.

use serde_json::{Value, json};

use crate::support::city::{City, dumping};

crate::tests![
    who_follows_a_duplicate_hears_the_outcome_of_the_main_ticket,
    a_main_ticket_is_open_another_one_and_for_the_same_readers,
    a_ticket_that_was_no_duplicate_goes_back_to_its_service,
    two_that_merge_each_other_at_once_leave_one_open,
    whoever_read_the_main_ticket_before_sees_that_others_follow_it_now,
];

/// A change is kept if nobody has written the row since it was read; who is told was read before it is kept.
async fn whoever_read_the_main_ticket_before_sees_that_others_follow_it_now() {
    let city = City::new().await;
    let (main, duplicate, dispatcher) = (city.dumping().await, city.dumping().await, city.dispatcher().await);
    let row = async || {
        let seen = "select xmin::text from ticket where id = $1::uuid";
        let mut connection = city.database.connection().await;
        let seen: String =
            sqlx::query_scalar(seen).bind(main["id"].as_str().unwrap()).fetch_one(&mut connection).await.unwrap();
        seen
    };
    let before = row().await;
    dispatcher.act(&duplicate, "merge", &json!({ "duplicate_of": main["id"] })).await.ok();
    assert_ne!(row().await, before);
    assert_eq!(dispatcher.ticket(&main).await["version"], main["version"]);
    city.stop().await;
}

async fn who_follows_a_duplicate_hears_the_outcome_of_the_main_ticket() {
    let city = City::new().await;
    let (main, dispatcher, proprete) = (city.dumping().await, city.dispatcher().await, city.proprete().await);
    let mut body = dumping();
    body["resident"] = json!({ "email": "voisin@mail.example" });
    let concern = city.other_agent().await.post("/v1/concerns", &body).await.created();
    let duplicate = concern["tickets"][0].clone();
    let merged = dispatcher.act(&duplicate, "merge", &json!({ "duplicate_of": main["reference"] })).await.ok();
    assert_eq!((&merged["state"], &merged["closure_reason"]), (&json!("closed"), &json!("duplicate")));
    assert_eq!(merged["duplicate_of"], main["id"]);
    let duplicates = dispatcher.get(&format!("/v1/tickets?duplicate_of={}", main["id"].as_str().unwrap())).await.ok();
    assert_eq!((&duplicates["items"][0]["id"], duplicates["items"].as_array().unwrap().len()), (&duplicate["id"], 1));
    assert_eq!(dispatcher.timeline(&main).await.len(), 1, "nothing is moved");
    city.drain().await;
    let told = city.letters_to("voisin@mail.example");
    assert_eq!(told.len(), 2, "the receipt, and where it is followed from now on");
    let text = told.iter().map(|letter| letter.body_text(0).unwrap().into_owned()).collect::<String>();
    assert!(
        text.contains(&format!("suivies ensemble, sous la référence {}", main["reference"].as_str().unwrap())),
        "{text}"
    );
    let acknowledged = proprete.acknowledge(&main).await.ok();
    proprete.resolve(&acknowledged).await.ok();
    city.drain().await;
    for (resident, letters) in [("voisin@mail.example", 4), ("habitante@mail.example", 3)] {
        assert_eq!(city.letters_to(resident).len(), letters, "{resident} hears that it is in hand, and how it ended");
    }
    let link = |address: &str| crate::support::city::link(&city.letters_to(address)[1], "/v1/tracking/");
    assert_ne!(link("voisin@mail.example"), link("habitante@mail.example"), "each has a link of their own");
    let stranger = city.stranger();
    let request = stranger.request(reqwest::Method::GET, &link("voisin@mail.example"));
    let page = stranger.send(request.header("Accept", "application/json")).await.ok();
    let of_main = page["tickets"].as_array().unwrap().iter().find(|ticket| ticket["reference"] == main["reference"]);
    let of_main = of_main.unwrap_or_else(|| panic!("the page says how the main one ended: {page}"));
    assert_eq!((&of_main["state"], &of_main["messages"][0]["text"]), (&json!("resolved"), &json!("C’est fait.")));
    let officer = city.letters_to("karim.haddad@ville-amiens.example").len();
    assert_eq!(officer, 2, "the turn; that it is in hand, and the outcome in one");
    city.stop().await;
}

async fn a_main_ticket_is_open_another_one_and_for_the_same_readers() {
    let city = City::new().await;
    let (ticket, other, dispatcher) = (city.dumping().await, city.dumping().await, city.dispatcher().await);
    let mut body = dumping();
    body["category"] = json!("neighbour_dispute");
    let concern = city.agent().await.post("/v1/concerns", &body).await.created();
    let restricted = concern["tickets"][0].clone();
    let ended = dispatcher.act(&other, "cancel", &json!({ "note": "Erreur." })).await.ok();
    let merge = async |main: &Value| dispatcher.act(&ticket, "merge", &json!({ "duplicate_of": main })).await;
    for (main, code) in [
        (&ticket["id"], "itself"),
        (&ended["id"], "ended"),
        (&restricted["id"], "other_readers"),
        (&json!("AMI-26-999999"), "unknown_ticket"),
        (&json!("???"), "unknown_ticket"),
    ] {
        let reply = merge(main).await;
        if *main == json!("???") {
            reply.refused(400, "invalid_request");
        } else {
            reply.refused_fields(422, "invalid_content", &[("/duplicate_of", code)]);
        }
    }
    // Of two restricted tickets, the referrers are among the few readers.
    let theirs = city.other_agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    let reply = dispatcher.act(&theirs, "merge", &json!({ "duplicate_of": restricted["id"] })).await;
    reply.refused_fields(422, "invalid_content", &[("/duplicate_of", "other_readers")]);
    let again = city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    dispatcher.act(&again, "merge", &json!({ "duplicate_of": restricted["id"] })).await.ok();
    city.stop().await;
}

async fn a_ticket_that_was_no_duplicate_goes_back_to_its_service() {
    let city = City::new().await;
    let (main, duplicate, dispatcher) = (city.dumping().await, city.dumping().await, city.dispatcher().await);
    let merged = dispatcher.act(&duplicate, "merge", &json!({ "duplicate_of": main["id"] })).await.ok();
    let officer = city.agent().await;
    for who in [&officer, &dispatcher] {
        let seen = who.ticket(&merged).await;
        assert!(!seen["actions"].to_string().contains("reopen"), "{seen}");
        who.act(&seen, "reopen", &json!({ "note": "Encore là." })).await.refused(409, "ticket_merged");
    }
    let parted = dispatcher.act(&merged, "unmerge", &json!({ "note": "Un autre mur." })).await.ok();
    assert_eq!((&parted["state"], parted.get("duplicate_of")), (&json!("submitted"), None));
    let event = dispatcher.timeline(&duplicate).await[2].clone();
    assert_eq!((&event["type"], &event["data"]["duplicate_of"]), (&json!("unmerged"), &main["id"]));
    let closed = {
        let proprete = city.proprete().await;
        let acknowledged = proprete.acknowledge(&parted).await.ok();
        dispatcher.close(&proprete.resolve(&acknowledged).await.ok()).await.ok()
    };
    dispatcher.act(&closed, "unmerge", &json!({ "note": "Non." })).await.refused(409, "ticket_not_merged");
    city.stop().await;
}

async fn two_that_merge_each_other_at_once_leave_one_open() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    for _ in 0..8 {
        let (one, two) = (city.dumping().await, city.dumping().await);
        let (to_two, to_one) = (json!({ "duplicate_of": two["id"] }), json!({ "duplicate_of": one["id"] }));
        let (first, second) =
            tokio::join!(dispatcher.act(&one, "merge", &to_two), dispatcher.act(&two, "merge", &to_one));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "{} {}", first.text, second.text);
    }
    city.stop().await;
}
