//! Signing in with `OpenID` Connect, against a real provider: the protocol, without accounts.

use std::collections::{BTreeMap, BTreeSet};

use auth::oidc::{Attempt, Callback, Identity, Invalid, OidcError, Provider, Settings};
use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::support::oidc::{Browser, CITY, Kind, OidcProvider};

crate::tests![
    who_signs_in_at_proconnect_is_who_they_are,
    who_signs_in_at_a_city_s_own_provider_is_who_they_are,
    proconnect_knows_every_parameter,
    who_proves_less_than_is_asked_for_is_refused,
    an_answer_to_another_attempt_is_refused,
    an_answer_of_another_issuer_is_refused,
    who_gives_up_is_not_signed_in,
    a_code_is_worth_one_sign_in_for_thirty_seconds,
    a_wrong_secret_is_refused,
    the_browser_comes_back_only_where_the_provider_knows,
    only_people_of_the_listed_establishments_sign_in,
    an_id_token_that_is_not_right_is_refused,
    user_info_that_is_not_right_is_refused,
    user_info_signed_with_es256_is_accepted,
    a_provider_changes_its_keys_without_anybody_noticing,
    a_provider_that_is_down_comes_back_without_a_restart,
    a_provider_that_answers_without_end_or_from_elsewhere_is_not_followed,
    a_logout_ends_the_session_at_the_provider,
];

/// The tokens are made by the system's clock.
#[expect(clippy::disallowed_methods, reason = "the provider is a process with a clock of its own")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn settings(provider: &OidcProvider, kind: Kind) -> Settings {
    let (issuer, client_id) = (provider.issuer.clone(), provider.client_id.clone());
    let client_secret = SecretString::from(provider.client_secret.clone());
    let redirect_url = Url::parse(OidcProvider::REDIRECT_URL).unwrap();
    let post_logout_redirect_url = Url::parse(OidcProvider::POST_LOGOUT_REDIRECT_URL).unwrap();
    let sirets = BTreeSet::from([CITY.parse().unwrap()]);
    let settings =
        Settings::proconnect(issuer, client_id, client_secret, redirect_url, post_logout_redirect_url, sirets);
    match kind {
        Kind::ProConnect => settings,
        Kind::Ordinary => {
            let scopes = vec!["profile".to_owned(), "email".to_owned()];
            Settings { sirets: None, scopes, pkce: true, ..settings }
        }
    }
}

/// A provider like `ProConnect`, and the program's side of it.
fn proconnect() -> (OidcProvider, Provider) {
    let provider = OidcProvider::start(Kind::ProConnect);
    let ours = Provider::new(settings(&provider, Kind::ProConnect)).unwrap();
    (provider, ours)
}

fn callback(url: &Url) -> Callback {
    let mut query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    let mut take = |name: &str| query.remove(name);
    Callback {
        state: take("state").map(SecretString::from),
        code: take("code").map(SecretString::from),
        error: take("error"),
        iss: take("iss"),
    }
}

/// Signs in as that account, up to the answer that the browser brings back.
async fn answered(ours: &Provider, account: &str) -> (Attempt, Callback) {
    let begin = ours.begin(now()).await.unwrap();
    let back = Browser::default().sign_in(begin.url, account).await.unwrap();
    (begin.attempt, callback(&back))
}

async fn sign_in(ours: &Provider, account: &str) -> Result<Identity, OidcError> {
    let (attempt, callback) = answered(ours, account).await;
    ours.finish(attempt, callback, now()).await
}

fn parameters(url: &Url) -> Vec<String> {
    url.query_pairs().map(|(name, _)| name.into_owned()).collect()
}

async fn who_signs_in_at_proconnect_is_who_they_are() {
    let (provider, ours) = proconnect();
    let amelie = sign_in(&ours, "amelie").await.unwrap();
    assert_eq!(amelie.issuer, provider.issuer);
    assert_eq!(amelie.idp_id.as_deref(), Some("71144ab3-ee1a-4401-b7b3-79b44f7daeeb"));
    assert_eq!(amelie.email.as_deref(), Some("amelie.petit@ville-amiens.example"));
    assert_eq!((amelie.given_name.as_deref(), amelie.usual_name.as_deref()), (Some("Amélie"), Some("Petit")));
    assert_eq!(sign_in(&ours, "amelie").await.unwrap().subject, amelie.subject, "the same person");
    assert_ne!(sign_in(&ours, "newcomer").await.unwrap().subject, amelie.subject, "another");
}

