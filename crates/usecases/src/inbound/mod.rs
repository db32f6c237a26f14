//! E-mail that comes in: reports that something did not arrive, and answers, which go to the ticket that they answer to.
//! The address that a message came back to names it (`store::outbox`); that it was written by whom it was sent to is all
//! that is asked of an answer, as of a letter.

mod attach;
mod automatic;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod html;
mod mail;
mod place;
mod quote;
mod settle;

use std::borrow::Cow;
use std::sync::LazyLock;

use auth::Grant;
use auth::permission::{HandInMail, SettleMail};
use domain::account::Affair;
use domain::content;
use domain::id::{MessageId, TicketId};
use regex::Regex;
use serde::{Deserialize, Serialize};
use store::inbound::Words;
use store::outbox::{Mark, Message};
use store::{Error, Page, Tx};
use uuid::Uuid;

use crate::{Context, NoCity, apart, of};
pub use settle::{SettleError, delete, settle};
pub use store::inbound::Unplaced;

use attach::Upload;
use mail::{Mail, Report};
use place::{Placing, place};

/// The greatest e-mail that is read, bytes: twenty attachments would not fit, one large one does.
pub const MAX_BYTES: usize = 30 * 1024 * 1024;

/// What became of an e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It stands with the ticket that it answers to.
    Placed {
        /// The ticket's reference.
        ticket: String,
        /// How many attachments were kept.
        attachments: usize,
        /// Those that were not.
        refused: Vec<RefusedAttachment>,
    },
    /// It reports that an address takes no mail: none goes there any more.
    Bounced,
    /// There is nothing to be done about it.
    Ignored {
        /// Why.
        why: Ignored,
    },
    /// It is kept for the dispatchers.
    Unplaced {
        /// Why it could not be put with a ticket.
        why: Unplaceable,
    },
}

/// An attachment that was not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedAttachment {
    /// What remains of its name.
    pub name: String,
    /// Why.
    pub why: NotKept,
}

impl RefusedAttachment {
    /// One of that name, in which what points to a person is masked: the name is remembered, and told.
    fn new(name: &str, why: NotKept) -> Self {
        Self { name: content::check(name, content::ALL).masked, why }
    }
}

/// Why an attachment was not kept, by the codes that an upload over the API is refused with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotKept {
    /// It is longer than a file may be.
    TooLong,
    /// There is nothing in it.
    Empty,
    /// Neither a photograph nor a PDF.
    UnknownType,
    /// It cannot be read to its end.
    Damaged,
    /// The image has too many pixels.
    TooManyPixels,
    /// Unpacked, it is out of all proportion.
    TooLargeUnpacked,
    /// The PDF needs a password.
    Encrypted,
    /// The PDF does or carries more than pages.
    ActiveContent,
    /// The virus scanner knows it.
    Infected,
    /// The ticket has as many as it can have.
    AttachmentsFull,
    /// The ticket has ended.
    TicketEnded,
}

/// Why there is nothing to be done about an e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ignored {
    /// A machine wrote it: an answer to it would come back.
    Automatic,
    /// It reports of a delivery, but not that the address takes no mail, or not of an e-mail of ours.
    Report,
    /// There is nothing in it, and nothing was.
    Empty,
}

/// Why an e-mail could not be put with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unplaceable {
    /// It came to no address that was made for an answer.
    NoToken,
    /// What it answers to is about no ticket, or about several.
    NoTicket,
    /// Somebody else wrote it than the one it was sent to, or somebody who no longer has a part in the ticket.
    UnknownSender,
    /// It is longer than what is kept with a ticket.
    TooLong,
    /// The ticket got more answers by e-mail today than people write.
    TooMany,
    /// Without what it quotes and without the attachments that are not kept, nothing is left.
    NothingOfTheirOwn,
}

impl Unplaceable {
    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::NoTicket => "no_ticket",
            Self::UnknownSender => "unknown_sender",
            Self::TooLong => "too_long",
            Self::TooMany => "too_many",
            Self::NothingOfTheirOwn => "nothing_of_their_own",
        }
    }
}

