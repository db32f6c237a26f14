//! Signing in at an identity provider, from the browser's first step to the session, and to the logout.

pub mod browser;
pub mod linking;
pub mod redeeming;

use std::sync::Arc;

use continuum::{Oidc, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::support::caller::Reply;
use crate::support::city::{City, email, link};
use crate::support::oidc::{Browser, CITY, Kind, OidcProvider};

crate::tests![
    a_program_gets_the_code_back_and_the_session_ends_at_both,
    who_is_unknown_is_told_whom_to_ask,
    an_answer_counts_once_in_the_browser_that_asked,
    what_the_provider_gets_wrong_is_refused_and_recorded,
    without_a_provider_there_is_nothing_to_sign_in_at,
];

const PUBLIC: &str = "https://continuum.ville-amiens.example";
const PORTAL: &str = "https://portail.ville-amiens.example";
/// Where the browser goes back to the portal, to the letter.
const BACK: &str = "https://portail.ville-amiens.example/retour?x=1";
/// What the program keeps, and its challenge (RFC 7636, appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A city whose people sign in at a provider like ProConnect. The provider's clock is the system's, and so is the city's.
pub async fn city() -> (City, OidcProvider) {
    city_at(Some(PUBLIC)).await
}

/// The same, under that address; or under the one where it answers.
async fn city_at(public_url: Option<&str>) -> (City, OidcProvider) {
    let provider = OidcProvider::start(Kind::ProConnect);
    let oidc = Oidc {
        name: "ProConnect".into(),
        issuer: provider.issuer.clone(),
        client_id: provider.client_id.clone(),
        client_secret: provider.client_secret.clone().into(),
        sirets: Some([CITY.parse().unwrap()].into()),
        scopes: None,
        pkce: false,
        acr_values: vec![],
    };
    let city = City::with(|config| {
        config.clock = Arc::new(SystemClock);
        config.origins = vec![PORTAL.to_owned()];
        config.return_urls = vec![BACK.parse().unwrap()];
        config.oidc = Some(oidc);
        config.public_url = public_url.map(|url| url.parse().unwrap());
    })
    .await;
    let at = public_url.unwrap_or(&city.instance.base_url);
    provider.register(&format!("{at}/sign-in/callback"), &format!("{at}/signed-out")).await;
    (city, provider)
}

/// Where the browser goes, and the cookie that it takes along.
struct Leaving {
    url: Url,
    cookie: String,
}

/// The path, with the challenge of the program that begins.
pub fn challenged(path: &str) -> String {
    let begins = if path.contains('?') { '&' } else { '?' };
    format!("{path}{begins}code_challenge={CHALLENGE}&code_challenge_method=S256")
}

async fn leave(city: &City, path: &str) -> Leaving {
    let path = if path.starts_with("/sign-in") { challenged(path) } else { path.to_owned() };
    let reply = city.stranger().get(&path).await;
    let cookie = reply.is(303).header("set-cookie").unwrap();
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let url: Url = reply.header("location").unwrap().parse().unwrap();
    assert!(cookie.starts_with("__Host-") && !cookie.contains("Domain="), "{cookie}");
    Leaving { url, cookie: cookie.split(';').next().unwrap().to_owned() }
}

/// The browser comes back from the provider.
async fn come_back(city: &City, back: &Url, cookie: Option<&str>) -> Reply {
    assert!(back.as_str().starts_with(PUBLIC), "{back}");
    let stranger = city.stranger();
    let request = stranger.request(Method::GET, &format!("{}?{}", back.path(), back.query().unwrap()));
    let request = if let Some(cookie) = cookie { request.header("Cookie", cookie) } else { request };
    stranger.send(request.header("Accept-Language", "en")).await
}

pub async fn sign_in(city: &City, path: &str, account: &str) -> Reply {
    let leaving = leave(city, path).await;
    let back = Browser::default().sign_in(leaving.url, account).await.unwrap();
    come_back(city, &back, Some(&leaving.cookie)).await
}

/// The code on the page.
pub fn code(page: &Reply) -> String {
    let (_, rest) = page.is(200).text.split_once("id=\"code\">").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

async fn redeem(city: &City, code: &str) -> Reply {
    city.stranger().post("/v1/sessions/redeem", &json!({ "code": code, "code_verifier": VERIFIER })).await
}

/// The page that asks whether an account is to be linked, and the cookie with which the browser answers.
struct Question {
    page: String,
    cookie: String,
}

impl Question {
    /// What the form on the page sends.
    fn answer(&self) -> &str {
        let (_, rest) = self.page.split_once("name=\"answer\" value=\"").unwrap();
        rest.split('"').next().unwrap()
    }
}

/// Follows a link to an account, to the question whether it is to be linked.
async fn asked(city: &City, path: &str, account: &str) -> Question {
    let reply = sign_in(city, &format!("{path}/sign-in"), account).await;
    let page = reply.is(200).text.clone();
    assert!(page.contains("<form method=\"post\" action=\"/sign-in/link\">"), "{page}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let cookie = reply.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Secure"), "{cookie}");
    Question { page, cookie: cookie.split(';').next().unwrap().to_owned() }
}

/// Presses the button.
async fn say_yes(city: &City, cookie: Option<&str>, answer: &str) -> Reply {
    let stranger = city.stranger();
    let body: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("answer", answer).finish();
    let request = stranger.request(Method::POST, "/sign-in/link").header("Accept-Language", "en");
    let request = if let Some(cookie) = cookie { request.header("Cookie", cookie) } else { request };
    stranger.send(request.header("Content-Type", "application/x-www-form-urlencoded").body(body)).await
}

/// The path of the link for a forgotten password.
async fn link_of(city: &City, who: &str) -> String {
    city.stranger().post("/v1/passwords/forgotten", &json!({ "email": email(who) })).await.is(202);
    city.drain().await;
    let letters = city.letters_to(&email(who));
    let letter = letters.iter().rev().find(|letter| letter.body_text(0).unwrap().contains("/account/"));
    link(letter.unwrap(), "/account/")
}

/// Links somebody's account with their identity, by the link for a forgotten password.
pub async fn linked(city: &City, who: &str, account: &str) {
    let path = link_of(city, who).await;
    let question = asked(city, &path, account).await;
    say_yes(city, Some(&question.cookie), question.answer()).await.is(200);
}

fn refusals(acts: &[Value]) -> Vec<&str> {
    acts.iter().filter(|act| act["type"] == "sign_in_refused").map(|act| act["reason"].as_str().unwrap()).collect()
}

async fn a_program_gets_the_code_back_and_the_session_ends_at_both() {
    let (city, _provider) = city().await;
    linked(&city, "amelie.petit", "amelie").await;
    let path = format!("/sign-in?return_to={PORTAL}/retour%3Fx%3D1&state=a%26b");
    let mut browser = Browser::default();
    let leaving = leave(&city, &path).await;
    let back = browser.sign_in(leaving.url, "amelie").await.unwrap();
    let reply = come_back(&city, &back, Some(&leaving.cookie)).await;
    let location = reply.is(303).header("location").unwrap();
    let fragment = location.strip_prefix(&format!("{PORTAL}/retour?x=1#")).unwrap();
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(fragment.as_bytes()).into_owned().collect();
    assert_eq!((fields[0].0.as_str(), &fields[1]), ("code", &("state".to_owned(), "a&b".to_owned())));
    let session = redeem(&city, &fields[0].1).await.created();
    let caller = city.with_token(&session);
    let out = caller.post("/v1/sessions/current/logout", &json!({})).await.ok();
    caller.get("/v1/me").await.refused(401, "invalid_token");
    let gone = browser.sign_out(out["logout_url"].as_str().unwrap().parse().unwrap()).await.unwrap();
    assert!(gone.as_str().starts_with(&format!("{PUBLIC}/signed-out")), "{gone}");
    city.stranger().get("/signed-out").await.is(200);
    let password = city.login("sophie.morel").await.post("/v1/sessions/current/logout", &json!({})).await.ok();
    assert_eq!(password, json!({ "logout_url": null }));
    for path in [
        "/sign-in?return_to=https://evil.example/",
        "/sign-in?return_to=nonsense",
        "/sign-in?return_to=https://portail.ville-amiens.example.evil.example/",
        "/sign-in?next=1",
    ] {
        city.stranger().get(&challenged(path)).await.refused(400, "invalid_parameter");
    }
    city.stop().await;
}

async fn who_is_unknown_is_told_whom_to_ask() {
    let (city, provider) = city().await;
    // The address of an account proves nothing: amelie's identity says amelie.petit@ville-amiens.example.
    let page = sign_in(&city, "/sign-in", "amelie").await;
    assert!(page.is(403).text.contains("no account here is linked with you"), "{}", page.text);
    assert!(page.text.contains("cafes-police@ville-amiens.example") && page.text.contains("03 22 97 40 40"));
    linked(&city, "amelie.petit", "amelie").await;
    sign_in(&city, "/sign-in", "amelie").await.is(200);
    let account = city.account("amelie.petit").await;
    let path = format!("/v1/users/{}", account["id"].as_str().unwrap());
    city.admin().await.patch(&path, &account["version"], &json!({ "active": false })).await.ok();
    sign_in(&city, "/sign-in", "amelie").await.is(403);
    // An identity is one person's.
    let path = link_of(&city, "sophie.morel").await;
    let page = sign_in(&city, &format!("{path}/sign-in"), "amelie").await;
    assert!(page.is(403).text.contains("another account"), "{}", page.text);
    city.stranger().get(&path).await.is(200);
    for account in ["elsewhere", "no_siret"] {
        let page = sign_in(&city, "/sign-in", account).await;
        assert!(page.is(403).text.contains("SIRET"), "{}", page.text);
    }
    let acts = city.audited().await;
    let siret = "siret_not_allowed";
    assert_eq!(refusals(&acts), ["unknown_person", "unknown_person", "unknown_person", siret, siret]);
    let refused: Vec<&Value> = acts.iter().filter(|act| act["type"] == "sign_in_refused").collect();
    assert!(refused.iter().all(|act| act["issuer"] == provider.issuer.as_str()), "{refused:?}");
    let sirets: Vec<&Value> = refused.iter().filter_map(|act| act.get("siret")).collect();
    assert_eq!(sirets, ["35600000049837"], "of who gave one");
    city.stop().await;
}

async fn an_answer_counts_once_in_the_browser_that_asked() {
    let (city, _provider) = city().await;
    linked(&city, "amelie.petit", "amelie").await;
    let leaving = leave(&city, "/sign-in").await;
    let mut browser = Browser::default();
    let back = browser.sign_in(leaving.url, "amelie").await.unwrap();
    come_back(&city, &back, None).await.is(400);
    let other = leave(&city, "/sign-in").await;
    come_back(&city, &back, Some(&other.cookie)).await.is(400);
    come_back(&city, &back, Some(&leaving.cookie)).await.is(200);
    come_back(&city, &back, Some(&leaving.cookie)).await.is(400);
    // A code that was used, in the answer to another attempt.
    let leaving = leave(&city, "/sign-in").await;
    let mut replayed = browser.sign_in(leaving.url.clone(), "amelie").await.unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let pairs: Vec<(String, String)> = replayed.query_pairs().into_owned().collect();
    let pairs =
        pairs.into_iter().map(|(name, value)| if name == "code" { (name, code.clone()) } else { (name, value) });
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    replayed.set_query(Some(&query));
    come_back(&city, &replayed, Some(&leaving.cookie)).await.is(400);
    // Who gives up.
    let leaving = leave(&city, "/sign-in").await;
    let back = Browser::default().sign_in(leaving.url, "nobody").await.unwrap();
    let page = come_back(&city, &back, Some(&leaving.cookie)).await;
    assert!(page.is(400).text.contains("given up"), "{}", page.text);
    let acts = city.audited().await;
    let (state, code) = ("state_mismatch", "code_refused");
    assert_eq!(refusals(&acts), [state, state, state, code, code]);
    city.stop().await;
}

async fn what_the_provider_gets_wrong_is_refused_and_recorded() {
    let (city, mut provider) = city().await;
    linked(&city, "amelie.petit", "amelie").await;
    for fault in ["other_nonce", "userinfo_unsigned", "id_token_of_a_stranger"] {
        provider.control(fault).await;
        sign_in(&city, "/sign-in", "amelie").await.is(400);
    }
    provider.control("none").await;
    sign_in(&city, "/sign-in", "amelie").await.is(200);
    let leaving = leave(&city, "/sign-in").await;
    let back = Browser::default().sign_in(leaving.url, "amelie").await.unwrap();
    provider.stop();
    let page = come_back(&city, &back, Some(&leaving.cookie)).await;
    assert!(page.is(502).text.contains("does not answer"), "{}", page.text);
    let acts = city.audited().await;
    assert_eq!(refusals(&acts), ["nonce_mismatch", "token_invalid", "token_invalid", "provider_failed"]);
    // Passwords go on working.
    city.login("amelie.petit").await.get("/v1/me").await.ok();
    city.stop().await;
}

async fn without_a_provider_there_is_nothing_to_sign_in_at() {
    let city = City::new().await;
    city.stranger().get("/sign-in").await.refused(404, "not_found");
    city.stranger().get("/sign-in/callback?code=x&state=y").await.refused(404, "not_found");
    redeem(&city, "csc_x").await.refused(401, "invalid_sign_in_code");
    city.stop().await;
}
