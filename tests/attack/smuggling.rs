//! A request that hides in another one, for a proxy before the server to see one and the server two (RFC 9112, 11.2).
//! What hides is whole and has a valid token: it would file a concern.

use super::{concerns, connect, filing, head, rest, say, say_and_stay, token};
use serde_json::json;

use crate::support::city::{City, dumping, email};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

crate::tests![
    what_could_be_framed_in_two_ways_is_refused,
    a_broken_chunk_ends_the_connection,
    chunks_with_extensions_are_one_body,
    a_body_that_nobody_reads_is_no_request,
    a_request_that_asks_for_another_protocol_is_one,
    requests_in_a_row_are_answered_once_each,
    a_request_line_that_is_none_is_refused,
    another_host_changes_no_link,
];

/// Lines of which one server may read a length of the body, and another one another.
const AMBIGUOUS: [&str; 26] = [
    "Content-Length: 4\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 4",
    "Content-Length: 4\r\nContent-Length: 0",
    "Content-Length: 4\r\nContent-Length: 4",
    "Content-Length: 4, 4",
    "Content-Length: +4",
    "Content-Length: -4",
    "Content-Length: 0x4",
    "Content-Length: 4 4",
    "Content-Length: ",
    "Content-Length: 18446744073709551620",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: \"chunked\"",
    "Transfer-Encoding: chunked;x=1",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding:\r\n chunked",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding\t: chunked",
    "Transfer\u{b}-Encoding: chunked",
    " Transfer-Encoding: chunked",
    "X: a\rTransfer-Encoding: chunked",
    "X: a\0Transfer-Encoding: chunked",
];

async fn what_could_be_framed_in_two_ways_is_refused() {
    let city = City::new().await;
    let token = token(&city).await;
    let (head, hidden) = (head("POST /v1/concerns", &token), filing(&token));
    for lines in AMBIGUOUS {
        let sent = format!("{head}Content-Type: application/json\r\n{lines}\r\n\r\n0\r\n\r\n{hidden}");
        let answer = say_and_stay(&city, sent.as_bytes()).await;
        assert_eq!(answer.statuses(), [400], "{lines:?}: {}", answer.0);
    }
    let old = head.replace("HTTP/1.1", "HTTP/1.0");
    for lines in ["Transfer-Encoding: chunked", "Connection: keep-alive"] {
        let answer = say_and_stay(&city, format!("{old}{lines}\r\n\r\n0\r\n\r\n{hidden}").as_bytes()).await;
        assert_eq!(answer.statuses(), [400], "{lines:?}: {}", answer.0);
    }
    assert_eq!(concerns(&city).await, 0);
    city.stop().await;
}

