//! `docs/examples/mirror.py`, killed before and after every single thing that it does: two cities agree in the end, nothing is
//! lost or there twice, and no echo goes on.

mod interceptor;

use std::fs;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use domain::clock::Clock as _;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use self::interceptor::Interceptor;
use super::{Town, command, tickets, workshop};
use crate::support::caller::Caller;
use crate::support::database::root;

crate::tests![two_cities_agree_whenever_the_program_between_them_is_killed];

/// What runs between the two, and is started again whenever it was killed.
struct Mirror {
    folder: tempfile::TempDir,
    child: Arc<Mutex<Option<Child>>>,
    home: Interceptor,
    away: Interceptor,
    environment: Vec<(String, String)>,
    /// The away server's own address.
    direct: String,
}

impl Mirror {
    /// Signs it up at both, and starts it.
    async fn start(home: &Town, away: &Town) -> Self {
        let child = Arc::new(Mutex::new(None));
        let victim = child.clone();
        let kill = move || {
            if let Some(child) = victim.lock().unwrap().as_mut() {
                Child::kill(child).unwrap();
            }
        };
        let (home_door, away_door) =
            (Interceptor::start(home.url(), kill.clone()), Interceptor::start(away.url(), kill.clone()));
        let mut environment = vec![("HOME_SERVICE".to_owned(), "voirie".to_owned())];
        for (side, town, url, scopes, services) in [
            ("HOME", home, &home_door.url, &["tickets:read", "tickets:write"][..], &["voirie"][..]),
            ("AWAY", away, &away_door.url, &["concerns:write", "tickets:read", "tickets:write"][..], &[][..]),
        ] {
            let admin = town.login("paul.carpentier").await;
            let body =
                json!({ "name": "Miroir", "contact": "dsi@ville.example", "scopes": scopes, "services": services });
            let id = admin.post("/v1/clients", &body).await.created()["id"].as_str().unwrap().to_owned();
            let secret = admin.post(&format!("/v1/clients/{id}/secrets"), &json!({ "kind": "secret" })).await.created();
            environment.push((format!("{side}_URL"), url.clone()));
            environment.push((format!("{side}_ID"), id));
            environment.push((format!("{side}_SECRET"), secret["secret"].as_str().unwrap().to_owned()));
        }
        let mirror = Self {
            folder: workshop(),
            child,
            home: home_door,
            away: away_door,
            environment,
            direct: away.url().to_owned(),
        };
        mirror.run();
        mirror.until("its place in both feeds", async || (mirror.away.polls() > 0).then_some(())).await;
        mirror
    }

