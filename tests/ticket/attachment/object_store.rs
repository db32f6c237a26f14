//! Files in an S3-compatible object store.

use continuum::FileSettings;
use image::ImageFormat;

use crate::support::city::City;
use crate::support::files::{attachments, below, photograph, upload};
use crate::support::s3::ObjectStore;

crate::tests![a_bucket_holds_files_as_a_folder_does];

async fn a_bucket_holds_files_as_a_folder_does() {
    let mut store = ObjectStore::start();
    let folder = tempfile::tempdir().unwrap();
    let place = store.place("amiens/pieces");
    let city = City::with(|config| {
        config.files = FileSettings { place, ..FileSettings::in_folder(folder.path()) };
    })
    .await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    let objects = || below(store.folder()).iter().filter(|file| file.to_string_lossy().contains("_object")).count();
    let before = objects();
    let added = upload(&agent, &ticket, "a.png", &photograph(600, 300, ImageFormat::Png)).await.created();
    let id = added["id"].as_str().unwrap();
    let path = format!("{}/{id}", attachments(&ticket));
    let content = agent.get(&format!("{path}/content")).await;
    content.is(200);
    assert_eq!(content.bytes.len().to_string(), added["size"].to_string());
    let picture = image::load_from_memory_with_format(&content.bytes, ImageFormat::Jpeg).unwrap();
    assert_eq!((picture.width(), picture.height()), (600, 300));
    agent.get(&format!("{path}/thumbnail")).await.is(200);
    let kept = below(store.folder());
    for which in ["content", "thumbnail"] {
        let key = format!("continuum/amiens/pieces/{id}/{which}");
        assert!(kept.iter().any(|file| file.to_string_lossy().contains(&key)), "{key}: {kept:?}");
    }
    assert_eq!(below(folder.path()).len(), 0, "nothing of it is here");
    agent.delete(&path).await.is(204);
    assert_eq!(objects(), before);

    // Without the store, an upload is refused, and what was left is swept away when it is back.
    store.stop();
    let refused = upload(&agent, &ticket, "a.png", &photograph(60, 30, ImageFormat::Png)).await;
    refused.refused(503, "unavailable");
    assert_eq!(city.database.count("select count(*) from attachment where removed_at is null").await, 0);
    assert_eq!(city.database.count("select count(*) from stray_file").await, 1);
    city.stop().await;
}
