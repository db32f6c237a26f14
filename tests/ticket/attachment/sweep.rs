//! Whatever interrupts an upload: what it left is swept away, and nothing that was acknowledged is.

use chrono::Duration;
use domain::attachment::MediaType;
use domain::clock::Clock as _;
use domain::id::AttachmentId;
use files::Made;
use image::ImageFormat;
use usecases::ticket::attachment::sweep;

use super::city;
use crate::support::city::City;
use crate::support::files::{attachments, below, photograph, upload};

crate::tests![what_an_interruption_left_is_swept_away_and_nothing_else];

/// What an upload leaves that ends just before it becomes an attachment.
async fn interrupted(city: &City) -> AttachmentId {
    let cx = &city.instance.context;
    let id = AttachmentId(cx.ids.next());
    cx.store.expect_file(id, city.clock.now() + Duration::hours(1)).await.unwrap();
    let content = vec![1; 100].into();
    let thumbnail = Some(vec![2; 10].into());
    let made = Made { media_type: MediaType::Jpeg, content, thumbnail, dimensions: Some((1, 1)), scanned: false };
    cx.files.keep(id, &made).await.unwrap();
    id
}

async fn what_an_interruption_left_is_swept_away_and_nothing_else() {
    let (city, folder) = city().await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    let added = upload(&agent, &ticket, "a.jpg", &photograph(20, 20, ImageFormat::Jpeg)).await.created();
    let id = interrupted(&city).await;
    // Half a file, as a process leaves it that is killed while it writes.
    let half = folder.path().join("files").join(id.to_string()).join("content#1");
    std::fs::write(half, b"half").unwrap();
    assert_eq!(below(folder.path()).len(), 5);
    let cx = &city.instance.context;
    assert_eq!(sweep(cx).await.unwrap(), 0, "it may still be under way");
    city.clock.forward(Duration::hours(1));
    assert_eq!(sweep(cx).await.unwrap(), 1);
    assert_eq!(sweep(cx).await.unwrap(), 0);
    assert_eq!(below(folder.path()).len(), 2);
    assert_eq!(city.database.count("select count(*) from stray_file").await, 0);
    let agent = city.agent().await;
    agent.get(&format!("{}/{}/content", attachments(&ticket), added["id"].as_str().unwrap())).await.is(200);
    city.stop().await;
}
