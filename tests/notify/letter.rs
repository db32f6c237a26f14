//! Letters as they would be written, and words that a city wrote itself.

use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::City;
use domain::city::LetterWords;
use domain::letter::LetterName;
use reqwest::Method;

crate::tests![
    a_letter_is_seen_before_it_is_sent_and_nothing_is_sent,
    every_letter_is_previewed_in_both_languages,
    letters_about_more_than_a_turn_are_previewed_with_what_there_is,
    only_what_the_reader_reaches_is_previewed,
    a_citys_own_words_are_used_by_every_worker_at_once,
    receipts_and_lists_are_written_in_the_citys_own_words_too,
];

const PREVIEW: &str = "/v1/notifications/preview";

async fn page(who: &Caller, path: &str) -> crate::support::caller::Reply {
    who.send(who.request(Method::GET, path).header("Accept", "text/html")).await
}

fn path(letter: &str, ticket: &Value) -> String {
    format!("{PREVIEW}?letter={letter}&ticket={}", ticket["reference"].as_str().unwrap())
}

/// The text of a resident's letter, as who may not follow its link sees it.
fn without_token(letter: &mail_parser::Message<'_>) -> String {
    let link = crate::support::city::link(letter, "/v1/tracking/");
    let page = link.split_once('#').map_or(link.as_str(), |(page, _)| page);
    letter.body_text(0).unwrap().replace("\r\n", "\n").replace(page, "/v1/tracking/-")
}

/// The text of a letter about the ticket, with plain spaces.
async fn seen(dispatcher: &Caller, letter: &str, ticket: &Value) -> String {
    dispatcher.get(&path(letter, ticket)).await.ok()["text"].as_str().unwrap().replace('\u{a0}', " ")
}

async fn a_letter_is_seen_before_it_is_sent_and_nothing_is_sent() {
    let city = City::new().await;
    let (ticket, dispatcher) = (city.dumping().await, city.dispatcher().await);
    let proprete = city.proprete().await;
    dispatcher.get(&path("outcome.resident", &ticket)).await.refused(409, "no_such_turn");
    proprete.resolve(&proprete.acknowledge(&ticket).await.ok()).await.ok();
    city.drain().await;
    let (letters, rows) = (city.letters().len(), city.database.count("select count(*) from outbox").await);
    let outcome = dispatcher.get(&path("outcome.resident", &ticket)).await.ok();
    assert!(outcome["subject"].as_str().unwrap().contains(ticket["reference"].as_str().unwrap()), "{outcome}");
    // The same words as the resident got, but for the link.
    let sent = city.letters_to("habitante@mail.example");
    let sent = sent.iter().find(|letter| letter.subject() == outcome["subject"].as_str()).expect("the outcome");
    let expected = without_token(sent);
    assert_eq!(outcome["text"].as_str().unwrap(), expected);
    let english = dispatcher.get(&format!("{}&language=en", path("acknowledged.agent", &ticket))).await.ok();
    assert!(english["text"].as_str().unwrap().contains("taken in hand"), "{english}");
    let html = page(&dispatcher, &path("outcome.agent", &ticket)).await;
    assert_eq!(html.is(200).header("content-type"), Some("text/html; charset=utf-8"));
    let policy = html.header("content-security-policy").unwrap();
    assert!(policy.starts_with("sandbox;") && policy.contains("default-src 'none'"), "{policy}");
    assert!(html.text.starts_with("<!DOCTYPE html>"), "{}", html.text);
    city.drain().await;
    assert_eq!((city.letters().len(), city.database.count("select count(*) from outbox").await), (letters, rows));
    city.stop().await;
}

async fn every_letter_is_previewed_in_both_languages() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    let mut subjects = std::collections::BTreeSet::new();
    for letter in LetterName::all() {
        for language in ["fr", "en"] {
            let seen = dispatcher.get(&format!("{PREVIEW}?letter={letter}&language={language}")).await.ok();
            let html = seen["html"].as_str().unwrap();
            assert!(html.contains(&format!("lang=\"{language}\"")) && html.contains("</html>"), "{letter}: {html}");
            assert!(seen["text"].as_str().unwrap().contains("Amiens"), "{letter} is signed: {seen}");
            subjects.insert(seen["subject"].as_str().unwrap().to_owned());
        }
    }
    assert!(subjects.len() > 70, "each says something else: {subjects:?}");
    city.stop().await;
}

