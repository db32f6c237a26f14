//! What happens to tickets by itself: those that wait resume on their day, resolved ones are closed, those whose target
//! is missed are reminded of, residents who do not answer are asked again; when the city has changed, clocks are
//! wound again, and partners that now have links get those of the tickets that they have already.

use chrono::{DateTime, Utc};
use domain::id::{ServiceCode, TicketId};
use domain::ticket::clock::Reminded;
use domain::ticket::close::{BY_ITSELF_AFTER, Close};
use domain::ticket::feedback::ASKED_AGAIN_AFTER;
use domain::ticket::notice::{Follower, Kind, Notice, Recipient};
use domain::ticket::resume::Resume;
use domain::ticket::silence::Return;
use domain::ticket::{Actor, Change, Feedback, Refusal, State, Ticket};
use std::collections::BTreeMap;
use store::Error;
use store::city::Loaded;
use store::ticket::{Due, Reminding};

use super::change::save;
use super::partner::open_missing_links;
use crate::{Context, of, today};

/// How many tickets are taken at once.
const BATCH: u64 = 100;

/// Does what is due now, once round. Returns how many tickets were looked after; when none, nothing is due. Any number of
/// instances may do this at once.
///
/// # Errors
/// When the database does not answer: what was not done is still due.
pub async fn run_clocks(cx: &Context) -> Result<usize, Error> {
    // Without a city there are no tickets.
    let Ok(loaded) = cx.city() else { return Ok(0) };
    let now = cx.now();
    let wound = wind(cx, &loaded).await?;
    let resumed =
        turn(cx, &loaded, Due::Resume(today(of(&loaded), now)), now, |ticket| Resume::default().apply(ticket, now))
            .await?;
    let closed =
        turn(cx, &loaded, Due::Close(now - BY_ITSELF_AFTER), now, |ticket| Close::default().apply(ticket, now)).await?;
    // Before anybody is reminded of what is no longer theirs.
    let returned = take_back_unanswered(cx, &loaded, now).await?;
    let reminded = remind(cx, &loaded, now).await?;
    let asked = ask_again(cx, now).await?;
    if resumed + closed + returned + reminded + asked > 0 {
        cx.wake.notify_one();
    }
    Ok(wound + resumed + closed + returned + reminded + asked)
}

/// Returns tickets to the dispatcher's desk that partners without accounts left unanswered.
async fn take_back_unanswered(cx: &Context, loaded: &Loaded, now: DateTime<Utc>) -> Result<usize, Error> {
    let city = of(loaded);
    let partners = city.services.iter().filter(|service| service.access.is_some());
    let partners: Vec<ServiceCode> = partners.map(|service| service.code.clone()).collect();
    if partners.is_empty() {
        return Ok(0);
    }
    let desk = &city.settings.dispatcher_desk;
    let back = |ticket: Ticket| {
        let organisation = loaded.gets_to(&ticket.service, desk).cloned();
        Return { desk: desk.clone() }.apply(ticket, organisation, now)
    };
    turn(cx, loaded, Due::Answer(now, partners), now, back).await
}

async fn turn(
    cx: &Context,
    loaded: &Loaded,
    due: Due,
    now: DateTime<Utc>,
    act: impl Fn(Ticket) -> Result<Change, Refusal>,
) -> Result<usize, Error> {
    let tx = cx.store.begin().await?;
    let tickets = tx.lock_due(due, BATCH).await?;
    if tickets.is_empty() {
        return Ok(0);
    }
    let change = |ticket| act(ticket).map_err(|refusal| Error::Corrupt(format!("what is due is refused: {refusal}")));
    let changes = tickets.into_iter().map(|ticket| Ok((change(ticket)?, Actor::System)));
    let changes = changes.collect::<Result<Vec<_>, Error>>()?;
    let turned = save(cx, loaded, &tx, changes, now).await?.len();
    tx.commit().await?;
    Ok(turned)
}

