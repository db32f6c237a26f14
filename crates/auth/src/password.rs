//! Passwords: argon2id (RFC 9106), kept as PHC strings. Slow on purpose: call these on a thread that may block.
//!
//! CNIL's recommendation 2022-100 asks for 50 bits where attempts are throttled, as they are here. A new password has
//! 12 characters at least and withstands 10¹² guesses as zxcvbn counts them: as many as 12 letters without a pattern,
//! for which zxcvbn counts ten guesses each where an attacker has 26 or more to try (56 bits). No kinds of characters
//! are demanded, and nobody has to change a password because time has passed.
//!
//! What is hashed is the password as RFC 8265, 4.2 prepares it (`OpaqueString`), so that the same one typed on two
//! keyboards is the same: one writes “é” as one character where another writes two, one has a space that does not break
//! where another has a plain one. Of the RFC, characters that Unicode has not assigned are not refused: which they are
//! depends on the year, and a password must not.

use std::borrow::Cow;
use std::cmp::Reverse;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::text::is_invisible;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// How much a hash costs. The default is OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory, KiB.
    pub memory: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2 }
    }
}

/// The cheapest that OWASP's Password Storage Cheat Sheet counts as equally strong: memory in KiB, passes.
const CHEAPEST: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];

impl Cost {
    /// Whether it is at least what OWASP asks for.
    #[must_use]
    pub fn is_enough(self) -> bool {
        CHEAPEST.iter().any(|(memory, passes)| self.memory >= *memory && self.passes >= *passes)
    }
}

/// The shortest password, characters.
pub const MIN_LENGTH: usize = 12;
/// The longest password, characters.
pub const MAX_LENGTH: usize = 200;
/// How many guesses a password withstands at least, as a power of ten.
const GUESSES_LOG10: f64 = 12.0;

/// What French-speaking users of this program choose first, which zxcvbn's English lists do not have; docs/security.md lists
/// them. What a city is called by is its own to say ([`check_strength`]): none is named here.
const COMMON: [&str; 18] = [
    "continuum",
    "motdepasse",
    "passe",
    "azerty",
    "azertyuiop",
    "qsdfgh",
    "wxcvbn",
    "bonjour",
    "bienvenue",
    "soleil",
    "doudou",
    "chouchou",
    "loulou",
    "jetaime",
    "police",
    "municipale",
    "mairie",
    "doleance",
];

/// Why a new password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Too few characters.
    #[error("a password has at least {MIN_LENGTH} characters")]
    TooShort,
    /// Too many characters.
    #[error("a password has at most {MAX_LENGTH} characters")]
    TooLong,
    /// A control character, or one that nobody sees and no keyboard has: it would not be typed a second time.
    #[error("a password holds no control character and none that cannot be seen")]
    Invisible,
    /// It is among the first that somebody would try, or made of the account's own words.
    #[error("the password is too easy to guess: take several words that have nothing to do with one another")]
    Guessable,
}

/// Whether a new password is strong enough. `own` are texts whose words an attacker would try first: the address and the name
/// of the account, what the city and its services are called. With and without accents, they count alike.
///
/// # Errors
/// [`Weak`] says why it is not.
pub fn check_strength(password: &str, own: &[&str]) -> Result<(), Weak> {
    let password = &*prepared(password);
    if password.chars().any(is_never_typed) {
        return Err(Weak::Invisible);
    }
    let length = password.chars().count();
    if length < MIN_LENGTH {
        return Err(Weak::TooShort);
    }
    if length > MAX_LENGTH {
        return Err(Weak::TooLong);
    }
    let own: Vec<String> = own.iter().flat_map(|text| words(text)).collect();
    let mut known: Vec<&str> = own.iter().map(String::as_str).chain(COMMON).collect();
    // The longest first: “ville” would break “villefranche” up.
    known.sort_by_key(|word| Reverse(word.len()));
    // zxcvbn takes words in a row for hard to guess, even when they are the account's own, or everybody's.
    let words = known.iter().filter(|word| word.len() > 2);
    let rest = words.fold(plain(password), |rest, word| rest.replace(word, ""));
    let strange = rest.chars().filter(|c| c.is_alphanumeric()).count();
    let guessable = strange < MIN_LENGTH / 2
        || [password, &plain(password)]
            .iter()
            .any(|written| zxcvbn::zxcvbn(written, &known).guesses_log10() < GUESSES_LOG10);
    if guessable { Err(Weak::Guessable) } else { Ok(()) }
}

/// The words of a text, as passwords are searched for them.
fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(plain).collect::<Vec<_>>().into_iter()
}

/// A text in small letters without accents.
fn plain(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase()
}

