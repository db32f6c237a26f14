//! Settling when each new message leaves, and with which others, before any leaves.
//!
//! To a person: at once, gathered with what follows about the same ticket within twenty minutes, or with a morning's
//! digest, as they wish. To a mailbox: in order, ticket by ticket, and what can wait is gathered. To a resident: each alone.
//! Members of a service who wish it are told what its mailbox is. Many reminders at once are one e-mail.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::clock::Ids;
use domain::id::{MessageId, ServiceCode, TicketId, UserId};
use domain::notification::{Chosen, Correspondence, Group, Rhythm, gathers, next_morning};
use domain::ticket::notice::{Kind, Recipient};
use domain::time::Calendar;
use store::outbox::{Plan, Planned, Unplanned};
use store::{Error, Store};

/// How many messages are settled at once.
const BATCH: u64 = 500;

/// From how many reminders to one recipient on, new at once, they leave as one e-mail: no worker looked for a while, or the targets
/// of a busy day ended together.
const MANY: usize = 5;

/// Settles what becomes of new messages. Returns how many.
pub(crate) async fn plan(
    store: &Store,
    ids: &dyn Ids,
    desk: Option<&Calendar>,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let tx = store.begin().await?;
    let new = tx.unplanned(BATCH).await?;
    if new.is_empty() {
        // Ended now, not when the pool gets to it: until then, no worker could settle anything.
        tx.commit().await?;
        return Ok(0);
    }
    let services = new.iter().filter_map(|message| mailbox(message)).cloned();
    let services: Vec<ServiceCode> = services.collect();
    let members = if services.is_empty() { BTreeMap::new() } else { tx.members_told(&services).await? };
    let mut reminders: BTreeMap<String, usize> = BTreeMap::new();
    for message in new.iter().filter(|message| is_reminder(message)) {
        *reminders.entry(box_of(&message.recipient)).or_default() += 1;
    }
    let is_one_of_many = |message: &Unplanned| {
        is_reminder(message) && reminders.get(&box_of(&message.recipient)).is_some_and(|count| *count >= MANY)
    };
    let mut ways: Vec<Draft> = Vec::new();
    for message in &new {
        let many = is_one_of_many(message);
        ways.push((message.id, None, way(message, many, desk, now)));
        let Some((service, (kind, ticket))) = mailbox(message).zip(message.about) else { continue };
        for member in members.get(service).into_iter().flatten().filter(|member| !is_own(message, kind, member.user)) {
            let recipient = Recipient::Member { user: member.user, service: service.clone() };
            let way = way_of((kind, ticket), &recipient, many, member.chosen, message.due_at, desk, now);
            ways.push((MessageId(ids.next()), Some((message.id, recipient)), way));
        }
    }
    let lanes: Vec<String> = ways.iter().filter_map(|(_, _, way)| way.lane().map(ToOwned::to_owned)).collect();
    let known = tx.correspondence(&lanes, now).await?;
    let (planned, hurried) = settle(ways, known, now);
    tx.save_plan(&planned, &hurried, now).await?;
    tx.commit().await?;
    Ok(new.len())
}

/// A message, which message to a mailbox it says again, and to whom, and how it leaves.
type Draft = (MessageId, Option<(MessageId, Recipient)>, Way);

/// How a message leaves.
enum Way {
    /// Then, alone, in that lane.
    Alone(String, DateTime<Utc>),
    /// Gathered with the others of that lane, not before then.
    Gathered(String, DateTime<Utc>),
    /// In the digest of that lane, then.
    Digest(String, DateTime<Utc>),
    /// Not at all.
    Unwished,
}

impl Way {
    fn lane(&self) -> Option<&str> {
        match self {
            Self::Alone(lane, _) | Self::Gathered(lane, _) | Self::Digest(lane, _) => Some(lane),
            Self::Unwished => None,
        }
    }
}

/// The service whose mailbox a message about a ticket goes to, unless it is the link that opens the ticket to whoever has it.
const fn mailbox(message: &Unplanned) -> Option<&ServiceCode> {
    match (&message.recipient, &message.about) {
        (Recipient::Service { .. }, Some((Kind::Renewed, _))) => None,
        (Recipient::Service { code }, Some(_)) => Some(code),
        _ => None,
    }
}

/// Whether it tells of something that this person did.
fn is_own(message: &Unplanned, kind: Kind, user: UserId) -> bool {
    match kind {
        // To a service, it is the referrer who writes, or the referrer is told themselves; that a target is missed, or an
        // address takes no mail, is nobody's act. The event of these is only the last one that there was.
        Kind::Message | Kind::Answered | Kind::Unattended => message.referrer == Some(user),
        Kind::Reminder | Kind::Undeliverable => false,
        _ => message.by.as_ref().is_some_and(|by| by.is(user)),
    }
}

