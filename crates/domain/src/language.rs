//! The languages people are answered in. French comes first: it is the language of the administration (law of
//! 4 August 1994); English serves residents who do not read French and integrators.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::text::VISIBLE;

/// A language of labels, pages and e-mails. Codes never change with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// French, the default.
    #[default]
    Fr,
    /// English.
    En,
}

impl Language {
    /// The RFC 5646 tag: `fr` or `en`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// The text in this language, of one in French and in English.
    #[must_use]
    pub const fn pick<'a>(self, (fr, en): (&'a str, &'a str)) -> &'a str {
        match self {
            Self::Fr => fr,
            Self::En => en,
        }
    }

    /// The first of the two languages that an `Accept-Language` value (RFC 9110, 12.5.4) prefers; French when it names
    /// neither.
    #[must_use]
    pub fn negotiate(accept_language: &str) -> Self {
        let mut best = (Self::Fr, 0.0_f32);
        for part in accept_language.split(',') {
            let mut pieces = part.split(';');
            let tag = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
            let quality =
                pieces.find_map(|p| p.trim().strip_prefix("q=")).map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
            let language = match tag.split('-').next() {
                Some("fr" | "*") => Self::Fr,
                Some("en") => Self::En,
                _ => continue,
            };
            if quality > best.1 {
                best = (language, quality);
            }
        }
        best.0
    }
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// In French.
    #[schemars(length(min = 1, max = 2000), regex(pattern = VISIBLE))]
    #[schema(pattern = r"^[^\x00]*[^\s\x00][^\x00]*$")]
    pub fr: String,
    /// In English.
    #[schemars(length(min = 1, max = 2000), regex(pattern = VISIBLE))]
    #[schema(pattern = r"^[^\x00]*[^\s\x00][^\x00]*$")]
    pub en: String,
}

impl Label {
    /// The text in one language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Fr => &self.fr,
            Language::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn the_preferred_of_the_two_languages_wins_and_french_is_the_default() {
        for (header, expected) in [
            ("", Language::Fr),
            ("de, nl", Language::Fr),
            ("en", Language::En),
            ("en-GB,en;q=0.9,fr;q=0.8", Language::En),
            ("fr;q=0.2, en;q=0.3", Language::En),
            ("en;q=0", Language::Fr),
            ("de, *;q=0.5, en;q=0.4", Language::Fr),
        ] {
            assert_eq!(Language::negotiate(header), expected, "{header}");
        }
    }
}
