//! Changing one ticket without a transaction around it: it is read without a lock, with all that the change depends on, and kept only
//! if nobody has written its row since.

use domain::id::{ConcernId, ServiceCode, TicketId, UserId};
use domain::ticket::Ticket;
use domain::ticket::notice::Follower;
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, LockType, Query};
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryResult, QuerySelect, QueryTrait};

use super::change::{among, save};
use super::entity::Column;
use super::follower::{OF_THE_ROW, of_the_row};
use super::{Named, Saved, named, of_row};
use crate::idempotency::First;
use crate::{Error, Result, Scope, SealingKeys, Store, Tx};

/// How the rows of tickets were when they were read: PostgreSQL names the transactions that wrote them.
#[derive(Debug, Clone)]
pub struct Seen {
    pub(super) row: String,
    pub(super) other: Option<(TicketId, String)>,
    /// The concern's row, when others of its tickets were looked at.
    pub(super) concern: Option<(ConcernId, String)>,
}

/// What a change depends on besides the ticket.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Another ticket, which is to be as it was seen when the change is kept.
    pub other: Option<Named>,
    /// Whether this account, in use, works in the ticket's service.
    pub worker: Option<UserId>,
    /// Which services have an open ticket of the same concern, and the numbers of so many new ones.
    pub siblings: usize,
}

/// What was asked for besides ([`Beside`]).
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The other ticket, if the scope holds it.
    pub other: Option<Ticket>,
    /// Whether the account works there.
    pub works_there: bool,
    /// The services that have an open ticket of the same concern.
    pub services: Vec<ServiceCode>,
    /// The numbers of new tickets.
    pub numbers: Vec<i64>,
}

/// A ticket as it was seen, and what a change of it depends on.
#[derive(Debug, Clone)]
pub struct Looked {
    /// The ticket.
    pub ticket: Ticket,
    /// Who follows it (see [`Tx::followers`]).
    pub followers: Vec<Follower>,
    /// How the rows are.
    pub seen: Seen,
    /// What was asked for besides.
    pub found: Found,
}

const WORKS_THERE: &str = "exists (
    select from user_account u join service_member m on m.user_id = u.id
    where u.id = $1 and u.active and m.service_code = ticket.service_code
)";

const SERVICES: &str = "array(
    select s.service_code from ticket s
    where s.concern_id = ticket.concern_id and s.state not in ('resolved', 'closed', 'cancelled')
)";

const CONCERN_SEEN: &str = "(select c.xmin::text from concern c where c.id = ticket.concern_id)";

const NUMBERS: &str = "array(select nextval('ticket_number') from generate_series(1, $1))";

/// The ticket of that name, if the scope holds it, with what is asked besides: one statement.
async fn look(
    db: &impl ConnectionTrait,
    keys: &SealingKeys,
    scope: &Scope,
    name: &Named,
    beside: &Beside,
) -> Result<Option<Looked>> {
    let Beside { other, worker, siblings } = beside;
    let mut select = match other {
        None => named(scope, name),
        Some(other) => among(scope, &[name.clone(), other.clone()]),
    };
    select = select.expr_as(Expr::cust("ticket.xmin::text"), "seen").expr_as(Expr::cust(OF_THE_ROW), "followers");
    if let Some(worker) = worker {
        select = select.expr_as(Expr::cust_with_values(WORKS_THERE, [worker.0]), "works_there");
    }
    if *siblings > 0 {
        let new = i32::try_from(*siblings).unwrap_or(i32::MAX);
        select = select.expr_as(Expr::cust(SERVICES), "services");
        select = select.expr_as(Expr::cust(CONCERN_SEEN), "concern_seen");
        select = select.expr_as(Expr::cust_with_values(NUMBERS, [new]), "numbers");
    }
    let rows = db.query_all_raw(select.build(DatabaseBackend::Postgres)).await?;
    let tickets = rows.iter().map(of_row).collect::<Result<Vec<_>>>()?;
    let find = |name: &Named| tickets.iter().position(|ticket| name.names(ticket));
    let Some(at) = find(name) else { return Ok(None) };
    let row = &rows[at];
    let seen = |row: &QueryResult| -> Result<String> { Ok(row.try_get("", "seen")?) };
    let other = other.as_ref().and_then(find);
    let mut seen = Seen {
        row: seen(row)?,
        other: other.map(|other| Ok::<_, Error>((tickets[other].id, seen(&rows[other])?))).transpose()?,
        concern: None,
    };
    let mut found = Found { other: other.map(|other| tickets[other].clone()), ..Found::default() };
    if worker.is_some() {
        found.works_there = row.try_get("", "works_there")?;
    }
    if *siblings > 0 {
        let codes: Vec<String> = row.try_get("", "services")?;
        let services = codes.into_iter().map(|code| code.try_into().map_err(Error::corrupt));
        (found.services, found.numbers) = (services.collect::<Result<_>>()?, row.try_get("", "numbers")?);
        seen.concern = Some((tickets[at].concern, row.try_get("", "concern_seen")?));
    }
    Ok(Some(Looked {
        ticket: tickets[at].clone(),
        followers: of_the_row(keys, row.try_get("", "followers")?)?,
        seen,
        found,
    }))
}

impl Store {
    /// The ticket of that name, if the scope holds it, with what a change of it depends on: one statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn look_at_ticket(&self, scope: &Scope, name: &Named, beside: &Beside) -> Result<Option<Looked>> {
        look(&self.db, &self.keys, scope, name, beside).await
    }

    /// Keeps a ticket as a change left it, with everything that follows, in one statement; unless somebody has written its
    /// row since it was seen, or the one beside it, or has opened tickets of the same concern when this does, or the key has an answer: then nothing is done, and this is false.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_seen(&self, saved: &Saved, seen: &Seen, first: Option<&First<'_>>) -> Result<bool> {
        Ok(save(&self.db, &self.keys, std::slice::from_ref(saved), Some(seen), first).await? == 1)
    }
}

impl Tx {
    /// [`Store::look_at_ticket`], with the tickets locked until the transaction ends; the concern first, when others of its tickets are
    /// looked at.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn look_at_locked(&self, scope: &Scope, name: &Named, beside: &Beside) -> Result<Option<Looked>> {
        if beside.siblings > 0 {
            let theirs = named(scope, name).select_only().column(Column::ConcernId).into_query();
            let mut lock = Query::select();
            lock.column(Alias::new("id")).from(Alias::new("concern"));
            lock.and_where(Expr::col(Alias::new("id")).in_subquery(theirs)).lock(LockType::NoKeyUpdate);
            self.db.execute_raw(DatabaseBackend::Postgres.build(&lock)).await?;
        }
        let names: Vec<Named> = [name].into_iter().chain(&beside.other).cloned().collect();
        // By a statement of its own: what the other one reads besides is as it was when that began.
        let held = self.lock_tickets(scope, &names).await?;
        // What came into the scope in between is not locked.
        let is_held = |ticket: &Ticket| held.iter().any(|one| one.id == ticket.id);
        let looked = look(&self.db, &self.keys, scope, name, beside).await?;
        Ok(looked.filter(|looked| is_held(&looked.ticket)).map(|mut looked| {
            looked.found.other = looked.found.other.filter(is_held);
            looked
        }))
    }

    /// Keeps a ticket that was locked as [`Store::save_seen`] does.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_seen(&self, saved: &Saved, seen: &Seen) -> Result<()> {
        match save(&self.db, &self.keys, std::slice::from_ref(saved), Some(seen), None).await? {
            1 => Ok(()),
            _ => Err(Error::corrupt("a ticket that was locked was written")),
        }
    }
}
