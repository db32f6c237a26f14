//! Which rows a caller may know of: a part of every query about cases.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::city::catalogue::Sensitivity;
use domain::concern::Referrer;
use domain::id::{CategoryCode, ServiceCode};
use domain::person::Role;
use domain::rights::{Caller, Client, ClientScope, Reach, Remembered, Secrecy};
use sea_orm::sea_query::{Expr, ExprTrait, Value};
use sea_orm::{ColumnTrait, Condition};
use uuid::Uuid;

use crate::concern::Concern;
use crate::ticket::entity::Column;

/// Which rows a caller may know of. Made from who is asking, and never widened.
#[derive(Debug, Clone)]
pub struct Scope {
    holds: Holds,
    /// What has to be so still, or it holds nothing.
    while_holds: Option<Condition>,
}

#[derive(Debug, Clone)]
enum Holds {
    Everything,
    /// What a caller may know of.
    Known(Caller),
    /// What is counted in the figures that a caller reads.
    Counted(Caller),
}

impl Scope {
    /// What this caller may know of: [`Caller::sees`], said in SQL.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        Self { holds: Holds::Known(caller.clone()), while_holds: None }
    }

    /// What somebody may know of who is remembered: nothing, unless their session is live or their token holds, and they may do the
    /// same still, in the moment of the statement.
    #[must_use]
    pub fn recalled(who: &Remembered, now: DateTime<Utc>) -> Self {
        Self { while_holds: Some(Condition::all().add(still(who, now))), ..Self::of(&who.caller()) }
    }

    /// The same without asking whether who is remembered is so still, and that question: for statements that ask it once.
    pub(crate) fn apart(&self) -> (Self, Option<Condition>) {
        (Self { while_holds: None, ..self.clone() }, self.while_holds.clone())
    }

    /// What is counted in the figures that this caller reads: [`domain::rights::COUNTED`], said in SQL. For sums only.
    #[must_use]
    pub fn counted_for(caller: &Caller) -> Self {
        Self { holds: Holds::Counted(caller.clone()), while_holds: None }
    }

    /// Everything: for Continuum itself, which acts for nobody.
    #[must_use]
    pub const fn everything() -> Self {
        Self { holds: Holds::Everything, while_holds: None }
    }

    /// The condition on tickets: [`domain::rights::REACH`], as far as it concerns the caller. Reaches that are the
    /// same for tickets of every secrecy are asked for once, so that the planner can use the index that fits.
    pub(crate) fn tickets(&self) -> Condition {
        let (Holds::Known(caller) | Holds::Counted(caller)) = &self.holds else { return Condition::all() };
        let has = |secrecy: &Secrecy, reach| match &self.holds {
            Holds::Counted(_) => caller.counted().any(|r| r == reach),
            Holds::Everything | Holds::Known(_) => caller.reaches(*secrecy).any(|r| r == reach),
        };
        let mut any = Condition::any();
        for reach in [Reach::Everything, Reach::OfTheirServices, Reach::WithinLimits, Reach::Filed] {
            let of: Vec<Secrecy> = Secrecy::ALL.into_iter().filter(|secrecy| has(secrecy, reach)).collect();
            if !of.is_empty() {
                any = any.add(Condition::all().add(those(caller, reach)).add(kept(&of)));
            }
        }
        if any.is_empty() {
            any = any.add(Expr::val(false));
        }
        Condition::all().add(any).add_option(self.while_holds.clone())
    }

    /// Whether it is the same for everybody of the same services.
    pub(crate) fn names_nobody(&self) -> bool {
        match &self.holds {
            Holds::Everything => true,
            Holds::Known(caller) | Holds::Counted(caller) => {
                !Secrecy::ALL.into_iter().flat_map(|secrecy| caller.reaches(secrecy)).any(|reach| reach == Reach::Filed)
            }
        }
    }

    /// Whether it holds nearly every ticket: those of every service that are not kept from most.
    pub(crate) fn is_wide(&self) -> bool {
        match &self.holds {
            Holds::Everything => true,
            Holds::Known(caller) => caller.reaches(Secrecy::Standard).any(|reach| match (reach, caller) {
                (Reach::Everything, _) => true,
                (Reach::WithinLimits, Caller::Client(program)) => {
                    program.services.is_empty() && program.categories.is_empty()
                }
                (_, _) => false,
            }),
            Holds::Counted(_) => false,
        }
    }

    /// The condition on texts that tickets are searched by: who sees a ticket reads its concern; the notes are for the
    /// ticket's service and the dispatchers ([`domain::ticket::writing::COLLEAGUES`], said in SQL).
    pub(crate) fn texts(&self) -> Option<Expr> {
        let person = match &self.holds {
            // A program that sees a ticket is of its service.
            Holds::Everything | Holds::Known(Caller::Client(_)) => return None,
            Holds::Known(Caller::Person(person)) if person.is(Role::Dispatcher) => return None,
            Holds::Known(Caller::Person(person)) => person,
            // Who counts does not search.
            Holds::Counted(_) => return Some(Expr::val(false)),
        };
        let in_a_service = person.roles.iter().any(|role| role.is_in_a_service());
        let services: Vec<String> = person.services.iter().filter(|_| in_a_service).map(ToString::to_string).collect();
        let theirs = "(part = 'concern' or (select t.service_code from ticket t where t.id = ticket_id) = any($1))";
        Some(Expr::cust_with_values(theirs, [Value::from(services)]))
    }

    /// Whether it holds a concern without tickets (answered on the spot, signposted): the officer's own ones, and all
    /// for those who see every ticket.
    pub(crate) fn holds_own(&self, concern: &Concern) -> bool {
        // What has to be so still, only a statement finds out.
        if self.while_holds.is_some() {
            return false;
        }
        match (&self.holds, concern.referrer) {
            (Holds::Everything, _) => true,
            (Holds::Known(Caller::Person(person)), _) if person.is(Role::Dispatcher) => true,
            (Holds::Known(Caller::Person(person)), Referrer::Person(user)) => {
                person.is(Role::Agent) && person.user == user
            }
            (Holds::Known(Caller::Client(own)), Referrer::Client(client)) => own.client == client,
            (Holds::Known(Caller::Person(_)), Referrer::Client(_))
            | (Holds::Known(Caller::Client(_)), Referrer::Person(_))
            | (Holds::Counted(_), _) => false,
        }
    }
}

