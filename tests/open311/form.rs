//! Both forms: rules 1 to 7.

use quick_xml::Reader;
use quick_xml::events::Event;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{key, post, refuses, requested, requests, waste};
use crate::support::caller::Reply;
use crate::support::city::City;

crate::tests![
    rule_1_the_suffix_chooses_xml_or_json,
    rule_2_json_drops_the_root_and_keeps_types,
    rule_3_dates_have_whole_seconds_and_a_zone,
    rule_4_empty_parameters_are_absent_and_one_jurisdiction_need_not_be_named,
    rule_5_a_key_is_needed_to_send,
    rule_6_errors_are_told_in_their_form,
    rule_7_discovery_names_its_endpoints,
];

/// An element of XML.
#[derive(Debug, Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

fn parse(xml: &str) -> Element {
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?><"), "{xml}");
    let mut reader = Reader::from_str(xml);
    let mut open = vec![Element::default()];
    let element = |start: &quick_xml::events::BytesStart| {
        assert_eq!(start.attributes().count(), 0, "no attributes, no namespaces: {xml}");
        Element { name: String::from_utf8(start.name().as_ref().to_vec()).unwrap(), ..Element::default() }
    };
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => open.push(element(&start)),
            Event::Empty(start) => open.last_mut().unwrap().children.push(element(&start)),
            Event::End(_) => {
                let ended = open.pop().unwrap();
                open.last_mut().unwrap().children.push(ended);
            }
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text.decode().unwrap()),
            Event::GeneralRef(name) => {
                let c = name.resolve_char_ref().unwrap().unwrap_or_else(|| match &*name.decode().unwrap() {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "quot" => '"',
                    "apos" => '\'',
                    other => panic!("&{other};"),
                });
                open.last_mut().unwrap().text.push(c);
            }
            Event::Decl(_) => {}
            Event::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    open.pop().unwrap().children.remove(0)
}

/// Asserts that XML says what JSON says, by the Spark convention.
fn says_the_same(xml: &Element, json: &Value) {
    match json {
        Value::Null => assert!(xml.children.is_empty() && xml.text.is_empty(), "{xml:?}"),
        Value::Object(parts) => {
            let (mut names, mut keys): (Vec<_>, Vec<_>) =
                (xml.children.iter().map(|child| child.name.clone()).collect(), parts.keys().cloned().collect());
            names.sort();
            keys.sort();
            assert_eq!(names, keys);
            xml.children.iter().for_each(|child| says_the_same(child, &parts[&child.name]));
        }
        Value::Array(items) => {
            assert_eq!(xml.children.len(), items.len(), "{xml:?} {json}");
            assert!(xml.children.windows(2).all(|pair| pair[0].name == pair[1].name), "{xml:?}");
            xml.children.iter().zip(items).for_each(|(child, item)| says_the_same(child, item));
        }
        Value::String(text) => assert_eq!(xml.text, *text),
        Value::Number(_) => assert_eq!(serde_json::from_str::<Value>(&xml.text).unwrap(), *json),
        Value::Bool(truth) => assert_eq!(xml.text, truth.to_string()),
    }
}

/// What is in XML, by the Spark convention: everything as text, what is repeated or plural as a list.
fn value(element: &Element) -> Value {
    let children = &element.children;
    if children.is_empty() {
        return if element.text.is_empty() { Value::Null } else { json!(element.text) };
    }
    if element.name.starts_with(&children[0].name) || element.name == "service_requests" {
        return children.iter().map(value).collect();
    }
    Value::Object(children.iter().map(|child| (child.name.clone(), value(child))).collect::<Map<_, _>>())
}

/// What was answered, in either form.
pub fn told(reply: &Reply, root: &str) -> Value {
    match reply.header("content-type").unwrap() {
        "application/json; charset=utf-8" => reply.json(),
        "text/xml; charset=utf-8" => {
            let document = parse(&reply.text);
            assert_eq!(document.name, root);
            if document.children.is_empty() { json!([]) } else { value(&document) }
        }
        other => panic!("{other}: {}", reply.text),
    }
}

