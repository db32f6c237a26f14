//! How the errors of attachments are told.

use domain::attachment::Refusal;
use usecases::ticket::attachment::{AddError, FileRefusal, OpenError, RemoveError};

use super::content;
use crate::problem::{At, Code, FieldError, Problem};

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::new(match refusal {
            Refusal::NotTheirs => Code::ActionNotYours,
            Refusal::Ended => Code::TicketEnded,
            Refusal::Full => Code::AttachmentsFull,
            Refusal::Removed => Code::AttachmentRemoved,
        })
    }
}

impl From<FileRefusal> for Problem {
    fn from(refusal: FileRefusal) -> Self {
        let fault = match refusal {
            FileRefusal::TooLong(max) => {
                let mebibytes = max / (1024 * 1024);
                return Self::new(Code::BodyTooLarge).detail((
                    format!("Un fichier a au plus {mebibytes} Mio."),
                    format!("A file has at most {mebibytes} MiB."),
                ));
            }
            FileRefusal::Empty => content("/file", "empty", "Le fichier est vide.", "The file is empty."),
            FileRefusal::UnknownType => content(
                "/file",
                "unknown_type",
                "Ni photographie (JPEG, PNG, WebP) ni PDF, quel que soit son nom.",
                "Neither a photograph (JPEG, PNG, WebP) nor a PDF, whatever its name.",
            ),
            FileRefusal::Damaged => content(
                "/file",
                "damaged",
                "Le fichier ne se lit pas jusqu’au bout.",
                "The file cannot be read to its end.",
            ),
            FileRefusal::TooManyPixels => content(
                "/file",
                "too_many_pixels",
                "Une image a au plus 64 millions de pixels.",
                "An image has at most 64 million pixels.",
            ),
            FileRefusal::Bomb => content(
                "/file",
                "too_large_unpacked",
                "Décompressé, le document est démesuré.",
                "Unpacked, the document is out of all proportion.",
            ),
            FileRefusal::Encrypted => content(
                "/file",
                "encrypted",
                "Le PDF est protégé par mot de passe.",
                "The PDF is protected by a password.",
            ),
            FileRefusal::Active(what) => FieldError::new(
                At::Body("/file".to_owned()),
                "active_content",
                (
                    format!(
                        "Le PDF fait ou transporte autre chose que des pages ({what}) : imprimez-le en PDF d’abord."
                    ),
                    format!("The PDF does or carries more than pages ({what}): print it to a PDF first."),
                ),
            ),
            FileRefusal::Infected(virus) => FieldError::new(
                At::Body("/file".to_owned()),
                "infected",
                (format!("L’antivirus y reconnaît {virus}."), format!("The virus scanner recognises {virus} in it.")),
            ),
        };
        Self::new(Code::InvalidContent).errors(vec![fault])
    }
}

impl From<AddError> for Problem {
    fn from(error: AddError) -> Self {
        match error {
            AddError::NotFound => Self::new(Code::NotFound),
            AddError::Refused(refusal) => refusal.into(),
            AddError::File(error) => error.into(),
            AddError::KeyReused(error) => error.into(),
            AddError::NoCity(error) => error.into(),
            AddError::Store(error) => error.into(),
        }
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NotFound => Self::new(Code::NotFound),
            OpenError::Removed => Self::new(Code::AttachmentRemoved),
            OpenError::NotScanned => Self::new(Code::AttachmentNotScanned),
            OpenError::File(error) => error.into(),
            OpenError::Store(error) => error.into(),
        }
    }
}

impl From<RemoveError> for Problem {
    fn from(error: RemoveError) -> Self {
        match error {
            RemoveError::NotFound => Self::new(Code::NotFound),
            RemoveError::Refused(refusal) => refusal.into(),
            RemoveError::NoCity(error) => error.into(),
            RemoveError::Store(error) => error.into(),
        }
    }
}