async fn letters_about_more_than_a_turn_are_previewed_with_what_there_is() {
    let city = City::new().await;
    let (ticket, dispatcher) = (city.dumping().await, city.dispatcher().await);
    let reference = ticket["reference"].as_str().unwrap();
    city.drain().await;
    // The receipt, as the resident got it.
    let sent = city.letters_to("habitante@mail.example").remove(0);
    assert_eq!(seen(&dispatcher, "received", &ticket).await, without_token(&sent).replace('\u{a0}', " "));
    let proprete = city.proprete().await;
    proprete.start(&proprete.acknowledge(&ticket).await.ok()).await.ok();
    for (letter, words) in [("turns", "intervention commencée"), ("digest", "prise en charge")] {
        let text = seen(&dispatcher, letter, &ticket).await;
        assert!(text.contains(words), "{letter}: {text}");
        assert!(!text.contains("matelas"), "{letter} tells what the resident said: {text}");
    }
    for letter in ["late", "list.cafe", "renewed.service", "referral.partner", "unplaced_mail", "invitation"] {
        dispatcher.get(&path(letter, &ticket)).await.refused(409, "no_such_turn");
    }
    let agent = city.agent().await;
    let mut hall = crate::support::city::dumping();
    hall["category"] = serde_json::json!("hall_occupation");
    let there = agent.post("/v1/concerns", &hall).await.created()["tickets"][0].clone();
    let text = seen(&dispatcher, "referral.partner", &there).await;
    assert!(text.contains("/v1/partners/-") && text.contains("convention de tranquillité résidentielle"), "{text}");
    city.clock.forward(chrono::TimeDelta::days(60));
    let dispatcher = city.dispatcher().await;
    let late = dispatcher.get(&path("late", &ticket)).await.ok();
    assert!(late["text"].as_str().unwrap().contains(reference), "{late}");
    city.stop().await;
}

async fn only_what_the_reader_reaches_is_previewed() {
    let city = City::new().await;
    let (ticket, admin) = (city.dumping().await, city.admin().await);
    admin.get(&path("referral.service", &ticket)).await.refused(404, "not_found");
    let made_up = admin.get(&format!("{PREVIEW}?letter=outcome.resident")).await.ok();
    assert!(made_up["text"].as_str().unwrap().contains("VIL-26-000123"), "{made_up}");
    let wrong = admin.get(&format!("{PREVIEW}?letter=referral.resident&language=de&x=1")).await;
    wrong.refused_fields(
        400,
        "invalid_parameter",
        &[("letter", "bad_value"), ("language", "bad_value"), ("x", "unknown_parameter")],
    );
    assert!(wrong.text.contains("list.cafe") && wrong.text.contains("undeliverable.agent"), "{}", wrong.text);
    admin.get(PREVIEW).await.refused_fields(400, "invalid_parameter", &[("letter", "required")]);
    city.agent().await.get(&format!("{PREVIEW}?letter=outcome.resident")).await.lacks("preview_letters");
    // What is not for everybody is recorded as read.
    let mut restricted = crate::support::city::dumping();
    restricted["category"] = json!("hall_occupation");
    let restricted = city.agent().await.post("/v1/concerns", &restricted).await.created()["tickets"][0].clone();
    let read = json!({ "type": "ticket_read", "ticket": restricted["id"] });
    assert!(!city.audited().await.contains(&read));
    city.dispatcher().await.get(&path("referral.partner", &restricted)).await.ok();
    assert!(city.audited().await.contains(&read));
    city.stop().await;
}

