//! What other programs follow.

mod order;
mod stream;

use serde_json::{Value, json};

use crate::client::register;
use crate::support::Test;
use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

pub fn tests() -> Vec<Test> {
    what::tests().into_iter().chain(order::tests()).chain(stream::tests()).collect()
}

/// Gives what happened its place, as the worker does.
pub async fn place(city: &City) {
    while usecases::feed::place(&city.instance.context).await.unwrap() > 0 {}
}

/// A program that reads every standard ticket, and the cafés.
pub async fn follower(city: &City) -> Caller {
    register(city, &["tickets:read", "cafes:read"], &[]).await.caller(city).await
}

/// All events that a program reads from there on, page by page.
pub async fn events(who: &Caller, query: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = who.get(&format!("/v1/events?limit=200{query}{cursor}")).await.ok();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

mod what {
    use super::{City, Value, dumping, events, follower, json, place, register, types};
    use crate::cafe::{held, plan, report};
    use crate::support::database::Statements;

    crate::tests![
        what_happens_is_told_as_cloud_events,
        what_is_written_and_answered_is_told,
        cafes_are_told_to_who_reads_cafes,
        a_program_reads_what_it_could_read_then,
        whoever_had_a_ticket_is_told_to_forget_it,
        events_are_narrowed,
        who_begins_now_is_told_from_where,
        people_and_bad_questions_are_refused,
        what_is_too_old_is_forgotten_and_said_to_be,
        after_a_restored_backup_it_is_said_that_places_are_ahead,
    ];

    async fn what_happens_is_told_as_cloud_events() {
        let city = City::new().await;
        let program = register(&city, &["tickets:read", "tickets:write"], &[]).await;
        let who = program.caller(&city).await;
        let ticket = city.dumping().await;
        let done = who.acknowledge(&ticket).await.ok();
        city.proprete().await.resolve(&done).await.ok();
        assert_eq!(events(&who, "").await, Vec::<Value>::new(), "nothing has its place yet");
        place(&city).await;
        let told = events(&who, &format!("&service={}", ticket["service"]["code"].as_str().unwrap())).await;
        assert_eq!(types(&told), ["ticket.submitted", "ticket.acknowledged", "ticket.resolved"]);
        let timeline = who.timeline(&ticket).await;
        for (event, entry) in told.iter().zip(&timeline) {
            assert_eq!(event["specversion"], "1.0");
            assert_eq!(event["datacontenttype"], "application/json");
            assert_eq!(event["source"], "https://continuum.ville-amiens.example/");
            assert_eq!((&event["id"], &event["time"]), (&entry["id"], &entry["at"]));
            assert_eq!(event["subject"], ticket["reference"]);
            assert_eq!(event["data"]["details"], entry["data"]);
            let about = &event["data"]["ticket"];
            assert_eq!((&about["id"], &about["version"]), (&ticket["id"], &entry["version"]));
            assert_eq!((&about["concern_id"], &about["category"]), (&ticket["concern_id"], &ticket["category"]));
            assert_eq!((&about["service"], &about["areas"]), (&ticket["service"]["code"], &ticket["areas"]));
        }
        let states: Vec<_> = told.iter().map(|event| event["data"]["ticket"]["state"].clone()).collect();
        assert_eq!(states, ["submitted", "acknowledged", "resolved"]);
        let by = &told[1]["data"]["by"];
        assert_eq!(
            (&by["type"], &by["client"], &by["part"]),
            (&json!("client"), &json!(program.id), &json!("service"))
        );
        assert_eq!(told[0]["data"]["by"]["name"], "Claire Delattre");
        city.stop().await;
    }

    async fn what_is_written_and_answered_is_told() {
        let city = City::new().await;
        let who = follower(&city).await;
        let (agent, proprete) = (city.agent().await, city.proprete().await);
        let mut body = dumping();
        body["resident"] = json!({ "email": "resident@mail.example" });
        let filed = agent.post("/v1/concerns", &body).await.created();
        let reference = filed["tickets"][0]["reference"].as_str().unwrap().to_owned();
        let of = |rest: &str| format!("/v1/tickets/{reference}/{rest}");
        let note = proprete.post(&of("notes"), &json!({ "text": "Le bailleur rappelle." })).await.created();
        let asked = proprete.post(&of("referrer_messages"), &json!({ "text": "Quel étage ?" })).await.created();
        let told = proprete.post(&of("resident_messages"), &json!({ "text": "Nous passons jeudi." })).await.created();
        place(&city).await;
        let all = events(
            &who,
            "&type=ticket.note_added&type=ticket.referrer_message_written\
                                &type=ticket.resident_message_written",
        )
        .await;
        assert_eq!(
            types(&all),
            ["ticket.note_added", "ticket.referrer_message_written", "ticket.resident_message_written"]
        );
        for (event, written) in all.iter().zip([note, asked, told]) {
            assert_eq!((&event["id"], &event["subject"]), (&written["id"], &json!(reference)));
            let details = &event["data"]["details"];
            assert_eq!((&details["id"], &details["text"]), (&written["id"], &written["text"]));
            assert_eq!(event["data"]["ticket"].get("version"), None, "{event}");
        }
        city.drain().await;
        let link = crate::support::city::link(&city.letters_to("resident@mail.example")[0], "/v1/tracking/");
        let ticket = proprete.get(&format!("/v1/tickets/{reference}")).await.ok();
        let ticket = proprete.acknowledge(&ticket).await.ok();
        proprete.resolve(&ticket).await.ok();
        let answer = json!({ "solved": "no", "reason": "partly", "ticket": reference });
        city.stranger().post(&format!("{link}/feedback"), &answer).await.ok();
        place(&city).await;
        let [given] = &events(&who, "&type=ticket.feedback_given").await[..] else { panic!("one answer") };
        assert_eq!(given["data"]["by"], json!({ "type": "resident" }));
        let details = &given["data"]["details"];
        assert_eq!((&details["solved"], &details["reason"]), (&json!(false), &json!("partly")));
        assert!(!serde_json::to_string(&events(&who, "").await).unwrap().contains("resident@mail.example"));
        city.stop().await;
    }

    async fn cafes_are_told_to_who_reads_cafes() {
        let city = City::new().await;
        let (cafe, agent) = held(&city).await;
        report(&agent, &cafe, &json!({ "headcount": 12 })).await.ok();
        let planned = plan(&agent, json!({ "title": "Place Gambetta" })).await;
        let path = crate::cafe::path(&planned, "/announce");
        agent.post(&path, &json!({})).await.ok();
        let path = crate::cafe::path(&planned, "/cancel");
        agent.post(&path, &json!({ "reason": "Vents violents" })).await.ok();
        place(&city).await;
        let who = follower(&city).await;
        let told = events(&who, "").await;
        let of = |id: &Value| -> Vec<(&str, &str)> {
            let of = told.iter().filter(|event| event["subject"] == *id);
            of.map(|event| (event["type"].as_str().unwrap(), event["data"]["cafe"]["state"].as_str().unwrap()))
                .collect()
        };
        assert_eq!(
            of(&cafe["id"]),
            [("cafe.planned", "planned"), ("cafe.held", "held"), ("cafe.reported", "reported")]
        );
        assert_eq!(
            of(&planned["id"]),
            [("cafe.planned", "planned"), ("cafe.announced", "planned"), ("cafe.cancelled", "cancelled")]
        );
        let tickets_only = register(&city, &["tickets:read"], &[]).await.caller(&city).await;
        assert_eq!(events(&tickets_only, "").await, Vec::<Value>::new());
        city.stop().await;
    }

    async fn a_program_reads_what_it_could_read_then() {
        let city = City::new().await;
        let agent = city.agent().await;
        let dumped = city.dumping().await;
        let mut body = dumping();
        body["category"] = json!("neighbour_dispute");
        let kept = agent.post("/v1/concerns", &body).await.created();
        let kept_at = kept["tickets"][0]["service"]["code"].as_str().unwrap().to_owned();
        let passed = city
            .dispatcher()
            .await
            .act(&dumped, "reroute", &json!({ "service": "voirie", "note": "C’est de la terre." }))
            .await
            .ok();
        city.voirie().await.acknowledge(&passed).await.ok();
        place(&city).await;
        let read = async |scopes: &[&str], services: &[&str]| {
            let who = register(&city, scopes, services).await.caller(&city).await;
            let all = events(&who, "").await;
            let own = all.iter().filter(|event| event["subject"] == dumped["reference"]);
            let own: Vec<String> = own.map(|event| event["type"].as_str().unwrap().to_owned()).collect();
            let restricted = all.iter().filter(|event| event["data"]["ticket"]["category"] == "neighbour_dispute");
            (own, restricted.count())
        };
        let [submitted, rerouted, acknowledged] =
            ["ticket.submitted", "ticket.rerouted", "ticket.acknowledged"].map(str::to_owned);
        let whole = vec![submitted.clone(), rerouted.clone(), acknowledged.clone()];
        assert_eq!(read(&["tickets:read"], &[]).await, (whole, 0));
        assert_eq!(read(&["tickets:read"], &["proprete"]).await, (vec![submitted, rerouted.clone()], 0));
        assert_eq!(read(&["tickets:read"], &["voirie"]).await, (vec![rerouted, acknowledged], 0));
        // Restricted ones, within the services that a program is limited to.
        assert_eq!(read(&["tickets:read", "tickets:restricted"], &[&kept_at]).await.1, 1);
        assert_eq!(read(&["cafes:read"], &[]).await, (vec![], 0));
        city.stop().await;
    }

    async fn whoever_had_a_ticket_is_told_to_forget_it() {
        let city = City::new().await;
        let filed = city.agent().await.post("/v1/concerns", &dumping()).await.created();
        let (tickets, dispatcher) = (filed["tickets"].as_array().unwrap(), city.dispatcher().await);
        let (ticket, to) = (&tickets[0], json!({ "service": "voirie", "note": "C’est sur la chaussée." }));
        assert_eq!(ticket["service"]["code"], "proprete");
        dispatcher.act(ticket, "reroute", &to).await.ok();
        for ticket in tickets {
            let called_off = json!({ "note": "Retiré" });
            dispatcher.act(&dispatcher.ticket(ticket).await, "cancel", &called_off).await.ok();
        }
        let erase = format!("/v1/residents/{}/erase", filed["id"].as_str().unwrap());
        assert_eq!(dispatcher.post(&erase, &json!({})).await.ok()["erased"], json!([filed["id"]]));
        place(&city).await;
        for (service, told) in [("proprete", 1), ("voirie", 1), ("mediation", 0)] {
            let who = register(&city, &["tickets:read"], &[service]).await.caller(&city).await;
            let mut erased = events(&who, "&type=ticket.pseudonymised").await;
            erased.retain(|event| event["subject"] == ticket["reference"]);
            assert_eq!(erased.len(), told, "{service}");
            assert!(erased.iter().all(|event| event["data"]["ticket"]["service"] == "voirie"), "{erased:?}");
        }
        city.stop().await;
    }

    async fn events_are_narrowed() {
        let city = City::new().await;
        let who = follower(&city).await;
        let agent = city.agent().await;
        let dumped = city.dumping().await;
        let mut body = dumping();
        body["category"] = json!("pothole");
        body["place"] = json!({ "lat": 49.8942, "lon": 2.2957 });
        let pothole = agent.post("/v1/concerns", &body).await.created();
        place(&city).await;
        let subjects = async |query: &str| -> Vec<Value> {
            events(&who, query).await.iter().map(|event| event["subject"].clone()).collect()
        };
        let pothole = vec![pothole["tickets"][0]["reference"].clone()];
        assert_eq!(subjects("&category=pothole").await, pothole);
        assert_eq!(subjects("&service=voirie").await, pothole);
        let area = dumped["areas"]["secteurs"].as_str().unwrap();
        assert!(subjects(&format!("&area=secteurs:{area}")).await.contains(&dumped["reference"]));
        assert!(!subjects(&format!("&area=secteurs:{area}")).await.contains(&pothole[0]));
        assert_eq!(subjects("&type=ticket.closed").await, Vec::<Value>::new());
        // Page by page, and on from a sequence, it is the same.
        let all = events(&who, "").await;
        let mut by_ones = Vec::new();
        let mut after = "0".to_owned();
        loop {
            let page = who.get(&format!("/v1/events?limit=1&after={after}")).await.ok();
            by_ones.extend(page["items"].as_array().unwrap().iter().cloned());
            page["last_sequence"].as_str().unwrap().clone_into(&mut after);
            if page["next_cursor"].is_null() {
                break;
            }
        }
        assert_eq!(by_ones, all);
        assert!(all.len() >= 2);
        city.stop().await;
    }

    async fn who_begins_now_is_told_from_where() {
        let city = City::new().await;
        let who = follower(&city).await;
        let begin = who.get("/v1/events?after=latest").await.ok();
        assert_eq!((&begin["items"], &begin["next_cursor"]), (&json!([]), &Value::Null));
        assert_eq!(begin["last_sequence"], "0".repeat(20), "nothing has happened yet");
        city.dumping().await;
        place(&city).await;
        let begin = who.get("/v1/events?after=latest&service=voirie").await.ok();
        assert_eq!(begin["items"], json!([]));
        let ticket = city.dumping().await;
        place(&city).await;
        let told = events(&who, &format!("&after={}", begin["last_sequence"].as_str().unwrap())).await;
        assert!(!told.is_empty() && told.iter().any(|event| event["subject"] == ticket["reference"]));
        assert_eq!(told, events(&who, "").await[told.len()..], "the second half");
        let Some(mut statements) = Statements::logged(&city.database).await else { return city.stop().await };
        let second = city.second().await;
        let who = who.at(&second.base_url);
        who.get("/v1/events").await.ok();
        for query in ["", "?after=latest"] {
            statements.news();
            who.get(&format!("/v1/events{query}")).await.ok();
            assert_eq!(statements.news().iter().filter(|entry| entry.is_run()).count(), 1, "{query}");
        }
        second.stop().await;
        city.stop().await;
    }

    async fn people_and_bad_questions_are_refused() {
        let city = City::new().await;
        city.dispatcher().await.get("/v1/events").await.lacks("follow_events");
        city.dispatcher().await.get("/v1/events/stream").await.lacks("follow_events");
        city.stranger().get("/v1/events").await.refused(401, "unauthenticated");
        let filing = register(&city, &["concerns:write"], &[]).await.caller(&city).await;
        filing.get("/v1/events").await.lacks("follow_events");
        let who = follower(&city).await;
        for (query, field) in [
            ("type=ticket.exploded", "type"),
            ("service=neverheard", "service"),
            ("category=neverheard", "category"),
            ("area=nord", "area"),
            ("after=-1", "after"),
            ("after=999999999999999999999", "after"),
            ("after=1e3", "after"),
            ("after=last", "after"),
            ("limit=0", "limit"),
            ("cursor=rubbish", "cursor"),
            ("since=yesterday", "since"),
        ] {
            let problem = who.get(&format!("/v1/events?{query}")).await.refused(400, "invalid_parameter");
            assert_eq!(problem["errors"][0]["parameter"], field, "{problem}");
        }
        city.stop().await;
    }

    async fn what_is_too_old_is_forgotten_and_said_to_be() {
        let city = City::new().await;
        let who = follower(&city).await;
        city.dumping().await;
        place(&city).await;
        let before = events(&who, "").await.len();
        let kept = async || {
            while usecases::retention::keep(&city.instance.context).await.unwrap() {}
            city.database.count("select count(*) from feed").await
        };
        city.clock.forward(chrono::Duration::days(364));
        assert_eq!(usize::try_from(kept().await).unwrap(), before);
        city.dumping().await;
        place(&city).await;
        city.clock.forward(chrono::Duration::days(2));
        assert_eq!(usize::try_from(kept().await).unwrap(), before, "the others, as many");
        let gone = before;
        // Programs log in again.
        let who = register(&city, &["tickets:read"], &[]).await.caller(&city).await;
        who.get("/v1/events?after=0").await.refused(410, "events_expired");
        let left = events(&who, "").await;
        assert_eq!(left.len(), before);
        assert_eq!(events(&who, &format!("&after={gone}")).await, left);
        assert_eq!(left[0]["sequence"], format!("{:020}", gone + 1));
        city.stop().await;
    }

    async fn after_a_restored_backup_it_is_said_that_places_are_ahead() {
        let city = City::new().await;
        let who = follower(&city).await;
        city.dumping().await;
        place(&city).await;
        let last = events(&who, "").await.last().unwrap()["sequence"].as_str().unwrap().to_owned();
        assert_eq!(events(&who, &format!("&after={last}")).await, Vec::<Value>::new());
        let next = (last.parse::<u64>().unwrap() + 1).to_string();
        for ahead in [&next, &i64::MAX.to_string(), "99999999999999999999"] {
            who.get(&format!("/v1/events?after={ahead}")).await.refused(410, "events_ahead");
        }
        // A cursor is the position in base64: this one is i64::MAX.
        who.get("/v1/events?cursor=OTIyMzM3MjAzNjg1NDc3NTgwNw").await.refused(410, "events_ahead");
        city.stop().await;
    }
}
