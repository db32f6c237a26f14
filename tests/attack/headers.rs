//! Heads of requests that are too much, or hold what no head may.

use std::fmt::Write as _;

use super::{concerns, filing, head, say, say_and_stay, token};
use crate::support::city::City;

crate::tests![
    a_head_without_end_is_refused,
    a_head_of_many_lines_is_refused,
    bytes_that_no_header_holds_are_refused,
    words_beyond_ascii_break_nothing,
    a_header_that_stands_once_does_not_stand_twice,
];

async fn a_head_without_end_is_refused() {
    let city = City::new().await;
    let token = token(&city).await;
    let me = head("GET /v1/me", &token);
    for beyond in [
        format!("{me}X-Filler: {}", "x".repeat(140_000)),
        format!("{me}{}: x", "x".repeat(140_000)),
        format!("GET /{}", "x".repeat(140_000)),
        "X".repeat(140_000),
    ] {
        let answer = say_and_stay(&city, beyond.as_bytes()).await;
        // Who is still sending when the server hangs up may not hear why.
        assert!(matches!(answer.statuses()[..], [] | [431 | 400]), "{}", answer.0);
    }
    // All of it arrives before anything is answered: beyond 16 KiB, the head is known and refused.
    let answer = say(&city, format!("{me}X-Filler: {}\r\n\r\n", "x".repeat(17_000)).as_bytes()).await;
    assert_eq!(answer.statuses(), [431], "{}", answer.0);
    city.stop().await;
}

async fn a_head_of_many_lines_is_refused() {
    let city = City::new().await;
    let token = token(&city).await;
    for (lines, statuses) in [(80, [200]), (10_000, [431])] {
        let mut sent = head("GET /v1/me", &token);
        for number in 0..lines {
            write!(sent, "a{number}: b\r\n").unwrap();
        }
        let answer =
            say(&city, format!("{sent}\r\n{}", if lines == 80 { String::new() } else { filing(&token) }).as_bytes())
                .await;
        assert_eq!(answer.statuses(), statuses, "{lines}: {}", answer.0);
    }
    assert_eq!(concerns(&city).await, 0);
    city.stop().await;
}

async fn bytes_that_no_header_holds_are_refused() {
    let city = City::new().await;
    let (me, hidden) = (head("GET /v1/me", &token(&city).await), filing(&token(&city).await));
    for line in ["X: a\0b", "X: a\x01b", "X: a\x7fb", "X: a\rb", "X\0: a", "X é: a", "(X): a", ": a", "X", "\x0bX: a"]
    {
        let answer = say_and_stay(&city, format!("{me}{line}\r\n\r\n{hidden}").as_bytes()).await;
        assert_eq!(answer.statuses(), [400], "{line:?}: {}", answer.0);
    }
    assert_eq!(concerns(&city).await, 0);
    city.stop().await;
}

async fn words_beyond_ascii_break_nothing() {
    let city = City::new().await;
    let token = token(&city).await;
    let (me, filing) = (head("GET /v1/me", &token), filing(&token));
    for (name, status) in [
        ("User-Agent", 200),
        ("Accept", 200),
        ("Accept-Language", 200),
        ("X-Forwarded-For", 200),
        ("Cookie", 200),
        ("Range", 200),
        ("traceparent", 200),
        ("Origin", 200),
        ("If-None-Match", 200),
    ] {
        // Latin-1, UTF-8, and what is neither.
        for value in [&b"caf\xe9"[..], "café".as_bytes(), b"\xff\xfe\x80"] {
            let sent = [me.as_bytes(), name.as_bytes(), b": ", value, b"\r\n\r\n"].concat();
            let answer = say(&city, &sent).await;
            assert_eq!(answer.statuses(), [status], "{name}: {}", answer.0);
        }
    }
    // Only a change of a ticket says which version it has seen.
    let acknowledging = head("POST /v1/tickets/AMI-26-000001/acknowledge", &token) + "Content-Length: 2\r\n\r\n{}";
    for (name, request, status) in
        [("Idempotency-Key", &filing, 400), ("If-Match", &acknowledging, 400), ("Content-Type", &filing, 415)]
    {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let head = head.replace("Content-Type: application/json\r\n", "");
        let other = if name == "Content-Type" { "" } else { "Content-Type: application/json\r\n" };
        let sent =
            [head.as_bytes(), b"\r\n", other.as_bytes(), name.as_bytes(), b": \"\xe9\"\r\n\r\n", body.as_bytes()]
                .concat();
        let answer = say(&city, &sent).await;
        assert_eq!(answer.statuses(), [status], "{name}: {}", answer.0);
        assert!(status == 415 || answer.0.contains(name), "it is told of {name}: {}", answer.0);
    }
    let stranger = b"GET /v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xe9\xff\r\n\r\n";
    assert_eq!(say(&city, stranger).await.statuses(), [401]);
    assert_eq!(concerns(&city).await, 0);
    city.stop().await;
}

async fn a_header_that_stands_once_does_not_stand_twice() {
    let city = City::new().await;
    let token = token(&city).await;
    let me = head("GET /v1/me", &token);
    let hidden = filing(&token);
    for lines in ["Host: evil.example\r\n", "Host: ville.example\r\n"] {
        let answer = say_and_stay(&city, format!("{me}{lines}\r\n{hidden}").as_bytes()).await;
        assert_eq!(answer.statuses(), [400], "{lines}: {}", answer.0);
    }
    let answer = say_and_stay(&city, format!("GET /v1/me HTTP/1.1\r\n\r\n{hidden}").as_bytes()).await;
    assert_eq!(answer.statuses(), [400], "without a host: {}", answer.0);
    assert_eq!(concerns(&city).await, 0);
    // Which of two a proxy went by, nobody knows here.
    for second in [format!("Bearer {token}"), "Bearer x".to_owned(), "Basic YTpi".to_owned()] {
        let answer = say(&city, format!("{me}Authorization: {second}\r\n\r\n").as_bytes()).await;
        assert_eq!(answer.statuses(), [401], "{second}: {}", answer.0);
    }
    let body = "grant_type=client_credentials";
    let form = format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", body.len());
    let twice = "Authorization: Basic YTpi\r\nAuthorization: Basic YTpj\r\n";
    let asked = format!("POST /oauth/token HTTP/1.1\r\nHost: ville.example\r\n{form}{twice}\r\n{body}");
    let answer = say(&city, asked.as_bytes()).await;
    assert!(answer.0.contains("two ways to prove who it is"), "{}", answer.0);
    city.stop().await;
}
