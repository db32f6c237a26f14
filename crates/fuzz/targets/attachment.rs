//! A photograph or a document, and what is made of it.
#![no_main]

use std::sync::LazyLock;

use files::fuzzing::Place;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    static PLACE: LazyLock<Place> = LazyLock::new(Place::new);
    PLACE.attachment(bytes);
});
