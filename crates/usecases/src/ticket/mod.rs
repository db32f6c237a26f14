//! Tickets.

mod acknowledge;
mod assign;
pub mod attachment;
mod bulk;
mod cancel;
mod change;
mod clock;
mod close;
mod export;
mod hold;
mod list;
mod merge;
pub mod partner;
mod prioritise;
mod read;
mod receive;
mod refuse;
mod reopen;
mod reroute;
mod resolve;
mod resume;
mod schedule;
mod split;
mod start;
mod writing;

use chrono::{DateTime, Datelike as _, Utc};
use domain::city::City;
use domain::id::EventId;
use domain::ticket::notice::{Follower, notices};
use domain::ticket::{Actor, Event, Fact, Ticket};
use store::city::Loaded;
use store::ticket::NewTicket;

use crate::{Context, of};

use crate::today;

pub use acknowledge::acknowledge;
pub use assign::assign;
pub use bulk::{Bulk, BulkError, Command, Results, bulk};
pub use cancel::cancel;
pub(crate) use change::save;
pub use change::{ChangeError, Denied, Fault, On};
pub use clock::run_clocks;
pub use close::close;
pub use export::{Export, ExportError, Exported, export};
pub use hold::hold;
pub(crate) use list::whole;
pub use list::{ListError, Listed, Listing, count, list};
pub use merge::{merge, unmerge};
pub use prioritise::prioritise;
pub(crate) use read::record_shown;
pub use read::{handovers, open, read, sheet, timeline};
pub use receive::receive;
pub use refuse::refuse;
pub use reopen::reopen;
pub use reroute::reroute;
pub use resolve::resolve;
pub use resume::resume;
pub use schedule::schedule;
pub use split::split;
pub use start::start;
pub use store::concern::Raised;
pub use store::handover::Named as NamedHandover;
pub use store::ticket::{After, BeforeCafe, Count, Entry, Filter, Key, Named, Search, Sort};
pub use writing::{
    AddNote, Colleague, WriteError, Written, add_note, colleagues, feedback, notes, referrer_messages,
    resident_messages, take_back, write_to_referrer, write_to_resident,
};
pub(crate) use writing::{answer_notices, heard_by, to_referrer};

/// A ticket whose clocks are wound, opened then by somebody, with what follows from it.
pub(crate) fn opened(
    cx: &Context,
    loaded: &Loaded,
    ticket: Ticket,
    (by, fact): (Actor, Fact),
    followers: &[Follower],
    at: DateTime<Utc>,
) -> NewTicket {
    let city = of(loaded);
    let notices = notices(&fact, &by, &ticket, followers, &city.settings.dispatcher_desk);
    let messages = notices.into_iter().map(|notice| cx.message_about(ticket.id, notice)).collect();
    let event = Event { id: EventId(cx.ids.next()), version: 1, at, by, fact };
    let link = partner::link(cx, city, &ticket, at);
    NewTicket { ticket, event, messages, link, revision: loaded.revision }
}

/// The reference of a ticket that is opened then, with that number: `AMI-26-000017`.
pub(crate) fn reference(city: &City, at: DateTime<Utc>, number: i64) -> String {
    let year = today(city, at).year().rem_euclid(100);
    format!("{}-{year:02}-{number:06}", city.settings.reference_prefix)
}