/// Why an e-mail was not taken. Trying again may help where it says so.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// It is no e-mail.
    #[error("this is no e-mail (RFC 5322): it says of nobody that they wrote it")]
    NotAnEmail,
    /// It is greater than what is read.
    #[error("the e-mail is greater than {MAX_BYTES} bytes")]
    TooLarge,
    /// An attachment can be neither kept nor refused now: try again.
    #[error("an attachment cannot be kept now: {0}")]
    Unavailable(#[from] files::Error),
    /// No city is loaded: try again.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer: try again.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Takes an e-mail that came in. `recipient` is where the mail server was told to deliver it to, if it says so. The same
/// e-mail again, to the same address, does nothing, and is answered as it was before.
///
/// # Errors
/// See [`ReceiveError`]; nothing was done then.
pub async fn receive(
    cx: &Context,
    _who: &Grant<HandInMail>,
    raw: Vec<u8>,
    recipient: Option<&str>,
) -> Result<Outcome, ReceiveError> {
    take(cx, raw, recipient).await
}

/// Takes an e-mail that the machine's own mail server hands to the program: see [`receive`].
///
/// # Errors
/// See [`ReceiveError`]; nothing was done then.
pub async fn take(cx: &Context, raw: Vec<u8>, recipient: Option<&str>) -> Result<Outcome, ReceiveError> {
    if raw.len() > MAX_BYTES {
        return Err(ReceiveError::TooLarge);
    }
    let recipient = recipient.map(ToOwned::to_owned);
    let read = apart(&cx.looking, move || Mail::read(&raw, recipient.as_deref())).await;
    let mut mail = read.ok_or(ReceiveError::NotAnEmail)?;
    let marked = mail.marks.iter().find_map(|(mark, token)| Some((*mark, cx.store.returned(*mark, token)?)));
    if let Some((_, id)) = marked {
        mail.answers(id);
    }
    if let Some(outcome) = before(cx, &mail).await? {
        return Ok(outcome);
    }
    match (mail.report, marked) {
        // Whoever may answer an e-mail cannot say that it did not arrive.
        (Some(Report::Gone), Some((Mark::Bounce, id))) => bounced(cx, id).await,
        (Some(_), _) => Ok(Outcome::Ignored { why: Ignored::Report }),
        (None, _) if mail.automatic => Ok(Outcome::Ignored { why: Ignored::Automatic }),
        (None, Some((Mark::Bounce | Mark::Reply, id))) => answer(cx, &mail, id).await,
        (None, None) => unplace(cx, &mail, Unplaceable::NoToken, None).await,
    }
}

async fn before(cx: &Context, mail: &Mail) -> Result<Option<Outcome>, Error> {
    let outcome = cx.store.mail_outcome(&mail.digest).await?;
    outcome
        .map(|outcome| serde_json::from_value(outcome).map_err(|error| Error::Corrupt(error.to_string())))
        .transpose()
}

async fn bounced(cx: &Context, id: MessageId) -> Result<Outcome, ReceiveError> {
    // Known already when a report comes twice.
    cx.store.bounced(id, cx.now(), "a report says that the address takes no mail").await?;
    if let Err(error) = crate::bounce::settle(cx).await {
        tracing::warn!(%error, "an address takes no mail, and who is to know is not told yet; the worker tells them");
    }
    Ok(Outcome::Bounced)
}

async fn answer(cx: &Context, mail: &Mail, id: MessageId) -> Result<Outcome, ReceiveError> {
    let answered = cx.store.answered(id).await?;
    let Some((answered, ticket)) = answered.and_then(|answered| answered.ticket.map(|ticket| (answered, ticket)))
    else {
        return unplace(cx, mail, Unplaceable::NoTicket, None).await;
    };
    let mut uploads = Vec::new();
    for (name, content) in &mail.attachments {
        uploads.push(Upload::make(cx, name, content).await?);
    }
    let unread = |name: &String| RefusedAttachment::new(name, NotKept::AttachmentsFull);
    uploads.extend(mail.beyond.iter().map(unread).map(Upload::Refused));
    let placed = place(cx, Placing { mail, answered: &answered, ticket, uploads: &uploads }).await;
    if !matches!(placed, Ok(Outcome::Placed { .. }) | Err(_)) {
        attach::discard_all(cx, &uploads).await;
    }
    match placed? {
        Outcome::Unplaced { why } => unplace(cx, mail, why, Some(ticket)).await,
        outcome => Ok(outcome),
    }
}

async fn unplace(
    cx: &Context,
    mail: &Mail,
    why: Unplaceable,
    ticket: Option<TicketId>,
) -> Result<Outcome, ReceiveError> {
    let loaded = cx.city()?;
    let (now, outcome) = (cx.now(), Outcome::Unplaced { why });
    let tx = cx.store.begin().await?;
    if !record(&tx, mail, &outcome, cx).await? {
        drop(tx);
        return Ok(before(cx, mail).await?.unwrap_or(outcome));
    }
    let words = Words {
        from: mail.from.clone(),
        subject: mail.subject.clone(),
        text: beginning(&shown(mail)),
        attachments: mail.attachments.iter().map(|(name, _)| name).chain(&mail.beyond).cloned().collect(),
    };
    if tx.keep_unplaced(cx.ids.next(), why.code(), ticket, &words, now).await? {
        let desk = &of(&loaded).settings.dispatcher_desk;
        let message = Message::to_desk(desk, MessageId(cx.ids.next()), Affair::UnplacedMail);
        tx.append_message(&message, now).await?;
    }
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(outcome)
}

/// What the dispatchers read: where nothing is the writer's own, all of it, since an answer may stand among what is quoted.
/// What is quoted holds links and addresses that open more than they need.
fn shown(mail: &Mail) -> Cow<'_, str> {
    if mail.cut.is_empty() {
        return Cow::Borrowed(&mail.text);
    }
    Cow::Owned(content::check(&LINK.replace_all(&mail.cut, "[…]"), content::ALL).masked)
}

static LINK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bhttps?:\S+").expect("the pattern is a literal, and a test compiles it"));

/// How much of a text is kept for the dispatchers, in characters.
const TEXT: usize = 20_000;

fn beginning(text: &str) -> String {
    match text.char_indices().nth(TEXT) {
        Some((end, _)) => format!("{}\n(Suite non conservée.)", &text[..end]),
        None => text.to_owned(),
    }
}

async fn record(tx: &Tx, mail: &Mail, outcome: &Outcome, cx: &Context) -> Result<bool, Error> {
    let outcome = serde_json::to_value(outcome).map_err(|error| Error::Corrupt(error.to_string()))?;
    tx.record_mail(&mail.digest, &outcome, cx.now()).await
}

/// A page of the e-mails that wait for a dispatcher, the first one first.
///
/// # Errors
/// When the database does not answer.
pub async fn unplaced(
    cx: &Context,
    _who: &Grant<SettleMail>,
    after: Uuid,
    limit: u64,
) -> Result<Page<Unplaced, Uuid>, Error> {
    cx.store.unplaced_mail(after, limit).await
}
