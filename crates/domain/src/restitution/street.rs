//! The street of an address, and nothing nearer: what a sheet that hangs on a wall may tell of a place.
//!
//! Addresses are typed by people. What is not clearly a street gives none: no line is better than a wrong one, or than one
//! that leads to a door. So do ways in which few people live (impasse, cour, villa, résidence…).

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

use crate::content;
use crate::text::Address;

/// How many words a street's name has at most, after « rue ».
const WORDS: usize = 6;

fn pattern(pattern: &str) -> Regex {
    RegexBuilder::new(pattern).case_insensitive(true).build().expect("the pattern is a literal, and a test uses it")
}

/// What streets are called, as it is written out and as it is shortened.
const KINDS: [(&str, &str); 22] = [
    ("rue", "Rue"),
    ("avenue", "Avenue"),
    ("av.", "Avenue"),
    ("boulevard", "Boulevard"),
    ("bd", "Boulevard"),
    ("bd.", "Boulevard"),
    ("place", "Place"),
    ("pl.", "Place"),
    ("allée", "Allée"),
    ("allées", "Allées"),
    ("chemin", "Chemin"),
    ("quai", "Quai"),
    ("square", "Square"),
    ("passage", "Passage"),
    ("route", "Route"),
    ("cours", "Cours"),
    ("esplanade", "Esplanade"),
    ("chaussée", "Chaussée"),
    ("mail", "Mail"),
    ("parvis", "Parvis"),
    ("promenade", "Promenade"),
    ("rond-point", "Rond-point"),
];

/// Somebody is named.
static SOMEBODY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:mme|mlle|mr|monsieur|madame|mademoiselle|famille|chez|au nom|habit\w*|demeur\w*|locataires?|propri[ée]taires?|voisine?s?|gardien(?:ne)?s?|occupante?s?)\b|\bm\.\s|[^\d\s]\s+m\s",
    )
});

/// Where the street's name is over: a mark, a postcode, what describes the spot.
static END: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"[^\w\s’.-]|[\n\r\t]|\s[-–—]\s|\b\d{5}\b|\bn°|\b(?:devant|derri[èe]re|face|en face|pr[èe]s|angle|[àa] c[ôo]t[ée]|[àa] l’angle|au niveau|niveau|entre|appartement|appt?|apt|b[âa]timent|b[âa]t|[ée]tage|hall|porte|escalier|r[ée]sidence|num[ée]ro|parking|vers|c[ôo]t[ée]|sonnette|interphone|digicode|bo[îi]tes?|chambre|studio|logement)\b",
    )
});

/// Whom streets are named after with their titles, as [`folded`]: « rue du Général Leclerc ».
const TITLES: [&str; 20] = [
    "abbe",
    "amiral",
    "archeveque",
    "capitaine",
    "cardinal",
    "chanoine",
    "colonel",
    "commandant",
    "comte",
    "docteur",
    "dr",
    "general",
    "lieutenant",
    "marechal",
    "pasteur",
    "pere",
    "president",
    "professeur",
    "resistant",
    "sergent",
];

/// A number that belongs to the name: « rue du 8 Mai 1945 ».
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:1er|\d{1,2}) (?:janvier|f[ée]vrier|mars|avril|mai|juin|juillet|ao[ûu]t|septembre|octobre|novembre|d[ée]cembre)(?: \d{4})?",
    )
});

/// The street, as one writes it; none when it cannot be told, or when the address names somebody.
#[must_use]
pub fn street(address: &Address) -> Option<String> {
    let text = address.as_str().replace('\'', "’");
    if SOMEBODY.is_match(&text) || text.contains(content::MASK) {
        return None;
    }
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let kind = |word: &str| KINDS.iter().find(|(written, _)| word.to_lowercase() == *written).map(|(_, shown)| *shown);
    let (at, kind) = words.iter().enumerate().find_map(|(at, word)| Some((at, kind(word)?)))?;
    let rest = words[at + 1..].join(" ");
    let rest = &rest[..END.find(&rest).map_or(rest.len(), |end| end.start())];
    let name = named(rest);
    (!name.is_empty() && !names_somebody(&name)).then(|| format!("{kind} {}", name.join(" ")))
}

