//! Links of ours that would lead somebody elsewhere.

use super::{head, say};
use crate::sign_in::{challenged, city, linked, sign_in};
use crate::support::city::City;

crate::tests![a_browser_is_led_back_to_listed_addresses_only, nobody_is_led_elsewhere_by_a_path];

const BACK: &str = "https://portail.ville-amiens.example/retour?x=1";

fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn a_browser_is_led_back_to_listed_addresses_only() {
    let (city, _provider) = city().await;
    for place in [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/v1/me",
        "",
        "https:evil.example",
        "https:///evil.example",
        "https:\\\\evil.example",
        "https://portail.ville-amiens.example@evil.example/",
        "https://portail.ville-amiens.example%2eevil.example/",
        "https://portail.ville-amiens.example\u{3002}evil.example/",
        "https://portail.ville-amiens.example.:443@evil.example",
        "https://evil.example/https://portail.ville-amiens.example",
        "https://evil.example#https://portail.ville-amiens.example",
        "https://portail.ville-amiens.example:444/",
        "http://portail.ville-amiens.example/",
        "https://portail.ville-amiens.examp1e/",
        "https://xn--portail-ville-amiens.example/",
        "javascript:alert(1)//https://portail.ville-amiens.example",
        "data:text/html,https://portail.ville-amiens.example",
        "blob:https://portail.ville-amiens.example/x",
        "https://portail.ville-amiens.example/#code=csc_x",
        "\u{1}https://evil.example",
        // Of the listed address, what a browser may take for another, or what is written otherwise.
        "https://portail.ville-amiens.example/",
        "https://portail.ville-amiens.example/retour",
        "https://portail.ville-amiens.example/retour?x=1&y=2",
        "https://portail.ville-amiens.example/retour?x=1#",
        "https://portail.ville-amiens.example/./retour?x=1",
        "https://portail.ville-amiens.example/ailleurs/../retour?x=1",
        "https://portail.ville-amiens.example:443/retour?x=1",
        "https://PORTAIL.ville-amiens.example/retour?x=1",
        "https://portail.ville-amiens.example\\.evil.example/",
        "https://portail.ville-amiens.example//evil.example/..//",
        "https://portail.ville-amiens.example/\r\nSet-Cookie: x=1",
        "https://portail.ville-amiens.example/retour?x=1\r\nSet-Cookie: x=1",
        " https://portail.ville-amiens.example/retour?x=1",
    ] {
        for written in [escaped(place), escaped(&escaped(place))] {
            let reply = city.stranger().get(&challenged(&format!("/sign-in?return_to={written}"))).await;
            assert_eq!(reply.status, 400, "{place}");
            reply.refused(400, "invalid_parameter");
            assert_eq!((reply.header("location"), reply.header("set-cookie")), (None, None), "{place}");
        }
    }
    let listed = escaped(BACK);
    city.stranger()
        .get(&challenged(&format!("/sign-in?return_to={listed}&return_to={listed}")))
        .await
        .refused(400, "invalid_parameter");
    // A line that ends begins no header.
    linked(&city, "amelie.petit", "amelie").await;
    for state in ["x\r\nLocation: https://evil.example", "\u{2028}#code=csc_other&code=2", "é"] {
        let path = format!("/sign-in?return_to={listed}&state={}", escaped(state));
        let back = sign_in(&city, &path, "amelie").await;
        let location: url::Url = back.is(303).header("location").unwrap().parse().unwrap();
        assert!(location.as_str().starts_with(&format!("{BACK}#")), "{location}");
        assert_eq!(back.headers.get_all("location").iter().count(), 1);
        let cookies: Vec<_> =
            back.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
        assert!(cookies.iter().all(|cookie| cookie.starts_with("__Host-continuum-sign-in=;")), "{cookies:?}");
        let fields = url::form_urlencoded::parse(location.fragment().unwrap().as_bytes());
        let fields: Vec<(String, String)> = fields.into_owned().collect();
        assert_eq!(fields.len(), 2, "{location}");
        assert_eq!((fields[0].0.as_str(), fields[1].1.as_str()), ("code", state), "{location}");
    }
    city.stop().await;
}

async fn nobody_is_led_elsewhere_by_a_path() {
    let city = City::new().await;
    let starts = [
        "",
        "/docs",
        "/docs/",
        "/sign-in",
        "/signed-out",
        "/account/x",
        "/v1/tracking",
        "/v1/partners/x",
        "/v1/sheets",
    ];
    for start in starts {
        for end in [
            "//evil.example",
            "/%2f%2fevil.example",
            "/\\evil.example",
            "//evil.example/%2e%2e",
            "/%5cevil.example",
            "/%0d%0aLocation:%20//evil.example",
            "/https://evil.example",
        ] {
            for method in ["GET", "POST"] {
                let sent = format!("{}Content-Length: 0\r\n\r\n", head(&format!("{method} {start}{end}"), "x"));
                let answer = say(&city, sent.as_bytes()).await;
                assert_eq!(answer.statuses().len(), 1, "{start}{end}: {}", answer.0);
                assert!(
                    !answer.0.to_ascii_lowercase().contains("\r\nlocation:"),
                    "{method} {start}{end}: {}",
                    answer.0
                );
            }
        }
    }
    let answer = say(&city, format!("{}\r\n", head("GET //evil.example/docs", "x")).as_bytes()).await;
    assert_eq!(answer.statuses(), [404], "{}", answer.0);
    let answer = say(&city, format!("{}\r\n", head("GET https://evil.example/docs", "x")).as_bytes()).await;
    assert!(answer.statuses() == [308] && answer.0.contains("location: /docs/\r\n"), "{}", answer.0);
    city.stop().await;
}