/// Whether it is a reminder, of a target or of a day, that can be told beside others: one with a link to its ticket cannot.
const fn is_reminder(message: &Unplanned) -> bool {
    matches!(message.about, Some((Kind::Reminder | Kind::DueAgain, _))) && !message.door
}

/// Where messages to that recipient arrive.
fn box_of(recipient: &Recipient) -> String {
    match recipient {
        Recipient::Person { user } | Recipient::Member { user, .. } => format!("person:{user}"),
        Recipient::Service { code } => format!("service:{code}"),
        Recipient::Client { client } => format!("client:{client}"),
        Recipient::Resident { concern } => format!("resident:{concern}"),
    }
}

/// `many` is whether it is one of many reminders.
fn way(message: &Unplanned, many: bool, desk: Option<&Calendar>, now: DateTime<Utc>) -> Way {
    match message.about {
        None => Way::Alone(message.lane.clone(), message.due_at),
        // What is written to a resident can be taken back, and waits in a lane of its own.
        Some((_, ticket)) if message.lane != format!("ticket:{ticket}") && is_resident(&message.recipient) => {
            Way::Alone(message.lane.clone(), message.due_at)
        }
        Some(about) => way_of(about, &message.recipient, many, message.chosen, message.due_at, desk, now),
    }
}

const fn is_resident(recipient: &Recipient) -> bool {
    matches!(recipient, Recipient::Resident { .. })
}

fn way_of(
    (kind, ticket): (Kind, TicketId),
    recipient: &Recipient,
    many: bool,
    chosen: Chosen,
    due_at: DateTime<Utc>,
    desk: Option<&Calendar>,
    now: DateTime<Utc>,
) -> Way {
    let to = box_of(recipient);
    let user = match recipient {
        Recipient::Person { user } | Recipient::Member { user, .. } => Some(user),
        Recipient::Service { .. } | Recipient::Client { .. } | Recipient::Resident { .. } => None,
    };
    let rhythm = Group::of(kind, recipient).map_or(Rhythm::AtOnce, |group| chosen.rhythm(group));
    let digest = |name: &str, weekly: bool| match user {
        Some(user) => Way::Digest(format!("{name}:{user}"), next_morning(desk, now.max(due_at), weekly)),
        None => Way::Unwished,
    };
    match rhythm {
        Rhythm::AtOnce if many => Way::Digest(format!("reminders:{to}"), due_at),
        Rhythm::AtOnce if gathers(kind, recipient) => Way::Gathered(format!("{to}:{ticket}"), due_at),
        Rhythm::AtOnce => Way::Alone(format!("{to}:{ticket}"), due_at),
        Rhythm::Daily => digest("daily", false),
        Rhythm::Weekly => digest("weekly", true),
        Rhythm::None => Way::Unwished,
    }
}

/// What becomes of each, and the lanes in which what waits is to leave now, since something follows that cannot wait.
fn settle(
    ways: Vec<Draft>,
    mut known: BTreeMap<String, Correspondence>,
    now: DateTime<Utc>,
) -> (Vec<Planned>, Vec<String>) {
    let (mut planned, mut hurried): (Vec<Planned>, Vec<String>) = (Vec::new(), Vec::new());
    for (id, copy, way) in ways {
        let fate = match way {
            Way::Unwished => Plan::Unwished,
            Way::Digest(lane, at) => Plan::Leaves { lane, at, bundled: true },
            Way::Gathered(lane, due_at) => {
                let of = known.entry(lane.clone()).or_default();
                let at = of.next(now).max(due_at);
                of.leaves_at = Some(at);
                Plan::Leaves { lane, at, bundled: true }
            }
            Way::Alone(lane, at) => {
                if known.get(&lane).is_some_and(|of| of.leaves_at.is_some_and(|waits| waits > at)) {
                    hurry(&mut planned, &lane, at);
                    hurried.push(lane.clone());
                }
                // Nothing that follows is put in an e-mail that leaves before it.
                known.entry(lane.clone()).and_modify(|of| of.leaves_at = None);
                Plan::Leaves { lane, at, bundled: false }
            }
        };
        planned.push(Planned { id, copy, fate });
    }
    (planned, hurried)
}

fn hurry(planned: &mut [Planned], hurried: &str, then: DateTime<Utc>) {
    for one in planned {
        if let Plan::Leaves { lane, at, bundled: true } = &mut one.fate
            && lane == hurried
        {
            *at = then.min(*at);
        }
    }
}
