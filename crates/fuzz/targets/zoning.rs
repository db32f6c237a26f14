//! The areas of a city, as GeoJSON: a zoning beside that of a small city.
#![no_main]

use std::sync::LazyLock;

use continuum::fuzzing::{village, zoning};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

fuzz_target!(|bytes: &[u8]| {
    static VILLAGE: LazyLock<TempDir> = LazyLock::new(|| {
        let folder = TempDir::new().expect("there is room for a folder");
        village(folder.path());
        folder
    });
    zoning(bytes, VILLAGE.path());
});
