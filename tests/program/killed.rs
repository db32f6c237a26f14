//! kill -9 at the worst moment: nothing acknowledged is lost.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use image::ImageFormat;
use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::dumping;
use crate::support::database::{Database, PASSWORD};
use crate::support::files::{BOUNDARY, attachments, below, form, photograph, until_spooled, upload};
use crate::support::program::{Program, keys_folder};
use crate::support::smtp::{Behaviour, Received, SmtpServer};

crate::tests![
    a_letter_that_was_not_sent_before_the_end_goes_out_after_the_restart,
    a_letter_that_was_delivered_but_not_marked_goes_out_again_under_the_same_id,
    concerns_that_were_being_sent_are_neither_lost_nor_doubled,
    an_upload_that_was_under_way_leaves_nothing_and_one_that_was_answered_stays,
];

const SOON: Duration = Duration::from_secs(30);

struct Served {
    database: Database,
    keys: tempfile::TempDir,
    data: tempfile::TempDir,
}

impl Served {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        Self { database: Database::cloned().await, keys: keys_folder(), data }
    }

    fn start(&self, smtp_url: &str) -> Program {
        let environment = [
            ("DATABASE_URL", self.database.url()),
            ("SMTP_URL", smtp_url.to_owned()),
            ("CONTINUUM_KEYS_DIR", self.keys.path().display().to_string()),
            ("CONTINUUM_DATA_DIR", self.data.path().display().to_string()),
        ];
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Program::start(&["serve", "--metrics-listen", "127.0.0.1:0"], &environment)
    }
}

async fn login(program: &Program, who: &str) -> Caller {
    let body = json!({ "email": format!("{who}@ville-amiens.example"), "password": PASSWORD });
    let session = Caller::new(program.base_url(), None).post("/v1/sessions", &body).await.created();
    Caller::new(program.base_url(), session["access_token"].as_str())
}

async fn file_and_acknowledge(program: &Program) -> Value {
    let filed = login(program, "claire.delattre").await.post("/v1/concerns", &dumping()).await.created();
    login(program, "amelie.petit").await.acknowledge(&filed["tickets"][0]).await.ok()
}

