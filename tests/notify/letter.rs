//! Letters as they would be written, and words that a city wrote itself.

use serde_json::Value;

use crate::support::caller::Caller;
use crate::support::city::City;
use domain::city::LetterWords;
use reqwest::Method;

crate::tests![
    a_letter_is_seen_before_it_is_sent_and_nothing_is_sent,
    only_what_the_reader_reaches_is_previewed,
    a_citys_own_words_are_used_by_every_worker_at_once
];

const PREVIEW: &str = "/v1/notifications/preview";

async fn page(who: &Caller, path: &str) -> crate::support::caller::Reply {
    who.send(who.request(Method::GET, path).header("Accept", "text/html")).await
}

fn path(kind: &str, audience: &str, ticket: &Value) -> String {
    format!("{PREVIEW}?kind={kind}&audience={audience}&ticket={}", ticket["reference"].as_str().unwrap())
}

async fn a_letter_is_seen_before_it_is_sent_and_nothing_is_sent() {
    let city = City::new().await;
    let (ticket, dispatcher) = (city.dumping().await, city.dispatcher().await);
    let proprete = city.proprete().await;
    dispatcher.get(&path("outcome", "resident", &ticket)).await.refused(409, "no_such_turn");
    proprete.resolve(&proprete.acknowledge(&ticket).await.ok()).await.ok();
    city.drain().await;
    let (letters, rows) = (city.letters().len(), city.database.count("select count(*) from outbox").await);
    let outcome = dispatcher.get(&path("outcome", "resident", &ticket)).await.ok();
    assert!(outcome["subject"].as_str().unwrap().contains(ticket["reference"].as_str().unwrap()), "{outcome}");
    // The same words as the resident got, but for the link.
    let sent = city.letters_to("habitante@mail.example");
    let sent = sent.iter().find(|letter| letter.subject() == outcome["subject"].as_str()).expect("the outcome");
    let link = crate::support::city::link(sent, "/v1/tracking/");
    let expected = sent.body_text(0).unwrap().replace("\r\n", "\n").replace(&link, "/v1/tracking/-");
    assert_eq!(outcome["text"].as_str().unwrap(), expected);
    let english = dispatcher.get(&format!("{}&language=en", path("progress", "agent", &ticket))).await.ok();
    assert!(english["text"].as_str().unwrap().contains("taken in hand"), "{english}");
    let html = page(&dispatcher, &path("outcome", "agent", &ticket)).await;
    assert_eq!(html.is(200).header("content-type"), Some("text/html; charset=utf-8"));
    let policy = html.header("content-security-policy").unwrap();
    assert!(policy.starts_with("sandbox;") && policy.contains("default-src 'none'"), "{policy}");
    assert!(html.text.starts_with("<!DOCTYPE html>"), "{}", html.text);
    city.drain().await;
    assert_eq!((city.letters().len(), city.database.count("select count(*) from outbox").await), (letters, rows));
    city.stop().await;
}

async fn only_what_the_reader_reaches_is_previewed() {
    let city = City::new().await;
    let (ticket, admin) = (city.dumping().await, city.admin().await);
    admin.get(&path("referral", "service", &ticket)).await.refused(404, "not_found");
    let made_up = admin.get(&format!("{PREVIEW}?kind=outcome&audience=resident")).await.ok();
    assert!(made_up["text"].as_str().unwrap().contains("XXX-26-000123"), "{made_up}");
    admin.get(&format!("{PREVIEW}?kind=referral&audience=resident")).await.refused(404, "no_such_letter");
    admin.get(&format!("{PREVIEW}?kind=dragons&language=de&x=1")).await.refused_fields(
        400,
        "invalid_parameter",
        &[("kind", "bad_value"), ("audience", "required"), ("language", "bad_value"), ("x", "unknown_parameter")],
    );
    city.agent().await.get(&format!("{PREVIEW}?kind=outcome&audience=resident")).await.lacks("preview_letters");
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
    let changed = usecases::city::load(cx, &with_words, true, cx.now()).await.unwrap();
    assert_eq!(changed.iter().map(ToString::to_string).collect::<Vec<_>>(), ["letter: 1 added, 0 changed, 0 retired"]);
    let ticket = city.dumping().await;
    city.proprete().await.acknowledge(&ticket).await.ok();
    // The other instance has not been told of anything.
    while second.worker.drain().await.unwrap().sent > 0 {}
    let letter = city.letters_to("claire.delattre@ville-amiens.example").remove(0);
    let expected = format!("Bonjour de la ville, {}", ticket["reference"].as_str().unwrap());
    assert_eq!(letter.subject(), Some(expected.as_str()));
    assert!(letter.body_html(0).unwrap().contains("&lt;b&gt;Nos mots&lt;/b&gt; à nous."), "values stay text");
    let shown = city.dispatcher().await.get(&path("acknowledged", "agent", &ticket)).await.ok();
    assert_eq!(shown["subject"].as_str(), Some(expected.as_str()));
    // Words that no longer fit hold no letter up.
    with_words.letters[0].source = "{% extends layout %}{{ dragons }}".into();
    usecases::city::load(cx, &with_words, true, cx.now()).await.unwrap();
    let other = city.dumping().await;
    city.proprete().await.acknowledge(&other).await.ok();
    city.drain().await;
    let letters = city.letters_to("claire.delattre@ville-amiens.example");
    assert!(letters.iter().any(|letter| letter.subject().unwrap().ends_with("prise en charge")), "ours, instead");
    with_words.letters.clear();
    usecases::city::load(cx, &with_words, true, cx.now()).await.unwrap();
    assert!(cx.city().unwrap().city.letters.is_empty());
    second.stop().await;
    city.stop().await;
}
