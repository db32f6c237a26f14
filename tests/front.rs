//! What stands before every handler: headers, limits, web origins.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::num::NonZeroU32;

use api::RateLimits;
use reqwest::Method;
use serde_json::json;

use crate::support::city::City;
use crate::support::program::{run, said};

crate::tests![
    every_answer_keeps_to_itself,
    browsers_remember_https,
    what_can_be_got_can_be_asked_about,
    no_other_origin_may_unless_it_is_listed,
    who_asks_too_often_waits,
    too_many_headers_are_refused,
    what_is_not_an_origin_or_a_network_is_refused_at_start,
    the_keys_of_a_demonstration_are_refused,
    a_secret_comes_from_a_file_or_the_environment,
];

async fn every_answer_keeps_to_itself() {
    let city = City::new().await;
    for path in ["/v1/me", "/v1/tickets", "/health/ready", "/docs/", "/docs/problems", "/nothing"] {
        let reply = city.stranger().get(path).await;
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer")]
        {
            assert_eq!(reply.header(name), Some(value), "{path}");
        }
        for directive in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(reply.header("content-security-policy").unwrap().contains(directive), "{path}: {directive}");
        }
        assert_eq!(reply.header("set-cookie"), None);
        assert_eq!(reply.header("server"), None);
    }
    city.stop().await;
}

async fn browsers_remember_https() {
    let behind_tls = City::new().await;
    let plain = City::with(|config| config.public_url = Some("http://localhost:8080".parse().unwrap())).await;
    for path in ["/v1/me", "/health/live", "/docs/", "/nothing"] {
        let (told, untold) = (behind_tls.stranger().get(path).await, plain.stranger().get(path).await);
        assert_eq!(told.header("strict-transport-security"), Some("max-age=31536000; includeSubDomains"), "{path}");
        assert_eq!(untold.header("strict-transport-security"), None, "{path}");
    }
    behind_tls.stop().await;
    plain.stop().await;
}

async fn what_can_be_got_can_be_asked_about() {
    let city = City::new().await;
    let agent = city.agent().await;
    for path in ["/health/live", "/openapi.json", "/v1/me", "/docs/problems"] {
        let got = agent.get(path).await;
        got.is(200);
        let head = agent.send(agent.request(Method::HEAD, path)).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        for name in ["content-type", "content-length", "etag"] {
            assert_eq!(head.header(name), got.header(name), "{path}: {name}");
        }
    }
    let stranger = city.stranger();
    assert_eq!(stranger.send(stranger.request(Method::HEAD, "/v1/me")).await.status, 401);
    assert_eq!(stranger.send(stranger.request(Method::HEAD, "/v1/passwords")).await.status, 405);
    city.stop().await;
}

async fn no_other_origin_may_unless_it_is_listed() {
    let origin = "https://portail.ville-amiens.example";
    let closed = City::new().await;
    let open = City::with(|config| config.origins = vec![origin.to_owned()]).await;
    let ask = async |city: &City, method: Method, origin: &str| {
        let stranger = city.stranger();
        let request = stranger.request(method, "/v1/me").header("Origin", origin);
        stranger.send(request.header("Access-Control-Request-Method", "GET")).await
    };
    let allowed =
        |reply: &crate::support::caller::Reply| reply.header("access-control-allow-origin").map(ToOwned::to_owned);
    assert_eq!(allowed(&ask(&closed, Method::GET, origin).await), None);
    assert_eq!(allowed(&ask(&open, Method::OPTIONS, origin).await), Some(origin.to_owned()));
    let refused = ask(&open, Method::GET, origin).await;
    assert_eq!(allowed(refused.is(401)), Some(origin.to_owned()), "a script reads why");
    assert_eq!(refused.header("access-control-allow-credentials"), None);
    assert_eq!(allowed(&ask(&open, Method::OPTIONS, "https://evil.example").await), None);
    closed.stop().await;
    open.stop().await;
}

