//! What an operator is given: alerts and a dashboard, which name metrics that there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::Page;
use crate::support::database::root;
use crate::support::promtool;

crate::tests![alerts_are_rules_and_each_is_explained, the_dashboard_asks_what_prometheus_understands];

const ALERTS: &str = "docs/prometheus/alerts.yml";
const DASHBOARD: &str = "docs/grafana/continuum.json";
const PAGE: &str = "docs/operations.md";

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The words of a text that begin so.
fn words<'a>(text: &'a str, begin: &str) -> BTreeSet<&'a str> {
    let all = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    all.filter(|word| word.starts_with(begin)).collect()
}

/// Each metric that the documents name is on one of these pages.
#[track_caller]
pub fn are_there(pages: &[&Page]) {
    let names: BTreeSet<String> = pages.iter().flat_map(|page| page.names()).collect();
    for document in [ALERTS, DASHBOARD, PAGE] {
        let text = read(document);
        let mentioned = words(&text, "continuum_");
        // The page speaks of families too, by how their names begin.
        let is_there = |word: &str| match word.strip_suffix('_') {
            Some(_) => names.iter().any(|name| name.starts_with(word)),
            None => names.contains(word),
        };
        let unknown: Vec<_> = mentioned.iter().filter(|word| !is_there(word)).collect();
        assert!(
            !mentioned.is_empty() && unknown.is_empty(),
            "{document} names what is not there: {unknown:?} of {names:?}"
        );
    }
    // Nor is there anything that nobody would see.
    let (alerts, dashboard) = (read(ALERTS), read(DASHBOARD));
    let seen: BTreeSet<&str> = words(&alerts, "continuum_").union(&words(&dashboard, "continuum_")).copied().collect();
    let own = |name: &&String| !name.ends_with("_sum") && !name.ends_with("_count");
    let unseen: Vec<_> = names.iter().filter(own).filter(|name| !seen.contains(name.as_str())).collect();
    assert!(unseen.is_empty(), "neither an alert nor the dashboard shows {unseen:?}");
}

async fn alerts_are_rules_and_each_is_explained() {
    let checked = promtool::check(&["check", "rules", root().join(ALERTS).to_str().unwrap()], "");
    let (alerts, page) = (read(ALERTS), read(PAGE));
    let rules: BTreeSet<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(checked.contains(&format!("SUCCESS: {} rules found", rules.len())), "{checked}");
    assert_eq!(words(&page, "Continuum").into_iter().filter(|word| word.len() > 9).collect::<BTreeSet<_>>(), rules);
    promtool::check(&["test", "rules", root().join("tests/support/alerts.yml").to_str().unwrap()], "");
}

async fn the_dashboard_asks_what_prometheus_understands() {
    let dashboard: Value = serde_json::from_str(&read(DASHBOARD)).unwrap();
    let variables: Vec<&Value> =
        dashboard["templating"]["list"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(variables, [&json!("datasource"), &json!("job")]);
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    let mut rules = Vec::new();
    for (at, target) in panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten().enumerate() {
        assert_eq!(target["datasource"], json!({ "type": "prometheus", "uid": "${datasource}" }));
        let asked = target["expr"].as_str().unwrap();
        assert!(asked.contains("job=~\"$job\""), "{asked}");
        let asked = asked.replace("$job", ".*").replace("$__rate_interval", "5m");
        rules.push(json!({ "record": format!("panel:{at}"), "expr": asked }));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yml");
    // What is JSON is YAML.
    fs::write(&file, json!({ "groups": [{ "name": "dashboard", "rules": rules }] }).to_string()).unwrap();
    promtool::check(&["check", "rules", Path::new(&file).to_str().unwrap()], "");
    // Panels lie beside and below one another.
    let place = |panel: &Value| ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
    for (at, panel) in panels.iter().enumerate() {
        let [x, y, w, h] = place(panel);
        assert!(x + w <= 24, "{panel}");
        let covers = |other: &Value| {
            let [ox, oy, ow, oh] = place(other);
            x < ox + ow && ox < x + w && y < oy + oh && oy < y + h
        };
        assert!(!panels[at + 1..].iter().any(covers), "something lies over {}", panel["title"]);
    }
}
