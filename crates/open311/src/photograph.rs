//! What is wrong with photographs.

use usecases::open311::{MOST, PhotographError, Refused};
use usecases::ticket::attachment::{FileError, FileRefusal};

use crate::answer::Wrong;

pub(crate) fn wrong(error: PhotographError) -> Wrong {
    match error {
        PhotographError::TooMany => too_many(),
        PhotographError::Elsewhere { url, why } => {
            let (fr, en) = match why {
                Refused::Scheme => ("elle doit commencer par https://", "it must begin with https://"),
                Refused::Form => {
                    ("il y manque un hôte, ou s’y trouve un mot de passe", "it has no host, or a password")
                }
                Refused::Address => {
                    ("elle mène à une adresse qui n’est pas publique", "it leads to an address that is not public")
                }
            };
            let host = url.host_str().unwrap_or_default();
            Wrong::bad((format!("« media_url » ({host}) : {fr}."), format!("“media_url” ({host}): {en}.")))
        }
        PhotographError::Sent { name, why } => unfit(&name, why.into()),
        PhotographError::File(error) => unfit("", error),
        PhotographError::Store(error) => error.into(),
    }
}

pub(crate) fn too_many() -> Wrong {
    Wrong::bad((format!("Il y a au plus {MOST} photographies."), format!("There are {MOST} photographs at most.")))
}

/// Why a photograph that was sent along is not accepted.
pub(crate) fn unfit(name: &str, error: FileError) -> Wrong {
    let why = match error {
        FileError::Refused(why) => why,
        FileError::Unavailable(cause) => {
            tracing::warn!(%cause, "a photograph could not be kept");
            return Wrong::unavailable();
        }
        FileError::Missing(path) => {
            tracing::error!(path, "the store of files does not have what it should");
            return Wrong::internal();
        }
    };
    let (fr, en) = match why {
        FileRefusal::TooLong(_) => ("le fichier est trop lourd", "the file is too large"),
        FileRefusal::Empty => ("le fichier est vide", "the file is empty"),
        FileRefusal::UnknownType => ("il faut du JPEG, PNG, WebP ou PDF", "it must be JPEG, PNG, WebP or PDF"),
        FileRefusal::Damaged => ("le fichier est illisible", "the file cannot be read"),
        FileRefusal::TooManyPixels => ("l’image a trop de pixels", "the picture has too many pixels"),
        FileRefusal::Bomb => ("le document est démesuré", "the document is too large once unpacked"),
        FileRefusal::Encrypted => ("le PDF est protégé par un mot de passe", "the PDF has a password"),
        FileRefusal::Active(_) => ("le PDF contient autre chose que des pages", "the PDF holds more than pages"),
        FileRefusal::Infected(_) => ("le fichier contient un virus", "the file contains a virus"),
    };
    Wrong::bad((format!("Photographie « {name} » : {fr}."), format!("Photograph “{name}”: {en}.")))
}