async fn who_asks_too_often_waits() {
    let limit = |n| NonZeroU32::new(n).unwrap();
    let city = City::with(|config| config.rate_limits = Some(RateLimits { caller: limit(3), address: limit(4) })).await;
    let agent = city.agent().await;
    for remaining in [2, 1, 0] {
        let reply = agent.get("/v1/me").await;
        assert_eq!(reply.is(200).header("ratelimit-policy"), Some("\"caller\";q=3;w=60"));
        assert_eq!(reply.header("ratelimit"), Some(format!("\"caller\";r={remaining};t=0").as_str()));
    }
    let refused = agent.get("/v1/me").await;
    refused.refused(429, "rate_limited");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    for _ in 0..3 {
        city.stranger().get("/v1/me").await.refused(401, "unauthenticated");
    }
    city.stranger().get("/v1/me").await.refused(429, "rate_limited");
    city.stranger().get("/health/ready").await.ok();
    city.stop().await;
}

async fn too_many_headers_are_refused() {
    let city = City::new().await;
    let stranger = city.stranger();
    let request = stranger.request(Method::GET, "/v1/me").header("X-Filler", "x".repeat(17 * 1024));
    stranger.send(request).await.refused(431, "headers_too_large");
    // Beyond what the server reads at all.
    let mut stream = TcpStream::connect(city.instance.base_url.trim_start_matches("http://")).unwrap();
    stream.write_all(b"GET /v1/me HTTP/1.1\r\nHost: x\r\n").unwrap();
    let filler = format!("X-Filler: {}\r\n", "x".repeat(1000));
    // The server may hang up before everything was written.
    let mut sent = 0;
    while sent < 300 && stream.write_all(filler.as_bytes()).is_ok() {
        sent += 1;
    }
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(read.is_err() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    city.stop().await;
}

async fn what_is_not_an_origin_or_a_network_is_refused_at_start() {
    for arguments in [
        ["serve", "--cors-origin", "*"],
        ["serve", "--cors-origin", "https://ville.example/"],
        ["serve", "--cors-origin", "null"],
        ["serve", "--trusted-proxy", "everybody"],
        ["serve", "--rate-limit", "0"],
        ["serve", "--return-url", "https://portail.ville.example"],
        ["serve", "--return-url", "https://portail.ville.example/retour#x"],
        ["serve", "--return-url", "https://agent@portail.ville.example/"],
        ["serve", "--return-url", "http://portail.ville.example/"],
        ["serve", "--return-url", "javascript:alert(1)"],
    ] {
        let refused = run(&arguments, &[]);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    }
}

async fn the_keys_of_a_demonstration_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("demo.json"), json!({ "logins": [] }).to_string()).unwrap();
    let data = folder.path().to_str().unwrap();
    let keys = folder.path().join("keys");
    for environment in [
        [("CONTINUUM_DATA_DIR", data), ("CONTINUUM_LISTEN", "127.0.0.1:0")],
        [("CONTINUUM_KEYS_DIR", keys.to_str().unwrap()), ("CONTINUUM_LISTEN", "127.0.0.1:0")],
    ] {
        let refused = run(&["serve"], &environment);
        assert_eq!(refused.status.code(), Some(1));
        assert!(said(&refused).contains("holds a demonstration"), "{}", said(&refused));
    }
}

async fn a_secret_comes_from_a_file_or_the_environment() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "postgres://continuum:s3cret@127.0.0.1:1/continuum\n").unwrap();
    let path = file.path().to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = ("CONTINUUM_DATA_DIR", folder.path().to_str().unwrap());
    let unreachable = run(&["migrate", "--check"], &[("DATABASE_URL_FILE", path), data]);
    assert_eq!(unreachable.status.code(), Some(1));
    assert!(!said(&unreachable).contains("s3cret"), "{}", said(&unreachable));
    assert!(!folder.path().join("postgres").exists(), "the database of the file was meant");
    let both = run(&["migrate"], &[("DATABASE_URL_FILE", path), ("DATABASE_URL", "postgres://x@127.0.0.1:1/x"), data]);
    assert!(said(&both).contains("which one is meant?"), "{}", said(&both));
    let bad = run(&["migrate"], &[("DATABASE_URL", "postgres://continuum:s3cret#1@127.0.0.1:1/x"), data]);
    assert!(said(&bad).contains("%23") && !said(&bad).contains("s3cret"), "{}", said(&bad));
    let argument = run(&["migrate", "--database-url", "postgres://x"], &[data]);
    assert_eq!(argument.status.code(), Some(2), "a secret has no place on the command line");
}
