//! Calendars: when services are open, day by day, and why not.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::City;
use crate::support::database::root;
use crate::support::program::{keys_folder, run, said};

crate::tests![
    calendars_are_listed,
    a_preview_says_of_each_day_when_it_is_open_or_why_not,
    days_of_23_and_25_hours_are_so_long,
    what_cannot_be_previewed_is_refused,
    a_change_of_the_files_is_seen_at_once_on_every_instance,
    a_city_overseas_has_days_of_its_own,
];

async fn calendars_are_listed() {
    let city = City::new().await;
    let items = city.agent().await.get("/v1/calendars").await.ok()["items"].clone();
    let codes: Vec<_> = items.as_array().unwrap().iter().map(|calendar| &calendar["code"]).collect();
    assert_eq!(codes, ["bureau", "police-municipale", "collecte", "permanent"]);
    let day = json!([{ "from": "08:30", "to": "12:00" }, { "from": "13:30", "to": "17:30" }]);
    assert_eq!(
        items[0],
        json!({
            "code": "bureau", "name": "Heures de bureau", "time_zone": "Europe/Paris", "holidays": "metropolitan",
            "hours": {
                "monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day,
                "saturday": [], "sunday": []
            }
        })
    );
    city.stop().await;
}

/// The days of a preview.
async fn days(caller: &Caller, path: &str) -> Vec<Value> {
    let preview = caller.get(&format!("/v1/calendars/{path}")).await.ok();
    preview["days"].as_array().unwrap().clone()
}

fn day<'a>(days: &'a [Value], date: &str) -> &'a Value {
    days.iter().find(|day| day["date"] == date).unwrap_or_else(|| panic!("no {date}"))
}

async fn a_preview_says_of_each_day_when_it_is_open_or_why_not() {
    let city = City::new().await;
    let agent = city.agent().await;
    let coming = days(&agent, "bureau/preview").await;
    assert_eq!((coming.len(), &coming[0]["date"]), (28, &json!("2026-03-10")), "four weeks from today on");
    assert_eq!(
        coming[0],
        json!({
            "date": "2026-03-10", "open_minutes": 450,
            "open": [{ "from": "08:30", "to": "12:00" }, { "from": "13:30", "to": "17:30" }]
        })
    );
    let saturday = json!({ "reason": "no_hours", "label": "Fermé ce jour de la semaine" });
    assert_eq!(day(&coming, "2026-03-14")["closed_because"], saturday);

    let may = days(&agent, "bureau/preview?from=2026-05-11&weeks=3").await;
    assert_eq!(may.len(), 21);
    let whit_monday = json!({ "reason": "holiday", "label": "Lundi de Pentecôte" });
    let expected = json!({ "date": "2026-05-25", "open": [], "open_minutes": 0, "closed_because": whit_monday });
    assert_eq!(day(&may, "2026-05-25"), &expected);
    let english = agent.request(Method::GET, "/v1/calendars/bureau/preview?from=2026-05-14&weeks=1");
    let english = agent.send(english.header("Accept-Language", "en")).await.ok();
    assert_eq!(english["days"][0]["closed_because"]["label"], "Ascension Day");
    assert_eq!(english["calendar"]["name"], "Office hours");

    let year = days(&agent, "collecte/preview?from=2026-11-01&weeks=26").await;
    let stopped: Vec<_> = year.iter().filter(|day| day["closed_because"]["reason"] == "closing_day").collect();
    let stopped: Vec<_> = stopped.into_iter().map(|day| &day["date"]).collect();
    assert_eq!(stopped, ["2026-12-25", "2027-01-01", "2027-05-01"]);
    city.stop().await;
}

async fn days_of_23_and_25_hours_are_so_long() {
    let city = City::new().await;
    let agent = city.agent().await;
    for (date, minutes) in [("2026-03-28", 1440), ("2026-03-29", 1380), ("2026-10-25", 1500)] {
        let days = days(&agent, &format!("permanent/preview?from={date}&weeks=1")).await;
        assert_eq!(days[0]["open_minutes"], minutes, "{date}");
        assert_eq!(days[0]["open"], json!([{ "from": "00:00", "to": "24:00" }]));
    }
    city.stop().await;
}

async fn what_cannot_be_previewed_is_refused() {
    let city = City::new().await;
    let agent = city.agent().await;
    for nothing in ["vacances", "Bureau", "%20"] {
        agent.get(&format!("/v1/calendars/{nothing}/preview")).await.refused(404, "not_found");
    }
    for wrong in
        ["from=demain&weeks=27&until=2026-12-31", "from=1999-12-31&weeks=0&until=", "from=2100-01-01&weeks=x&until="]
    {
        let fields = [("from", "bad_value"), ("weeks", "bad_value"), ("until", "unknown_parameter")];
        agent.get(&format!("/v1/calendars/bureau/preview?{wrong}")).await.refused_fields(
            400,
            "invalid_parameter",
            &fields,
        );
    }
    agent.get("/v1/calendars/bureau/preview?from=2099-12-31&weeks=26").await.ok();
    agent.get("/v1/calendars?limit=2").await.refused_fields(
        400,
        "invalid_parameter",
        &[("limit", "unknown_parameter")],
    );
    city.stranger().get("/v1/calendars").await.refused(401, "unauthenticated");
    city.stranger().get("/v1/calendars/bureau/preview").await.refused(401, "unauthenticated");
    city.stop().await;
}

