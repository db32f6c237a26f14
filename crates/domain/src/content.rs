//! What should not stand in a free text about a place: plates, telephone numbers, addresses, social-security numbers,
//! words of health or offence (CNIL, 28 February 2019, on free-text fields).
//!
//! A text with findings is not refused. What officers write down of a concern or a café is told and masked unless they
//! confirm that it must stay ([`screened`]); every other text about cases masks itself when it is parsed
//! ([`crate::text`]).

use std::sync::LazyLock;

use regex::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};
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
    /// A link of ours that opens a resident's page, or a partner's ticket, to whoever has it.
    SecretLink,
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
            Self::SecretLink => "secret_link",
        }
    }
}

/// What replaces a passage that was not confirmed. No passage is shorter: a text never grows when it is masked.
pub const MASK: &str = "[…]";

/// What is looked for in what colleagues read.
pub const ALL: &[Finding] = &[
    Finding::Plate,
    Finding::PhoneNumber,
    Finding::EmailAddress,
    Finding::SocialSecurityNumber,
    Finding::HealthWord,
    Finding::OffenceWord,
    Finding::SecretLink,
];

/// What is looked for in what an officer answered on the spot: it may name a service's telephone and address.
pub const ANSWERED: &[Finding] =
    &[Finding::Plate, Finding::SocialSecurityNumber, Finding::HealthWord, Finding::OffenceWord, Finding::SecretLink];

/// What is looked for in what is written to a resident: it may say whom to call, and nobody confirms its words.
pub const TO_RESIDENT: &[Finding] = &[Finding::Plate, Finding::SocialSecurityNumber, Finding::SecretLink];

/// What nobody can confirm that it must stay.
const NEVER_KEPT: &[Finding] = &[Finding::SecretLink];

/// What people write between the digits of a number: spaces of any width, points, slashes, dashes, brackets.
const GAP: &str = r"[\s./()_\u{00ad}\u{200b}\u{2010}-\u{2015}-]{0,3}";

/// The longer patterns come first, so that a part of a social-security number is not taken for a telephone number. `~`
/// stands for [`GAP`], `¤` for [`link`].
const PATTERNS: [(Finding, &str); 7] = [
    (Finding::SecretLink, r"(?:https?:\S*?)?¤(?:[\w-]|%[\da-f]{2}){8,}[^\s<>)\]»]*"),
    (Finding::EmailAddress, r"[\w.+-]+\s?(?:[@＠]|[(\[](?:at|arobase)[)\]])\s?[\w-]+(?:\.[\w-]+)+"),
    (
        Finding::SocialSecurityNumber,
        r"\b[12][\s.-]?\d{2}[\s.-]?(?:0[1-9]|1[0-2]|[2-9]\d)[\s.-]?(?:\d{2}|2[ab])[\s.-]?\d{3}[\s.-]?\d{3}(?:[\s.-]?\d{2})?\b",
    ),
    (
        Finding::PhoneNumber,
        r"(?:(?:\+|\b00)33~(?:[(]0[)]~)?|\b(?:t[ée]l|mobile|gsm)?0~)[1-9](?:(?:~\d{2}){4}|[\s.-]\d{3}[\s.-]\d{3}[\s.-]\d{2}|\d{3}[\s.-]\d{5}|\d{2}[\s.-]\d{3}[\s.-]\d{3})\b|\+[1-9](?:[\s.-]?\d){8,13}\b",
    ),
    (
        Finding::Plate,
        r"\b(?:(?<first>[a-z]{2})~\d{3}~(?<last>[a-z]{2})|\d{1,4}[ -]?(?<middle>[a-z]{2,3})[ -]?(?:80|60|62|59|02|76)|\d{1,4} ?(?-i:[A-HJ-NP-TV-Z]{3}) ?(?:0[1-9]|[1-8]\d|9[0-5]|2[AB]))\b",
    ),
    (
        Finding::HealthWord,
        r"(?<thing>\b(?:places?|stationnements?|emplacements?|parkings?|accès|rampes?|toilettes|ascenseurs?) (?:(?:de|pour|aux|des) )?(?:personnes? )?)?\b(?:schizophr\w*|psychiatri\w*|alcoolique\w*|toxicoman\w*|drogu[ée]\w*|séropositi\w*|vih|handicapé\w*|dépressi(?:f|ve|on)\w*|malade mental\w*)\b",
    ),
    (
        Finding::OffenceWord,
        r"\b(?:voleur\w*|voleuse\w*|dealer\w*|dealeur\w*|trafiquant\w*|délinquant\w*|agresseur\w*|violeur\w*|pédophile\w*|cambrioleur\w*|casier judiciaire)\b",
    ),
];

