//! Anybody doing anything, in any order and at once: whatever is done or refused, what always holds goes on holding.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration as StdDuration, Instant};

use chrono::Duration;
use domain::ticket::event::Part;
use domain::ticket::lifecycle::next;
use domain::ticket::rights::parts;
use domain::ticket::{Action, State};
use futures_util::future::{join_all, join4};
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping, email};

crate::tests![no_sequence_of_actions_breaks_what_always_holds, services_dispatchers_and_workers_at_once_lose_nothing,];

/// Those who act: a member of each of two services, the referrer, another agent, two dispatchers.
pub const ACTORS: [&str; 6] =
    ["amelie.petit", "sophie.morel", "claire.delattre", "karim.haddad", "nadia.fournier", "elodie.lemaire"];

/// One thing that somebody tries: who, on which of the tickets, what, with which choice of what can be chosen.
type Try = (usize, usize, usize, usize);

/// Does an action; `choice` varies what is said with it.
pub async fn attempt(
    who: &Caller,
    ticket: &Value,
    other: &Value,
    (action, choice): (Action, usize),
    day: &str,
) -> Reply {
    let service = ["proprete", "voirie", "eclairage"][choice % 3];
    let priority = ["low", "high", "urgent"][choice % 3];
    let body = match action {
        Action::Refuse => json!({ "reason": "outside_area" }),
        Action::Reroute => json!({ "service": service, "note": "Voyez." }),
        Action::Schedule => json!({ "scheduled_for": day }),
        Action::Hold => json!({ "reason": "third_party", "resume_on": day }),
        Action::Resolve => json!({ "closure_reason": "nothing_found", "message_to_resident": "Rien vu." }),
        Action::Reopen | Action::Cancel | Action::Unmerge => json!({ "note": "Il le faut." }),
        Action::Close if ticket["state"] == "refused" => json!({ "closure_reason": "private_matter" }),
        Action::Receive | Action::Acknowledge | Action::Start | Action::Resume | Action::Assign | Action::Close => {
            json!({})
        }
        Action::Merge => json!({ "duplicate_of": other["id"] }),
        Action::Prioritise => json!({ "priority": priority }),
        Action::Split => json!({ "services": [service], "note": "Vous aussi." }),
    };
    who.act(ticket, action.code(), &body).await
}

/// Replays a timeline: the fields of the ticket that follow from its events.
fn replayed(events: &[Value]) -> Value {
    let (mut state, mut service, mut priority) = (json!("-"), Value::Null, json!("normal"));
    let (mut assignee, mut duplicate_of) = (Value::Null, Value::Null);
    let (mut handovers, mut reopened, mut followers) = (0, 0, 0);
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["version"], at + 1, "exactly one event a version");
        let data = &event["data"];
        let kind = event["type"].as_str().unwrap();
        state = match kind {
            "submitted" | "rerouted" | "reopened" | "unmerged" => json!("submitted"),
            "started" | "resumed" => json!("in_progress"),
            "held" => json!("on_hold"),
            "merged" => json!("closed"),
            "received" | "assigned" | "prioritised" | "split" | "followed" | "attachment_added"
            | "attachment_removed" => state,
            end => json!(end),
        };
        match kind {
            "submitted" => (service, handovers) = (data["service"].clone(), 1),
            "reopened" => reopened += 1,
            "followed" => followers += 1,
            "prioritised" => priority = data["priority"].clone(),
            "assigned" => assignee = data["assignee"].clone(),
            "merged" => duplicate_of = data["duplicate_of"].clone(),
            _ => {}
        }
        if ["rerouted", "reopened", "unmerged"].contains(&kind) {
            handovers += 1;
            (assignee, duplicate_of) = (Value::Null, Value::Null);
            // After a refusal, the dispatcher's desk has it.
            service = data.get("service").cloned().unwrap_or(service);
        }
    }
    json!({
        "state": state, "service": service, "priority": priority, "assignee": assignee, "duplicate_of": duplicate_of,
        "handovers": handovers, "reopened": reopened, "followers": followers, "version": events.len(),
    })
}

/// Every page of a list.
async fn whole(who: &Caller, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = who.get(&format!("{path}?limit=200{cursor}")).await.ok();
        items.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
}

