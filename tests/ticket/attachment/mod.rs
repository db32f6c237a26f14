//! Photographs and documents of tickets.

mod life;
mod object_store;
mod refused;
mod rights;
mod scanner;
mod sweep;

use continuum::FileSettings;
use tempfile::TempDir;

use crate::support::Test;
use crate::support::city::City;

pub fn tests() -> Vec<Test> {
    [life::tests(), object_store::tests(), refused::tests(), rights::tests(), scanner::tests(), sweep::tests()]
        .into_iter()
        .flatten()
        .collect()
}

/// A city whose files are in a folder of its own.
async fn city() -> (City, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let city = City::with(|config| config.files = FileSettings::in_folder(folder.path())).await;
    (city, folder)
}
