//! Services, and sending requests: rules 8 to 12, 17.

use reqwest::Method;
use serde_json::{Value, json};

use super::form::{both, refused, told};
use super::{key, post, refuses, requested, requests, waste};
use crate::support::city::{City, dumping};
use sqlx::Connection as _;

use crate::support::geocoder::{Day, Geocoder};

crate::tests![
    rule_8_services_are_what_everybody_may_report,
    rule_9_a_definition_lists_the_questions,
    rule_10_a_request_is_filed_and_routed,
    rule_10_what_is_missing_or_wrong_is_named,
    rule_10_who_sent_it_is_sealed_and_never_told,
    rule_10_an_address_is_looked_up,
    rule_10_an_emergency_is_sent_to_its_numbers,
    rule_10_what_the_public_is_not_told_of_is_not_sent_either,
    rule_10_a_parameter_is_given_once,
    rule_10_a_null_character_is_refused,
    rule_11_the_answer_is_an_id_or_a_token,
    rule_12_a_token_leads_to_its_request,
];

async fn rule_8_services_are_what_everybody_may_report() {
    let city = City::new().await;
    let services = both(&city, "services", "services").await;
    let services = services.as_array().unwrap();
    let of = |code: &str| services.iter().find(|service| service["service_code"] == code);
    assert_eq!(
        of("illegal_dumping"),
        Some(&json!({
            "service_code": "illegal_dumping", "service_name": "Dépôt sauvage",
            "description": "Propreté et déchets : Dépôt sauvage", "metadata": false, "type": "realtime",
            "keywords": "cleanliness", "group": "Propreté et déchets"
        }))
    );
    assert_eq!(of("bulky_waste").unwrap()["metadata"], true);
    let catalogue = city.agent().await.get("/v1/categories").await.ok();
    for category in catalogue["items"].as_array().unwrap() {
        let code = category["code"].as_str().unwrap();
        let public = category["sensitivity"] == "standard" && code != "holiday_watch";
        assert_eq!(of(code).is_some(), public, "{code}");
    }
    city.stop().await;
}

async fn rule_9_a_definition_lists_the_questions() {
    let city = City::new().await;
    let definition = both(&city, "services/bulky_waste", "service_definition").await;
    assert_eq!(definition["service_code"], "bulky_waste");
    let attributes = definition["attributes"].as_array().unwrap();
    let orders: Vec<&Value> = attributes.iter().map(|attribute| &attribute["order"]).collect();
    assert_eq!(orders, [&json!(1), &json!(2), &json!(3)]);
    assert_eq!(
        attributes[0],
        json!({
            "variable": true, "code": "volume", "datatype": "number", "required": false,
            "datatype_description": "m³, ≥ 0, ≤ 200", "order": 1,
            "description": "Combien de mètres cubes reste-t-il ?", "values": []
        })
    );
    assert_eq!(attributes[1]["datatype"], "singlevaluelist");
    assert_eq!(attributes[1]["values"][0], json!({ "key": "true", "name": "Oui" }));
    assert_eq!(attributes[2]["datatype"], "multivaluelist");
    assert_eq!(attributes[2]["values"][0], json!({ "key": "furniture", "name": "Meubles et literie" }));
    let plain = both(&city, "services/graffiti", "service_definition").await;
    assert_eq!(plain, json!({ "service_code": "graffiti", "attributes": [] }));
    refused(&city, "services/nothing", 404).await;
    let restricted = restricted(&city).await;
    refused(&city, &format!("services/{restricted}"), 404).await;
    city.stop().await;
}

/// A category that only few may know of.
async fn restricted(city: &City) -> String {
    let catalogue = city.agent().await.get("/v1/categories").await.ok();
    let mut items = catalogue["items"].as_array().unwrap().iter();
    items.find(|category| category["sensitivity"] == "restricted").unwrap()["code"].as_str().unwrap().to_owned()
}