async fn a_change_of_the_files_is_seen_at_once_on_every_instance() {
    let city = City::new().await;
    let second = city.second().await;
    let here = city.agent().await;
    let there = here.at(&second.base_url);
    let (copy, keys) = (tempfile::tempdir().unwrap(), keys_folder());
    assert!(
        Command::new("cp").arg("-r").arg(root().join("cities/amiens")).arg(copy.path()).status().unwrap().success()
    );
    let folder = copy.path().join("amiens");
    let file = folder.join("calendars.yaml");
    let text = fs::read_to_string(&file).unwrap();
    // The first calendar is the office's.
    let text = text.replacen("[\"08:30-12:00\", \"13:30-17:30\"]", "[\"09:00-12:00\"]", 1);
    let text = text.replacen(
        "holidays: metropolitan\n",
        "holidays: guadeloupe\n  time_zone: America/Guadeloupe\n  closed: [\"12-24\"]\n  closures:\n    \
         - {from: 2026-05-18, to: 2026-05-28, reason: {fr: Travaux à l’accueil, en: Works at the front desk}}\n    \
         - {from: 2026-06-01, to: 2026-06-01}\n",
        1,
    );
    fs::write(&file, text).unwrap();
    let keys_dir = keys.path().display().to_string();
    let environment = [
        ("DATABASE_URL", city.database.url()),
        ("CONTINUUM_KEYS_DIR", keys_dir.clone()),
        ("CONTINUUM_DATA_DIR", keys_dir),
    ];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let loaded = run(&["city", "load", folder.to_str().unwrap()], &environment);
    assert_eq!(said(&loaded), "calendar: 0 added, 1 changed, 0 retired\nLoaded.\n");

    for caller in [&here, &there] {
        let began = Instant::now();
        let preview = loop {
            let preview = caller.get("/v1/calendars/bureau/preview?from=2026-05-11&weeks=26").await.ok();
            if preview["calendar"]["time_zone"] == "America/Guadeloupe" {
                break preview;
            }
            // Sooner than an instance looks by itself: it was told.
            assert!(began.elapsed() < Duration::from_secs(10), "the change is not seen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let days = preview["days"].as_array().unwrap();
        let why = |date: &str| day(days, date)["closed_because"]["label"].clone();
        assert_eq!(day(days, "2026-05-11")["open_minutes"], 180);
        assert_eq!(why("2026-05-18"), "Travaux à l’accueil");
        assert_eq!(why("2026-05-27"), "Abolition de l’esclavage", "a holiday says more than the closure around it");
        assert_eq!(why("2026-05-28"), "Travaux à l’accueil");
        assert_eq!(why("2026-05-29"), Value::Null);
        assert_eq!(why("2026-06-01"), "Fermeture exceptionnelle");
    }
    // An evening in Guadeloupe, where it is not yet the next day.
    city.clock.set("2026-03-11T02:00:00Z");
    let here = city.agent().await;
    assert_eq!(days(&here, "bureau/preview?weeks=1").await[0]["date"], "2026-03-10");
    second.stop().await;
    city.stop().await;
}

async fn a_city_overseas_has_days_of_its_own() {
    let city = City::new().await;
    let overseas = "update calendar set definition = jsonb_set(definition, '{time_zone}', '\"Indian/Reunion\"')";
    let mut connection = city.database.connection().await;
    for statement in [overseas, "update city set revision = revision + 1"] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    usecases::city::reload(&city.instance.context).await.unwrap();
    // Half past midnight there, the evening before in Paris.
    city.clock.set("2026-12-31T20:30:00Z");
    let ticket = city.dumping().await;
    assert!(ticket["reference"].as_str().unwrap().starts_with("AMI-27-"), "{ticket}");
    city.drain().await;
    let letters = city.letters_to("proprete@ville-amiens.example");
    let told = letters[0].body_text(0).unwrap();
    assert!(told.contains("01/01/2027 à 0\u{a0}h\u{a0}30"), "{told}");

    let (proprete, dispatcher) = (city.proprete().await, city.dispatcher().await);
    let ticket = proprete.acknowledge(&ticket).await.ok();
    let hold = json!({ "reason": "weather", "resume_on": "2027-01-01" });
    let refused = proprete.act(&ticket, "hold", &hold).await;
    refused.refused_fields(422, "invalid_content", &[("/resume_on", "out_of_range")]);
    let schedule = async |day: &str| proprete.act(&ticket, "schedule", &json!({ "scheduled_for": day })).await;
    let refused = schedule("2026-12-31").await;
    refused.refused_fields(422, "invalid_content", &[("/scheduled_for", "out_of_range")]);
    schedule("2027-01-01").await.ok();
    let export = dispatcher.get("/v1/tickets/export").await;
    assert_eq!(export.header("content-disposition"), Some("attachment; filename=\"tickets-2027-01-01.csv\""));
    let calendar = city.stranger().get("/v1/cafes.ics").await;
    assert!(calendar.is(200).text.contains("X-WR-TIMEZONE:Indian/Reunion"), "{}", calendar.text);
    city.stop().await;
}
