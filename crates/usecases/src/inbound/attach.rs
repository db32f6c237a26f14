//! Attachments of an e-mail: looked into and made anew like any upload, before the ticket is locked.

use domain::attachment::Refusal;
use domain::ticket::{Actor, Ticket};
use files::{Error as FileError, Refusal as FileRefusal};
use store::Tx;
use store::city::Loaded;

use super::{NotKept, ReceiveError, RefusedAttachment};
use crate::Context;
use crate::ticket::attachment::{Laid, NotAttached};

/// An attachment that came with an e-mail.
pub(super) enum Upload {
    /// It can be kept.
    Laid(Laid),
    /// It is not accepted.
    Refused(RefusedAttachment),
}

impl Upload {
    /// Looks into what came, and lays what is made of it ready.
    pub(super) async fn make(cx: &Context, name: &str, content: &[u8]) -> Result<Self, ReceiveError> {
        let made = async {
            let mut spool = cx.files.receive().await?;
            spool.take(content).await?;
            cx.files.make(spool.end().await?).await
        };
        match made.await {
            Ok(made) => Ok(Self::Laid(Laid::lay::<ReceiveError>(cx, made, name).await?)),
            Err(FileError::Refused(why)) => Ok(Self::Refused(RefusedAttachment::new(name, why.into()))),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes it an attachment of the ticket, in the transaction that places the e-mail. Gives the ticket back as it is
    /// then, or why it stays as it was.
    pub(super) async fn add(
        &self,
        cx: &Context,
        loaded: &Loaded,
        tx: &Tx,
        ticket: Ticket,
        by: &Actor,
    ) -> Result<(Ticket, Option<RefusedAttachment>), ReceiveError> {
        let laid = match self {
            Self::Laid(laid) => laid,
            Self::Refused(refused) => return Ok((ticket, Some(refused.clone()))),
        };
        match laid.attach(cx, loaded, tx, ticket.clone(), by).await {
            Ok((_, ticket)) => Ok((ticket, None)),
            Err(NotAttached::Refused(why)) => {
                let why = if why == Refusal::Full { NotKept::AttachmentsFull } else { NotKept::TicketEnded };
                Ok((ticket, Some(RefusedAttachment::new(laid.name(), why))))
            }
            Err(NotAttached::File(error)) => Err(error.into()),
            Err(NotAttached::Store(error)) => Err(error.into()),
        }
    }
}

/// Deletes what lay ready and is not used.
pub(super) async fn discard_all(cx: &Context, uploads: &[Upload]) {
    for upload in uploads {
        if let Upload::Laid(laid) = upload {
            laid.discard(cx).await;
        }
    }
}

impl From<FileRefusal> for NotKept {
    fn from(refusal: FileRefusal) -> Self {
        match refusal {
            FileRefusal::TooLong(_) => Self::TooLong,
            FileRefusal::Empty => Self::Empty,
            FileRefusal::UnknownType => Self::UnknownType,
            FileRefusal::Damaged => Self::Damaged,
            FileRefusal::TooManyPixels => Self::TooManyPixels,
            FileRefusal::Bomb => Self::TooLargeUnpacked,
            FileRefusal::Encrypted => Self::Encrypted,
            FileRefusal::Active(_) => Self::ActiveContent,
            FileRefusal::Infected(_) => Self::Infected,
        }
    }
}

impl NotKept {
    /// Why, as it stands in the text that the ticket keeps.
    pub(crate) const fn told(self) -> &'static str {
        match self {
            Self::TooLong => "trop lourde",
            Self::Empty => "vide",
            Self::UnknownType => "ni photographie ni PDF",
            Self::Damaged => "illisible",
            Self::TooManyPixels => "image trop grande",
            Self::TooLargeUnpacked => "document démesuré",
            Self::Encrypted => "PDF protégé par un mot de passe",
            Self::ActiveContent => "PDF qui contient autre chose que des pages",
            Self::Infected => "virus",
            Self::AttachmentsFull => "la saisine a déjà autant de pièces qu’elle peut en avoir",
            Self::TicketEnded => "la saisine est terminée",
        }
    }
}
