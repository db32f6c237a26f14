//! Who reads tickets, or follows events, is remembered, and asked about by the statement that finds them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cafe;
use crate::client::register;
use crate::event::place;
use crate::support::caller::Reply;
use crate::support::city::City;
use crate::support::database::{Logged, Statements};

crate::tests![
    who_has_read_before_is_answered_in_one_statement,
    who_is_not_any_more_who_they_were_is_asked_about_in_every_read,
    who_may_do_more_than_before_is_told_so,
    what_is_refused_is_refused_to_those_who_are_known,
    a_program_is_remembered_by_its_token_for_as_long_as_that_holds,
    a_program_that_may_do_more_than_before_is_told_so,
];

/// What is remembered of those who ask for these.
fn reads(ticket: &Value) -> [String; 6] {
    let (id, reference) = (ticket["id"].as_str().unwrap(), ticket["reference"].as_str().unwrap());
    [
        "/v1/tickets".to_owned(),
        format!("/v1/tickets/{id}"),
        format!("/v1/tickets/{reference}/timeline"),
        "/v1/tickets?q=matelas&limit=1".to_owned(),
        "/v1/tickets?q=matelas&sort=relevance".to_owned(),
        format!("/v1/tickets/{reference}/sheet"),
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
        let reads = reads(&ticket);
        for path in &reads {
            caller.get(path).await.is(200);
        }
        for path in &reads[..3] {
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

/// What becomes of somebody, how it is undone, and how it is told.
struct Turn {
    happens: &'static str,
    undone: &'static str,
    told: fn(&Reply),
}

const TURNS: [Turn; 6] = [
    Turn {
        happens: "update service_member set service_code = 'voirie' where user_id = $1",
        undone: "update service_member set service_code = 'proprete' where user_id = $1",
        told: |reply| match reply.status {
            200 => assert_eq!(reply.ok()["items"], json!([])),
            _ => drop(reply.refused(404, "not_found")),
        },
    },
    Turn {
        happens: "update user_account set roles = '{auditor}' where id = $1",
        undone: "update user_account set roles = '{service_member}' where id = $1",
        told: |reply| drop(reply.lacks("read_tickets")),
    },
    Turn {
        happens: "update user_account set active = false where id = $1",
        undone: "update user_account set active = true where id = $1",
        told: |reply| drop(reply.refused(401, "invalid_token")),
    },
    Turn {
        happens: "update session set ended_at = refreshed_at where user_id = $1",
        undone: "update session set ended_at = null where user_id = $1",
        told: |reply| drop(reply.refused(401, "invalid_token")),
    },
    Turn {
        happens: "update session set expires_at = expires_at - interval '1 year' where user_id = $1",
        undone: "update session set expires_at = expires_at + interval '1 year' where user_id = $1",
        told: |reply| drop(reply.refused(401, "invalid_token")),
    },
    Turn {
        happens: "update city set settings = jsonb_set(settings, '{second_factor_required_for}', '[\"service_member\"]') where $1::uuid is not null",
        undone: "update city set settings = settings - 'second_factor_required_for' where $1::uuid is not null",
        told: |reply| drop(reply.refused(403, "second_factor_required")),
    },
];

async fn who_is_not_any_more_who_they_were_is_asked_about_in_every_read() {
    let city = City::new().await;
    let (ticket, member) = (city.dumping().await, city.proprete().await);
    let id: Uuid = city.account("amelie.petit").await["id"].as_str().unwrap().parse().unwrap();
    let mut connection = city.database.connection().await;
    for Turn { happens, undone, told } in TURNS {
        for path in reads(&ticket) {
            // Remembered as they are; what becomes of them then, no other read has told yet.
            member.get(&path).await.is(200);
            sqlx::query(happens).bind(id).execute(&mut connection).await.unwrap();
            told(&member.get(&path).await);
            sqlx::query(undone).bind(id).execute(&mut connection).await.unwrap();
        }
    }
    city.stop().await;
}

async fn who_may_do_more_than_before_is_told_so() {
    let city = City::new().await;
    let (ticket, admin, officer) = (city.dumping().await, city.admin().await, city.other_agent().await);
    let [_, one, ..] = reads(&ticket);
    let offered = |ticket: &Value| ticket["actions"].as_array().unwrap().iter().any(|a| a["action"] == "reroute");
    assert!(!offered(&officer.get(&one).await.ok()));
    let account = city.account("karim.haddad").await;
    let path = format!("/v1/users/{}", account["id"].as_str().unwrap());
    admin.patch(&path, &account["version"], &json!({ "roles": ["dispatcher"] })).await.ok();
    assert!(offered(&officer.get(&one).await.ok()));
    city.stop().await;
}

async fn what_is_refused_is_refused_to_those_who_are_known() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    let member = city.proprete().await;
    let [list, one, timeline, ..] = reads(&ticket);
    member.get(&list).await.ok();
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

/// What becomes of a program, whose id is `$1`; the id of its token is `$2`.
const TURNS_OF_A_PROGRAM: [Turn; 5] = [
    Turn {
        happens: "update api_client set services = '{voirie}' where id = $1 and $2::uuid is not null",
        undone: "update api_client set services = '{}' where id = $1 and $2::uuid is not null",
        told: |reply| match reply.status {
            200 => assert_eq!(reply.ok()["items"], json!([])),
            _ => drop(reply.refused(404, "not_found")),
        },
    },
    Turn {
        happens: "update api_client set scopes = '{cafes:read}' where id = $1 and $2::uuid is not null",
        undone: "update api_client set scopes = '{tickets:read}' where id = $1 and $2::uuid is not null",
        told: |reply| drop(reply.lacks("read_tickets")),
    },
    Turn {
        happens: "update api_client set active = false where id = $1 and $2::uuid is not null",
        undone: "update api_client set active = true where id = $1 and $2::uuid is not null",
        told: |reply| drop(reply.refused(401, "invalid_token")),
    },
    Turn {
        happens: "update api_client set tokens_not_before = '2100-01-01' where id = $1 and $2::uuid is not null",
        undone: "update api_client set tokens_not_before = null where id = $1 and $2::uuid is not null",
        told: |reply| drop(reply.refused(401, "invalid_token")),
    },
    Turn {
        happens: "insert into revoked_token (id, expires_at) select $2, '2100-01-01' where $1::uuid is not null",
        undone: "delete from revoked_token where id = $2 and $1::uuid is not null",
        told: |reply| drop(reply.refused(401, "invalid_token")),
    },
];

async fn a_program_is_remembered_by_its_token_for_as_long_as_that_holds() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    place(&city).await;
    let program = register(&city, &["tickets:read"], &[]).await;
    let shown = program.token(&city).await["access_token"].as_str().unwrap().to_owned();
    let caller = city.stranger().bearing(&shown);
    let client: Uuid = program.id.parse().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(shown.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let token: Uuid = claims["jti"].as_str().unwrap().parse().unwrap();
    let mut paths = reads(&ticket).to_vec();
    paths.push("/v1/events?limit=100".to_owned());
    let mut connection = city.database.connection().await;
    for Turn { happens, undone, told } in TURNS_OF_A_PROGRAM {
        for path in &paths {
            caller.get(path).await.is(200);
            sqlx::query(happens).bind(client).bind(token).execute(&mut connection).await.unwrap();
            let reply = caller.get(path).await;
            if path.starts_with("/v1/events") && reply.status == 403 {
                reply.lacks("follow_events");
            } else {
                told(&reply);
            }
            sqlx::query(undone).bind(client).bind(token).execute(&mut connection).await.unwrap();
        }
    }
    // As long as nothing becomes of it, one statement answers; of a sheet, two.
    let Some(mut statements) = Statements::logged(&city.database).await else { return city.stop().await };
    let second = city.second().await;
    let caller = caller.at(&second.base_url);
    for path in paths.iter().filter(|path| !path.ends_with("/sheet")) {
        caller.get(path).await.is(200);
        statements.news();
        let page = caller.get(path).await.ok();
        let run: Vec<_> = statements.news().into_iter().filter(Logged::is_run).collect();
        assert!(run.len() == 1 && run[0].text().contains("token_holds("), "{path}: {run:#?}");
        assert_ne!(page.get("items"), Some(&json!([])), "{path}");
    }
    second.stop().await;
    city.stop().await;
}

async fn a_program_that_may_do_more_than_before_is_told_so() {
    let city = City::new().await;
    city.dumping().await;
    cafe::plan(&city.agent().await, json!({})).await;
    place(&city).await;
    let program = register(&city, &["tickets:read", "cafes:read"], &[]).await;
    let caller = program.caller(&city).await;
    let mut connection = city.database.connection().await;
    let mut told = Vec::new();
    for scopes in ["{tickets:read,cafes:read}", "{tickets:read}", "{tickets:read,cafes:read}"] {
        sqlx::query("update api_client set scopes = $1::text[]").bind(scopes).execute(&mut connection).await.unwrap();
        let page = caller.get("/v1/events").await.ok();
        told.push(page["items"].as_array().unwrap().len());
    }
    assert!(told[0] > told[1] && told[1] > 0 && told[2] == told[0], "{told:?}");
    city.stop().await;
}