async fn a_citys_own_words_are_used_by_every_worker_at_once() {
    let city = City::new().await;
    let second = city.second().await;
    let cx = &city.instance.context;
    let source = "{% extends layout %}
{% set subject = \"Bonjour de la ville, \" ~ reference %}
{% set title = \"Bonjour\" %}
{% set paragraphs = [\"<b>Nos mots</b> à nous.\"] %}
{% set facts = [[\"Objet\", category]] %}
{% set action = \"Voir\" %}
{% set closing = [] %}
{% set why = \"Parce que.\" %}
";
    let words = LetterWords { code: "acknowledged.agent.fr".into(), source: source.into() };
    assert_eq!(notify::letter::check_words(&words), []);
    city.drain().await;
    second.worker.drain().await.unwrap();
    let mut with_words = cx.city().unwrap().city.clone();
    with_words.letters = vec![words];
    let changed = usecases::city::load(cx, &with_words, true, None, cx.now()).await.unwrap();
    assert_eq!(changed.iter().map(ToString::to_string).collect::<Vec<_>>(), ["letter: 1 added, 0 changed, 0 retired"]);
    let ticket = city.dumping().await;
    city.proprete().await.acknowledge(&ticket).await.ok();
    // The other instance has not been told of anything.
    while second.worker.drain().await.unwrap().sent > 0 {}
    let letter = city.letters_to("claire.delattre@ville-amiens.example").remove(0);
    let expected = format!("Bonjour de la ville, {}", ticket["reference"].as_str().unwrap());
    assert_eq!(letter.subject(), Some(expected.as_str()));
    assert!(letter.body_html(0).unwrap().contains("&lt;b&gt;Nos mots&lt;/b&gt; à nous."), "values stay text");
    let shown = city.dispatcher().await.get(&path("acknowledged.agent", &ticket)).await.ok();
    assert_eq!(shown["subject"].as_str(), Some(expected.as_str()));
    // Words that no longer fit hold no letter up.
    with_words.letters[0].source = "{% extends layout %}{{ dragons }}".into();
    usecases::city::load(cx, &with_words, true, None, cx.now()).await.unwrap();
    let other = city.dumping().await;
    city.proprete().await.acknowledge(&other).await.ok();
    city.drain().await;
    let letters = city.letters_to("claire.delattre@ville-amiens.example");
    assert!(letters.iter().any(|letter| letter.subject().unwrap().ends_with("prise en charge")), "ours, instead");
    with_words.letters.clear();
    usecases::city::load(cx, &with_words, true, None, cx.now()).await.unwrap();
    assert!(cx.city().unwrap().city.letters.is_empty());
    second.stop().await;
    city.stop().await;
}

async fn receipts_and_lists_are_written_in_the_citys_own_words_too() {
    let city = City::new().await;
    let cx = &city.instance.context;
    let source = |subject: &str, rest: &str| {
        format!(
            "{{% extends layout %}}{{% set subject = {subject} %}}{{% set title = \"La ville\" %}}
{{% set paragraphs = [\"Nos mots.\"] %}}{{% set facts = [] %}}{{% set action = \"Suivre\" %}}{{% set closing = [] %}}
{{% set why = \"Parce que.\" %}}{rest}"
        )
    };
    let words = |code: &str, source: String| LetterWords { code: code.to_owned(), source };
    let mut with_words = cx.city().unwrap().city.clone();
    with_words.letters = vec![
        words("received.fr", source("\"Reçu : \" ~ category", "{% set referred = tickets %}")),
        words(
            "digest.fr",
            source(
                "count ~ \" nouvelles\"",
                "{% set sections = [{\"title\": none, \"rows\": tickets}] %}{% set sections_more = none %}",
            ),
        ),
        words("unplaced_mail.fr", source("\"À lire\"", "")),
    ];
    for words in &with_words.letters {
        assert_eq!(notify::letter::check_words(words), [], "{}", words.code);
    }
    usecases::city::load(cx, &with_words, true, None, cx.now()).await.unwrap();
    let ticket = city.dumping().await;
    city.drain().await;
    let receipt = city.letters_to("habitante@mail.example").remove(0);
    assert!(receipt.subject().unwrap().starts_with("Reçu"), "{:?}", receipt.subject());
    let text = receipt.body_text(0).unwrap();
    assert!(text.contains("Nos mots.") && text.contains(ticket["reference"].as_str().unwrap()), "{text}");
    assert!(text.contains("/unsubscribe") && receipt.header_raw("List-Unsubscribe-Post").is_some(), "{text}");
    city.proprete().await.acknowledge(&ticket).await.ok();
    let digest = city.dispatcher().await.get(&path("digest", &ticket)).await.ok();
    assert_eq!(digest["subject"], "1 nouvelles");
    let unplaced = city.dispatcher().await.get(&format!("{PREVIEW}?letter=unplaced_mail")).await.ok();
    assert_eq!(unplaced["subject"], "À lire");
    city.stop().await;
}
