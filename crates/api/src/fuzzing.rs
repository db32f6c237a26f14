//! What the fuzz targets reach of this crate (`crates/fuzz`); what they once found is read again by the test below.

use actix_web::ResponseError as _;

use crate::concern::file::FileConcern;
use crate::request::body::{Input, parse};
use crate::request::cursor::{Cursor, decode, encode};
use crate::routing::save::SaveDraft;

/// Reads the body of a concern and that of a draft of rules.
///
/// # Panics
/// When that does not hold.
pub fn body(bytes: &[u8]) {
    read::<FileConcern>(bytes);
    read::<SaveDraft>(bytes);
}

/// Whatever is wrong with a body is told so that its sender can mend it.
fn read<T: Input>(bytes: &[u8]) {
    if let Err(problem) = parse::<T>(bytes) {
        assert!(problem.status_code().is_client_error(), "{problem:?}");
    }
}

/// Reads a cursor of each kind of list. Each is written as it was read.
///
/// # Panics
/// When that does not hold.
pub fn cursor(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    again::<usecases::ticket::After>(text);
    again::<usecases::cafe::After>(text);
    again::<usecases::hotspot::After>(text);
    again::<usecases::user::After>(text);
    again::<usecases::client::After>(text);
    again::<usecases::saved_filter::After>(text);
    again::<uuid::Uuid>(text);
    again::<i64>(text);
    again::<i32>(text);
}

fn again<C: Cursor>(text: &str) {
    // As a client sends it, and as it is within: a fuzzer does not learn Base64.
    let read = decode::<C>(text).or_else(|| C::parse(text));
    if let Some(cursor) = read {
        let opaque = encode(&cursor);
        let read = decode::<C>(&opaque).expect("what was handed out is read");
        assert_eq!(encode(&read), opaque);
    }
}

#[test]
fn bodies_and_cursors_that_were_found() {
    for (found, read) in [("body", body as fn(&[u8])), ("cursor", cursor)] {
        for found in std::fs::read_dir(format!("../fuzz/corpus/{found}")).unwrap() {
            read(&std::fs::read(found.unwrap().path()).unwrap());
        }
    }
}
