//! The documents name what there is: files, tests, settings, columns. What is renamed is renamed there too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use regex::Regex;

use crate::support::database::root;
use crate::support::files::below;
use crate::support::program::{run, said};

crate::tests![
    documents_name_what_there_is,
    verdicts_are_counted,
    the_proxy_logs_no_path,
    who_answers_is_asked_for_their_health,
    the_image_shows_the_metrics_of_who_answers_and_of_workers,
    the_compose_file_is_checked_with_what_it_asks_for,
];

/// Where what is named may stand.
const SOURCES: [&str; 10] = [
    ".ci",
    "cities",
    "crates",
    "docker-compose.yml",
    "docs/examples",
    "docs/grafana",
    "migrations",
    "openapi",
    "scripts",
    "tests",
];
/// Settings of PostgreSQL and of nginx; and what is written when there is none yet.
const OTHERS: [&str; 6] = [
    "hot_standby_feedback",
    "log_parameter_max_length_on_error",
    "client_body_timeout",
    "client_header_timeout",
    "migrations/000N_name.sql",
    "tests/ticket/hold.rs",
];

/// The documents, but for the changelog, which tells of what was.
fn documents() -> Vec<(PathBuf, String)> {
    let pages = fs::read_dir(root().join("docs")).unwrap().map(|file| file.unwrap().path());
    let pages = pages.chain(["README.md", "CONTRIBUTING.md"].map(|name| root().join(name)));
    let pages = pages.filter(|page| page.extension().is_some_and(|kind| kind == "md"));
    pages.map(|page| (page.clone(), fs::read_to_string(page).unwrap())).collect()
}

/// All words of the sources that could name something.
fn words() -> BTreeSet<String> {
    let word = Regex::new("[a-z0-9]+(_[a-z0-9]+)+").unwrap();
    let files = SOURCES.iter().map(|source| root().join(source));
    let files = files.flat_map(|source| if source.is_dir() { below(&source) } else { vec![source] });
    let texts = files.filter_map(|file| String::from_utf8(fs::read(file).unwrap()).ok());
    texts.flat_map(|text| word.find_iter(&text).map(|found| found.as_str().to_owned()).collect::<Vec<_>>()).collect()
}

async fn documents_name_what_there_is() {
    let words = words();
    let known = |name: &str| words.range(name.to_owned()..).next().is_some_and(|word| word.starts_with(name));
    let link = Regex::new(r"\]\(([^)\s#:]+)(#[^)\s]*)?\)").unwrap();
    let block = Regex::new("(?s)```.*?```").unwrap();
    let code = Regex::new("`([^`]+)`").unwrap();
    let path =
        Regex::new(r"(?:^|[\s(=])((?:\.ci|cities|crates|docs|migrations|openapi|scripts|tests)/[\w./-]*\w)").unwrap();
    let name = Regex::new("[a-z0-9]+(_[a-z0-9]+){2,}").unwrap();
    let mut faults = Vec::new();
    for (page, text) in documents() {
        let mut missing = |what: &str| faults.push(format!("{}: {what}", page.display()));
        for found in link.captures_iter(&text) {
            if !page.parent().unwrap().join(&found[1]).exists() {
                missing(&found[1]);
            }
        }
        for found in code.captures_iter(&block.replace_all(&text, "")) {
            let paths = path.captures_iter(&found[1]).filter(|path| !root().join(&path[1]).exists());
            paths.for_each(|path| missing(&path[1]));
            name.find_iter(&found[1]).filter(|name| !known(name.as_str())).for_each(|name| missing(name.as_str()));
        }
    }
    faults.retain(|fault| !OTHERS.iter().any(|other| fault.ends_with(other)));
    assert!(faults.is_empty(), "{faults:#?}");
}

