//! Learning from concerns that were filed, one by one, in memory that is bounded.

use std::collections::{BTreeMap, HashMap};

use super::{Doubt, Field, Measured, Model, field, terms};
use crate::id::{CategoryCode, ConcernId};
use crate::place::{Areas, Point};

/// How many concerns are learnt and held out at most: the latest.
pub const CONCERNS: usize = 50_000;

/// At how many places a word must have been said to be kept. As in the city's statistics, what is under five may point
/// to somebody; and what neighbours say of one of them, they say at one place.
pub(super) const PLACES: usize = 5;

/// How many words are kept at most: those that were said most often.
const VOCABULARY: usize = 20_000;

/// Before anything was measured.
const CERTAIN: Doubt = Doubt { temperature: 1.0, stray: 0.0 };

/// One concern in so many is held out.
const HELD_OUT: u128 = 5;

/// A concern that was filed.
#[derive(Debug, Clone)]
pub struct Example {
    /// Its id decides whether it is learnt or held out: always the same.
    pub id: ConcernId,
    /// What the agent chose.
    pub category: CategoryCode,
    /// What the resident said.
    pub said: String,
    /// Where; none of an address alone.
    pub point: Option<Point>,
    /// The areas of the place.
    pub areas: Areas,
}

/// About a hundred metres either way.
type Square = (i32, i32);

struct Document {
    category: usize,
    /// None of an address alone, which proves no other place: its words are learnt if others said them at enough places.
    square: Option<Square>,
    terms: Vec<usize>,
}

/// Becomes a model.
#[derive(Default)]
pub struct Trainer {
    categories: BTreeMap<CategoryCode, usize>,
    terms: HashMap<String, usize>,
    learnt: Vec<Document>,
    held_out: Vec<Document>,
}

impl Trainer {
    /// Takes a concern in.
    pub fn add(&mut self, example: &Example) {
        let next = self.categories.len();
        let category = *self.categories.entry(example.category.clone()).or_insert(next);
        let said = terms(&example.said, &example.areas);
        // No more room than it needs: there are many.
        let mut numbers = Vec::with_capacity(said.len());
        for term in said {
            let next = self.terms.len();
            numbers.push(*self.terms.entry(term).or_insert(next));
        }
        let document = Document { category, square: example.point.map(square), terms: numbers };
        let part = if is_held_out(example.id) { &mut self.held_out } else { &mut self.learnt };
        part.push(document);
    }

    /// How many were taken in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.learnt.len() + self.held_out.len()
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The model of what was learnt, measured on what was held out.
    #[must_use]
    pub fn finish(self) -> Model {
        let mut names = vec![""; self.terms.len()];
        for (name, number) in &self.terms {
            names[*number] = name;
        }
        let mut model = self.count(&names);
        let scored: Vec<(usize, Vec<f64>)> = (self.held_out.iter())
            .map(|held| (held.category, model.scores(held.terms.iter().map(|term| names[*term]))))
            .collect();
        model.doubt = doubt(&scored, &model.shares());
        model.measured = self.measure(&model, &names);
        model
    }

    fn count(&self, names: &[&str]) -> Model {
        let mut categories: Vec<(CategoryCode, u32)> =
            by_number(&self.categories).into_iter().map(|category| (category.clone(), 0)).collect();
        let (mut fields, mut terms) = (BTreeMap::<String, Field>::new(), BTreeMap::new());
        let mut counts: HashMap<usize, BTreeMap<usize, u32>> =
            self.kept(names).into_iter().map(|term| (term, BTreeMap::new())).collect();
        for document in &self.learnt {
            categories[document.category].1 += 1;
            for term in &document.terms {
                if let Some(count) = counts.get_mut(term) {
                    *count.entry(document.category).or_default() += 1;
                }
            }
        }
        for (term, count) in counts {
            let of = fields.entry(field(names[term]).to_owned()).or_default();
            of.terms += 1;
            of.found.resize(categories.len(), 0);
            for (category, n) in &count {
                of.found[*category] += n;
            }
            terms.insert(names[term].to_owned(), count.into_iter().collect());
        }
        Model { categories, fields, terms, doubt: CERTAIN, measured: Measured::default() }
    }

    /// The terms that the model has: areas, and words that were said at enough places.
    fn kept(&self, names: &[&str]) -> Vec<usize> {
        let mut said = vec![(0_u32, Vec::<Square>::new()); names.len()];
        for document in &self.learnt {
            for term in &document.terms {
                let (times, squares) = &mut said[*term];
                *times += 1;
                if let Some(square) =
                    document.square.filter(|square| squares.len() < PLACES && !squares.contains(square))
                {
                    squares.push(square);
                }
            }
        }
        let is_word = |term: &usize| field(names[*term]).is_empty();
        let mut words: Vec<usize> =
            (0..names.len()).filter(|term| is_word(term) && said[*term].1.len() == PLACES).collect();
        words.sort_by_key(|term| (std::cmp::Reverse(said[*term].0), names[*term]));
        words.truncate(VOCABULARY);
        words.extend((0..names.len()).filter(|term| !is_word(term) && said[*term].0 > 0));
        words
    }

    fn measure(&self, model: &Model, names: &[&str]) -> Measured {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mut measured = Measured {
            concerns: count(self.learnt.len()),
            held_out: count(self.held_out.len()),
            ..Measured::default()
        };
        let codes = by_number(&self.categories);
        for held in &self.held_out {
            let terms = held.terms.iter().map(|term| names[*term]);
            let Ok(items) = model.answer(terms, |_| true) else { continue };
            let rank = items.iter().position(|item| item.category == *codes[held.category]);
            measured.answered += 1;
            measured.first += u32::from(rank == Some(0));
            measured.among += u32::from(rank.is_some());
        }
        measured
    }
}

fn by_number(categories: &BTreeMap<CategoryCode, usize>) -> Vec<&CategoryCode> {
    let mut codes: Vec<(&CategoryCode, usize)> = categories.iter().map(|(code, number)| (code, *number)).collect();
    codes.sort_by_key(|(_, number)| *number);
    codes.into_iter().map(|(code, _)| code).collect()
}

/// Whether a concern is held out: the same at every training, so that what was measured can be counted again.
pub(super) fn is_held_out(id: ConcernId) -> bool {
    id.0.as_u128().is_multiple_of(HELD_OUT)
}

#[expect(clippy::cast_possible_truncation, reason = "degrees are 180 at most, and a cast saturates")]
fn square(point: Point) -> Square {
    ((point.lat * 1000.0).floor() as i32, (point.lon * 1000.0).floor() as i32)
}

/// The doubt at which what was held out is least surprising. Two numbers for all, so that they tell next to nothing about
/// the concerns that the model is measured on.
fn doubt(scored: &[(usize, Vec<f64>)], shares: &[f64]) -> Doubt {
    let surprise = |doubt: Doubt| -> f64 {
        scored.iter().map(|(category, scores)| -doubt.weigh(scores, shares)[*category].max(1e-9).ln()).sum()
    };
    let temperatures = (0..12).map(|step| 0.6 * 1.3_f64.powi(step));
    let doubts = temperatures.flat_map(|temperature| {
        [0.01, 0.03, 0.06, 0.1, 0.2, 0.35].into_iter().map(move |stray| Doubt { temperature, stray })
    });
    let rated = doubts.map(|doubt| (doubt, surprise(doubt)));
    rated.min_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(CERTAIN, |(doubt, _)| doubt)
}
