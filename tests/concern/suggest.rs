//! Suggesting categories: what is learnt, how good it is, what stays out of it, who may ask.

use chrono::Duration;
use serde_json::{Value, json};
use sqlx::Row as _;
use uuid::Uuid;

use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

crate::tests![
    with_too_little_data_nothing_is_suggested,
    what_agents_chose_before_is_suggested,
    the_published_accuracy_can_be_counted_again,
    what_points_to_a_resident_is_not_learnt,
    what_is_deleted_is_forgotten,
    what_residents_chose_and_complaints_about_officers_are_not_learnt,
    all_instances_suggest_the_same,
    one_worker_learns_once_a_day,
    a_category_that_was_retired_is_not_suggested,
    those_who_file_may_ask,
];

const PATH: &str = "/v1/concerns/suggestions";

/// Concerns of three categories at thirty places, one in ten filed under another category than its words say.
const MANY: &str = "concern t, generate_series(1, 450) as n, lateral (select
    md5(n::text)::uuid as id,
    (array['illegal_dumping', 'graffiti', 'neighbour_noise'])[1 + (n + (n % 10 = 0)::int) % 3] as category_code,
    (array['Au coin de la rue', 'Devant l’école', 'Près du gymnase', 'Depuis une semaine'])[1 + n % 4] || ' : '
        || (case n % 3 when 0 then array['un matelas', 'des gravats', 'des pneus']
                       when 1 then array['un tag', 'des tags sur le mur', 'une façade taguée']
                       else array['de la musique', 'un voisin bruyant', 'des cris la nuit'] end)[1 + n / 3 % 3]
        as description,
    49.88 + 0.001 * (n % 30) as lat,
    '{}'::jsonb as areas
) as copy";

/// A city where one concern was filed, and as many more as `from` says.
async fn city(from: &str) -> City {
    let city = City::new().await;
    city.dumping().await;
    more(&city, from).await;
    city
}

async fn more(city: &City, from: &str) {
    city.database.copy("concern", &["id", "category_code", "description", "lat", "areas"], from).await;
}

async fn learn(city: &City) -> bool {
    usecases::concern::learn(&city.instance.context).await.unwrap()
}

async fn ask(who: &Caller, description: &str) -> Value {
    who.post(PATH, &json!({ "description": description })).await.ok()
}

/// The model as the database holds it, as text.
async fn stored(city: &City) -> String {
    let mut connection = city.database.connection().await;
    let row = sqlx::query("select model::text from suggestion_model").fetch_one(&mut connection).await.unwrap();
    row.get(0)
}

async fn with_too_little_data_nothing_is_suggested() {
    let city = City::new().await;
    let agent = city.agent().await;
    let too_little = json!({ "items": [], "known": false, "reason": "too_little_data" });
    assert_eq!(ask(&agent, "Un matelas").await, too_little);
    city.dumping().await;
    assert!(learn(&city).await);
    let answer = ask(&agent, "Un matelas").await;
    assert_eq!((&answer["items"], &answer["reason"]), (&too_little["items"], &too_little["reason"]));
    let model = &answer["model"];
    assert_eq!(model["concerns"].as_i64().unwrap() + model["held_out"].as_i64().unwrap(), 1);
    assert_eq!((&model["answered"], model.get("accuracy")), (&json!(0), None));
    city.stop().await;
}

async fn what_agents_chose_before_is_suggested() {
    let city = city(MANY).await;
    let agent = city.agent().await;
    assert!(learn(&city).await);
    let answer = ask(&agent, "Deux MATELAS et des gravats, en bas de chez moi").await;
    assert_eq!((&answer["known"], answer.get("reason")), (&json!(true), None));
    let said = "Deux MATELAS et des gravats, en bas de chez moi";
    let address = json!({ "description": said, "place": { "address": "12 rue du Pigeonnier" } });
    assert_eq!(agent.post(PATH, &address).await.ok(), answer, "of an address alone, the words are what counts");
    let nowhere = agent.post(PATH, &json!({ "description": said, "place": {} })).await;
    nowhere.refused_fields(400, "invalid_request", &[("/place", "empty")]);
    let best = &answer["items"][0];
    assert_eq!((&best["category"], &best["label"]), (&json!("illegal_dumping"), &json!("Dépôt sauvage")));
    assert!(best["confidence"].as_f64().unwrap() > 0.7, "{answer:#}");
    assert_eq!(ask(&agent, "mon voisin crie").await["items"][0]["category"], "neighbour_noise");
    let with_place = json!({ "description": "facade taguee", "place": dumping()["place"] });
    assert_eq!(agent.post(PATH, &with_place).await.ok()["items"][0]["category"], "graffiti");
    let answer = ask(&agent, "Xylophone 42").await;
    assert_eq!((&answer["items"], &answer["reason"]), (&json!([]), &json!("nothing_recognised")));
    // Nothing is kept, and nothing filed.
    assert_eq!(city.database.count("select count(*) from concern").await, 451);
    city.stop().await;
}

