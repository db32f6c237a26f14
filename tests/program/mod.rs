//! The program as people and scripts start it.

mod areas;
mod city;
mod commands;
mod demo;
mod keys;
mod killed;
mod mail;
mod role;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    [
        areas::tests(),
        city::tests(),
        commands::tests(),
        demo::tests(),
        keys::tests(),
        killed::tests(),
        mail::tests(),
        role::tests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
