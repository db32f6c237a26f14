//! Texts that would become part of the page that shows them, and pages that would let them.

use reqwest::Method;
use serde_json::{Value, json};

use super::rename;
use crate::cafe;
use crate::partner;
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping, email, link};
use crate::support::contract::operations;

crate::tests![
    what_people_write_is_text_on_every_page,
    what_the_city_is_called_is_text_on_every_page,
    no_page_runs_a_script
];

/// What would be an element, an attribute, a link or a template somewhere.
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)></title></style></textarea><svg/onload=alert(1)> \
    javascript:alert(1) {{ 7*191 }}{% raw %} \u{202e}txt.exe\u{202c} &lt;b&gt; <!-- ";

/// A page that has nothing of [`HOSTILE`] but as text, and whose policy would let none of it run.
#[track_caller]
fn is_safe(page: &Reply) {
    assert!(page.header("content-type").unwrap().starts_with("text/html"), "{}", page.text);
    let html = page.text.replace("&#x2f;", "/");
    let lower = html.to_lowercase();
    for part in [
        "<script",
        "<img src=x",
        "<svg/",
        "<!-- ",
        "=\"javascript:",
        "='javascript:",
        "1337",
        "<b>",
        " onerror=alert(1)>",
    ] {
        assert!(!lower.contains(part), "{part}: {html}");
    }
    for once in ["</title>", "</html>", "</body>"] {
        assert_eq!(lower.matches(once).count(), 1, "{once}: {html}");
    }
    has_strict_policy(page);
}

/// A policy that lets nothing in but styles and pictures of ours, and no script.
#[track_caller]
fn has_strict_policy(page: &Reply) {
    assert_eq!(page.headers.get_all("content-security-policy").iter().count(), 1);
    let policy = page.header("content-security-policy").unwrap();
    let directives: Vec<(&str, &str)> =
        policy.split(';').map(|directive| directive.trim().split_once(' ').unwrap_or((directive.trim(), ""))).collect();
    for needed in [("default-src", "'none'"), ("frame-ancestors", "'none'"), ("base-uri", "'none'")] {
        assert!(directives.contains(&needed), "{needed:?}: {policy}");
    }
    assert!(directives.iter().any(|directive| matches!(directive, ("form-action", "'none'" | "'self'"))), "{policy}");
    // A letter is styled element by element, as mail programs need it; it is seen in a sandbox, without an origin.
    let letter = directives.contains(&("sandbox", ""));
    for (name, sources) in directives.into_iter().filter(|(name, _)| *name != "sandbox") {
        let ours = |source: &str| {
            let known = matches!(source, "'none'" | "'self'") || source.starts_with("'sha256-");
            known || (letter && (name, source) == ("style-src", "'unsafe-inline'"))
        };
        let known =
            ["default-src", "frame-ancestors", "base-uri", "form-action", "style-src", "img-src"].contains(&name);
        assert!(known && sources.split(' ').all(ours), "{name} {sources}: {policy}");
    }
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
}

async fn page(who: &Caller, path: &str) -> Reply {
    who.send(who.request(Method::GET, path).header("Accept", "text/html")).await
}