/// Where a link of ours leads, up to its secret: as it is, with characters percent-encoded, once or more often, as Proofpoint's
/// URL Defense has it (`_` for `/`, `-` for `%`), or broken before the secret.
fn link() -> String {
    let letter = |c| format!("(?:{c}|[%-](?:25)*{:x})", u32::from(c));
    let word = |word: &str| word.chars().map(letter).collect::<Vec<_>>().concat();
    let (v1, tracking, partners) = (word("v1"), word("tracking"), word("partners"));
    let slash = "(?:/|_|[%-](?:25)*2f)";
    format!(r"{slash}{v1}{slash}(?:{tracking}|{partners}){slash}(?:=?\s*\n[>\s]*)?")
}

/// The patterns, written out.
fn patterns() -> [(Finding, String); 7] {
    PATTERNS.map(|(finding, pattern)| (finding, pattern.replace('~', GAP).replace('¤', &link())))
}

static FINDERS: LazyLock<Vec<(Finding, Regex)>> = LazyLock::new(|| {
    patterns()
        .map(|(finding, pattern)| {
            let regex = RegexBuilder::new(&pattern).case_insensitive(true).build();
            (finding, regex.expect("the patterns are literals, and a test compiles them"))
        })
        .into()
});

/// Which patterns may match, in one pass over the text. Boundaries of ASCII let it run as an automaton over any text,
/// and are found wherever those of Unicode are.
static ANY: LazyLock<RegexSet> = LazyLock::new(|| {
    let patterns = patterns().map(|(_, pattern)| pattern.replace(r"\b", r"(?-u:\b)"));
    let set = RegexSetBuilder::new(patterns).case_insensitive(true).build();
    set.expect("the patterns are literals, and a test compiles them")
});

/// Words that stand on either side of a number: “au 123 de la rue”, “RD 934 en ville”, “30 sur 60”.
const EVERYDAY: [&str; 42] = [
    "ah", "ans", "au", "aux", "av", "bas", "bd", "bis", "cd", "ce", "ch", "cm", "de", "des", "du", "en", "est", "et",
    "fin", "ha", "il", "km", "la", "le", "les", "mai", "mm", "ne", "ni", "ou", "par", "rd", "rn", "rue", "sa", "se",
    "si", "sud", "sur", "ter", "un", "zac",
];

static DAY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^0[1-9][/.-](?:0[1-9]|1[0-2])[/.-](?:19|20)\d{2}")
        .expect("the pattern is a literal, and a test uses it")
});

/// Whether a passage only looks like what was sought: a number among words, a place that is named after those who use it.
fn is_innocent(passage: &Captures<'_>) -> bool {
    if passage.name("thing").is_some() {
        return true;
    }
    // A day: « le 05/11/2026 10 h ».
    if DAY.is_match(&passage[0]) {
        return true;
    }
    let words: Vec<_> = ["first", "middle", "last"].iter().filter_map(|group| passage.name(group)).collect();
    let everyday = |word: &regex::Match<'_>| EVERYDAY.contains(&word.as_str().to_lowercase().as_str());
    !words.is_empty() && passage[0].contains(char::is_whitespace) && words.iter().all(everyday)
}

