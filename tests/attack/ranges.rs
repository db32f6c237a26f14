//! Parts of files. The server gives whole ones, as it may (RFC 9110, 14.2): there is no sum of ranges to be paid for.

use continuum::FileSettings;
use image::ImageFormat;
use reqwest::Method;

use crate::support::city::City;
use crate::support::files::{attachments, photograph, upload};

crate::tests![nobody_gets_more_than_the_file];

async fn nobody_gets_more_than_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let city = City::with(|config| config.files = FileSettings::in_folder(folder.path())).await;
    let (ticket, agent) = (city.dumping().await, city.agent().await);
    let added = upload(&agent, &ticket, "a.png", &photograph(600, 300, ImageFormat::Png)).await.created();
    let path = format!("{}/{}", attachments(&ticket), added["id"].as_str().unwrap());
    let many = (0..1300).map(|_| "0-").collect::<Vec<_>>().join(",");
    for path in
        [format!("{path}/content"), format!("{path}/thumbnail"), "/assets/continuum.css".into(), "/openapi.json".into()]
    {
        let whole = agent.get(&path).await;
        let (bytes, etag) = (whole.is(200).bytes.clone(), whole.header("etag").unwrap_or("\"x\"").to_owned());
        for range in [
            "bytes=0-0",
            "bytes=0-,0-,0-,0-",
            &format!("bytes={many}"),
            "bytes=-1",
            "bytes=-99999999999999999999",
            "bytes=99999999999999999999-",
            "bytes=5-1",
            "bytes=--1",
            "bytes=0-18446744073709551615",
            "bytes=",
            "lines=1-2",
            "x",
        ] {
            for condition in [None, Some(etag.as_str()), Some("\"other\""), Some("Tue, 10 Mar 2026 09:00:00 GMT")] {
                let mut request = agent.request(Method::GET, &path).header("Range", range);
                if let Some(condition) = condition {
                    request = request.header("If-Range", condition);
                }
                let reply = agent.send(request).await;
                assert!(reply.is(200).bytes == bytes, "{path} with {range}");
                assert_eq!(reply.header("content-range"), None, "{path} with {range}");
                assert_eq!(reply.header("content-length"), Some(bytes.len().to_string().as_str()));
            }
        }
    }
    city.stop().await;
}
