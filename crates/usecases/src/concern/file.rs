//! Filing a concern: finding its areas, routing it, and opening its tickets.

use std::sync::Arc;

use std::collections::BTreeMap;

use auth::Grant;
use auth::permission::{FileConcerns, Permission};
use chrono::NaiveDate;
use domain::cafe::Cafe;
use domain::city::City;
use domain::city::catalogue::{Category, Sensitivity};
use domain::city::question::{Replies, Reply, Wrong};
use domain::concern::{Origin, Outcome, Referrer};
use domain::content::Finding;
use domain::id::{CafeId, CategoryCode, ConcernId, QuestionCode, ServiceCode, TicketId};
use domain::place::{Areas, Whereabouts};
use domain::rights::Caller;
use domain::routing::{Route, Subject};
use domain::text::{Answer, Description};
use domain::ticket::event::Part;
use domain::ticket::follow::NotAttachable;
use domain::ticket::{Actor, Fact, Feedback, Priority, State, Ticket};
use store::Contact;
use store::city::Loaded;
use store::concern::Concern;
use store::ticket::{Candidate, Named, NewTicket};

use super::attach::{Filing, attach_fault};
use super::draft::draft;
use super::ready::Ready;
use crate::once::{Done, KeyReused, Once, needs_transaction};
use crate::ticket::opened;
use crate::{Context, NoCity, of, today};

/// File a concern.
#[derive(Debug, Clone)]
pub struct File {
    /// Where it was heard.
    pub origin: Origin,
    /// The café, when it was heard at one.
    pub cafe: Option<CafeId>,
    /// What it is about.
    pub category: CategoryCode,
    /// What the resident said.
    pub description: Option<Description>,
    /// Where.
    pub place: Whereabouts,
    /// What the officer answered on the spot.
    pub answer: Option<Answer>,
    /// What was answered to the category's questions, by the question's code.
    pub replies: BTreeMap<String, Reply>,
    /// How the resident can be reached.
    pub resident: Option<Contact>,
    /// The ticket of another concern that it is attached to, instead of opening tickets.
    pub attach_to: Option<Named>,
    /// How pressing the officer says that it is; a rule may say otherwise.
    pub priority: Option<Priority>,
    /// The officer has read the warnings about the text, and keeps it as it is.
    pub confirm_text: bool,
}

/// What the officer should know about what was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// The description contains such a passage; it was masked unless the officer confirmed it.
    Description {
        /// What was found.
        finding: Finding,
        /// Whether it was masked.
        masked: bool,
    },
    /// The same, in the answer given on the spot.
    Answer {
        /// What was found.
        finding: Finding,
        /// Whether it was masked.
        masked: bool,
    },
    /// The same, in what was answered to a question.
    Reply {
        /// The question.
        question: QuestionCode,
        /// What was found.
        finding: Finding,
        /// Whether it was masked.
        masked: bool,
    },
    /// A complaint about an officer goes to those who hear it: whoever files it does not see it again.
    OutOfSight,
    /// Of an emergency or a crime, only the category, the time and the areas are kept.
    NothingKept,
}

/// What came of filing a concern.
#[derive(Debug, Clone)]
pub struct Filed {
    /// The concern, as it was kept.
    pub concern: Concern,
    /// Its tickets; the one that it was attached to.
    pub tickets: Vec<Ticket>,
    /// Open tickets that may be about the same thing, the best first.
    pub duplicates: Vec<Candidate>,
    /// What the officer should know.
    pub warnings: Vec<Warning>,
}

/// What is wrong with a concern that cannot be filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The catalogue has no such category.
    UnknownCategory,
    /// The place is outside the city.
    OutsideCity,
    /// A concern heard at a café names the café.
    CafeMissing,
    /// A concern that was not heard at a café names none.
    CafeNotExpected,
    /// There is no such café.
    UnknownCafe,
    /// The café was called off.
    CafeCancelled,
    /// A concern has a description, unless it is an emergency or a crime.
    DescriptionMissing,
    /// There is no such ticket within the caller's reach.
    UnknownTicket,
    /// The concern cannot be attached to that ticket.
    NotAttachable(NotAttachable),
    /// A concern that opens no ticket is attached to none.
    AttachNotExpected,
    /// An answer does not fit its question, or is missing.
    Reply(Wrong),
    /// Nothing says how the resident can be reached.
    ResidentEmpty,
    /// What comes over Open311, and is published, is not filed otherwise.
    Open311NotExpected,
}

