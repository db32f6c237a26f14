//! What a concern may be about, learnt from what the city's agents chose before: multinomial naive Bayes over the stems
//! of the description and the areas of the place. It suggests; it never decides, and says when it does not know.
//!
//! A model holds counts of words, never a text. A word is in it only when it was said at several places
//! ([`train::PLACES`]) and has no digit, so that a resident's name, telephone or plate is not. One in five concerns is
//! not learnt but held out: on these the model is measured, as it answers.

mod train;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::CategoryCode;
use crate::place::Areas;
use crate::routing::words::stems;

pub use train::{CONCERNS, Example, Trainer};

/// How many categories are suggested at most.
const ITEMS: usize = 3;

/// The fewest concerns that a model must have learnt, and the fewest on which it must have been measured.
const ENOUGH: (u32, u32) = (200, 30);

/// The least share of right answers (among the three) for a model to be asked at all.
const GOOD_ENOUGH: f64 = 0.5;

/// The least confidence of the first suggestion, and of those after it.
const SURE: (f64, f64) = (0.3, 0.05);

/// How many different words of a text are looked at: the work is bounded whatever is typed.
const WORDS: usize = 100;

/// What is added to every count, so that what never occurred is unlikely and not impossible (Lidstone). Less than one:
/// there are far more words than concerns of a rare category.
const SMOOTHING: f64 = 0.1;

/// What was learnt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// The categories, each with how many concerns about it were learnt.
    categories: Vec<(CategoryCode, u32)>,
    /// How often anything of a field was found in each category. The words are one field, each zoning is another.
    fields: BTreeMap<String, Field>,
    /// In how many concerns of which categories (by their number) a term was found.
    terms: BTreeMap<String, Vec<(usize, u32)>>,
    /// How sure it may be.
    doubt: Doubt,
    /// How good it is.
    pub measured: Measured,
}

/// What makes of naive Bayes' scores how often it is right: fitted to what was held out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Doubt {
    /// Words are not independent, so that it is too sure: its logarithms are divided by this.
    temperature: f64,
    /// The share of concerns that agents file under any category, whatever was said.
    stray: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Field {
    /// How many terms it has.
    terms: u32,
    /// How many were found in the concerns of each category.
    found: Vec<u32>,
}

/// How good a model is, on concerns that it has not learnt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// How many concerns were learnt.
    pub concerns: u32,
    /// How many were held out.
    pub held_out: u32,
    /// For how many of these the model suggests something.
    pub answered: u32,
    /// For how many of these the first suggestion is what the agent had chosen.
    pub first: u32,
    /// For how many of these one of the suggestions is.
    pub among: u32,
}

impl Measured {
    /// The share of answers whose first suggestion is right; none without an answer.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        (self.answered > 0).then(|| f64::from(self.first) / f64::from(self.answered))
    }

    /// The share of answers that have the right category among their suggestions; none without an answer.
    #[must_use]
    pub fn accuracy_of_all(&self) -> Option<f64> {
        (self.answered > 0).then(|| f64::from(self.among) / f64::from(self.answered))
    }
}

/// A category that a concern may be about.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The category.
    pub category: CategoryCode,
    /// How likely, 0 to 1, in thousandths: of 100 concerns whose first suggestion has 0.8, about 80 are about it. All of
    /// one answer add up to 1 at most.
    pub confidence: f64,
}

/// Why nothing is suggested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Too few concerns were learnt, or held out to measure by.
    TooLittleData,
    /// Too few of the held-out concerns were told rightly.
    TooInaccurate,
    /// No word of the text was learnt.
    NothingRecognised,
    /// Some words were, but they fit several categories, or one that is no longer in use.
    NotSure,
}

impl Model {
    /// What a concern with this text and these areas may be about, the best first: categories that may be suggested, one
    /// to three.
    ///
    /// # Errors
    /// Why nothing is suggested.
    pub fn suggest(
        &self,
        said: &str,
        areas: &Areas,
        may_be: impl Fn(&CategoryCode) -> bool,
    ) -> Result<Vec<Suggestion>, Unknown> {
        let Measured { concerns, held_out, .. } = self.measured;
        if concerns < ENOUGH.0 || held_out < ENOUGH.1 {
            return Err(Unknown::TooLittleData);
        }
        if self.measured.accuracy_of_all().is_some_and(|share| share < GOOD_ENOUGH) {
            return Err(Unknown::TooInaccurate);
        }
        let terms = terms(said, areas);
        self.answer(terms.iter().map(String::as_str), may_be)
    }

