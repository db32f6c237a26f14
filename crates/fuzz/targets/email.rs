//! An e-mail that comes in.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    usecases::inbound::fuzzing::email(bytes);
});
