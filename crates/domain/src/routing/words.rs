//! Words of a description, as rules look for them: each by its French stem, as it was written and without accents. So
//! does the search of tickets (`stems` of the migrations), so that both find the same.

use std::collections::HashMap;

use rust_stemmers::{Algorithm, Stemmer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A word that a rule looks for, or a few that follow one another: « seringue », « feu rouge ».
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("minLength" = 1, "maxLength" = 60))]
pub struct Keyword {
    #[schemars(with = "String")]
    text: String,
    #[schemars(skip)]
    stems: Vec<Stems>,
}

/// Why a text is not a keyword.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » is not a keyword: write one word, or up to five that follow one another, 60 characters at most")]
pub struct NotAKeyword(String);

impl Keyword {
    /// The words as the rule has them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether every text that has this one's words has the other's too: « feu rouge » has « feu ».
    pub(super) fn implies(&self, other: &Self) -> bool {
        self.stems.windows(other.stems.len()).any(|part| part == other.stems)
    }
}

impl TryFrom<String> for Keyword {
    type Error = NotAKeyword;

    fn try_from(text: String) -> Result<Self, NotAKeyword> {
        let stemmer = Stemmer::create(Algorithm::French);
        let stems: Vec<Stems> = words(&text).map(|word| Stems::of(&stemmer, word)).collect();
        if text.chars().count() > 60 || stems.is_empty() || stems.len() > 5 {
            return Err(NotAKeyword(text));
        }
        Ok(Self { text, stems })
    }
}

impl From<Keyword> for String {
    fn from(keyword: Keyword) -> Self {
        keyword.text
    }
}

// Two that find the same are the same.
impl PartialEq for Keyword {
    fn eq(&self, other: &Self) -> bool {
        self.stems == other.stems
    }
}

impl Eq for Keyword {}

impl PartialSchema for Keyword {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(60))
            .description(Some("A word, or up to five that follow one another."))
            .into()
    }
}

impl ToSchema for Keyword {}

/// The stems of one word: as it was written, its accents taken off afterwards; and without accents from the beginning,
/// if that differs. « abandonnée » has both « abandon » and « abandonne ».
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stems {
    written: String,
    plain: Option<String>,
}

impl Stems {
    fn of(stemmer: &Stemmer, word: &str) -> Self {
        if word.is_ascii() {
            return Self { written: stemmer.stem(&word.to_ascii_lowercase()).into_owned(), plain: None };
        }
        let lower: String = word.nfc().collect::<String>().to_lowercase();
        let written = without_accents(&stemmer.stem(&lower));
        let plain = stemmer.stem(&without_accents(&lower)).into_owned();
        let plain = (plain != written).then_some(plain);
        Self { written, plain }
    }

    fn each(&self) -> impl Iterator<Item = &str> {
        [Some(self.written.as_str()), self.plain.as_deref()].into_iter().flatten()
    }
}

/// The words of a text, by their stems.
#[derive(Debug, Default)]
pub(super) struct Text {
    positions: HashMap<String, Vec<usize>>,
}

impl Text {
    pub(super) fn of(text: &str) -> Self {
        let stemmer = Stemmer::create(Algorithm::French);
        let mut positions: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, word) in words(text).enumerate() {
            let Stems { written, plain } = Stems::of(&stemmer, word);
            for stem in std::iter::once(written).chain(plain) {
                positions.entry(stem).or_default().push(at);
            }
        }
        Self { positions }
    }

    pub(super) fn has(&self, keyword: &Keyword) -> bool {
        let [first, rest @ ..] = keyword.stems.as_slice() else { return false };
        let follows = |at: usize| rest.iter().enumerate().all(|(n, stems)| self.stands(stems, at + 1 + n));
        first.each().filter_map(|stem| self.positions.get(stem)).flatten().any(|at| follows(*at))
    }

    fn stands(&self, stems: &Stems, at: usize) -> bool {
        stems.each().any(|stem| self.positions.get(stem).is_some_and(|positions| positions.contains(&at)))
    }
}

/// Hyphens and apostrophes separate words: « nids-de-poule » is three, « l’eau » is two.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)).filter(|word| !word.is_empty())
}

fn without_accents(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'œ' => plain.push_str("oe"),
            'æ' => plain.push_str("ae"),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(keyword: &str, text: &str) -> bool {
        Text::of(text).has(&Keyword::try_from(keyword.to_owned()).unwrap())
    }

    #[test]
    fn endings_accents_and_hyphens_make_no_difference() {
        for (keyword, text) in [
            ("seringue", "Deux SERINGUES près du banc"),
            ("dépôt", "un depot de gravats"),
            ("depot", "des dépôts sauvages"),
            ("abandonné", "une voiture abandonnée"),
            ("abandonne", "une voiture abandonnée"),
            ("nid de poule", "trois nids-de-poule dans la rue"),
            ("égout", "l’égout déborde"),
            ("œil", "il a l'oeil poché"),
            ("feu rouge", "le feu rouge ne marche plus"),
            ("brûlé", "un scooter bru\u{302}le\u{301}"),
        ] {
            assert!(finds(keyword, text), "{keyword} in {text}");
        }
        for (keyword, text) in [
            ("feu rouge", "un rouge feu"),
            ("feu rouge", "le feu est rouge"),
            ("rat", "un ratage complet"),
            ("eau", "un beau matin"),
            ("feu rouge", "feu"),
        ] {
            assert!(!finds(keyword, text), "{keyword} in {text}");
        }
    }

    #[test]
    fn a_keyword_has_one_to_five_words() {
        for bad in ["", " - ", "a b c d e f", &"x".repeat(61)] {
            assert!(Keyword::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        let keyword = |text: &str| Keyword::try_from(text.to_owned()).unwrap();
        assert!(keyword("feu rouge").implies(&keyword("rouges")));
        assert!(!keyword("feu").implies(&keyword("feu rouge")));
        assert_eq!(keyword("Seringues"), keyword("seringue"));
    }
}
