//! What the fuzz targets reach of this crate (`crates/fuzz`); what they once found is read again by the test below.

use crate::{cursor, query};

/// Reads a cursor, a box, a time and a limit. A cursor is written as it was read, and boxes and times have an order. Whether it
/// is one of them.
///
/// # Panics
/// When that does not hold.
pub fn parameters(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let (cursor, bounds) = (cursor::read(text), query::bbox(text));
    let (window, limit) = (query::datetime(text), query::limit(text));
    if let Some((at, id)) = cursor {
        assert_eq!(cursor::read(&cursor::write(at, id)), Some((at, id)));
    }
    if let Ok(bounds) = &bounds {
        assert!(bounds.south <= bounds.north, "{bounds:?}");
    }
    if let Ok(window) = &window {
        assert!(window.from <= window.to, "{window:?}");
    }
    if let Ok(limit) = &limit {
        assert!((1..=query::MAX_LIMIT).contains(limit));
    }
    cursor.is_some() || bounds.is_ok() || window.is_ok() || limit.is_ok()
}

#[test]
fn parameters_that_were_found() {
    let found = std::fs::read_dir("../fuzz/corpus/map").unwrap().map(|found| found.unwrap().path());
    let accepted = found.filter(|found| parameters(&std::fs::read(found).unwrap())).count();
    assert!(accepted >= 6, "the fuzzer begins with one of each that is accepted");
}
