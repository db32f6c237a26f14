//! The page's forms: without script, and without a surprise.

use serde_json::json;

use super::{LANDLORD, openings, page, passed_on, read, referred, submit};
use crate::support::city::City;

crate::tests![
    each_form_does_its_action_and_says_so,
    nobody_overwrites_what_they_have_not_seen,
    what_is_wrong_is_told_beside_what_was_typed,
    what_is_not_theirs_is_refused_and_later_settled_with_the_body_that_was_told,
    a_form_that_is_sent_twice_is_one,
    the_page_speaks_english_too,
];

/// What is typed into a form.
type Fields = &'static [(&'static str, &'static str)];

async fn each_form_does_its_action_and_says_so() {
    let city = City::new().await;
    let (ticket, path) = referred(&city).await;
    let steps: [(&str, Fields, &str); 5] = [
        ("receive", &[("version", "1")], "C’est noté : vous avez bien la saisine."),
        ("acknowledge", &[("version", "2"), ("expected_on", "2026-03-13"), ("note", "")], "C’est noté : vous prenez"),
        (
            "schedule",
            &[("version", "3"), ("scheduled_for", "2026-03-16"), ("note", "Le matin.\r\nTôt.")],
            "C’est noté : la date",
        ),
        ("start", &[("version", "4")], "C’est noté : l’intervention a commencé."),
        ("message", &[("version", "5"), ("to", "referrer"), ("text", "Sur place.")], "Votre message est enregistré."),
    ];
    for (form, fields, says) in steps {
        let reply = submit(&city, &path, form, fields).await;
        let to = format!("{path}?done={form}");
        assert_eq!((reply.is(303).header("location"), reply.text.as_str()), (Some(to.as_str()), ""));
        let shown = page(&city, &to).await.is(200).text.clone();
        assert!(shown.contains(says), "{says}: {shown}");
        assert!(!page(&city, &path).await.text.contains(says), "said once");
    }
    assert_eq!(city.dispatcher().await.timeline(&ticket).await[3]["data"]["note"], "Le matin.\nTôt.");
    let fields = [("version", "5"), ("closure_reason", "work_done"), ("message_to_resident", "C’est fait.")];
    let reply = submit(&city, &path, "resolve", &fields).await;
    let to = reply.is(303).header("location").unwrap();
    assert!(page(&city, to).await.is(410).text.contains("<h1>Merci</h1>"));
    // What the address says is said in our words only.
    let (_, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let odd = page(&city, &format!("{path}?done=%3Cscript%3E")).await.is(200).text.clone();
    assert!(!odd.contains("script") && !odd.contains("role=\"status\""), "{odd}");
    city.stop().await;
}

async fn nobody_overwrites_what_they_have_not_seen() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    city.dispatcher().await.act(&ticket, "prioritise", &json!({ "priority": "urgent" })).await.ok();
    let stale = submit(&city, &path, "refuse", &[("version", "2"), ("reason", "other"), ("note", "Trop <loin>")]).await;
    let shown = &stale.is(412).text;
    assert!(shown.contains("La saisine a changé depuis que vous avez ouvert cette page."), "{shown}");
    // What was typed is not lost, and the next attempt is on what is shown now.
    assert!(shown.contains("Trop &lt;loin&gt;") && shown.contains("name=\"version\" value=\"3\""), "{shown}");
    assert!(shown.contains("<option value=\"other\" selected>"), "{shown}");
    let none = submit(&city, &path, "refuse", &[("reason", "other"), ("note", "Trop loin")]).await;
    assert!(none.is(428).text.contains("role=\"alert\""));
    assert_eq!(read(&city, &path).await.ok()["version"], 3);
    city.stop().await;
}

