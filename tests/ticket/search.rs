//! Searching tickets by words.

use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

crate::tests![
    words_are_found_whatever_their_accents_and_endings,
    words_and_their_plurals_are_one_for_the_search_and_for_rules,
    a_slip_of_the_pen_finds_what_was_meant,
    a_dash_before_no_word_leaves_nothing_out,
    a_reference_finds_its_ticket,
    notes_are_found_by_those_who_read_them,
    nobody_finds_what_they_may_not_know_of,
    what_a_concern_no_longer_says_is_not_found,
    a_step_back_holds_all_that_was_filed_in_its_time,
];

async fn file(who: &Caller, description: &str, address: &str) -> String {
    let mut body = dumping();
    body["description"] = json!(description);
    body["place"]["address"] = json!(address);
    who.post("/v1/concerns", &body).await.created()["id"].as_str().unwrap().to_owned()
}

/// Percent-encoded.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The concerns that are found, and whether their words only resemble what was searched for.
async fn found(who: &Caller, words: &str) -> (Vec<String>, bool) {
    let page = who.get(&format!("/v1/tickets?limit=200&sort=filed_at&q={}", encoded(words))).await.ok();
    let concern = |item: &Value| item["concern_id"].as_str().unwrap().to_owned();
    let mut concerns: Vec<String> = page["items"].as_array().unwrap().iter().map(concern).collect();
    concerns.dedup();
    (concerns, page["approximate"].as_bool().unwrap())
}

async fn words_are_found_whatever_their_accents_and_endings() {
    let city = City::new().await;
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    let heap = file(&agent, "Des dépôts sauvages derrière l’école, matelas éventrés", "12 rue Saint-Leu").await;
    let light = file(&agent, "Lampadaires éteints depuis Noël, cœur de l’îlot", "Allée du Château").await;
    let scooter = file(&agent, "Trottinette abandonnée, nids-de-poule", "Quai Bélu").await;
    let car = file(&agent, "Voiturette abandonné", "Quai Bélu").await;
    let school = file(&agent, "Ecole fermee, portail casse", "Rue Vide").await;
    for (words, expected) in [
        ("portail", vec![&school]),
        ("portail -éclairage", vec![&school]),
        ("abandonné", vec![&scooter, &car]),
        ("abandonnée", vec![&scooter, &car]),
        ("abandonnees", vec![&scooter]),
        ("nid-de-poule", vec![&scooter]),
        ("nids de poule", vec![&scooter]),
        ("belu -nid-de-poule", vec![&car]),
        ("dépôt", vec![&heap]),
        ("DEPOT SAUVAGE", vec![&heap]),
        ("depots", vec![&heap]),
        ("matelas éventré", vec![&heap]),
        ("lampadaire", vec![&light]),
        ("éteinte", vec![&light]),
        ("coeur ilot", vec![&light]),
        ("noel", vec![&light]),
        ("saint leu", vec![&heap]),
        ("chateau", vec![&light]),
        ("de la rue Saint-Leu", vec![&heap]),
        ("lampadaire OR matelas", vec![&heap, &light]),
        ("matelas -lampadaire", vec![&heap]),
        ("\"dépôts sauvages\"", vec![&heap]),
    ] {
        let (concerns, approximate) = found(&dispatcher, words).await;
        assert_eq!((concerns.iter().collect::<Vec<_>>(), approximate), (expected, false), "{words}");
    }
    // What is left out is left out however it is written.
    for words in ["portail -école", "portail -feux -écoles", "portail -\"écoles\""] {
        assert_eq!(found(&dispatcher, words).await.0, Vec::<String>::new(), "{words}");
    }
    // The words go together with every other filter, and stand in one text.
    assert_eq!(found(&dispatcher, "matelas chateau").await.0, Vec::<String>::new());
    let page = dispatcher.get("/v1/tickets?q=matelas&service=voirie").await.ok();
    assert_eq!(page["items"], json!([]));
    assert_eq!(dispatcher.get("/v1/tickets").await.ok().get("approximate"), None);
    city.stop().await;
}

