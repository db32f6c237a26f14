//! What a rule can ask of an answer.

use super::fault::Kind;
use crate::city::City;
use crate::city::question::{Kind as QuestionKind, Question};
use crate::id::{CategoryCode, ChoiceCode, QuestionCode};

/// What is wrong, each with the pointer of its field inside the condition.
pub(super) fn check(
    city: &City,
    (category, question): (&CategoryCode, &QuestionCode),
    any_of: &[ChoiceCode],
    bounded: bool,
) -> Vec<(String, Kind)> {
    let Some(known) = city.category(category) else {
        return vec![("/category".to_owned(), Kind::UnknownCategory(category.clone()))];
    };
    let Some(asked) = known.question(question) else {
        let kind = Kind::UnknownQuestion { category: known.into(), question: question.clone() };
        return vec![("/question".to_owned(), kind)];
    };
    let wrong = |field: &str, kind| vec![(field.to_owned(), kind)];
    match asked.kind {
        QuestionKind::Text | QuestionKind::Date => wrong("/question", Kind::NotAskable),
        QuestionKind::Number if !any_of.is_empty() => wrong("/any_of", Kind::NumberNotChoice),
        QuestionKind::Number if !bounded => wrong("", Kind::NumberNeedsBound),
        QuestionKind::Number => Vec::new(),
        QuestionKind::Choice | QuestionKind::Choices | QuestionKind::YesNo => {
            let offered = offered(asked);
            let mut found = Vec::new();
            if bounded {
                found.push((String::new(), Kind::BoundIsForNumbers));
            } else if any_of.is_empty() {
                found.push((String::new(), Kind::NeedsChoice(offered.clone())));
            }
            let unknown = any_of.iter().enumerate().filter(|(_, choice)| !offered.iter().any(|o| o == choice.as_str()));
            found.extend(unknown.map(|(at, choice)| {
                (format!("/any_of/{at}"), Kind::UnknownChoice { choice: choice.clone(), offered: offered.clone() })
            }));
            found
        }
    }
}

/// The choices that a question offers.
fn offered(asked: &Question) -> Vec<String> {
    match asked.kind {
        QuestionKind::YesNo => vec!["yes".to_owned(), "no".to_owned()],
        _ => asked.choices.iter().map(|choice| choice.code.to_string()).collect(),
    }
}
