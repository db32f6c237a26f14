//! Tickets.

mod close;
mod life;
mod list;
mod refuse;
mod reopen;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    [close::tests(), life::tests(), list::tests(), refuse::tests(), reopen::tests()].into_iter().flatten().collect()
}
