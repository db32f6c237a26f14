//! Who may do what: docs/permissions.md is read as everybody reads it, and compared with what happens. One ticket of
//! every kind, everybody who might ask for it, every door through which something could be learnt of it. A feature that
//! opens another door adds it to [`door`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use self::door::DOORS;
use crate::client::register;
use crate::support::caller::Caller;
use crate::support::city::{City, dumping, email};
use crate::support::database::root;

mod door;

crate::tests![
    every_door_shows_what_the_table_says_and_no_line_of_it_is_idle,
    every_right_is_had_by_whom_the_table_says
];

/// docs/permissions.md.
#[derive(Clone)]
struct Table {
    /// For each role and scope: which standard tickets, restricted ones, complaints about officers.
    reach: BTreeMap<String, [String; 3]>,
    /// For each right: the roles and scopes that have it.
    rights: BTreeMap<String, BTreeSet<String>>,
}

const SCOPES: [&str; 7] =
    ["cafes:read", "concerns:write", "tickets:read", "tickets:restricted", "tickets:write", "stats:read", "open311"];

impl Table {
    fn read() -> Self {
        let text = fs::read_to_string(root().join("docs/permissions.md")).unwrap();
        let section = |title: &str| -> Vec<Vec<String>> {
            let (_, section) = text.split_once(&format!("## {title}\n")).unwrap();
            let section = section.split("\n## ").next().unwrap();
            let rows = section.lines().filter(|line| line.starts_with("| "));
            rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect())
                .collect()
        };
        let reach = section("Which tickets").into_iter().skip(1);
        let reach = reach.map(|row| (row[0].clone(), [row[1].clone(), row[2].clone(), row[3].clone()])).collect();
        let rights = section("Rights");
        let roles = &rights[0][2..8];
        let rights = rights[1..].iter().map(|row| {
            let has = roles.iter().zip(&row[2..8]).filter(|(_, has)| *has == "yes").map(|(role, _)| role.clone());
            let scopes: Vec<&str> = match row[8].as_str() {
                "–" => Vec::new(),
                "any scope" => SCOPES.to_vec(),
                list => list.split(", ").collect(),
            };
            (row[0].clone(), has.chain(scopes.into_iter().map(ToOwned::to_owned)).collect())
        });
        Self { reach, rights: rights.collect() }
    }
}

/// Somebody who asks.
struct Who {
    name: String,
    caller: Caller,
    /// Their roles, or its scopes.
    holds: Vec<&'static str>,
    services: Vec<&'static str>,
    categories: Vec<&'static str>,
}

/// A ticket that was filed.
struct Filed {
    value: Value,
    /// 0: standard; 1: restricted; 2: a complaint about an officer.
    secrecy: usize,
    by: String,
}

impl Filed {
    fn id(&self) -> &str {
        self.value["id"].as_str().unwrap()
    }

    fn text(&self, field: &str) -> &str {
        self.value[field].as_str().unwrap()
    }

    fn service(&self) -> &str {
        self.value["service"]["code"].as_str().unwrap()
    }
}

/// What the table says: whether they may know of the ticket.
fn expected(table: &Table, who: &Who, ticket: &Filed) -> bool {
    let may_read = who.holds.iter().any(|holder| table.rights["read_tickets"].contains(*holder));
    let of_services = who.services.contains(&ticket.service());
    let within = (who.services.is_empty() || of_services)
        && (who.categories.is_empty() || who.categories.contains(&ticket.text("category")));
    let reaches = |holder: &&str| match table.reach.get(*holder).map(|cells| cells[ticket.secrecy].as_str()) {
        None | Some("none") => false,
        Some("filed by them") => ticket.by == who.name,
        Some("of their services") => of_services,
        Some("within their limits") => within,
        Some("all") => true,
        Some(other) => panic!("« {other} » is no reach"),
    };
    may_read && who.holds.iter().any(reaches)
}

async fn file(by: &Caller, name: &str, category: &str, secrecy: usize, dispatcher: &Caller) -> Vec<Filed> {
    let mut body = dumping();
    body["category"] = json!(category);
    let concern = by.post("/v1/concerns", &body).await.created();
    let path = format!("/v1/concerns/{}", concern["id"].as_str().unwrap());
    let tickets = dispatcher.get(&path).await.ok()["tickets"].clone();
    let filed = |ticket: &Value| Filed { value: ticket.clone(), secrecy, by: name.to_owned() };
    tickets.as_array().unwrap().iter().map(filed).collect()
}

