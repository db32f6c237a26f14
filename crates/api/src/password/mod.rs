//! Passwords through links: forgotten ones, and the page where one is chosen.

mod choose;
mod forgotten;
mod page;

use crate::openapi::Routes;
use auth::password::{MAX_LENGTH, MIN_LENGTH, Weak};
use usecases::password::PasswordError;

use crate::problem::{Code, FieldError, Problem, Text};

pub(crate) use page::form_config;

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(forgotten::forgotten).service(choose::choose);
}

/// The page is for people: it is no part of the contract.
pub(crate) fn pages(config: &mut actix_web::web::ServiceConfig) {
    config.service(page::show).service(page::submit);
}

/// Why a password is too weak: its code, and the words.
fn weakness(weak: Weak) -> (&'static str, String, String) {
    match weak {
        Weak::TooShort => (
            "password_too_short",
            format!("Au moins {MIN_LENGTH} caractères."),
            format!("At least {MIN_LENGTH} characters."),
        ),
        Weak::TooLong => (
            "password_too_long",
            format!("Au plus {MAX_LENGTH} caractères."),
            format!("At most {MAX_LENGTH} characters."),
        ),
        Weak::Invisible => (
            "password_invisible",
            "Pas de caractère de commande ni de caractère invisible : vous ne le taperiez pas deux fois.".to_owned(),
            "No control character and none that cannot be seen: you would not type it a second time.".to_owned(),
        ),
        Weak::Guessable => (
            "password_too_easy",
            "Trop facile à deviner : prenez plusieurs mots sans rapport entre eux.".to_owned(),
            "Too easy to guess: take several words that have nothing to do with one another.".to_owned(),
        ),
    }
}

/// The problem of a password that was not set; `pointer` is the field of the new one.
pub(crate) fn problem(error: PasswordError, pointer: &str) -> Problem {
    const WRONG: Text = ("Ce n’est pas votre mot de passe actuel.", "This is not your current password.");
    match error {
        PasswordError::LinkInvalid => Problem::new(Code::LinkExpired),
        PasswordError::WrongPassword => Problem::new(Code::InvalidContent).errors(vec![FieldError::in_body(
            if pointer == "/password" { "/current_password" } else { pointer },
            "wrong_password",
            WRONG,
        )]),
        PasswordError::Weak(weak) => {
            let (code, fr, en) = weakness(weak);
            let at = crate::problem::At::Body(pointer.to_owned());
            Problem::new(Code::InvalidContent).errors(vec![FieldError::new(at, code, (fr, en))])
        }
        PasswordError::Throttled(throttled) => throttled.into(),
        PasswordError::Hash(error) => {
            tracing::error!(%error, "a password could not be hashed");
            Problem::new(Code::Internal)
        }
        PasswordError::Store(error) => error.into(),
    }
}
