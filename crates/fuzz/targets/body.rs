//! The bodies of requests: a concern, and a draft of rules.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    api::fuzzing::body(bytes);
});
