//! What the fuzz targets reach of this crate (`crates/fuzz`); what they once found is read again by the test below.

use crate::{cursor, query};

/// Reads a cursor, a box and a time. A cursor is written as it was read, and boxes and times have an order.
///
/// # Panics
/// When that does not hold.
pub fn parameters(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some((at, id)) = cursor::read(text) {
        assert_eq!(cursor::read(&cursor::write(at, id)), Some((at, id)));
    }
    if let Ok(bounds) = query::bbox(text) {
        assert!(bounds.south <= bounds.north, "{bounds:?}");
    }
    if let Ok(window) = query::datetime(text) {
        assert!(window.from <= window.to, "{window:?}");
    }
    if let Ok(limit) = query::limit(text) {
        assert!((1..=query::MAX_LIMIT).contains(&limit));
    }
}

#[test]
fn parameters_that_were_found() {
    for found in std::fs::read_dir("../fuzz/corpus/map").unwrap() {
        parameters(&std::fs::read(found.unwrap().path()).unwrap());
    }
}