async fn wind(cx: &Context, loaded: &Loaded) -> Result<usize, Error> {
    let tx = cx.store.begin().await?;
    let mut tickets = tx.lock_due(Due::Wind(loaded.revision), BATCH).await?;
    if tickets.is_empty() {
        return Ok(0);
    }
    for ticket in &mut tickets {
        // Of a service or category that is no longer in use, the clocks go on as they are.
        of(loaded).wind(ticket);
    }
    tx.save_clocks(&tickets, loaded.revision).await?;
    let now = cx.now();
    // Those whose answer is overdue go back to the desk instead.
    let awaited = tickets.iter().filter(|ticket| ticket.state != State::Submitted || ticket.ack_due_at > now);
    open_missing_links(cx, of(loaded), &tx, awaited, now).await?;
    tx.commit().await?;
    Ok(tickets.len())
}

async fn remind(cx: &Context, loaded: &Loaded, now: DateTime<Utc>) -> Result<usize, Error> {
    let tx = cx.store.begin().await?;
    let tickets = tx.lock_due(Due::Remind(now), BATCH).await?;
    if tickets.is_empty() {
        return Ok(0);
    }
    let services: Vec<ServiceCode> = tickets.iter().map(|ticket| ticket.service.clone()).collect();
    let managers = tx.managers(&services).await?;
    let managers = managers.into_iter().map(|(service, users)| {
        (service, users.into_iter().map(|user| Recipient::Person { user }).collect::<Vec<_>>())
    });
    let managers: BTreeMap<ServiceCode, Vec<Recipient>> = managers.collect();
    let reminding: Vec<Reminding> =
        tickets.into_iter().map(|ticket| climb(cx, loaded, ticket, &managers, now)).collect();
    tx.save_reminders(&reminding, now).await?;
    tx.commit().await?;
    Ok(reminding.len())
}

/// Asks the residents of resolved tickets a second time whether it is solved, if none of them has answered. Never a third
/// time: then silence closes it.
async fn ask_again(cx: &Context, now: DateTime<Utc>) -> Result<usize, Error> {
    let tx = cx.store.begin().await?;
    let tickets = tx.lock_due(Due::AskAgain(now - ASKED_AGAIN_AFTER), BATCH).await?;
    if tickets.is_empty() {
        return Ok(0);
    }
    let ids: Vec<TicketId> = tickets.iter().map(|ticket| ticket.id).collect();
    let followers = tx.followers(&ids).await?;
    let asking = tickets.into_iter().map(|mut ticket| {
        ticket.feedback = Feedback::AskedAgain;
        let mailed = followers.get(&ticket.id).into_iter().flatten().filter(|follower| follower.mailed);
        let about = |follower: &Follower| {
            let recipient = Recipient::Resident { concern: follower.concern };
            cx.message_about(ticket.id, Notice { kind: Kind::AskedAgain, recipient })
        };
        let messages = mailed.map(about).collect();
        Reminding { ticket, messages }
    });
    let asking: Vec<Reminding> = asking.collect();
    tx.save_reminders(&asking, now).await?;
    tx.commit().await?;
    Ok(asking.len())
}

/// Climbs every rung that is due, also when several fell due while nobody looked.
fn climb(
    cx: &Context,
    loaded: &Loaded,
    mut ticket: Ticket,
    managers: &BTreeMap<ServiceCode, Vec<Recipient>>,
    now: DateTime<Utc>,
) -> Reminding {
    let settings = &of(loaded).settings;
    let mut messages = Vec::new();
    while ticket.remind_at.is_some_and(|at| at <= now) {
        let rung = usize::try_from(ticket.rungs).ok().and_then(|rung| settings.reminders.get(rung));
        let mailbox = |code: &ServiceCode| vec![Recipient::Service { code: code.clone() }];
        let recipients = match rung.map(|rung| rung.to) {
            Some(Reminded::Service) => mailbox(&ticket.service),
            Some(Reminded::Manager) => {
                managers.get(&ticket.service).cloned().unwrap_or_else(|| mailbox(&ticket.service))
            }
            Some(Reminded::Dispatcher) => mailbox(&settings.dispatcher_desk),
            None => Vec::new(),
        };
        let about = |recipient| cx.message_about(ticket.id, Notice { kind: Kind::Reminder, recipient });
        messages.extend(recipients.into_iter().map(about));
        ticket.rungs += 1;
        ticket.remind_at = None;
        of(loaded).wind(&mut ticket);
    }
    Reminding { ticket, messages }
}
