//! What somebody writes in an answer, without what they answer to: mail programs put that below, each in its own way.

use std::sync::LazyLock;

use regex::Regex;

/// The line above what is quoted: « Le 12 mars 2026 à 10:04, Ville d’Amiens <…> a écrit : », « On …, … wrote: »; Outlook's
/// rules and blocks of headers; the line that begins a signature (RFC 3676, 4.3).
static BEGINS: LazyLock<Regex> = LazyLock::new(|| {
    let lines = [
        r"(?:Le|On|Il|El|Am)\s[^\n]{0,300}(?:\n[^\n]{0,300}){0,2}?(?:a\s+écrit|wrote|schrieb|ha scritto|escribió)\s*:",
        r"-{2,}\s*(?:Message d['’]origine|Message transféré|Original Message|Forwarded message|Ursprüngliche Nachricht)\s*-{2,}",
        r"_{20,}",
        r"\*?(?:De|From|Expéditeur)\*?\s*:\s[^\n]+\n+\*?(?:Envoyé|Sent|Date|À|To|Objet|Subject)\*?\s*:",
        r"-- ?",
        r"(?:Envoyé de(?:puis)? mon|Envoyé à partir de|Sent from my|Obtenir Outlook pour|Get Outlook for|Télécharger Outlook)[^\n]*",
    ];
    let pattern = format!(
        r"(?im)^[ \t\u{{a0}}]*(?:{})[ \t\u{{a0}}]*$|(?m)^[ \t\u{{a0}}]*(?:De|From)\s*:\s[^\n]+\n+[ \t]*(?:Envoyé|Sent|Date)\s*:",
        lines.join("|")
    );
    Regex::new(&pattern).expect("the patterns are literals, and a test compiles them")
});

/// The words of the writer alone. What stands between quoted lines (`>`) is theirs too: some answer point by point.
pub(super) fn own_words(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let own = match BEGINS.find(&text) {
        Some(found) => &text[..found.start()],
        None => &text,
    };
    let allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    let lines = own.lines().filter(|line| !line.trim_start().starts_with('>'));
    let lines: Vec<String> = lines.map(|line| line.trim_end().chars().filter(|c| allowed(*c)).collect()).collect();
    let mut words = String::new();
    let mut blank = 0;
    for line in lines {
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank <= 1 {
            words.push_str(&line);
            words.push('\n');
        }
    }
    words.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::own_words;

    #[test]
    fn what_is_answered_to_is_cut() {
        for quoted in [
            "Le mar. 10 mars 2026 à 10:04, Ville d’Amiens – Police municipale <cafes@ville.example> a écrit :\n> Bonjour,\n> Votre demande",
            "Le 10 mars 2026 à 10:04, Ville d’Amiens – Police municipale\n<cafes-police@ville-amiens.example> a écrit :\n\nBonjour,",
            "On Tue, 10 Mar 2026 at 10:04, Ville d’Amiens <cafes@ville.example> wrote:\n> Hello",
            "-----Message d’origine-----\nDe : Ville d’Amiens",
            "________________________________\nDe : Ville d’Amiens <cafes@ville.example>\nEnvoyé : mardi 10 mars 2026 10:04",
            "De : Ville d’Amiens <cafes@ville.example>\nEnvoyé : mardi 10 mars 2026 10:04\nÀ : Voirie\nObjet : Saisine",
            "From: Ville d’Amiens <cafes@ville.example>\nSent: Tuesday, March 10, 2026\nTo: Roads",
            "-- \nJean Dupont\nService voirie",
            "Envoyé de mon iPhone",
            "> Bonjour,\n> Votre demande",
        ] {
            let text = format!("Le matelas est enlevé.\r\n\r\nBonne journée\r\n\r\n{}", quoted.replace('\n', "\r\n"));
            assert_eq!(own_words(&text), "Le matelas est enlevé.\n\nBonne journée", "{quoted}");
        }
    }

    #[test]
    fn what_is_said_between_quoted_lines_stays() {
        assert_eq!(own_words("> Quel étage ?\nLe deuxième.\n> Quel côté ?\nCour."), "Le deuxième.\nCour.");
    }

    #[test]
    fn words_that_only_look_like_a_quotation_stay() {
        for text in [
            "Le gardien passe demain.\nOn verra bien.",
            "De : rien à signaler",
            "Le voisin a écrit sur le mur.",
            "- un matelas\n- un frigo",
        ] {
            assert_eq!(own_words(text), text);
        }
    }

    #[test]
    fn no_control_character_and_no_desert_remains() {
        assert_eq!(own_words("\u{7}a\u{0}b\n\n\n\n\nc\t d \n"), "ab\n\nc\t d");
        assert_eq!(own_words("> rien d’autre"), "");
    }
}