/// A text after it was looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The text with each passage masked.
    pub masked: String,
    /// What was found, each kind once, in a fixed order.
    pub findings: Vec<Finding>,
}

/// Looks through a text for these.
#[must_use]
pub fn check(text: &str, sought: &[Finding]) -> Checked {
    let mut masked = text.to_owned();
    let mut findings = Vec::new();
    for at in &ANY.matches(text) {
        let (finding, finder) = &FINDERS[at];
        if !sought.contains(finding) {
            continue;
        }
        let mut found = false;
        let replaced = finder.replace_all(&masked, |passage: &Captures<'_>| {
            if is_innocent(passage) {
                return passage[0].to_owned();
            }
            found = true;
            MASK.to_owned()
        });
        let replaced = replaced.into_owned();
        if found {
            findings.push(*finding);
            masked = replaced;
        }
    }
    findings.sort_unstable();
    Checked { masked, findings }
}

/// A text in which these are masked.
#[must_use]
pub(crate) fn masked(text: String, sought: &[Finding]) -> String {
    if ANY.is_match(&text) { check(&text, sought).masked } else { text }
}

/// A text as it is kept, and what was found in it: the passages are masked unless whoever wrote it confirmed them.
#[must_use]
pub fn screened<T: TryFrom<String> + Clone + Into<String>>(text: T, confirmed: bool) -> (T, Vec<Finding>) {
    screened_for(ALL, text, confirmed)
}

