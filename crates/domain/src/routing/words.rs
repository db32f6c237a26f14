//! Words of a description, as rules look for them: each by its French stem, as it was written, and without accents and
//! plural. So does the search of tickets (`stems` of the migrations), which also keeps the stem of a plural in « -as », « -os »
//! and « -us » as it was written: it finds « clos » by « close », rules do not.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::stop_words::STOP_WORDS;

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

    /// Whether the text has it.
    #[must_use]
    pub fn stands_in(&self, text: &str) -> bool {
        Text::of(text).has(self)
    }

    /// Whether nearly every text has it: all of its words are [`STOP_WORDS`], accents or not.
    pub(super) fn is_common(&self) -> bool {
        static COMMON: LazyLock<HashSet<String>> =
            LazyLock::new(|| STOP_WORDS.split_whitespace().map(folded).collect());
        words(&self.text).all(|word| COMMON.contains(&folded(word)))
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

impl Ord for Keyword {
    fn cmp(&self, other: &Self) -> Ordering {
        self.stems.cmp(&other.stems)
    }
}

impl PartialOrd for Keyword {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

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

/// The stems of one word: as it was written, its accents taken off afterwards; and without accents from the beginning, if
/// that differs. « abandonnée » has both « abandon » and « abandonne ». A plural that the stemmer would leave is taken off
/// before; of one in « -is », which may be none (« gris », « grise »), the stem with it counts as well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Stems {
    written: String,
    plain: Option<String>,
    start: Start,
}

impl Stems {
    fn of(stemmer: &Stemmer, word: &str) -> Self {
        let mut lower =
            if word.is_ascii() { word.to_ascii_lowercase() } else { word.nfc().collect::<String>().to_lowercase() };
        let mut plain = without_accents(&lower);
        if let Some(noun) = singular(&plain).map(str::to_owned) {
            if !plain.ends_with("is") {
                lower.pop();
            }
            plain = noun;
        }
        let written = without_accents(&stemmer.stem(&lower));
        let plain = if plain == lower {
            None
        } else {
            Some(stemmer.stem(&plain).into_owned()).filter(|plain| *plain != written)
        };
        let shortest = plain.as_deref().filter(|plain| plain.len() < 2).unwrap_or(&written);
        Self { start: start(shortest), written, plain }
    }

    /// Whether a word that begins so can have these stems.
    fn may_be_of(&self, start: Start) -> bool {
        start[0] == self.start[0] && (start[1] == self.start[1] || self.start[1] == '\0')
    }

    fn each(&self) -> impl Iterator<Item = &str> {
        [Some(self.written.as_str()), self.plain.as_deref()].into_iter().flatten()
    }
}

/// The words of a text. Stems begin as their words do, so that a word is only stemmed when somebody looks for one with its
/// first two letters: stemming is what costs.
pub(super) struct Text<'a> {
    words: Vec<Word<'a>>,
    /// The numbers of the words, sorted by their first letters.
    by_start: Vec<(Start, usize)>,
    stemmer: Stemmer,
}

struct Word<'a> {
    text: &'a str,
    start: Start,
    stems: OnceCell<Stems>,
}

impl<'a> Text<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let word = |text| Word { text, start: start(text), stems: OnceCell::new() };
        let words: Vec<Word<'_>> = words(text).map(word).collect();
        let mut by_start: Vec<(Start, usize)> = words.iter().enumerate().map(|(at, word)| (word.start, at)).collect();
        by_start.sort_unstable();
        Self { words, by_start, stemmer: Stemmer::create(Algorithm::French) }
    }

    pub(super) fn has(&self, keyword: &Keyword) -> bool {
        let [first, rest @ ..] = keyword.stems.as_slice() else { return false };
        let follow = |at: usize| rest.iter().enumerate().all(|(n, stems)| self.stands(stems, at + 1 + n));
        let from = self.by_start.partition_point(|(start, _)| *start < first.start);
        let near = self.by_start[from..].iter().take_while(|(start, _)| first.may_be_of(*start));
        near.map(|(_, at)| *at).any(|at| self.stands(first, at) && follow(at))
    }

    /// Whether the word there is of these stems.
    fn stands(&self, stems: &Stems, at: usize) -> bool {
        let Some(word) = self.words.get(at).filter(|word| stems.may_be_of(word.start)) else { return false };
        let own = word.stems.get_or_init(|| Stems::of(&self.stemmer, word.text));
        stems.each().any(|stem| own.each().any(|own| own == stem))
    }
}