/// What of the invisible no password holds: all but the space, and what keyboards put into pictures and scripts by
/// themselves (joiners, and which form a sign takes).
fn is_never_typed(c: char) -> bool {
    is_invisible(c) && !matches!(c, ' ' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0020}'..='\u{e007f}')
}

/// The password as it is compared: every space of Unicode (category Zs) a plain one, the rest composed (NFC). ASCII
/// stays as it is.
fn prepared(password: &str) -> Cow<'_, str> {
    const SPACES: [char; 16] = [
        '\u{a0}', '\u{1680}', '\u{2000}', '\u{2001}', '\u{2002}', '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}',
        '\u{2007}', '\u{2008}', '\u{2009}', '\u{200a}', '\u{202f}', '\u{205f}', '\u{3000}',
    ];
    if password.is_ascii() || (is_nfc(password) && !password.contains(SPACES)) {
        return Cow::Borrowed(password);
    }
    Cow::Owned(password.replace(SPACES, " ").nfc().collect())
}

/// Why a password could not be hashed: the cost is outside what argon2 allows.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashError(String);

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    cost: Cost,
    /// The hash of no password at all: verified when there is no account, so that the answer takes the same time.
    decoy: String,
}

impl Passwords {
    /// Of that cost.
    ///
    /// # Errors
    /// When argon2 does not allow the cost.
    pub fn new(cost: Cost) -> Result<Self, HashError> {
        let params = Params::new(cost.memory, cost.passes, 1, None).map_err(|e| HashError(e.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon2, "")?;
        Ok(Self { argon2, cost, decoy })
    }

    /// The hash of a password, salted anew each time.
    ///
    /// # Errors
    /// See [`HashError`].
    pub fn hash(&self, password: &str) -> Result<String, HashError> {
        hash(&self.argon2, &prepared(password))
    }

    /// Whether the password is the one of that hash. Without a hash, no; but it takes as long to say so.
    #[must_use]
    pub fn verify(&self, password: &str, hash: Option<&str>) -> bool {
        let prepared = prepared(password);
        let against = hash.unwrap_or(&self.decoy);
        // What was hashed before passwords were prepared was hashed as it was typed.
        let matches = self.matches(&prepared, against) || (prepared != password && self.matches(password, against));
        matches && hash.is_some()
    }

    fn matches(&self, password: &str, hash: &str) -> bool {
        PasswordHash::new(hash).is_ok_and(|parsed| self.argon2.verify_password(password.as_bytes(), &parsed).is_ok())
    }

    /// Whether it is plain, without hashing anything, that the password's hash need not be renewed.
    #[must_use]
    pub fn is_current(&self, password: &str, hash: &str) -> bool {
        prepared(password) == password && !self.is_outdated(hash)
    }

    /// The hash that takes the place of the one at hand, which is the password's, when that was made at another cost than
    /// the one in force, or of the password as it was typed.
    ///
    /// # Errors
    /// See [`HashError`].
    pub fn renewed(&self, password: &str, hash: &str) -> Result<Option<String>, HashError> {
        let prepared = prepared(password);
        let as_typed = prepared != password && !self.matches(&prepared, hash);
        if as_typed || self.is_outdated(hash) { self.hash(password).map(Some) } else { Ok(None) }
    }

    /// Whether a hash was made at another cost than the one in force.
    fn is_outdated(&self, hash: &str) -> bool {
        let params = PasswordHash::new(hash).ok().and_then(|parsed| Params::try_from(&parsed).ok());
        params.is_none_or(|params| (params.m_cost(), params.t_cost()) != (self.cost.memory, self.cost.passes))
    }
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String, HashError> {
    argon2.hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|e| HashError(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_enough_or_too_low() {
        let enough = |memory, passes| Cost { memory, passes }.is_enough();
        assert!(Cost::default().is_enough());
        assert!(enough(7_168, 5) && enough(65_536, 3) && enough(47_104, 1));
        assert!(!enough(7_167, 99) && !enough(19_455, 2) && !enough(47_103, 1) && !enough(1 << 20, 0));
    }

    #[test]
    fn only_the_right_password_of_an_account_is_right() {
        let passwords = Passwords::new(Cost { memory: 64, passes: 1 }).unwrap();
        let hash = passwords.hash("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        assert!(passwords.verify("correct horse", Some(&hash)));
        assert!(!passwords.verify("wrong", Some(&hash)));
        assert!(!passwords.verify("", None), "the decoy's own password opens nothing");
        assert_ne!(hash, passwords.hash("correct horse").unwrap(), "salted");
        assert!(!passwords.is_outdated(&hash));
        let dearer = Passwords::new(Cost { memory: 64, passes: 2 }).unwrap();
        assert!(dearer.is_outdated(&hash) && dearer.verify("correct horse", Some(&hash)));
    }

    #[test]
    fn a_password_is_the_same_on_every_keyboard() {
        let passwords = Passwords::new(Cost { memory: 64, passes: 1 }).unwrap();
        let (composed, decomposed) = ("caf\u{e9} cr\u{e8}me\u{a0}!", "cafe\u{301} cre\u{300}me !");
        let hash = passwords.hash(composed).unwrap();
        assert!(passwords.verify(composed, Some(&hash)) && passwords.verify(decomposed, Some(&hash)));
        assert_eq!(passwords.renewed(decomposed, &hash).unwrap(), None);
        assert!(!passwords.verify("cafe creme !", Some(&hash)), "accents count");
        assert!(!passwords.verify("Caf\u{e9} cr\u{e8}me !", Some(&hash)), "so does the case");
        // The compatibility forms are others: two characters that look different are two.
        assert!(!passwords.verify("ﬁn", Some(&passwords.hash("fin").unwrap())));
    }

    #[test]
    fn what_was_hashed_as_it_was_typed_still_opens_and_is_hashed_anew() {
        let passwords = Passwords::new(Cost { memory: 64, passes: 1 }).unwrap();
        let typed = "cafe\u{301} cre\u{300}me";
        let before = hash(&passwords.argon2, typed).unwrap();
        assert!(passwords.verify(typed, Some(&before)));
        let renewed = passwords.renewed(typed, &before).unwrap().unwrap();
        assert!(passwords.verify(typed, Some(&renewed)) && passwords.verify("caf\u{e9} cr\u{e8}me", Some(&renewed)));
    }

    #[test]
    fn what_nobody_types_twice_is_no_password() {
        for hidden in ['\0', '\n', '\t', '\u{7f}', '\u{ad}', '\u{200b}', '\u{202e}', '\u{2060}', '\u{feff}'] {
            let password = format!("pigeon violet{hidden}tram soupière");
            assert_eq!(check_strength(&password, &[]), Err(Weak::Invisible), "{hidden:?}");
        }
        for password in ["pigeon\u{a0}violet\u{202f}tram soupière", "👮🏽\u{200d}♀\u{fe0f} violet tram soupière"]
        {
            assert_eq!(check_strength(password, &[]), Ok(()));
        }
    }

    #[test]
    fn the_words_that_everybody_tries_are_documented() {
        let document = include_str!("../../../docs/security.md");
        let (_, list) = document.split_once("what French speakers choose first (").unwrap();
        let (list, _) = list.split_once(')').unwrap();
        let listed: Vec<&str> = list.split([',', '\n']).map(str::trim).filter(|word| !word.is_empty()).collect();
        assert_eq!(listed, COMMON);
    }

    #[test]
    fn a_city_is_known_by_its_names() {
        let own = ["Ville de", "Saint-Étienne-du-Rouvray", "Brigade verte – Éclairage (ÉP)", "Villefranche"];
        for (password, verdict) in [
            ("saint-etienne-du-rouvray", Err(Weak::Guessable)),
            ("Étienne Rouvray 2026", Err(Weak::Guessable)),
            ("brigadeverte76800", Err(Weak::Guessable)),
            ("eclairage brigade verte", Err(Weak::Guessable)),
            ("villefranche 12200", Err(Weak::Guessable)),
            ("pigeon violet tram soupière", Ok(())),
            ("pigeon violet tram rouvray", Ok(())),
        ] {
            assert_eq!(check_strength(password, &own), verdict, "{password}");
        }
        assert_eq!(check_strength("saint-etienne-du-rouvray", &["Amiens"]), Ok(()), "nothing else knows that name");
    }

    #[test]
    fn a_password_is_long_and_hard_to_guess() {
        let own = ["claire.delattre@ville-amiens.example", "Claire Delattre"];
        for (password, verdict) in [
            ("court", Err(Weak::TooShort)),
            ("motdepasse123", Err(Weak::Guessable)),
            ("aaaaaaaaaaaaaaaaaaaa", Err(Weak::Guessable)),
            ("clairedelattre2026", Err(Weak::Guessable)),
            ("123456789012345", Err(Weak::Guessable)),
            ("pigeon violet tram soupière", Ok(())),
            ("kT7#qvL2!xmRw9", Ok(())),
            ("wqzrtkvbnxpl", Ok(())),
            ("Amiens80000!!", Err(Weak::Guessable)),
            ("motdepasse1234", Err(Weak::Guessable)),
            ("police municipale amiens", Err(Weak::Guessable)),
            ("continuum amiens police municipale", Err(Weak::Guessable)),
            ("Claire Delattre 2026", Err(Weak::Guessable)),
            ("claire.delattre!!!!!", Err(Weak::Guessable)),
        ] {
            assert_eq!(check_strength(password, &own), verdict, "{password}");
        }
        assert_eq!(check_strength(&"é".repeat(201), &own), Err(Weak::TooLong));
    }
}