async fn the_published_accuracy_can_be_counted_again() {
    let city = city(MANY).await;
    let agent = city.agent().await;
    learn(&city).await;
    let model = ask(&agent, "Un matelas").await["model"].clone();
    let mut connection = city.database.connection().await;
    let held_out_of = "select category_code, description, areas <> '{}', id from concern";
    let mut rows = sqlx::query(held_out_of).fetch_all(&mut connection).await.unwrap();
    rows.retain(|row| row.get::<Uuid, _>(3).as_u128() % 5 == 0);
    let (mut answered, mut first, mut among) = (0, 0, 0);
    for row in &rows {
        let mut body = json!({ "description": row.get::<&str, _>(1) });
        if row.get(2) {
            body["place"] = dumping()["place"].clone();
        }
        let answer = agent.post(PATH, &body).await.ok();
        let items = answer["items"].as_array().unwrap();
        let rank = items.iter().position(|item| item["category"] == row.get::<&str, _>(0));
        answered += i32::from(!items.is_empty());
        first += i32::from(rank == Some(0));
        among += i32::from(rank.is_some());
    }
    let shares = [first, among].map(|n| (f64::from(n) / f64::from(answered) * 1000.0).round() / 1000.0);
    assert_eq!((&model["held_out"], &model["answered"]), (&json!(rows.len()), &json!(answered)));
    assert_eq!((&model["accuracy"], &model["accuracy_top3"]), (&json!(shares[0]), &json!(shares[1])));
    assert!(shares[0] > 0.75 && shares[0] < 1.0, "one in ten was filed under another category: {shares:?}");
    city.stop().await;
}

async fn what_points_to_a_resident_is_not_learnt() {
    let city = city(MANY).await;
    // One neighbour of whom a whole house complains, confirmed as written; somebody who speaks at four places.
    more(
        &city,
        "concern t, generate_series(1, 40) as n, lateral (select gen_random_uuid() as id,
            'neighbour_noise' as category_code, '{}'::jsonb as areas,
            case n % 2 when 0 then 'Monsieur Vercingétorix crie, 06 12 34 56 78' else 'Signé Ambiorix' end as description,
            49.9 + case n % 2 when 0 then 0 else 0.002 * (n % 4) end as lat) as copy
            where t.description like '%sacs%'",
    )
    .await;
    learn(&city).await;
    let model = stored(&city).await;
    assert!(model.contains("\"gravat\"") && model.contains("neighbour_noise"), "{model}");
    for part in ["vercing", "ambior", "0612", "\"06", "\"12", "matelas et des"] {
        assert!(!model.contains(part), "{part} in {model}");
    }
    let agent = city.agent().await;
    assert_eq!(ask(&agent, "Vercingétorix").await["reason"], "nothing_recognised");
    city.stop().await;
}

async fn what_is_deleted_is_forgotten() {
    let city = city(MANY).await;
    learn(&city).await;
    assert!(stored(&city).await.contains("\"gravat\""));
    assert_eq!(city.database.count(FORGET).await, 50);
    city.clock.forward(Duration::hours(25));
    learn(&city).await;
    let model = stored(&city).await;
    assert!(!model.contains("\"gravat\"") && model.contains("\"matel"), "{model}");
    // What is older than two years is not learnt any more either.
    city.clock.forward(Duration::days(731));
    learn(&city).await;
    assert_eq!(ask(&city.agent().await, "Un matelas").await["model"]["concerns"], 0);
    city.stop().await;
}

const FORGET: &str = "with gone as (delete from concern where description like '%gravats%' returning 1)
    select count(*) from gone";