async fn words_and_their_plurals_are_one_for_the_search_and_for_rules() {
    let city = City::new().await;
    let mut connection = city.database.connection().await;
    let rule_finds = |keyword: &str, text: &str| {
        let keyword = domain::routing::Keyword::try_from(keyword.to_owned()).unwrap();
        keyword.stands_in(text)
    };
    for (one, many) in [
        ("adieu", "adieux"),
        ("aveu", "aveux"),
        ("cheveu", "cheveux"),
        ("dieu", "dieux"),
        ("enjeu", "enjeux"),
        ("épieu", "épieux"),
        ("essieu", "essieux"),
        ("feu", "feux"),
        ("jeu", "jeux"),
        ("lieu", "lieux"),
        ("milieu", "milieux"),
        ("moyeu", "moyeux"),
        ("neveu", "neveux"),
        ("pieu", "pieux"),
        ("vœu", "vœux"),
        ("bijou", "bijoux"),
        ("caillou", "cailloux"),
        ("chou", "choux"),
        ("genou", "genoux"),
        ("hibou", "hiboux"),
        ("joujou", "joujoux"),
        ("pou", "poux"),
        ("boyau", "boyaux"),
        ("étau", "étaux"),
        ("fléau", "fléaux"),
        ("joyau", "joyaux"),
        ("noyau", "noyaux"),
        ("préau", "préaux"),
        ("tuyau", "tuyaux"),
        ("pneu", "pneus"),
        ("vélo", "vélos"),
        ("trou", "trous"),
        ("abri", "abris"),
        ("caméra", "caméras"),
        ("panneau", "panneaux"),
        ("canal", "canaux"),
        ("clé", "clés"),
        ("matelas", "matelas"),
    ] {
        for (asked, text) in [(one, many), (many, one)] {
            let said = format!("Il y a {text} rue Saint-Leu");
            let search = sqlx::query_scalar::<_, bool>("select stems($1) @@ wanted($2)").bind(&said).bind(asked);
            assert!(search.fetch_one(&mut connection).await.unwrap(), "the search: {asked} in {said}");
            assert!(rule_finds(asked, &said), "a rule: {asked} in {said}");
        }
    }
    for (asked, text) in [("bus", "il a bu"), ("travaux", "un travail"), ("pois", "un poisson"), ("os", "o")] {
        let search = sqlx::query_scalar::<_, bool>("select stems($1) @@ wanted($2)").bind(text).bind(asked);
        assert!(!search.fetch_one(&mut connection).await.unwrap(), "the search: {asked} in {text}");
        assert!(!rule_finds(asked, text), "a rule: {asked} in {text}");
    }
    city.stop().await;
}

async fn a_slip_of_the_pen_finds_what_was_meant() {
    let city = City::new().await;
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    let heap = file(&agent, "Un matelas et des sacs au pied du mur", "Rue du Pigeonnier").await;
    let light = file(&agent, "Le lampadaire ne marche plus", "Allée du Château").await;
    for (words, expected) in [
        ("matlas", &heap),
        ("mattelas", &heap),
        ("pigeonier", &heap),
        ("lampadère", &light),
        ("lanpadaire", &light),
        ("rue du pigonnier", &heap),
        ("mattelas -lampadaires", &heap),
        ("mattelas -! -- -(", &heap),
    ] {
        assert_eq!(found(&dispatcher, words).await, (vec![expected.clone()], true), "{words}");
    }
    for words in ["hippopotame", "mattelas -sacs", "le", "!!", "\"", "(", "de -", "' & | ! <-> :*"] {
        assert_eq!(found(&dispatcher, words).await.0, Vec::<String>::new(), "{words}");
    }
    // The pages that follow stay with what the first one said.
    let mut path = "/v1/tickets?q=matlas&limit=1&sort=relevance".to_owned();
    let mut walked = 0;
    loop {
        let page = dispatcher.get(&path).await.ok();
        assert_eq!(page["approximate"], true);
        walked += page["items"].as_array().unwrap().len();
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/tickets?q=matlas&limit=1&sort=relevance&cursor={cursor}");
    }
    assert_eq!(walked, dispatcher.get("/v1/tickets?q=matelas").await.ok()["items"].as_array().unwrap().len());
    city.stop().await;
}

async fn a_reference_finds_its_ticket() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    city.dumping().await;
    let ticket = city.dumping().await;
    let reference = ticket["reference"].as_str().unwrap();
    let number = reference.rsplit_once('-').unwrap().1;
    let short = number.trim_start_matches('0');
    for words in [
        reference.to_owned(),
        reference.to_lowercase(),
        number.to_owned(),
        short.to_owned(),
        format!("{} matelas", reference.replace(number, short)),
    ] {
        let page = dispatcher.get(&format!("/v1/tickets?q={}", encoded(&words))).await.ok();
        let found: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["reference"].clone()).collect();
        assert_eq!(found, [json!(reference)], "{words}");
    }
    city.stop().await;
}

async fn notes_are_found_by_those_who_read_them() {
    let city = City::new().await;
    let (proprete, dispatcher, agent) = (city.proprete().await, city.dispatcher().await, city.agent().await);
    let ticket = city.dumping().await;
    let concern = ticket["concern_id"].as_str().unwrap().to_owned();
    let notes = format!("/v1/tickets/{}/notes", ticket["id"].as_str().unwrap());
    proprete.post(&notes, &json!({ "text": "Prévoir la nacelle élévatrice" })).await.created();
    for words in ["nacelles", "nascelle"] {
        for reader in [&proprete, &dispatcher] {
            assert_eq!(found(reader, words).await, (vec![concern.clone()], words == "nascelle"), "{words}");
        }
        // The ticket is within reach of these, its notes are not; also their order does not tell.
        assert_eq!(found(&agent, words).await.0, Vec::<String>::new(), "{words}");
        assert_eq!(
            agent.get(&format!("/v1/tickets/counts?q={words}&status=submitted")).await.ok()["items"][0]["count"],
            0
        );
    }
    assert_eq!(found(&agent, "matelas").await.0, [concern]);
    let page = agent.get("/v1/tickets?q=matelas%20OR%20nacelle&sort=relevance").await.ok();
    assert!(!page["items"].as_array().unwrap().is_empty());
    city.stop().await;
}

