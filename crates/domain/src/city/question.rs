//! Questions: what an officer asks about a concern of some category, typed, as data in the city's files; and what was
//! answered, held against them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use super::catalogue::Category;
use crate::id::{ChoiceCode, QuestionCode};
use crate::language::{Label, Language};
use crate::text::{ReplyText, TextError};

/// What kind of answer a question wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = QuestionType)]
pub enum Kind {
    /// A few words.
    Text,
    /// A number.
    Number,
    /// One of the choices.
    Choice,
    /// One or several of the choices.
    Choices,
    /// A day.
    Date,
    /// Yes or no.
    YesNo,
}

/// One question (`questions` in `catalogue.yaml`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its code: answers are kept under it.
    pub code: QuestionCode,
    /// What the officer asks.
    pub label: Label,
    /// What kind of answer it wants.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Whether a concern is not filed without an answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// What can be chosen. Compulsory for `choice` and `choices`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 30))]
    pub choices: Vec<Choice>,
    /// What a number counts: « m³ ».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Label>,
    /// The least number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The greatest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// The day is today or earlier.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub past: bool,
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its code.
    pub code: ChoiceCode,
    /// What people call it.
    pub label: Label,
}

/// What was answered to one question: in JSON, a text, a number, true or false, or a list of choices; a choice and a day
/// are texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "an answer is a text, a number, true or false, or a list of choices")]
pub enum Reply {
    /// Yes or no.
    YesNo(bool),
    /// A number.
    Number(Number),
    /// Words, the code of a choice, or a day as `2026-03-10`.
    Text(String),
    /// The codes of choices.
    Several(Vec<String>),
}

/// What was answered to the questions of a category.
pub type Replies = BTreeMap<QuestionCode, Reply>;

// The derived schema would try the four kinds one after the other, and blame the first.
impl PartialSchema for Reply {
    fn schema() -> RefOr<Schema> {
        let kinds = SchemaType::from_iter([Type::String, Type::Number, Type::Boolean, Type::Array]);
        ArrayBuilder::new()
            .schema_type(kinds)
            .items(ObjectBuilder::new().schema_type(Type::String))
            .description(Some(
                "An answer: a text, a number, true or false, or a list of choices. A choice is its code, a day is \
                 `2026-03-10`.",
            ))
            .into()
    }
}

impl ToSchema for Reply {
    fn name() -> std::borrow::Cow<'static, str> {
        "QuestionAnswer".into()
    }
}

/// An answer that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The question, as it was named.
    pub question: String,
    /// Why.
    pub why: Why,
}

/// Why an answer does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The category has no such question.
    UnknownQuestion,
    /// The question is required, and was not answered.
    Missing,
    /// An answer of this kind was expected.
    WrongType(Kind),
    /// The words are none, or too many.
    Text(TextError),
    /// The number is out of these bounds.
    OutOfRange {
        /// The least.
        min: Option<i64>,
        /// The greatest.
        max: Option<i64>,
    },
    /// One of these choices was expected.
    UnknownChoice(Vec<ChoiceCode>),
    /// The same choice was made twice.
    RepeatedChoice,
    /// A list without choices.
    NoChoice,
    /// It is not a day of the calendar.
    NotADay,
    /// The day has not come yet.
    InTheFuture,
}

impl Category {
    /// The question of that code.
    #[must_use]
    pub fn question(&self, code: &QuestionCode) -> Option<&Question> {
        self.questions.iter().find(|question| question.code == *code)
    }

    /// What was answered, if it fits the category's questions.
    ///
    /// # Errors
    /// Everything that does not fit, and what is missing: in the order of the questions, unknown ones last.
    pub fn replies(&self, given: BTreeMap<String, Reply>, today: NaiveDate) -> Result<Replies, Vec<Wrong>> {
        let mut given = given;
        let (mut replies, mut wrong) = (Replies::new(), Vec::new());
        for question in &self.questions {
            let code = &question.code;
            let outcome = match given.remove(code.as_str()) {
                None if question.required => Err(Why::Missing),
                None => continue,
                Some(reply) => question.accept(reply, today),
            };
            match outcome {
                Ok(reply) => drop(replies.insert(code.clone(), reply)),
                Err(why) => wrong.push(Wrong { question: code.to_string(), why }),
            }
        }
        wrong.extend(given.into_keys().map(|question| Wrong { question, why: Why::UnknownQuestion }));
        if wrong.is_empty() { Ok(replies) } else { Err(wrong) }
    }
}

