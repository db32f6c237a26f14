//! What should not stand in a free text about a place: plates, telephone numbers, addresses, social-security numbers,
//! words of health or offence (CNIL, 28 February 2019, on free-text fields).
//!
//! A text with findings is not refused: the officer is warned, and each passage is masked unless the officer confirms
//! that it must stay.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What kind of passage was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// A vehicle's registration plate.
    Plate,
    /// A telephone number.
    PhoneNumber,
    /// An e-mail address.
    EmailAddress,
    /// A social-security number (NIR).
    SocialSecurityNumber,
    /// A word about somebody's health.
    HealthWord,
    /// A word that accuses somebody of an offence.
    OffenceWord,
}

impl Finding {
    /// The name in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Plate => "plate",
            Self::PhoneNumber => "phone_number",
            Self::EmailAddress => "email_address",
            Self::SocialSecurityNumber => "social_security_number",
            Self::HealthWord => "health_word",
            Self::OffenceWord => "offence_word",
        }
    }
}

/// What replaces a passage that was not confirmed.
pub const MASK: &str = "[…]";

static PATTERNS: LazyLock<Vec<(Finding, Regex)>> = LazyLock::new(|| {
    // The longer patterns come first, so that a part of a social-security number is not taken for a telephone number.
    [
        (Finding::EmailAddress, r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
        (
            Finding::SocialSecurityNumber,
            r"\b[12][ .]?\d{2}[ .]?(?:0[1-9]|1[0-2]|[2-9]\d)[ .]?(?:\d{2}|2[ab])[ .]?\d{3}[ .]?\d{3}(?:[ .]?\d{2})?\b",
        ),
        (Finding::PhoneNumber, r"(?:\+33[ .-]?|\b0)[1-9](?:[ .-]?\d{2}){4}\b"),
        (Finding::Plate, r"\b[a-z]{2}[ -]?\d{3}[ -]?[a-z]{2}\b|\b\d{1,4}[ -]?[a-z]{2,3}[ -]?(?:80|60|62|59|02|76)\b"),
        (
            Finding::HealthWord,
            r"\b(?:schizophr\w*|psychiatri\w*|alcoolique\w*|toxicoman\w*|drogu[ée]\w*|séropositi\w*|vih|handicapé\w*|dépressi(?:f|ve|on)\w*|malade mental\w*)\b",
        ),
        (
            Finding::OffenceWord,
            r"\b(?:voleur\w*|voleuse\w*|dealer\w*|dealeur\w*|trafiquant\w*|délinquant\w*|agresseur\w*|violeur\w*|pédophile\w*|cambrioleur\w*|casier judiciaire)\b",
        ),
    ]
    .into_iter()
    .map(|(finding, pattern)| {
        let regex = RegexBuilder::new(pattern).case_insensitive(true).build();
        (finding, regex.expect("the patterns are literals, and a test compiles them"))
    })
    .collect()
});

/// A text after it was looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The text with each passage masked.
    pub masked: String,
    /// What was found, each kind once, in a fixed order.
    pub findings: Vec<Finding>,
}

/// Looks through a text.
#[must_use]
pub fn check(text: &str) -> Checked {
    let mut masked = text.to_owned();
    let mut findings = Vec::new();
    for (finding, pattern) in PATTERNS.iter() {
        if pattern.is_match(&masked) {
            findings.push(*finding);
            masked = pattern.replace_all(&masked, MASK).into_owned();
        }
    }
    findings.sort_unstable();
    Checked { masked, findings }
}

/// A text as it is kept, and what was found in it: the passages are masked unless whoever wrote it confirmed them.
#[must_use]
pub fn screened<T: TryFrom<String> + Clone + Into<String>>(text: T, confirmed: bool) -> (T, Vec<Finding>) {
    let checked = check(&text.clone().into());
    // Masking can lengthen a text that is all short passages: then it is kept as typed, and the warnings say so.
    let kept = if confirmed { text } else { T::try_from(checked.masked).unwrap_or(text) };
    (kept, checked.findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_points_to_a_person_is_found_and_masked() {
        for (text, finding, masked) in [
            ("La Clio AB-123-CD bloque", Finding::Plate, "La Clio […] bloque"),
            ("La R5 1234 XY 80", Finding::Plate, "La R5 […]"),
            ("appeler 06 12 34 56 78", Finding::PhoneNumber, "appeler […]"),
            ("ou +33 3 22 97 40 40.", Finding::PhoneNumber, "ou […]."),
            ("écrire à jean.dupont@mail.example", Finding::EmailAddress, "écrire à […]"),
            ("NIR 1 85 05 78 006 084 91", Finding::SocialSecurityNumber, "NIR […]"),
            ("un voisin alcoolique", Finding::HealthWord, "un voisin […]"),
            ("c’est un Dealer connu", Finding::OffenceWord, "c’est un […] connu"),
        ] {
            assert_eq!(check(text), Checked { masked: masked.to_owned(), findings: vec![finding] });
        }
    }

    #[test]
    fn what_describes_a_place_is_left_alone() {
        for text in [
            "Matelas au 12 rue du 8 mai 1945, devant le bâtiment B2",
            "Trou de 30 cm sur 120, depuis 2024, ligne N2",
            "Lampadaire n° 80021-445 éteint",
        ] {
            assert_eq!(check(text), Checked { masked: text.to_owned(), findings: Vec::new() }, "{text}");
        }
    }
}
