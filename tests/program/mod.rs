//! The program as people and scripts start it.

mod areas;
mod city;
mod commands;
mod demo;
mod killed;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    [areas::tests(), city::tests(), commands::tests(), demo::tests(), killed::tests()].into_iter().flatten().collect()
}
