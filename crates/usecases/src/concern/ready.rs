//! Writing a concern that nothing is wrong with, with everything that follows from it.

use std::sync::Arc;

use auth::Grant;
use auth::permission::Permission;
use chrono::{DateTime, Utc};
use domain::concern::{News, Outcome};
use domain::id::{ConcernId, MessageId};
use domain::rights::Caller;
use domain::text::Description;
use store::city::Loaded;
use store::concern::{Concern, NewConcern};
use store::outbox::Message;
use store::ticket::{Named, Near, NewTicket};
use store::{Contact, Error, Scope, Tx};

use super::attach::{Filing, attachable};
use super::duplicates::{reach, shown};
use super::file::{Fault, FileError, Filed, not_filed};
use crate::once::{Done, Once};
use crate::ticket::reference;
use crate::{Context, of};

/// A concern that nothing is wrong with, ready to be written.
pub(crate) struct Ready {
    pub(super) loaded: Arc<Loaded>,
    pub(super) filing: Filing,
    pub(super) tickets: Vec<NewTicket>,
    pub(super) attach_to: Option<Named>,
}

impl Ready {
    /// The same, as noted then without a network.
    pub(super) fn noted(mut self, at: DateTime<Utc>) -> Self {
        self.filing.concern.noted_at = Some(at);
        self
    }

    /// The concern as it will be kept.
    pub(super) const fn concern(&self) -> &Concern {
        &self.filing.concern
    }

    /// How many tickets it opens.
    pub(crate) const fn tickets(&self) -> usize {
        self.tickets.len()
    }

    /// The city that it was held against.
    pub(crate) const fn loaded(&self) -> &Arc<Loaded> {
        &self.loaded
    }

    /// Writes it, with everything that follows from it.
    pub(crate) async fn write<P: Permission<Holder = Caller>>(
        self,
        cx: &Context,
        tx: &Tx,
        who: &Grant<P>,
    ) -> Result<Filed, FileError> {
        let Self { loaded, filing, tickets, attach_to } = self;
        if let Some(name) = attach_to {
            let category = of(&loaded).category(&filing.concern.category);
            let category = category.ok_or_else(|| FileError::Invalid(vec![Fault::UnknownCategory]))?;
            let ticket = attachable(cx, tx, who, category, &name).await?;
            return filing.attach(cx, &loaded, tx, who, ticket).await;
        }
        let Filing { concern, contact, warnings } = filing;
        let near = near(who, &concern);
        let near = near.as_ref().map(|(scope, near)| (scope, *near));
        let (duplicates, numbers) = tx.before_filing(near, concern.filed_at, tickets.len()).await?;
        if let Some(act) = shown(&duplicates) {
            tx.audit(&who.record(act, concern.filed_at));
        }
        let new = numbered(&loaded, tickets, numbers);
        let receipt = receipt(cx, concern.id, contact.as_ref());
        let (contact, receipt) = (contact.as_ref(), receipt.as_ref());
        if !tx.file_concern(NewConcern { concern: &concern, contact, receipt, tickets: &new, first: None }).await? {
            return Err(not_filed(&concern, async |id| tx.cafe(id).await).await);
        }
        let tickets = new.into_iter().map(|new| new.ticket).collect();
        Ok(Filed { concern, tickets, duplicates, warnings })
    }

    /// Whether it is attached to a ticket, instead of opening some of its own: that takes a transaction.
    pub(super) const fn is_attached(&self) -> bool {
        self.attach_to.is_some()
    }

    /// Writes it without a transaction around it, unless what is proposed is recorded.
    pub(super) async fn write_at_once<P: Permission<Holder = Caller>>(
        self,
        cx: &Context,
        who: &Grant<P>,
        once: &Once<'_, Filed>,
    ) -> Result<Done<Filed>, FileError> {
        let Self { loaded, filing: Filing { concern, contact, warnings }, tickets, .. } = self;
        let (at, near) = (concern.filed_at, near(who, &concern));
        let near = near.as_ref().map(|(scope, near)| (scope, *near));
        let (duplicates, numbers) = cx.store.before_filing(near, at, tickets.len(), once.claim()).await?;
        if numbers.len() < tickets.len() {
            return Ok(Done::Before(once.before(cx).await?.ok_or_else(Error::key_cleared)??));
        }
        let act = shown(&duplicates);
        let new = numbered(&loaded, tickets, numbers);
        let receipt = receipt(cx, concern.id, contact.as_ref());
        let tickets = new.iter().map(|new| new.ticket.clone()).collect();
        let filed = Filed { concern, tickets, duplicates, warnings };
        let first = once.first(&filed, at);
        let (contact, receipt, first) = (contact.as_ref(), receipt.as_ref(), first.as_ref());
        let new = NewConcern { concern: &filed.concern, contact, receipt, tickets: &new, first };
        let done = match act {
            None => cx.store.file_concern(new).await?,
            Some(act) => {
                let tx = cx.store.begin().await?;
                tx.audit(&who.record(act, at));
                let done = tx.file_concern(new).await?;
                if done {
                    tx.commit().await?;
                }
                done
            }
        };
        if done {
            return Ok(Done::Now(filed));
        }
        match once.before(cx).await? {
            Some(before) => Ok(Done::Before(before?)),
            None => Err(not_filed(&filed.concern, async |id| cx.store.cafe(id).await).await),
        }
    }
}

/// The tickets with their references.
fn numbered(loaded: &Loaded, mut tickets: Vec<NewTicket>, numbers: Vec<i64>) -> Vec<NewTicket> {
    for (NewTicket { ticket, .. }, number) in tickets.iter_mut().zip(numbers) {
        ticket.reference = reference(of(loaded), ticket.filed_at, number);
    }
    tickets
}

/// What tells the resident that it was received, if they left an address: one mail, however many tickets there are.
pub(super) fn receipt(cx: &Context, concern: ConcernId, contact: Option<&Contact>) -> Option<Message> {
    let contact = contact.filter(|contact| contact.email.is_some());
    contact.map(|_| Message::to_resident(concern, MessageId(cx.ids.next()), News::Received))
}

/// Where to look for the tickets that the concern may be a duplicate of, among those that were opened before it.
fn near<'a, P: Permission<Holder = Caller>>(who: &Grant<P>, concern: &'a Concern) -> Option<(Scope, Near<'a>)> {
    let point = concern.place.as_ref().and_then(|place| place.point)?;
    let description = concern.description.as_ref().map(Description::as_str);
    let near = Near { category: &concern.category, referrer: concern.referrer, point, description };
    Some((reach(who)?, near)).filter(|_| concern.outcome == Outcome::Referred)
}
