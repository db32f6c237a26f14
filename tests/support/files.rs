//! Files to send, and who sends them.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ImageFormat, Rgb, RgbImage};
use lopdf::{Document, Object, Stream, dictionary};
use reqwest::Method;
use serde_json::Value;

use super::caller::{Caller, Reply};
use crate::integrate::until;

pub const BOUNDARY: &str = "8f2c-limite";

/// A photograph of stripes.
pub fn photograph(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| {
        if (x / 8 + y / 8) % 2 == 0 { Rgb([200, 30, 30]) } else { Rgb([30, 30, 200]) }
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A PDF of one page with that text; and what else its catalogue holds.
pub fn pdf(text: &str, more: Option<(&str, Object)>) -> Vec<u8> {
    let mut document = Document::with_version("1.7");
    let pages = document.new_object_id();
    let content = document.add_object(Stream::new(dictionary! {}, format!("% {text}\nBT ET").into_bytes()));
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "Contents" => content,
        "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()],
    });
    document.set_object(pages, dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 });
    let mut catalog = dictionary! { "Type" => "Catalog", "Pages" => pages };
    if let Some((key, value)) = more {
        catalog.set(key, value);
    }
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

/// A PDF that runs a script when it is opened.
pub fn pdf_with_script() -> Vec<u8> {
    let script = dictionary! { "S" => "JavaScript", "JS" => Object::string_literal("app.alert(1)") };
    pdf("Bonjour", Some(("OpenAction", script.into())))
}

/// The body of a form with one file.
pub fn form(field: &str, name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    [head.as_bytes(), bytes, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}

/// Where a ticket's attachments are.
pub fn attachments(ticket: &Value) -> String {
    format!("/v1/tickets/{}/attachments", ticket["id"].as_str().unwrap())
}

/// Sends a form.
pub async fn send_form(who: &Caller, ticket: &Value, key: Option<&str>, body: Vec<u8>) -> Reply {
    let request = who.request(Method::POST, &attachments(ticket)).body(body);
    let request = request.header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"));
    who.send(match key {
        Some(key) => request.header("Idempotency-Key", key),
        None => request,
    })
    .await
}

/// Sends a file.
pub async fn upload(who: &Caller, ticket: &Value, name: &str, bytes: &[u8]) -> Reply {
    send_form(who, ticket, None, form("file", name, bytes)).await
}

/// The files below a folder.
pub fn below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

/// Waits until a process holds so many files without a name in a folder: uploads that have begun, and have not ended.
pub async fn until_spooled(pid: u32, folder: &Path, files: usize) {
    let held = || {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
        open.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok()).filter(|file| file.starts_with(folder)).count()
    };
    until("the uploads that are under way", async || (held() == files).then_some(())).await;
}