/// What is called after a thing, « du Pigeonnier », is not called after somebody besides: « du Pigeonnier Jean Dupont ». Nor is a
/// surname written in capitals when the rest is not, but for the numbers of kings: « Henri IV ».
fn names_somebody(name: &[&str]) -> bool {
    let capital = |word: &str| word.starts_with(char::is_uppercase);
    let shouted = |word: &str| !word.contains(char::is_lowercase) && !word.contains(char::is_numeric);
    let king = |word: &str| word.chars().all(|c| "IVXLC".contains(c));
    let words = || name.iter().filter(|word| capital(word) && word.chars().count() > 2 && !king(word));
    if words().any(|word| shouted(word)) && words().any(|word| !shouted(word)) {
        return true;
    }
    let lower: Vec<String> = name.iter().map(|word| word.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let thing = match lower[..] {
        ["du" | "des", ..] => 1,
        ["de", "la", ..] => 2,
        ["de", thing, ..] if thing.starts_with("l’") => 1,
        _ => return false,
    };
    let titled =
        lower.get(thing).is_some_and(|thing| TITLES.contains(&folded(thing.trim_start_matches("l’")).as_str()));
    let given = |at: usize| capital(name[at]) && !["saint", "sainte", "notre"].contains(&lower[at]);
    !titled && (thing + 2..name.len()).any(|at| given(at - 1) && given(at))
}

/// The words of the name: up to a number that is not the beginning of a date.
fn named(rest: &str) -> Vec<&str> {
    let words: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
    let mut end = 0;
    while end < words.len().min(WORDS) {
        if words[end].contains(|c: char| c.is_ascii_digit()) {
            let Some(date) = DATE.find(&words[end..].join(" ")).map(|date| date.as_str().split(' ').count()) else {
                break;
            };
            end += date;
        } else {
            end += 1;
        }
    }
    let name = &words[..end.min(words.len())];
    let few = |word: &&str| word.chars().count() < 3;
    // « Rue de la » is no name.
    if name.iter().all(few) { Vec::new() } else { name.to_vec() }
}

/// What two ways of writing the same street have in common.
pub(super) fn folded(street: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    street.nfd().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Option<String> {
        street(&Address::try_from(address.to_owned()).unwrap())
    }

    #[test]
    fn a_house_is_not_told() {
        for (address, told) in [
            ("12 Rue du Pigeonnier 80000 Amiens", "Rue du Pigeonnier"),
            ("12 bis rue du Pigeonnier, 80000 Amiens", "Rue du Pigeonnier"),
            ("Rue du Pigeonnier", "Rue du Pigeonnier"),
            ("n° 4 av. de la Paix, appt 12", "Avenue de la Paix"),
            ("angle rue Saint-Leu et rue de la Dodane", "Rue Saint-Leu et rue de la Dodane"),
            ("3, place du Pays d'Auge - bâtiment C", "Place du Pays d’Auge"),
            ("Rue du 8 Mai 1945 n° 14", "Rue du 8 Mai 1945"),
            ("14 rue du 11 novembre 80000 Amiens", "Rue du 11 novembre"),
            ("Bd Jules Verne 17", "Boulevard Jules Verne"),
            ("Devant le 5 rue Delpech devant la porte", "Rue Delpech"),
            ("Allée du Marais 3B", "Allée du Marais"),
            ("Rue de l’Abbé-Lemire <b>", "Rue de l’Abbé-Lemire"),
            ("14 rue du Pigeonnier sonnette Dupont", "Rue du Pigeonnier"),
            ("14 rue du Pigeonnier interphone DUPONT", "Rue du Pigeonnier"),
            ("2 rue du Général Jean Dupont", "Rue du Général Jean Dupont"),
            ("rue des Trois Cailloux", "Rue des Trois Cailloux"),
            ("rue du Petit Saint Jean", "Rue du Petit Saint Jean"),
            ("rue de l'Abbé Charles Lemire", "Rue de l’Abbé Charles Lemire"),
            ("RUE DU PIGEONNIER", "Rue DU PIGEONNIER"),
            ("PLACE DU GENERAL DE GAULLE", "Place DU GENERAL DE GAULLE"),
            ("place Henri IV", "Place Henri IV"),
            ("à 20 m de la rue Delpech", "Rue Delpech"),
        ] {
            assert_eq!(of(address).as_deref(), Some(told), "{address}");
        }
    }

    #[test]
    fn what_is_no_street_or_leads_to_a_door_is_not_told() {
        for address in [
            "chez Mme Durand, 3 rue du Pigeonnier",
            "3 rue du Pigeonnier (M. Durand)",
            "14 rue du Pigeonnier Jean Dupont",
            "14 Rue du Pigeonnier DUPONT Jean",
            "3 place de l'Hôtel Jeanne Durand",
            "3 rue de la Dodane Jeanne Durand",
            "14 rue du Pigeonnier DUPONT",
            "rue du Pigeonnier, M Dupont",
            "Place Jean Dupont demeure ici",
            "rue du Pigeonnier 06 12 34 56 78",
            "Impasse des Jardins",
            "Résidence du Parc",
            "Marché du Pigeonnier",
            "sur place",
            "rue de la",
            "rue 12",
            "12",
        ] {
            assert_eq!(of(address), None, "{address}");
        }
    }

    #[test]
    fn the_same_street_is_the_same_however_it_is_written() {
        assert_eq!(folded("Allée de l’Évêché"), folded("allee de l'eveche"));
        assert_ne!(folded("Rue Haute"), folded("Rue Basse"));
    }
}
