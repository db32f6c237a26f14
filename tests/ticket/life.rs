//! A ticket from its filing to its end, and everybody who would act on it.

use std::collections::BTreeSet;

use chrono::Duration;
use domain::ticket::State;
use domain::ticket::lifecycle::{Action, next};
use reqwest::Method;
use serde_json::{Value, json};

use crate::contract::document;
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping};
use crate::support::database::{Logged, Statements};

crate::tests![
    each_change_is_one_event_and_the_next_version,
    every_action_in_every_state_is_done_or_refused_as_the_table_says,
    what_is_offered_is_what_succeeds,
    each_action_takes_three_statements,
];

/// Does an action, with all that it needs; `main` is a ticket to merge into.
async fn act(who: &Caller, ticket: &Value, action: Action, main: &Value) -> Reply {
    let body = match action {
        Action::Refuse => json!({ "reason": "not_competent" }),
        Action::Reroute => json!({ "service": "voirie", "note": "À la voirie." }),
        Action::Schedule => json!({ "scheduled_for": "2026-03-12" }),
        Action::Hold => json!({ "reason": "weather", "resume_on": "2026-03-20" }),
        Action::Resolve => json!({ "closure_reason": "work_done", "message_to_resident": "C’est fait." }),
        Action::Reopen | Action::Cancel | Action::Unmerge => json!({ "note": "Il le faut." }),
        Action::Close if ticket["state"] == "refused" => json!({ "closure_reason": "private_matter" }),
        Action::Receive | Action::Acknowledge | Action::Start | Action::Resume | Action::Assign | Action::Close => {
            json!({})
        }
        Action::Merge => json!({ "duplicate_of": main["reference"] }),
        Action::Prioritise => json!({ "priority": "high" }),
        Action::Split => json!({ "services": ["voirie"], "note": "La voirie aussi." }),
    };
    who.act(ticket, action.code(), &body).await
}

/// How each state is reached; a closed one as a duplicate too, the last one.
const WAYS: [(State, &[Action]); 10] = {
    use Action::{Acknowledge, Cancel, Close, Hold, Merge, Refuse, Resolve, Schedule, Start};
    [
        (State::Submitted, &[]),
        (State::Acknowledged, &[Acknowledge]),
        (State::Scheduled, &[Acknowledge, Schedule]),
        (State::InProgress, &[Acknowledge, Start]),
        (State::OnHold, &[Acknowledge, Hold]),
        (State::Refused, &[Refuse]),
        (State::Resolved, &[Acknowledge, Resolve]),
        (State::Closed, &[Acknowledge, Resolve, Close]),
        (State::Cancelled, &[Cancel]),
        (State::Closed, &[Merge]),
    ]
};

/// The way to a state in which the action is possible, if the table allows it there.
fn way(state: State, action: Action) -> &'static [Action] {
    let mut ways = WAYS.into_iter().filter(|(to, _)| *to == state).map(|(_, way)| way);
    let found = if action == Action::Unmerge { ways.next_back() } else { ways.next() };
    found.unwrap_or_else(|| panic!("no way leads to {}", state.code()))
}

/// Those who act, and what is theirs to do.
struct People {
    service: Caller,
    referrer: Caller,
    other: Caller,
    dispatcher: Caller,
    main: Value,
}

impl People {
    async fn of(city: &City) -> Self {
        Self {
            service: city.proprete().await,
            referrer: city.agent().await,
            other: city.other_agent().await,
            dispatcher: city.dispatcher().await,
            main: city.dumping().await,
        }
    }

    fn each(&self) -> [(&'static str, &Caller, &'static str); 4] {
        let service = "receive acknowledge refuse reroute schedule start hold resume resolve assign prioritise";
        let dispatcher = "reroute reopen close cancel merge unmerge prioritise split";
        [
            ("the service", &self.service, service),
            ("the referrer", &self.referrer, "reopen cancel"),
            ("another agent", &self.other, ""),
            ("the dispatcher", &self.dispatcher, dispatcher),
        ]
    }

    async fn after(&self, way: &[Action]) -> Value {
        let filed = self.referrer.post("/v1/concerns", &dumping()).await.created();
        let mut ticket = filed["tickets"][0].clone();
        for action in way {
            let who = if matches!(action, Action::Merge | Action::Cancel | Action::Close) {
                &self.dispatcher
            } else {
                &self.service
            };
            ticket = act(who, &ticket, *action, &self.main).await.ok();
        }
        ticket
    }
}

