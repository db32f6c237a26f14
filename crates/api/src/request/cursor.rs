//! Cursors: the position of a page's last item, opaque to the client.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::id::{CafeId, ClientId, HotspotId, SavedFilterId, TicketId, UserId};
use domain::ticket::Priority;
use usecases::ticket::Key;
use uuid::Uuid;

use super::date;

/// A position in a list.
pub(crate) trait Cursor: Sized {
    /// As text, before it is made opaque.
    fn text(&self) -> String;
    /// From that text.
    fn parse(text: &str) -> Option<Self>;
}

/// The cursor as the client keeps it.
pub(crate) fn encode(cursor: &impl Cursor) -> String {
    URL_SAFE_NO_PAD.encode(cursor.text())
}

/// The position that a client's cursor stands for.
pub(crate) fn decode<C: Cursor>(opaque: &str) -> Option<C> {
    C::parse(&String::from_utf8(URL_SAFE_NO_PAD.decode(opaque).ok()?).ok()?)
}

/// An instant, in microseconds since 1970.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(text.parse().ok()?).filter(|at| date::is_known(*at))
}

fn position(at: DateTime<Utc>, id: Uuid) -> String {
    format!("{}.{id}", at.timestamp_micros())
}

fn parse_position(text: &str) -> Option<(DateTime<Utc>, Uuid)> {
    let (micros, id) = text.split_once('.')?;
    Some((instant(micros)?, id.parse().ok()?))
}

/// An id and a name.
fn named(text: &str) -> Option<(Uuid, String)> {
    let (id, name) = text.split_once('.')?;
    // PostgreSQL has no text with a zero byte.
    let name = Some(name).filter(|name| !name.contains('\0'))?;
    Some((id.parse().ok()?, name.to_owned()))
}

/// The order, `~` after it when the words only resemble, what the order says of the ticket, its id.
impl Cursor for usecases::ticket::After {
    fn text(&self) -> String {
        let micros = |at: DateTime<Utc>| at.timestamp_micros().to_string();
        let (order, first, second) = match self.key {
            Key::LastFiled(at) => ("last", micros(at), String::new()),
            Key::FirstFiled(at) => ("first", micros(at), String::new()),
            Key::AckDue(at) => ("ack", micros(at), String::new()),
            Key::ResolveDue(at) => ("resolve", micros(at), String::new()),
            Key::Priority(priority, at) => ("priority", priority.code().to_owned(), micros(at)),
            Key::Relevance(rank, at) => ("relevance", rank.to_bits().to_string(), micros(at)),
        };
        format!("{order}{}.{first}.{second}.{}", if self.fuzzy { "~" } else { "" }, self.id)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (order, first, second, id) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let fuzzy = order.ends_with('~');
        let key = match order.trim_end_matches('~') {
            "last" => Key::LastFiled(instant(first)?),
            "first" => Key::FirstFiled(instant(first)?),
            "ack" => Key::AckDue(instant(first)?),
            "resolve" => Key::ResolveDue(instant(first)?),
            "priority" => Key::Priority(Priority::from_code(first)?, instant(second)?),
            "relevance" => {
                let rank = f32::from_bits(first.parse().ok()?);
                Key::Relevance(Some(rank).filter(|rank| rank.is_finite())?, instant(second)?)
            }
            _ => return None,
        };
        Some(Self { key, id: TicketId(id.parse().ok()?), fuzzy })
    }
}

impl Cursor for usecases::cafe::After {
    fn text(&self) -> String {
        position(self.starts_at, self.id.0)
    }

    fn parse(text: &str) -> Option<Self> {
        let (starts_at, id) = parse_position(text)?;
        Some(Self { starts_at, id: CafeId(id) })
    }
}

impl Cursor for usecases::hotspot::After {
    fn text(&self) -> String {
        position(self.last_at, self.id.0)
    }

    fn parse(text: &str) -> Option<Self> {
        let (last_at, id) = parse_position(text)?;
        Some(Self { last_at, id: HotspotId(id) })
    }
}

impl Cursor for usecases::user::After {
    fn text(&self) -> String {
        format!("{}.{}", self.id, self.name)
    }

    fn parse(text: &str) -> Option<Self> {
        let (id, name) = named(text)?;
        Some(Self { name, id: UserId(id) })
    }
}

impl Cursor for usecases::client::After {
    fn text(&self) -> String {
        format!("{}.{}", self.id, self.name)
    }

    fn parse(text: &str) -> Option<Self> {
        let (id, name) = named(text)?;
        Some(Self { name, id: ClientId(id) })
    }
}

impl Cursor for i32 {
    fn text(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// A position among what is in the order of its ids.
impl Cursor for Uuid {
    fn text(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Cursor for usecases::saved_filter::After {
    fn text(&self) -> String {
        format!("{}.{}", self.id, self.name)
    }

    fn parse(text: &str) -> Option<Self> {
        let (id, name) = named(text)?;
        Some(Self { name, id: SavedFilterId(id) })
    }
}

/// A position in a timeline: a version.
impl Cursor for i64 {
    fn text(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|version| *version >= 0)
    }
}
