//! Who reads tickets is remembered, and asked about by the statement that finds them.

use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::City;
use crate::support::database::{Logged, Statements};

crate::tests![
    who_has_read_before_is_answered_in_one_statement,
    who_is_not_any_more_who_they_were_is_asked_about_in_every_read,
    what_is_refused_is_refused_to_those_who_are_known,
];

/// What is remembered of those who ask for these.
fn reads(ticket: &Value) -> [String; 4] {
    let (id, reference) = (ticket["id"].as_str().unwrap(), ticket["reference"].as_str().unwrap());
    [
        "/v1/tickets".to_owned(),
        format!("/v1/tickets/{id}"),
        format!("/v1/tickets/{reference}/timeline"),
        "/v1/tickets?q=matelas&limit=1".to_owned(),
    ]
}

async fn who_has_read_before_is_answered_in_one_statement() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    let Some(mut statements) = Statements::logged(&city.database).await else { return city.stop().await };
    // A dispatcher, a referrer, and a member of the service, whose first look is a receipt.
    for caller in [city.dispatcher().await, city.agent().await, city.proprete().await] {
        let second = city.second().await;
        let caller = caller.at(&second.base_url);
        let [list, one, timeline, search] = reads(&ticket);
        for path in [&list, &one, &timeline, &search] {
            caller.get(path).await.ok();
        }
        for path in [&list, &one, &timeline] {
            statements.news();
            caller.get(path).await.ok();
            let run: Vec<_> = statements.news().into_iter().filter(Logged::is_run).collect();
            assert!(run.len() == 1 && run[0].text().contains("session_holds("), "{path}: {run:#?}");
        }
        // Nothing is found: who they are now is asked.
        statements.news();
        caller.get("/v1/tickets?status=closed").await.ok();
        assert_eq!(statements.news().iter().filter(|entry| entry.is_run()).count(), 2);
        second.stop().await;
    }
    city.stop().await;
}

/// Reads everything, and expects the same of each.
async fn all(caller: &Caller, ticket: &Value, expected: impl Fn(&crate::support::caller::Reply)) {
    for path in reads(ticket) {
        expected(&caller.get(&path).await);
    }
}

async fn who_is_not_any_more_who_they_were_is_asked_about_in_every_read() {
    let city = City::new().await;
    let (ticket, admin) = (city.dumping().await, city.admin().await);
    let found = |reply: &crate::support::caller::Reply| drop(reply.ok());
    let settings = async |who: &str, change: Value| {
        let account = city.account(who).await;
        let path = format!("/v1/users/{}", account["id"].as_str().unwrap());
        admin.patch(&path, &account["version"], &change).await.ok();
    };

    // Another service: the list is empty, the ticket is not there. Back again: it is.
    let member = city.proprete().await;
    all(&member, &ticket, found).await;
    settings("amelie.petit", json!({ "services": ["voirie"] })).await;
    let [list, one, timeline, search] = reads(&ticket);
    for path in [&list, &search] {
        assert_eq!(member.get(path).await.ok()["items"], json!([]), "{path}");
    }
    for path in [&one, &timeline] {
        member.get(path).await.refused(404, "not_found");
    }
    settings("amelie.petit", json!({ "services": ["voirie", "proprete"] })).await;
    all(&member, &ticket, found).await;

    // One right more: what is found is what they may know of now.
    let officer = city.other_agent().await;
    all(&officer, &ticket, found).await;
    settings("karim.haddad", json!({ "roles": ["dispatcher"] })).await;
    let actions = officer.get(&one).await.ok()["actions"].clone();
    let offered = |action: &str| actions.as_array().unwrap().iter().any(|offered| offered["action"] == action);
    assert!(offered("reroute") && offered("prioritise"), "{actions}");

    // No right to read.
    settings("karim.haddad", json!({ "roles": ["auditor"] })).await;
    all(&officer, &ticket, |reply| drop(reply.lacks("read_tickets"))).await;

    // A second factor that is due.
    let statement =
        "update city set settings = jsonb_set(settings, '{second_factor_required_for}', '[\"service_member\"]')";
    let mut connection = city.database.connection().await;
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    all(&member, &ticket, |reply| drop(reply.refused(403, "second_factor_required"))).await;
    sqlx::query("update city set settings = settings - 'second_factor_required_for'")
        .execute(&mut connection)
        .await
        .unwrap();
    all(&member, &ticket, found).await;

    // The session is over, the account is disabled, the time is up.
    member.delete("/v1/sessions/current").await.is(204);
    all(&member, &ticket, |reply| drop(reply.refused(401, "invalid_token"))).await;
    let agent = city.agent().await;
    all(&agent, &ticket, found).await;
    settings("claire.delattre", json!({ "active": false })).await;
    all(&agent, &ticket, |reply| drop(reply.refused(401, "invalid_token"))).await;
    let dispatcher = city.dispatcher().await;
    all(&dispatcher, &ticket, found).await;
    city.clock.forward(chrono::Duration::minutes(16));
    all(&dispatcher, &ticket, |reply| drop(reply.refused(401, "token_expired"))).await;
    city.stop().await;
}

async fn what_is_refused_is_refused_to_those_who_are_known() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    let member = city.proprete().await;
    let found = |reply: &crate::support::caller::Reply| drop(reply.ok());
    all(&member, &ticket, found).await;
    let [list, one, timeline, _] = reads(&ticket);
    let wrong = [format!("{list}?status=lost"), format!("{timeline}?limit=0"), format!("{one}?limit=1")];
    for path in &wrong {
        member.get(path).await.refused(400, "invalid_parameter");
    }
    member.get("/v1/tickets/AMI-26-999999").await.refused(404, "not_found");
    member.get("/v1/tickets/counts").await.ok();
    member.delete("/v1/sessions/current").await.is(204);
    let others = ["/v1/tickets/AMI-26-999999".to_owned(), "/v1/tickets/counts".to_owned()];
    for path in wrong.iter().chain(&others) {
        member.get(path).await.refused(401, "invalid_token");
    }
    city.stop().await;
}
