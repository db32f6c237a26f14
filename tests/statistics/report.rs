//! The annual report.

use reqwest::Method;
use serde_json::json;

use super::cafe::{cafe, hear};
use super::{file, keep};
use crate::support::browser::Window;
use crate::support::caller::{Caller, Reply};
use crate::support::city::City;

crate::tests![
    the_report_of_a_year_is_the_same_for_everybody_and_masked,
    the_page_needs_nothing_else_and_has_a_table_for_each_chart,
    years_that_have_not_begun_have_no_report,
    the_page_is_fit_for_everybody,
];

async fn page(who: &Caller, year: i32, language: &str) -> Reply {
    let request = who.request(Method::GET, &format!("/v1/stats/reports/{year}")).header("Accept", "text/html");
    who.send(request.header("Accept-Language", language)).await
}

/// A year of little: 12 of dumping, 7 holes, 3 disputes, a café where 6 of these were heard.
async fn little(city: &City) {
    let agent = city.agent().await;
    let cafe = cafe(&agent, "Café <b>du Pigeonnier</b>", (49.9121, 2.2972), "2026-03-05T09:00:00Z", true).await;
    hear(&agent, &cafe, 6).await;
    for (category, times) in [("illegal_dumping", 6), ("pothole", 7), ("neighbour_dispute", 3)] {
        for _ in 0..times {
            file(&agent, category).await;
        }
    }
    keep(city).await;
}

async fn the_report_of_a_year_is_the_same_for_everybody_and_masked() {
    let city = City::new().await;
    little(&city).await;
    let dispatcher = city.dispatcher().await;
    let report = dispatcher.get("/v1/stats/reports/2026").await.ok();
    for who in [city.auditor().await, city.manager().await] {
        assert_eq!(who.get("/v1/stats/reports/2026").await.ok(), report);
    }
    assert_eq!((&report["year"], &report["over"], &report["rounded_to"]), (&json!(2026), &json!(false), &json!(5)));
    let of = |part: &str, key: &str| {
        let groups = report[part].as_array().unwrap();
        groups.iter().find(|group| group["key"] == key).unwrap()["figures"].clone()
    };
    assert_eq!(of("by_category_group", "cleanliness")["filed"], 25, "each of the 12 goes to two services");
    assert_eq!(of("by_category_group", "neighbourhood")["filed"], json!(null));
    assert_eq!(of("by_month", "2026-03")["filed"], 35);
    assert_eq!(report["total"]["filed"], json!(null), "it would tell of the three disputes");
    assert_eq!(of("by_service", "proprete")["filed"], 10);
    assert_eq!((&report["cafes"]["cafes"], &report["cafes"]["concerns"]), (&json!(1), &json!(5)));
    assert_eq!(report["cafes_by_area"]["groups"][0]["key"], "nord");
    let before = dispatcher.get("/v1/stats/reports/2025").await.ok();
    assert_eq!((&before["over"], &before["total"]["filed"]), (&json!(true), &json!(0)));
    city.stop().await;
}

async fn the_page_needs_nothing_else_and_has_a_table_for_each_chart() {
    let city = City::new().await;
    little(&city).await;
    let auditor = city.auditor().await;
    let reply = page(&auditor, 2026, "fr").await;
    let html = &reply.is(200).text.replace("&#x2f;", "/");
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(reply.header("content-security-policy").unwrap().starts_with("default-src 'none'; style-src 'sha256-"));
    for part in [
        "<html lang=\"fr\">",
        "Rapport annuel 2026",
        "Année en cours\u{a0}: chiffres au 10/03/2026",
        "Propreté urbaine",
        "n. c.",
        "Café &lt;b&gt;du Pigeonnier",
        "multiple de 5",
        "moins de 5 cas, où des personnes pourraient être reconnues",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert_eq!(html.matches("<svg").count(), 5);
    assert_eq!(html.matches("aria-label=").count(), 5);
    assert_eq!(html.matches("<table").count(), 6, "one for each chart, and the list of cafés");
    assert_eq!(html.matches("<caption").count(), 6);
    for outside in ["src=", "href=", "@import", "url(", "<script", "style=\"", "<b>"] {
        assert!(!html.contains(outside), "{outside}");
    }
    // What takes a page if need be gets what it would rather have.
    let request = auditor.request(Method::GET, "/v1/stats/reports/2026");
    let request = request.header("Accept", "application/json").header("Accept", "text/html;q=0.5");
    assert_eq!(auditor.send(request).await.ok()["year"], 2026);
    let english = page(&auditor, 2026, "en").await;
    assert!(english.is(200).text.contains("Annual report 2026"));
    let empty = page(&auditor, 2025, "fr").await;
    assert!(empty.is(200).text.contains("Aucune saisine n’a été déposée en 2025."));
    city.stop().await;
}

async fn years_that_have_not_begun_have_no_report() {
    let city = City::new().await;
    let auditor = city.auditor().await;
    for year in ["2027", "1969", "-1", "99999", "MMXXVI"] {
        auditor.get(&format!("/v1/stats/reports/{year}")).await.refused(404, "not_found");
    }
    city.stop().await;
}

async fn the_page_is_fit_for_everybody() {
    let city = City::new().await;
    little(&city).await;
    let auditor = city.auditor().await;
    let window = Window::open(&city).await;
    assert_eq!(window.send(auditor.request(Method::GET, "/v1/stats/reports/2026")).await, 200);
    window.check("report", "year").await;
    window.send(auditor.request(Method::GET, "/v1/stats/reports/2025")).await;
    window.check("report", "empty").await;
    window.close().await;
    city.stop().await;
}
