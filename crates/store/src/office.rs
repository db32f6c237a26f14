//! What those who write letters need of the city: who writes, when the dispatcher's desk is open, and the words that the
//! city wrote itself.

use domain::city::{LetterWords, Settings};
use domain::time::Calendar;
use sea_orm::FromQueryResult;
use serde_json::Value;

use crate::connect::sql;
use crate::{Error, Result, Store};

/// What those who write letters need of the city.
#[derive(Debug, Clone)]
pub struct Office {
    /// Rises with every change of the city.
    pub revision: i64,
    /// What holds for the whole city.
    pub settings: Settings,
    /// When the dispatcher's desk is open.
    pub calendar: Option<Calendar>,
    /// The words that the city wrote itself.
    pub letters: Vec<LetterWords>,
}

#[derive(FromQueryResult)]
struct Row {
    revision: i64,
    settings: Value,
    calendar: Option<Value>,
    letters: Value,
}

impl Store {
    /// What letters are written with, unless it is still what was read with revision `held`. None before a city is loaded,
    /// and when it is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn office(&self, held: Option<i64>) -> Result<Option<Office>> {
        let statement = sql(
            "select revision, settings,
                 (select c.definition from service s join calendar c on c.code = s.definition ->> 'calendar'
                  where s.code = settings ->> 'dispatcher_desk') as calendar,
                 coalesce((select jsonb_agg(definition order by position) from letter where active), '[]'::jsonb) as letters
             from city where revision is distinct from $1",
            [held.into()],
        );
        let Some(row) = Row::find_by_statement(statement).one(&self.db).await? else { return Ok(None) };
        Ok(Some(Office {
            revision: row.revision,
            settings: serde_json::from_value(row.settings).map_err(Error::corrupt)?,
            calendar: row.calendar.map(serde_json::from_value).transpose().map_err(Error::corrupt)?,
            letters: serde_json::from_value(row.letters).map_err(Error::corrupt)?,
        }))
    }
}
