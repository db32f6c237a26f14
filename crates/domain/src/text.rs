//! Texts that people type: trimmed, never empty, bounded, without control characters (line breaks stay).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("the text is empty")]
    Empty,
    /// Longer than allowed, in characters.
    #[error("the text is longer than {0} characters")]
    TooLong(usize),
    /// A control character other than a line break or a tab.
    #[error("the text contains a control character")]
    ControlCharacter,
}

fn parse(text: &str, max: usize, multiline: bool) -> Result<String, TextError> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(TextError::Empty);
    }
    if trimmed.chars().count() > max {
        return Err(TextError::TooLong(max));
    }
    let allowed = |c: char| !c.is_control() || (multiline && matches!(c, '\n' | '\r' | '\t'));
    if trimmed.chars().all(allowed) { Ok(trimmed.to_owned()) } else { Err(TextError::ControlCharacter) }
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident($max:literal, multiline: $multiline:literal);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
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
                parse(&text, $max, $multiline).map(Self)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

texts! {
    /// What the resident said, as the officer wrote it down.
    Description(4000, multiline: true);
    /// What the officer answered on the spot.
    Answer(4000, multiline: true);
    /// A message to the resident, or between the service and the referrer.
    Message(2000, multiline: true);
    /// A note for the service and the dispatcher.
    Note(2000, multiline: true);
    /// A postal address on one line.
    Address(200, multiline: false);
    /// A short title on one line.
    Title(120, multiline: false);
    /// What was answered in words to a question about the concern.
    ReplyText(500, multiline: true);
    /// Words that tickets are searched by.
    SearchWords(200, multiline: false);
    /// A person's name.
    PersonName(120, multiline: false);
}
