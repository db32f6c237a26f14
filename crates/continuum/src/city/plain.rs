//! YAML as people write it: short lists on one line, long texts as blocks, no quotes where none are needed.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;
use serde_saphyr::{FlowSeq, LitStr, SerializerOptions, ser_options};

/// How many bytes a text or a list on one line has at most.
const WIDTH: usize = 100;

/// A list with an empty line between its entries.
pub(super) fn list<T: Serialize>(entries: &[T]) -> Result<String, String> {
    if entries.is_empty() {
        return Ok("[]\n".to_owned());
    }
    let mut text = String::new();
    for entry in entries {
        // After a text that ends with empty lines, one more would belong to it.
        if !text.is_empty() && !text.ends_with("\n\n") {
            text.push('\n');
        }
        text += &block(&[entry])?;
    }
    Ok(text)
}

/// Anything but a short list.
pub(super) fn block<T: Serialize>(value: &T) -> Result<String, String> {
    let json = serde_json::to_string(value).map_err(|error| error.to_string())?;
    let node: Node = serde_json::from_str(&json).map_err(|error| error.to_string())?;
    serde_saphyr::to_string_with_options(&node, style()).map_err(|error| error.to_string())
}

/// What YAML 1.1 takes for something else than a text (`yes`, `22:30`) stands between quotes, for the sake of other programs
/// that read the files.
fn style() -> SerializerOptions {
    ser_options! { compact_list_indent: false, folded_wrap_chars: WIDTH }
}

/// A value whose fields stay in their order.
enum Node {
    Nothing,
    YesNo(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Group(Vec<(String, Node)>),
}

impl Node {
    /// How long it is on one line; none when it does not belong on one.
    fn length(&self) -> Option<usize> {
        match self {
            Self::Nothing | Self::YesNo(_) => Some(5),
            Self::Number(number) => Some(number.to_string().len()),
            Self::Text(text) => is_simple(text).then_some(text.len()),
            Self::List(_) | Self::Group(_) => None,
        }
    }

    fn fits_on_a_line(nodes: &[Self]) -> bool {
        let length = nodes.iter().try_fold(0, |sum, node| Some(sum + node.length()? + 2));
        length.is_some_and(|length| length <= WIDTH)
    }
}

/// Whether it is a code, a word, a number or hours: readers differ on what else may stand in a list on one line.
fn is_simple(text: &str) -> bool {
    let inside = text.starts_with(char::is_alphanumeric) && text.ends_with(char::is_alphanumeric);
    inside && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ':'))
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_unit(),
            Self::YesNo(yes) => serializer.serialize_bool(*yes),
            Self::Number(number) => number.serialize(serializer),
            // It would stand between quotes on a single line; as a block it needs none.
            Self::Text(text) if text.len() > WIDTH && text.contains(": ") => LitStr(text).serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(nodes) if Self::fits_on_a_line(nodes) => FlowSeq(nodes).serialize(serializer),
            Self::List(nodes) => nodes.serialize(serializer),
            Self::Group(fields) => serializer.collect_map(fields.iter().map(|(name, node)| (name, node))),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Nodes)
    }
}

struct Nodes;

impl<'de> Visitor<'de> for Nodes {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Node, E> {
        Ok(Node::YesNo(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Number::from_f64(number).map_or(Node::Nothing, Node::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = items.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = entries.next_entry()? {
            fields.push(field);
        }
        Ok(Node::Group(fields))
    }
}
