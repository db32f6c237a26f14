//! Texts that people type: trimmed, never empty to the eye, bounded, without control characters (line breaks stay).
//!
//! Those that are written about cases without anybody to confirm them hold nothing that points to a person: it is masked
//! as they are parsed ([`crate::content`]), also as they are read from where they were kept.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::content::{self, Finding};

/// What texts of city files and of rules look like: something can be seen, and NUL, which PostgreSQL cannot keep, is not
/// among it. A pattern for schemas, so that what was kept before stays readable.
pub const VISIBLE: &str = r"^[^\x00]*[^\s\x00][^\x00]*$";

/// Why a text is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space and what cannot be seen.
    #[error("the text is empty")]
    Empty,
    /// Longer than allowed, in characters.
    #[error("the text is longer than {0} characters")]
    TooLong(usize),
    /// A control character other than a line break or a tab.
    #[error("the text contains a control character")]
    ControlCharacter,
}

/// What a kind of text may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// What somebody or something is called, on one line.
    Name,
    /// One line.
    Line,
    /// Several lines.
    Lines,
}

/// The marks that change the direction of writing (Unicode's `Bidi_Control`). A name that holds one is shown as another
/// than it is, and with it whatever stands after it in the line.
const fn turns_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character leaves no mark by itself: white space, what controls, and what Unicode shows as nothing
/// (`Default_Ignorable_Code_Point`), with the one Braille pattern that has no dots.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    let ignorable = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    );
    ignorable || c.is_whitespace() || c.is_control()
}

fn parse(text: String, max: usize, form: Form, masked: &[Finding]) -> Result<String, TextError> {
    // Left out rather than refused: they come along unseen when a name is pasted from a list of contacts.
    let text =
        if form == Form::Name && text.contains(turns_direction) { text.replace(turns_direction, "") } else { text };
    let trimmed = text.trim();
    let allowed = |c: char| !c.is_control() || (form == Form::Lines && matches!(c, '\n' | '\r' | '\t'));
    if !trimmed.chars().all(allowed) {
        return Err(TextError::ControlCharacter);
    }
    if trimmed.chars().all(is_invisible) {
        return Err(TextError::Empty);
    }
    if trimmed.chars().count() > max {
        return Err(TextError::TooLong(max));
    }
    let text = if trimmed.len() < text.len() { trimmed.to_owned() } else { text };
    Ok(if masked.is_empty() { text } else { content::masked(text, masked) })
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($max:literal, $form:expr, $masked:expr);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The greatest length, in characters.
            pub const MAX: usize = $max;

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                parse(text, $max, $form, $masked).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

/// Kept as it is typed, or as the use case masks what nobody confirmed.
const AS_TYPED: &[Finding] = &[];

texts! {
    /// What the resident said, as the officer wrote it down.
    Description(4000, Form::Lines, AS_TYPED);
    /// What the officer answered on the spot.
    Answer(4000, Form::Lines, AS_TYPED);
    /// A message between the service and the referrer.
    Message(2000, Form::Lines, content::ALL);
    /// A message to the resident. It may name a service's telephone and address.
    MessageToResident(2000, Form::Lines, content::TO_RESIDENT);
    /// A note for the service and the dispatcher.
    Note(2000, Form::Lines, content::ALL);
    /// Which body was told of what is not the city's to do; the resident reads it.
    BodyTold(120, Form::Name, content::TO_RESIDENT);
    /// Why rules are as they are, what they say of a ticket that they send, why a café is called off.
    Reason(2000, Form::Lines, AS_TYPED);
    /// What is to be said of a café besides figures.
    Remarks(4000, Form::Lines, AS_TYPED);
    /// What a resident adds to their answer whether it is solved.
    Remark(1000, Form::Lines, content::ALL);
    /// A postal address.
    Address(200, Form::Name, content::ALL);
    /// A short title: what a café, a program or a filter is called.
    Title(120, Form::Name, AS_TYPED);
    /// What was answered in words to a question about the concern.
    ReplyText(500, Form::Lines, AS_TYPED);
    /// Words that tickets are searched by.
    SearchWords(200, Form::Line, AS_TYPED);
    /// A person's name.
    PersonName(120, Form::Name, AS_TYPED);
}

impl From<MessageToResident> for Message {
    fn from(MessageToResident(text): MessageToResident) -> Self {
        Self(content::check(&text, content::ALL).masked)
    }
}

impl From<Note> for Reason {
    fn from(Note(text): Note) -> Self {
        Self(text)
    }
}

impl From<Message> for MessageToResident {
    fn from(Message(text): Message) -> Self {
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Result<String, TextError> {
        PersonName::try_from(text.to_owned()).map(String::from)
    }

    #[test]
    fn what_cannot_be_seen_is_empty() {
        for text in
            ["", " \u{a0}\n", "\u{200b}", "\u{feff} \u{2060}", "\u{202e}\u{202c}", "\u{3164}", "\u{2800}", "\u{e0041}"]
        {
            assert_eq!(name(text), Err(TextError::Empty), "{text:?}");
            assert_eq!(Note::try_from(text.to_owned()), Err(TextError::Empty), "{text:?}");
        }
    }

    #[test]
    fn a_name_does_not_change_the_direction_of_writing() {
        assert_eq!(name("Camille \u{202e}uaeroM\u{202c}"), Ok("Camille uaeroM".to_owned()));
        assert_eq!(name("\u{2068}אבי\u{2069} \u{200f}"), Ok("אבי".to_owned()));
        // What joins letters, and what tells two forms of one sign apart, is part of the name.
        for kept in ["می\u{200c}خواهم", "Café ☕\u{fe0f}"] {
            assert_eq!(name(kept), Ok(kept.to_owned()));
        }
        let said = "elle a dit « \u{2067}שלום\u{2069} »";
        assert_eq!(Description::try_from(said.to_owned()).map(String::from), Ok(said.to_owned()));
    }

    #[test]
    fn lines_break_where_they_may() {
        for text in ["a\u{0}b", "a\u{7f}b", "a\u{85}b"] {
            assert_eq!(name(text), Err(TextError::ControlCharacter), "{text:?}");
            assert_eq!(Note::try_from(text.to_owned()), Err(TextError::ControlCharacter), "{text:?}");
        }
        assert_eq!(name("a\nb"), Err(TextError::ControlCharacter));
        assert!(Note::try_from("a\r\n\tb".to_owned()).is_ok());
    }
}
