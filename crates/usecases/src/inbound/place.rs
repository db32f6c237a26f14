//! Putting an answer with the ticket that it answers to.

use chrono::TimeDelta;
use domain::city::City;
use domain::concern::Referrer;
use domain::content;
use domain::id::{TicketId, WritingId};
use domain::rights::Caller;
use domain::text::{self, TextError};
use domain::ticket::event::Writer;
use domain::ticket::notice::{Kind, Notice, Recipient};
use domain::ticket::writing::{CONVERSATION, Note, ReferrerMessage, ResidentMessage};
use domain::ticket::{Actor, State, Ticket};
use store::inbound::Answered;
use store::outbox::Message;
use store::ticket::Named;
use store::{Error, Scope, Tx};

use super::attach::Upload;
use super::mail::Mail;
use super::{Ignored, Outcome, ReceiveError, Unplaceable, before, record};
use crate::ticket::{answer_notices, heard_by};
use crate::{Context, of};

/// How many answers by e-mail a ticket takes in a day: more would be two machines answering one another.
const A_DAY: i64 = 50;

/// How many messages one e-mail may fill.
const PIECES: usize = 5;

/// How much of an attachment's name is told, in characters.
const NAME: usize = 100;

/// An e-mail on its way to a ticket.
pub(super) struct Placing<'a> {
    pub(super) mail: &'a Mail,
    /// What it answers to.
    pub(super) answered: &'a Answered,
    pub(super) ticket: TicketId,
    pub(super) uploads: &'a [Upload],
}

/// Puts the e-mail with its ticket, with its attachments, or says why not: one transaction.
pub(super) async fn place(cx: &Context, placing: Placing<'_>) -> Result<Outcome, ReceiveError> {
    let (loaded, now) = (cx.city()?, cx.now());
    let Placing { mail, answered, ticket, uploads } = placing;
    let unplaced = |why| Ok(Outcome::Unplaced { why });
    let tx = cx.store.begin().await?;
    let locked = tx.lock_ticket(&Scope::everything(), &Named::Id(ticket)).await?;
    let Some(mut ticket) = locked else { return unplaced(Unplaceable::NoTicket) };
    let Some(by) = writer(&tx, mail, answered, &ticket).await? else {
        return unplaced(Unplaceable::UnknownSender);
    };
    if tx.answers_since(&ticket.reference, now - TimeDelta::days(1)).await? >= A_DAY {
        return unplaced(Unplaceable::TooMany);
    }
    let (mut kept, mut refused) = (0, Vec::new());
    for upload in uploads {
        let (after, why) = upload.add(cx, &loaded, &tx, ticket, &by).await?;
        ticket = after;
        match why {
            Some(why) => refused.push(why),
            None => kept += 1,
        }
    }
    let mut words = mail.text.clone();
    if words.is_empty() && kept == 0 {
        let nothing = mail.cut.is_empty() && refused.is_empty();
        let ignored = Ok(Outcome::Ignored { why: Ignored::Empty });
        return if nothing { ignored } else { unplaced(Unplaceable::NothingOfTheirOwn) };
    }
    if words.is_empty() {
        words.push_str("(Pièce jointe sans texte.)");
    }
    let lost = refused.iter().map(|file| (file.name.as_str(), file.why.told()));
    let texts = texts(words, lost)?;
    if texts.len() > PIECES {
        return unplaced(Unplaceable::TooLong);
    }
    if texts.is_empty() {
        return unplaced(Unplaceable::NothingOfTheirOwn);
    }
    let outcome = Outcome::Placed { ticket: ticket.reference.clone(), attachments: kept, refused };
    if !record(&tx, mail, &outcome, cx).await? {
        drop(tx);
        return Ok(before(cx, mail).await?.unwrap_or(outcome));
    }
    let officer = match &answered.recipient {
        Recipient::Resident { concern } => heard_by(&tx, &ticket, *concern).await?,
        _ => None,
    };
    let told = notices(of(&loaded), &ticket, officer, &by);
    write(cx, &tx, &ticket, &by, texts, told).await?;
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(outcome)
}

