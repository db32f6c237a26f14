//! Handing in an e-mail.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use auth::permission::HandInMail;
use schemars::JsonSchema;
use serde::Serialize;
use usecases::Context;
use usecases::inbound::{Ignored, MAX_BYTES, NotKept, Outcome, Unplaceable};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;
use crate::reply;
use crate::request::body::Raw;
use crate::request::caller::Caller;
use crate::request::query::Query;
use crate::view::FileBytes;

/// What the mail server knows of an e-mail beside it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameter that `Query` takes")]
pub(crate) struct ReceiveMail {
    /// The address that it was delivered to: it decides what the e-mail answers to. Without it, its `Delivered-To` and the
    /// like do, then its `To` and `Cc`.
    #[param(example = "retours@ville-amiens.example", max_length = 320)]
    recipient: Option<String>,
}

/// An attachment that was not kept.
#[derive(Serialize, ToSchema)]
struct RefusedAttachment {
    /// What remains of the name of the file: what points to a person is masked.
    name: String,
    /// Why: `unknown_type`, `too_long`, `empty`, `damaged`, `too_many_pixels`, `too_large_unpacked`, `encrypted`,
    /// `active_content`, `infected`, `attachments_full`, `ticket_ended`.
    #[schema(value_type = String, examples("unknown_type"))]
    why: NotKept,
}

/// What became of an e-mail.
#[derive(Serialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InboundOutcome {
    /// It stands with the ticket that it answers to.
    Placed,
    /// It reports that an address takes no mail: nothing more is sent there.
    Bounced,
    /// There was nothing to be done about it.
    Ignored,
    /// It waits for a dispatcher.
    Unplaced,
}

/// What became of an e-mail, and why.
#[derive(Serialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InboundReason {
    /// `ignored`: a machine wrote it.
    Automatic,
    /// `ignored`: a report of a delivery that changes nothing.
    Report,
    /// `ignored`: there is nothing in it, and nothing was.
    Empty,
    /// `unplaced`: it came to no address that was made for an answer.
    NoToken,
    /// `unplaced`: what it answers to is about no ticket, or about several.
    NoTicket,
    /// `unplaced`: somebody else wrote it than the one it was sent to.
    UnknownSender,
    /// `unplaced`: it is longer than what is kept with a ticket.
    TooLong,
    /// `unplaced`: the ticket got fifty answers in a day.
    TooMany,
    /// `unplaced`: without what it quotes and the attachments that are not kept, nothing is left.
    NothingOfTheirOwn,
}

impl From<Ignored> for InboundReason {
    fn from(why: Ignored) -> Self {
        match why {
            Ignored::Automatic => Self::Automatic,
            Ignored::Report => Self::Report,
            Ignored::Empty => Self::Empty,
        }
    }
}

impl From<Unplaceable> for InboundReason {
    fn from(why: Unplaceable) -> Self {
        match why {
            Unplaceable::NoToken => Self::NoToken,
            Unplaceable::NoTicket => Self::NoTicket,
            Unplaceable::UnknownSender => Self::UnknownSender,
            Unplaceable::TooLong => Self::TooLong,
            Unplaceable::TooMany => Self::TooMany,
            Unplaceable::NothingOfTheirOwn => Self::NothingOfTheirOwn,
        }
    }
}

/// What became of an e-mail.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReceivedMail {
    outcome: InboundOutcome,
    /// Why it was `ignored`, or is `unplaced`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    why: Option<InboundReason>,
    /// The reference of the ticket that it was placed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("AMI-26-004217"))]
    ticket: Option<String>,
    /// How many attachments were kept.
    attachments: usize,
    /// The attachments that were not: the message says so too.
    refused_attachments: Vec<RefusedAttachment>,
}

impl From<Outcome> for ReceivedMail {
    fn from(outcome: Outcome) -> Self {
        let other = |outcome, why| Self { outcome, why, ticket: None, attachments: 0, refused_attachments: Vec::new() };
        match outcome {
            Outcome::Placed { ticket, attachments, refused } => {
                let refused = refused.into_iter().map(|file| RefusedAttachment { name: file.name, why: file.why });
                Self {
                    outcome: InboundOutcome::Placed,
                    why: None,
                    ticket: Some(ticket),
                    attachments,
                    refused_attachments: refused.collect(),
                }
            }
            Outcome::Bounced => other(InboundOutcome::Bounced, None),
            Outcome::Ignored { why } => other(InboundOutcome::Ignored, Some(why.into())),
            Outcome::Unplaced { why } => other(InboundOutcome::Unplaced, Some(why.into())),
        }
    }
}

/// Hand in an e-mail
///
/// For the city's mail server (`mail:inbound`): one e-mail as it came (RFC 5322), at most 30 MiB. A report that an address
/// takes no mail (RFC 3464) mutes it; an answer of the one that a message was sent to goes to its ticket, without what it
/// quotes; whatever else people wrote waits for a dispatcher. The same e-mail again does nothing, and is answered as before:
/// no idempotency key is needed. The same is what has the same `Message-ID`, writer, subject, own words and attachments and
/// answers to the same message: a copy for each of two of our addresses is two.
#[utoipa::path(
    operation_id = "inbound_receive",
    tag = "inbound",
    params(ReceiveMail),
    request_body(
        content = FileBytes,
        content_type = "message/rfc822",
        description = "The e-mail",
        example = json!("From: Voirie <voirie@ville-amiens.example>\r\nTo: retours@ville-amiens.example\r\nMessage-ID: <42@ville-amiens.example>\r\nSubject: Re: Saisine\r\n\r\nC’est fait.\r\n")
    ),
    responses(
        (status = 200, description = "What became of it", body = ReceivedMail),
        (status = 413, description = "The e-mail is greater than 30 MiB"),
        (status = 415, description = "The body is not `message/rfc822`"),
        (status = 422, description = "It is no e-mail: `not_an_email`")
    ),
    security(("bearer" = []))
)]
#[post("/v1/inbound/email")]
pub(crate) async fn receive(
    caller: Caller<HandInMail>,
    cx: Data<Context>,
    request: HttpRequest,
    body: Raw<MAX_BYTES>,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let expected = ("une adresse de 320 caractères au plus", "an address of at most 320 characters");
    let recipient = query.one("recipient", expected, |text| (text.chars().count() <= 320).then(|| text.to_owned()));
    query.finish()?;
    body.needs("message/rfc822")?;
    let outcome = usecases::inbound::receive(&cx, &caller.grant, body.bytes, recipient.as_deref()).await?;
    Ok(reply::read(None, caller.language, &ReceivedMail::from(outcome)))
}
