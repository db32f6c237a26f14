//! Linking an account with an identity, and taking the identity away.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use super::{asked, city, code, leave, link_of, linked, redeem, refusals, say_yes, sign_in};
use crate::support::caller::Caller;
use crate::support::city::{City, email, link};
use crate::support::database::PASSWORD;

crate::tests![
    an_invited_person_links_their_account_and_signs_in_from_then_on,
    a_person_is_shown_what_is_linked_and_says_yes,
    an_answer_from_elsewhere_links_nothing,
    a_question_stands_for_ten_minutes,
    a_link_does_not_stand_for_a_second_factor,
    an_identity_is_listed_and_taken_away,
    the_only_way_in_stays,
    an_administrator_takes_an_identity_away,
];

async fn identities(caller: &Caller) -> Vec<Value> {
    caller.get("/v1/me/identities").await.ok()["items"].as_array().unwrap().clone()
}

async fn subjects(city: &City, who: &str) -> Vec<String> {
    city.drain().await;
    city.letters_to(&email(who)).iter().map(|letter| letter.subject().unwrap().to_owned()).collect()
}

async fn execute(city: &City, statement: String) {
    let mut connection = city.database.connection().await;
    connection.execute(AssertSqlSafe(statement)).await.unwrap();
    connection.close().await.unwrap();
}

async fn an_invited_person_links_their_account_and_signs_in_from_then_on() {
    let (city, provider) = city().await;
    let invited = json!({
        "email": "d.nouveau@ville-amiens.example", "name": "Denis Nouveau", "roles": ["agent"]
    });
    city.admin().await.post("/v1/users", &invited).await.created();
    city.drain().await;
    let path = link(&city.letters_to("d.nouveau@ville-amiens.example")[0], "/account/");
    let page = city.stranger().get(&path).await;
    assert!(page.is(200).text.contains("S’identifier avec ProConnect"), "{}", page.text);
    // Looking, and setting out, use nothing up: mail scanners do both.
    leave(&city, &format!("{path}/sign-in")).await;
    let question = asked(&city, &path, "newcomer").await;
    assert_eq!(city.database.count("select count(*) from identity").await, 0);
    let page = say_yes(&city, Some(&question.cookie), question.answer()).await;
    assert!(page.text.contains("Denis Nouveau: your account is now linked"), "{}", page.text);
    assert!(!page.text.contains("csc_"), "no program began: {}", page.text);
    let session = redeem(&city, &code(&sign_in(&city, "/sign-in", "newcomer").await)).await.created();
    let me = city.with_token(&session);
    let account = me.get("/v1/me").await.ok();
    assert_eq!(
        (&account["email"], &account["has_password"]),
        (&json!("d.nouveau@ville-amiens.example"), &json!(false))
    );
    city.stranger().get(&path).await.is(410);
    let again = sign_in(&city, "/sign-in", "newcomer").await;
    redeem(&city, &code(&again)).await.created();
    redeem(&city, &code(&again)).await.refused(401, "invalid_sign_in_code");
    assert_eq!(refusals(&city.audited().await), ["code_refused"], "somebody brought it a second time");
    let stored = "select count(*) from sign_in";
    assert_eq!(city.database.count(stored).await, 1, "the attempt that was not finished");
    let acts = city.audited().await;
    let linked = acts.iter().find(|act| act["type"] == "identity_linked").unwrap();
    assert_eq!(linked["issuer"], provider.issuer.as_str());
    assert_eq!(linked["identity"], identities(&me).await[0]["id"]);
    assert!(acts.iter().any(|act| act["type"] == "session_begun" && act["method"] == "oidc"));
    city.stop().await;
}

async fn a_link_does_not_stand_for_a_second_factor() {
    let (city, _provider) = city().await;
    let who = "claire.delattre";
    let path = link_of(&city, who).await;
    let question = asked(&city, &path, "newcomer").await;
    let mut connection = city.database.connection().await;
    let factor = format!(
        "insert into second_factor (user_id, key_id, sealed, created_at, confirmed_at)
         select id, '', '', now(), now() from user_account where email = '{}'",
        email(who)
    );
    connection.execute(AssertSqlSafe(factor)).await.unwrap();
    connection.close().await.unwrap();
    let page = sign_in(&city, &format!("{path}/sign-in"), "newcomer").await;
    assert!(page.is(403).text.contains("has a second factor"), "{}", page.text);
    // It may have been set up while the person was asked.
    say_yes(&city, Some(&question.cookie), question.answer()).await.is(403);
    assert_eq!(city.database.count("select count(*) from identity").await, 0);
    city.stop().await;
}

