//! How it is told that a concern is not filed.

use domain::ticket::follow::NotAttachable;
use usecases::concern::{Fault as ConcernFault, FileError, IntakeError, LikeError, NoteError, SuggestError};

use super::{content, outside_city, question};
use crate::problem::{Code, FieldError, Problem};

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Invalid(faults) => {
                Self::new(Code::InvalidContent).errors(faults.into_iter().map(concern_fault).collect())
            }
            FileError::NoRoute => {
                tracing::error!("no routing rule applies: the rules in force were not checked");
                Self::new(Code::Internal)
            }
            FileError::KeyReused(error) => error.into(),
            FileError::NoCity(error) => error.into(),
            FileError::Store(error) => error.into(),
        }
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::NotFound => Self::new(Code::NotFound),
            IntakeError::NotBegun => Self::new(Code::CafeNotBegun),
            IntakeError::Store(error) => error.into(),
        }
    }
}

impl From<NoteError> for Problem {
    fn from(error: NoteError) -> Self {
        let fault = match error {
            NoteError::IdReused => content(
                "/id",
                "id_reused",
                "Une autre doléance a été enregistrée sous cet identifiant.",
                "Another concern was filed under this id.",
            ),
            NoteError::NotedAt => content(
                "/noted_at",
                "out_of_range",
                "Attendu : pendant le café, au plus deux heures avant ou un jour après, et pas dans l’avenir.",
                "Expected: during the café, at most two hours before or a day after, and not in the future.",
            ),
            NoteError::File(error) => return error.into(),
        };
        Self::new(Code::InvalidContent).errors(vec![fault])
    }
}

impl From<LikeError> for Problem {
    fn from(error: LikeError) -> Self {
        match error {
            LikeError::Invalid(faults) => {
                Self::new(Code::InvalidContent).errors(faults.into_iter().map(concern_fault).collect())
            }
            LikeError::NoCity(error) => error.into(),
            LikeError::Store(error) => error.into(),
        }
    }
}

impl From<SuggestError> for Problem {
    fn from(error: SuggestError) -> Self {
        match error {
            SuggestError::OutsideCity => Self::new(Code::InvalidContent).errors(vec![outside_city()]),
            SuggestError::NoCity(error) => error.into(),
            SuggestError::Store(error) => error.into(),
        }
    }
}

pub(super) fn concern_fault(fault: ConcernFault) -> FieldError {
    match fault {
        ConcernFault::UnknownCategory => content(
            "/category",
            "unknown_category",
            "Le catalogue n’a pas ce motif ; voyez GET /v1/categories.",
            "The catalogue has no such category; see GET /v1/categories.",
        ),
        ConcernFault::OutsideCity => outside_city(),
        ConcernFault::CafeMissing => content(
            "/cafe_id",
            "required",
            "Une doléance entendue à un café nomme ce café.",
            "A concern heard at a café names the café.",
        ),
        ConcernFault::CafeNotExpected => content(
            "/cafe_id",
            "not_expected",
            "Seule une doléance d’origine « cafe » nomme un café.",
            "Only a concern whose origin is “cafe” names a café.",
        ),
        ConcernFault::UnknownCafe => {
            content("/cafe_id", "unknown_cafe", "Ce café n’existe pas.", "There is no such café.")
        }
        ConcernFault::CafeCancelled => {
            content("/cafe_id", "cafe_cancelled", "Ce café a été annulé.", "This café was called off.")
        }
        ConcernFault::DescriptionMissing => {
            content("/description", "required", "Dites ce que l’habitant a signalé.", "Say what the resident raised.")
        }
        ConcernFault::UnknownTicket => {
            content("/attach_to", "unknown_ticket", "Cette saisine n’existe pas.", "There is no such ticket.")
        }
        ConcernFault::AttachNotExpected => content(
            "/attach_to",
            "not_expected",
            "Une doléance qui ne transmet rien ne se rattache à aucune saisine.",
            "A concern that refers nothing is attached to no ticket.",
        ),
        ConcernFault::NotAttachable(NotAttachable::Ended) => {
            content("/attach_to", "ended", "Cette saisine est terminée.", "This ticket has ended.")
        }
        ConcernFault::NotAttachable(NotAttachable::OtherCategory) => content(
            "/attach_to",
            "other_category",
            "Cette saisine a un autre motif.",
            "This ticket is of another category.",
        ),
        ConcernFault::NotAttachable(NotAttachable::OtherReaders) => content(
            "/attach_to",
            "other_readers",
            "Toutes deux n’ont pas les mêmes lecteurs : l’une est restreinte, ou d’un autre agent référent.",
            "They do not have the same readers: one is restricted, or of another referrer.",
        ),
        ConcernFault::Reply(wrong) => question::wrong(&wrong),
        ConcernFault::ResidentEmpty => content(
            "/resident",
            "empty",
            "Laissez un nom, une adresse ou un téléphone, ou retirez ce champ.",
            "Leave a name, an address or a telephone, or leave this field out.",
        ),
        ConcernFault::Open311NotExpected => content(
            "/origin",
            "not_expected",
            "Ce qui vient d’Open311 s’envoie à Open311.",
            "What comes over Open311 is sent there.",
        ),
    }
}
