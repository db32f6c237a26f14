//! Paths that would lead out of where they begin.

use super::{head, say, token};
use crate::support::city::City;
use crate::support::files::{attachments, photograph, upload};
use continuum::FileSettings;
use image::ImageFormat;

crate::tests![no_path_leads_outside, a_path_is_written_in_one_way];

/// Ways to say: upwards, the end of a text, another part of the path, nothing at all.
const TRICKS: [&str; 26] = [
    "..",
    "../..",
    "%2e%2e",
    "%2E%2E/%2e%2e",
    ".%2e",
    "..%2f..%2f..%2fetc%2fpasswd",
    "../../../../etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%252e%252e%252fetc%252fpasswd",
    "%c0%ae%c0%ae%c0%afetc%c0%afpasswd",
    "..%5c..%5cetc%5cpasswd",
    "..;/..;/etc/passwd",
    "%2fetc%2fpasswd",
    "/etc/passwd",
    "%00",
    "x%00.css",
    "%0d%0aSet-Cookie:%20x=1",
    "%ff%fe",
    "%",
    "%zz",
    "%u002e",
    ".",
    "%20",
    "AMI-26-000001;v=1",
    "%e2%80%ae",
    "~root",
];

async fn no_path_leads_outside() {
    let folder = tempfile::tempdir().unwrap();
    let city = City::with(|config| config.files = FileSettings::in_folder(folder.path())).await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    let added = upload(&agent, &ticket, "a.png", &photograph(20, 20, ImageFormat::Png)).await.created();
    let (of, id, token) = (attachments(&ticket), added["id"].as_str().unwrap(), token(&city).await);
    let long = "x".repeat(15_000);
    let longest = "x".repeat(66_000);
    for trick in TRICKS.into_iter().chain([long.as_str(), longest.as_str()]) {
        for path in [
            format!("/v1/tickets/{trick}"),
            format!("/v1/tickets/{trick}/timeline"),
            format!("{of}/{trick}"),
            format!("{of}/{trick}/content"),
            format!("{of}/{id}/{trick}"),
            format!("/v1/tickets/{trick}/attachments/{id}/content"),
            format!("/v1/cafes/{trick}"),
            format!("/v1/tracking/{trick}"),
            format!("/v1/partners/{trick}/photos/{id}/content"),
            format!("/v1/sheets/{trick}"),
            format!("/assets/{trick}"),
            format!("/docs/{trick}"),
            format!("/docs/problems/{trick}"),
            format!("/open311/v2/requests/{trick}.json"),
            format!("/{trick}"),
        ] {
            // The explorer is what is at its root, and a dot is a part of the path like another.
            let answer = say(&city, format!("{}\r\n", head(&format!("GET {path}"), &token)).as_bytes()).await;
            let shown = &path[..path.len().min(80)];
            assert!(matches!(answer.statuses()[..], [400 | 404 | 410 | 414 | 431]), "{shown}: {}", answer.0);
            assert!(
                !answer.0.contains("root:") && !answer.0.to_ascii_lowercase().contains("\r\nset-cookie"),
                "{shown}"
            );
        }
    }
    city.stop().await;
}

async fn a_path_is_written_in_one_way() {
    let city = City::new().await;
    let token = token(&city).await;
    for path in [
        "//v1/me",
        "/v1//me",
        "/V1/me",
        "/v1/me/",
        "/v1/./me",
        "/v1/x/../me",
        "/v1/me;x=1",
        "/v1\\me",
        "/v1/me%00",
        "/v1%2fme",
        "/v1/me%20",
        "v1/me",
    ] {
        let answer = say(&city, format!("{}\r\n", head(&format!("GET {path}"), &token)).as_bytes()).await;
        assert!(matches!(answer.statuses()[..], [400 | 404]), "{path}: {}", answer.0);
    }
    // Letters that need no escape may be escaped (RFC 3986, 6.2.2.2): whoever may not, may not this way either.
    let answer = say(&city, b"GET /v1/%6de HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(matches!(answer.statuses()[..], [401 | 404]), "{}", answer.0);
    city.stop().await;
}
