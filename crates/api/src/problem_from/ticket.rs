//! How the errors of changing tickets are told.

use domain::ticket::event::Part;
use domain::ticket::merge::NotAMain;
use domain::ticket::rights::parts;
use domain::ticket::{Action, Refusal};
use usecases::ticket::{BulkError, ChangeError, Denied, ExportError, Fault as ChangeFault, ListError, WriteError};

use super::content;
use crate::problem::{Code, FieldError, Problem, Text};
use crate::reply::etag;

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NoCity(error) => error.into(),
            ListError::Store(error) => error.into(),
        }
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::TooMany => Self::new(Code::TooManyExports).retry_after(10),
            ExportError::List(error) => error.into(),
        }
    }
}

impl From<Refusal> for Code {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::State { action, .. } => match action {
                Action::Receive | Action::Acknowledge => Self::TicketNotSubmitted,
                Action::Refuse => Self::TicketNotRefusable,
                Action::Reroute => Self::TicketNotReroutable,
                Action::Schedule => Self::TicketNotSchedulable,
                Action::Start => Self::TicketNotStartable,
                Action::Hold => Self::TicketNotUnderWay,
                Action::Resume => Self::TicketNotOnHold,
                Action::Resolve => Self::TicketNotResolvable,
                Action::Reopen => Self::TicketNotReopenable,
                Action::Close => Self::TicketNotResolved,
                Action::Cancel => Self::TicketNotCancellable,
                Action::Merge | Action::Prioritise | Action::Split => Self::TicketEnded,
                Action::Unmerge => Self::TicketNotMerged,
                Action::Assign => Self::TicketNotAssignable,
            },
            Refusal::NotTheirs(_) => Self::ActionNotYours,
            Refusal::ReopenWindowOver => Self::ReopenWindowOver,
            Refusal::ClosureReasonGiven => Self::ClosureReasonGiven,
            Refusal::AlreadyReceived => Self::AlreadyReceived,
            Refusal::Merged => Self::TicketMerged,
            Refusal::NotMerged => Self::TicketNotMerged,
            Refusal::ClosureReasonNeeded
            | Refusal::BodyToldNeeded
            | Refusal::BodyToldNotExpected
            | Refusal::MergeInstead => Self::InvalidContent,
        }
    }
}

const fn part_name(part: Part) -> (&'static str, &'static str) {
    match part {
        Part::Service => ("le service de la saisine", "the ticket's service"),
        Part::Referrer => ("l’agent référent", "its referrer"),
        Part::Dispatcher => ("la régulation", "a dispatcher"),
    }
}