impl Question {
    fn accept(&self, reply: Reply, today: NaiveDate) -> Result<Reply, Why> {
        match (self.kind, reply) {
            (Kind::YesNo, reply @ Reply::YesNo(_)) => Ok(reply),
            (Kind::Number, Reply::Number(number)) => self.within(number),
            (Kind::Text, Reply::Text(text)) => {
                ReplyText::try_from(text).map(|text| Reply::Text(text.into())).map_err(Why::Text)
            }
            (Kind::Date, Reply::Text(text)) => match text.parse::<NaiveDate>() {
                Ok(day) if day.format("%Y-%m-%d").to_string() != text => Err(Why::NotADay),
                Ok(day) if self.past && day > today => Err(Why::InTheFuture),
                Ok(_) => Ok(Reply::Text(text)),
                Err(_) => Err(Why::NotADay),
            },
            (Kind::Choice, Reply::Text(code)) => self.offers(&code).map(|()| Reply::Text(code)),
            (Kind::Choices, Reply::Several(codes)) => {
                codes.iter().try_for_each(|code| self.offers(code))?;
                let repeated = codes.iter().enumerate().any(|(at, code)| codes[..at].contains(code));
                match codes.as_slice() {
                    [] => Err(Why::NoChoice),
                    _ if repeated => Err(Why::RepeatedChoice),
                    _ => Ok(Reply::Several(codes)),
                }
            }
            (kind, Reply::YesNo(_) | Reply::Number(_) | Reply::Text(_) | Reply::Several(_)) => {
                Err(Why::WrongType(kind))
            }
        }
    }

    fn within(&self, number: Number) -> Result<Reply, Why> {
        let (min, max) = (self.min, self.max);
        if at_least(&number, min) && at_most(&number, max) {
            Ok(Reply::Number(number))
        } else {
            Err(Why::OutOfRange { min, max })
        }
    }

    fn offers(&self, code: &str) -> Result<(), Why> {
        if self.choices.iter().any(|choice| choice.code.as_str() == code) {
            return Ok(());
        }
        Err(Why::UnknownChoice(self.choices.iter().map(|choice| choice.code.clone()).collect()))
    }
}

impl Reply {
    /// The answer as people read it: « 3 m³ », « oui », « 10/03/2026 », « Sur le trottoir, dans la cour ». `asked` is the
    /// question, unless the city no longer has it.
    #[must_use]
    pub fn in_words(&self, asked: Option<&Question>, language: Language) -> String {
        let choice = |code: &String| {
            let choice = asked.and_then(|asked| asked.choices.iter().find(|choice| choice.code.as_str() == code));
            choice.map_or(code.as_str(), |choice| choice.label.in_language(language)).to_owned()
        };
        match (self, language) {
            (Self::YesNo(true), Language::Fr) => "oui".to_owned(),
            (Self::YesNo(true), Language::En) => "yes".to_owned(),
            (Self::YesNo(false), Language::Fr) => "non".to_owned(),
            (Self::YesNo(false), Language::En) => "no".to_owned(),
            (Self::Number(number), _) => written(number, asked.and_then(|asked| asked.unit.as_ref()), language),
            (Self::Text(text), Language::Fr) if asked.is_some_and(|asked| asked.kind == Kind::Date) => {
                text.parse::<NaiveDate>().map_or_else(|_| text.clone(), |day| day.format("%d/%m/%Y").to_string())
            }
            (Self::Text(text), _) => choice(text),
            (Self::Several(codes), _) => codes.iter().map(choice).collect::<Vec<_>>().join(", "),
        }
    }
}

/// A number with its unit: « 2,5 m³ », “2.5 m³”.
fn written(number: &Number, unit: Option<&Label>, language: Language) -> String {
    let number = number.to_string();
    let number = if language == Language::Fr { number.replace('.', ",") } else { number };
    match unit {
        Some(unit) => format!("{number} {}", unit.in_language(language)),
        None => number,
    }
}

/// Whether a number is as great as that.
pub(crate) fn at_least(number: &Number, least: Option<i64>) -> bool {
    compare(number, least).is_none_or(std::cmp::Ordering::is_ge)
}

/// Whether a number is as small as that.
pub(crate) fn at_most(number: &Number, greatest: Option<i64>) -> bool {
    compare(number, greatest).is_none_or(std::cmp::Ordering::is_le)
}

