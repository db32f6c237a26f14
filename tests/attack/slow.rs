//! Who sends a byte a second holds nothing for long.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Heard, concerns, connect, filing, head, token};
use crate::support::city::City;

crate::tests![a_head_that_drips_is_waited_for_ten_seconds, a_body_that_drips_is_waited_for_twenty_seconds];

/// Sends a byte a second until the server hangs up: what it said, and how long it took.
async fn drip(stream: TcpStream, bytes: &[u8]) -> (Heard, Duration) {
    let began = Instant::now();
    let (mut reader, mut writer) = stream.into_split();
    let reading = tokio::spawn(async move {
        let mut answer = Vec::new();
        drop(reader.read_to_end(&mut answer).await);
        answer
    });
    for byte in bytes {
        if reading.is_finished() || writer.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let answer = reading.await.unwrap();
    (Heard(String::from_utf8_lossy(&answer).into_owned()), began.elapsed())
}

async fn a_head_that_drips_is_waited_for_ten_seconds() {
    let city = City::new().await;
    let (answer, took) = drip(connect(&city).await, b"GET /v1/me HTTP/1.1\r\nHost: ville.example\r\n").await;
    assert_eq!(answer.statuses(), [408], "{}", answer.0);
    assert!((9..14).contains(&took.as_secs()), "{took:?}");
    city.stop().await;
}

async fn a_body_that_drips_is_waited_for_twenty_seconds() {
    let city = City::new().await;
    let token = token(&city).await;
    let filing = filing(&token);
    let (begin, body) = filing.split_once("\r\n\r\n").unwrap();
    let mut stream = connect(&city).await;
    stream.write_all(format!("{begin}\r\n\r\n").as_bytes()).await.unwrap();
    let (answer, took) = drip(stream, body.as_bytes()).await;
    assert_eq!(answer.statuses(), [408], "{}", answer.0);
    assert!(answer.0.contains("\"code\":\"request_timeout\""), "{}", answer.0);
    assert!((19..32).contains(&took.as_secs()), "{took:?}");
    // Who has not logged in is not listened to at all.
    let mut stream = connect(&city).await;
    let stranger = head("POST /v1/concerns", "x");
    stream
        .write_all(format!("{stranger}Content-Type: application/json\r\nContent-Length: 4\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let (answer, took) = drip(stream, b"nul").await;
    assert_eq!(answer.statuses(), [401], "{}", answer.0);
    assert!(took.as_secs() < 12, "{took:?}");
    // What says that it is too large is not waited for.
    let mut stream = connect(&city).await;
    let begin = head("POST /v1/sessions", "x");
    let declared = "Content-Type: application/json\r\nContent-Length: 100000000\r\n\r\n{}";
    let asked = Instant::now();
    stream.write_all(format!("{begin}{declared}").as_bytes()).await.unwrap();
    let mut answer = [0; 2000];
    let read = stream.read(&mut answer).await.unwrap();
    let answer = Heard(String::from_utf8_lossy(&answer[..read]).into_owned());
    assert_eq!(answer.statuses(), [413], "{}", answer.0);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert_eq!(concerns(&city).await, 0);
    city.stop().await;
}
