//! The virus scanner: a real clamd, with a database of one signature, that of the EICAR file.

use continuum::FileSettings;
use image::ImageFormat;
use serde_json::json;

use crate::support::city::City;
use crate::support::clamd::{Clamd, EICAR};
use crate::support::files::{attachments, below, pdf, photograph, upload};

crate::tests![what_the_scanner_knows_is_refused, what_no_scanner_has_seen_is_not_handed_out_until_one_has,];

async fn with(clamd: &Clamd, folder: &std::path::Path) -> City {
    City::with(|config| {
        config.files = FileSettings { clamd: Some(clamd.address()), ..FileSettings::in_folder(folder) };
    })
    .await
}

async fn what_the_scanner_knows_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let clamd = Clamd::start();
    let city = with(&clamd, folder.path()).await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    for (name, bytes) in [("eicar.com", EICAR.into()), ("eicar.pdf", pdf(EICAR, None))] {
        let reply = upload(&agent, &ticket, name, &bytes).await;
        reply.refused_fields(422, "invalid_content", &[("/file", "infected")]);
        assert!(reply.text.contains("Eicar-Test-Signature"), "{}", reply.text);
    }
    assert_eq!(below(folder.path()).len(), 0);
    let acts = city.audited().await;
    let infected: Vec<_> = acts.iter().filter(|act| act["type"] == "infected_upload").collect();
    assert_eq!(infected.len(), 2);
    assert_eq!(infected[0]["ticket"], ticket["id"]);
    let added = upload(&agent, &ticket, "a.jpg", &photograph(20, 20, ImageFormat::Jpeg)).await.created();
    assert_eq!(added["available"], true, "it was seen when it came");
    agent.get(&format!("{}/{}/content", attachments(&ticket), added["id"].as_str().unwrap())).await.is(200);
    city.stop().await;
}

async fn what_no_scanner_has_seen_is_not_handed_out_until_one_has() {
    let folder = tempfile::tempdir().unwrap();
    let mut clamd = Clamd::start();
    let city = with(&clamd, folder.path()).await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    clamd.stop();
    // Nobody is kept from sending.
    let clean = upload(&agent, &ticket, "a.jpg", &photograph(20, 20, ImageFormat::Jpeg)).await.created();
    let infected = upload(&agent, &ticket, "b.pdf", &pdf(EICAR, None)).await.created();
    let path = |added: &serde_json::Value| format!("{}/{}", attachments(&ticket), added["id"].as_str().unwrap());
    for added in [&clean, &infected] {
        assert_eq!(added["available"], false);
        for end in ["/content", "/thumbnail"] {
            agent.get(&format!("{}{end}", path(added))).await.refused(409, "attachment_not_scanned");
        }
    }
    assert!(usecases::ticket::attachment::scan(&city.instance.context).await.is_err(), "there is no scanner");
    clamd.restart();
    assert_eq!(usecases::ticket::attachment::scan(&city.instance.context).await.unwrap(), 2);
    agent.get(&format!("{}/content", path(&clean))).await.is(200);
    agent.get(&format!("{}/content", path(&infected))).await.refused(410, "attachment_removed");
    let event = agent.timeline(&ticket).await.pop().unwrap();
    assert_eq!((&event["type"], &event["by"]), (&json!("attachment_removed"), &json!({ "type": "system" })));
    assert_eq!(event["data"], json!({ "attachment": infected["id"], "infected": true }));
    assert_eq!(below(folder.path()).len(), 2, "only the clean one and its thumbnail");
    assert_eq!(usecases::ticket::attachment::scan(&city.instance.context).await.unwrap(), 0);
    city.stop().await;
}
