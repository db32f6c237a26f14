//! The page of a sheet, as a browser shows it.

use reqwest::Method;
use serde_json::json;

use super::{cafe, file, path, said};
use crate::support::browser::Window;
use crate::support::city::City;

crate::tests![a_sheet_is_fit_for_everybody];

async fn a_sheet_is_fit_for_everybody() {
    let city = City::new().await;
    let (agent, cafe) = (city.agent().await, cafe(&city).await);
    let of = format!("/v1/cafes/{cafe}/sheet");
    let drawn = || agent.request(Method::GET, &of);
    let window = Window::open(&city).await;
    assert_eq!(window.send(drawn()).await, 200);
    window.check("restitution", "empty").await;
    let long = "Rue de la Deuxième-Division-Blindée-et-des-Anciens-Combattants-d’Afrique-du-Nord";
    for category in ["graffiti", "illegal_dumping", "pothole"] {
        for _ in 0..5 {
            file(&agent, &said(&cafe, category, "Rue du Pigeonnier")).await;
        }
    }
    let ticket = file(&agent, &said(&cafe, "illegal_dumping", long)).await;
    let proprete = city.proprete().await;
    proprete.resolve(&proprete.acknowledge(&ticket).await.ok()).await.ok();
    window.send(drawn()).await;
    window.check("restitution", "drawn").await;
    let link = path(&agent.post(&format!("{of}/publish"), &json!({})).await.created());
    let window = window.in_english();
    assert_eq!(window.go(&link).await, 200);
    window.check("restitution", "published").await;
    agent.post(&format!("{of}/withdraw"), &json!({})).await.is(204);
    assert_eq!(window.go(&link).await, 404);
    window.check("sheet_withdrawn", "en").await;
    window.close().await;
    city.stop().await;
}