/// Why a concern is not filed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Something is wrong with it: every fault at once.
    #[error("the concern cannot be filed: {0:?}")]
    Invalid(Vec<Fault>),
    /// The routing rules send it nowhere. A checked rule set ends with a rule that catches all.
    #[error("no routing rule applies, or one names a service that is not in use")]
    NoRoute,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Files a concern.
///
/// # Errors
/// See [`FileError`].
pub async fn file(
    cx: &Context,
    who: &Grant<FileConcerns>,
    cmd: File,
    once: Once<'_, Filed>,
) -> Result<Done<Filed>, FileError> {
    let ready = match prepare(cx, who, cmd, false).await {
        Ok(ready) => ready,
        // What was filed before is not refused now.
        Err(refused @ (FileError::Invalid(_) | FileError::NoRoute)) => {
            return Ok(Done::Before(once.before(cx).await?.ok_or(refused)??));
        }
        Err(error) => return Err(error),
    };
    let done = if needs_transaction() || ready.is_attached() {
        once.run(cx, async |tx| ready.write(cx, tx, who).await).await?
    } else {
        ready.write_at_once(cx, who, &once).await?
    };
    cx.wake.notify_one();
    Ok(done)
}

/// Finds the areas of a concern, holds it against the city, and routes it. Whether it comes over Open311 is not believed from
/// what it says.
pub(crate) async fn prepare<P: Permission<Holder = Caller>>(
    cx: &Context,
    who: &Grant<P>,
    mut cmd: File,
    over_open311: bool,
) -> Result<Ready, FileError> {
    let loaded = cx.city()?;
    let city = of(&loaded);
    let now = cx.now();
    let areas = cmd.place.point.map(|point| city.areas_at(point)).unwrap_or_default();
    let mut faults = faults(city, &cmd, &areas);
    if cmd.origin == Origin::Open311 && !over_open311 {
        faults.push(Fault::Open311NotExpected);
    }
    let replies = replies(city, &mut cmd, today(city, now)).unwrap_or_else(|wrong| {
        faults.extend(wrong.into_iter().map(Fault::Reply));
        Replies::new()
    });
    // Otherwise it is filed only if the café takes concerns.
    if !faults.is_empty() || cmd.attach_to.is_some() {
        faults.extend(cafe_fault(cmd.origin, cmd.cafe, async |id| cx.store.cafe(id).await).await?);
    }
    let (true, Some(category)) = (faults.is_empty(), city.category(&cmd.category)) else {
        if !faults.contains(&Fault::AttachNotExpected) {
            faults.extend(attach_fault(cx, who, city, &cmd).await?);
        }
        return Err(FileError::Invalid(faults));
    };
    let id = ConcernId(cx.ids.next());
    let (attach_to, priority) = (cmd.attach_to.take(), cmd.priority);
    let (concern, contact, warnings) = draft(id, cmd, category, (areas, replies), who.caller().referrer(), now);
    let tickets = match concern.outcome {
        Outcome::Referred if attach_to.is_some() => Vec::new(),
        Outcome::Referred => open(cx, &loaded, category, &concern, priority)?,
        Outcome::AnsweredOnTheSpot | Outcome::Signposted => Vec::new(),
    };
    Ok(Ready { filing: Filing { concern, contact, warnings }, tickets, attach_to, loaded })
}

fn faults(city: &City, cmd: &File, areas: &Areas) -> Vec<Fault> {
    let category = city.category(&cmd.category);
    let signpost = category.is_some_and(|category| category.sensitivity == Sensitivity::SignpostOnly);
    let mut faults = Vec::new();
    if category.is_none() {
        faults.push(Fault::UnknownCategory);
    }
    if cmd.place.point.is_some() && !city.is_inside(areas) {
        faults.push(Fault::OutsideCity);
    }
    if cmd.description.is_none() && !signpost {
        faults.push(Fault::DescriptionMissing);
    }
    if cmd.attach_to.is_some() && (signpost || cmd.answer.is_some()) {
        faults.push(Fault::AttachNotExpected);
    }
    if cmd.resident.as_ref().is_some_and(|c| c.name.is_none() && c.email.is_none() && c.phone.is_none()) {
        faults.push(Fault::ResidentEmpty);
    }
    match (cmd.origin, cmd.cafe) {
        (Origin::Cafe, None) => faults.push(Fault::CafeMissing),
        (Origin::Cafe, Some(_)) | (_, None) => {}
        (_, Some(_)) => faults.push(Fault::CafeNotExpected),
    }
    faults
}

