//! `attribute[code]=…`: what was answered to a service's questions, and what is wrong with it.

use std::collections::BTreeMap;

use chrono::DateTime;
use domain::city::catalogue::Category;
use domain::city::question::{Kind, Reply, Why, Wrong as Unfit};
use domain::id::ChoiceCode;
use domain::text::TextError;
use domain::time::Zone;

use crate::answer::Wrong;
use crate::parameters::Parameters;

/// What was answered, by the question's code: as the question's kind reads it, or as it was written, which does not fit.
pub(crate) fn replies(
    category: &Category,
    zone: Zone,
    parameters: &Parameters,
) -> Result<BTreeMap<String, Reply>, Wrong> {
    let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in parameters.iter() {
        let Some(code) = name.strip_prefix("attribute[") else { continue };
        let code = code.strip_suffix("[]").unwrap_or(code);
        let Some(code) = code.strip_suffix(']').filter(|code| !code.contains(['[', ']'])) else {
            return Err(Wrong::bad((
                "Un attribut s’écrit « attribute[code] » ou « attribute[code][] ».",
                "An attribute is written “attribute[code]” or “attribute[code][]”.",
            )));
        };
        given.entry(code.to_owned()).or_default().push(value.trim().to_owned());
    }
    let mut replies = BTreeMap::new();
    for (code, mut values) in given {
        let kind = category.questions.iter().find(|question| question.code.as_str() == code).map(|one| one.kind);
        let reply = if kind == Some(Kind::Choices) {
            Reply::Several(values)
        } else if let (Some(value), true) = (values.pop(), values.is_empty()) {
            read(kind, zone, value)
        } else {
            return Err(Wrong::bad((
                format!("L’attribut « {code} » n’a qu’une valeur."),
                format!("The attribute “{code}” has one value only."),
            )));
        };
        replies.insert(code, reply);
    }
    Ok(replies)
}

fn read(kind: Option<Kind>, zone: Zone, value: String) -> Reply {
    match kind {
        Some(Kind::YesNo) => value.parse().map_or(Reply::Text(value), Reply::YesNo),
        Some(Kind::Number) => value.parse().map_or(Reply::Text(value), Reply::Number),
        // The specification knows days with their time only; the day is meant.
        Some(Kind::Date) => match DateTime::parse_from_rfc3339(&value) {
            Ok(at) => Reply::Text(zone.day_of(at.to_utc()).to_string()),
            Err(_) => Reply::Text(value),
        },
        Some(Kind::Text | Kind::Choice | Kind::Choices) | None => Reply::Text(value),
    }
}

/// What is wrong with an answer.
pub(crate) fn unfit(Unfit { question, why }: &Unfit) -> (String, String) {
    let (fr, en): (String, String) = match why {
        Why::UnknownQuestion => ("ce service ne le connaît pas".into(), "this service does not know it".into()),
        Why::Missing => ("il est obligatoire".into(), "it is required".into()),
        Why::WrongType(kind) => {
            let (fr, en) = match kind {
                Kind::Text => ("quelques mots", "a few words"),
                Kind::Number => ("un nombre", "a number"),
                Kind::Choice => ("une des valeurs", "one of the values"),
                Kind::Choices => ("une ou plusieurs des valeurs", "one or several of the values"),
                Kind::Date => ("un jour, 2026-03-10", "a day, 2026-03-10"),
                Kind::YesNo => ("true ou false", "true or false"),
            };
            (format!("il attend {fr}"), format!("it wants {en}"))
        }
        Why::Text(error) => return text_fault(&format!("attribute[{question}]"), *error),
        Why::OutOfRange { min, max } => {
            let bound =
                |sign: &str, bound: &Option<i64>| bound.map(|bound| format!(" {sign} {bound}")).unwrap_or_default();
            let bounds = format!("{}{}", bound("≥", min), bound("≤", max));
            (format!("le nombre doit être{bounds}"), format!("the number must be{bounds}"))
        }
        Why::UnknownChoice(choices) => {
            let choices: Vec<&str> = choices.iter().map(ChoiceCode::as_str).collect();
            let choices = choices.join(", ");
            (format!("les valeurs sont : {choices}"), format!("the values are: {choices}"))
        }
        Why::RepeatedChoice => ("une valeur y est deux fois".into(), "a value is in it twice".into()),
        Why::NoChoice => ("il lui faut une valeur".into(), "it needs a value".into()),
        Why::NotADay => ("ce n’est pas un jour du calendrier".into(), "it is no day of the calendar".into()),
        Why::InTheFuture => ("ce jour n’est pas encore venu".into(), "the day has not come yet".into()),
    };
    (format!("Attribut « {question} » : {fr}."), format!("Attribute “{question}”: {en}."))
}

/// What is wrong with a text.
pub(crate) fn text_fault(name: &str, error: TextError) -> (String, String) {
    match error {
        TextError::Empty => (format!("« {name} » est vide."), format!("“{name}” is empty.")),
        TextError::TooLong(most) => {
            (format!("« {name} » a au plus {most} caractères."), format!("“{name}” has {most} characters at most."))
        }
        TextError::ControlCharacter => (
            format!("« {name} » contient un caractère de contrôle."),
            format!("“{name}” contains a control character."),
        ),
    }
}