async fn a_person_is_shown_what_is_linked_and_says_yes() {
    let (city, provider) = city().await;
    let path = link_of(&city, "sophie.morel").await;
    // On a computer where a colleague is still signed in at the provider.
    let question = asked(&city, &path, "amelie").await;
    for shown in [
        "Amélie Petit (amelie.petit@ville-amiens.example)",
        "ProConnect",
        &provider.issuer,
        "Sophie Morel",
        "sophie.morel@ville-amiens.example",
    ] {
        let html = shown.replace('/', "&#x2f;");
        assert!(question.page.contains(shown) || question.page.contains(&html), "{shown}: {}", question.page);
    }
    let token = path.strip_prefix("/account/").unwrap();
    assert!(!question.page.contains(token) && !question.page.contains("csc_"), "{}", question.page);
    // She closes the page: nothing is kept, and the link is still good.
    assert_eq!(city.database.count("select count(*) from identity").await, 0);
    city.stranger().get(&path).await.is(200);
    let acts = city.audited().await;
    assert!(acts.iter().all(|act| act["type"] != "identity_linked"), "{acts:?}");
    let question = asked(&city, &path, "newcomer").await;
    let page = say_yes(&city, Some(&question.cookie), question.answer()).await;
    assert!(page.header("set-cookie").unwrap().contains("Max-Age=0"));
    redeem(&city, &code(&sign_in(&city, "/sign-in", "newcomer").await)).await.created();
    assert!(subjects(&city, "sophie.morel").await.iter().any(|subject| subject.contains("relié à une identité")));
    city.stop().await;
}

async fn an_answer_from_elsewhere_links_nothing() {
    let (city, _provider) = city().await;
    let path = link_of(&city, "amelie.petit").await;
    let question = asked(&city, &path, "amelie").await;
    let other = asked(&city, &path, "amelie").await;
    // Another site's form brings no cookie, and does not know what ours sends.
    say_yes(&city, None, question.answer()).await.is(400);
    say_yes(&city, Some(&question.cookie), "").await.is(400);
    say_yes(&city, Some(&question.cookie), other.answer()).await.is(400);
    assert_eq!(city.database.count("select count(*) from identity").await, 0);
    say_yes(&city, Some(&question.cookie), question.answer()).await.is(200);
    say_yes(&city, Some(&question.cookie), question.answer()).await.is(400);
    // The link was used up by the first answer.
    say_yes(&city, Some(&other.cookie), other.answer()).await.is(410);
    assert_eq!(refusals(&city.audited().await), ["state_mismatch"; 4]);
    city.stop().await;
}

async fn a_question_stands_for_ten_minutes() {
    let (city, _provider) = city().await;
    let path = link_of(&city, "amelie.petit").await;
    let question = asked(&city, &path, "amelie").await;
    execute(
        &city,
        "update sign_in set expires_at = expires_at - interval '10 minutes' where stage = 'question'".into(),
    )
    .await;
    say_yes(&city, Some(&question.cookie), question.answer()).await.is(400);
    assert_eq!(city.database.count("select count(*) from identity").await, 0);
    city.stop().await;
}

async fn an_identity_is_listed_and_taken_away() {
    let (city, provider) = city().await;
    linked(&city, "amelie.petit", "amelie").await;
    let caller = city.login("amelie.petit").await;
    let listed = identities(&caller).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["issuer"], &listed[0]["name"]),
        (&json!(provider.issuer), &json!("Amélie Petit (amelie.petit@ville-amiens.example)"))
    );
    assert!(listed[0]["linked_at"].as_str().unwrap().ends_with('Z'), "{listed:?}");
    let path = format!("/v1/me/identities/{}/remove", listed[0]["id"].as_str().unwrap());
    let proof = json!({ "password": PASSWORD });
    city.agent().await.post(&path, &proof).await.refused(404, "not_found");
    // Whoever has got hold of her token does not shut her out.
    for wrong in [json!({}), json!({ "password": "faux" })] {
        let refused = caller.post(&path, &wrong).await;
        refused.refused_fields(422, "invalid_content", &[("/password", "wrong_password")]);
    }
    assert_eq!(identities(&caller).await.len(), 1);
    let session = redeem(&city, &code(&sign_in(&city, "/sign-in", "amelie").await)).await.created();
    let by_identity = city.with_token(&session);
    let waiting = code(&sign_in(&city, "/sign-in", "amelie").await);
    caller.post(&path, &proof).await.is(204);
    caller.post(&path, &proof).await.refused(404, "not_found");
    assert!(identities(&caller).await.is_empty());
    // Whoever came in by it is out, also who has not come in yet.
    by_identity.get("/v1/me").await.refused(401, "invalid_token");
    redeem(&city, &waiting).await.refused(401, "invalid_sign_in_code");
    sign_in(&city, "/sign-in", "amelie").await.is(403);
    assert!(subjects(&city, "amelie.petit").await.iter().any(|subject| subject.contains("n’ouvre plus votre compte")));
    let acts = city.audited().await;
    let act = acts.iter().find(|act| act["type"] == "identity_unlinked").unwrap();
    assert_eq!((&act["identity"], &act["issuer"]), (&listed[0]["id"], &json!(provider.issuer)));
    city.stop().await;
}

