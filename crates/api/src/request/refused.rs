//! What the schema of a body cannot say, in both languages: characters that cannot be kept, fields that stand twice, texts
//! without a visible character, numbers that no type here holds.
//!
//! A type tells why it refuses a value through serde, which keeps the words alone: they are told apart here.

use domain::text::TextError;
use serde_json::Value;

use super::body::escape;
use crate::problem::{At, FieldError};

/// The texts with a NUL, which PostgreSQL cannot keep.
pub(super) fn unstorable(value: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    find_nul(value, "", &mut errors);
    errors
}

fn find_nul(value: &Value, pointer: &str, errors: &mut Vec<FieldError>) {
    match value {
        Value::String(text) if text.contains('\0') => {
            let texts = refused(&TextError::ControlCharacter.to_string());
            errors.push(FieldError::new(At::Body(pointer.to_owned()), "invalid", texts));
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                find_nul(item, &format!("{pointer}/{at}"), errors);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                find_nul(field, &format!("{pointer}/{}", escape(name)), errors);
            }
        }
        _ => {}
    }
}

/// Why a type refused a value, in French and in English, from what it said through serde.
pub(super) fn refused(said: &str) -> (String, String) {
    let said = said.rsplit_once(" at line ").map_or(said, |(said, _)| said);
    let texts = of_text(said).or_else(|| of_field(said)).or_else(|| of_word(said)).or_else(|| of_number(said));
    texts.unwrap_or_else(|| (format!("Valeur refusée (en anglais : « {said} »)."), format!("Value refused: {said}.")))
}

fn of_text(said: &str) -> Option<(String, String)> {
    let (fr, en) = if said == TextError::Empty.to_string() {
        ("Ce texte ne contient rien de visible.", "There is nothing to see in this text.")
    } else if said == TextError::ControlCharacter.to_string() {
        (
            "Ce texte contient un caractère de commande, ou un saut de ligne là où une seule ligne est attendue.",
            "This text contains a control character, or a line break where a single line is expected.",
        )
    } else {
        let most = said.strip_prefix("the text is longer than ")?.strip_suffix(" characters")?;
        return Some((format!("Au plus {most} caractères."), format!("At most {most} characters.")));
    };
    Some((fr.to_owned(), en.to_owned()))
}

fn of_field(said: &str) -> Option<(String, String)> {
    let within = |before: &str| said.strip_prefix(before)?.split('`').next();
    if let Some(name) = within("duplicate field `") {
        let fr = format!("Le champ « {name} » est donné deux fois.");
        return Some((fr, format!("The field “{name}” is given twice.")));
    }
    let name = within("unknown field `")?;
    Some((format!("Le champ « {name} » n’existe pas ici."), format!("There is no field “{name}” here.")))
}

fn of_word(said: &str) -> Option<(String, String)> {
    let (word, what) = said.strip_prefix("« ")?.rsplit_once(" » is not a ")?;
    let (fr, en) = match what.split_once(':')?.0 {
        "keyword" => (
            "n’est pas un mot-clé : écrire un mot, ou jusqu’à cinq qui se suivent, 60 caractères au plus",
            "is not a keyword: write one word, or up to five that follow one another, 60 characters at most",
        ),
        "target" => (
            "n’est pas un délai : écrire 4h pour quatre heures d’ouverture, 2d pour deux jours ouvrés, 365 au plus",
            "is not a target: write 4h for four open hours, 2d for two open days, at most 365",
        ),
        "code" => (
            "n’est pas un code : 1 à 60 caractères parmi a-z, 0-9, _ et -, une lettre d’abord",
            "is not a code: 1 to 60 of a-z, 0-9, _ and -, beginning with a letter",
        ),
        _ => return None,
    };
    Some((format!("« {word} » {fr}."), format!("“{word}” {en}.")))
}

fn of_number(said: &str) -> Option<(String, String)> {
    let (fr, en) = if said == "an answer is a text, a number, true or false, or a list of choices" {
        (
            "Une réponse est un texte, un nombre, vrai ou faux, ou une liste de choix.",
            "An answer is a text, a number, true or false, or a list of choices.",
        )
    } else if ["invalid value: integer `", "invalid type: floating point `", "invalid value: floating point `"]
        .iter()
        .any(|before| said.starts_with(before))
    {
        (
            "Ce nombre n’est pas admis ici : écrire un nombre entier moins grand, sans point ni exposant.",
            "This number is not taken here: write a smaller whole number, without point or exponent.",
        )
    } else {
        return None;
    };
    Some((fr.to_owned(), en.to_owned()))
}