fn ids(letters: &[Received]) -> Vec<String> {
    let mut ids: Vec<_> = letters.iter().map(|letter| letter.message.message_id().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

async fn a_letter_that_was_not_sent_before_the_end_goes_out_after_the_restart() {
    let city = Served::new().await;
    let mut server = SmtpServer::start();
    server.stop();
    let program = city.start(&server.url());
    file_and_acknowledge(&program).await;
    program.kill();
    let mut connection = city.database.connection().await;
    let waiting: Vec<String> =
        sqlx::query_scalar("select id || '@ville-amiens.example' from outbox where state = 'pending'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    assert_eq!(waiting.len(), 5);
    // What the killed worker had leased or put off is due now: the time that passes, made short.
    sqlx::query("update outbox set leased_until = null, due_at = now()").execute(&mut connection).await.unwrap();
    server.restart();
    let program = city.start(&server.url());
    let received = ids(&server.wait_for(5, SOON).await);
    let mut waiting = waiting;
    waiting.sort();
    assert_eq!(received, waiting);
    assert!(program.end("-TERM").success());
}

async fn a_letter_that_was_delivered_but_not_marked_goes_out_again_under_the_same_id() {
    let city = Served::new().await;
    let server = SmtpServer::start();
    server.behave(&Behaviour { hang_after_data: true, ..Behaviour::default() });
    let program = city.start(&server.url());
    login(&program, "claire.delattre").await.post("/v1/concerns", &dumping()).await.created();
    // The server has the letters whole, and does not say so.
    let first = ids(&server.wait_for(3, SOON).await);
    program.kill();
    assert_eq!(city.database.count("select count(*) from outbox where state = 'pending'").await, 3);
    let mut connection = city.database.connection().await;
    sqlx::query("update outbox set leased_until = now()").execute(&mut connection).await.unwrap();
    server.behave(&Behaviour::default());
    let program = city.start(&server.url());
    let both = ids(&server.wait_for(6, SOON).await);
    let twice: Vec<String> = first.iter().flat_map(|id| [id.clone(), id.clone()]).collect();
    assert_eq!(both, twice);
    assert!(program.end("-TERM").success());
}

#[expect(clippy::disallowed_methods, reason = "the program runs on the system's clock")]
fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

async fn concerns_that_were_being_sent_are_neither_lost_nor_doubled() {
    let city = Served::new().await;
    let program = city.start("smtp://127.0.0.1:9");
    let agent = login(&program, "claire.delattre").await;
    let begins = now() - chrono::Duration::minutes(30);
    let plan = json!({
        "title": "Café avec un policier",
        "place": { "lat": 49.9121, "lon": 2.2972 },
        "starts_at": begins,
        "ends_at": begins + chrono::Duration::hours(2)
    });
    let cafe = agent.post("/v1/cafes", &plan).await.created();
    let path = format!("/v1/cafes/{}/concerns:batch", cafe["id"].as_str().unwrap());
    let item = |id: u128| {
        json!({
            "id": uuid::Uuid::from_u128(id),
            "noted_at": begins,
            "category": "illegal_dumping",
            "description": format!("Un matelas {id}"),
            "place": { "lat": 49.9121, "lon": 2.2972 },
        })
    };
    let body = json!({ "items": (0..200).map(item).collect::<Vec<_>>() });
    let request = agent.request(reqwest::Method::POST, &path).json(&body);
    let sending = tokio::spawn(request.send());
    let concerns = async || city.database.count("select count(*) from concern").await;
    while concerns().await < 20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    program.kill();
    assert!(sending.await.unwrap().is_err(), "nobody was answered");
    let before = concerns().await;
    assert!((20..200).contains(&before), "killed in the middle: {before}");
    let program = city.start("smtp://127.0.0.1:9");
    let agent = login(&program, "claire.delattre").await;
    let answer = agent.post(&path, &body).await.ok();
    let results = answer["items"].as_array().unwrap();
    let of = |status: &str| results.iter().filter(|result| result["status"] == status).count();
    assert_eq!((i64::try_from(of("exists")).unwrap(), of("exists") + of("created")), (before, 200));
    let opened = i64::try_from(results[199]["concern"]["tickets"].as_array().unwrap().len()).unwrap();
    assert_eq!((concerns().await, city.database.count("select count(*) from ticket").await), (200, 200 * opened));
    assert!(program.end("-TERM").success());
}

async fn an_upload_that_was_under_way_leaves_nothing_and_one_that_was_answered_stays() {
    let city = Served::new().await;
    let program = city.start("smtp://127.0.0.1:9");
    let agent = login(&program, "claire.delattre").await;
    let ticket = agent.post("/v1/concerns", &dumping()).await.created()["tickets"][0].clone();
    let picture = photograph(3000, 2000, ImageFormat::Jpeg);
    let added = upload(&agent, &ticket, "a.jpg", &picture).await.created();
    let body = form("file", "b.jpg", &picture);
    let request = agent.request(reqwest::Method::POST, &attachments(&ticket)).build().unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n",
        request.url().path(),
        request.headers()["authorization"].to_str().unwrap(),
        body.len()
    );
    let pid = u32::try_from(program.ready["pid"].as_u64().unwrap()).unwrap();
    let spool = city.data.path().join("spool");
    until_spooled(pid, &spool, 0).await;
    let mut stream = TcpStream::connect(program.base_url().strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body[..body.len() - 1000]).unwrap();
    until_spooled(pid, &spool, 1).await;
    program.kill();
    let files = || [below(&city.data.path().join("files")), below(&spool)].concat();
    assert_eq!(files().len(), 2, "one photograph with its thumbnail: {:?}", files());
    let program = city.start("smtp://127.0.0.1:9");
    let agent = login(&program, "claire.delattre").await;
    let path = format!("{}/{}/content", attachments(&ticket), added["id"].as_str().unwrap());
    assert_eq!(json!(agent.get(&path).await.bytes.len()), added["size"]);
    assert_eq!(city.database.count("select count(*) from attachment").await, 1);
    assert!(program.end("-TERM").success());
}
