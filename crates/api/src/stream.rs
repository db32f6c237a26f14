//! Long answers, written piece by piece. A task of its own writes them, one piece ahead, and gives up when the client no
//! longer takes what is there: so nobody keeps others from asking by not reading. What breaks off never looks complete.
//!
//! Deliberately absent: hanging up on such a client. A server that waits for room to write asks for no further piece, and so
//! does not hear that there will be none; who listens has the connection ended.

use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::rt;
use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::poll_fn;
use tokio::sync::mpsc;
use tracing::Instrument as _;

/// How long a client may leave a piece waiting.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where the pieces go.
pub(crate) struct Pieces(mpsc::Sender<Bytes>);

/// Why no more pieces are taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Gone {
    #[error("the client left")]
    Left,
    #[error("the client takes too long")]
    Slow,
}

impl Pieces {
    /// Waits until the client has left.
    pub(crate) async fn left(&self) {
        self.0.closed().await;
    }

    /// Sends a piece, once there is room for it.
    pub(crate) async fn send(&self, piece: Vec<u8>) -> Result<(), Gone> {
        if piece.is_empty() {
            return Ok(());
        }
        match rt::time::timeout(PATIENCE, self.0.send(piece.into())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Gone::Left),
            Err(_) => Err(Gone::Slow),
        }
    }
}

/// What `write` writes, as the body of an answer.
pub(crate) fn stream<E: Display>(
    write: impl AsyncFnOnce(Pieces) -> Result<(), E> + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + 'static {
    let (sender, mut receiver) = mpsc::channel(1);
    let whole = Arc::new(AtomicBool::new(false));
    let writing = {
        let whole = whole.clone();
        async move {
            match write(Pieces(sender)).await {
                Ok(()) => whole.store(true, Ordering::Release),
                Err(error) => tracing::warn!(%error, "a long answer broke off"),
            }
        }
    };
    rt::spawn(writing.in_current_span());
    let mut ended = false;
    poll_fn(move |task| {
        receiver.poll_recv(task).map(|piece| match piece {
            Some(piece) => Some(Ok(piece)),
            None if ended || whole.load(Ordering::Acquire) => None,
            None => {
                ended = true;
                Some(Err(io::Error::other("the answer broke off")))
            }
        })
    })
}
