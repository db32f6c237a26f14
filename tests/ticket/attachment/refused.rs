//! What is not accepted, and that nothing of it is left behind.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;

use image::ImageFormat;
use lopdf::dictionary;
use reqwest::Method;
use serde_json::{Value, json};

use super::city;
use crate::support::city::City;
use crate::support::database::PASSWORD;
use crate::support::files::{
    BOUNDARY, attachments, below, form, pdf, pdf_with_script, photograph, send_form, until_spooled, upload,
};

crate::tests![
    a_file_is_taken_for_what_it_is_and_nothing_of_a_refused_one_stays,
    a_file_that_is_too_large_is_refused,
    a_form_has_one_file,
    a_form_without_a_boundary_is_refused,
    an_upload_that_is_cut_in_the_middle_leaves_nothing,
    a_ticket_has_so_many_and_none_once_it_has_ended,
];

async fn leaves_nothing(city: &City, folder: &Path) {
    assert_eq!(below(folder), Vec::<std::path::PathBuf>::new());
    let rows = "select (select count(*) from attachment) + (select count(*) from stray_file)
                     + (select count(*) from ticket_event where version > 1)";
    assert_eq!(city.database.count(rows).await, 0);
}

/// A PNG that says that it has 30 000 × 30 000 pixels: 900 million, 2.7 GB unpacked.
fn bomb() -> Vec<u8> {
    let mut png = photograph(8, 8, ImageFormat::Png);
    png[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let crc = !png[12..29].iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    });
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    png
}

async fn a_file_is_taken_for_what_it_is_and_nothing_of_a_refused_one_stays() {
    let (city, folder) = city().await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    let png = photograph(300, 300, ImageFormat::Png);
    let launch = dictionary! { "S" => "Launch", "F" => lopdf::Object::string_literal("calc.exe") };
    for (name, bytes, code) in [
        ("archive.png", b"PK\x03\x04 a zip archive".to_vec(), "unknown_type"),
        ("bombe.png", bomb(), "too_many_pixels"),
        ("page.jpg", b"<html><script>alert(1)</script>".to_vec(), "unknown_type"),
        ("dessin.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(), "unknown_type"),
        ("anime.gif", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), "unknown_type"),
        ("coupe.png", png[..png.len() / 2].to_vec(), "damaged"),
        ("vide.jpg", Vec::new(), "empty"),
        ("script.pdf", pdf_with_script(), "active_content"),
        ("lance.pdf", pdf("x", Some(("OpenAction", launch.into()))), "active_content"),
        ("coupe.pdf", pdf("x", None)[..200].to_vec(), "damaged"),
    ] {
        let reply = upload(&agent, &ticket, name, &bytes).await;
        reply.refused_fields(422, "invalid_content", &[("/file", code)]);
    }
    leaves_nothing(&city, folder.path()).await;
    city.stop().await;
}

async fn a_file_that_is_too_large_is_refused() {
    let (city, folder) = city().await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    let mut large = photograph(80, 60, ImageFormat::Jpeg);
    large.resize(20 * 1024 * 1024 + 1, b'x');
    let problem = upload(&agent, &ticket, "a.jpg", &large).await.refused(413, "body_too_large");
    assert_eq!(problem["detail"], "Un fichier a au plus 20 Mio.");
    leaves_nothing(&city, folder.path()).await;
    city.stop().await;
}

async fn a_form_has_one_file() {
    let (city, folder) = city().await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    let picture = photograph(20, 20, ImageFormat::Jpeg);
    let fields = async |body: Vec<u8>, fields: &[(&str, &str)]| {
        send_form(&agent, &ticket, None, body).await.refused_fields(400, "invalid_request", fields);
    };
    fields(format!("--{BOUNDARY}--\r\n").into_bytes(), &[("/file", "required")]).await;
    fields(form("photo", "a.jpg", &picture), &[("/photo", "unknown_field")]).await;
    let one = form("file", "a.jpg", &picture);
    let end = one.len() - format!("--{BOUNDARY}--\r\n").len();
    fields([&one[..end], &one[..]].concat(), &[("/file", "repeated")]).await;
    send_form(&agent, &ticket, None, b"no form at all".to_vec()).await.refused(400, "invalid_request");
    send_form(&agent, &ticket, None, one[..one.len() / 2].to_vec()).await.refused(400, "invalid_request");
    agent.post(&attachments(&ticket), &json!({ "file": "x" })).await.refused(415, "unsupported_media_type");
    let anybody = city.stranger();
    send_form(&anybody, &ticket, None, one).await.refused(401, "unauthenticated");
    leaves_nothing(&city, folder.path()).await;
    city.stop().await;
}

async fn a_form_without_a_boundary_is_refused() {
    let city = City::new().await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    for content_type in ["multipart/form-data", "multipart/form-data; boundary="] {
        for body in [vec![], form("file", "a.jpg", &photograph(8, 8, ImageFormat::Jpeg))] {
            let request = agent.request(Method::POST, &attachments(&ticket)).header("Content-Type", content_type);
            agent.send(request.body(body)).await.refused(400, "invalid_request");
        }
    }
    city.stop().await;
}

async fn an_upload_that_is_cut_in_the_middle_leaves_nothing() {
    let (city, folder) = city().await;
    let ticket = city.dumping().await;
    let login = json!({ "email": "claire.delattre@ville-amiens.example", "password": PASSWORD });
    let session: Value = city.stranger().post("/v1/sessions", &login).await.created();
    let body = form("file", "a.jpg", &photograph(2000, 2000, ImageFormat::Jpeg));
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n",
        attachments(&ticket),
        session["access_token"].as_str().unwrap(),
        body.len()
    );
    let mut stream = TcpStream::connect(city.instance.base_url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body[..body.len() / 2]).unwrap();
    stream.flush().unwrap();
    // Half of it lies in a file that has no name, and is held open no longer than somebody sends.
    let (pid, spool) = (std::process::id(), folder.path().join("spool"));
    until_spooled(pid, &spool, 1).await;
    drop(stream);
    until_spooled(pid, &spool, 0).await;
    leaves_nothing(&city, folder.path()).await;
    city.stop().await;
}

async fn a_ticket_has_so_many_and_none_once_it_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let city = City::with(|config| {
        config.files =
            continuum::FileSettings { max_per_ticket: 2, ..continuum::FileSettings::in_folder(folder.path()) };
    })
    .await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    let picture = photograph(20, 20, ImageFormat::Jpeg);
    let send = || upload(&agent, &ticket, "a.jpg", &picture);
    let (a, b, c) = tokio::join!(send(), send(), send());
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 409], "also when they arrive at once");
    send().await.refused(409, "attachments_full");
    assert_eq!(below(folder.path()).len(), 4);
    let items = agent.get(&attachments(&ticket)).await.ok()["items"].clone();
    let path = format!("{}/{}", attachments(&ticket), items[0]["id"].as_str().unwrap());
    agent.delete(&path).await.is(204);
    send().await.created();
    let now = agent.ticket(&ticket).await;
    agent.act(&now, "cancel", &json!({ "note": "Erreur." })).await.ok();
    agent.delete(&format!("{}/{}", attachments(&ticket), items[1]["id"].as_str().unwrap())).await.is(204);
    send().await.refused(409, "ticket_ended");
    let none = agent.request(Method::POST, &format!("/v1/tickets/{}/attachments", uuid::Uuid::nil()));
    let none = none.header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"));
    agent.send(none.body(form("file", "a.jpg", &picture))).await.refused(404, "not_found");
    city.stop().await;
}