    /// The same, without asking whether the model is good for anything: what it is measured by.
    fn answer<'a>(
        &self,
        terms: impl Iterator<Item = &'a str> + Clone,
        may_be: impl Fn(&CategoryCode) -> bool,
    ) -> Result<Vec<Suggestion>, Unknown> {
        if !terms.clone().any(|term| field(term).is_empty() && self.terms.contains_key(term)) {
            return Err(Unknown::NothingRecognised);
        }
        let likely = self.doubt.weigh(&self.scores(terms), &self.shares());
        // What a category has that is no longer in use goes to none of the others: they are no likelier for it.
        let mut items: Vec<Suggestion> = std::iter::zip(&self.categories, likely)
            .filter(|((category, _), _)| may_be(category))
            // Rounded down, so that they never add up to more than 1.
            .map(|((category, _), p)| Suggestion {
                category: category.clone(),
                confidence: (p * 1000.0).floor() / 1000.0,
            })
            .filter(|item| item.confidence >= SURE.1)
            .collect();
        items.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then_with(|| a.category.cmp(&b.category)));
        items.truncate(ITEMS);
        if items.first().is_some_and(|best| best.confidence >= SURE.0) { Ok(items) } else { Err(Unknown::NotSure) }
    }

    /// The share of each category.
    fn shares(&self) -> Vec<f64> {
        let all: u32 = self.categories.iter().map(|(_, n)| n + 1).sum();
        self.categories.iter().map(|(_, n)| f64::from(n + 1) / f64::from(all)).collect()
    }

    /// The logarithm of each category's likelihood, but for what is the same for all of them.
    fn scores<'a>(&self, terms: impl Iterator<Item = &'a str>) -> Vec<f64> {
        let mut scores: Vec<f64> = self.categories.iter().map(|(_, n)| f64::from(n + 1).ln()).collect();
        for term in terms {
            let (Some(counts), Some(field)) = (self.terms.get(term), self.fields.get(field(term))) else { continue };
            for (score, found) in scores.iter_mut().zip(&field.found) {
                *score -= (f64::from(*found) + SMOOTHING * f64::from(field.terms)).ln();
            }
            for (category, n) in counts {
                if let Some(score) = scores.get_mut(*category) {
                    *score += (f64::from(*n) / SMOOTHING + 1.0).ln();
                }
            }
        }
        scores
    }
}

impl Doubt {
    /// The probability of each category, of which `shares` says how common it is.
    fn weigh(self, scores: &[f64], shares: &[f64]) -> Vec<f64> {
        let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let odds: Vec<f64> = scores.iter().map(|score| ((score - best) / self.temperature).exp()).collect();
        let sum: f64 = odds.iter().sum();
        std::iter::zip(odds, shares).map(|(odd, share)| (1.0 - self.stray) * odd / sum + self.stray * share).collect()
    }
}

/// What a model looks at: the first different words of a text, by their stems, and the areas of the place.
fn terms(said: &str, areas: &Areas) -> BTreeSet<String> {
    // Shorter ones are articles, longer ones no words; what has a digit is a number, a plate or a date.
    let is_word = |stem: &String| (3..=30).contains(&stem.chars().count()) && !stem.chars().any(char::is_numeric);
    let mut terms = BTreeSet::new();
    for stem in stems(said).filter(is_word) {
        terms.insert(stem);
        if terms.len() == WORDS {
            break;
        }
    }
    terms.extend(areas.iter().map(|(zoning, area)| format!("{zoning}@{area}")));
    terms
}

/// The field of a term: its zoning; of a word, which never has an @, nothing.
fn field(term: &str) -> &str {
    term.split_once('@').map_or("", |(zoning, _)| zoning)
}
