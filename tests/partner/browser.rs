//! The partner's pages, as a browser shows them.

use image::ImageFormat;
use serde_json::json;

use super::{LANDLORD, act, outlive, passed_on, read, referred};
use crate::support::browser::Window;
use crate::support::city::City;
use crate::support::files::{photograph, upload};

crate::tests![
    the_page_is_fit_for_everybody_at_each_step,
    each_form_is_filled_in_with_the_keyboard,
    what_was_typed_into_a_refused_form_is_still_there,
    links_that_are_over_say_so_to_everybody,
];

async fn the_page_is_fit_for_everybody_at_each_step() {
    let city = City::new().await;
    let (ticket, path) = referred(&city).await;
    let of = format!("/v1/tickets/{}", ticket["id"].as_str().unwrap());
    let words = "L’entrée B, celle de droite, après le porche\u{a0}: https://habitat.example/plans/pigeonnier-12-bis-batiment-b.html";
    city.agent().await.post(&format!("{of}/referrer_messages"), &json!({ "text": words })).await.created();
    for size in [600, 60] {
        let picture = photograph(size * 2, size, ImageFormat::Png);
        upload(&city.dispatcher().await, &ticket, "hall.png", &picture).await.created();
    }
    let window = Window::open(&city).await;
    assert_eq!(window.go(&path).await, 200);
    window.check("partner", "submitted").await;
    let version = read(&city, &path).await.ok()["version"].as_i64().unwrap();
    act(&city, &path, version, "acknowledge", &json!({ "expected_on": "2026-03-13" })).await.ok();
    let window = window.in_english();
    window.go(&path).await;
    window.check("partner", "acknowledged").await;
    window.close().await;
    city.stop().await;
}

async fn each_form_is_filled_in_with_the_keyboard() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let state = async || city.dispatcher().await.ticket(&ticket).await["state"].as_str().unwrap().to_owned();
    let window = Window::open(&city).await;
    window.go(&path).await;
    assert_eq!(window.reach("form[action$='/receive'] button").await.follow("Enter").await, 200);
    assert!(window.text().await.contains("vous avez bien la saisine"), "{}", window.text().await);
    window.check("partner", "received").await;
    // Forms stand behind what opens. Whether the day or the month is typed first is the browser's affair.
    window.go(&path).await;
    window.reach("summary").await.press("Space").await;
    window.reach("#acknowledge-expected_on").await.write("12122026").await;
    window.reach("#acknowledge-note").await.write("Le matin").await;
    window.reach("form[action$='/acknowledge'] button").await.follow("Space").await;
    assert_eq!(state().await, "acknowledged", "{}", window.text().await);
    assert!(window.text().await.contains("12/12/2026"), "{}", window.text().await);
    window.reach("details:last-of-type summary").await.press("Enter").await;
    window.reach("#message-text").await.write("Nous passons vendredi.").await;
    window.reach("form[action$='/message'] button").await.follow("Enter").await;
    assert!(window.text().await.contains("Votre message est enregistré."), "{}", window.text().await);
    window.reach("details:has(#resolve-closure_reason) summary").await.press("Enter").await;
    window.reach("#resolve-closure_reason").await.press("ArrowDown").await;
    window.reach("#resolve-message_to_resident").await.write("La cour est propre.").await;
    assert_eq!(window.reach("form[action$='/resolve'] button").await.follow("Enter").await, 410);
    assert_eq!(state().await, "resolved");
    window.check("partner_shut", "answered").await;
    window.close().await;
    city.stop().await;
}

async fn what_was_typed_into_a_refused_form_is_still_there() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let window = Window::open(&city).await;
    window.go(&path).await;
    window.reach("details:has(#acknowledge-note) summary").await.press("Enter").await;
    window.reach("#acknowledge-expected_on").await.write("01012026").await;
    window.reach("#acknowledge-note").await.write("Le matin").await;
    assert_eq!(window.reach("form[action$='/acknowledge'] button").await.follow("Enter").await, 422);
    let fields = window.fields().await;
    assert_eq!(
        (&fields["acknowledge-expected_on"], &fields["acknowledge-note"]),
        (&json!("2026-01-01"), &json!("Le matin"))
    );
    window.check("partner", "refused").await;
    city.dispatcher().await.act(&ticket, "prioritise", &json!({ "priority": "urgent" })).await.ok();
    assert_eq!(window.reach("form[action$='/acknowledge'] button").await.follow("Enter").await, 412);
    assert_eq!(window.fields().await["acknowledge-note"], "Le matin");
    window.check("partner", "changed").await;
    window.close().await;
    city.stop().await;
}

async fn links_that_are_over_say_so_to_everybody() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    act(&city, &path, 2, "acknowledge", &json!({})).await.ok();
    outlive(&city);
    let window = Window::open(&city).await;
    let renew = async |status| {
        assert_eq!(window.go(&path).await, 410);
        assert_eq!(window.reach("button").await.follow("Enter").await, status);
    };
    window.go(&path).await;
    window.check("partner_shut", "expired").await;
    renew(202).await;
    window.check("partner_shut", "renewed").await;
    renew(202).await;
    renew(429).await;
    window.check("partner_shut", "too-many").await;
    let dispatcher = city.dispatcher().await;
    let seen = dispatcher.ticket(&ticket).await;
    dispatcher.act(&seen, "cancel", &json!({ "note": "Par erreur" })).await.ok();
    assert_eq!(window.go(&path).await, 410);
    window.check("partner_shut", "gone").await;
    assert_eq!(window.go("/v1/partners/AAAAAAAAAAAAAAAAAAAAAA").await, 404);
    window.check("lost", "partner").await;
    window.close().await;
    city.stop().await;
}