async fn each_change_is_one_event_and_the_next_version() {
    let city = City::new().await;
    let filed = city.dumping().await;
    city.clock.forward(Duration::hours(1));
    let proprete = city.proprete().await;
    let acknowledged =
        proprete.act(&filed, "acknowledge", &json!({ "expected_on": "2026-03-12", "note": "Équipe 3" })).await;
    assert_eq!(acknowledged.header("etag"), Some("\"2\""));
    let acknowledged = acknowledged.ok();
    assert_eq!((&acknowledged["state"], &acknowledged["expected_on"]), (&json!("acknowledged"), &json!("2026-03-12")));
    assert_eq!(acknowledged["acknowledged_at"], "2026-03-10T10:00:00Z");
    let started = proprete.start(&acknowledged).await.ok();
    let resolved = proprete.resolve(&started).await.ok();
    assert_eq!((&resolved["state"], &resolved["closure_reason"]), (&json!("resolved"), &json!("work_done")));
    let closed = city.dispatcher().await.close(&resolved).await.ok();
    assert_eq!((&closed["state"], &closed["version"]), (&json!("closed"), &json!(5)));
    let events = proprete.timeline(&filed).await;
    let line =
        |event: &Value| format!("{} {} {}", event["version"], event["type"].as_str().unwrap(), event["by"]["part"]);
    assert_eq!(
        events.iter().map(line).collect::<Vec<_>>(),
        [
            "1 submitted \"referrer\"",
            "2 acknowledged \"service\"",
            "3 started \"service\"",
            "4 resolved \"service\"",
            "5 closed \"dispatcher\"",
        ]
    );
    assert_eq!(events[1]["by"]["name"], "Amélie Petit");
    assert_eq!(events[1]["data"], json!({ "expected_on": "2026-03-12", "note": "Équipe 3" }));
    assert_eq!(events[3]["data"]["message_to_resident"], "C’est fait.");
    assert_eq!(proprete.ticket(&filed).await["version"], 5);
    city.stop().await;
}

async fn every_action_in_every_state_is_done_or_refused_as_the_table_says() {
    let city = City::new().await;
    let people = People::of(&city).await;
    let mut refused = 0;
    for state in State::ALL {
        for action in Action::ALL {
            let forbidden = next(state, action).err();
            // What the state forbids, it forbids everybody, before anything is said of whose action it is.
            let who = &people.each()[..if forbidden.is_some() { 1 } else { 4 }];
            for (name, caller, theirs) in who {
                let way = way(state, action);
                let ticket = people.after(way).await;
                assert_eq!(ticket["state"], state.code());
                let reply = act(caller, &ticket, action, &people.main).await;
                let what = format!("{name}: {} on {}", action.code(), state.code());
                let done = match next(state, action) {
                    Err(refusal) => {
                        refused += 1;
                        reply.refused(409, refusal.code());
                        false
                    }
                    // The referrer calls off what nobody has taken in hand.
                    Ok(_)
                        if !theirs.split(' ').any(|code| code == action.code())
                            || (*name == "the referrer" && action == Action::Cancel && state != State::Submitted) =>
                    {
                        reply.refused(403, "action_not_yours");
                        false
                    }
                    Ok(to) => {
                        assert_eq!(reply.ok()["state"], to.code(), "{what}");
                        true
                    }
                };
                let timeline = people.dispatcher.timeline(&ticket).await;
                assert_eq!(timeline.len(), way.len() + 1 + usize::from(done), "{what}");
            }
        }
    }
    assert_eq!(refused, 101);
    city.stop().await;
}

