//! What leaves the house.

mod letter;
mod outbox;
mod preview;
mod returned;
mod transport;
mod wish;

use crate::support::Test;

pub fn tests() -> Vec<Test> {
    [letter::tests(), outbox::tests(), preview::tests(), returned::tests(), transport::tests(), wish::tests()]
        .into_iter()
        .flatten()
        .collect()
}
