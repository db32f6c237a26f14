//! Rules that a dispatcher writes, looked through in the city of the demonstration.
#![no_main]

use std::sync::LazyLock;

use continuum::city::read;
use continuum::fuzzing::{folder, rules};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    static CITY: LazyLock<domain::city::City> = LazyLock::new(|| read(&folder()).expect("the city is sound"));
    rules(bytes, &CITY);
});
