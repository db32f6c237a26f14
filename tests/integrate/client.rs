//! Clients that public generators make of the contract: they compile without edits, and run the README's story.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Town, command, run, until, workshop};
use crate::support::caller::Caller;
use crate::support::city::{letters_in, link};
use crate::support::contract::operations;
use crate::support::database::{PASSWORD, root};
use crate::support::node::sources;

crate::tests![
    a_typescript_client_is_generated_and_runs_the_story,
    a_python_client_is_generated_and_runs_the_story,
    postman_imports_the_document_as_it_is,
];

fn document() -> std::path::PathBuf {
    root().join("openapi/openapi.json")
}

/// What a story printed, and what the resident reads through the link in the letter.
async fn told(town: &Town, printed: &str) {
    let end: Value = serde_json::from_str(printed).unwrap();
    assert_eq!((&end["state"], &end["reason"]), (&json!("resolved"), &json!("work_done")));
    assert_eq!(end["answer"], "Le canapé a été enlevé.");
    let letter = until("the resident's letter", async || {
        let letters = if town.mail().exists() { letters_in(&town.mail()) } else { Vec::new() };
        letters.into_iter().find(|letter| letter.subject().unwrap().ends_with("la suite donnée"))
    })
    .await;
    let resident = Caller::new(town.url(), None);
    let page = resident.request(Method::GET, &link(&letter, "/v1/tracking/")).header("Accept", "application/json");
    let read = resident.send(page).await.ok();
    assert!(read.to_string().contains("Le canapé a été enlevé."), "{read}");
}

async fn a_typescript_client_is_generated_and_runs_the_story() {
    let town = Town::start(&[]).await;
    let workshop = workshop();
    let folder = workshop.path();
    for file in ["story.ts", "tsconfig.json"] {
        fs::copy(sources("integrate").join(file), folder.join(file)).unwrap();
    }
    run(command("openapi-typescript", folder).arg(document()).args(["--output", "continuum.d.ts"]));
    run(command("tsc", folder).args(["--project", "."]));
    told(&town, &run(command("node", folder).args(["story.js", town.url(), PASSWORD]))).await;
    town.stop();
}

async fn a_python_client_is_generated_and_runs_the_story() {
    let town = Town::start(&[]).await;
    let workshop = workshop();
    let folder = workshop.path();
    fs::copy(sources("integrate").join("story.py"), folder.join("story.py")).unwrap();
    let mut generate = command("openapi-python-client", folder);
    generate.args(["generate", "--meta", "none", "--fail-on-warning", "--output-path", "continuum_client", "--path"]);
    run(generate.arg(document()).arg("--config").arg(sources("integrate").join("openapi-python-client.yaml")));
    // The generator casts what needs no cast; everything else that mypy has to say is a fault.
    run(command("mypy", folder).args([
        "--strict",
        "--disable-error-code",
        "redundant-cast",
        "story.py",
        "continuum_client",
    ]));
    let import = "import importlib, pkgutil, continuum_client as c\n\
                  for module in pkgutil.walk_packages(c.__path__, 'continuum_client.'): importlib.import_module(module.name)";
    run(command("python3", folder).args(["-c", import]));
    told(&town, &run(command("python3", folder).args(["story.py", town.url(), PASSWORD]))).await;
    town.stop();
}

async fn postman_imports_the_document_as_it_is() {
    let workshop = workshop();
    let convert = sources("integrate").join("postman.mjs");
    let printed = run(command("node", workshop.path()).arg(convert).arg(workshop.path()).arg(document()));
    let collection: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(collection["info"]["name"], "Continuum");
    let mut requests = Vec::new();
    gather(&collection, &mut requests);
    let title = |operation: &Value| operation["summary"].as_str().unwrap().to_owned();
    for (path, method, operation) in operations() {
        let found = requests.iter().filter(|request| request["name"] == title(operation));
        let found = found.filter(|request| request["request"]["method"] == method.to_ascii_uppercase()).count();
        assert!(found > 0, "{method} {path} is not in the collection");
    }
}

/// The requests of a collection's folders.
fn gather(item: &Value, requests: &mut Vec<Value>) {
    for item in item["item"].as_array().into_iter().flatten() {
        if item.get("request").is_some() {
            requests.push(item.clone());
        }
        gather(item, requests);
    }
}
