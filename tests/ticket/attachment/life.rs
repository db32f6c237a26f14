//! Added, listed, had, taken back.

use image::ImageFormat;
use reqwest::Method;
use serde_json::json;

use super::city;
use crate::support::files::{attachments, below, form, pdf, photograph, send_form, upload};

crate::tests![
    a_photograph_is_added_listed_had_and_taken_back,
    a_document_has_no_thumbnail,
    what_is_had_already_is_not_sent_again,
    a_name_keeps_what_is_harmless,
    a_repeat_adds_nothing,
    large_photographs_are_accepted,
];

async fn a_photograph_is_added_listed_had_and_taken_back() {
    let (city, folder) = city().await;
    let (ticket, agent, proprete) = (city.dumping().await, city.agent().await, city.proprete().await);
    let sent = photograph(600, 300, ImageFormat::Png);
    let reply = upload(&agent, &ticket, "Rue du Pigeonnier.png", &sent).await;
    let added = reply.created();
    let path = format!("{}/{}", attachments(&ticket), added["id"].as_str().unwrap());
    assert_eq!(reply.header("location"), Some(path.as_str()));
    assert_eq!(
        (&added["name"], &added["media_type"], &added["width"], &added["height"], &added["available"]),
        (&json!("Rue du Pigeonnier.jpg"), &json!("image/jpeg"), &json!(600), &json!(300), &json!(true))
    );
    assert_eq!(added["added_by"], json!({ "type": "person", "name": "Claire Delattre", "part": "referrer" }));
    assert_eq!(agent.get(&path).await.ok(), added);
    assert_eq!(proprete.get(&attachments(&ticket)).await.ok()["items"], json!([added]));

    let content = proprete.get(&format!("{path}/content")).await;
    content.is(200);
    assert_eq!(json!(content.bytes.len()), added["size"]);
    assert_eq!(content.header("content-length"), Some(added["size"].to_string().as_str()));
    assert_eq!(content.header("etag"), Some(format!("\"{}\"", added["sha256"].as_str().unwrap()).as_str()));
    for (name, value) in [
        ("content-type", "image/jpeg"),
        (
            "content-disposition",
            "attachment; filename=\"Rue du Pigeonnier.jpg\"; filename*=UTF-8''Rue%20du%20Pigeonnier.jpg",
        ),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"),
        ("cache-control", "private, no-cache"),
    ] {
        assert_eq!(content.header(name), Some(value));
    }
    let picture = image::load_from_memory_with_format(&content.bytes, ImageFormat::Jpeg).unwrap();
    assert_eq!((picture.width(), picture.height()), (600, 300));
    let thumbnail = proprete.get(&format!("{path}/thumbnail")).await;
    let small = image::load_from_memory_with_format(&thumbnail.bytes, ImageFormat::Jpeg).unwrap();
    assert_eq!((small.width(), small.height()), (400, 200));
    assert_eq!(below(folder.path()).len(), 2, "the photograph and its thumbnail");

    agent.delete(&path).await.is(204);
    assert_eq!(below(folder.path()).len(), 0);
    let removed = proprete.get(&path).await.ok();
    assert_eq!((removed.get("name"), &removed["available"]), (None, &json!(false)));
    assert_eq!(removed["removed_at"], "2026-03-10T09:00:00Z");
    for end in ["/content", "/thumbnail"] {
        proprete.get(&format!("{path}{end}")).await.refused(410, "attachment_removed");
    }
    agent.delete(&path).await.refused(410, "attachment_removed");
    assert_eq!(proprete.get(&attachments(&ticket)).await.ok()["items"], json!([]));
    let events = agent.timeline(&ticket).await;
    let last: Vec<_> =
        events[1..].iter().map(|event| (event["type"].as_str().unwrap(), event["data"].clone())).collect();
    let data = json!({ "attachment": added["id"], "media_type": "image/jpeg" });
    assert_eq!(last, [("attachment_added", data), ("attachment_removed", json!({ "attachment": added["id"] }))]);
    assert_eq!(agent.ticket(&ticket).await["version"], 3);
    city.stop().await;
}

