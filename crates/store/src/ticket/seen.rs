//! Changing one ticket without a transaction around it: it is read without a lock, and kept only if nobody has written its row
//! since.

use domain::ticket::Ticket;
use domain::ticket::notice::Follower;
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, DatabaseBackend, QuerySelect, QueryTrait};

use super::change::save;
use super::follower::{OF_THE_ROW, of_the_row};
use super::{Named, Saved, named, of_row};
use crate::idempotency::First;
use crate::{Result, Scope, Store};

/// How a ticket's row was when it was read: PostgreSQL names the transaction that wrote it.
#[derive(Debug, Clone)]
pub struct Seen(String);

impl Store {
    /// The ticket of that name, if the scope holds it, who follows it (see [`crate::Tx::followers`]), and how its row is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ticket_as_seen(&self, scope: &Scope, name: &Named) -> Result<Option<(Ticket, Vec<Follower>, Seen)>> {
        let select = named(scope, name).expr_as(Expr::cust("ticket.xmin::text"), "seen");
        let select = select.expr_as(Expr::cust(OF_THE_ROW), "followers");
        let Some(row) = self.db.query_one_raw(select.build(DatabaseBackend::Postgres)).await? else { return Ok(None) };
        let (seen, followers) = (Seen(row.try_get("", "seen")?), row.try_get("", "followers")?);
        Ok(Some((of_row(&row)?, of_the_row(&self.keys, followers)?, seen)))
    }

    /// Keeps a ticket as a change left it, with everything that follows, in one statement; unless somebody has written its
    /// row since it was seen, or the key has an answer: then nothing is done, and this is false.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_change(&self, saved: &Saved, seen: &Seen, first: Option<&First<'_>>) -> Result<bool> {
        Ok(save(&self.db, std::slice::from_ref(saved), Some(&seen.0), first).await? == 1)
    }
}
