//! What is late, for those who look after it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::city::catalogue::Category;
use domain::city::organisation::Service;
use domain::id::ServiceCode;
use domain::person::Role;
use domain::rights::{Caller, Person};
use domain::ticket::{State, Ticket};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Filter;
use super::count::up_to;
use super::entity::{self, Column};
use super::filter::due_before;
use crate::connect::sql;
use crate::{Error, Result, Scope, Store, Tx};

/// Up to how many late tickets are counted.
const COUNTED: u32 = 1000;

/// What is late, as one person is told.
#[derive(Debug, Clone)]
pub struct Late {
    /// The tickets, those first that were due first.
    pub tickets: Vec<(Ticket, Category, Service)>,
    /// How many more there are; a thousand are counted at most.
    pub more: usize,
}

impl Tx {
    /// The services that have late tickets.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn late_services(&self, now: DateTime<Utc>) -> Result<Vec<ServiceCode>> {
        let late = entity::Entity::find().select_only().column(Column::ServiceCode).distinct().filter(due_before(now));
        let codes: Vec<String> = late.into_tuple().all(&self.db).await?;
        codes.into_iter().map(|code| code.try_into().map_err(Error::corrupt)).collect()
    }
}

impl Store {
    /// The late tickets that somebody looks after: a dispatcher all of them, others those that their services have to
    /// answer. The first `limit`, and how many more there are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn late_tickets(&self, person: &Person, now: DateTime<Utc>, limit: u64) -> Result<Late> {
        let scope = Scope::of(&Caller::Person(person.clone()));
        let mut filter = Filter { late: Some(true), ..Filter::default() };
        if !person.is(Role::Dispatcher) {
            if person.services.is_empty() {
                return Ok(Late { tickets: Vec::new(), more: 0 });
            }
            filter.services = person.services.iter().cloned().collect();
            // What it refused is no longer its own to answer.
            filter.states = vec![State::Submitted, State::Acknowledged, State::Scheduled, State::InProgress];
        }
        let late = || entity::Entity::find().filter(filter.condition(&scope, now));
        let untouched = Column::State.is_in([State::Submitted, State::Refused].map(State::code));
        let due: Expr =
            Expr::case(untouched, Expr::col(Column::AckDueAt)).finally(Expr::col(Column::ResolveDueAt)).into();
        let rows = late().order_by_asc(due).order_by_asc(Column::Id).limit(limit).all(&self.db).await?;
        let counted = self.planned(&up_to(late(), COUNTED)).await?;
        let all: i64 = counted.first().map_or(Ok(0), |row| row.try_get_by_index(0))?;
        let all = usize::try_from(all.min(COUNTED.into())).unwrap_or_default();
        let more = all.saturating_sub(rows.len());
        let (mut categories, mut services) = (Vec::new(), Vec::new());
        for row in &rows {
            categories.push(row.category_code.clone());
            services.push(row.service_code.clone());
        }
        let categories: BTreeMap<String, Category> =
            self.definitions("select code, definition from category where code = any($1)", categories).await?;
        let services: BTreeMap<String, Service> =
            self.definitions("select code, definition from service where code = any($1)", services).await?;
        let lost = || Error::corrupt("a ticket's category or service is not there");
        let named = rows.into_iter().map(|row| {
            let category = categories.get(&row.category_code).cloned().ok_or_else(lost)?;
            let service = services.get(&row.service_code).cloned().ok_or_else(lost)?;
            Ok((super::ticket(row)?, category, service))
        });
        Ok(Late { tickets: named.collect::<Result<_>>()?, more })
    }

    async fn definitions<T: DeserializeOwned>(
        &self,
        text: &'static str,
        codes: Vec<String>,
    ) -> Result<BTreeMap<String, T>> {
        let rows = self.db.query_all_raw(sql(text, [codes.into()])).await?;
        let one = |row: sea_orm::QueryResult| {
            let (code, definition): (String, Value) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            Ok((code, serde_json::from_value(definition).map_err(Error::corrupt)?))
        };
        rows.into_iter().map(one).collect()
    }
}