async fn a_document_has_no_thumbnail() {
    let (city, _folder) = city().await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    let added = upload(&agent, &ticket, "plan.exe", &pdf("Plan", None)).await.created();
    assert_eq!((&added["name"], &added["media_type"]), (&json!("plan.pdf"), &json!("application/pdf")));
    let path = format!("{}/{}", attachments(&ticket), added["id"].as_str().unwrap());
    let content = agent.get(&format!("{path}/content")).await;
    assert_eq!(content.header("content-type"), Some("application/pdf"));
    assert!(content.bytes.starts_with(b"%PDF-1.7") && content.text.contains("% Plan"));
    agent.get(&format!("{path}/thumbnail")).await.refused(404, "not_found");
    agent.get(&format!("{}/{}", attachments(&ticket), uuid::Uuid::nil())).await.refused(404, "not_found");
    // Of another ticket.
    let other = city.dumping().await;
    agent
        .get(&format!("{}/{}/content", attachments(&other), added["id"].as_str().unwrap()))
        .await
        .refused(404, "not_found");
    city.stop().await;
}

async fn what_is_had_already_is_not_sent_again() {
    let (city, _folder) = city().await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    let added = upload(&agent, &ticket, "a.jpg", &photograph(50, 50, ImageFormat::Jpeg)).await.created();
    let path = format!("{}/{}", attachments(&ticket), added["id"].as_str().unwrap());
    for end in ["/content", "/thumbnail"] {
        let path = format!("{path}{end}");
        let etag = agent.get(&path).await.header("etag").unwrap().to_owned();
        let again = |etag: &str| agent.send(agent.request(Method::GET, &path).header("If-None-Match", etag));
        let reply = again(&format!("\"other\", {etag}")).await;
        assert_eq!((reply.status, reply.header("etag"), reply.bytes.len()), (304, Some(etag.as_str()), 0));
        again("\"other\"").await.is(200);
    }
    city.stop().await;
}

async fn a_name_keeps_what_is_harmless() {
    let (city, folder) = city().await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    let picture = photograph(20, 20, ImageFormat::Jpeg);
    for (given, kept) in [
        ("../../../../etc/cron.d/passwd", "passwd.jpg"),
        ("..\\\\..\\\\boot.ini", "boot.jpg"),
        ("été.jpg", "été.jpg"),
        ("", "fichier.jpg"),
        (".jpg", "fichier.jpg"),
        ("photo.jpg.exe", "photo.jpg.jpg"),
    ] {
        assert_eq!(upload(&agent, &ticket, given, &picture).await.created()["name"], kept, "{given}");
    }
    for file in below(folder.path()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(["content", "thumbnail"].contains(&name), "{name} is of our own making");
    }
    city.stop().await;
}

async fn a_repeat_adds_nothing() {
    let (city, folder) = city().await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    let body = form("file", "a.jpg", &photograph(40, 40, ImageFormat::Jpeg));
    let (one, two) = tokio::join!(
        send_form(&agent, &ticket, Some("photo-1"), body.clone()),
        send_form(&agent, &ticket, Some("photo-1"), body.clone())
    );
    assert_eq!(one.created(), two.created());
    assert_eq!(one.header("location"), two.header("location"));
    let other = form("file", "a.jpg", &photograph(41, 41, ImageFormat::Jpeg));
    send_form(&agent, &ticket, Some("photo-1"), other).await.refused(422, "idempotency_key_reused");
    assert_eq!(agent.get(&attachments(&ticket)).await.ok()["items"].as_array().unwrap().len(), 1);
    assert_eq!(below(folder.path()).len(), 2, "what the repeats sent is not kept");
    assert_eq!(city.database.count("select count(*) from stray_file").await, 0);
    city.stop().await;
}

async fn large_photographs_are_accepted() {
    let (city, _folder) = city().await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    // 50 megapixels, as a telephone takes them.
    let added = upload(&agent, &ticket, "50.jpg", &photograph(8192, 6144, ImageFormat::Jpeg)).await.created();
    assert_eq!((&added["width"], &added["height"]), (&json!(4096), &json!(3072)));
    // 20 MB, of which most is what the camera wrote behind the picture.
    let mut large = photograph(800, 600, ImageFormat::Jpeg);
    large.resize(20_000_000, b'x');
    let added = upload(&agent, &ticket, "20.jpg", &large).await.created();
    assert!(added["size"].as_u64().unwrap() < 1_000_000, "{added}");
    city.stop().await;
}