/// What holds of every ticket at any time. Gives its events back.
async fn holds(dispatcher: &Caller, ticket: &Value) -> Vec<Value> {
    let path = format!("/v1/tickets/{}", ticket["id"].as_str().unwrap());
    let now = dispatcher.get(&path).await.ok();
    let events = whole(dispatcher, &format!("{path}/timeline")).await;
    let field = |name: &str| if name == "service" { now["service"]["code"].clone() } else { now[name].clone() };
    let replayed = replayed(&events);
    for (name, value) in replayed.as_object().unwrap() {
        assert_eq!(field(name), *value, "{name} of {now} is not what its events say: {events:#?}");
    }
    let handovers = whole(dispatcher, &format!("{path}/handovers")).await;
    assert_eq!(json!(handovers.len()), now["handovers"]);
    let running = handovers.iter().filter(|row| row["ended_at"].is_null()).count();
    let ended = ["closed", "cancelled"].contains(&now["state"].as_str().unwrap());
    assert_eq!(running, usize::from(!ended), "{now} {handovers:#?}");
    assert!(handovers.iter().all(|row| row["answered_after"].as_i64().is_none_or(|seconds| seconds >= 0)));
    for due in ["ack_due_at", "resolve_due_at"] {
        assert!(now[due].as_str() > now["handed_over_at"].as_str(), "{due} of {now}");
    }
    assert!(now["filed_at"].as_str() <= now["handed_over_at"].as_str());
    events
}

/// Those who act, logged in.
pub async fn logged_in(city: &City) -> Vec<Caller> {
    join_all(ACTORS.map(|who| city.login(who))).await
}

/// Makes somebody a second dispatcher.
pub async fn promote(city: &City) {
    let account = city.account("elodie.lemaire").await;
    let path = format!("/v1/users/{}", account["id"].as_str().unwrap());
    city.admin().await.patch(&path, &account["version"], &json!({ "roles": ["dispatcher"] })).await.ok();
    assert_eq!(city.login("elodie.lemaire").await.get("/v1/me").await.ok()["email"], email("elodie.lemaire"));
}

/// The day that many days ahead.
pub fn day(city: &City, ahead: i64) -> String {
    use domain::clock::Clock as _;
    (city.clock.now() + Duration::days(ahead)).format("%Y-%m-%d").to_string()
}

/// One of the actions that the ticket's state allows, by somebody whose action it may be; not the
/// ones after which little is left to do.
pub fn allowed(ticket: &Value, who: usize, what: usize) -> (usize, Action) {
    let state = State::from_code(ticket["state"].as_str().unwrap()).unwrap();
    let ends = |action: &Action| matches!(action, Action::Cancel | Action::Merge);
    let actions = Action::ALL.into_iter().filter(|action| !ends(action) && next(state, *action).is_ok());
    let actions: Vec<Action> = actions.collect();
    let action = actions.get(what % actions.len().max(1)).copied().unwrap_or(Action::Reopen);
    let by_service = parts(action).iter().any(|(part, _)| *part == Part::Service);
    let member = usize::from(ticket["service"]["code"] == "voirie");
    (if by_service { member } else { 2 + who % 4 }, action)
}

/// Attaches a concern to the ticket, or is told that it has ended. Gives the ticket as it is then.
async fn attach(who: &Caller, ticket: &Value, done: &mut BTreeMap<&str, usize>) -> Value {
    let mut body = dumping();
    body["attach_to"] = ticket["id"].clone();
    let reply = who.post("/v1/concerns", &body).await;
    if reply.status != 201 {
        reply.refused_fields(422, "invalid_content", &[("/attach_to", "ended")]);
        assert!(["resolved", "closed", "cancelled"].contains(&ticket["state"].as_str().unwrap()), "{ticket}");
        return ticket.clone();
    }
    let after = reply.json()["tickets"][0].clone();
    assert_eq!(after["version"].as_i64(), ticket["version"].as_i64().map(|version| version + 1));
    assert_eq!(after["state"], ticket["state"]);
    *done.entry("attach").or_default() += 1;
    after
}

async fn no_sequence_of_actions_breaks_what_always_holds() {
    let city = City::new().await;
    promote(&city).await;
    let mut runner = TestRunner::deterministic();
    let step = (0..ACTORS.len(), 0..2_usize, 0..Action::ALL.len() + 2, 0..3_usize);
    let sequences = vec(step, 25);
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    let mut actors = logged_in(&city).await;
    for _ in 0..80 {
        let sequence: Vec<Try> = sequences.new_tree(&mut runner).unwrap().current();
        let mut tickets = Vec::new();
        for _ in 0..2 {
            tickets.push(actors[2].post("/v1/concerns", &dumping()).await.created()["tickets"][0].clone());
        }
        for (who, which, what, choice) in sequence {
            if what > Action::ALL.len() {
                // Somebody else raises the same thing.
                tickets[which] = attach(&actors[3], &tickets[which], &mut done).await;
                continue;
            }
            let Some(action) = Action::ALL.get(what).copied() else {
                // Time passes, and what falls due happens.
                city.clock.forward(Duration::days(6));
                while usecases::ticket::run_clocks(&city.instance.context).await.unwrap() > 0 {}
                actors = logged_in(&city).await;
                for ticket in &mut tickets {
                    *ticket = actors[4].ticket(ticket).await;
                }
                continue;
            };
            let other = tickets[1 - which].clone();
            let before = &tickets[which];
            // One in three is anything at all; the others are what the ticket's state allows, so that it lives long.
            let (who, action) = if choice == 0 { (who, action) } else { allowed(before, who, what) };
            let reply = attempt(&actors[who], before, &other, (action, choice), &day(&city, 2)).await;
            // Had a refusal changed anything, the next one would come too late: 412.
            if reply.status == 200 {
                let after = reply.json();
                assert_eq!(after["version"].as_i64(), before["version"].as_i64().map(|version| version + 1));
                *done.entry(action.code()).or_default() += 1;
                tickets[which] = after;
            } else {
                assert!([403, 404, 409, 422].contains(&reply.status), "{}: {}", action.code(), reply.text);
            }
        }
        for ticket in &tickets {
            holds(&actors[4], ticket).await;
        }
    }
    for action in Action::ALL {
        assert!(done.contains_key(action.code()), "{} was never done: {done:?}", action.code());
    }
    assert!(done["attach"] > 20, "{done:?}");
    city.stop().await;
}