async fn rule_10_a_request_is_filed_and_routed() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let said = "Des sacs <x> & \"des\" cartons\r\nau pied du mur";
    let fields = waste(
        &key,
        &[
            ("service_code", "bulky_waste"),
            ("description", said),
            ("address_string", "12 Rue du Pigeonnier"),
            ("attribute[volume]", "2.5"),
            ("attribute[blocked]", "true"),
            ("attribute[kinds][]", "furniture"),
            ("attribute[kinds][]", "bins"),
            ("device_id", "abc"),
            ("account_id", "42"),
        ],
    );
    for form in ["json", "xml"] {
        let made = told(post(&city, &format!("requests.{form}"), &fields).await.is(200), "service_requests");
        let id = made[0]["service_request_id"].as_str().unwrap().to_owned();
        let request = both(&city, &format!("requests/{id}?extensions=true"), "service_requests").await;
        assert_eq!(request[0]["description"], said);
        assert_eq!(request[0]["address"], "12 Rue du Pigeonnier");
        let shown: Vec<&Value> = request[0]["attributes"].as_array().unwrap().iter().map(|a| &a["value"]).collect();
        assert_eq!(shown, ["oui", "Meubles et literie, Bacs non rentrés", "2,5 m³"]);
        let ticket = city.dispatcher().await.get(&format!("/v1/tickets/{id}")).await.ok();
        assert_eq!((&ticket["origin"], &ticket["state"]), (&json!("open311"), &json!("submitted")));
        let answers = json!({ "volume": 2.5, "blocked": true, "kinds": ["furniture", "bins"] });
        assert_eq!(ticket["concern"]["answers"].as_object().or(ticket["answers"].as_object()), answers.as_object());
    }
    let address =
        requested(&city, &waste(&key, &[("lat", ""), ("long", ""), ("address_string", "Place Gambetta")])).await;
    let request = both(&city, &format!("requests/{address}"), "service_requests").await[0].clone();
    assert_eq!((&request["address"], &request["lat"]), (&json!("Place Gambetta"), &Value::Null));
    let silent = requested(&city, &waste(&key, &[("description", "")])).await;
    let request = both(&city, &format!("requests/{silent}"), "service_requests").await[0].clone();
    assert_eq!(request["description"], "Propreté et déchets", "said in no words");
    city.stop().await;
}

async fn rule_10_what_is_missing_or_wrong_is_named() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let too_long = "é".repeat(4001);
    let restricted = restricted(&city).await;
    for (more, status, says) in [
        (vec![("service_code", "")], 400, "service_code"),
        (vec![("service_code", "nothing")], 404, "service_code"),
        (vec![("service_code", restricted.as_str())], 404, "service_code"),
        (vec![("lat", ""), ("long", "")], 400, "address_string"),
        (vec![("lat", ""), ("long", ""), ("address_id", "80021_1")], 400, "address_id"),
        (vec![("long", "")], 400, "long"),
        (vec![("lat", "91")], 400, "lat"),
        (vec![("lat", "NaN")], 400, "lat"),
        (vec![("lat", "48.85"), ("long", "2.35")], 400, "en dehors"),
        (vec![("description", too_long.as_str())], 400, "4000"),
        (vec![("description", "a\u{7}b")], 400, "contrôle"),
        (vec![("email", "nobody")], 400, "email"),
        (vec![("phone", "12")], 400, "phone"),
        (vec![("attribute[nonsense]", "1")], 400, "nonsense"),
        (vec![("attribute[a", "1")], 400, "attribute[code]"),
        (vec![("service_code", "bulky_waste"), ("attribute[kinds]", "gold")], 400, "furniture"),
        (vec![("service_code", "bulky_waste"), ("attribute[volume]", "300")], 400, "200"),
    ] {
        refuses(&city, "requests", &waste(&key, &more), status, says).await;
    }
    let stranger = city.stranger();
    let request = stranger.request(Method::POST, "/open311/v2/requests.json").json(&json!({ "api_key": key }));
    assert_eq!(told(stranger.send(request).await.is(400), "errors")[0]["code"], "400");
    let request = stranger.request(Method::POST, "/open311/v2/requests.json");
    let request = request.header("Content-Type", "application/x-www-form-urlencoded").body("description=%FF");
    assert!(stranger.send(request).await.is(400).text.contains("UTF-8"));
    assert_eq!(requests(&city, "").await, Vec::<Value>::new(), "nothing was kept");
    city.stop().await;
}

