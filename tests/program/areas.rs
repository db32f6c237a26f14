//! Areas follow when a zoning was drawn anew.

use std::fs;
use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};

use super::city::city_of;
use super::commands::{Operator, amiens};
use crate::statistics::keep;
use crate::support::city::{City, dumping};
use crate::support::database::root;
use crate::support::program::said;

crate::tests![
    areas_follow_a_zoning_that_was_drawn_anew_once_that_is_meant,
    what_somebody_is_working_on_is_left_for_the_next_time,
    several_at_once_interrupt_nobody,
    more_than_a_batch_follows,
    a_cafe_that_is_saved_meanwhile_loses_nothing,
    what_a_load_leaves_behind_is_told,
];

/// In the north: a café, a concern with its two tickets and an emergency. Then the city renames its north, and of the
/// concern's kept areas one is missing, and one is of a zoning that is no longer.
async fn drawn_anew() -> (Operator, City, Value) {
    let operator = amiens().await;
    let city = city_of(&operator).await;
    let agent = city.agent().await;
    let cafe = json!({
        "title": "Café", "place": { "lat": 49.9121, "lon": 2.2972 },
        "starts_at": "2026-03-12T09:00:00Z", "ends_at": "2026-03-12T11:30:00Z"
    });
    agent.post("/v1/cafes", &cafe).await.created();
    let mut emergency = dumping();
    emergency["category"] = json!("drug_dealing");
    agent.post("/v1/concerns", &emergency).await.created();
    let filed = agent.post("/v1/concerns", &dumping()).await.created();
    sqlx::query("update concern set areas = areas - 'quartiers' || '{\"ancien\": \"a\"}' where outcome = 'referred'")
        .execute(&mut operator.database.connection().await)
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("amiens");
    let copied = std::process::Command::new("cp").arg("-r").arg(root().join("cities/amiens")).arg(&dir).status();
    assert!(copied.unwrap().success());
    let sectors = dir.join("zonings/secteurs.geojson");
    let text = fs::read_to_string(&sectors).unwrap();
    assert!(text.contains("\"code\": \"nord\""));
    fs::write(&sectors, text.replace("\"code\": \"nord\"", "\"code\": \"septentrion\"")).unwrap();
    let loaded = operator.run(&["city", "load", dir.to_str().unwrap()]);
    let warning = "warning: secteurs: the area « nord » is gone; `continuum city areas` says what lay in it\n";
    assert!(said(&loaded).starts_with(warning) && said(&loaded).ends_with("Loaded.\n"), "{}", said(&loaded));
    (operator, city, filed)
}

fn apply(operator: &Operator) -> Output {
    operator.run(&["city", "areas", "--apply"])
}

const DIFFERS: &str = "\
looked at: 2 concerns, 2 tickets, 1 café
differ: 1 concern, 2 tickets, 1 café
ancien: a → no area: 1 concern, 0 tickets, 0 cafés
quartiers: no area → nord-pigeonnier: 1 concern, 0 tickets, 0 cafés
secteurs: nord → septentrion: 1 concern, 2 tickets, 1 café
left as they are, having no place: 1 emergency or crime
";

async fn what_a_load_leaves_behind_is_told() {
    let (operator, ..) = drawn_anew().await;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("amiens");
    let copied = std::process::Command::new("cp").arg("-r").arg(root().join("cities/amiens")).arg(&dir).status();
    assert!(copied.unwrap().success());
    for file in fs::read_dir(&dir).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace("proprete", "nettete")).unwrap();
    }
    let loaded = said(&operator.run(&["city", "load", dir.to_str().unwrap()]));
    for told in [
        "warning: the service « proprete » is gone and still has open tickets: pass them on\n",
        "warning: rules send to « nettete », and nobody belongs to it: `continuum user invite`\n",
        "service: 1 added, 0 changed, 1 retired\n",
    ] {
        assert!(loaded.contains(told), "{told} in {loaded}");
    }
}

