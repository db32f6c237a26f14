//! Slips of paper for residents without e-mail: a short code, and something besides that they know, such as the number
//! of their house. Together they lead to the page that a link would lead to.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Crockford's base 32: no I, L, O or U, so that nothing is mistaken for a digit and no word appears.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many characters a code has: 40 bits.
const LENGTH: usize = 8;

/// A short code, as it is kept: eight characters in a row.
#[derive(Clone, PartialEq, Eq)]
pub struct SlipCode(String);

impl SlipCode {
    /// The code of these five bytes.
    #[must_use]
    pub fn of(bytes: [u8; 5]) -> Self {
        let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let character = |at: usize| char::from(ALPHABET[usize::try_from(number >> (35 - 5 * at) & 31).unwrap_or(0)]);
        Self((0..LENGTH).map(character).collect())
    }

    /// The code that somebody typed: case, spaces and hyphens do not matter, and O, I and L are read as the digits that
    /// they look like. None when it cannot be one.
    #[must_use]
    pub fn typed(text: &str) -> Option<Self> {
        let read = |c: char| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let code: String =
            text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '–')).map(read).collect();
        let known = |c: char| u8::try_from(c).is_ok_and(|byte| ALPHABET.contains(&byte));
        (code.chars().count() == LENGTH && code.chars().all(known)).then_some(Self(code))
    }

    /// Its characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is written on paper: `7KQ2-X9FD`.
    #[must_use]
    pub fn written(&self) -> String {
        format!("{}-{}", &self.0[..LENGTH / 2], &self.0[LENGTH / 2..])
    }
}

impl fmt::Debug for SlipCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlipCode(…)")
    }
}

/// What the resident must know besides the code, in the form in which two are compared: letters and digits alone, small,
/// without accents. « 12 bis », « 12BIS » and « n° 12-bis » are the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Factor(String);

impl Factor {
    /// The greatest length, in characters, as it is typed.
    pub const MAX: usize = 40;

    /// What somebody typed; none when there is no letter or digit in it, or when it is too long.
    #[must_use]
    pub fn typed(text: &str) -> Option<Self> {
        if text.chars().count() > Self::MAX {
            return None;
        }
        let text = text.to_lowercase();
        let text = text.trim_start();
        let text = ["n°", "nº", "n˚", "no.", "numéro", "numero"]
            .iter()
            .find_map(|sign| text.strip_prefix(sign))
            .unwrap_or(text);
        let plain: String = text.nfkd().filter(|c| !is_combining_mark(*c) && c.is_alphanumeric()).collect();
        (!plain.is_empty()).then_some(Self(plain))
    }

    /// Its letters and digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Factor(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_may_be_written() {
        let code = SlipCode::of([0xff, 0x00, 0x10, 0x2a, 0x01]);
        assert_eq!(code.written(), "ZW01-0AG1");
        for typed in ["ZW01-0AG1", " zw01 0ag1 ", "zwoi–oagl", "ZW010AG1"] {
            assert_eq!(SlipCode::typed(typed).as_ref(), Some(&code), "{typed}");
        }
        for wrong in ["", "ZW01-0AG", "ZW01-0AG11", "UUUU-UUUU", "ZW01_0AG1"] {
            assert_eq!(SlipCode::typed(wrong), None, "{wrong}");
        }
        assert_eq!(format!("{code:?}"), "SlipCode(…)");
    }

    #[test]
    fn a_house_number_is_the_same_however_it_is_written() {
        let twelve = Factor::typed("12 bis").unwrap();
        for typed in ["12bis", "12 BIS", " 12-Bis ", "n° 12 bis", "N°12 bis", "１２ bis", "Numéro 12 bis"] {
            assert_eq!(Factor::typed(typed).as_ref(), Some(&twelve), "{typed}");
        }
        assert_ne!(Factor::typed("12").unwrap(), twelve);
        assert_eq!(Factor::typed("Éléonore").unwrap().as_str(), "eleonore");
        for nothing in ["", "  -  ", &"1".repeat(41)] {
            assert_eq!(Factor::typed(nothing), None, "{nothing}");
        }
    }
}