async fn services_dispatchers_and_workers_at_once_lose_nothing() {
    let city = City::new().await;
    promote(&city).await;
    let second = city.second().await;
    let agent = city.agent().await;
    let mut tickets = Vec::new();
    for _ in 0..5 {
        tickets.push(agent.post("/v1/concerns", &dumping()).await.created()["tickets"][0].clone());
    }
    let begun = Instant::now();
    let done = RefCell::new(BTreeMap::<String, i64>::new());
    let refused = RefCell::new(BTreeMap::<u16, usize>::new());
    // For as long as it takes until enough has happened: a slow machine takes longer.
    let enough = || done.borrow().values().sum::<i64>() > 150 && refused.borrow().contains_key(&412);
    let over = || begun.elapsed() > StdDuration::from_secs(if enough() { 20 } else { 240 });
    let act = async |name: &'static str, base_url: &str, seed: u8| {
        let mut runner = TestRunner::new_with_rng(
            proptest::test_runner::Config::default(),
            proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &[seed; 32]),
        );
        let step = (0..tickets.len(), 0..tickets.len(), 0..Action::ALL.len(), 0..3_usize);
        let mut who = city.login(name).await.at(base_url);
        while !over() {
            let (which, other, what, choice) = step.new_tree(&mut runner).unwrap().current();
            let seen = who.get(&format!("/v1/tickets/{}", tickets[which]["id"].as_str().unwrap())).await;
            let seen = match seen.status {
                401 => {
                    who = city.login(name).await.at(base_url);
                    continue;
                }
                // It is at another service.
                404 => continue,
                _ => seen.ok(),
            };
            let offered: Vec<&str> =
                seen["actions"].as_array().unwrap().iter().map(|offer| offer["action"].as_str().unwrap()).collect();
            // What was called off stays so: it would soon be all of them.
            let action = Action::ALL.into_iter().cycle().skip(what).take(Action::ALL.len());
            let action =
                action.filter(|action| *action != Action::Cancel).find(|action| offered.contains(&action.code()));
            let Some(action) = action else { continue };
            let reply = attempt(&who, &seen, &tickets[other], (action, choice), &day(&city, 2)).await;
            match reply.status {
                200 if action == Action::Receive => {}
                200 => *done.borrow_mut().entry(seen["id"].as_str().unwrap().to_owned()).or_default() += 1,
                status @ (401 | 403 | 404 | 409 | 412 | 422) => *refused.borrow_mut().entry(status).or_default() += 1,
                _ => panic!("{}", reply.text),
            }
        }
    };
    let worker = async |instance: &continuum::Instance| {
        while !over() {
            usecases::ticket::run_clocks(&instance.context).await.unwrap();
            instance.worker.drain().await.unwrap();
            tokio::time::sleep(StdDuration::from_millis(20)).await;
        }
    };
    let time = async {
        while !over() {
            tokio::time::sleep(StdDuration::from_secs(2)).await;
            city.clock.forward(Duration::days(1));
        }
    };
    let (here, there) = (city.instance.base_url.as_str(), second.base_url.as_str());
    let people = join4(
        act("amelie.petit", here, 1),
        act("sophie.morel", there, 2),
        act("nadia.fournier", here, 3),
        act("elodie.lemaire", there, 4),
    );
    tokio::join!(people, worker(&city.instance), worker(&second), time);
    let dispatcher = city.dispatcher().await;
    for ticket in &tickets {
        let events = holds(&dispatcher, ticket).await;
        let by_people = events.iter().skip(1).filter(|event| event["by"]["type"] == "person");
        // The service receives a ticket by reading it.
        let by_people = by_people.filter(|event| event["type"] != "received").count();
        let acknowledged = done.borrow().get(ticket["id"].as_str().unwrap()).copied().unwrap_or_default();
        assert_eq!(i64::try_from(by_people).unwrap(), acknowledged, "what was answered with 200 happened, once");
    }
    assert!(enough(), "little was done, or nobody ever came too late: {done:?} {refused:?}");
    second.stop().await;
    city.stop().await;
}
