//! Reading rules, and writing drafts.

use reqwest::Method;
use serde_json::{Value, json};

use super::{draft_with, path, rule};
use crate::support::city::City;

crate::tests![
    the_rules_in_force_are_read_by_those_who_may,
    a_draft_is_written_changed_and_thrown_away,
    a_rule_that_does_not_fit_the_schema_is_refused_where_it_is_wrong,
    a_draft_says_everything_that_is_wrong_with_it,
    what_is_worth_a_look_is_told_beside_the_faults,
    words_that_the_search_passes_over_are_the_common_ones,
];

async fn the_rules_in_force_are_read_by_those_who_may() {
    let city = City::new().await;
    let (admin, dispatcher) = (city.admin().await, city.dispatcher().await);
    for who in [&admin, &dispatcher, &city.manager().await, &city.auditor().await] {
        let rules = who.get("/v1/routing").await.ok();
        assert_eq!((&rules["version"], rules.get("author")), (&json!(1), None), "they come from the city's files");
        assert_eq!(rules["rules"].as_array().unwrap().last().unwrap()["when"], json!({ "type": "always" }));
        assert_eq!(who.get("/v1/routing/versions/1").await.ok(), rules);
        let versions = who.get("/v1/routing/versions").await.ok();
        assert_eq!(versions["items"][0]["rule_count"], rules["rules"].as_array().unwrap().len());
    }
    city.agent().await.get("/v1/routing").await.refused(403, "missing_right");
    city.manager().await.post("/v1/routing/drafts", &json!({ "name": "À moi" })).await.refused(403, "missing_right");
    for version in ["0", "2", "-1", "un", "99999999999"] {
        admin.get(&format!("/v1/routing/versions/{version}")).await.refused(404, "not_found");
    }
    city.stop().await;
}

async fn a_draft_is_written_changed_and_thrown_away() {
    let city = City::new().await;
    let (admin, dispatcher) = (city.admin().await, city.dispatcher().await);
    let draft = admin.post("/v1/routing/drafts", &json!({ "name": "Nouvelle brigade" })).await.created();
    assert_eq!(draft["rules"], admin.get("/v1/routing").await.ok()["rules"], "a copy of those in force");
    assert_eq!((&draft["based_on"], &draft["version"]), (&json!(1), &json!(1)));
    assert_eq!(draft["changed_by"]["name"], "Paul Carpentier");
    let again = admin.post("/v1/routing/drafts", &json!({ "name": "Nouvelle brigade" })).await;
    again.refused(409, "draft_name_taken");
    let rules = json!([rule("tout", "illegal_dumping", "voirie")]);
    let changed = dispatcher.patch(&path(&draft), &json!(1), &json!({ "rules": rules })).await.ok();
    assert_eq!((&changed["version"], changed["rules"].as_array().unwrap().len()), (&json!(2), 1));
    assert_eq!(changed["changed_by"]["name"], "Nadia Fournier", "{changed}");
    admin.patch(&path(&draft), &json!(1), &json!({ "name": "Autre" })).await.refused(412, "stale_version");
    assert_eq!(admin.patch(&path(&draft), &json!(2), &json!({})).await.ok(), changed, "nothing changes");
    let unheard_of = admin.patch(&path(&draft), &json!(2), &json!({ "based_on": 7 })).await;
    unheard_of.refused_fields(422, "invalid_content", &[("/based_on", "unknown_version")]);
    let drafts = admin.get("/v1/routing/drafts").await.ok();
    assert_eq!(drafts["items"], json!([changed]));
    let remove = async |version: &str| {
        admin.send(admin.request(Method::DELETE, &path(&draft)).header("If-Match", version)).await
    };
    admin.delete(&path(&draft)).await.refused(428, "if_match_needed");
    remove("\"1\"").await.refused(412, "stale_version");
    remove("\"2\"").await.is(204);
    admin.get(&path(&draft)).await.refused(404, "not_found");
    assert_eq!(admin.get("/v1/routing").await.ok()["version"], 1, "what is in force stays");
    city.stop().await;
}