async fn a_broken_chunk_ends_the_connection() {
    let city = City::new().await;
    let token = token(&city).await;
    let head = head("POST /v1/concerns", &token);
    let (body, hidden) = (dumping().to_string(), filing(&token));
    for size in ["FFFFFFFFFFFFFFFFF", "-5", "+5", "0x5", "5 5", "", "G", "5;\n", "\u{b}5", "5\n", "0\n"] {
        let head = format!("{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        let answer = say_and_stay(&city, format!("{head}{size}\r\n{body}\r\n0\r\n\r\n{hidden}").as_bytes()).await;
        // Who goes on sending when the server hangs up may not hear why.
        assert!(matches!(answer.statuses()[..], [] | [400]), "{size:?}: {}", answer.0);
    }
    // A chunk that is longer or shorter than it says.
    for (size, rest) in [(body.len() - 1, ""), (body.len(), "x")] {
        let head = format!("{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        let sent = format!("{head}{size:x}\r\n{body}{rest}\r\n0\r\n\r\n{hidden}");
        let answer = say_and_stay(&city, sent.as_bytes()).await;
        assert!(matches!(answer.statuses()[..], [] | [400]), "{size}: {}", answer.0);
    }
    assert_eq!(concerns(&city).await, 0);
    city.stop().await;
}

async fn chunks_with_extensions_are_one_body() {
    let city = City::new().await;
    let token = token(&city).await;
    let head = head("POST /v1/concerns", &token);
    let body = dumping().to_string();
    let (one, two) = body.split_at(20);
    let sent = format!(
        "{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n14;name=\"x\"\r\n{one}\r\n{:X} ; y\r\n{two}\r\n0\r\n\
         Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
        two.len()
    );
    let answer = say(&city, sent.as_bytes()).await;
    assert_eq!(answer.statuses(), [201], "trailers are no headers: {}", answer.0);
    assert_eq!(concerns(&city).await, 1);
    city.stop().await;
}

async fn a_body_that_nobody_reads_is_no_request() {
    let city = City::new().await;
    let token = token(&city).await;
    let hidden = filing(&token);
    for (line, token, status) in [
        ("GET /v1/me", token.as_str(), 200),
        ("HEAD /v1/me", &token, 200),
        ("GET /docs/problems", "x", 200),
        ("POST /v1/concerns", "x", 401),
        ("DELETE /v1/concerns", &token, 405),
        ("OPTIONS /v1/concerns", &token, 405),
        ("POST /v1/dragons", &token, 404),
        ("POST /v1/sessions/current/logout", "x", 401),
        ("BREW /v1/me", &token, 405),
    ] {
        let length = format!("Content-Length: {}\r\n\r\n{hidden}", hidden.len());
        let chunk = format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
        for framed in [length, chunk] {
            let answer = say(&city, format!("{}{framed}", head(line, token)).as_bytes()).await;
            assert_eq!(answer.statuses(), [status], "{line}: {}", answer.0);
        }
    }
    assert_eq!(concerns(&city).await, 0);
    city.stop().await;
}

async fn a_request_that_asks_for_another_protocol_is_one() {
    let city = City::new().await;
    let token = token(&city).await;
    let hidden = filing(&token);
    for (lines, status) in [
        ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13", 400),
        ("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__", 400),
    ] {
        let head = head("POST /v1/concerns", &token);
        let sent = format!(
            "{head}Content-Type: application/json\r\n{lines}\r\nContent-Length: {}\r\n\r\n{hidden}",
            hidden.len()
        );
        let answer = say(&city, sent.as_bytes()).await;
        assert_eq!(answer.statuses(), [status], "{lines}: {}", answer.0);
    }
    let answer = say(&city, format!("{}\r\n{hidden}", head("CONNECT ville.example:80", &token)).as_bytes()).await;
    assert!(matches!(answer.statuses()[..], [400 | 404 | 405]), "{}", answer.0);
    let answer = say_and_stay(&city, format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{hidden}").as_bytes()).await;
    assert_eq!(answer.statuses(), [400], "{}", answer.0);
    assert_eq!(concerns(&city).await, 0);
    city.stop().await;
}

async fn requests_in_a_row_are_answered_once_each() {
    let city = City::new().await;
    let token = token(&city).await;
    let (me, filing) = (format!("{}\r\n", head("GET /v1/me", &token)), filing(&token));
    let answer = say(&city, format!("{filing}{me}{filing}").as_bytes()).await;
    assert_eq!(answer.statuses(), [201, 200, 201], "{}", answer.0);
    assert_eq!(concerns(&city).await, 2);
    // Each answer says by itself where it ends.
    assert_eq!(answer.0.to_ascii_lowercase().matches("content-length:").count(), 3, "{}", answer.0);
    // A body that is longer than said: what is left over begins a request that is none.
    let (head, body) = filing.split_once("\r\n\r\n").unwrap();
    let answer = say_and_stay(&city, format!("{head}\r\n\r\n{body}}}\r\n\r\n{filing}").as_bytes()).await;
    assert_eq!(answer.statuses(), [201, 400], "{}", answer.0);
    assert_eq!(concerns(&city).await, 3);
    // Lines may end with a bare LF (RFC 9112, 2.2); that makes no other request of it.
    let answer = say(&city, me.replace("\r\n", "\n").as_bytes()).await;
    assert_eq!(answer.statuses(), [200], "{}", answer.0);
    city.stop().await;
}

async fn a_request_line_that_is_none_is_refused() {
    let city = City::new().await;
    let token = token(&city).await;
    let (me, hidden) = (head("GET /v1/me", &token), filing(&token));
    for line in [
        "GET /v1/me HTTP/1.2",
        "GET /v1/me HTTP/11.1",
        "GET /v1/me HTTP/2",
        "GET /v1/me http/1.1",
        "GET /v1/me",
        "GET /v1/me x HTTP/1.1",
        "GET\t/v1/me\tHTTP/1.1",
        "G\u{e9}T /v1/me HTTP/1.1",
        "GET /v1/\u{0}me HTTP/1.1",
        " GET /v1/me HTTP/1.1",
    ] {
        let sent = format!("{}\r\n{hidden}", me.replacen("GET /v1/me HTTP/1.1", line, 1));
        let answer = say_and_stay(&city, sent.as_bytes()).await;
        assert_eq!(answer.statuses(), [400], "{line:?}: {}", answer.0);
    }
    assert_eq!(concerns(&city).await, 0);
    // Whatever a front server made of the line: what came first is answered before what is wrong.
    let mut stream = connect(&city).await;
    stream.write_all(format!("{me}\r\n").as_bytes()).await.unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00").await.unwrap();
    let answer = rest(&mut stream).await;
    assert_eq!(answer.statuses(), [400], "{}", answer.0);
    city.stop().await;
}

async fn another_host_changes_no_link() {
    let city = City::new().await;
    for (who, (line, host)) in ["amelie.petit", "sophie.morel", "nadia.fournier", "denis.marchand"].into_iter().zip([
        ("POST /v1/passwords/forgotten", "evil.example"),
        ("POST http://evil.example/v1/passwords/forgotten", "evil.example"),
        ("POST http://evil.example/v1/passwords/forgotten", "ville.example"),
        (
            "POST /v1/passwords/forgotten",
            "ville.example\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example",
        ),
    ]) {
        let body = json!({ "email": email(who) }).to_string();
        let sent = format!(
            "{line} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = say(&city, sent.as_bytes()).await;
        assert_eq!(answer.statuses(), [202], "{line}: {}", answer.0);
        assert!(!answer.0.contains("evil"), "{}", answer.0);
    }
    city.drain().await;
    let letters = city.letters();
    assert_eq!(letters.len(), 4);
    for letter in letters {
        let text = letter.body_text(0).unwrap();
        assert!(text.contains("https://continuum.ville-amiens.example/account/"), "{text}");
        assert!(!String::from_utf8_lossy(letter.raw_message()).contains("evil"));
    }
    city.stop().await;
}
