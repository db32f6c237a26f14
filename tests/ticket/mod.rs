//! Tickets.

mod attachment;
mod bulk;
mod clock;
pub mod close;
mod export;
mod handover;
mod life;
mod list;
mod many;
mod merge;
pub mod random;
mod reader;
mod refuse;
mod reopen;
mod resolve;
mod search;
mod sheet;
mod writing;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    [
        attachment::tests(),
        bulk::tests(),
        clock::tests(),
        close::tests(),
        export::tests(),
        handover::tests(),
        merge::tests(),
        life::tests(),
        list::tests(),
        many::tests(),
        random::tests(),
        reader::tests(),
        refuse::tests(),
        reopen::tests(),
        resolve::tests(),
        search::tests(),
        sheet::tests(),
        writing::tests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
