//! What leaves the house.

mod outbox;
mod transport;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    [outbox::tests(), transport::tests()].into_iter().flatten().collect()
}
