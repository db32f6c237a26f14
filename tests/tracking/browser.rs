//! The resident's pages, as a browser shows them.

use serde_json::{Value, json};

use super::feedback::resolved;
use super::followed;
use super::slip::{filed, slip};
use crate::support::browser::Window;
use crate::support::city::{City, dumping, link};

crate::tests![
    the_page_is_fit_for_everybody_at_each_step,
    whether_it_is_solved_is_said_with_the_keyboard,
    mails_are_stopped_and_asked_for_with_the_keyboard,
    the_code_of_a_slip_is_typed_with_the_keyboard,
];

const RESIDENT: &str = "habitante@mail.example";

/// A service's message without a space to break at.
const LONG: &str =
    "Voir https://www.amiens.example/collecte-des-encombrants-et-dechets-verts/calendrier-2026-secteur-nord";

async fn the_page_is_fit_for_everybody_at_each_step() {
    let city = City::new().await;
    let mut body = dumping();
    body["resident"]["language"] = json!("en");
    let filed = city.agent().await.post("/v1/concerns", &body).await.created();
    city.drain().await;
    let path = link(&city.letters_to(RESIDENT)[0], "/v1/tracking/");
    let window = Window::open(&city).await;
    assert_eq!(window.go(&path).await, 200);
    assert!(window.text().await.contains("Your request"));
    window.check("tracking", "submitted").await;
    city.agent().await.act(&filed["tickets"][0], "cancel", &json!({ "note": "Par erreur" })).await.ok();
    window.go(&path).await;
    window.check("tracking", "cancelled").await;
    window.close().await;
    city.stop().await;
    let city = City::new().await;
    let (ticket, path) = followed(&city, "fr").await;
    let window = Window::open(&city).await;
    window.go(&path).await;
    window.check("tracking", "acknowledged").await;
    let message = json!({ "closure_reason": "no_action_planned", "message_to_resident": LONG });
    let resolved = city.proprete().await.act(&ticket, "resolve", &message).await.ok();
    window.go(&path).await;
    window.check("tracking", "resolved").await;
    city.dispatcher().await.close(&resolved).await.ok();
    city.clock.set("2026-05-14T09:00:00Z");
    window.go(&path).await;
    window.check("tracking", "over").await;
    assert_eq!(window.go("/v1/tracking/AAAAAAAAAAAAAAAAAAAAAA").await, 404);
    window.check("lost", "tracking").await;
    window.close().await;
    city.stop().await;
}

async fn whether_it_is_solved_is_said_with_the_keyboard() {
    let city = City::new().await;
    let (ticket, path) = resolved(&city).await;
    let feedback = async || city.proprete().await.ticket(&ticket).await["feedback"].clone();
    let window = Window::open(&city).await;
    window.go(&path).await;
    window.reach("summary").await.press("Enter").await;
    window.reach("#r1-not_done").await.press("ArrowUp").await;
    window.reach("#reopen1").await.press("Space").await;
    assert_eq!(window.reach("details button").await.follow("Enter").await, 422);
    assert!(window.text().await.contains("Écrivez en quelques mots"), "{}", window.text().await);
    // What was said so far is still there.
    assert_eq!(window.fields().await, json!({ "r1-other": "other", "reopen1": "true" }));
    window.check("tracking", "refused").await;
    window.go(&path).await;
    window.reach("summary").await.press("Space").await;
    window.reach("#r1-not_done").await.press("ArrowDown").await;
    window.reach("details button").await.follow("Space").await;
    assert_eq!((window.address().await, feedback().await), (path.clone(), json!("not_solved")));
    window.check("tracking", "not-solved").await;
    assert_eq!(window.reach(".asked > form button").await.follow("Enter").await, 200);
    assert_eq!((window.address().await, feedback().await), (path.clone(), json!("solved")));
    assert!(window.text().await.contains("vous nous avez dit que c’est résolu"));
    window.check("tracking", "solved").await;
    window.close().await;
    city.stop().await;
}

async fn mails_are_stopped_and_asked_for_with_the_keyboard() {
    let city = City::new().await;
    let (_, path) = followed(&city, "fr").await;
    let window = Window::open(&city).await;
    window.go(&path).await;
    assert_eq!(window.reach("a[href$='/unsubscribe']").await.follow("Enter").await, 200);
    window.check("unsubscribe", "asked").await;
    assert_eq!(window.reach("button").await.follow("Space").await, 200);
    assert!(window.text().await.contains("Vous ne recevez plus de messages"));
    window.check("unsubscribe", "stopped").await;
    assert_eq!(window.reach("a").await.follow("Enter").await, 200);
    window.check("tracking", "mails-stopped").await;
    assert_eq!(window.reach("form button").await.follow("Enter").await, 200);
    assert!(window.text().await.contains("Nous vous écrivons par e-mail à chaque étape."));
    window.close().await;
    city.stop().await;
}

async fn the_code_of_a_slip_is_typed_with_the_keyboard() {
    let city = City::new().await;
    let concern: Value = filed(&city).await;
    let code = slip(&city.agent().await, &concern, "12 bis").await;
    let window = Window::open(&city).await;
    assert_eq!(window.go("/v1/tracking").await, 200);
    window.check("slip_form", "empty").await;
    assert!(window.text().await.contains("le numéro de votre maison ou de votre immeuble"));
    let typed = async |code: &str, factor: &str| {
        window.go("/v1/tracking").await;
        window.reach("#code").await.write(code).await;
        window.reach("#factor").await.write(factor).await;
        window.follow("Enter").await
    };
    assert_eq!(typed(&code, "12 bis").await, 200);
    assert!(window.address().await.starts_with("/v1/tracking/"));
    window.check("tracking", "by-slip").await;
    assert_eq!(typed(&code, "13").await, 422);
    assert_eq!(window.fields().await, json!({ "code": code, "factor": "13" }));
    window.check("slip_form", "wrong").await;
    for factor in ["14", "15", "16", "17"] {
        assert_eq!(typed(&code, factor).await, 422);
    }
    assert_eq!(typed(&code, "12 bis").await, 429);
    window.check("slip_form", "too-many").await;
    let window = window.in_english();
    window.go("/v1/tracking").await;
    window.check("slip_form", "english").await;
    let agent = city.agent().await;
    let path = format!("/v1/concerns/{}/slip", concern["id"].as_str().unwrap());
    let request = agent.request(reqwest::Method::POST, &path).json(&json!({ "factor": "12 bis" }));
    assert_eq!(window.send(request).await, 201);
    window.check("slip", "made").await;
    window.close().await;
    city.stop().await;
}
