//! What can be wrong with questions.

use super::Faults;
use crate::city::catalogue::{Category, Sensitivity};
use crate::city::question::{Kind, Question};

/// The bounds of numbers lie within this, so that they are exact in any arithmetic.
const GREATEST: i64 = 1_000_000_000;

/// What can be wrong with the questions of a category.
pub(super) fn check_questions(category: &Category, pointer: &str, faults: &mut Faults) {
    let file = "catalogue.yaml";
    if category.sensitivity == Sensitivity::SignpostOnly && !category.questions.is_empty() {
        let message = "of a signpost_only category nothing is kept: nothing is asked";
        faults.add(file, format!("{pointer}/questions"), message);
    }
    for (at, question) in category.questions.iter().enumerate() {
        let pointer = format!("{pointer}/questions/{at}");
        if category.questions[..at].iter().any(|earlier| earlier.code == question.code) {
            let message = format!("the question « {} » stands here a second time", question.code);
            faults.add(file, format!("{pointer}/code"), message);
        }
        check_question(question, &pointer, faults);
    }
}

fn check_question(question: &Question, pointer: &str, faults: &mut Faults) {
    let file = "catalogue.yaml";
    let Question { kind, choices, unit, min, max, past, .. } = question;
    let chosen = matches!(kind, Kind::Choice | Kind::Choices);
    if chosen && choices.is_empty() {
        faults.add(file, pointer, "needs `choices`: what can be chosen");
    }
    if !chosen && !choices.is_empty() {
        faults.add(file, format!("{pointer}/choices"), "only a question of type choice or choices has choices");
    }
    for (at, choice) in choices.iter().enumerate() {
        if choices[..at].iter().any(|earlier| earlier.code == choice.code) {
            let message = format!("the choice « {} » stands here a second time", choice.code);
            faults.add(file, format!("{pointer}/choices/{at}/code"), message);
        }
    }
    for (field, bound) in [("min", min), ("max", max)] {
        match bound {
            Some(_) if *kind != Kind::Number => {
                faults.add(file, format!("{pointer}/{field}"), "only a number has bounds");
            }
            Some(bound) if bound.abs() > GREATEST => {
                faults.add(file, format!("{pointer}/{field}"), format!("is greater than {GREATEST}"));
            }
            Some(_) | None => {}
        }
    }
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        faults.add(file, format!("{pointer}/max"), format!("is less than `min`, {min}"));
    }
    if unit.is_some() && *kind != Kind::Number {
        faults.add(file, format!("{pointer}/unit"), "only a number has a unit");
    }
    if *past && *kind != Kind::Date {
        faults.add(file, format!("{pointer}/past"), "only a day can be past");
    }
}
