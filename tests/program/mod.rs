//! The program as people and scripts start it.

mod commands;
mod demo;
mod killed;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    [commands::tests(), demo::tests(), killed::tests()].into_iter().flatten().collect()
}
