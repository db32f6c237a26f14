//! Signing in at a provider, as a browser does it and shows it.

use super::{challenged, city_at, link_of};
use crate::support::browser::Window;

crate::tests![an_account_is_linked_with_the_keyboard, who_is_not_let_in_is_told_why];

async fn an_account_is_linked_with_the_keyboard() {
    let (city, _provider) = city_at(None).await;
    let path = link_of(&city, "amelie.petit").await;
    let window = Window::open(&city).await;
    window.go(&path).await;
    window.check("password", "with-provider").await;
    window.reach("a[href$='/sign-in']").await.follow("Enter").await;
    assert_eq!(window.reach("[value=amelie]").await.follow("Enter").await, 200);
    assert!(window.address().await.starts_with("/sign-in/callback"), "{}", window.address().await);
    window.check("link_identity", "asked").await;
    assert_eq!(window.reach("button").await.follow("Space").await, 200);
    window.check("signed_in", "linked").await;
    assert_eq!(city.database.count("select count(*) from identity").await, 1);
    // The provider knows her in this browser.
    assert_eq!(window.go(&challenged("/sign-in")).await, 200);
    window.check("signed_in", "code").await;
    assert_eq!(window.go("/signed-out").await, 200);
    window.check("signed_out", "out").await;
    window.close().await;
    city.stop().await;
}

async fn who_is_not_let_in_is_told_why() {
    let (city, _provider) = city_at(None).await;
    let window = Window::open(&city).await;
    window.go(&challenged("/sign-in")).await;
    assert_eq!(window.reach("[value=newcomer]").await.follow("Enter").await, 403);
    window.check("sign_in_refused", "unknown").await;
    let window = window.in_english();
    assert_eq!(window.go("/sign-in/callback?code=x&state=y").await, 400);
    window.check("sign_in_refused", "again").await;
    window.close().await;
    city.stop().await;
}