/// What was answered, held against the category's questions. An emergency or a crime asks none, and none are kept.
fn replies(city: &City, cmd: &mut File, today: NaiveDate) -> Result<Replies, Vec<Wrong>> {
    let given = std::mem::take(&mut cmd.replies);
    match city.category(&cmd.category) {
        Some(category) if category.sensitivity != Sensitivity::SignpostOnly => category.replies(given, today),
        Some(_) | None => Ok(Replies::new()),
    }
}

/// `read`: how the café is read that is named.
async fn cafe_fault(
    origin: Origin,
    cafe: Option<CafeId>,
    read: impl AsyncFnOnce(CafeId) -> Result<Option<Cafe>, store::Error>,
) -> Result<Option<Fault>, store::Error> {
    let (Origin::Cafe, Some(id)) = (origin, cafe) else { return Ok(None) };
    Ok(match read(id).await? {
        None => Some(Fault::UnknownCafe),
        Some(cafe) if !cafe.takes_concerns() => Some(Fault::CafeCancelled),
        Some(_) => None,
    })
}

/// Why a concern was not filed that nothing else is wrong with: the café takes none, unless it was for a key that has no answer
/// any more.
pub(super) async fn not_filed(
    concern: &Concern,
    read: impl AsyncFnOnce(CafeId) -> Result<Option<Cafe>, store::Error>,
) -> FileError {
    match cafe_fault(concern.origin, concern.cafe, read).await {
        Ok(Some(fault)) => FileError::Invalid(vec![fault]),
        Ok(None) => store::Error::key_cleared().into(),
        Err(error) => error.into(),
    }
}

fn open(
    cx: &Context,
    loaded: &Loaded,
    category: &Category,
    concern: &Concern,
    priority: Option<Priority>,
) -> Result<Vec<NewTicket>, FileError> {
    let subject = Subject {
        category,
        areas: &concern.areas,
        origin: concern.origin,
        priority,
        replies: &concern.replies,
        description: concern.description.as_ref().map(Description::as_str),
        at: concern.filed_at,
    };
    let city = of(loaded);
    let route = city.rules.route(city, &subject).ok_or(FileError::NoRoute)?;
    route.send_to.iter().map(|to| ticket(cx, loaded, category, concern, &route, to)).collect()
}

fn ticket(
    cx: &Context,
    loaded: &Loaded,
    category: &Category,
    concern: &Concern,
    route: &Route,
    to: &ServiceCode,
) -> Result<NewTicket, FileError> {
    let place = concern.place.clone().ok_or(FileError::NoRoute)?;
    let mut ticket = Ticket {
        id: TicketId(cx.ids.next()),
        reference: String::new(),
        version: 1,
        state: State::Submitted,
        concern: concern.id,
        category: category.code.clone(),
        service: to.clone(),
        priority: route.priority,
        sensitivity: category.sensitivity,
        hidden_from_referrer: category.hidden_from_referrer,
        origin: concern.origin,
        referrer: concern.referrer,
        place,
        areas: concern.areas.clone(),
        replies: concern.replies.clone(),
        sent: Some(Arc::new(route.sent.clone())),
        handovers: 1,
        reroutes: 0,
        reopened: 0,
        followers: 0,
        assignee: None,
        filed_at: concern.filed_at,
        handed_over_at: concern.filed_at,
        received_at: None,
        acknowledged_at: None,
        resolved_at: None,
        closed_at: None,
        ack_due_at: concern.filed_at,
        resolve_due_at: concern.filed_at,
        pauses: Vec::new(),
        remind_at: None,
        rungs: 0,
        scheduled_for: None,
        resume_on: None,
        closure_reason: None,
        duplicate_of: None,
        feedback: Feedback::NotAsked,
    };
    if !of(loaded).wind(&mut ticket) {
        return Err(FileError::NoRoute);
    }
    let by = match concern.referrer {
        Referrer::Person(user) => Actor::Person { user, part: Part::Referrer },
        Referrer::Client(client) => Actor::Client { client, part: Part::Referrer },
    };
    let fact = Fact::Submitted { service: ticket.service.clone(), note: route.note.clone(), organisation: None };
    Ok(opened(cx, loaded, ticket, (by, fact), &[], concern.filed_at))
}
