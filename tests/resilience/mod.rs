//! Bad days: a database that cannot be reached, answers nothing or is held up; a process that is to end; a clock that is wrong.

mod database;
mod migration;
mod replica;
mod stop;
mod time;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    [database::tests(), migration::tests(), replica::tests(), stop::tests(), time::tests()]
        .into_iter()
        .flatten()
        .collect()
}
