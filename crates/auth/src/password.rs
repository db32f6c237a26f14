//! Passwords: argon2id (RFC 9106), kept as PHC strings. Slow on purpose: call these on a thread that may block.
//!
//! CNIL's recommendation 2022-100 asks for 50 bits where attempts are throttled, as they are here. A new password has
//! 12 characters at least and withstands 10¹² guesses as zxcvbn counts them: as many as 12 letters without a pattern,
//! for which zxcvbn counts ten guesses each where an attacker has 26 or more to try (56 bits). No kinds of characters
//! are demanded, and nobody has to change a password because time has passed.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

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

/// What French-speaking users of this program choose first, which zxcvbn's English lists do not have.
const COMMON: [&str; 20] = [
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
    "amiens",
    "picardie",
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
    /// It is among the first that somebody would try, or made of the account's own words.
    #[error("the password is too easy to guess: take several words that have nothing to do with one another")]
    Guessable,
}

/// Whether a new password is strong enough. `own` are words that an attacker would try first: the address, the name.
///
/// # Errors
/// [`Weak`] says why it is not.
pub fn check_strength(password: &str, own: &[&str]) -> Result<(), Weak> {
    let length = password.chars().count();
    if length < MIN_LENGTH {
        return Err(Weak::TooShort);
    }
    if length > MAX_LENGTH {
        return Err(Weak::TooLong);
    }
    let own: Vec<String> =
        own.iter().flat_map(|words| words.split([' ', '@', '.', '-'])).map(str::to_lowercase).collect();
    let known: Vec<&str> = own.iter().map(String::as_str).chain(COMMON).collect();
    // zxcvbn takes words in a row for hard to guess, even when they are the account's own, or everybody's.
    let words = known.iter().filter(|word| word.len() > 2);
    let rest = words.fold(password.to_lowercase(), |rest, word| rest.replace(word, ""));
    let strange = rest.chars().filter(|c| c.is_alphanumeric()).count();
    let guessable = strange < MIN_LENGTH / 2 || zxcvbn::zxcvbn(password, &known).guesses_log10() < GUESSES_LOG10;
    if guessable { Err(Weak::Guessable) } else { Ok(()) }
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
        hash(&self.argon2, password)
    }

    /// Whether the password is the one of that hash. Without a hash, no; but it takes as long to say so.
    #[must_use]
    pub fn verify(&self, password: &str, hash: Option<&str>) -> bool {
        let matches = PasswordHash::new(hash.unwrap_or(&self.decoy))
            .is_ok_and(|parsed| self.argon2.verify_password(password.as_bytes(), &parsed).is_ok());
        matches && hash.is_some()
    }

    /// Whether a hash was made at another cost than the one in force, so that it is made anew at the next login.
    #[must_use]
    pub fn is_outdated(&self, hash: &str) -> bool {
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