async fn who_signs_in_at_a_city_s_own_provider_is_who_they_are() {
    let provider = OidcProvider::start(Kind::Ordinary);
    let ours = Provider::new(settings(&provider, Kind::Ordinary)).unwrap();
    let amelie = sign_in(&ours, "amelie").await.unwrap();
    assert_eq!(amelie.idp_id, None);
    assert_eq!((amelie.given_name.as_deref(), amelie.usual_name.as_deref()), (Some("Amélie"), Some("Petit")));
    let (attempt, answer) = answered(&ours, "amelie").await;
    let forged = Attempt { pkce_verifier: Some("x".repeat(43).into()), ..attempt };
    let refused = ours.finish(forged, answer, now()).await.unwrap_err();
    assert_eq!(refused, OidcError::Refused { code: "invalid_grant".to_owned() }, "another verifier");
}

async fn proconnect_knows_every_parameter() {
    let (_provider, ours) = proconnect();
    let begin = ours.begin(now()).await.unwrap();
    let mut sent = parameters(&begin.url);
    sent.sort();
    assert_eq!(sent, ["client_id", "nonce", "redirect_uri", "response_type", "scope", "state"]);
    let again = ours.begin(now()).await.unwrap().attempt;
    let random =
        [&begin.attempt.state, &begin.attempt.nonce, &again.state, &again.nonce].map(SecretString::expose_secret);
    assert!(random.iter().all(|text| text.len() >= 32));
    assert_eq!(BTreeSet::from(random).len(), 4, "each another");
    let mut beyond = begin.url;
    beyond.query_pairs_mut().append_pair("code_challenge", "x");
    let page = Browser::default().sign_in(beyond, "amelie").await.unwrap_err();
    assert!(page.status == 400 && page.body.contains("Y000400"), "the provider is as strict as it claims: {page:?}");
}

async fn who_proves_less_than_is_asked_for_is_refused() {
    let provider = OidcProvider::start(Kind::Ordinary);
    let asking = |acr_values: &[&str]| {
        let acr_values = acr_values.iter().map(|&acr| acr.to_owned()).collect();
        Provider::new(Settings { acr_values, ..settings(&provider, Kind::Ordinary) }).unwrap()
    };
    sign_in(&asking(&["eidas2", "eidas1"]), "amelie").await.expect("the provider proves eidas1");
    assert_eq!(sign_in(&asking(&["eidas2"]), "amelie").await.unwrap_err(), OidcError::IdToken(Invalid::Acr));
    let ours = asking(&["eidas1"]);
    let mut begin = ours.begin(now()).await.unwrap();
    let others: Vec<_> = begin.url.query_pairs().into_owned().filter(|(name, _)| name != "acr_values").collect();
    begin.url.query_pairs_mut().clear().extend_pairs(others);
    let back = Browser::default().sign_in(begin.url, "amelie").await.unwrap();
    let silent = ours.finish(begin.attempt, callback(&back), now()).await.unwrap_err();
    assert_eq!(silent, OidcError::IdToken(Invalid::Acr), "the browser removed the question");
}

async fn an_answer_to_another_attempt_is_refused() {
    let (provider, ours) = proconnect();
    let (attempt, answer) = answered(&ours, "amelie").await;
    let other = ours.begin(now()).await.unwrap().attempt;
    for (what, attempt, answer) in [
        ("another state", other.clone(), answer.clone()),
        ("no state", attempt.clone(), Callback { state: None, ..answer.clone() }),
        (
            "no state on either side",
            Attempt { state: "".into(), ..attempt.clone() },
            Callback { state: Some("".into()), ..answer.clone() },
        ),
    ] {
        assert_eq!(ours.finish(attempt, answer, now()).await.unwrap_err(), OidcError::State, "{what}");
    }
    let mixed = Attempt { nonce: other.nonce, ..attempt };
    assert_eq!(ours.finish(mixed, answer, now()).await.unwrap_err(), OidcError::Nonce);
    provider.control("other_nonce").await;
    assert_eq!(sign_in(&ours, "amelie").await.unwrap_err(), OidcError::Nonce);
}

async fn an_answer_of_another_issuer_is_refused() {
    let (provider, ours) = proconnect();
    let (attempt, answer) = answered(&ours, "amelie").await;
    for iss in [Some("https://another.example".to_owned()), None] {
        let answer = Callback { iss, ..answer.clone() };
        assert_eq!(ours.finish(attempt.clone(), answer, now()).await.unwrap_err(), OidcError::Issuer);
    }
    ours.finish(attempt, answer, now()).await.expect("the code was not spent");
    let issuer = format!("{}/", provider.issuer);
    let ours = Provider::new(Settings { issuer, ..settings(&provider, Kind::ProConnect) }).unwrap();
    assert_eq!(ours.begin(now()).await.err(), Some(OidcError::Unintelligible), "its metadata name another");
}

