//! What the city says of personal data.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::browser::Window;
use crate::support::city::{City, dumping};

crate::tests![
    the_notice_says_what_the_city_does_and_is_fit_for_everybody,
    the_registers_entry_is_filled_from_the_configuration,
    both_name_those_who_read_it,
];

/// What the texts say of readers is what the program lets them read.
async fn both_name_those_who_read_it() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    let mut noise = dumping();
    noise["category"] = json!("neighbour_noise");
    let noise = city.agent().await.post("/v1/concerns", &noise).await.created()["tickets"][0].clone();
    let path = |ticket: &Value| format!("/v1/tickets/{}", ticket["id"].as_str().unwrap());
    let colleague = city.other_agent().await;
    colleague.get(&path(&ticket)).await.ok();
    colleague.get(&path(&noise)).await.refused(404, "not_found");
    let request = |ticket: &Value| format!("/open311/v2/requests/{}.json", ticket["reference"].as_str().unwrap());
    let shown = city.stranger().get(&request(&ticket)).await.ok()[0].clone();
    assert!(shown["lat"].is_number() && shown["service_name"].is_string(), "{shown}");
    city.stranger().get(&request(&noise)).await.is(404);
    let notice = city.stranger().get("/v1/privacy-notice").await.is(200).text.clone();
    let desk = city.dispatcher().await;
    let record = desk.get("/v1/processing-record").await.is(200).text.clone();
    for (text, said) in [
        (&notice, "Les agents et les régulateurs de la police municipale, les services"),
        (&notice, "n’est lu que par l’agent qui l’a noté, les régulateurs et le service compétent"),
        (&notice, "Chacun peut voir, sur la carte de la ville"),
        (
            &notice,
            "les plaques d’immatriculation sont masquées, sauf celle dont l’agent confirme qu’elle est nécessaire",
        ),
        (&notice, "Pour une urgence, un crime ou un délit, ni vos mots ni vos coordonnées"),
        (&record, "Agents et régulateurs de la police municipale"),
        (&record, "l’agent qui l’a recueillie, les régulateurs et le service compétent seulement"),
        (&record, "Public, sans identité ni propos"),
        (&record, "Urgences, crimes et délits"),
    ] {
        assert!(text.contains(said), "{said} is missing: {text}");
    }
    assert!(!record.contains("second facteur"), "the city asks nobody for one");
    let asked = "update city set revision = revision + 1,
        settings = jsonb_set(settings, '{second_factor_required_for}', '[\"admin\"]')";
    sqlx::query(asked).execute(&mut city.database.connection().await).await.unwrap();
    usecases::city::reload(&city.instance.context).await.unwrap();
    assert!(desk.get("/v1/processing-record").await.is(200).text.contains("second facteur exigé"));
    city.stop().await;
}

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
