//! Parameters of the maps: a cursor, a box, a time.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    ogc::fuzzing::parameters(bytes);
});
