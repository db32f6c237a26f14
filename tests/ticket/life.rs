//! A ticket from its filing to its end, and everybody who would act on it.

use chrono::Duration;
use domain::ticket::State;
use domain::ticket::lifecycle::{Action, next};
use serde_json::{Value, json};

use crate::support::caller::{Caller, Reply};
use crate::support::city::City;

crate::tests![
    each_change_is_one_event_and_the_next_version,
    every_action_in_every_state_is_done_or_refused_as_the_table_says,
    what_is_offered_is_what_succeeds,
];

/// The actions that have a route.
const ROUTED: [Action; 6] =
    [Action::Acknowledge, Action::Refuse, Action::Start, Action::Resolve, Action::Close, Action::Reopen];

async fn act(who: &Caller, ticket: &Value, action: Action) -> Reply {
    match action {
        Action::Acknowledge => who.acknowledge(ticket).await,
        Action::Refuse => who.refuse(ticket).await,
        Action::Start => who.start(ticket).await,
        Action::Resolve => who.resolve(ticket).await,
        Action::Reopen => who.reopen(ticket).await,
        Action::Close if ticket["state"] == "refused" => {
            who.act(ticket, "close", &json!({ "closure_reason": "private_matter" })).await
        }
        Action::Close => who.close(ticket).await,
        other => panic!("{other:?} has no route yet"),
    }
}

/// The states that can be reached over the API, and how.
fn ways() -> Vec<(State, Vec<Action>)> {
    use Action::{Acknowledge, Close, Refuse, Resolve, Start};
    vec![
        (State::Submitted, vec![]),
        (State::Acknowledged, vec![Acknowledge]),
        (State::InProgress, vec![Acknowledge, Start]),
        (State::Refused, vec![Refuse]),
        (State::Resolved, vec![Acknowledge, Resolve]),
        (State::Closed, vec![Acknowledge, Resolve, Close]),
    ]
}

async fn in_state(city: &City, way: &[Action]) -> Value {
    let (proprete, dispatcher) = (city.proprete().await, city.dispatcher().await);
    let mut ticket = city.dumping().await;
    for action in way {
        let who = if *action == Action::Close { &dispatcher } else { &proprete };
        ticket = act(who, &ticket, *action).await.ok();
    }
    ticket
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
    let people = [
        ("the service", city.proprete().await, "acknowledge refuse start resolve"),
        ("the referrer", city.agent().await, "reopen"),
        ("another agent", city.other_agent().await, ""),
        ("the dispatcher", city.dispatcher().await, "close reopen"),
    ];
    for (state, way) in ways() {
        for action in ROUTED {
            for (name, who, theirs) in &people {
                let ticket = in_state(&city, &way).await;
                let reply = act(who, &ticket, action).await;
                let what = format!("{name}: {} on {}", action.code(), state.code());
                match next(state, action) {
                    Err(refusal) => drop(reply.refused(409, refusal.code())),
                    Ok(_) if !theirs.split(' ').any(|code| code == action.code()) => {
                        reply.refused(403, "action_not_yours");
                    }
                    Ok(to) => assert_eq!(reply.ok()["state"], to.code(), "{what}"),
                }
                let events = usize::from(reply.status == 200);
                let timeline = city.dispatcher().await.timeline(&ticket).await;
                assert_eq!(timeline.len(), way.len() + 1 + events, "{what}");
            }
        }
    }
    city.stop().await;
}

async fn what_is_offered_is_what_succeeds() {
    let city = City::new().await;
    for (state, way) in ways() {
        for who in [city.proprete().await, city.agent().await, city.dispatcher().await, city.other_agent().await] {
            for action in ROUTED {
                let ticket = in_state(&city, &way).await;
                let seen = who.ticket(&ticket).await;
                let offered = seen["actions"].as_array().unwrap().iter().any(|o| o["action"] == action.code());
                let done = act(&who, &ticket, action).await.status == 200;
                assert_eq!(offered, done, "{} on {}: {}", action.code(), state.code(), seen["actions"]);
            }
        }
    }
    city.stop().await;
}
