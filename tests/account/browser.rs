//! The page where a password is chosen, as a browser shows it.

use serde_json::json;

use super::{STRONG, WHO, attempt};
use crate::support::browser::Window;
use crate::support::city::{City, email, link};

crate::tests![a_password_is_chosen_with_the_keyboard];

async fn a_password_is_chosen_with_the_keyboard() {
    let city = City::new().await;
    city.stranger().post("/v1/passwords/forgotten", &json!({ "email": email(WHO) })).await.is(202);
    city.drain().await;
    let path = link(&city.letters_to(&email(WHO))[0], "/account/");
    let window = Window::open(&city).await;
    assert_eq!(window.go(&path).await, 200);
    window.check("password", "empty").await;
    let typed = async |password: &str, again: &str| {
        window.go(&path).await;
        window.reach("#password").await.write(password).await;
        window.reach("#again").await.write(again).await;
        window.reach("button").await.follow("Enter").await
    };
    assert_eq!(typed(STRONG, "autre chose que cela").await, 422);
    assert!(window.text().await.contains("ne sont pas les mêmes"));
    window.check("password", "refused").await;
    assert_eq!(typed(STRONG, STRONG).await, 200);
    window.check("password_chosen", "chosen").await;
    attempt(&city, WHO, STRONG).await.created();
    assert_eq!(window.go(&path).await, 410);
    window.check("password_lost", "used").await;
    window.close().await;
    city.stop().await;
}
