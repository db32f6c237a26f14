//! A year of a city, in fast time.
//!
//! Every Tuesday at ten, officers have written down what they heard, at one of the five cafés or elsewhere; in the afternoon
//! the services work, each in its own way: one is slow, one is silent, one says that it is never competent, one has lost its
//! mailbox, two write e-mails; partners follow their links, or let them expire. In between the post goes to and fro:
//! residents read it, say whether it is solved, insist, ask for no more of it, have moved. In August two machines meet.
//!
//! All of it goes through HTTP and SMTP. In the end it is counted who was told what, what became of each ticket, and
//! whether the city's figures are what its events say.

mod cast;
mod desk;
mod hear;
mod homes;
mod late;
mod numbers;
mod partners;
mod post;
mod story;
mod told;
mod town;
mod work;

use std::time::{Duration, Instant};

use hear::WEEKS;
use story::Stories;
use town::Town;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    let year = Test::new(module_path!(), "a_year_of_a_city", || Box::pin(a_year_of_a_city()));
    vec![year.patient(Duration::from_hours(1))]
}

/// How many concerns are raised in a whole year, and in the one that is played each time. `CONTINUUM_YEAR=1` plays the
/// whole one.
const WHOLE: usize = 5_000;
const SHORT: usize = 400;

/// How long the services go on after nobody has said anything more, weeks.
const AFTERWARDS: i64 = 10;

/// What has to happen in the year, or the checks say little: events, by whom, and what residents say.
const PLAYED: [&str; 18] = [
    "acknowledged by person",
    "acknowledged by partner",
    "refused by person",
    "refused by partner",
    "rerouted by person",
    "rerouted by system",
    "held by person",
    "resumed by system",
    "resolved by person",
    "resolved by partner",
    "closed by system",
    "closed by person",
    "cancelled by person",
    "merged by person",
    "reopened by resident",
    "solved",
    "not_solved",
    "no_answer",
];

async fn a_year_of_a_city() {
    let began = Instant::now();
    let concerns = if std::env::var_os("CONTINUUM_YEAR").is_some() { WHOLE } else { SHORT };
    let mut town = Town::found(concerns).await;
    for week in 0..WEEKS + AFTERWARDS {
        town.city.clock.set(&Town::tuesday(week).to_rfc3339());
        town.week = week;
        town.look_after().await;
        town.hear().await;
        town.post_goes().await;
        town.city.clock.forward(chrono::Duration::hours(3));
        town.settle().await;
        town.work().await;
        town.partners_work().await;
        town.all_may_see_what_they_were_told_of().await;
        town.post_goes().await;
    }
    assert_eq!(town.said.len(), concerns);
    let stories = Stories::of(&town).await;
    let there_is = stories.what_there_is();
    for play in PLAYED {
        assert!(there_is.contains(play), "{play} was not played: {there_is:?}");
    }
    town.every_resident_has_a_receipt(&stories);
    let (officers, residents) = town.every_end_was_told(&stories);
    town.it_is_known_who_is_not_told(&stories).await;
    town.nobody_is_written_to_without_end();
    let late = town.what_has_not_ended_is_on_somebodys_list(&stories).await;
    town.the_statistics_are_right().await;
    town.the_masked_statistics_are_right().await;
    town.the_sheets_are_right(&stories).await;
    eprintln!(
        "{concerns} concerns, {} tickets, {} letters; ends told: {officers} to officers, {residents} to residents; {late} \
         late; {:?}; {:?}",
        stories.all.len(),
        town.post.letters.len(),
        town.handed_in,
        began.elapsed()
    );
    town.city.stop().await;
}