async fn who_gives_up_is_not_signed_in() {
    let (_provider, ours) = proconnect();
    let refused = sign_in(&ours, "nobody").await.unwrap_err();
    assert_eq!(refused, OidcError::Refused { code: "access_denied".to_owned() });
    let (attempt, answer) = answered(&ours, "nobody").await;
    let talkative = Callback { error: Some("Amélie Petit\nis not\u{0} here".to_owned()), ..answer.clone() };
    let refused = ours.finish(attempt.clone(), talkative, now()).await.unwrap_err();
    assert_eq!(refused, OidcError::Refused { code: "unknown".to_owned() }, "what is no code is not told");
    let silent = Callback { error: None, ..answer };
    assert_eq!(ours.finish(attempt, silent, now()).await.unwrap_err(), OidcError::Unintelligible);
}

async fn a_code_is_worth_one_sign_in_for_thirty_seconds() {
    let (provider, ours) = proconnect();
    let refused = OidcError::Refused { code: "invalid_grant".to_owned() };
    let (attempt, answer) = answered(&ours, "amelie").await;
    ours.finish(attempt.clone(), answer.clone(), now()).await.unwrap();
    assert_eq!(ours.finish(attempt, answer, now()).await.unwrap_err(), refused, "used before");
    let (attempt, answer) = answered(&ours, "amelie").await;
    provider.control("expire_codes").await;
    assert_eq!(ours.finish(attempt, answer, now()).await.unwrap_err(), refused, "too late");
}

async fn a_wrong_secret_is_refused() {
    for kind in [Kind::ProConnect, Kind::Ordinary] {
        let provider = OidcProvider::start(kind);
        let client_secret = SecretString::from("wrong");
        let ours = Provider::new(Settings { client_secret, ..settings(&provider, kind) }).unwrap();
        let refused = sign_in(&ours, "amelie").await.unwrap_err();
        assert_eq!(refused, OidcError::Refused { code: "invalid_client".to_owned() }, "{kind:?}");
    }
}

async fn the_browser_comes_back_only_where_the_provider_knows() {
    let provider = OidcProvider::start(Kind::ProConnect);
    let redirect_url = Url::parse("http://127.0.0.1:9/elsewhere").unwrap();
    let moved = Settings { redirect_url: redirect_url.clone(), ..settings(&provider, Kind::ProConnect) };
    let ours = Provider::new(moved).unwrap();
    let page = Browser::default().sign_in(ours.begin(now()).await.unwrap().url, "amelie").await.unwrap_err();
    assert!(page.status == 400 && page.body.contains("redirect_uri"), "{page:?}");
    provider.register(redirect_url.as_str(), OidcProvider::POST_LOGOUT_REDIRECT_URL).await;
    sign_in(&ours, "amelie").await.unwrap();
}

async fn only_people_of_the_listed_establishments_sign_in() {
    let (provider, ours) = proconnect();
    let siret = Some("35600000049837".parse().unwrap());
    assert_eq!(sign_in(&ours, "elsewhere").await.unwrap_err(), OidcError::SiretNotAllowed { siret });
    assert_eq!(sign_in(&ours, "no_siret").await.unwrap_err(), OidcError::SiretMissing);
    let everybody = Settings { sirets: None, ..settings(&provider, Kind::ProConnect) };
    let ours = Provider::new(everybody).unwrap();
    for who in ["elsewhere", "no_siret"] {
        sign_in(&ours, who).await.unwrap();
    }
}

async fn an_id_token_that_is_not_right_is_refused() {
    let (provider, ours) = proconnect();
    for (fault, invalid) in [
        ("id_token_missing", Invalid::Missing),
        ("id_token_unsigned", Invalid::Unsigned),
        ("id_token_with_the_client_secret", Invalid::Algorithm),
        ("id_token_of_a_stranger", Invalid::UnknownKey),
        ("id_token_with_a_stranger_s_signature", Invalid::Signature),
        ("id_token_for_another_client", Invalid::Audience),
        ("id_token_of_another_issuer", Invalid::Issuer),
        ("id_token_for_another_access_token", Invalid::AccessToken),
    ] {
        provider.control(fault).await;
        assert_eq!(sign_in(&ours, "amelie").await.unwrap_err(), OidcError::IdToken(invalid), "{fault}");
    }
    provider.control("none").await;
    let (attempt, answer) = answered(&ours, "amelie").await;
    let late = ours.finish(attempt, answer, now() + Duration::minutes(2)).await.unwrap_err();
    assert_eq!(late, OidcError::IdToken(Invalid::Expired));
}

