//! SIRET: the number of an establishment in the register of INSEE (Code de commerce R123-221).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The SIREN of La Poste, whose establishments have outgrown the Luhn check.
const LA_POSTE: &str = "356000000";

/// A SIRET: 14 digits, the first nine of which are the SIREN of the legal person.
///
/// The digits satisfy the Luhn check (ISO/IEC 7812-1, annex B); those of La Poste may instead add up to a multiple of
/// five. Whether the establishment exists, only the register knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Siret(String);

/// Why a text is not a SIRET.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SIRET: 14 digits, the last of which checks the others")]
pub struct NotASiret;

impl Siret {
    /// The 14 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Siret {
    type Err = NotASiret;

    /// Parses 14 digits; white space between them, as people write it, is dropped.
    fn from_str(text: &str) -> Result<Self, NotASiret> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let well_formed = digits.len() == 14 && digits.bytes().all(|b| b.is_ascii_digit());
        if well_formed && (luhn(&digits) || (digits.starts_with(LA_POSTE) && sum(&digits).is_multiple_of(5))) {
            Ok(Self(digits))
        } else {
            Err(NotASiret)
        }
    }
}

impl TryFrom<String> for Siret {
    type Error = NotASiret;

    fn try_from(text: String) -> Result<Self, NotASiret> {
        text.parse()
    }
}

impl From<Siret> for String {
    fn from(siret: Siret) -> Self {
        siret.0
    }
}

impl fmt::Display for Siret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn sum(digits: &str) -> u32 {
    digits.bytes().map(|b| u32::from(b - b'0')).sum()
}

fn luhn(digits: &str) -> bool {
    let weighed = digits.bytes().rev().enumerate().map(|(place, b)| {
        let digit = u32::from(b - b'0');
        if place % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
    });
    weighed.sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_siret_is_14_digits_that_check() {
        assert_eq!("732 829 320 00074".parse::<Siret>().unwrap().as_str(), "73282932000074");
        for (what, text) in [
            ("one digit mistaken", "73282932000075"),
            ("two digits exchanged", "73282923000074"),
            ("a SIREN", "732829320"),
            ("a letter", "7328293200007A"),
            ("digits of another script", "7328293200007٤"),
            ("nothing", ""),
        ] {
            assert_eq!(text.parse::<Siret>(), Err(NotASiret), "{what}");
        }
    }

    #[test]
    fn the_establishments_of_la_poste_have_a_check_of_their_own() {
        assert!("35600000000048".parse::<Siret>().is_ok(), "its head office satisfies Luhn");
        assert!("35600000049837".parse::<Siret>().is_ok(), "45, a multiple of five");
        assert!("35600000049838".parse::<Siret>().is_err());
    }
}
