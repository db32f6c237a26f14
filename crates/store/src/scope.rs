//! Which rows a caller may know of: a part of every query about cases.

use domain::city::catalogue::Sensitivity;
use domain::person::Role;
use domain::ticket::rights::Person;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition};
use uuid::Uuid;

use crate::concern::Concern;
use crate::ticket::entity::Column;

/// Which rows a caller may know of. Made from who is asking, and never widened.
#[derive(Debug, Clone)]
pub struct Scope(Reach);

#[derive(Debug, Clone)]
enum Reach {
    /// Everything: dispatchers, and Continuum itself.
    Everything,
    /// What the person may see.
    Of { user: Uuid, agent: bool, services: Vec<String> },
}

impl Scope {
    /// What this person may know of: [`Person::sees`], said in SQL.
    #[must_use]
    pub fn of(person: &Person) -> Self {
        if person.is(Role::Dispatcher) {
            return Self(Reach::Everything);
        }
        let services = if person.is(Role::ServiceMember) {
            person.services.iter().map(ToString::to_string).collect()
        } else {
            vec![]
        };
        Self(Reach::Of { user: person.user.0, agent: person.is(Role::Agent), services })
    }

    /// Everything: for Continuum itself, which acts for nobody.
    #[must_use]
    pub const fn everything() -> Self {
        Self(Reach::Everything)
    }

    /// The condition on tickets. Only what the person's roles need is part of it, so that the planner can use the
    /// index that fits.
    pub(crate) fn tickets(&self) -> Condition {
        let Reach::Of { user, agent, services } = &self.0 else { return Condition::all() };
        let mut any = Condition::any();
        if !services.is_empty() {
            any = any.add(Column::ServiceCode.is_in(services.iter().map(String::as_str)));
        }
        if *agent {
            let own = Column::ReferrerId.eq(*user).and(Column::HiddenFromReferrer.eq(false));
            let others = Column::ReferrerId.ne(*user).and(Column::Sensitivity.eq(Sensitivity::Standard.code()));
            any = any.add(own).add(others);
        }
        if any.is_empty() {
            // Neither agent nor member of a service: nothing.
            any = any.add(Expr::val(false));
        }
        Condition::all().add(any)
    }

    /// Whether it holds a concern without tickets (answered on the spot, signposted): the officer's own ones.
    pub(crate) fn holds_own(&self, concern: &Concern) -> bool {
        match &self.0 {
            Reach::Everything => true,
            Reach::Of { user, agent, .. } => *agent && concern.referrer.0 == *user,
        }
    }
}