async fn areas_follow_a_zoning_that_was_drawn_anew_once_that_is_meant() {
    let (operator, city, filed) = drawn_anew().await;
    let dispatcher = city.dispatcher().await;
    let ticket = &filed["tickets"][0];
    let before = (dispatcher.ticket(ticket).await, dispatcher.timeline(ticket).await);
    let counted = async || {
        keep(&city).await;
        let figures = dispatcher.get("/v1/stats/tickets?group_by=area:secteurs").await.ok();
        let groups = figures["groups"].as_array().unwrap().iter();
        groups.map(|group| (group["key"].clone(), group["figures"]["filed"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(counted().await, [(json!("nord"), json!(2))]);
    let looked = operator.run(&["city", "areas"]);
    assert_eq!(said(&looked), format!("{DIFFERS}Nothing was written: --apply does it.\n"));
    assert_eq!(dispatcher.ticket(ticket).await, before.0);
    let applied = apply(&operator);
    assert_eq!((said(&applied), applied.status.success()), (format!("{DIFFERS}Written.\n"), true));
    let after = dispatcher.ticket(ticket).await;
    assert_eq!(after["areas"], json!({ "quartiers": "nord-pigeonnier", "secteurs": "septentrion" }));
    assert_eq!((&after["version"], dispatcher.timeline(ticket).await), (&before.0["version"], before.1));
    let concern = dispatcher.get(&format!("/v1/concerns/{}", filed["id"].as_str().unwrap())).await.ok();
    assert_eq!(concern["areas"], after["areas"]);
    assert_eq!(counted().await, [(json!("septentrion"), json!(2))]);
    let count = "select count(*) from ticket where area_codes = '{quartiers:nord-pigeonnier,secteurs:septentrion}'";
    assert_eq!(operator.database.count(count).await, 2);
    let emergency = "select count(*) from concern where outcome = 'signposted' and areas ->> 'secteurs' = 'nord'";
    assert_eq!(operator.database.count(emergency).await, 1);
    let act = json!({ "type": "areas_recomputed", "concerns": 1, "tickets": 2, "cafes": 0 });
    let audited = city.audited().await;
    assert!(audited.contains(&act), "{audited:?}");
    let again = said(&apply(&operator));
    assert!(again.contains("differ: 0 concerns") && again.ends_with("Nothing differs.\n"), "{again}");
    city.stop().await;
}

async fn what_somebody_is_working_on_is_left_for_the_next_time() {
    let (operator, city, filed) = drawn_anew().await;
    let mut connection = operator.database.connection().await;
    let mut held = sqlx::Connection::begin(&mut connection).await.unwrap();
    sqlx::query("select 1 from ticket where id = $1::text::uuid for update")
        .bind(filed["tickets"][1]["id"].as_str())
        .execute(&mut *held)
        .await
        .unwrap();
    let applied = apply(&operator);
    assert_eq!(applied.status.code(), Some(1));
    let told = "Written, but for 1 that somebody was working on: do it again.\n";
    assert!(said(&applied).ends_with(told), "{}", said(&applied));
    held.rollback().await.unwrap();
    let again = said(&apply(&operator));
    assert!(again.contains("differ: 0 concerns, 1 ticket, 0 cafés") && again.ends_with("Written.\n"), "{again}");
    city.stop().await;
}

async fn several_at_once_interrupt_nobody() {
    let (operator, city, _) = drawn_anew().await;
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(|| apply(&operator))).collect();
        for run in runs {
            let output = run.join().unwrap();
            assert!(output.status.success(), "{}", said(&output));
        }
    });
    assert!(said(&apply(&operator)).ends_with("Nothing differs.\n"));
    city.stop().await;
}

async fn more_than_a_batch_follows() {
    let (operator, city, filed) = drawn_anew().await;
    // Six hundred more like it, so that a batch of five hundred ends among them.
    let (concern, n) = (filed["id"].as_str().unwrap(), "generate_series(1, 600) n");
    let from = format!("concern t, lateral (select md5('c' || n)::uuid as id from {n}) copy where t.id = '{concern}'");
    operator.database.copy("concern", &["id"], &from).await;
    let copies = "md5('t' || n)::uuid as id, md5('c' || n)::uuid as concern_id, 'AMI-26-' || 900000 + n as reference";
    let from = format!(
        "ticket t, lateral (select {copies} from {n}) copy where t.concern_id = '{concern}' and t.service_code = 'proprete'"
    );
    operator.database.copy("ticket", &["id", "concern_id", "reference"], &from).await;
    let applied = said(&apply(&operator));
    assert!(applied.contains("\ndiffer: 601 concerns, 602 tickets, 1 café\n"), "{applied}");
    assert!(applied.ends_with("\nWritten.\n"), "{applied}");
    for table in ["concern where outcome = 'referred' and", "ticket where"] {
        let old = format!(
            "select count(*) from {table} areas <> '{{\"quartiers\": \"nord-pigeonnier\", \"secteurs\": \"septentrion\"}}'"
        );
        assert_eq!(operator.database.count(&old).await, 0, "{table}");
    }
    let recomputed = city.audited().await;
    let sum = |what: &str| {
        let acts = recomputed.iter().filter(|act| act["type"] == "areas_recomputed");
        acts.map(|act| act[what].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(["concerns", "tickets", "cafes"].map(sum), [601, 602, 1]);
    assert!(said(&apply(&operator)).ends_with("Nothing differs.\n"));
    city.stop().await;
}

async fn a_cafe_that_is_saved_meanwhile_loses_nothing() {
    let (operator, city, _) = drawn_anew().await;
    let agent = city.agent().await;
    let cafe = agent.get("/v1/cafes").await.ok()["items"][0].clone();
    assert_eq!((&cafe["state"], &cafe["areas"]["secteurs"]), (&json!("planned"), &json!("nord")));
    let path = format!("/v1/cafes/{}", cafe["id"].as_str().unwrap());
    let mut connection = operator.database.connection().await;
    let mut turn = sqlx::Connection::begin(&mut connection).await.unwrap();
    let lock = "select pg_advisory_xact_lock(7208119, 'city'::regclass::oid::integer)";
    sqlx::query(lock).execute(&mut *turn).await.unwrap();
    let run = operator.start(&["city", "areas", "--apply"]);
    // What the run has looked at is old by the time it has its turn to write.
    let waiting =
        "select count(*) from pg_locks where locktype = 'advisory' and objid = 'city'::regclass and not granted
                   and database = (select oid from pg_database where datname = current_database())";
    while operator.database.count(waiting).await == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let held = agent.post(&format!("{path}/hold"), &json!({})).await.ok();
    turn.rollback().await.unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(held["state"], "held");
    assert!(said(&output).ends_with("Written.\n"), "{}", said(&output));
    let saved = agent.get(&path).await.ok();
    assert_eq!((&saved["state"], &saved["areas"]["secteurs"]), (&json!("held"), &json!("septentrion")));
    let planned = json!({
        "title": "Café", "place": cafe["place"], "starts_at": cafe["starts_at"], "ends_at": cafe["ends_at"]
    });
    assert_eq!(agent.post("/v1/cafes", &planned).await.created()["areas"], saved["areas"]);
    assert!(said(&apply(&operator)).ends_with("Nothing differs.\n"));
    city.stop().await;
}
