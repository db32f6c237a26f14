//! The model that suggests categories: kept as one row, learnt by one worker at a time, from concerns read in batches.

use chrono::{DateTime, Utc};
use domain::id::{CategoryCode, ConcernId};
use domain::place::{Areas, Point};
use domain::suggestion::{Example, Model};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Result, Store};

/// A model with the revision that it has in the database.
#[derive(Debug, Clone)]
pub struct Trained {
    /// Rises with each training.
    pub revision: i64,
    /// When it was trained.
    pub at: DateTime<Utc>,
    /// The model.
    pub model: Model,
}

#[derive(FromQueryResult)]
struct TrainedRow {
    revision: i64,
    trained_at: DateTime<Utc>,
    model: Value,
}

#[derive(FromQueryResult)]
struct ExampleRow {
    id: Uuid,
    category_code: String,
    description: String,
    lat: Option<f64>,
    lon: Option<f64>,
    areas: Value,
}

impl TryFrom<ExampleRow> for Example {
    type Error = Error;

    fn try_from(row: ExampleRow) -> Result<Self> {
        let ExampleRow { id, category_code, description, lat, lon, areas } = row;
        Ok(Self {
            id: ConcernId(id),
            category: CategoryCode::try_from(category_code).map_err(Error::corrupt)?,
            said: description,
            point: lat.zip(lon).map(|(lat, lon)| Point { lat, lon }),
            areas: serde_json::from_value::<Areas>(areas).map_err(Error::corrupt)?,
        })
    }
}

impl Store {
    /// The revision of the model; none before one is trained.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn suggestion_revision(&self) -> Result<Option<i64>> {
        let statement = sql("select revision from suggestion_model where model is not null", []);
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    /// The model; none before one is trained.
    ///
    /// # Errors
    /// When the database does not answer, or holds a model that this program does not understand.
    pub async fn suggestion_model(&self) -> Result<Option<Trained>> {
        let statement = sql("select revision, trained_at, model from suggestion_model where model is not null", []);
        let Some(row) = TrainedRow::find_by_statement(statement).one(&self.db).await? else { return Ok(None) };
        let model = serde_json::from_value(row.model).map_err(Error::corrupt)?;
        Ok(Some(Trained { revision: row.revision, at: row.trained_at, model }))
    }

    /// Takes the turn to train, if there is no model, or only one that is older than `trained_before`, and nobody has it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim_training(
        &self,
        trained_before: DateTime<Utc>,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool> {
        let statement = sql(
            "insert into suggestion_model as m (claimed_until) values ($3)
             on conflict (singleton) do update set claimed_until = excluded.claimed_until
             where (m.trained_at is null or m.trained_at < $1) and (m.claimed_until is null or m.claimed_until <= $2)",
            [trained_before.into(), now.into(), until.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// Puts a model in the place of the one before, and ends the turn.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_suggestion_model(&self, model: &Model, now: DateTime<Utc>) -> Result<()> {
        let model = serde_json::to_value(model).map_err(Error::corrupt)?;
        let statement = sql(
            "update suggestion_model
             set revision = revision + 1, trained_at = $1, model = $2, claimed_until = null",
            [now.into(), model.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// A batch of concerns of these categories that were filed since, the latest first, those before `before`: what the
    /// city's agents chose, not what residents did at an Open311 client.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn examples(
        &self,
        categories: &[CategoryCode],
        since: DateTime<Utc>,
        before: Option<ConcernId>,
        limit: u32,
    ) -> Result<Vec<Example>> {
        let codes: Vec<String> = categories.iter().map(ToString::to_string).collect();
        let before = before.map_or(Uuid::max(), |id| id.0);
        let statement = sql(
            "select id, category_code, description, lat, lon, areas from concern
             where id < $1 and filed_at >= $2 and category_code = any($3) and description is not null
               and texts_erased_at is null and origin <> 'open311'
             order by id desc limit $4",
            [before.into(), since.into(), codes.into(), limit.into()],
        );
        let rows = ExampleRow::find_by_statement(statement).all(&self.db).await?;
        rows.into_iter().map(Example::try_from).collect()
    }
}