async fn what_is_wrong_is_told_beside_what_was_typed() {
    let city = City::new().await;
    let (_, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let past = submit(&city, &path, "acknowledge", &[("version", "2"), ("expected_on", "2026-03-09")]).await;
    let shown = &past.is(422).text;
    assert!(
        shown.contains("id=\"acknowledge-expected_on-wrong\"") && shown.contains("value=\"2026-03-09\""),
        "{shown}"
    );
    assert!(shown.contains("aria-invalid=\"true\" aria-describedby=\"acknowledge-expected_on-wrong\""), "{shown}");
    for (form, fields, status) in [
        ("refuse", &[("version", "2"), ("reason", "")][..], 400),
        ("refuse", &[("version", "2"), ("reason", "because")], 400),
        ("refuse", &[("version", "2"), ("reason", "other")], 422),
        ("message", &[("to", "referrer"), ("text", "  ")], 400),
        ("message", &[("to", "mayor"), ("text", "Bonjour")], 400),
        ("resolve", &[("version", "2"), ("closure_reason", "work_done"), ("message_to_resident", "Fait.")], 409),
        ("start", &[("version", "2"), ("more", "x")], 400),
    ] {
        let reply = submit(&city, &path, form, fields).await;
        assert!(reply.is(status).text.contains("role=\"alert\""), "{form} {fields:?}");
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    }
    assert_eq!(read(&city, &path).await.ok()["version"], 2);
    city.stop().await;
}

async fn what_is_not_theirs_is_refused_and_later_settled_with_the_body_that_was_told() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    submit(&city, &path, "acknowledge", &[("version", "2")]).await.is(303);
    let shown = page(&city, &path).await.is(200).text.clone();
    assert!(shown.contains("/refuse\"") && !shown.contains("name=\"body_told\""), "{shown}");
    submit(&city, &path, "start", &[("version", "3")]).await.is(303);
    let shown = page(&city, &path).await.is(200).text.clone();
    assert!(!shown.contains("/refuse\"") && shown.contains("name=\"body_told\""), "{shown}");
    assert!(shown.contains("<option value=\"not_competent\"") && !shown.contains("value=\"duplicate\""), "{shown}");
    let settle = async |reason: &str, body: &str| {
        let told = ("message_to_resident", "Le tuyau est au service des eaux.");
        let fields = [("version", "4"), ("closure_reason", reason), ("body_told", body), told];
        submit(&city, &path, "resolve", &fields).await
    };
    for (reason, body, says) in [
        ("not_competent", "", "Dites quel organisme compétent a été informé"),
        ("work_done", "Service des eaux", "L’organisme informé ne s’indique qu’avec le motif « hors compétence »"),
    ] {
        let reply = settle(reason, body).await;
        let shown = reply.is(422).text.replace('\u{a0}', " ");
        assert!(shown.contains("id=\"resolve-body_told-wrong\"") && shown.contains(says), "{shown}");
        assert!(
            shown.contains(&format!("name=\"body_told\" type=\"text\" maxlength=\"120\" value=\"{body}\"")),
            "{shown}"
        );
    }
    settle("not_competent", "Service des eaux").await.is(303);
    let event = city.dispatcher().await.timeline(&ticket).await.pop().unwrap();
    let told = (&event["data"]["closure_reason"], &event["data"]["body_told"]);
    assert_eq!(told, (&json!("not_competent"), &json!("Service des eaux")));
    city.stop().await;
}

async fn a_form_that_is_sent_twice_is_one() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let fields = [("version", "2"), ("key", "0199"), ("to", "referrer"), ("text", "Bonjour")];
    for _ in 0..2 {
        submit(&city, &path, "message", &fields).await.is(303);
    }
    let fields = [("version", "2"), ("key", "0200")];
    for _ in 0..2 {
        submit(&city, &path, "acknowledge", &fields).await.is(303);
    }
    // Under another key, it is a replay of something that has happened.
    submit(&city, &path, "acknowledge", &[("version", "2"), ("key", "0201")]).await.is(412);
    assert_eq!(city.dispatcher().await.timeline(&ticket).await.len(), 3);
    assert_eq!(openings(&city, &ticket).await, ["message", "acknowledge"]);
    city.stop().await;
}

async fn the_page_speaks_english_too() {
    let city = City::new().await;
    let (_, path) = referred(&city).await;
    let stranger = city.stranger();
    let request = stranger.request(reqwest::Method::GET, &path).header("Accept-Language", "en");
    let shown = stranger.send(request).await.is(200).text.clone();
    for says in [
        "<html lang=\"en\">",
        "the agreement on peace in housing estates",
        "If you do not answer by the time to take it in hand, it goes back",
        "Take it in hand",
        "Occupied entrance hall",
    ] {
        assert!(shown.contains(says), "{says}: {shown}");
    }
    city.stop().await;
}