/// The beginning of a text.
fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// Shows the pages of one ticket, from the filing to the answer of the resident: each by its path, and whose it is.
async fn pages(city: &City, texts: &str) -> Vec<Reply> {
    let (agent, stranger) = (city.agent().await, city.stranger());
    let cafe = cafe::plan(&agent, json!({ "title": cut(texts, 120) })).await;
    let mut body = dumping();
    body["description"] = json!(texts);
    body["place"]["address"] = json!(format!("12 rue {}", cut(texts, 120)));
    body["resident"]["name"] = json!(cut(texts, 100));
    let ticket = agent.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    // What is answered on the spot becomes no ticket.
    body["answer"] = json!(texts);
    body["resident"] = json!({ "email": "voisine@mail.example" });
    agent.post("/v1/concerns", &body).await.created();
    let proprete = city.proprete().await;
    let taken = proprete.act(&ticket, "acknowledge", &json!({ "note": texts })).await.ok();
    let done = json!({ "closure_reason": "work_done", "message_to_resident": texts, "note": texts });
    proprete.act(&taken, "resolve", &done).await.ok();
    city.stranger().post("/v1/passwords/forgotten", &json!({ "email": email("amelie.petit") })).await.is(202);
    city.drain().await;
    let tracking = link(&city.letters_to("habitante@mail.example")[0], "/v1/tracking/");
    let tracking = tracking.split('#').next().unwrap();
    let answered = link(&city.letters_to("voisine@mail.example")[0], "/v1/tracking/");
    let account = city.letters_to(&email("amelie.petit"));
    let account = account.iter().find(|letter| letter.body_text(0).unwrap().contains("/account/")).unwrap();
    let account = link(account, "/account/");
    let mut all = vec![
        page(&stranger, tracking).await,
        page(&stranger, answered.split('#').next().unwrap()).await,
        page(&stranger, &format!("{tracking}/unsubscribe")).await,
        page(&stranger, &account).await,
        page(&stranger, "/v1/tracking").await,
        page(&stranger, "/v1/privacy-notice").await,
        page(&city.dispatcher().await, "/v1/processing-record").await,
        page(&proprete, &format!("/v1/tickets/{}/sheet", ticket["id"].as_str().unwrap())).await,
        page(&agent, &cafe::path(&cafe, "/sheet")).await,
        page(&city.auditor().await, "/v1/stats/reports/2026").await,
        page(&agent, "/v1/sheets?area=secteurs:nord&from=2026-01-01&to=2026-03-31").await,
    ];
    for page in &all {
        page.is(200);
    }
    // What was typed comes back with what is wrong about it.
    let reference = ticket["reference"].as_str().unwrap();
    let said = [("ticket", reference), ("solved", "no"), ("reason", texts), ("text", texts)];
    all.push(stranger.submit(&format!("{tracking}/feedback"), &said).await);
    all.push(stranger.submit("/v1/tracking", &[("code", texts), ("factor", texts)]).await);
    all.push(stranger.submit(&account, &[("password", texts), ("again", "x")]).await);
    let (referred, door) = partner::referred(city).await;
    let message = json!({ "text": texts });
    let messages = format!("/v1/tickets/{}/referrer_messages", referred["id"].as_str().unwrap());
    agent.post(&messages, &message).await.created();
    all.push(page(&stranger, &door).await);
    let fields = [("version", "1"), ("reason", texts), ("note", texts), ("scheduled_for", texts)];
    all.push(stranger.submit(&format!("{door}/refuse"), &fields).await);
    all.push(stranger.submit(&format!("{door}/schedule"), &fields).await);
    all.push(
        page(
            &stranger,
            &format!("{door}?done={}", url::form_urlencoded::byte_serialize(b"<script>").collect::<String>()),
        )
        .await,
    );
    let reference = ticket["reference"].as_str().unwrap();
    for letter in ["referral.service", "received", "outcome.resident", "acknowledged.agent"] {
        let path = format!("/v1/notifications/preview?letter={letter}&ticket={reference}");
        all.push(page(&city.dispatcher().await, &path).await);
    }
    for page in &all {
        assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{}", page.text);
    }
    all
}

async fn what_people_write_is_text_on_every_page() {
    let city = City::new().await;
    let shown = pages(&city, HOSTILE).await;
    shown.iter().for_each(is_safe);
    let says_it = |page: &&Reply| page.text.contains("&lt;script&gt;");
    assert!(shown.iter().filter(says_it).count() >= 4, "what was written is shown");
    city.stop().await;
}

async fn what_the_city_is_called_is_text_on_every_page() {
    let city = City::new().await;
    rename(&city, |name| name.push_str(HOSTILE)).await;
    let shown = pages(&city, "Sans malice").await;
    shown.iter().for_each(is_safe);
    assert!(shown.iter().filter(|page| page.text.contains("&lt;script&gt;")).count() >= 8);
    city.stop().await;
}

/// Whether an operation answers a page, with whatever status.
fn answers_pages(operation: &Value) -> bool {
    let responses = operation["responses"].as_object().unwrap().values();
    responses.filter_map(|response| response["content"].as_object()).any(|content| content.contains_key("text/html"))
}

async fn no_page_runs_a_script() {
    let city = City::new().await;
    let (stranger, desk) = (city.stranger(), city.dispatcher().await);
    let id = city.dumping().await["id"].as_str().unwrap().to_owned();
    let year = "?area=secteurs:nord&from=2026-01-01&to=2026-03-31";
    let mut seen = Vec::new();
    for (template, ..) in operations().filter(|(_, method, operation)| *method == "get" && answers_pages(operation)) {
        let path = template.replace("{ticket}", &id).replace("{year}", "2026");
        let path = path.replace("{token}", "AAAAAAAAAAAAAAAAAAAAAA").replace("{cafe}", &id).replace("{photo}", &id);
        let path = if template == "/v1/sheets" { format!("{path}{year}") } else { path };
        for caller in [&stranger, &desk] {
            let reply = page(caller, &path).await;
            if reply.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
                has_strict_policy(&reply);
                seen.push(template);
            }
        }
    }
    seen.dedup();
    assert!(seen.len() >= 9, "{seen:?}");
    // Those that belong to no contract.
    for path in ["/docs/problems", "/account/AAAAAAAAAAAAAAAAAAAAAA", "/signed-out"] {
        let reply = page(&stranger, path).await;
        assert!(reply.header("content-type").unwrap().starts_with("text/html"), "{path}: {}", reply.text);
        has_strict_policy(&reply);
    }
    // The explorer's script is a file of ours, and no other one runs.
    let explorer = page(&stranger, "/docs/").await;
    let policy = explorer.is(200).header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
    assert!(!explorer.text.contains("<script>"), "{}", explorer.text);
    city.stop().await;
}