async fn verdicts_are_counted() {
    let text = fs::read_to_string(root().join("docs/asvs.md")).unwrap();
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells[..] {
            ["", verdict, items, ""] => drop(items.parse().map(|items| said.insert(verdict, items))),
            ["", items, _, verdict, ..] if items.starts_with(|c: char| c.is_ascii_digit()) => {
                *counted.entry(verdict).or_default() += items.split(',').count();
            }
            _ => {}
        }
    }
    assert_eq!(counted, said);
    let checks = fs::read_to_string(root().join("docs/checks.md")).unwrap();
    let told = format!("{} met, {} not applicable, {} open", said["met"], said["n.a."], said["open"]);
    assert!(checks.contains(&told), "{told}");
}

/// Links of residents and partners hold a token in their path. What is said outside of `server` is added to what the system's own
/// configuration logs; inside, it takes its place.
async fn the_proxy_logs_no_path() {
    let text = fs::read_to_string(root().join("docs/proxy/nginx.conf")).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.starts_with('#')).collect();
    let format = lines.iter().find(|line| line.starts_with("log_format continuum ")).unwrap();
    assert!(!format.contains("uri") && !format.contains("$request ") && !format.contains("referer"), "{format}");
    let mut blocks = lines.split(|line| *line == "server {");
    let outside = blocks.next().unwrap();
    let logs = |line: &&&str| line.starts_with("access_log ") || line.starts_with("error_log ");
    assert_eq!(outside.iter().filter(logs).count(), 0);
    let mut servers = 0;
    for block in blocks {
        let said: Vec<&&str> = block.iter().filter(logs).collect();
        let [access, error] = said[..] else { panic!("{said:?}") };
        assert!(access.ends_with(" continuum;") && error.ends_with(" crit;"), "{said:?}");
        servers += 1;
    }
    assert_eq!(servers, 2);
}

/// A worker, which runs from the same image, answers no requests: it would never be well.
async fn who_answers_is_asked_for_their_health() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    assert!(!read("Dockerfile").contains("HEALTHCHECK"));
    let compose = read("docker-compose.yml");
    let services = compose.split_once("\nservices:\n").unwrap().1;
    let asked: Vec<&str> =
        services.split("\n\n").filter(|service| service.contains("[CMD, continuum, health]")).collect();
    let [service] = asked[..] else { panic!("{asked:#?}") };
    assert!(service.starts_with("  continuum:\n"), "{service}");
}

/// Prometheus asks from outside the container, where the program by itself shows nothing.
async fn the_image_shows_the_metrics_of_who_answers_and_of_workers() {
    let image = fs::read_to_string(root().join("Dockerfile")).unwrap();
    let exposed = image.lines().find_map(|line| line.strip_prefix("EXPOSE ")).unwrap();
    for (command, variable) in [("serve", "CONTINUUM_METRICS_LISTEN"), ("worker", "CONTINUUM_WORKER_METRICS_LISTEN")] {
        let told = said(&run(&[command, "--help"], &[]));
        assert!(told.contains(&format!("[env: {variable}=")), "{told}");
        let (_, port) = image.split_once(&format!(" {variable}=0.0.0.0:")).unwrap_or_else(|| panic!("{variable}"));
        let port = port.split_whitespace().next().unwrap();
        assert!(exposed.split(' ').any(|one| one == port), "{port}: {exposed}");
    }
}

/// Compose refuses a file that asks for more than it is given.
async fn the_compose_file_is_checked_with_what_it_asks_for() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let (compose, ci) = (read("docker-compose.yml"), read(".ci/run"));
    let check = ci.lines().find(|line| line.contains("docker compose config ")).unwrap();
    let asked: BTreeSet<String> =
        Regex::new(r"\$\{(\w+):\?").unwrap().captures_iter(&compose).map(|found| found[1].to_owned()).collect();
    assert!(!asked.is_empty());
    for name in asked {
        assert!(check.contains(&format!("{name}=")), "{name}: {check}");
    }
    // In a URL, some signs of a password would have to be written otherwise.
    assert!(!compose.lines().any(|line| line.contains("://") && line.contains("PASSWORD:?")), "{compose}");
}