async fn a_rule_that_does_not_fit_the_schema_is_refused_where_it_is_wrong() {
    let city = City::new().await;
    let admin = city.admin().await;
    let with = async |when: Value| {
        let mut rules = vec![rule("une", "illegal_dumping", "voirie")];
        rules[0]["when"] = when;
        admin.post("/v1/routing/drafts", &json!({ "name": "Essai", "rules": rules })).await
    };
    for (when, pointer, code) in [
        (json!({ "type": "colour" }), "/rules/0/when/type", "unknown_value"),
        (json!({ "any_of": ["illegal_dumping"] }), "/rules/0/when/type", "required"),
        (json!({ "type": "category" }), "/rules/0/when/any_of", "required"),
        (json!({ "type": "category", "any_of": [] }), "/rules/0/when/any_of", "too_few"),
        (json!({ "type": "category", "any_of": ["Très"] }), "/rules/0/when/any_of/0", "bad_format"),
        (json!({ "type": "origin", "any_of": ["moon"] }), "/rules/0/when/any_of/0", "unknown_value"),
        (json!({ "type": "hour", "from": 24, "to": 6 }), "/rules/0/when/from", "out_of_range"),
        (json!({ "type": "hour", "from": 6, "to": 30 }), "/rules/0/when/to", "out_of_range"),
        (json!({ "type": "keywords", "any_of": [""] }), "/rules/0/when/any_of/0", "too_short"),
        (json!({ "type": "always", "colour": 1 }), "/rules/0/when/colour", "unknown_field"),
        (
            json!({ "type": "not", "of": { "type": "category", "any_of": ["pothole"], "colour": 1 } }),
            "/rules/0/when/of/colour",
            "unknown_field",
        ),
        (
            json!({ "type": "all", "of": [{ "type": "not", "of": { "type": "area", "zoning": "secteurs" } }] }),
            "/rules/0/when/of/0/of/any_of",
            "required",
        ),
    ] {
        with(when).await.refused_fields(400, "invalid_request", &[(pointer, code)]);
    }
    let mut deep = json!({ "type": "always" });
    for _ in 0..200 {
        deep = json!({ "type": "not", "of": deep });
    }
    with(deep).await.refused(400, "invalid_json");
    let many: Vec<Value> = (0..500).map(|n| rule(&format!("regle-{n}"), "illegal_dumping", "voirie")).collect();
    admin.post("/v1/routing/drafts", &json!({ "name": "Cinq cents", "rules": many })).await.created();
    let long = "x".repeat(1024 * 1024);
    admin.post("/v1/routing/drafts", &json!({ "name": long })).await.refused(413, "body_too_large");
    city.stop().await;
}