fn compare(number: &Number, bound: Option<i64>) -> Option<std::cmp::Ordering> {
    let bound = bound?;
    match number.as_i64() {
        Some(number) => Some(number.cmp(&bound)),
        // Bounds are small enough to be exact: a check refuses others.
        #[expect(clippy::cast_precision_loss, reason = "bounds lie within a thousand millions")]
        None => number.as_f64()?.partial_cmp(&(bound as f64)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn category() -> Category {
        let label = json!({ "fr": "x", "en": "x" });
        let choices = json!([{ "code": "one", "label": label }, { "code": "all", "label": label }]);
        serde_json::from_value(json!({
            "code": "street_light_out", "label": label, "sensitivity": "standard",
            "acknowledge_within": "1d", "resolve_within": "2d",
            "questions": [
                { "code": "words", "label": label, "type": "text" },
                { "code": "volume", "label": label, "type": "number", "min": 0, "max": 30 },
                { "code": "extent", "label": label, "type": "choice", "choices": choices },
                { "code": "when", "label": label, "type": "choices", "choices": choices },
                { "code": "since", "label": label, "type": "date", "past": true, "required": true },
                { "code": "blocked", "label": label, "type": "yes_no" },
            ],
        }))
        .unwrap()
    }

    fn given(answers: &serde_json::Value) -> Result<Replies, Vec<Wrong>> {
        let today = "2026-03-10".parse().unwrap();
        category().replies(serde_json::from_value(answers.clone()).unwrap(), today)
    }

    #[test]
    fn what_fits_is_kept_as_it_was_said() {
        let answers = json!({
            "words": "au coin", "volume": 2.5, "extent": "all", "when": ["one", "all"], "since": "2026-03-10",
            "blocked": false,
        });
        assert_eq!(serde_json::to_value(given(&answers).unwrap()).unwrap(), answers);
        let least = json!({ "since": "2024-02-29", "volume": 30 });
        assert_eq!(serde_json::to_value(given(&least).unwrap()).unwrap(), least);
    }

    #[test]
    fn answers_are_read_in_words() {
        let category = category();
        for (code, reply, fr, en) in [
            ("words", json!("all"), "all", "all"),
            ("volume", json!(2.5), "2,5", "2.5"),
            ("extent", json!("all"), "x", "x"),
            ("when", json!(["one", "none"]), "x, none", "x, none"),
            ("since", json!("2026-03-10"), "10/03/2026", "2026-03-10"),
            ("blocked", json!(true), "oui", "yes"),
        ] {
            let reply: Reply = serde_json::from_value(reply).unwrap();
            let asked = category.question(&code.parse().unwrap());
            assert_eq!([Language::Fr, Language::En].map(|language| reply.in_words(asked, language)), [fr, en]);
        }
        let forgotten = Reply::Text("2026-03-10".to_owned());
        assert_eq!(forgotten.in_words(None, Language::Fr), "2026-03-10");
    }

    #[test]
    fn what_does_not_fit_is_told_all_at_once() {
        let codes = || vec!["one".parse().unwrap(), "all".parse().unwrap()];
        let range = || Why::OutOfRange { min: Some(0), max: Some(30) };
        for (question, answer, why) in [
            ("words", json!(5), Why::WrongType(Kind::Text)),
            ("words", json!("  "), Why::Text(TextError::Empty)),
            ("words", json!("x".repeat(501)), Why::Text(TextError::TooLong(500))),
            ("volume", json!("2"), Why::WrongType(Kind::Number)),
            ("volume", json!(-1), range()),
            ("volume", json!(30.001), range()),
            ("volume", json!(1e300), range()),
            ("volume", json!(u64::MAX), range()),
            ("extent", json!("some"), Why::UnknownChoice(codes())),
            ("extent", json!(["one"]), Why::WrongType(Kind::Choice)),
            ("when", json!(["one", "some"]), Why::UnknownChoice(codes())),
            ("when", json!(["one", "one"]), Why::RepeatedChoice),
            ("when", json!([]), Why::NoChoice),
            ("when", json!("one"), Why::WrongType(Kind::Choices)),
            ("since", json!("2026-02-29"), Why::NotADay),
            ("since", json!("2026-3-1"), Why::NotADay),
            ("since", json!("2026-03-11"), Why::InTheFuture),
            ("blocked", json!("yes"), Why::WrongType(Kind::YesNo)),
            ("colour", json!("red"), Why::UnknownQuestion),
        ] {
            let mut answers = json!({ "since": "2026-01-01" });
            answers[question] = answer;
            assert_eq!(given(&answers), Err(vec![Wrong { question: question.to_owned(), why }]), "{answers}");
        }
        let wrong = given(&json!({ "zz": 1, "volume": "2" })).unwrap_err();
        assert_eq!(wrong.iter().map(|w| w.question.as_str()).collect::<Vec<_>>(), ["volume", "since", "zz"]);
    }
}