/// In which part somebody wrote it: the one it was sent to, or, where that is a service's mailbox, one of the service.
async fn writer(tx: &Tx, mail: &Mail, answered: &Answered, ticket: &Ticket) -> Result<Option<Actor>, Error> {
    let Some(from) = mail.from.as_deref() else { return Ok(None) };
    let own = answered.address.as_ref().is_some_and(|address| address.to_lowercase() == from);
    Ok(match &answered.recipient {
        Recipient::Resident { concern } => own.then_some(Actor::Resident { concern: Some(*concern) }),
        Recipient::Service { code } if own => {
            (ticket.service == *code).then(|| Actor::Service { service: code.clone() })
        }
        Recipient::Person { .. } | Recipient::Member { .. } if !own => None,
        Recipient::Service { .. } | Recipient::Person { .. } | Recipient::Member { .. } => {
            let user = tx.user_by_email(from).await?.filter(|user| user.active);
            user.and_then(|user| {
                let caller = Caller::Person(user.person);
                let reaches = caller.sees(ticket);
                caller.in_one_of(&CONVERSATION, ticket).filter(|_| reaches)
            })
        }
        Recipient::Client { .. } => None,
    })
}

/// What is written with the ticket: the words and what was not kept, by name and why, looked through like any free text, in
/// as many messages as they need.
pub(super) fn texts<'a>(
    mut words: String,
    lost: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<text::Message>, Error> {
    for (name, why) in lost {
        let name: String = name.chars().filter(|c| !c.is_control()).take(NAME).collect();
        let name = if name.is_empty() { "sans nom" } else { &name };
        words = format!("{words}\n(Pièce jointe non conservée : {name}, {why}.)");
    }
    let words = content::check(&words, content::ALL).masked;
    let (mut pieces, mut length) = (vec![String::new()], 0);
    for word in words.split_inclusive(char::is_whitespace) {
        let fits = length + word.chars().count() <= text::Message::MAX;
        for (nth, c) in word.chars().enumerate() {
            // A word that fits in no message is cut.
            if (nth == 0 && !fits) || length == text::Message::MAX {
                pieces.push(String::new());
                length = 0;
            }
            if let Some(piece) = pieces.last_mut() {
                piece.push(c);
            }
            length += 1;
        }
    }
    let written = |piece: String| match text::Message::try_from(piece) {
        Ok(text) => Some(Ok(text)),
        Err(TextError::Empty) => None,
        Err(error) => Some(Err(Error::Corrupt(error.to_string()))),
    };
    pieces.into_iter().filter_map(written).collect()
}

/// The messages that follow from what somebody wrote about the ticket: of what a resident writes, also to who heard
/// them, if that is known; of what others write once no service has the ticket any more, also to the dispatcher's desk.
pub(super) fn notices(city: &City, ticket: &Ticket, heard_by: Option<Referrer>, by: &Actor) -> Vec<Notice> {
    if is_residents(by) {
        return answer_notices(city, ticket, heard_by);
    }
    let told = if is_internal(by, ticket) { None } else { ReferrerMessage::notice(by, ticket) };
    let desk = Recipient::Service { code: city.settings.dispatcher_desk.clone() };
    let is_late = matches!(ticket.state, State::Closed | State::Cancelled | State::Refused)
        && told.as_ref().is_none_or(|notice| notice.recipient != desk);
    let late = is_late.then_some(Notice { kind: Kind::Unattended, recipient: desk });
    told.into_iter().chain(late).collect()
}

/// Writes the texts with the ticket, of the kind that fits their author, and tells of the first of them.
pub(super) async fn write(
    cx: &Context,
    tx: &Tx,
    ticket: &Ticket,
    by: &Actor,
    texts: Vec<text::Message>,
    told: Vec<Notice>,
) -> Result<(), Error> {
    let at = cx.now();
    let about = |notice| cx.message_about(ticket.id, notice);
    let mut tell: Vec<Message> = told.into_iter().map(about).collect();
    for text in texts {
        let id = WritingId(cx.ids.next());
        // Whoever is told is told once.
        let tell = std::mem::take(&mut tell);
        if is_residents(by) {
            let message =
                ResidentMessage { id, at, by: by.clone(), text: text.into(), leaves_at: at, taken_back_at: None };
            tx.add_resident_message(ticket, &message, &tell).await?;
        } else if is_internal(by, ticket) {
            let text = text::Note::try_from(text.to_string()).map_err(|e| Error::Corrupt(e.to_string()))?;
            let note = Note { id, at, by: by.clone(), text, mentions: Vec::new() };
            tx.add_note(ticket, &note, &tell).await?;
        } else {
            let message = ReferrerMessage { id, at, by: by.clone(), text };
            tx.add_referrer_message(ticket, &message, &tell).await?;
        }
    }
    Ok(())
}

const fn is_residents(by: &Actor) -> bool {
    matches!(by, Actor::Resident { .. } | Actor::Mail { from: Writer::Resident, .. })
}

/// Whether it stays among colleagues.
const fn is_internal(by: &Actor, ticket: &Ticket) -> bool {
    let strangers = matches!(by, Actor::Mail { from: Writer::Other, .. });
    strangers || (ticket.hidden_from_referrer && !by.is_referrers())
}
