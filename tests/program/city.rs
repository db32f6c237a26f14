//! The city as files: exported and loaded elsewhere.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use super::commands::{Operator, amiens, empty};
use crate::support::city::City;
use crate::support::database::root;
use crate::support::program::{run, said};

crate::tests![
    what_people_published_is_exported_and_loaded_elsewhere,
    only_a_city_that_is_there_is_exported_and_only_into_an_empty_folder,
    what_is_loaded_at_each_start_replaces_nothing,
];

/// A city that answers on the operator's database.
pub(super) async fn city_of(operator: &Operator) -> City {
    City::with(|config| config.database.url = operator.database.url().into()).await
}

/// Publishes a rule before those in force, with texts that YAML would take for something else.
async fn publish(city: &City) {
    let admin = city.admin().await;
    let mut rules = admin.get("/v1/routing").await.ok()["rules"].as_array().unwrap().clone();
    let rule = json!({
        "code": "nuit", "name": { "fr": "- « La nuit » : 80021 #1\n\nyes", "en": "yes" },
        "when": { "type": "all", "of": [
            { "type": "category", "any_of": ["graffiti"] },
            { "type": "keywords", "any_of": ["no", "1e3", "tags: l’été"] },
            { "type": "not", "of": { "type": "weekday", "any_of": ["sunday"] } },
        ] },
        "send_to": ["proprete"], "priority": "high", "acknowledge_within": "4h", "note": "a: b 🚓\n- c"
    });
    rules.insert(0, rule);
    let draft = json!({ "name": "La nuit", "rules": rules });
    let draft: Value = admin.post("/v1/routing/drafts", &draft).await.created();
    let publish = format!("/v1/routing/drafts/{}/publish", draft["id"].as_str().unwrap());
    let request = admin.request(Method::POST, &publish).header("If-Match", format!("\"{}\"", draft["version"]));
    admin.send(request.json(&json!({ "reason": "Essai." }))).await.created();
}

async fn what_people_published_is_exported_and_loaded_elsewhere() {
    let (here, there) = (amiens().await, empty().await);
    let city = city_of(&here).await;
    publish(&city).await;
    let rules = city.admin().await.get("/v1/routing").await.ok()["rules"].clone();
    city.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("amiens");
    let dir = dir.to_str().unwrap();
    let exported = here.run(&["city", "export", dir]);
    assert!(said(&exported).contains("written, with version 2 of the rules"), "{}", said(&exported));
    assert_eq!(said(&run(&["city", "check", dir], &[])), format!("{dir}: nothing is wrong.\n"));
    assert_eq!(said(&here.run(&["city", "load", dir])), "Nothing differs.\n");
    let loaded = there.run(&["city", "load", dir]);
    assert!(said(&loaded).ends_with("Loaded.\n"), "{}", said(&loaded));
    let again = folder.path().join("again");
    assert!(there.run(&["city", "export", again.to_str().unwrap()]).status.success());
    for name in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()) {
        if name != "zonings" {
            let texts = [dir.as_ref(), again.as_path()].map(|dir| fs::read_to_string(dir.join(&name)).unwrap());
            assert_eq!(texts[0], texts[1], "{}", name.display());
        }
    }
    let count =
        format!("select jsonb_array_length(rules)::bigint from routing_rule_set where rules = '{}'", quoted(&rules));
    assert_eq!(there.database.count(&count).await, i64::try_from(rules.as_array().unwrap().len()).unwrap());
}

fn quoted(value: &Value) -> String {
    value.to_string().replace('\'', "''")
}

async fn only_a_city_that_is_there_is_exported_and_only_into_an_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("amiens");
    let dir = dir.to_str().unwrap();
    let nothing = empty().await;
    assert!(nothing.run(&["migrate"]).status.success());
    let none = nothing.run(&["city", "export", dir]);
    assert_eq!(none.status.code(), Some(1));
    assert!(said(&none).contains("no city was loaded yet"), "{}", said(&none));
    let operator = amiens().await;
    fs::create_dir(dir).unwrap();
    assert!(operator.run(&["city", "export", dir]).status.success());
    fs::write(folder.path().join("amiens/city.yaml"), "mine").unwrap();
    let full = operator.run(&["city", "export", dir]);
    assert_eq!(full.status.code(), Some(1));
    assert!(said(&full).contains("is not empty: name a folder that is empty"), "{}", said(&full));
    assert_eq!(fs::read_to_string(folder.path().join("amiens/city.yaml")).unwrap(), "mine");
}

async fn what_is_loaded_at_each_start_replaces_nothing() {
    let compose = fs::read_to_string(root().join("docker-compose.yml")).unwrap();
    assert!(compose.contains("continuum city load --if-none "), "{compose}");
    let load = ["city", "load", "--if-none", "cities/amiens"];
    let first = empty().await.run(&load);
    assert!(first.status.success() && said(&first).ends_with("Loaded.\n"), "{}", said(&first));
    let operator = amiens().await;
    let city = city_of(&operator).await;
    publish(&city).await;
    city.stop().await;
    let refused = operator.run(&["city", "load", "cities/amiens"]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    let again = operator.run(&load);
    assert!(again.status.success(), "{}", said(&again));
    assert_eq!(said(&again), "A city was loaded before: nothing is done.\n");
}
