//! What the fuzz targets reach of this crate (`crates/fuzz`); what they once found is read again by the test below.

use chrono::{DateTime, TimeDelta};
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use crate::node::Node;
use crate::parameters::Parameters;

/// Reads a form. What it says is within the bounds that are told, and can be answered as XML. Whether it is a form.
///
/// # Panics
/// When that does not hold.
pub fn form(encoded: &[u8]) -> bool {
    let Ok(parameters) = Parameters::parse(encoded) else { return false };
    parameters.repeated();
    if let Ok(Some(latitude)) = parameters.number("lat", -90.0, 90.0) {
        assert!((-90.0..=90.0).contains(&latitude));
    }
    if let Ok(Some(size)) = parameters.whole("page_size", 1, 1000) {
        assert!((1..=1000).contains(&size));
    }
    if let Ok(Some(window)) = parameters.window("start_date", "end_date", DateTime::UNIX_EPOCH) {
        assert!((TimeDelta::zero()..=TimeDelta::days(90)).contains(&(window.to - window.from)), "{window:?}");
    }
    for code in parameters.list("service_code") {
        assert!(!code.is_empty());
    }
    let values: Vec<&str> = parameters.iter().map(|(_, value)| value).collect();
    let xml = Node::List("text", values.iter().map(|value| Node::from(*value)).collect()).xml("texts");
    let xml = String::from_utf8(xml.expect("memory takes what is written")).expect("XML is written as UTF-8");
    let fits = |c: &char| !matches!(c, '\u{fffe}' | '\u{ffff}') && (*c >= ' ' || matches!(c, '\t' | '\n' | '\r'));
    let expected: Vec<String> = values.iter().map(|value| value.chars().filter(fits).collect()).collect();
    assert_eq!(texts(&xml), expected, "{xml}");
    true
}

/// The texts of the elements `text` of a document.
fn texts(xml: &str) -> Vec<String> {
    let (mut reader, mut texts) = (Reader::from_str(xml), Vec::<String>::new());
    loop {
        let read = match reader.read_event().expect("what was written is XML") {
            Event::Start(start) if start.name().as_ref() == b"text" => {
                texts.push(String::new());
                continue;
            }
            Event::Text(text) => text.decode().expect("it is UTF-8").into_owned(),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().expect("a character is meant") {
                Some(character) => character.to_string(),
                None => resolve_predefined_entity(&reference.decode().expect("it is UTF-8"))
                    .expect("XML knows it")
                    .to_owned(),
            },
            Event::Eof => return texts,
            _ => continue,
        };
        texts.last_mut().expect("all words stand in an element").push_str(&read);
    }
}

#[test]
fn forms_that_were_found() {
    let found = std::fs::read_dir("../fuzz/corpus/form").unwrap().map(|found| found.unwrap().path());
    let accepted = found.filter(|found| form(&std::fs::read(found).unwrap())).count();
    assert!(accepted >= 2, "the fuzzer begins with forms");
}
