//! What the city says of personal data.

use reqwest::Method;

use crate::support::browser::Window;
use crate::support::city::City;

crate::tests![
    the_notice_says_what_the_city_does_and_is_fit_for_everybody,
    the_registers_entry_is_filled_from_the_configuration
];

async fn the_notice_says_what_the_city_does_and_is_fit_for_everybody() {
    let city = City::new().await;
    let window = Window::open(&city).await;
    assert_eq!(window.go("/v1/privacy-notice").await, 200);
    window.check("privacy_notice", "fr").await;
    let text = window.text().await;
    for said in [
        "Amiens",
        "6 mois",
        "12 mois",
        "36 mois",
        "dpo@ville-amiens.example",
        "Propreté urbaine",
        "cnil.fr",
        "03 22 97 40 40",
    ] {
        assert!(text.contains(said), "{said} is missing: {text}");
    }
    let window = Window::open(&city).await.in_english();
    assert_eq!(window.go("/v1/privacy-notice").await, 200);
    window.check("privacy_notice", "en").await;
    let text = window.text().await;
    assert!(text.contains("36 months") && text.contains("data protection officer"), "{text}");
    // Another city keeps things for another time, and names nobody.
    let other = "update city set revision = revision + 1, settings = jsonb_set(settings, '{retention}',
        '{\"contact\": \"45 days\", \"texts\": \"6 months\", \"rows\": \"12 months\"}') - 'data_protection'";
    sqlx::query(other).execute(&mut city.database.connection().await).await.unwrap();
    usecases::city::reload(&city.instance.context).await.unwrap();
    let text = city.stranger().get("/v1/privacy-notice").await.is(200).text.clone();
    assert!(text.contains("45 jours") && !text.contains("dpo@") && !text.contains("déléguée"), "{text}");
    city.stop().await;
}

async fn the_registers_entry_is_filled_from_the_configuration() {
    let city = City::new().await;
    let desk = city.dispatcher().await;
    let window = Window::open(&city).await;
    assert_eq!(window.send(desk.request(Method::GET, "/v1/processing-record")).await, 200);
    window.check("processing_record", "fr").await;
    let text = window.text().await;
    for said in [
        "article 30",
        "80021",
        "10/03/2026",
        "dpo@ville-amiens.example",
        "36 mois",
        "500 demandes",
        "https://continuum.ville-amiens.example/v1/privacy-notice",
    ] {
        assert!(text.contains(said), "{said} is missing: {text}");
    }
    city.agent().await.get("/v1/processing-record").await.lacks("manage_personal_data");
    city.stranger().get("/v1/processing-record").await.refused(401, "unauthenticated");
    city.stop().await;
}
