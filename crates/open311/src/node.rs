//! What is answered, once: written as XML, or as JSON by the Spark convention (the root has no name, a list is a bare
//! array, an empty element is null).

use std::io;

use quick_xml::Writer;
use quick_xml::escape::escape;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use serde::{Serialize, Serializer};

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// An empty element, null in JSON.
    Empty,
    /// Words: ids and codes too.
    Text(String),
    /// A number.
    Number(f64),
    /// A whole number.
    Whole(u32),
    /// Yes or no.
    Truth(bool),
    /// Elements that each have a name.
    Object(Vec<(&'static str, Node)>),
    /// Elements that share a name, which JSON leaves out.
    List(&'static str, Vec<Node>),
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Node {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl<T: Into<Node>> From<Option<T>> for Node {
    fn from(content: Option<T>) -> Self {
        content.map_or(Self::Empty, Into::into)
    }
}

/// As JSON.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Empty => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Whole(number) => serializer.serialize_u32(*number),
            Self::Truth(truth) => serializer.serialize_bool(*truth),
            Self::Object(parts) => serializer.collect_map(parts.iter().map(|(name, part)| (name, part))),
            Self::List(_, items) => serializer.collect_seq(items),
        }
    }
}

impl Node {
    /// As an XML document with that root.
    pub(crate) fn xml(&self, root: &'static str) -> io::Result<Vec<u8>> {
        document(|writer| self.element(writer, root))
    }

    fn element(&self, writer: &mut Writer<Vec<u8>>, name: &'static str) -> io::Result<()> {
        let text = match self {
            Self::Empty => return writer.write_event(Event::Empty(BytesStart::new(name))),
            Self::Text(text) => written(text),
            Self::Number(number) => number.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
            Self::Object(parts) => {
                return within(writer, name, |writer| {
                    parts.iter().try_for_each(|(name, part)| part.element(writer, name))
                });
            }
            Self::List(item, items) => {
                return within(writer, name, |writer| items.iter().try_for_each(|part| part.element(writer, item)));
            }
        };
        within(writer, name, |writer| writer.write_event(Event::Text(BytesText::from_escaped(text))))
    }
}

/// A list as JSON, each element of which goes when it is written.
pub(crate) fn json(elements: impl Iterator<Item = Node>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    serde_json::Serializer::new(&mut text).collect_seq(elements)?;
    Ok(text)
}

/// The same as an XML document with that root, of elements that share a name.
pub(crate) fn xml(
    root: &'static str,
    name: &'static str,
    mut elements: impl Iterator<Item = Node>,
) -> io::Result<Vec<u8>> {
    document(|writer| within(writer, root, |writer| elements.try_for_each(|node| node.element(writer, name))))
}

fn document(content: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new());
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    content(&mut writer)?;
    Ok(writer.into_inner())
}

/// An element of that name, with that in it.
fn within(
    writer: &mut Writer<Vec<u8>>,
    name: &'static str,
    content: impl FnOnce(&mut Writer<Vec<u8>>) -> io::Result<()>,
) -> io::Result<()> {
    writer.write_event(Event::Start(BytesStart::new(name)))?;
    content(writer)?;
    writer.write_event(Event::End(BytesEnd::new(name)))
}

/// Words as XML holds them: without what it cannot hold (XML 1.0, 2.2), and with the carriage returns that a reader would
/// make line feeds of (2.11).
fn written(text: &str) -> String {
    let fits = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    let text: String = text.chars().filter(fits).collect();
    escape(&text).replace('\r', "&#13;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_the_same_written_at_once_or_element_by_element() {
        for elements in [vec![], vec![Node::Whole(1)], vec!["a < b".into(), Node::Object(vec![("lat", Node::Empty)])]] {
            let whole = Node::List("request", elements.clone());
            assert_eq!(json(elements.clone().into_iter()).unwrap(), serde_json::to_vec(&whole).unwrap());
            assert_eq!(xml("all", "request", elements.into_iter()).unwrap(), whole.xml("all").unwrap());
        }
    }

    #[test]
    fn one_answer_in_two_forms() {
        let answer = Node::List(
            "request",
            vec![Node::Object(vec![
                ("service_request_id", "AMI-26-000001".into()),
                ("description", "a < b & <x>\r\n\u{1}« c »".into()),
                ("lat", Node::Number(49.9)),
                ("address_id", Node::Empty),
                ("keywords", Node::List("keyword", vec![])),
            ])],
        );
        assert_eq!(
            serde_json::to_value(&answer).unwrap(),
            serde_json::json!([{
                "service_request_id": "AMI-26-000001",
                "description": "a < b & <x>\r\n\u{1}« c »",
                "lat": 49.9,
                "address_id": null,
                "keywords": []
            }])
        );
        assert_eq!(
            String::from_utf8(answer.xml("service_requests").unwrap()).unwrap(),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><service_requests><request><service_request_id>AMI-26-000001\
             </service_request_id><description>a &lt; b &amp; &lt;x&gt;&#13;\n« c »</description><lat>49.9</lat>\
             <address_id/><keywords></keywords></request></service_requests>"
        );
    }
}
