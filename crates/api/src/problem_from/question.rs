//! How answers are refused that do not fit the questions of a category.

use domain::city::question::{Kind, Why, Wrong};
use domain::id::ChoiceCode;
use domain::text::TextError;

use crate::problem::{At, FieldError};
use crate::request::body::escape;

/// What is wrong with an answer.
pub(super) fn wrong(Wrong { question, why }: &Wrong) -> FieldError {
    let (code, fr, en) = told(why);
    FieldError::new(At::Body(format!("/answers/{}", escape(question))), code, (fr, en))
}

fn told(why: &Why) -> (&'static str, String, String) {
    let fixed = |code, fr: &str, en: &str| (code, fr.to_owned(), en.to_owned());
    match why {
        Why::UnknownQuestion => fixed(
            "unknown_question",
            "Ce motif n’a pas cette question ; voyez GET /v1/categories.",
            "The category has no such question; see GET /v1/categories.",
        ),
        Why::Missing => fixed("required", "Cette question demande une réponse.", "This question needs an answer."),
        Why::WrongType(kind) => {
            let (fr, en) = expected(*kind);
            ("wrong_type", format!("Attendu : {fr}."), format!("Expected: {en}."))
        }
        Why::Text(TextError::Empty) => fixed("too_short", "La réponse est vide.", "The answer is empty."),
        Why::Text(TextError::TooLong(max)) => {
            ("too_long", format!("Au plus {max} caractères."), format!("At most {max} characters."))
        }
        Why::Text(TextError::ControlCharacter) => fixed(
            "invalid",
            "La réponse contient un caractère de commande.",
            "The answer contains a control character.",
        ),
        Why::OutOfRange { min, max } => ("out_of_range", bounds(*min, *max, true), bounds(*min, *max, false)),
        Why::UnknownChoice(choices) => {
            let choices: Vec<&str> = choices.iter().map(ChoiceCode::as_str).collect();
            let choices = choices.join(", ");
            ("unknown_value", format!("Valeurs possibles : {choices}."), format!("Possible values: {choices}."))
        }
        Why::RepeatedChoice => fixed("repeated", "Un choix y figure deux fois.", "A choice stands there twice."),
        Why::NoChoice => fixed("too_short", "Au moins un choix.", "At least one choice."),
        Why::NotADay => fixed("bad_format", "Attendu : un jour, 2026-03-10.", "Expected: a day, 2026-03-10."),
        Why::InTheFuture => fixed("out_of_range", "Ce jour n’est pas encore venu.", "That day has not come yet."),
    }
}

const fn expected(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Text => ("un texte", "a text"),
        Kind::Number => ("un nombre", "a number"),
        Kind::Choice => ("le code d’un choix", "the code of a choice"),
        Kind::Choices => ("une liste de codes de choix", "a list of codes of choices"),
        Kind::Date => ("un jour, 2026-03-10", "a day, 2026-03-10"),
        Kind::YesNo => ("true ou false", "true or false"),
    }
}

fn bounds(min: Option<i64>, max: Option<i64>, french: bool) -> String {
    let (at_least, at_most) = if french { ("Au moins", "Au plus") } else { ("At least", "At most") };
    let parts = [min.map(|min| format!("{at_least} {min}.")), max.map(|max| format!("{at_most} {max}."))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