/// Whether who is remembered is so still.
fn still(who: &Remembered, now: DateTime<Utc>) -> Expr {
    match who {
        Remembered::Person { person, session } => {
            let roles = texts(person.roles.iter().map(|role| role.code()));
            let services = texts(person.services.iter().map(ServiceCode::as_str));
            let values = [session.0.into(), person.user.0.into(), now.into(), roles, services];
            Expr::cust_with_values("session_holds($1, $2, $3, $4, $5)", values)
        }
        Remembered::Client { client, token, asked, issued_at } => {
            let values = token_holds(client, *token, asked, *issued_at);
            Expr::cust_with_values("token_holds($1, $2, $3, $4, $5, $6, $7)", values)
        }
    }
}

/// What `token_holds` (migration 0058) asks whether it is so still.
pub(crate) fn token_holds(
    client: &Client,
    token: Uuid,
    asked: &BTreeSet<ClientScope>,
    issued_at: DateTime<Utc>,
) -> [Value; 7] {
    [
        client.client.0.into(),
        token.into(),
        issued_at.into(),
        texts(client.scopes.iter().map(|scope| scope.code())),
        texts(asked.difference(&client.scopes).map(|scope| scope.code())),
        texts(client.services.iter().map(ServiceCode::as_str)),
        texts(client.categories.iter().map(CategoryCode::as_str)),
    ]
}

fn texts<'a>(codes: impl Iterator<Item = &'a str>) -> Value {
    Value::from(codes.map(str::to_owned).collect::<Vec<_>>())
}

fn those(caller: &Caller, reach: Reach) -> Condition {
    let services = || Column::ServiceCode.is_in(caller.services().iter().map(ToString::to_string));
    let all = Condition::all();
    match (reach, caller) {
        (Reach::Everything, _) => all,
        (Reach::OfTheirServices, _) => all.add(services()),
        (Reach::WithinLimits, Caller::Client(client)) => {
            let all = if client.services.is_empty() { all } else { all.add(services()) };
            let categories = || Column::CategoryCode.is_in(client.categories.iter().map(ToString::to_string));
            if client.categories.is_empty() { all } else { all.add(categories()) }
        }
        (Reach::Filed, Caller::Person(person)) => all.add(Column::ReferrerId.eq(person.user.0)),
        (Reach::Filed, Caller::Client(client)) => all.add(Column::ClientId.eq(client.client.0)),
        (Reach::Nothing, _) | (Reach::WithinLimits, Caller::Person(_)) => all.add(Expr::val(false)),
    }
}

/// The tickets of these secrecies: [`domain::ticket::Ticket::secrecy`], said in SQL.
fn kept(of: &[Secrecy]) -> Condition {
    if of.len() == Secrecy::ALL.len() {
        return Condition::all();
    }
    of.iter().fold(Condition::any(), |any, secrecy| {
        any.add(match secrecy {
            Secrecy::Standard => {
                Column::Sensitivity.eq(Sensitivity::Standard.code()).and(Column::HiddenFromReferrer.eq(false))
            }
            Secrecy::Restricted => {
                Column::Sensitivity.ne(Sensitivity::Standard.code()).and(Column::HiddenFromReferrer.eq(false))
            }
            Secrecy::HiddenFromReferrer => Column::HiddenFromReferrer.eq(true),
        })
    })
}
