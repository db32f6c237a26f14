//! What leaves the house.

mod transport;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    transport::tests()
}