    fn run(&self) {
        let mut command = command("python3", self.folder.path());
        command.arg(root().join("docs/examples/mirror.py")).arg("mirror.db").envs(self.environment.iter().cloned());
        let log = fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let child = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        *self.child.lock().unwrap() = Some(child);
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Kills it for a while.
    fn pause(&self) {
        let mut child = self.child.lock().unwrap().take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Its client at the away server, by no way but its own.
    async fn at_away(&self) -> Caller {
        let of = |name: &str| self.environment.iter().find(|(key, _)| key == name).unwrap().1.clone();
        let stranger = Caller::new(&self.direct, None);
        let form = stranger.request(Method::POST, "/oauth/token").body("grant_type=client_credentials");
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        let answer = stranger.send(form.basic_auth(of("AWAY_ID"), Some(of("AWAY_SECRET")))).await.ok();
        stranger.bearing(answer["access_token"].as_str().unwrap())
    }

    /// Uses up what its client may ask of the away server, until it was told to wait.
    async fn wear_out_away(&self) {
        let client = self.at_away().await;
        self.until("a limit", async || {
            join_all((0..100).map(|_| client.get("/v1/services"))).await;
            (self.away.answered(429) > 0).then_some(())
        })
        .await;
    }

    /// Waits until something is there; starts the program whenever it was killed.
    async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let found = super::wait(async || {
            let ended = self.child.lock().unwrap().as_mut().and_then(|child| child.try_wait().unwrap());
            if let Some(status) = ended {
                assert_eq!(status.code(), None, "it gives up: {}", self.log());
                self.run();
            }
            look().await
        })
        .await;
        found.unwrap_or_else(|| panic!("not within two minutes: {what}. {}", self.log()))
    }

    async fn until_state(&self, who: &Caller, ticket: &Value, state: &str) -> Value {
        self.until(&format!("{ticket} is {state}"), async || {
            let now = who.ticket(ticket).await;
            (now["state"] == state).then_some(now)
        })
        .await
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        if self.child.lock().unwrap().is_some() {
            self.pause();
        }
    }
}

fn hole(number: usize) -> Value {
    json!({
        "origin": "patrol", "category": "pothole", "description": format!("Trou numéro {number}"),
        "place": { "lat": 49.8942, "lon": 2.2957 }
    })
}

async fn write(who: &Caller, ticket: &Value, kind: &str, text: &str) {
    let path = format!("/v1/tickets/{}/{kind}", ticket["id"].as_str().unwrap());
    who.post(&path, &json!({ "text": text })).await.created();
}

/// What was written, in the order of the alphabet: what crosses has no other.
async fn texts(who: &Caller, ticket: &Value, kind: &str) -> Vec<String> {
    let page = who.get(&format!("/v1/tickets/{}/{kind}", ticket["id"].as_str().unwrap())).await.ok();
    let texts = page["items"].as_array().unwrap().iter().map(|item| item["text"].as_str().unwrap().to_owned());
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts
}

/// What happened to a ticket, but for its being opened by people.
async fn happened(who: &Caller, ticket: &Value) -> Vec<String> {
    let timeline = who.timeline(ticket).await;
    let types = timeline.iter().map(|event| event["type"].as_str().unwrap().to_owned());
    types.filter(|kind| kind != "received").collect()
}

fn in_days(days: i64) -> String {
    (continuum::SystemClock.now() + chrono::Duration::days(days)).date_naive().to_string()
}

async fn two_cities_agree_whenever_the_program_between_them_is_killed() {
    let (home, away) = (Town::start(&[]).await, Town::start(&[]).await);
    let mirror = Mirror::start(&home, &away).await;
    let (claire, there) = (home.login("claire.delattre").await, away.login("sophie.morel").await);
    let here = home.login("sophie.morel").await;

    // Tickets travel, each once, with what was said.
    let mut ours = Vec::new();
    for number in 1..=3 {
        ours.push(claire.post("/v1/concerns", &hole(number)).await.created()["tickets"][0].clone());
    }
    let theirs = mirror
        .until("three tickets", async || {
            let mut all = tickets(&there, "voirie").await;
            all.sort_by_key(|ticket| ticket["reference"].as_str().unwrap().to_owned());
            (all.len() == 3).then_some(all)
        })
        .await;
    for (our, their) in ours.iter().zip(&theirs) {
        let concern = there.get(&format!("/v1/concerns/{}", their["concern_id"].as_str().unwrap())).await.ok();
        let said = concern["description"].as_str().unwrap();
        assert!(said.starts_with(our["reference"].as_str().unwrap()) && said.contains("Trou numéro"), "{said}");
    }

    work_and_words_travel(&mirror, [&claire, &here, &there], [&ours, &theirs]).await;
    changes_that_cross_are_settled(&mirror, [&here, &there], [&ours, &theirs]).await;

    // Each thing that it did, it was killed before and after; a server that was asked too much was waited for.
    assert!(
        mirror.home.killed() > 10 && mirror.away.killed() > 10,
        "{} {}",
        mirror.home.killed(),
        mirror.away.killed()
    );
    assert!(mirror.away.answered(429) > 0, "the limit was not reached");
    assert!(mirror.home.answered(412) > 0, "nothing crossed");
    assert!(!mirror.log().contains("Traceback"), "{}", mirror.log());

    // No echo: once everything is noted, nothing is done any more, though both are asked again and again.
    let looks = async || {
        let before = mirror.away.polls();
        mirror.until("five more looks", async || (mirror.away.polls() > before + 5).then_some(())).await;
    };
    looks().await;
    let done = (mirror.home.posted(), mirror.away.posted());
    looks().await;
    assert_eq!((mirror.home.posted(), mirror.away.posted()), done);
    for who in [&here, &there] {
        assert_eq!(tickets(who, "voirie").await.len(), 3);
    }
    drop(mirror);
    home.stop();
    away.stop();
}

async fn work_and_words_travel(mirror: &Mirror, [claire, here, there]: [&Caller; 3], [ours, theirs]: [&[Value]; 2]) {
    let (our, their) = (&ours[0], &theirs[0]);
    let taken = there.act(their, "acknowledge", &json!({ "note": "Équipe 3" })).await.ok();
    let set = there.act(&taken, "schedule", &json!({ "scheduled_for": in_days(2) })).await.ok();
    let done = there.resolve(&there.start(&set).await.ok()).await.ok();
    write(there, their, "referrer_messages", "Quel numéro ?").await;
    write(there, their, "notes", "Voir le bailleur").await;
    assert_eq!(set["expected_on"], in_days(2));
    let settled = mirror.until_state(here, our, "resolved").await;
    assert_eq!((&settled["expected_on"], &settled["closure_reason"]), (&set["expected_on"], &done["closure_reason"]));
    mirror
        .until("the question", async || (texts(claire, our, "referrer_messages").await.len() == 1).then_some(()))
        .await;
    write(claire, our, "referrer_messages", "Le 12").await;
    claire.reopen(&claire.ticket(our).await).await.ok();
    write(here, our, "notes", "Le 12, côté cour").await;
    mirror.until("a reopened ticket", async || (there.ticket(their).await["reopened"] == 1).then_some(())).await;
    mirror.until("both notes", async || (texts(there, their, "notes").await.len() == 2).then_some(())).await;
    mirror.until("both notes", async || (texts(here, our, "notes").await.len() == 2).then_some(())).await;
    for (who, ticket) in [(here, our), (there, their)] {
        let all = ["submitted", "acknowledged", "scheduled", "started", "resolved", "reopened"];
        assert_eq!(happened(who, ticket).await, all);
    }
    assert_eq!(texts(here, our, "referrer_messages").await, ["Le 12", "Sophie Morel : Quel numéro ?"]);
    assert_eq!(texts(there, their, "referrer_messages").await, ["Claire Delattre : Le 12", "Quel numéro ?"]);
    assert_eq!(texts(here, our, "notes").await, ["Le 12, côté cour", "Sophie Morel : Voir le bailleur"]);
    assert_eq!(texts(there, their, "notes").await, ["Sophie Morel : Le 12, côté cour", "Voir le bailleur"]);
}

async fn changes_that_cross_are_settled(mirror: &Mirror, [here, there]: [&Caller; 2], [ours, theirs]: [&[Value]; 2]) {
    // Both sides take one in hand and set a day, and one side settles what the other refuses, while nobody carries it: nobody
    // is overwritten, and both are told.
    mirror.pause();
    for (who, ticket, days) in [(here, &ours[1], 3), (there, &theirs[1], 5)] {
        let taken = who.acknowledge(ticket).await.ok();
        who.act(&taken, "schedule", &json!({ "scheduled_for": in_days(days) })).await.ok();
    }
    here.resolve(&here.acknowledge(&ours[2]).await.ok()).await.ok();
    there.refuse(&theirs[2]).await.ok();
    mirror.run();
    mirror.wear_out_away().await;
    let notes = [
        (here, &ours[1], format!("dans l’autre système scheduled, {}", in_days(5))),
        (there, &theirs[1], format!("dans l’autre système scheduled, {}", in_days(3))),
        (here, &ours[2], "dans l’autre système refused".to_owned()),
        (there, &theirs[2], "dans l’autre système resolved".to_owned()),
    ];
    for (who, ticket, note) in notes {
        let found = mirror
            .until(&note, async || Some(texts(who, ticket, "notes").await).filter(|notes| !notes.is_empty()))
            .await;
        assert!(found.len() == 1 && found[0].contains(&note), "{found:?}");
    }
    for (who, ticket, state) in [(here, &ours[2], "resolved"), (there, &theirs[2], "refused")] {
        assert_eq!(who.ticket(ticket).await["state"], state);
    }
    // Home changes a ticket after it was asked what had happened: its change goes before the other one.
    mirror.home.spare();
    mirror.away.spare();
    mirror.away.close();
    mirror.until("a question", async || mirror.away.keeps_waiting().then_some(())).await;
    here.start(&here.ticket(&ours[1]).await).await.ok();
    let hold = json!({ "reason": "weather", "resume_on": in_days(4) });
    there.act(&there.ticket(&theirs[1]).await, "hold", &hold).await.ok();
    let client = mirror.at_away().await;
    mirror
        .until("the place of the event", async || {
            let page = client.get("/v1/events?type=ticket.held").await;
            (page.status == 200 && page.json()["items"] != json!([])).then_some(())
        })
        .await;
    mirror.away.open();
    mirror.until_state(there, &theirs[1], "in_progress").await;
    let crossed = async || texts(here, &ours[1], "notes").await.into_iter().find(|note| note.contains("s’est croisé"));
    mirror.until("a note", crossed).await;
    assert_eq!(here.ticket(&ours[1]).await["state"], "in_progress");
}
