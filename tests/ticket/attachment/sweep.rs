//! Whatever interrupts an upload: what it left is swept away, and nothing that was acknowledged is.

use chrono::Duration;
use domain::attachment::MediaType;
use domain::clock::Clock as _;
use domain::id::AttachmentId;
use files::Made;
use image::ImageFormat;
use usecases::ticket::attachment::{doom_unknown, sweep};

use super::city;
use crate::support::city::City;
use crate::support::files::{attachments, below, photograph, upload};

crate::tests![
    what_an_interruption_left_is_swept_away_and_nothing_else,
    after_a_restore_what_no_row_knows_of_is_deleted_a_month_later,
];

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

async fn after_a_restore_what_no_row_knows_of_is_deleted_a_month_later() {
    let (city, folder) = city().await;
    // Ids tell when they were made, by the system's clock.
    city.clock.set(&continuum::SystemClock.now().to_rfc3339());
    let (ticket, agent, cx) = (city.dumping().await, city.agent().await, &city.instance.context);
    let picture = photograph(20, 20, ImageFormat::Jpeg);
    let kept = upload(&agent, &ticket, "a.jpg", &picture).await.created();
    let lost = upload(&agent, &ticket, "b.jpg", &picture).await.created();
    // What somebody else left there long before.
    let older = folder.path().join("files").join("01890a5d-ac96-774b-bcce-b302099a8057");
    std::fs::create_dir(&older).unwrap();
    std::fs::write(older.join("content"), b"older").unwrap();
    // The backup did not know it yet.
    let forget = sqlx::query("delete from attachment where id = $1::uuid").bind(lost["id"].as_str().unwrap());
    forget.execute(&mut city.database.connection().await).await.unwrap();
    assert_eq!(doom_unknown(cx).await.unwrap(), 1);
    assert_eq!(doom_unknown(cx).await.unwrap(), 0, "it is known now");
    assert_eq!(sweep(cx).await.unwrap(), 0, "a later backup may know it");
    // What was attached at the instant in which it was looked for.
    let raced = "insert into stray_file (id, due_at, doomed) select id, $1, true from attachment";
    let raced = sqlx::query(raced).bind(city.clock.now() + Duration::days(1));
    assert_eq!(raced.execute(&mut city.database.connection().await).await.unwrap().rows_affected(), 1);
    assert_eq!(below(folder.path()).len(), 5);
    city.clock.forward(Duration::days(30));
    assert_eq!(sweep(cx).await.unwrap(), 1);
    assert_eq!(below(folder.path()).len(), 3);
    let agent = city.agent().await;
    agent.get(&format!("{}/{}/content", attachments(&ticket), kept["id"].as_str().unwrap())).await.is(200);
    city.stop().await;
}