async fn user_info_that_is_not_right_is_refused() {
    let (provider, ours) = proconnect();
    for (fault, invalid) in [
        ("userinfo_plain", Invalid::Unsigned),
        ("userinfo_unsigned", Invalid::Unsigned),
        ("userinfo_of_a_stranger", Invalid::UnknownKey),
        ("userinfo_with_a_stranger_s_signature", Invalid::Signature),
        ("userinfo_for_another_client", Invalid::Audience),
        ("userinfo_of_another_issuer", Invalid::Issuer),
        ("userinfo_expired", Invalid::Expired),
        ("userinfo_of_somebody_else", Invalid::Subject),
    ] {
        provider.control(fault).await;
        assert_eq!(sign_in(&ours, "amelie").await.unwrap_err(), OidcError::Userinfo(invalid), "{fault}");
    }
    provider.control("userinfo_without_end").await;
    assert_eq!(sign_in(&ours, "amelie").await.unwrap_err(), OidcError::Unintelligible, "more than is read");
}

async fn user_info_signed_with_es256_is_accepted() {
    let (provider, ours) = proconnect();
    provider.control("userinfo_es256").await;
    sign_in(&ours, "amelie").await.unwrap();
}

async fn a_provider_changes_its_keys_without_anybody_noticing() {
    let (provider, ours) = proconnect();
    let amelie = sign_in(&ours, "amelie").await.unwrap();
    let (attempt, answer) = answered(&ours, "amelie").await;
    provider.control("rotate_keys").await;
    assert_eq!(ours.finish(attempt, answer, now()).await.unwrap().subject, amelie.subject, "in mid sign-in");
    assert_eq!(sign_in(&ours, "amelie").await.unwrap().subject, amelie.subject);
}

async fn a_provider_that_is_down_comes_back_without_a_restart() {
    let (mut provider, ours) = proconnect();
    provider.control("down").await;
    assert_eq!(ours.begin(now()).await.err(), Some(OidcError::Unreachable), "nothing is known of it yet");
    provider.control("none").await;
    let (attempt, answer) = answered(&ours, "amelie").await;
    provider.control("down").await;
    let failed = ours.finish(attempt.clone(), answer.clone(), now()).await.unwrap_err();
    assert_eq!(failed, OidcError::Unreachable, "answers 503");
    provider.control("none").await;
    let amelie = ours.finish(attempt, answer, now()).await.unwrap();
    let (attempt, answer) = answered(&ours, "amelie").await;
    provider.stop();
    let failed = ours.finish(attempt, answer, now()).await.unwrap_err();
    assert_eq!(failed, OidcError::Unreachable, "answers nothing");
    ours.begin(now()).await.expect("what it published is believed for an hour");
    let much_later = now() + Duration::hours(1);
    assert_eq!(ours.begin(much_later).await.err(), Some(OidcError::Unreachable));
    assert!(!amelie.subject.is_empty());
}

async fn a_provider_that_answers_without_end_or_from_elsewhere_is_not_followed() {
    for fault in ["endless", "redirecting"] {
        let (provider, ours) = proconnect();
        provider.control(fault).await;
        assert_eq!(ours.begin(now()).await.err(), Some(OidcError::Unintelligible), "{fault}: metadata");
        provider.control("none").await;
        let (attempt, answer) = answered(&ours, "amelie").await;
        provider.control(fault).await;
        let failed = ours.finish(attempt, answer, now()).await.unwrap_err();
        assert_eq!(failed, OidcError::Unintelligible, "{fault}: tokens");
    }
}

async fn a_logout_ends_the_session_at_the_provider() {
    let (_provider, ours) = proconnect();
    let mut browser = Browser::default();
    let begin = ours.begin(now()).await.unwrap();
    let back = browser.sign_in(begin.url, "amelie").await.unwrap();
    let amelie = ours.finish(begin.attempt, callback(&back), now()).await.unwrap();
    let again = ours.begin(now()).await.unwrap();
    let back = browser.sign_in(again.url, "newcomer").await.unwrap();
    let still = ours.finish(again.attempt, callback(&back), now()).await.unwrap();
    assert_eq!(still.subject, amelie.subject, "the session at the provider goes on: nobody was asked");

    let logout = ours.logout(&amelie.id_token, now()).await.unwrap().unwrap();
    let mut sent = parameters(&logout);
    sent.sort();
    assert_eq!(sent, ["id_token_hint", "post_logout_redirect_uri", "state"]);
    assert!(logout.query_pairs().any(|(_, value)| value == amelie.id_token.expose_secret()));
    let back = browser.sign_out(logout).await.unwrap();
    assert!(back.as_str().starts_with(OidcProvider::POST_LOGOUT_REDIRECT_URL));

    let again = ours.begin(now()).await.unwrap();
    let back = browser.sign_in(again.url, "newcomer").await.unwrap();
    let newcomer = ours.finish(again.attempt, callback(&back), now()).await.unwrap();
    assert_ne!(newcomer.subject, amelie.subject);
    let nonsense = ours.logout(&SecretString::from("nonsense"), now()).await.err();
    assert_eq!(nonsense, Some(OidcError::IdToken(Invalid::Malformed)));
}
