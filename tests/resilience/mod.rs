//! Bad days: a database that cannot be reached, answers nothing or is held up; a clock that is wrong; workers that were away.

mod database;
mod migration;
mod time;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    [database::tests(), migration::tests(), time::tests()].into_iter().flatten().collect()
}
