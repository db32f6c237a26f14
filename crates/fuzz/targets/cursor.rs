//! Where a page of the API begins.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    api::fuzzing::cursor(bytes);
});
