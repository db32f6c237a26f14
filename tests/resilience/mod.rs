//! Bad days: a database that cannot be reached, answers nothing or is held up.

mod database;
mod migration;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    database::tests().into_iter().chain(migration::tests()).collect()
}