/// The first two letters, small and without accents; a nought for one that is missing.
type Start = [char; 2];

fn start(word: &str) -> Start {
    let mut letters = word.chars();
    if word.is_ascii() {
        let mut next = || letters.next().map_or('\0', |c| c.to_ascii_lowercase());
        return [next(), next()];
    }
    let some: String = letters.take(4).collect();
    // Other alphabets stay as they are: what is left need not be ASCII.
    let plain = without_accents(&some.to_lowercase());
    let mut letters = plain.chars();
    let mut next = || letters.next().unwrap_or('\0');
    [next(), next()]
}

/// The stems of a text's words, in their order; a word with accents may have two.
pub(crate) fn stems(text: &str) -> impl Iterator<Item = String> {
    let stemmer = Stemmer::create(Algorithm::French);
    words(text).flat_map(move |word| {
        let Stems { written, plain, .. } = Stems::of(&stemmer, word);
        std::iter::once(written).chain(plain)
    })
}

/// Nouns with an « x » for their plural that the French stemmer does not know, without it and without accents. Those in
/// « -aux » of « -al » and « -eau » it knows. `singular` of the migrations has the same.
const PLURALS_IN_X: &str = "
    adieu aveu cheveu dieu enjeu epieu essieu feu jeu lieu milieu moyeu neveu pieu voeu
    bijou caillou chou genou hibou joujou pou
    boyau etau fleau joyau noyau preau tuyau";

/// A word without its plural, where the stemmer leaves it: « feux », « tuyaux », and an « s » after a vowel (« pneus », « vélos »).
/// What is as short as « bus » is nobody's plural.
fn singular(plain: &str) -> Option<&str> {
    if let Some(noun) = plain.strip_suffix('x') {
        return PLURALS_IN_X.split_whitespace().any(|plural| plural == noun).then_some(noun);
    }
    let noun = plain.strip_suffix('s')?;
    (noun.ends_with(['a', 'i', 'o', 'u']) && noun.chars().count() > 2).then_some(noun)
}

/// Hyphens and apostrophes separate words: « nids-de-poule » is three, « l’eau » is two.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)).filter(|word| !word.is_empty())
}

/// Small letters, without accents.
fn folded(word: &str) -> String {
    without_accents(&word.nfc().collect::<String>().to_lowercase())
}

fn without_accents(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
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
        Keyword::try_from(keyword.to_owned()).unwrap().stands_in(text)
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
            ("feux rouges", "le FEU ROUGE ne marche plus"),
            ("feu rouge", "les feux rouges clignotent"),
            ("pneu", "dix pneus"),
            ("vélos", "un velo sans roue"),
            ("tuyau", "des tuyaux"),
            ("vœux", "un voeu"),
            ("abri", "des abris"),
            ("gris", "une voiture grise"),
            ("brûlé", "un scooter bru\u{302}le\u{301}"),
            ("мусор", "Здесь мусор, le long du mur"),
            ("垃圾", "有 垃圾"),
            ("straße", "an der STRASSE, straße"),
            ("matelas", "مرتبة قديمة, un matelas"),
        ] {
            assert!(finds(keyword, text), "{keyword} in {text}");
        }
        for (keyword, text) in [
            ("feu rouge", "un rouge feu"),
            ("feu rouge", "le feu est rouge"),
            ("rat", "un ratage complet"),
            ("eau", "un beau matin"),
            ("bus", "il a bu"),
            ("travaux", "son travail"),
            ("feu rouge", "feu"),
        ] {
            assert!(!finds(keyword, text), "{keyword} in {text}");
        }
    }

    #[test]
    fn stems_begin_as_their_words() {
        let stemmer = Stemmer::create(Algorithm::French);
        let words = "a y es ôté oui âge être yeux œuvre Œuvres élève été écoles École hôpital hoirie aïeux ouïe qui quai \
                     queue eue eus aies îles éé ça ÇA ns las as os us dès très fous rues nœuds bœufs maïs naïves aiguës";
        for word in words.split_whitespace() {
            let stems = Stems::of(&stemmer, word);
            assert!(stems.each().all(|stem| start(stem)[0] == start(word)[0]), "{word}: {stems:?}");
            assert!(stems.may_be_of(start(word)), "{word}: {stems:?}");
            assert!(finds(word, word), "{word}");
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
        for (many, one) in
            [("Seringues", "seringue"), ("feux rouges", "feu rouge"), ("vélos", "vélo"), ("pneus", "pneu")]
        {
            assert_eq!(keyword(many), keyword(one));
        }
    }
}