/// What is answered with 200 at `name?query`, the same in both forms.
pub async fn both(city: &City, path: &str, root: &str) -> Value {
    let (name, query) = path.split_once('?').unwrap_or((path, ""));
    let at = |form: &str| format!("/open311/v2/{name}.{form}?{query}");
    let (json, xml) = (city.stranger().get(&at("json")).await, city.stranger().get(&at("xml")).await);
    assert_eq!(json.is(200).header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(xml.is(200).header("content-type"), Some("text/xml; charset=utf-8"));
    let document = parse(&xml.text);
    assert_eq!(document.name, root);
    says_the_same(&document, &json.json());
    json.json()
}

/// Asserts that a path is refused in both forms with that status.
pub async fn refused(city: &City, path: &str, status: u16) {
    let (name, query) = path.split_once('?').unwrap_or((path, ""));
    for form in ["json", "xml"] {
        let reply = city.stranger().get(&format!("/open311/v2/{name}.{form}?{query}")).await;
        let errors = told(&reply, "errors");
        assert_eq!((reply.status, &errors[0]["code"]), (status, &json!(status.to_string())), "{path}: {}", reply.text);
        assert!(!errors[0]["description"].as_str().unwrap().is_empty());
    }
}

async fn rule_1_the_suffix_chooses_xml_or_json() {
    let city = City::new().await;
    for (path, root) in [
        ("discovery", "discovery"),
        ("services", "services"),
        ("services/bulky_waste", "service_definition"),
        ("requests", "service_requests"),
    ] {
        both(&city, path, root).await;
    }
    let stranger = city.stranger();
    for path in ["/open311/v2/requests", "/open311/v2/requests.csv", "/open311/v2/", "/open311/v3/requests.xml"] {
        assert_eq!(stranger.get(path).await.status, 404, "{path}");
    }
    let reply = stranger.send(stranger.request(Method::DELETE, "/open311/v2/requests.json")).await;
    assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, POST")));
    assert_eq!(told(&reply, "errors")[0]["code"], "405");
    city.stop().await;
}

async fn rule_2_json_drops_the_root_and_keeps_types() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    requested(&city, &waste(&key, &[])).await;
    let request = requests(&city, "").await[0].clone();
    assert!(request["service_request_id"].is_string() && request["service_code"].is_string());
    assert!(request["lat"].is_f64() && request["long"].is_f64());
    assert_eq!((&request["address_id"], &request["media_url"]), (&Value::Null, &Value::Null));
    let services = both(&city, "services", "services").await;
    assert!(services[0]["metadata"].is_boolean());
    let definition = both(&city, "services/bulky_waste", "service_definition").await;
    assert!(definition.is_object() && definition["attributes"].is_array());
    city.stop().await;
}

async fn rule_3_dates_have_whole_seconds_and_a_zone() {
    let city = City::new().await;
    city.clock.set("2026-03-10T09:00:00.750Z");
    let key = key(&city, &[]).await;
    requested(&city, &waste(&key, &[])).await;
    let request = requests(&city, "").await[0].clone();
    assert_eq!(request["requested_datetime"], "2026-03-10T09:00:00Z");
    assert_eq!(request["updated_datetime"], "2026-03-10T09:00:00Z");
    assert_eq!(request.get("expected_datetime"), None, "nobody knows when: it is left out");
    city.stop().await;
}

async fn rule_4_empty_parameters_are_absent_and_one_jurisdiction_need_not_be_named() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    for jurisdiction in ["", "80021"] {
        let fields = waste(&key, &[("jurisdiction_id", jurisdiction), ("email", "  ")]);
        requested(&city, &fields).await;
        let query = format!("jurisdiction_id={jurisdiction}&status=&start_date=&service_request_id=&q=%20");
        assert!(!requests(&city, &query).await.is_empty());
    }
    for path in ["services", "services/graffiti", "requests", "requests/AMI-26-000001"] {
        refused(&city, &format!("{path}?jurisdiction_id=paris.fr"), 404).await;
    }
    refuses(&city, "requests", &waste(&key, &[("jurisdiction_id", "paris.fr")]), 404, "80021").await;
    city.stop().await;
}

