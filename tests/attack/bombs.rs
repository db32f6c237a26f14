//! Bodies that are small on the wire and would be large, or deep, once they are unpacked.

use std::io::Write as _;
use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::json;

use super::concerns;
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping};
use crate::support::files::{BOUNDARY, attachments, form, send_form};

crate::tests![
    a_compressed_body_is_not_unpacked,
    json_that_is_too_deep_or_too_large_is_refused,
    a_form_of_many_parts_is_refused,
];

/// What gzip makes of bytes.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = Command::new("gzip").arg("-9c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // It is small: the pipe holds it until it is read.
    gzip.stdin.take().unwrap().write_all(bytes).unwrap();
    gzip.wait_with_output().unwrap().stdout
}

async fn file(who: &Caller, encoding: Option<&str>, body: Vec<u8>) -> Reply {
    let request = who.request(Method::POST, "/v1/concerns").header("Content-Type", "application/json").body(body);
    who.send(match encoding {
        Some(encoding) => request.header("Content-Encoding", encoding),
        None => request,
    })
    .await
}

async fn a_compressed_body_is_not_unpacked() {
    let city = City::new().await;
    let (agent, stranger) = (city.agent().await, city.stranger());
    let mut body = dumping();
    body["description"] = json!("x".repeat(32 * 1024 * 1024));
    let bomb = gzip(body.to_string().as_bytes());
    assert!(bomb.len() < 64 * 1024, "{}", bomb.len());
    for encoding in ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "GZIP", ""] {
        let refused = file(&agent, Some(encoding), bomb.clone()).await;
        let problem = refused.refused(415, "unsupported_media_type");
        assert!(problem["detail"].as_str().unwrap().contains("Content-Encoding"), "{encoding}: {problem}");
    }
    // Nor what would be a good one, unpacked.
    file(&agent, Some("gzip"), gzip(dumping().to_string().as_bytes())).await.refused(415, "unsupported_media_type");
    file(&agent, None, bomb.clone()).await.refused(400, "invalid_utf8");
    file(&stranger, Some("gzip"), bomb.clone()).await.refused(401, "unauthenticated");
    let login = stranger.request(Method::POST, "/v1/sessions").header("Content-Type", "application/json");
    let login = stranger.send(login.header("Content-Encoding", "gzip").body(bomb.clone())).await;
    login.refused(415, "unsupported_media_type");
    // Forms likewise, whoever sends them.
    for path in ["/oauth/token", "/open311/v2/requests.json", "/v1/tracking"] {
        let form = stranger.request(Method::POST, path).header("Content-Type", "application/x-www-form-urlencoded");
        stranger.send(form.header("Content-Encoding", "gzip").body("grant_type=client_credentials")).await.is(415);
    }
    assert_eq!(concerns(&city).await, 0);
    let ticket = city.dumping().await;
    let upload = agent.request(Method::POST, &attachments(&ticket)).header("Content-Encoding", "gzip");
    let upload = upload.header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"));
    agent.send(upload.body(bomb)).await.refused(415, "unsupported_media_type");
    file(&agent, Some("identity"), dumping().to_string().into_bytes()).await.created();
    assert_eq!(concerns(&city).await, 2);
    city.stop().await;
}

async fn json_that_is_too_deep_or_too_large_is_refused() {
    let city = City::new().await;
    let agent = city.agent().await;
    let deep = |open: &str, close: &str| format!("{}null{}", open.repeat(10_000), close.repeat(10_000));
    let filed = dumping().to_string();
    let with = |member: &str| filed.replacen('{', &format!("{{{member},"), 1).into_bytes();
    for body in [
        deep("[", "]").into_bytes(),
        deep("{\"a\":", "}").into_bytes(),
        with(&format!("\"answers\":{}", deep("[", "]"))),
        with(&format!("\"answers\":{}", deep("{\"a\":", "}"))),
        with(&format!("\"x\":{}", "9".repeat(100_000))),
        with(&format!("\"x\":1e{}", "9".repeat(10_000))),
    ] {
        file(&agent, None, body).await.refused(400, "invalid_json");
    }
    // Named twice, also under another spelling: nobody may read the one, and somebody else the other.
    for member in ["\"answers\":{},\"answers\":{}", "\"\\u006frigin\":\"phone\""] {
        file(&agent, None, with(member)).await.refused(400, "invalid_request");
    }
    let twice = filed.replacen("\"lat\":", "\"lat\":49.9,\"lat\":", 1);
    assert_ne!(twice, filed);
    file(&agent, None, twice.into_bytes()).await.refused(400, "invalid_request");
    // As wide as a body may be.
    let names: Vec<String> = (0..9_000).map(|number| format!("\"f{number}\":0")).collect();
    let wide = file(&agent, None, with(&names.join(","))).await;
    assert_eq!(wide.refused(400, "invalid_request")["errors"].as_array().unwrap().len(), 9_000);
    let nobody = "/v1/cafes/00000000-0000-7000-8000-000000000000/report";
    for (number, status) in
        [("1e400", 400), ("-1e400", 400), ("1E+99999", 400), ("0.1e-99999", 400), ("-0", 400), ("34", 404)]
    {
        let request = agent.request(Method::POST, nobody).header("Content-Type", "application/json");
        let request = request.header("If-Match", "\"1\"").body(format!("{{\"headcount\":{number}}}"));
        let reply = agent.send(request).await;
        assert_eq!(reply.status, status, "{number}: {}", reply.text);
    }
    assert_eq!(concerns(&city).await, 0);
    city.stop().await;
}

async fn a_form_of_many_parts_is_refused() {
    let city = City::new().await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    let end = format!("--{BOUNDARY}--\r\n");
    let part = |head: &str, content: &str| format!("--{BOUNDARY}\r\n{head}\r\n\r\n{content}\r\n");
    let file = "Content-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"";
    let nested = format!("{file}\r\nContent-Type: multipart/mixed; boundary=\"inner\"");
    let inner = format!("--inner\r\n\r\n{}\r\n--inner--", "x".repeat(100_000));
    for (name, body) in [
        ("many", part(file, "x").repeat(50_000) + &end),
        (
            "many names",
            (0..20_000).fold(String::new(), |all, n| all + &part(&file.replace("file", &format!("f{n}")), "")) + &end,
        ),
        ("a head without end", format!("--{BOUNDARY}\r\n{file}\r\nX: {}", "x".repeat(4_000_000))),
        ("a head of many lines", part(&format!("{file}{}", "\r\nX: y".repeat(10_000)), "x") + &end),
        ("before the first", format!("{}\r\n{}{end}", "x".repeat(4_000_000), part(file, "x"))),
        ("one inside another", part(&nested, &inner) + &end),
        ("no name", part("Content-Disposition: form-data", "x") + &end),
        ("no head", part("", "x") + &end),
        ("two names", part(&format!("{file}; name=\"x\""), "x").repeat(2) + &end),
    ] {
        let reply = send_form(&agent, &ticket, None, body.into_bytes()).await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.text);
        reply.refused(400, "invalid_request");
    }
    let one = form("file", "a.jpg", b"x");
    send_form(&agent, &ticket, None, one).await.refused_fields(422, "invalid_content", &[("/file", "unknown_type")]);
    assert_eq!(city.database.count("select count(*) from attachment").await, 0);
    city.stop().await;
}