async fn a_draft_says_everything_that_is_wrong_with_it() {
    let city = City::new().await;
    let admin = city.admin().await;
    let mut first = rule("fantome", "dragons", "nulle-part");
    first["watchers"] = json!(["nulle-part"]);
    let draft = draft_with(&admin, "Fautive", first).await;
    let mut rules = draft["rules"].as_array().unwrap().clone();
    let last = rules.len();
    rules[last - 1] = rule("encore-des-depots", "illegal_dumping", "voirie");
    let draft = admin.patch(&path(&draft), &json!(1), &json!({ "rules": rules })).await.ok();
    let checked = admin.get(&format!("{}/check", path(&draft))).await.ok();
    let told: Vec<(String, String)> = checked["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["pointer"].as_str().unwrap().to_owned(), fault["code"].as_str().unwrap().to_owned()))
        .collect();
    for expected in [
        ("/rules/0/when/any_of/0".to_owned(), "unknown_category"),
        ("/rules/0/send_to/0".to_owned(), "unknown_service"),
        ("/rules/0/watchers/0".to_owned(), "unknown_service"),
        (format!("/rules/{}", last - 1), "covered"),
        ("/rules".to_owned(), "no_catch_all"),
    ] {
        assert!(
            told.iter().any(|(at, code)| at.starts_with(&expected.0) && code == expected.1),
            "{expected:?}: {told:?}"
        );
    }
    let covered = checked["faults"].as_array().unwrap().iter().find(|fault| fault["code"] == "covered").unwrap();
    assert!(covered["detail"].as_str().unwrap().contains("jamais atteinte"), "{covered}");
    let reason = json!({ "reason": "Essai." });
    let publish = admin.request(Method::POST, &format!("{}/publish", path(&draft))).header("If-Match", "\"2\"");
    let problem = admin.send(publish.json(&reason)).await.refused(422, "invalid_content");
    assert_eq!(problem["errors"].as_array().unwrap().len(), told.len(), "refused whole, for each of them");
    assert_eq!(admin.get("/v1/routing").await.ok()["version"], 1);
    city.stop().await;
}

async fn what_is_worth_a_look_is_told_beside_the_faults() {
    let city = City::new().await;
    let admin = city.admin().await;
    let mut first = rule("presse", "illegal_dumping", "voirie");
    first["when"] =
        json!({ "type": "all", "of": [first["when"], { "type": "keywords", "any_of": ["de la", "canapé"] }] });
    first["acknowledge_within"] = json!("2d");
    first["resolve_within"] = json!("4h");
    let draft = draft_with(&admin, "Pressée", first).await;
    let checked = admin.get(&format!("{}/check", path(&draft))).await.ok();
    let told = |list: &str| -> Vec<(Value, Value)> {
        let list = checked[list].as_array().unwrap();
        list.iter().map(|fault| (fault["pointer"].clone(), fault["code"].clone())).collect()
    };
    assert_eq!(told("faults"), []);
    assert_eq!(
        told("warnings"),
        [
            (json!("/rules/0/when/of/1/any_of/0"), json!("keyword_too_common")),
            (json!("/rules/0/acknowledge_within"), json!("acknowledged_after_resolved")),
        ]
    );
    let mut rules = draft["rules"].as_array().unwrap().clone();
    rules[0]["acknowledge_within"] = json!("0h");
    rules[0]["when"] = json!({ "type": "all", "of": [
        { "type": "area", "zoning": "secteurs", "any_of": ["nord"] },
        { "type": "category", "any_of": ["illegal_dumping"] },
        { "type": "area", "zoning": "quartiers", "any_of": ["etouvie"] },
        { "type": "area", "zoning": "secteurs", "any_of": ["ouest"] }
    ] });
    let draft = admin.patch(&path(&draft), &json!(1), &json!({ "rules": rules })).await.ok();
    let checked = admin.get(&format!("{}/check", path(&draft))).await.ok();
    assert_eq!(
        checked["faults"],
        json!([
            {
                "rule": "presse", "pointer": "/rules/0/acknowledge_within", "code": "no_time",
                "detail": "un délai nul : la saisine serait aussitôt en retard. Écrire 1h ou plus, ou 0d pour la fin du jour même"
            },
            {
                "rule": "presse", "pointer": "/rules/0/when", "code": "never_met",
                "detail": "aucune doléance ne peut remplir ces conditions à la fois : le lieu est dans « Nord » ; le lieu est dans « Ouest »"
            },
        ])
    );
    let publish = admin.request(Method::POST, &format!("{}/publish", path(&draft))).header("If-Match", "\"2\"");
    let problem = admin.send(publish.json(&json!({ "reason": "Essai." }))).await.refused(422, "invalid_content");
    assert_eq!(
        (&problem["errors"][0]["code"], &problem["errors"][1]["code"]),
        (&json!("no_time"), &json!("never_met"))
    );
    city.stop().await;
}

async fn words_that_the_search_passes_over_are_the_common_ones() {
    let city = City::new().await;
    let mut connection = city.database.connection().await;
    let folder = "select setting || '/tsearch_data/french.stop' from pg_config where name = 'SHAREDIR'";
    let list = format!("select pg_read_file(({folder}))");
    let list: String = sqlx::query_scalar(sqlx::AssertSqlSafe(list)).fetch_one(&mut connection).await.unwrap();
    let sorted = |list: &str| list.split_whitespace().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(sorted(domain::routing::STOP_WORDS), sorted(&list));
    city.stop().await;
}