async fn rule_10_who_sent_it_is_sealed_and_never_told() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let fields = waste(
        &key,
        &[
            ("description", "Appelez le 06 12 34 56 78, le véhicule AB-123-CD"),
            ("email", "habitante@mail.example"),
            ("first_name", "Zoé"),
            ("last_name", "Quévauvillers"),
            ("phone", "03 22 00 00 01"),
        ],
    );
    let made = post(&city, "requests.json", &fields).await.is(200).json();
    let id = made[0]["service_request_id"].as_str().unwrap();
    assert!(made[0]["service_notice"].as_str().unwrap().contains("masqués"), "{made}");
    let told = both(&city, &format!("requests/{id}?extensions=true"), "service_requests").await;
    assert_eq!(told[0]["description"], "Appelez le […], le véhicule […]");
    let text = format!("{made}{told}");
    for personal in ["habitante", "Zoé", "Quévauvillers", "3 22 00 00 01", "322000001"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
    city.drain().await;
    assert_eq!(city.letters_to("habitante@mail.example").len(), 1, "they are told how it goes");
    city.stop().await;
}

async fn rule_10_an_emergency_is_sent_to_its_numbers() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let catalogue = city.agent().await.get("/v1/categories").await.ok();
    let emergencies = catalogue["items"].as_array().unwrap().iter().filter(|c| c["sensitivity"] == "signpost_only");
    for emergency in emergencies {
        let code = emergency["code"].as_str().unwrap();
        refuses(&city, "requests", &waste(&key, &[("service_code", code)]), 400, "17 (").await;
    }
    let kept: i64 = sqlx::query_scalar("select count(*) from concern")
        .fetch_one(&mut city.database.connection().await)
        .await
        .unwrap();
    assert_eq!(kept, 0);
    city.stop().await;
}

async fn rule_11_the_answer_is_an_id_or_a_token() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    for form in ["json", "xml"] {
        let fields = waste(&key, &[]);
        let made = told(post(&city, &format!("requests.{form}"), &fields).await.is(200), "service_requests");
        let request = made[0].as_object().unwrap();
        assert_eq!((made.as_array().unwrap().len(), request.contains_key("token")), (1, false));
        assert!(request["service_request_id"].as_str().unwrap().starts_with("AMI-26-"));
        // Where requests are tried, nothing is kept, and the answer is a token.
        let path = format!("../test/v2/requests.{form}");
        let tried = told(post(&city, &path, &fields).await.is(200), "service_requests");
        let request = tried[0].as_object().unwrap();
        assert_eq!((&request["token"], request.contains_key("service_request_id")), (&json!("test"), false));
        assert_eq!(post(&city, &path, &waste(&key, &[("lat", "48.85")])).await.status, 400, "but looked at");
    }
    assert_eq!(requests(&city, "").await.len(), 2);
    city.stop().await;
}

async fn rule_12_a_token_leads_to_its_request() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let id = requested(&city, &waste(&key, &[])).await;
    let redeemed = both(&city, &format!("tokens/{id}"), "service_requests").await;
    assert_eq!(redeemed, json!([{ "service_request_id": id, "token": id }]));
    let pending = both(&city, "../test/v2/tokens/test", "service_requests").await;
    assert_eq!(pending, json!([{ "token": "test" }]), "no id yet");
    refused(&city, "tokens/test", 404).await;
    refused(&city, "tokens/AMI-26-999999", 404).await;
    city.stop().await;
}