async fn rule_5_a_key_is_needed_to_send() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let other = crate::client::register(&city, &["tickets:read"], &[]).await;
    let other = crate::client::add_secret(&city.admin().await, &other.id, "api_key").await;
    let wrong = [("", "manque"), ("nonsense", "valable"), (other["secret"].as_str().unwrap(), "valable")];
    for resource in ["requests", "servicerequestupdates"] {
        for (key, says) in wrong {
            refuses(&city, resource, &waste(key, &[]), 403, says).await;
        }
    }
    assert_eq!(requests(&city, "").await, Vec::<Value>::new(), "nothing was kept");
    refused(&city, "servicerequestupdates", 403).await;
    refused(&city, "servicerequestupdates?api_key=nonsense", 403).await;
    both(&city, &format!("servicerequestupdates?api_key={key}"), "service_request_updates").await;
    refused(&city, "nothing/at/all", 404).await;
    city.stop().await;
}

async fn rule_6_errors_are_told_in_their_form() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let fields = waste(&key, &[("service_code", "bulky_waste"), ("attribute[volume]", "much"), ("attribute[zz]", "1")]);
    let json = post(&city, "requests.json", &fields).await;
    let errors = json.is(400).json();
    assert_eq!(errors.as_array().unwrap().len(), 2, "several at once: {errors}");
    assert_eq!(errors[0], json!({ "code": "400", "description": "Attribut « volume » : il attend un nombre." }));
    let xml = post(&city, "requests.xml", &fields).await;
    let document = parse(&xml.is(400).text);
    assert_eq!((document.name.as_str(), document.children[0].name.as_str()), ("errors", "error"));
    says_the_same(&document, &errors);
    let wrong = [("email", "nobody"), ("phone", "12"), ("lat", "91"), ("long", "east"), ("media_url", "here")];
    let errors = post(&city, "requests.json", &waste(&key, &wrong)).await.is(400).json();
    let said: Vec<&str> =
        errors.as_array().unwrap().iter().map(|error| error["description"].as_str().unwrap()).collect();
    assert_eq!(said.len(), 5, "{said:?}");
    for (name, _) in wrong {
        assert!(said.iter().any(|text| text.contains(&format!("« {name} »"))), "{name}: {said:?}");
    }
    let english = city.stranger();
    let request = english.request(Method::GET, "/open311/v2/requests/AMI-26-999999.json");
    let reply = english.send(request.header("Accept-Language", "en")).await;
    assert_eq!(reply.is(404).json(), json!([{ "code": "404", "description": "This request is unknown." }]));
    // What stands before the handlers speaks the same way.
    let reply = post(&city, "requests.json", &[("description", &"x".repeat(3_000_000))]).await;
    assert_eq!(told(reply.is(413), "errors")[0]["code"], "413");
    let request = english.request(Method::GET, "/open311/v2/services.xml").header("X-Long", "x".repeat(20_000));
    assert_eq!(told(english.send(request).await.is(431), "errors")[0]["code"], "431");
    city.stop().await;
}

async fn rule_7_discovery_names_its_endpoints() {
    let city = City::new().await;
    let discovery = both(&city, "discovery", "discovery").await;
    let endpoints = discovery["endpoints"].as_array().unwrap();
    let types: Vec<&Value> = endpoints.iter().map(|endpoint| &endpoint["type"]).collect();
    assert_eq!(types, ["production", "test"]);
    for endpoint in endpoints {
        assert_eq!(endpoint["specification"], "http://wiki.open311.org/GeoReport_v2");
        assert_eq!(endpoint["formats"], json!(["text/xml", "application/json"]));
        let path = endpoint["url"].as_str().unwrap().strip_prefix("https://continuum.ville-amiens.example").unwrap();
        assert_eq!(city.stranger().get(&format!("{path}/services.json")).await.status, 200);
    }
    for changeset in [&discovery["changeset"], &endpoints[0]["changeset"]] {
        let at: chrono::DateTime<chrono::Utc> = changeset.as_str().unwrap().parse().unwrap();
        assert!(at < crate::support::city::START.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    }
    assert!(discovery["contact"].as_str().unwrap().contains("03 22 97 40 40"));
    assert!(discovery["key_service"].as_str().unwrap().contains("clé"));
    city.stop().await;
}
