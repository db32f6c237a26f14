//! Tickets.

mod attachment;
mod bulk;
mod clock;
mod close;
mod handover;
mod life;
mod list;
mod merge;
mod random;
mod refuse;
mod reopen;
mod sheet;
mod writing;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    [
        attachment::tests(),
        bulk::tests(),
        clock::tests(),
        close::tests(),
        handover::tests(),
        merge::tests(),
        life::tests(),
        list::tests(),
        random::tests(),
        refuse::tests(),
        reopen::tests(),
        sheet::tests(),
        writing::tests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
