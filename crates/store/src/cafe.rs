//! Cafés.

use chrono::{DateTime, Utc};
use domain::cafe::{Cafe, State};
use domain::id::{AreaCode, CafeId, UserId, ZoningCode};
use domain::place::{Place, Point};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::extension::postgres::PgExpr;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::{Error, Page, Result, Store, Tx};

#[allow(unreachable_pub, reason = "sea-orm's macro makes it so")]
mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "cafe")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub title: String,
        pub state: String,
        pub lat: f64,
        pub lon: f64,
        pub address: Option<String>,
        pub areas: Json,
        pub starts_at: DateTimeUtc,
        pub ends_at: DateTimeUtc,
        pub held_at: Option<DateTimeUtc>,
        pub planned_by: Uuid,
        pub version: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which cafés are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these states; in any when empty.
    pub states: Vec<State>,
    /// In one of these areas; anywhere when empty.
    pub areas: Vec<(ZoningCode, AreaCode)>,
}

/// Where a page begins: after this café, the latest first.
#[derive(Debug, Clone, Copy)]
pub struct After {
    /// When it starts.
    pub starts_at: DateTime<Utc>,
    /// Its id.
    pub id: CafeId,
}

fn model(cafe: &Cafe) -> Result<entity::Model> {
    Ok(entity::Model {
        id: cafe.id.0,
        title: cafe.title.as_str().to_owned(),
        state: cafe.state.code().to_owned(),
        lat: cafe.place.point.lat,
        lon: cafe.place.point.lon,
        address: cafe.place.address.as_ref().map(ToString::to_string),
        areas: serde_json::to_value(&cafe.areas).map_err(Error::corrupt)?,
        starts_at: cafe.starts_at,
        ends_at: cafe.ends_at,
        held_at: cafe.held_at,
        planned_by: cafe.planned_by.0,
        version: cafe.version,
    })
}

fn cafe(model: entity::Model) -> Result<Cafe> {
    Ok(Cafe {
        id: CafeId(model.id),
        title: model.title.try_into().map_err(Error::corrupt)?,
        state: State::from_code(&model.state).ok_or_else(|| Error::corrupt("a café has an unknown state"))?,
        place: Place {
            point: Point { lat: model.lat, lon: model.lon },
            address: model.address.map(TryInto::try_into).transpose().map_err(Error::corrupt)?,
        },
        areas: serde_json::from_value(model.areas).map_err(Error::corrupt)?,
        starts_at: model.starts_at,
        ends_at: model.ends_at,
        held_at: model.held_at,
        planned_by: UserId(model.planned_by),
        version: model.version,
    })
}

/// The condition that `areas` names one of the areas.
fn lies_in<C: ColumnTrait>(column: C, areas: &[(ZoningCode, AreaCode)]) -> Condition {
    let table_column = Expr::col(column.as_column_ref());
    areas.iter().fold(Condition::any(), |any, (zoning, area)| {
        any.add(table_column.clone().contains(serde_json::json!({ zoning.as_str(): area.as_str() })))
    })
}

impl Store {
    /// The café of that id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cafe(&self, id: CafeId) -> Result<Option<Cafe>> {
        entity::Entity::find_by_id(id.0).one(&self.db).await?.map(cafe).transpose()
    }

    /// A page of cafés, the latest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cafes(&self, filter: &Filter, after: Option<After>, limit: u64) -> Result<Page<Cafe, After>> {
        use entity::Column;
        let mut condition = Condition::all();
        if !filter.states.is_empty() {
            condition = condition.add(Column::State.is_in(filter.states.iter().map(|state| state.code())));
        }
        if !filter.areas.is_empty() {
            condition = condition.add(lies_in(Column::Areas, &filter.areas));
        }
        if let Some(After { starts_at, id }) = after {
            let position = Expr::tuple([Expr::col(Column::StartsAt), Expr::col(Column::Id)]);
            condition = condition.add(position.lt(Expr::tuple([Expr::val(starts_at), Expr::val::<Uuid>(id.0)])));
        }
        let rows = entity::Entity::find()
            .filter(condition)
            .order_by_desc(Column::StartsAt)
            .order_by_desc(Column::Id)
            .limit(limit + 1)
            .all(&self.db)
            .await?;
        let cafes = rows.into_iter().map(cafe).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(cafes, limit, |cafe| After { starts_at: cafe.starts_at, id: cafe.id }))
    }
}

impl Tx {
    /// Adds a café.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_cafe(&self, cafe: &Cafe) -> Result<()> {
        entity::Entity::insert(model(cafe)?.into_active_model()).exec_without_returning(&self.db).await?;
        Ok(())
    }

    /// The café of that id, locked until the transaction ends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_cafe(&self, id: CafeId) -> Result<Option<Cafe>> {
        entity::Entity::find_by_id(id.0).lock_exclusive().one(&self.db).await?.map(cafe).transpose()
    }

    /// Keeps a café that was locked, as it is now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_cafe(&self, cafe: &Cafe) -> Result<()> {
        let changed = entity::ActiveModel {
            id: Set(cafe.id.0),
            state: Set(cafe.state.code().to_owned()),
            held_at: Set(cafe.held_at),
            version: Set(cafe.version),
            ..Default::default()
        };
        changed.update(&self.db).await?;
        Ok(())
    }
}
