//! Learning what concerns are about from those that were filed: anew each day, so that what is deleted is forgotten.

use chrono::{Months, TimeDelta};
use domain::city::catalogue::Category;
use domain::id::CategoryCode;
use domain::suggestion::{CONCERNS, Model, Trainer};

use crate::{Context, of};

/// How far back concerns are learnt from: what words mean, and what the catalogue means, changes.
const MONTHS: Months = Months::new(24);

/// How many concerns are read at once.
const BATCH: u32 = 1000;

/// How long a worker may take before another one tries.
const TURN: TimeDelta = TimeDelta::minutes(15);

/// Why nothing was learnt.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The thread that counted was stopped.
    #[error("learning was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// Trains the model that suggests categories, if it is a day old and no other worker is at it. Returns whether it did.
///
/// # Errors
/// See [`LearnError`].
pub async fn learn(cx: &Context) -> Result<bool, LearnError> {
    let now = cx.now();
    let Ok(loaded) = cx.city() else { return Ok(false) };
    if !cx.store.claim_training(now - TimeDelta::days(1), now, now + TURN).await? {
        return Ok(false);
    }
    let learnt = of(&loaded).catalogue.iter().filter(|category| category.is_suggested());
    let codes: Vec<CategoryCode> = learnt.map(|category: &Category| category.code.clone()).collect();
    let model = train(cx, &codes).await?;
    cx.store.put_suggestion_model(&model, now).await?;
    let measured = model.measured;
    tracing::info!(measured.concerns, measured.held_out, accuracy = measured.accuracy(), "categories were learnt");
    Ok(true)
}

async fn train(cx: &Context, categories: &[CategoryCode]) -> Result<Model, LearnError> {
    let now = cx.now();
    let since = now.checked_sub_months(MONTHS).unwrap_or(now);
    let (mut trainer, mut before) = (Trainer::default(), None);
    while trainer.len() < CONCERNS {
        let examples = cx.store.examples(categories, since, before, BATCH).await?;
        let Some(last) = examples.last() else { break };
        before = Some(last.id);
        // Stems are work for a processor: not on a thread that answers requests.
        trainer = tokio::task::spawn_blocking(move || {
            for example in &examples {
                trainer.add(example);
            }
            trainer
        })
        .await?;
    }
    Ok(tokio::task::spawn_blocking(move || trainer.finish()).await?)
}
