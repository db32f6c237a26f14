//! The code of a sign-in: for who began, once.

use serde_json::{Value, json};

use super::{BACK, CHALLENGE, VERIFIER, challenged, city, code, linked, redeem, refusals, sign_in};
use crate::support::city::email;

crate::tests![
    a_code_is_for_whoever_began,
    nobody_begins_without_a_challenge,
    a_code_that_comes_again_ends_the_session_that_it_got,
    an_identity_that_is_taken_away_meanwhile_gets_no_session,
    of_two_that_bring_a_code_at_once_nobody_keeps_a_session,
    a_browser_goes_back_to_an_address_as_it_is_listed,
];

async fn a_code_is_for_whoever_began() {
    let (city, _provider) = city().await;
    linked(&city, "amelie.petit", "amelie").await;
    let path = "/v1/sessions/redeem";
    let other = "x".repeat(43);
    for verifier in [other.as_str(), CHALLENGE] {
        let code = code(&sign_in(&city, "/sign-in", "amelie").await);
        let stolen = json!({ "code": code, "code_verifier": verifier });
        city.stranger().post(path, &stolen).await.refused(401, "invalid_sign_in_code");
        // One try: nobody guesses.
        redeem(&city, &code).await.refused(401, "invalid_sign_in_code");
    }
    let code = code(&sign_in(&city, "/sign-in", "amelie").await);
    let missing = city.stranger().post(path, &json!({ "code": code })).await;
    missing.refused_fields(400, "invalid_request", &[("/code_verifier", "required")]);
    let short = city.stranger().post(path, &json!({ "code": code, "code_verifier": "x" })).await;
    assert_eq!(short.is(400).json()["errors"][0]["pointer"], "/code_verifier", "{}", short.text);
    // What is no attempt uses nothing up.
    let session = city.stranger().post(path, &json!({ "code": code, "code_verifier": VERIFIER })).await.created();
    city.with_token(&session).get("/v1/me").await.ok();
    assert_eq!(refusals(&city.audited().await), ["code_refused"; 4]);
    city.stop().await;
}

async fn nobody_begins_without_a_challenge() {
    let (city, _provider) = city().await;
    for (query, wrong) in [
        (String::new(), "code_challenge_method"),
        (format!("?return_to={BACK}"), "code_challenge_method"),
        (format!("?code_challenge={CHALLENGE}"), "code_challenge_method"),
        (format!("?code_challenge={CHALLENGE}&code_challenge_method=plain"), "code_challenge_method"),
        ("?code_challenge_method=S256".to_owned(), "code_challenge"),
        ("?code_challenge=&code_challenge_method=S256".to_owned(), "code_challenge"),
        (format!("?code_challenge={CHALLENGE}%3D&code_challenge_method=S256"), "code_challenge"),
        (format!("?code_challenge={}&code_challenge_method=S256", "x".repeat(42)), "code_challenge"),
    ] {
        let reply = city.stranger().get(&format!("/sign-in{query}")).await;
        reply.refused(400, "invalid_parameter");
        assert_eq!((reply.header("location"), reply.header("set-cookie")), (None, None), "{query}");
        assert_eq!(reply.json()["errors"][0]["parameter"], wrong, "{query}: {}", reply.text);
    }
    city.stop().await;
}

async fn a_code_that_comes_again_ends_the_session_that_it_got() {
    let (city, _provider) = city().await;
    linked(&city, "amelie.petit", "amelie").await;
    let other = redeem(&city, &code(&sign_in(&city, "/sign-in", "amelie").await)).await.created();
    let code = code(&sign_in(&city, "/sign-in", "amelie").await);
    let session = redeem(&city, &code).await.created();
    let caller = city.with_token(&session);
    caller.get("/v1/me").await.ok();
    // Whoever brings it need not know the verifier: that it is abroad is enough.
    let copy = json!({ "code": code, "code_verifier": "x".repeat(43) });
    city.stranger().post("/v1/sessions/redeem", &copy).await.refused(401, "invalid_sign_in_code");
    caller.get("/v1/me").await.refused(401, "invalid_token");
    let refresh = json!({ "refresh_token": session["refresh_token"] });
    city.stranger().post("/v1/sessions/refresh", &refresh).await.refused(401, "invalid_refresh_token");
    city.with_token(&other).get("/v1/me").await.ok();
    redeem(&city, &code).await.refused(401, "invalid_sign_in_code");
    let acts = city.audited().await;
    let reused: Vec<&Value> = acts.iter().filter(|act| act["type"] == "code_reused").collect();
    assert_eq!(reused.len(), 1, "{acts:?}");
    assert_eq!(reused[0]["user"], city.account("amelie.petit").await["id"]);
    city.drain().await;
    let letters = city.letters_to(&email("amelie.petit"));
    let told = letters.iter().filter(|letter| letter.subject().unwrap().contains("session"));
    assert_eq!(told.count(), 1, "the owner is told");
    city.stop().await;
}

async fn an_identity_that_is_taken_away_meanwhile_gets_no_session() {
    let (city, _provider) = city().await;
    linked(&city, "amelie.petit", "amelie").await;
    let code = code(&sign_in(&city, "/sign-in", "amelie").await);
    let redeemed = city.meanwhile("delete from identity", redeem(&city, &code)).await;
    redeemed.refused(401, "invalid_sign_in_code");
    let begun = "select count(*) from session where method = 'oidc' and ended_at is null";
    assert_eq!(city.database.count(begun).await, 0);
    city.stop().await;
}

async fn of_two_that_bring_a_code_at_once_nobody_keeps_a_session() {
    let (city, _provider) = city().await;
    linked(&city, "amelie.petit", "amelie").await;
    let code = code(&sign_in(&city, "/sign-in", "amelie").await);
    let (one, two) = tokio::join!(redeem(&city, &code), redeem(&city, &code));
    let (got, refused) = if one.status == 201 { (one, two) } else { (two, one) };
    refused.refused(401, "invalid_sign_in_code");
    city.with_token(&got.created()).get("/v1/me").await.refused(401, "invalid_token");
    city.stop().await;
}

async fn a_browser_goes_back_to_an_address_as_it_is_listed() {
    let (city, _provider) = city().await;
    linked(&city, "amelie.petit", "amelie").await;
    let listed: String = url::form_urlencoded::byte_serialize(BACK.as_bytes()).collect();
    let reply = sign_in(&city, &format!("/sign-in?return_to={listed}"), "amelie").await;
    assert!(reply.is(303).header("location").unwrap().starts_with(&format!("{BACK}#code=csc_")));
    // Of the same origin, and another address.
    for other in ["https://portail.ville-amiens.example/", "https://portail.ville-amiens.example/retour"] {
        let path = challenged(&format!("/sign-in?return_to={other}"));
        city.stranger().get(&path).await.refused(400, "invalid_parameter");
    }
    city.stop().await;
}