/// The fields that an action is offered with are those of its body in the contract.
fn says_what_the_document_says(offer: &Value) {
    let action = offer["action"].as_str().unwrap();
    let body = document()["paths"][format!("/v1/tickets/{{ticket}}/{action}")]["post"]["requestBody"].clone();
    let schema = &body["content"]["application/json"]["schema"];
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document().pointer(reference.trim_start_matches('#')).unwrap().clone(),
        None => schema.clone(),
    };
    let names = |of: &Value| -> BTreeSet<String> {
        of.as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let (needs, takes) = (names(&offer["needs"]), names(&offer["takes"]));
    let known: BTreeSet<String> =
        schema["properties"].as_object().into_iter().flat_map(|p| p.keys().cloned()).collect();
    let said: BTreeSet<String> = needs.union(&takes).cloned().collect();
    if action == "close" {
        // What is needed, and what is of use, depends on the state.
        assert!(said.is_subset(&known), "{offer}");
    } else {
        assert_eq!((said, &needs), (known, &names(&schema["required"])), "{offer}");
    }
}

async fn what_is_offered_is_what_succeeds() {
    let city = City::new().await;
    let people = People::of(&city).await;
    for (state, way) in WAYS {
        for (name, who, _) in people.each() {
            let ticket = people.after(way).await;
            // The service opens it by reading it.
            let seen = who.ticket(&ticket).await;
            let offered: Vec<&Value> = seen["actions"].as_array().unwrap().iter().collect();
            for action in Action::ALL {
                let offer = offered.iter().find(|offer| offer["action"] == action.code());
                let fresh = who.ticket(&people.after(way).await).await;
                let done = act(who, &fresh, action, &people.main).await.status == 200;
                assert_eq!(offer.is_some(), done, "{name}: {} on {}", action.code(), state.code());
                if let Some(offer) = offer {
                    says_what_the_document_says(offer);
                }
                if let Some(offer) = offer.filter(|offer| !offer["needs"].as_array().unwrap().is_empty()) {
                    let problem = who.act(&who.ticket(&ticket).await, action.code(), &json!({})).await;
                    for field in offer["needs"].as_array().unwrap() {
                        let pointer = format!("/{}", field.as_str().unwrap());
                        assert!(problem.text.contains(&format!("\"{pointer}\"")), "{name}: {}", problem.text);
                    }
                }
            }
        }
    }
    city.stop().await;
}

/// As docs/performance.md says: who asks, the ticket with all that the change depends on, one that writes everything.
async fn each_action_takes_three_statements() {
    let city = City::new().await;
    let people = People::of(&city).await;
    let themselves = city.account("amelie.petit").await["id"].clone();
    let somebody = city.account("denis.marchand").await["id"].clone();
    let Some(mut log) = Statements::logged(&city.database).await else { return city.stop().await };
    let second = city.second().await;
    let mut others = Vec::new();
    let mut count = |log: &mut Statements, what: String| {
        let run: Vec<_> = log.news().into_iter().filter(Logged::is_run).collect();
        if run.len() != 3 {
            others.push((what, run));
        }
    };
    for state in State::ALL {
        for action in Action::ALL.into_iter().filter(|action| next(state, *action).is_ok()) {
            let theirs = |(_, _, theirs): &(_, _, &str)| theirs.split(' ').any(|code| code == action.code());
            let (_, who, _) = people.each().into_iter().rfind(theirs).unwrap();
            let ticket = people.after(way(state, action)).await;
            log.news();
            act(&who.at(&second.base_url), &ticket, action, &people.main).await.ok();
            count(&mut log, format!("{} on {}", action.code(), state.code()));
        }
    }
    let service = people.service.at(&second.base_url);
    for action in ["acknowledge", "assign"] {
        for who in [&somebody, &themselves] {
            let ticket = people.after(&[]).await;
            log.news();
            service.act(&ticket, action, &json!({ "assignee": who })).await.ok();
            count(&mut log, format!("{action} to {who}"));
        }
    }
    let ticket = people.after(&[]).await;
    log.news();
    let to_partner = json!({ "service": "bailleur", "note": "C’est dans leur cour." });
    people.dispatcher.at(&second.base_url).act(&ticket, "reroute", &to_partner).await.ok();
    count(&mut log, "reroute to a partner".to_owned());
    let ticket = people.after(&[]).await;
    let request = service.request(Method::POST, &format!("/v1/tickets/{}/acknowledge", ticket["id"].as_str().unwrap()));
    log.news();
    service.send(request.header("If-Match", "\"1\"").header("Idempotency-Key", "k").json(&json!({}))).await.ok();
    count(&mut log, "under a key".to_owned());
    assert!(others.is_empty(), "{others:#?}");
    second.stop().await;
    city.stop().await;
}
