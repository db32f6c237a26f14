//! A letter as it would be written: of a ticket that there is, or of what there is not. Nothing is sent.

use auth::Grant;
use auth::permission::PreviewLetters;
use domain::audit::Act;
use domain::city::City;
use domain::language::Language;
use domain::letter::LetterName;
use domain::rights::{Caller, Secrecy};
use store::outbox::{Addressee, Leased};
use store::ticket::{Late, Named};
use store::{Error, Scope};

use super::real::real;
use crate::{Context, NoCity, of};

/// Writes letters without sending them. What writes and sends them cannot be named here, so that no use case sends one.
pub trait Letters: Send + Sync {
    /// The letter, in the name of the city and with its words: of what there is, or of what there is not.
    ///
    /// # Errors
    /// When it cannot be written: why.
    fn write(
        &self,
        city: &City,
        letter: LetterName,
        language: Language,
        real: Option<&Real>,
    ) -> Result<Written, String>;
}

/// What a worker would have leased, were it told now.
#[derive(Debug, Clone)]
pub struct Real {
    /// The e-mail.
    pub mail: Leased,
    /// Who would get it: no address, and a link that leads nowhere.
    pub addressee: Addressee,
    /// What is late, of the letter that lists it.
    pub late: Option<Late>,
}

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// One line.
    pub subject: String,
    /// The whole as plain text.
    pub text: String,
    /// The whole as a document of its own.
    pub html: String,
}

/// Which letter.
#[derive(Debug, Clone)]
pub struct About {
    /// Which.
    pub letter: LetterName,
    /// In which language.
    pub language: Language,
    /// Of which ticket; of what there is not, when absent.
    pub ticket: Option<Named>,
}

/// Why there is nothing to be seen.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// There is no such ticket within the caller's reach.
    #[error("there is no such ticket")]
    NotFound,
    /// Nothing happened to the ticket of which this letter tells.
    #[error("the ticket has taken no such turn")]
    NoSuchTurn,
    /// The letter cannot be written.
    #[error("the letter cannot be written: {0}")]
    Unwritable(String),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// The letter: of the ticket's last turn that it tells of. Of a ticket that is not for everybody, it is recorded as read.
///
/// # Errors
/// See [`PreviewError`].
pub async fn preview(cx: &Context, who: &Grant<PreviewLetters>, about: &About) -> Result<Written, PreviewError> {
    let loaded = cx.city()?;
    let city = of(&loaded);
    let real = match &about.ticket {
        None => None,
        Some(name) => {
            let scope = Scope::of(&Caller::Person(who.person().clone()));
            let ticket = cx.store.ticket(&scope, name).await?.ok_or(PreviewError::NotFound)?;
            if ticket.secrecy() != Secrecy::Standard {
                cx.store.audit(&who.record(Act::TicketRead { ticket: ticket.id }, cx.now())).await?;
            }
            Some(real(cx, city, who, about, &scope, ticket).await?.ok_or(PreviewError::NoSuchTurn)?)
        }
    };
    cx.letters.write(city, about.letter, about.language, real.as_ref()).map_err(PreviewError::Unwritable)
}
