//! Cafés.

pub mod cadence;

use chrono::{DateTime, Utc};
use domain::cafe::{Cafe, Cancelled, State};
use domain::id::{AreaCode, CafeId, UserId, ZoningCode};
use domain::place::{Bounds, Place, Point};
use sea_orm::sea_query::extension::postgres::PgExpr;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};
use uuid::Uuid;

use crate::{Error, Page, Result, Store, Tx, Window};

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
        pub announced_at: Option<DateTimeUtc>,
        pub held_at: Option<DateTimeUtc>,
        pub cancelled_at: Option<DateTimeUtc>,
        pub cancel_reason: Option<String>,
        pub report: Option<Json>,
        pub planned_by: Uuid,
        pub changed_at: DateTimeUtc,
        pub version: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The condition that a café took place before `$now`: somebody said that it is held, or its time had come and concerns
/// were heard there. Whoever listens to residents may forget to say so.
macro_rules! took_place {
    ($now:literal) => {
        concat!(
            "(state in ('held', 'reported') or state = 'planned' and starts_at <= ",
            $now,
            " and (past_concerns > 0 or exists (select from concern where concern.cafe_id = cafe.id)))"
        )
    };
}
pub(crate) use took_place;

/// Which cafés are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these states; in any when empty.
    pub states: Vec<State>,
    /// In one of these areas; anywhere when empty.
    pub areas: Vec<(ZoningCode, AreaCode)>,
    /// In each of these areas.
    pub inside_all: Vec<(ZoningCode, AreaCode)>,
    /// Only those that were announced and begin then or later.
    pub announced_from: Option<DateTime<Utc>>,
    /// Within these bounds.
    pub within: Option<Bounds>,
    /// Which last into this time.
    pub during: Option<Window>,
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
        announced_at: cafe.announced_at,
        held_at: cafe.held_at,
        cancelled_at: cafe.cancelled.as_ref().map(|cancelled| cancelled.at),
        cancel_reason: cafe.cancelled.as_ref().map(|cancelled| cancelled.reason.to_string()),
        report: cafe.report.as_ref().map(serde_json::to_value).transpose().map_err(Error::corrupt)?,
        planned_by: cafe.planned_by.0,
        changed_at: cafe.changed_at,
        version: cafe.version,
    })
}

fn cafe(model: entity::Model) -> Result<Cafe> {
    let cancelled = match model.cancelled_at.zip(model.cancel_reason) {
        Some((at, reason)) => Some(Cancelled { at, reason: reason.try_into().map_err(Error::corrupt)? }),
        None => None,
    };
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
        announced_at: model.announced_at,
        held_at: model.held_at,
        cancelled,
        report: model.report.map(serde_json::from_value).transpose().map_err(Error::corrupt)?,
        planned_by: UserId(model.planned_by),
        changed_at: model.changed_at,
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

impl Filter {
    fn where_and_when(&self) -> Condition {
        use entity::Column;
        let each = self.inside_all.iter().map(|area| lies_in(Column::Areas, std::slice::from_ref(area)));
        let mut all = each.fold(Condition::all(), Condition::add);
        if let Some(from) = self.announced_from {
            all = all.add(Column::AnnouncedAt.is_not_null()).add(Column::StartsAt.gte(from));
        }
        if let Some(Bounds { west, south, east, north }) = self.within {
            let lon = if west <= east {
                Column::Lon.between(west, east)
            } else {
                Column::Lon.gte(west).or(Column::Lon.lte(east))
            };
            all = all.add(Column::Lat.between(south, north)).add(lon);
        }
        if let Some(Window { from, to }) = self.during {
            all = all.add(Column::StartsAt.lte(to)).add(Column::EndsAt.gte(from));
        }
        all
    }
}

impl Store {
    /// The café of that id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cafe(&self, id: CafeId) -> Result<Option<Cafe>> {
        entity::Entity::find_by_id(id.0).one(&self.db).await?.map(cafe).transpose()
    }

    /// The announced cafés that begin then or later, the earliest first, `limit` at most; in one of these areas, anywhere
    /// when there are none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn announced_cafes(
        &self,
        areas: &[(ZoningCode, AreaCode)],
        from: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<Cafe>> {
        use entity::Column;
        let rows = entity::Entity::find()
            .filter(Column::AnnouncedAt.is_not_null())
            .filter(Column::StartsAt.gte(from))
            .apply_if((!areas.is_empty()).then_some(areas), |select, areas| {
                select.filter(lies_in(Column::Areas, areas))
            })
            .order_by_asc(Column::StartsAt)
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?;
        rows.into_iter().map(cafe).collect()
    }

    /// A page of cafés, the latest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cafes(&self, filter: &Filter, after: Option<After>, limit: u64) -> Result<Page<Cafe, After>> {
        use entity::Column;
        let mut condition = filter.where_and_when();
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
    /// The café of that id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cafe(&self, id: CafeId) -> Result<Option<Cafe>> {
        entity::Entity::find_by_id(id.0).one(&self.db).await?.map(cafe).transpose()
    }

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
        model(cafe)?.into_active_model().reset_all().update(&self.db).await?;
        Ok(())
    }
}
