//! What it costs to learn categories from fifty thousand concerns, and to suggest some for one.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::id::{AreaCode, ConcernId, ZoningCode};
use domain::place::{Areas, Point};
use domain::suggestion::{CONCERNS, Example, Model, Trainer};
use uuid::Uuid;

/// Numbers that look random and are always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap_or_default() % sides
    }
}

/// Something that looks like a word: the smaller the number, the more often it is said.
fn word(dice: &mut Dice, vocabulary: u32) -> String {
    let bound = dice.roll(vocabulary) + 1;
    let mut number = dice.roll(bound);
    let mut word = String::from("b");
    for _ in 0..4 {
        for letters in ["aeiou", "bdflmnprst"] {
            let at = usize::try_from(number).unwrap_or_default() % letters.len();
            word.push_str(&letters[at..=at]);
            number /= 3;
        }
    }
    word
}

/// Twenty-five words about one of forty categories, ten of them its own, at one of forty areas.
fn example(n: u128, dice: &mut Dice) -> Example {
    let category = dice.roll(40);
    let mut said: Vec<String> = (0..15).map(|_| word(dice, 30_000)).collect();
    let own = ["b", "d", "f", "g", "k", "l", "m"][usize::try_from(category % 7).unwrap_or_default()];
    said.extend(
        (0..10).map(|_| {
            format!("{own}{}{}", "z".repeat(usize::try_from(category / 7).unwrap_or_default()), word(dice, 60))
        }),
    );
    let area: AreaCode = format!("a{}", dice.roll(40)).parse().expect("a code");
    let zoning: ZoningCode = "quartiers".parse().expect("a code");
    Example {
        id: ConcernId(Uuid::from_u128(n)),
        category: format!("c{category}").parse().expect("a code"),
        said: said.join(" "),
        point: Some(Point { lat: 49.8 + 0.001 * f64::from(dice.roll(200)), lon: 2.3 }),
        areas: Areas::from([(zoning, area)]),
    }
}

fn train(examples: &[Example]) -> Model {
    let mut trainer = Trainer::default();
    for example in examples {
        trainer.add(example);
    }
    trainer.finish()
}

fn suggestion(criterion: &mut Criterion) {
    let mut dice = Dice(1);
    let examples: Vec<Example> = (0..CONCERNS as u128).map(|n| example(n, &mut dice)).collect();
    let model = train(&examples);
    let text = serde_json::to_string(&model).expect("a model is JSON");
    let one = &examples[0];
    let long = examples[..20].iter().map(|example| example.said.as_str()).collect::<Vec<_>>().join(" ");
    let mut group = criterion.benchmark_group("suggestion");
    group.bench_function("of a description of 25 words", |bench| {
        bench.iter(|| black_box(model.suggest(&one.said, &one.areas, |_| true)));
    });
    group.bench_function("of 4000 characters", |bench| {
        bench.iter(|| black_box(model.suggest(&long[..4000], &one.areas, |_| true)));
    });
    group.bench_function("reading the model", |bench| {
        bench.iter(|| black_box(serde_json::from_str::<Model>(&text).map(|model| model.measured)));
    });
    group.sample_size(10);
    group.bench_function("learning from 50 000 concerns", |bench| bench.iter(|| black_box(train(&examples))));
    group.finish();
}

criterion_group!(benches, suggestion);
criterion_main!(benches);