async fn what_residents_chose_and_complaints_about_officers_are_not_learnt() {
    let city = city(MANY).await;
    more(
        &city,
        "concern t, generate_series(1, 40) as n, lateral (select gen_random_uuid() as id, 'officer_complaint' as
            category_code, '{}'::jsonb as areas, 'L’agent Ambiorix' as description, 49.88 + 0.001 * n as lat) as copy
            where t.description like '%sacs%'",
    )
    .await;
    city.database
        .copy(
            "concern",
            &["id", "origin", "description", "lat"],
            "concern t, generate_series(1, 40) as n, lateral (select gen_random_uuid() as id, 'open311' as origin,
                'Un toboggan' as description, 49.88 + 0.001 * n as lat) as copy where t.description like '%sacs%'",
        )
        .await;
    learn(&city).await;
    let model = stored(&city).await;
    for part in ["officer_complaint", "ambior", "toboggan"] {
        assert!(!model.contains(part), "{part} in {model}");
    }
    city.stop().await;
}

async fn all_instances_suggest_the_same() {
    let city = city(MANY).await;
    let second = city.second().await;
    for trained_at in ["2026-03-10T09:00:00Z", "2026-03-11T10:00:00Z"] {
        city.clock.set(trained_at);
        learn(&city).await;
        let agent = city.agent().await;
        let there = agent.at(&second.base_url);
        let (one, other) = (ask(&agent, "Des pneus").await, ask(&there, "Des pneus").await);
        assert_eq!(one["model"]["trained_at"], trained_at);
        assert_eq!(one, other);
    }
    second.stop().await;
    city.stop().await;
}

async fn one_worker_learns_once_a_day() {
    let city = city(MANY).await;
    let second = city.second().await;
    let both = async || {
        let (one, other) = tokio::join!(learn(&city), usecases::concern::learn(&second.context));
        usize::from(one) + usize::from(other.unwrap())
    };
    assert_eq!(both().await, 1);
    assert_eq!(both().await, 0);
    city.clock.forward(Duration::hours(25));
    assert_eq!(both().await, 1);
    // A worker that was killed while it learnt keeps the others from it for a quarter of an hour.
    city.clock.forward(Duration::hours(25));
    let now = domain::clock::Clock::now(&*city.clock);
    let store = &city.instance.context.store;
    assert!(store.claim_training(now, now, now + Duration::minutes(15)).await.unwrap());
    assert_eq!(both().await, 0);
    city.clock.forward(Duration::minutes(15));
    assert_eq!(both().await, 1);
    second.stop().await;
    city.stop().await;
}

async fn a_category_that_was_retired_is_not_suggested() {
    let city = city(MANY).await;
    let agent = city.agent().await;
    learn(&city).await;
    let said = "Une façade taguée";
    assert_eq!(ask(&agent, said).await["items"][0]["category"], "graffiti");
    let cx = &city.instance.context;
    let mut without = cx.city().unwrap().city.clone();
    without.catalogue.retain(|category| category.code.as_str() != "graffiti");
    usecases::city::load(cx, &without, true, None, cx.now()).await.unwrap();
    let answer = ask(&agent, said).await;
    assert_eq!((&answer["known"], &answer["reason"]), (&json!(false), &json!("not_sure")), "{answer:#}");
    city.clock.forward(Duration::hours(25));
    learn(&city).await;
    assert!(!stored(&city).await.contains("graffiti"));
    city.stop().await;
}

async fn those_who_file_may_ask() {
    let city = City::new().await;
    let body = json!({ "description": "Un matelas" });
    city.dispatcher().await.post(PATH, &body).await.ok();
    for who in [city.admin().await, city.proprete().await, city.auditor().await] {
        who.post(PATH, &body).await.refused(403, "missing_right");
    }
    city.stranger().post(PATH, &body).await.refused(401, "unauthenticated");
    let agent = city.agent().await;
    let outside = json!({ "description": "Un matelas", "place": { "lat": 48.85, "lon": 2.35 } });
    agent.post(PATH, &outside).await.refused_fields(422, "invalid_content", &[("/place", "outside_city")]);
    agent.post(PATH, &json!({ "description": " " })).await.refused(400, "invalid_request");
    city.stop().await;
}
