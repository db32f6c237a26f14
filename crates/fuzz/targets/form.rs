//! A form of Open311, and what it says as XML.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    open311::fuzzing::form(bytes);
});
