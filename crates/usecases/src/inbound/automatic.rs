//! Automatic answers of programs that say so in the subject alone.

use std::sync::LazyLock;

use regex::Regex;

/// How such a subject begins. « Absence de lampadaire » is somebody's own: what follows « Absence » has to be about leave.
static BEGINS: LazyLock<Regex> = LazyLock::new(|| {
    let away =
        r"(?:$|[:(\[,;/–—-]|(?:re|tr)\s*:|du\s+(?:bureau|\d)|jusqu|temporaire|pour\s+cong|en\s+cong|prolong|ce\s+jour)";
    let subjects = [
        format!(r"\[?(?:absence|absente?(?:\(e\)|·e)?)\]?\s*{away}"),
        r"r[ée]ponse\s+automatique\b".to_owned(),
        r"message\s+(?:automatique\b|d['’]absence\b)".to_owned(),
        r"notification\s+d['’]absence\b".to_owned(),
        r"(?:i\s+am\s+|i['’]m\s+)?out\s+of\s+(?:the\s+)?office\b".to_owned(),
        r"automatic\s+(?:reply|response)\b".to_owned(),
        r"auto(?:[ -]?(?:reply|response))?\s*:".to_owned(),
        r"abwesenheitsnotiz\b|automatische\s+antwort\b".to_owned(),
    ];
    Regex::new(&format!(r"(?i)^\s*(?:{})", subjects.join("|")))
        .expect("the patterns are literals, and a test compiles them")
});

/// Whether a program wrote it, by its subject.
pub(super) fn is_automatic(subject: &str) -> bool {
    BEGINS.is_match(subject)
}

#[cfg(test)]
mod tests {
    use super::is_automatic;

    #[test]
    fn programs_are_known_by_their_subjects() {
        for subject in [
            "Absence",
            "Absence : Re: Saisine AMI-26-004217",
            "Absence Re: Saisine",
            "Absence du bureau",
            "absence du 10 au 20 mars",
            "Absent du bureau",
            "Absente jusqu’au 20 mars",
            "Absent(e) du bureau : Saisine",
            "Réponse automatique : Saisine",
            "RÉPONSE AUTOMATIQUE\u{a0}: Saisine",
            "Out of office",
            "Out of the Office Re: Saisine",
            "Automatic reply: Saisine",
            "Auto: Saisine",
            "Auto-Reply: Saisine",
        ] {
            assert!(is_automatic(subject), "{subject}");
        }
        for subject in [
            "Re: Absence de lampadaire",
            "Absence de lampadaire",
            "Re: Absence",
            "Absents du quartier",
            "Autobus : arrêt cassé",
            "Auto brûlée",
            "Re: Réponse automatique ?",
            "",
        ] {
            assert!(!is_automatic(subject), "{subject}");
        }
    }
}