async fn rule_10_an_address_is_looked_up() {
    let geocoder = Geocoder::start(Day::Good);
    let city = City::with(|config| config.geocoder = Some(geocoder.url.clone())).await;
    let key = key(&city, &[]).await;
    let at = [("lat", ""), ("long", ""), ("address_string", "8 bd du port")];
    let id = requested(&city, &waste(&key, &at)).await;
    assert_eq!(geocoder.asked(), ["/geocodage/search?q=8+bd+du+port&citycode=80021&limit=1"]);
    let request = &requests(&city, &format!("service_request_id={id}")).await[0];
    assert_eq!((&request["lat"], &request["long"]), (&json!(49.897_446), &json!(2.29009)));
    assert_eq!(request["address"], "8 bd du port", "as it was written");
    // Without a geocoder that answers, the address alone has to do.
    geocoder.has(Day::Broken);
    let at = [("lat", ""), ("long", ""), ("address_string", "9 bd du port")];
    let id = requested(&city, &waste(&key, &at)).await;
    let request = &requests(&city, &format!("service_request_id={id}")).await[0];
    assert_eq!((&request["lat"], &request["address"]), (&Value::Null, &json!("9 bd du port")));
    city.stop().await;
    geocoder.stop().await;
}

async fn rule_10_what_the_public_is_not_told_of_is_not_sent_either() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    refuses(&city, "requests", &waste(&key, &[("service_code", "holiday_watch")]), 404, "inconnu").await;
    // Nor is it told of when an officer heard it.
    let mut body = dumping();
    body["category"] = json!("holiday_watch");
    let filed = city.agent().await.post("/v1/concerns", &body).await.created();
    let id = filed["tickets"][0]["reference"].as_str().unwrap();
    is_not_told_of(&city, &key, id).await;
    // Nor once the city has no such category any more.
    let mut connection = city.database.connection().await;
    let retired =
        "update category set active = false where code = 'holiday_watch'; update city set revision = revision + 1";
    sqlx::raw_sql(retired).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    usecases::city::reload(&city.instance.context).await.unwrap();
    assert!(!city.agent().await.get("/v1/categories").await.ok().to_string().contains("holiday_watch"));
    is_not_told_of(&city, &key, id).await;
    city.stop().await;
}

async fn is_not_told_of(city: &City, key: &str, id: &str) {
    assert!(requests(city, "").await.is_empty());
    assert!(requests(city, &format!("service_request_id={id}")).await.is_empty());
    refused(city, &format!("requests/{id}"), 404).await;
    refused(city, &format!("tokens/{id}"), 404).await;
    let on_map = city.stranger().get("/ogc/collections/tickets/items").await.ok();
    assert_eq!(on_map["features"], json!([]));
    assert_eq!(city.stranger().get(&format!("/ogc/collections/tickets/items/{id}")).await.status, 404);
    assert_eq!(both(city, &format!("servicerequestupdates?api_key={key}"), "service_request_updates").await, json!([]));
    let update = [("api_key", key), ("update_id", "1"), ("service_request_id", id), ("description", "Merci")];
    refuses(city, "servicerequestupdates", &update, 404, "inconnue").await;
}

async fn rule_10_a_parameter_is_given_once() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let mut fields = waste(&key, &[]);
    fields.push(("service_code", "pothole"));
    refuses(&city, "requests", &fields, 400, "service_code").await;
    assert!(requests(&city, "").await.is_empty());
    city.stop().await;
}

async fn rule_10_a_null_character_is_refused() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    refuses(&city, "requests", &waste(&key, &[("description", "a\0b")]), 400, "nul").await;
    let update = [("api_key", key.as_str()), ("update_id", "\0"), ("service_request_id", "a"), ("description", "b")];
    refuses(&city, "servicerequestupdates", &update, 400, "nul").await;
    for path in ["requests/%00", "requests/a%00b", "tokens/%00"] {
        refused(&city, path, 404).await;
    }
    refused(&city, "requests?service_request_id=%00", 400).await;
    let feature = city.stranger().get("/ogc/collections/tickets/items/a%00b").await;
    assert_eq!(feature.status, 404, "{}", feature.text);
    city.stop().await;
}