/// Gives somebody of the demonstration exactly these roles and services.
async fn person(city: &City, who: &str, roles: &[&'static str], services: &[&'static str]) -> Who {
    let account = city.account(who).await;
    let path = format!("/v1/users/{}", account["id"].as_str().unwrap());
    let change = json!({ "roles": roles, "services": services });
    city.admin().await.patch(&path, &account["version"], &change).await.ok();
    let (caller, name) = (city.login(who).await, email(who));
    Who { name, caller, holds: roles.to_vec(), services: services.to_vec(), categories: Vec::new() }
}

async fn program(city: &City, scopes: &[&'static str], services: &[&'static str], categories: &[&'static str]) -> Who {
    let program = register(city, scopes, services).await;
    let path = format!("/v1/clients/{}", program.id);
    city.admin().await.patch(&path, &json!(1), &json!({ "categories": categories })).await.ok();
    let name = format!("{scopes:?} {services:?} {categories:?}");
    let caller = program.caller(city).await;
    Who { name, caller, holds: scopes.to_vec(), services: services.to_vec(), categories: categories.to_vec() }
}

/// The services that the tickets below go to: those of the first of each two who work in services.
const HERE: [&str; 3] = ["mediation", "proprete", "regulation"];

async fn everybody(city: &City) -> Vec<Who> {
    vec![
        person(city, "claire.delattre", &["agent"], &[]).await,
        person(city, "karim.haddad", &["agent"], &[]).await,
        person(city, "amelie.petit", &["service_member"], &HERE).await,
        person(city, "sophie.morel", &["service_member"], &["voirie"]).await,
        person(city, "denis.marchand", &["service_manager"], &HERE).await,
        person(city, "julien.lefevre", &["service_manager"], &["voirie"]).await,
        person(city, "nadia.fournier", &["dispatcher"], &[]).await,
        person(city, "yasmine.colin", &["auditor"], &[]).await,
        person(city, "paul.carpentier", &["admin"], &[]).await,
        person(city, "thomas.vasseur", &["agent", "service_member"], &["mediation"]).await,
        program(city, &["tickets:read"], &[], &[]).await,
        program(city, &["tickets:read"], &["voirie"], &[]).await,
        program(city, &["tickets:read", "tickets:write"], &["proprete", "voirie"], &["pothole"]).await,
        program(city, &["tickets:read", "tickets:restricted"], &HERE, &[]).await,
        program(city, &["tickets:read", "tickets:restricted", "tickets:write"], &["voirie"], &[]).await,
        program(city, &["cafes:read", "concerns:write", "stats:read", "open311", "tickets:write"], &[], &[]).await,
    ]
}

/// A ticket of every kind, of several services and filers.
async fn tickets(city: &City, everybody: &[Who]) -> Vec<Filed> {
    let dispatcher = city.login("nadia.fournier").await;
    let filer = everybody.last().unwrap();
    let mut tickets = Vec::new();
    for (who, category, secrecy) in [
        (&everybody[0], "illegal_dumping", 0),
        (&everybody[1], "pothole", 0),
        (filer, "illegal_dumping", 0),
        (&everybody[0], "neighbour_dispute", 1),
        (&everybody[1], "neighbour_dispute", 1),
        (&everybody[1], "unfit_housing", 1),
        (filer, "neighbour_dispute", 1),
        (&everybody[0], "officer_complaint", 2),
        (&everybody[1], "officer_complaint", 2),
    ] {
        tickets.extend(file(&who.caller, &who.name, category, secrecy, &dispatcher).await);
    }
    tickets
}

/// What was seen: by whom, through which door, of which ticket.
type Observed = Vec<(usize, &'static str, usize, bool)>;

fn differences(table: &Table, everybody: &[Who], tickets: &[Filed], observed: &Observed) -> Vec<String> {
    let differs = |(who, door, ticket, seen): &&(usize, &str, usize, bool)| {
        expected(table, &everybody[*who], &tickets[*ticket]) != *seen && !door.is_empty()
    };
    let told = |(who, door, ticket, seen): &(usize, &str, usize, bool)| {
        let ticket = &tickets[*ticket];
        let verb = if *seen { "sees" } else { "does not see" };
        format!("{} {verb} {} of {} through {door}", everybody[*who].name, ticket.text("category"), ticket.by)
    };
    observed.iter().filter(differs).map(told).collect()
}

async fn every_door_shows_what_the_table_says_and_no_line_of_it_is_idle() {
    let city = City::new().await;
    let everybody = everybody(&city).await;
    let tickets = tickets(&city, &everybody).await;
    let mut observed = Observed::new();
    for (w, who) in everybody.iter().enumerate() {
        for (t, ticket) in tickets.iter().enumerate() {
            for (name, door) in DOORS.iter().copied() {
                if let Some(seen) = door(who, ticket).await {
                    observed.push((w, name, t, seen));
                }
            }
        }
    }
    for (name, _) in DOORS.iter().copied() {
        for seen in [true, false] {
            assert!(observed.iter().any(|o| o.1 == name && o.3 == seen), "{name} is never {seen}");
        }
    }
    let table = Table::read();
    let wrong = differences(&table, &everybody, &tickets, &observed);
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The test of the test: whichever cell of the table were another, some door would tell.
    for (holder, cells) in &table.reach {
        for (secrecy, cell) in cells.iter().enumerate() {
            let mut flipped = table.clone();
            let other = if cell == "all" { "none" } else { "all" };
            other.clone_into(&mut flipped.reach.get_mut(holder).unwrap()[secrecy]);
            // Who may read no ticket at all is kept out by that.
            if !table.rights["read_tickets"].contains(holder) && holder != "tickets:restricted" {
                flipped.rights.get_mut("read_tickets").unwrap().insert(holder.clone());
            }
            let told = differences(&flipped, &everybody, &tickets, &observed);
            assert!(!told.is_empty(), "nobody notices when {holder} reaches {other} instead of {cell} ({secrecy})");
        }
    }
    city.stop().await;
}

/// An operation that needs the right; it is refused for other reasons to those who have it.
fn operation(right: &str) -> Option<(Method, String)> {
    let nil = Uuid::nil();
    Some(match right {
        "read_city" => (Method::GET, "/v1/services".into()),
        "read_routing" => (Method::GET, "/v1/routing".into()),
        "replay_routing" => (Method::POST, "/v1/routing/replay".into()),
        "manage_routing" => (Method::POST, "/v1/routing/drafts".into()),
        "hold_cafes" => (Method::POST, "/v1/cafes".into()),
        "read_cafes" => (Method::GET, "/v1/cafes".into()),
        "publish_sheets" => (Method::GET, format!("/v1/cafes/{nil}/sheet")),
        "read_hotspots" => (Method::GET, "/v1/hotspots".into()),
        "follow_events" => (Method::GET, "/v1/events".into()),
        "hand_in_mail" => (Method::POST, "/v1/inbound/email".into()),
        "settle_mail" => (Method::GET, "/v1/inbound".into()),
        "file_concerns" => (Method::POST, "/v1/concerns".into()),
        "read_tickets" => (Method::GET, "/v1/tickets".into()),
        "manage_personal_data" => (Method::GET, "/v1/retention".into()),
        "preview_letters" => (Method::GET, "/v1/notifications/preview?kind=referral&audience=service".into()),
        "save_filters" => (Method::GET, "/v1/filters".into()),
        "change_tickets" => (Method::POST, format!("/v1/tickets/{nil}/start")),
        "read_audit" => (Method::GET, "/v1/audit".into()),
        "read_users" => (Method::GET, "/v1/users".into()),
        "manage_users" => (Method::POST, "/v1/users".into()),
        "read_clients" => (Method::GET, "/v1/clients".into()),
        "manage_clients" => (Method::POST, "/v1/clients".into()),
        "read_statistics" => (Method::GET, "/v1/stats/tickets".into()),
        // Its doors take keys, not tokens: the tests of Open311 try them.
        "use_open311" => return None,
        other => panic!("no operation is known that needs {other}"),
    })
}

async fn every_right_is_had_by_whom_the_table_says() {
    let city = City::new().await;
    let table = Table::read();
    let mut everybody = Vec::new();
    for (who, role) in [
        ("claire.delattre", "agent"),
        ("amelie.petit", "service_member"),
        ("denis.marchand", "service_manager"),
        ("yasmine.colin", "auditor"),
        ("paul.carpentier", "admin"),
    ] {
        everybody.push((role, city.login(who).await));
    }
    everybody.push(("dispatcher", person(&city, "nadia.fournier", &["dispatcher"], &[]).await.caller));
    for scope in SCOPES {
        let services: &[&'static str] = if scope == "tickets:restricted" { &["proprete"] } else { &[] };
        everybody.push((scope, program(&city, &[scope], services, &[]).await.caller));
    }
    for (right, holders) in &table.rights {
        let Some((method, path)) = operation(right) else { continue };
        for (holder, caller) in &everybody {
            let request = caller.request(method.clone(), &path).header("If-Match", "\"1\"");
            let reply = caller.send(if method == Method::POST { request.json(&json!({})) } else { request }).await;
            if holders.contains(*holder) {
                assert!(!matches!(reply.status, 401 | 403), "{holder} has {right}: {}", reply.text);
            } else {
                reply.lacks(right);
            }
        }
    }
    city.stop().await;
}