async fn a_dash_before_no_word_leaves_nothing_out() {
    let city = City::new().await;
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    let heap = file(&agent, "Un matelas et des sacs au pied du mur", "Rue du Pigeonnier").await;
    let passed_over = ["-", "- ", "–", "−", "-!", "-! ", "-( ", "-& ", "-\" ", "-\"\" ", "-' ", "-. "];
    for dashes in passed_over.map(|dash| dash.repeat(190 / dash.len())) {
        assert_eq!(found(&dispatcher, &dashes).await.0, Vec::<String>::new(), "{dashes}");
        let words = encoded(&format!("matelas {dashes}"));
        let counts = dispatcher.get(&format!("/v1/tickets/counts?q={words}")).await.ok();
        assert_eq!(counts["items"][0]["count"], 2, "one for each service: {dashes}");
        assert_ne!(dispatcher.get(&format!("/v1/tickets/export?format=ndjson&q={words}")).await.is(200).text, "");
        for format in ["json", "xml"] {
            dispatcher.get(&format!("/open311/v2/requests.{format}?q={}", encoded(&dashes))).await.is(200);
        }
    }
    for words in ["matelas - sacs", "matelas – sacs", "matelas -- ! sacs", "matelas -!", "matelas −lampadaire"] {
        assert_eq!(found(&dispatcher, words).await, (vec![heap.clone()], false), "{words}");
    }
    for words in ["matelas −sacs", "matelas –sacs", "matelas --sacs", "matelas -“des sacs”", "matelas -!sacs -sacs"]
    {
        assert_eq!(found(&dispatcher, words).await.0, Vec::<String>::new(), "{words}");
    }
    city.stop().await;
}

async fn nobody_finds_what_they_may_not_know_of() {
    let city = City::new().await;
    let (agent, other, dispatcher) = (city.agent().await, city.other_agent().await, city.dispatcher().await);
    let mut body = dumping();
    body["category"] = json!("neighbour_dispute");
    body["description"] = json!("Tambourinage nocturne au troisième");
    agent.post("/v1/concerns", &body).await.created();
    for words in ["tambourinage", "tambourinaje"] {
        assert_eq!(found(&dispatcher, words).await.0.len(), 1, "{words}");
        assert_eq!(found(&agent, words).await.0.len(), 1, "{words}");
        // Also what was searched for tells nothing: nothing is found, as if nobody had said so.
        assert_eq!(found(&other, words).await, (vec![], true), "{words}");
        assert_eq!(found(&city.voirie().await, words).await, (vec![], true), "{words}");
    }
    city.stop().await;
}

async fn what_a_concern_no_longer_says_is_not_found() {
    let city = City::new().await;
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    let id = file(&agent, "Un matelas au pied du mur", "Rue du Pigeonnier").await;
    let statement = format!("update concern set description = 'Un sommier' where id = '{id}'");
    let mut connection = city.database.connection().await;
    connection.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
    assert_eq!(found(&dispatcher, "matelas").await.0, Vec::<String>::new());
    assert_eq!(found(&dispatcher, "sommier pigeonnier").await.0, [id]);
    city.stop().await;
}

async fn a_step_back_holds_all_that_was_filed_in_its_time() {
    let city = City::new().await;
    let mut connection = city.database.connection().await;
    // From many instants, after whatever was found: a step ends, begins before the one before, and misses nothing.
    let wrong: Vec<String> = sqlx::query_scalar(
        "with tried as (
             select last, since, first, hits, page, searched_since(last, since, hits, page, first) as until
             from generate_series(timestamptz '2026-12-20 23:30Z', '2027-03-02', '17 hours 7 minutes') last,
                 unnest(array[interval '-1 day', '0', '5 hours', '1 day', '13 days', '1 month', '300 days', '4 years']) ago,
                 unnest(array[0, 1, 40, 50, 999]) hits, unnest(array[51, 1000]) page,
                 unnest(array[timestamptz 'epoch', '2026-04-01 00:00Z']) first,
                 lateral (select case when ago < '0' then last - ago else date_trunc('day', last - ago, 'UTC') end as since) s
             where hits < page and since > first
         )
         select format('%s %s %s of %s: %s', last, since, hits, page, until) from tried
         where until >= since or until < first
             or exists (
                 select from unnest(array[until, until + (since - until) / 7, until + (since - until) / 2, since - interval '1 us']) at
                 where filed_between(until, since) is not null and not filed_in(at) @@ filed_between(until, since)
             )
             or (until > 'epoch') <> (filed_between(until, since) is not null)",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(wrong, Vec::<String>::new());
    // A word that is told of once in ten years is looked for some times, not day by day.
    let looks: i64 = sqlx::query_scalar(
        "with recursive step(since, hits) as (
             select timestamptz '2026-11-29 12:00Z', 0 union all
             select searched_since('2026-11-28 12:00Z', since, 50, 51, 'epoch'), 50 from step where since > 'epoch'
         )
         select count(*) - 1 from step",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert!((3..=16).contains(&looks), "{looks}");
    city.stop().await;
}