/// Whose action it is: the right that somebody lacks who may see the ticket.
fn whose(action: Action) -> (String, String) {
    let (fr, en): (Vec<_>, Vec<_>) = parts(action).iter().map(|(part, _)| part_name(*part)).unzip();
    let code = action.code();
    (
        format!("« {code} » revient à : {}, dans les cas que dit docs/permissions.md.", fr.join(", ")),
        format!("“{code}” belongs to: {}, in the cases that docs/permissions.md tells.", en.join(", ")),
    )
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let problem = Self::new(refusal.into());
        match refusal {
            Refusal::State { state, .. } => problem.detail((
                format!("La saisine est à l’état « {} ».", crate::view::state_label(state)),
                format!("The ticket is in the state “{}”.", state.code()),
            )),
            Refusal::ClosureReasonNeeded => problem.errors(vec![content(
                "/closure_reason",
                "required",
                "Une saisine refusée est clôturée avec un motif.",
                "A refused ticket is closed with a closure reason.",
            )]),
            Refusal::BodyToldNeeded => problem.errors(vec![content(
                "/body_told",
                "required",
                "Dites quel organisme compétent a été informé (CRPA L114-2).",
                "Say which competent body was told (CRPA L114-2).",
            )]),
            Refusal::BodyToldNotExpected => problem.errors(vec![content(
                "/body_told",
                "not_expected",
                "L’organisme informé ne s’indique qu’avec le motif « hors compétence » (not_competent), au moment où \
                 ce motif est donné.",
                "The body that was told goes with the reason `not_competent`, when that reason is given.",
            )]),
            Refusal::MergeInstead => problem.errors(vec![content(
                "/closure_reason",
                "merge_instead",
                "Un doublon se réunit à l’autre saisine : c’est le régulateur qui le fait (« merge »). Tant qu’elle \
                 est à l’état « submitted » ou « acknowledged », le service peut la refuser avec le motif \
                 « duplicate ».",
                "A duplicate is merged with the other ticket, by a dispatcher (“merge”). While it is submitted or \
                 acknowledged, the service may refuse it with the reason “duplicate”.",
            )]),
            Refusal::NotTheirs(action) => problem.detail(whose(action)),
            Refusal::ReopenWindowOver
            | Refusal::ClosureReasonGiven
            | Refusal::AlreadyReceived
            | Refusal::Merged
            | Refusal::NotMerged => problem,
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NotFound => Self::new(Code::NotFound),
            Denied::Stale(current) => Self::new(Code::StaleVersion).etag(etag(current)),
            Denied::Refused(refusal) => refusal.into(),
            Denied::Invalid(faults) => {
                Self::new(Code::InvalidContent).errors(faults.into_iter().map(change_fault).collect())
            }
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Denied(denied) => denied.into(),
            ChangeError::KeyReused(error) => error.into(),
            ChangeError::NoCity(error) => error.into(),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<BulkError> for Problem {
    fn from(error: BulkError) -> Self {
        let place = |at: usize| format!("/tickets/{at}");
        match error {
            BulkError::Refused(refused) => {
                let item = |(at, error)| Self::from(error).about_item(place(at));
                Self::new(Code::BulkRefused).errors(refused.into_iter().map(item).collect())
            }
            BulkError::Repeated(places) => {
                let texts = ("Cette saisine figure déjà dans la liste.", "This ticket stands in the list already.");
                let fault = |at| FieldError::in_body(&place(at), "repeated", texts);
                Self::new(Code::InvalidContent).errors(places.into_iter().map(fault).collect())
            }
            BulkError::KeyReused(error) => error.into(),
            BulkError::NoCity(error) => error.into(),
            BulkError::Store(error) => error.into(),
        }
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NotFound => Self::new(Code::NotFound),
            WriteError::NotTheirs(parts) => {
                let (fr, en): (Vec<_>, Vec<_>) = parts.iter().map(|part| part_name(*part)).unzip();
                Self::new(Code::ActionNotYours).detail((
                    format!("Cela revient à : {}.", fr.join(", ")),
                    format!("This belongs to: {}.", en.join(", ")),
                ))
            }
            WriteError::NotColleagues(places) => Self::new(Code::InvalidContent).errors(
                places
                    .into_iter()
                    .map(|at| {
                        let texts = (
                            "Cette personne ne lit pas les notes de cette saisine ; voyez GET …/colleagues.",
                            "This person does not read this ticket's notes; see GET …/colleagues.",
                        );
                        FieldError::in_body(&format!("/mentions/{at}"), "not_a_colleague", texts)
                    })
                    .collect(),
            ),
            WriteError::HiddenFromReferrer => Self::new(Code::HiddenFromReferrer),
            WriteError::NoAddress => Self::new(Code::ResidentWithoutAddress),
            WriteError::HasLeft => Self::new(Code::MessageHasLeft),
            WriteError::KeyReused(error) => error.into(),
            WriteError::Store(error) => error.into(),
        }
    }
}

const NOT_ENTITLED: Text = (
    "Ce partenaire ne peut pas recevoir cette saisine : une saisine restreinte demande une convention, une réclamation sur un \
     agent ne va à aucun partenaire.",
    "This partner may not have this ticket: a restricted one needs an agreement, a complaint about an officer goes to no partner.",
);

fn change_fault(fault: ChangeFault) -> FieldError {
    match fault {
        ChangeFault::AssigneeNotOfService => content(
            "/assignee",
            "not_of_service",
            "Cette personne n’appartient pas au service de la saisine.",
            "This person does not belong to the ticket's service.",
        ),
        ChangeFault::UnknownService => content(
            "/service",
            "unknown_service",
            "Ce service n’existe pas ; voyez GET /v1/services.",
            "There is no such service; see GET /v1/services.",
        ),
        ChangeFault::SameService => {
            content("/service", "same_service", "Ce service a déjà la saisine.", "This service has the ticket already.")
        }
        ChangeFault::NotEntitled => FieldError::in_body("/service", "not_entitled", NOT_ENTITLED),
        ChangeFault::UnknownServiceAt(at) => FieldError::in_body(
            &format!("/services/{at}"),
            "unknown_service",
            ("Ce service n’existe pas ; voyez GET /v1/services.", "There is no such service; see GET /v1/services."),
        ),
        ChangeFault::RepeatedServiceAt(at) => FieldError::in_body(
            &format!("/services/{at}"),
            "repeated",
            ("Ce service a déjà une saisine.", "This service has a ticket already."),
        ),
        ChangeFault::NotEntitledAt(at) => FieldError::in_body(&format!("/services/{at}"), "not_entitled", NOT_ENTITLED),
        ChangeFault::ScheduledOutOfRange => content(
            "/scheduled_for",
            "out_of_range",
            "D’aujourd’hui à deux ans d’ici.",
            "From today to two years from now.",
        ),
        ChangeFault::ExpectedOutOfRange => content(
            "/expected_on",
            "out_of_range",
            "D’aujourd’hui à deux ans d’ici.",
            "From today to two years from now.",
        ),
        ChangeFault::ResumeOutOfRange => {
            content("/resume_on", "out_of_range", "De demain à deux ans d’ici.", "From tomorrow to two years from now.")
        }
        ChangeFault::UnknownMain => {
            content("/duplicate_of", "unknown_ticket", "Cette saisine n’existe pas.", "There is no such ticket.")
        }
        ChangeFault::NotAMain(why) => not_a_main(why),
        ChangeFault::NoteMissing => content(
            "/note",
            "required",
            "Le motif « other » demande une note qui l’explique.",
            "The reason “other” needs a note that explains it.",
        ),
    }
}

fn not_a_main(why: NotAMain) -> FieldError {
    let (code, fr, en) = match why {
        NotAMain::Itself => {
            ("itself", "Une saisine n’est pas son propre doublon.", "A ticket is not a duplicate of itself.")
        }
        NotAMain::Ended => ("ended", "Cette saisine est terminée.", "This ticket has ended."),
        NotAMain::OtherReaders => (
            "other_readers",
            "Toutes deux n’ont pas les mêmes lecteurs : l’une est restreinte, ou d’un autre agent référent.",
            "They do not have the same readers: one is restricted, or of another referrer.",
        ),
    };
    content("/duplicate_of", code, fr, en)
}
