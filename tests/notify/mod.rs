//! What leaves the house.

mod outbox;
mod returned;
mod transport;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    [outbox::tests(), returned::tests(), transport::tests()].into_iter().flatten().collect()
}