async fn the_only_way_in_stays() {
    let (city, _provider) = city().await;
    linked(&city, "amelie.petit", "amelie").await;
    let caller = city.login("amelie.petit").await;
    execute(&city, format!("update user_account set password_hash = null where email = '{}'", email("amelie.petit")))
        .await;
    let only = format!("/v1/me/identities/{}/remove", identities(&caller).await[0]["id"].as_str().unwrap());
    caller.post(&only, &json!({})).await.refused(409, "only_way_in");
    sign_in(&city, "/sign-in", "amelie").await.is(200);
    // With another, it may go.
    linked(&city, "amelie.petit", "newcomer").await;
    assert_eq!(identities(&caller).await.len(), 2);
    // She has no password to give: she has to have logged in a moment ago.
    let ago = |minutes: u32| format!("update session set created_at = now() - interval '{minutes} minutes'");
    execute(&city, ago(11)).await;
    caller.post(&only, &json!({})).await.refused(403, "login_too_old");
    caller.post("/v1/me/second_factor", &json!({})).await.refused(403, "login_too_old");
    assert_eq!(identities(&caller).await.len(), 2);
    execute(&city, ago(9)).await;
    caller.post(&only, &json!({})).await.is(204);
    let last = format!("/v1/me/identities/{}/remove", identities(&caller).await[0]["id"].as_str().unwrap());
    caller.post(&last, &json!({})).await.refused(409, "only_way_in");
    city.stop().await;
}

async fn an_administrator_takes_an_identity_away() {
    let (city, _provider) = city().await;
    linked(&city, "amelie.petit", "amelie").await;
    let id = city.account("amelie.petit").await["id"].as_str().unwrap().to_owned();
    execute(&city, format!("update user_account set password_hash = null where id = '{id}'")).await;
    let path = format!("/v1/users/{id}/identities");
    city.dispatcher().await.get(&path).await.refused(403, "missing_right");
    let admin = city.admin().await;
    let listed = admin.get(&path).await.ok();
    let one = format!("{path}/{}", listed["items"][0]["id"].as_str().unwrap());
    city.dispatcher().await.delete(&one).await.refused(403, "missing_right");
    let again = format!("/v1/users/{id}/invite");
    admin.post(&again, &json!({})).await.refused(409, "invitation_accepted");
    admin.delete(&one).await.is(204);
    admin.delete(&one).await.refused(404, "not_found");
    assert_eq!(admin.get(&path).await.ok()["items"], json!([]));
    sign_in(&city, "/sign-in", "amelie").await.is(403);
    // They have no way in any more, and are invited again.
    admin.post(&again, &json!({})).await.is(202);
    let nobody = format!("/v1/users/{}/identities", uuid::Uuid::nil());
    admin.get(&nobody).await.refused(404, "not_found");
    let acts = city.audited().await;
    assert!(acts.iter().any(|act| act["type"] == "identity_unlinked" && act["user"] == id.as_str()), "{acts:?}");
    // The last administrator stays, also by their own hand.
    let me = admin.get("/v1/me").await.ok();
    let (me, mail) = (me["id"].as_str().unwrap(), me["email"].as_str().unwrap());
    linked(&city, mail.split('@').next().unwrap(), "newcomer").await;
    let admin = city.admin().await;
    execute(&city, format!("update user_account set password_hash = null where id = '{me}'")).await;
    let path = format!("/v1/users/{me}/identities");
    let own = admin.get(&path).await.ok();
    let own = format!("{path}/{}", own["items"][0]["id"].as_str().unwrap());
    admin.delete(&own).await.refused(409, "only_way_in");
    city.stop().await;
}
