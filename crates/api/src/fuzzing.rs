//! What the fuzz targets reach of this crate (`crates/fuzz`); what they once found is read again by the test below.

use actix_web::ResponseError as _;

use crate::concern::file::FileConcern;
use crate::request::body::{Input, parse};
use crate::request::cursor::{Cursor, decode, encode};
use crate::routing::save::SaveDraft;

/// Reads the body of a concern and that of a draft of rules. Whether it is one of them.
///
/// # Panics
/// When that does not hold.
pub fn body(bytes: &[u8]) -> bool {
    read::<FileConcern>(bytes) | read::<SaveDraft>(bytes)
}

/// Whatever is wrong with a body is told so that its sender can mend it.
fn read<T: Input>(bytes: &[u8]) -> bool {
    let read = parse::<T>(bytes);
    if let Err(problem) = &read {
        assert!(problem.status_code().is_client_error(), "{problem:?}");
    }
    read.is_ok()
}

/// Reads a cursor of each kind of list. Each is written as it was read. Whether it is one.
///
/// # Panics
/// When that does not hold.
pub fn cursor(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    again::<usecases::ticket::After>(text)
        | again::<usecases::cafe::After>(text)
        | again::<usecases::hotspot::After>(text)
        | again::<usecases::user::After>(text)
        | again::<usecases::client::After>(text)
        | again::<usecases::saved_filter::After>(text)
        | again::<crate::event::list::Place>(text)
        | again::<uuid::Uuid>(text)
        | again::<i64>(text)
        | again::<i32>(text)
}

fn again<C: Cursor>(text: &str) -> bool {
    // As a client sends it, and as it is within: a fuzzer does not learn Base64.
    let Some(cursor) = decode::<C>(text).or_else(|| C::parse(text)) else { return false };
    let opaque = encode(&cursor);
    let read = decode::<C>(&opaque).expect("what was handed out is read");
    assert_eq!(encode(&read), opaque);
    true
}

#[test]
fn bodies_and_cursors_that_were_found() {
    for (name, read, least) in [("body", body as fn(&[u8]) -> bool, 2), ("cursor", cursor, 4)] {
        let found = std::fs::read_dir(format!("../fuzz/corpus/{name}")).unwrap().map(|found| found.unwrap().path());
        let accepted = found.filter(|found| read(&std::fs::read(found).unwrap())).count();
        assert!(accepted >= least, "{name}: the fuzzer begins with what is accepted");
    }
}
