//! How long one waits for a connection that is free, or opened: a request that needs several, one after the other, no longer than one
//! that needs one.

use std::cell::Cell;
use std::time::{Duration, Instant};

use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::ACQUIRE;

tokio::task_local! {
    /// What is left of it.
    static LEFT: Cell<Duration>;
}

/// Does that work, which waits for five seconds in all until connections to the database are free or opened, however many it needs.
pub async fn waiting_once<T>(work: impl Future<Output = T>) -> T {
    LEFT.scope(Cell::new(ACQUIRE), work).await
}

/// Waits for that, as long as one may still.
pub(crate) async fn turn<T>(comes: impl Future<Output = T>) -> Result<T, Elapsed> {
    let began = Instant::now();
    let came = timeout(LEFT.try_with(Cell::get).unwrap_or(ACQUIRE), comes).await;
    // Whoever works for no request waits as long each time.
    let _alone = LEFT.try_with(|left| left.set(left.get().saturating_sub(began.elapsed())));
    came
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::sleep;

    use super::*;

    /// How long somebody waits in vain, rounded to seconds.
    async fn in_vain() -> u64 {
        let began = Instant::now();
        assert!(turn(pending::<()>()).await.is_err());
        (began.elapsed() + Duration::from_millis(500)).as_secs()
    }

    #[tokio::test]
    async fn a_request_waits_no_longer_for_several_than_for_one() {
        let request = waiting_once(async {
            assert!(turn(sleep(Duration::from_secs(3))).await.is_ok());
            (in_vain().await, in_vain().await)
        });
        let worker = async { (in_vain().await, in_vain().await) };
        assert_eq!(tokio::join!(request, worker), ((2, 0), (5, 5)));
    }
}