/// As [`screened`], for these alone.
#[must_use]
pub fn screened_for<T: TryFrom<String> + Clone + Into<String>>(
    sought: &[Finding],
    text: T,
    confirmed: bool,
) -> (T, Vec<Finding>) {
    let checked = check(&text.clone().into(), sought);
    // A masked text is a text: it is no longer, and the mask can be seen.
    let masked = if confirmed { check(&text.clone().into(), NEVER_KEPT).masked } else { checked.masked };
    let kept = T::try_from(masked).unwrap_or(text);
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
            ("ou +33 (0)3 22 97 40 40, 0033 322974040", Finding::PhoneNumber, "ou […], […]"),
            ("ou 06\u{a0}12\u{202f}34 56 78", Finding::PhoneNumber, "ou […]"),
            ("et DE-123-LA aussi", Finding::Plate, "et […] aussi"),
            (
                "un handicapé, place de personnes handicapées",
                Finding::HealthWord,
                "un […], place de personnes handicapées",
            ),
            ("écrire à jean.dupont@mail.example", Finding::EmailAddress, "écrire à […]"),
            ("NIR 1 85 05 78 006 084 91", Finding::SocialSecurityNumber, "NIR […]"),
            ("ou 06/12/34/56/78", Finding::PhoneNumber, "ou […]"),
            ("ou 06‑12‑34–56  78", Finding::PhoneNumber, "ou […]"),
            ("ou (06) 12 34 56 78", Finding::PhoneNumber, "ou ([…]"),
            ("ou 06 123 456 78, 06123 45678", Finding::PhoneNumber, "ou […], […]"),
            ("ou tel0612345678", Finding::PhoneNumber, "ou […]"),
            ("ou +32 470 12 34 56", Finding::PhoneNumber, "ou […]"),
            ("ou 06\u{200b}12345678", Finding::PhoneNumber, "ou […]"),
            ("ou a.b @ mail.example", Finding::EmailAddress, "ou […]"),
            ("ou a.b(at)mail.example", Finding::EmailAddress, "ou […]"),
            ("NIR 2-85-05-78-006-084-36", Finding::SocialSecurityNumber, "NIR […]"),
            ("la AB 123 CD garée", Finding::Plate, "la […] garée"),
            ("la FA 456 SA, la EN 456 XX", Finding::Plate, "la […], la […]"),
            ("la ab.123.cd, la AB – 123 – CD", Finding::Plate, "la […], la […]"),
            ("la 123 ABC 75", Finding::Plate, "la […]"),
            ("voir https://ville.example/v1/tracking/Ab3_xyz-90/unsubscribe ?", Finding::SecretLink, "voir […] ?"),
            (
                "https://s.example/?u=https%3A%2F%2Fv.example%2Fv1%2Fpartners%2FOe1VkkLm99 !",
                Finding::SecretLink,
                "[…] !",
            ),
            (
                "https://s.example/?url=https%253A%252F%252Fv.example%252Fv1%252Ftracking%252FAb3xyz90Kq",
                Finding::SecretLink,
                "[…]",
            ),
            (
                "https://urldefense.example/v2/url?u=https-3A__v.example_v1_tracking_Ab3xyz-2D90Kq&d=DwM ici",
                Finding::SecretLink,
                "[…] ici",
            ),
            ("http://v.example/v1/%74racking/Ab3xyz90Kq", Finding::SecretLink, "[…]"),
            ("http://v.example/%76%31/tracking/%41b3xyz90Kq", Finding::SecretLink, "[…]"),
            ("http://v.example/v1/tracking/\n> Ab3xyz90Kq ici", Finding::SecretLink, "[…] ici"),
            ("http://v.example/v1/tracking/=\r\nAb3xyz90Kq ici", Finding::SecretLink, "[…] ici"),
            ("un voisin alcoolique", Finding::HealthWord, "un voisin […]"),
            ("c’est un Dealer connu", Finding::OffenceWord, "c’est un […] connu"),
        ] {
            assert_eq!(check(text, ALL), Checked { masked: masked.to_owned(), findings: vec![finding] });
        }
    }

    #[test]
    fn what_describes_a_place_is_left_alone() {
        for text in [
            "Matelas au 12 rue du 8 mai 1945, devant le bâtiment B2",
            "Trou de 30 cm sur 120, depuis 2024, ligne N2",
            "Lampadaire n° 80021-445 éteint",
            "Au 123 de la rue Saint-Fuscien, à l’angle de la RD 934 en montant",
            "Trou de 30 sur 60 cm au 12 bis 80000 Amiens",
            "Le 05/11/2026 10 heures, ou du 01.02.2026 au 03-04-2026, réf. AMI-26-004217",
            "Le 12 mai 45 minutes, 15 ans 80 cm, au 123 DE LA RUE",
            "Le stationnement handicapé, une place pour personnes handicapées",
        ] {
            assert_eq!(check(text, ALL), Checked { masked: text.to_owned(), findings: Vec::new() }, "{text}");
        }
    }
    #[test]
    fn what_is_written_to_a_resident_may_say_whom_to_call() {
        let text = "AB-123-CD : appelez le 03 22 97 40 40, voirie@ville.example ; un voisin alcoolique";
        assert_eq!(check(text, TO_RESIDENT).masked, text.replace("AB-123-CD", MASK));
        let answered = check(text, ANSWERED);
        assert_eq!(answered.masked, text.replace("AB-123-CD", MASK).replace("alcoolique", MASK));
        assert_eq!(answered.findings, [Finding::Plate, Finding::HealthWord]);
    }

    #[test]
    fn a_personal_link_cannot_be_confirmed() {
        use crate::text::{Description, MessageToResident};
        let said =
            Description::try_from("06 12 34 56 78, https://v.example/v1/tracking/Ab3xyz90Kq".to_owned()).unwrap();
        let (kept, findings) = screened(said, true);
        assert_eq!(kept.as_str(), "06 12 34 56 78, […]");
        assert_eq!(findings, [Finding::PhoneNumber, Finding::SecretLink]);
        let told = MessageToResident::try_from("voir /v1/partners/Ab3xyz90Kq".to_owned()).unwrap();
        assert_eq!(told.as_str(), "voir […]");
    }

    #[test]
    fn what_is_masked_has_nothing_more_to_mask() {
        let once = check("Clio AB-123-CD, 06 12 34 56 78, un dealer, x@y.example", ALL).masked;
        assert_eq!(check(&once, ALL), Checked { masked: once.clone(), findings: Vec::new() });
    }
}
