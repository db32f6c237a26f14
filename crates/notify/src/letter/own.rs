//! Looking through words that a city wrote itself, before they are used: a letter that cannot be written is found when the
//! city is checked, not when somebody waits for it.
//!
//! Deliberately absent: letters about accounts. They warn people of what others do in their name, and say the same in
//! every city.

use std::collections::BTreeSet;

use domain::city::{LetterWords, Sender};
use domain::language::Language;
use domain::letter::LetterName;
use domain::time::Zone;
use minijinja::{Error, Value, context};

use super::sample::sample;
use super::templates::{FORMS, OURS, Stationery, own_name};

/// What every letter has to say.
const NEEDED: [&str; 7] = ["subject", "title", "paragraphs", "facts", "action", "closing", "why"];

/// Stands at the beginning of what a letter makes of its layout.
const REACHED: &str = "layout:";

/// A layout that names the needed ones that are missing.
const PROBE: &str = "layout:
    {%- if subject is not defined %}subject {% endif -%}
    {%- if title is not defined %}title {% endif -%}
    {%- if paragraphs is not defined %}paragraphs {% endif -%}
    {%- if facts is not defined %}facts {% endif -%}
    {%- if link is not none and action is not defined %}action {% endif -%}
    {%- if closing is not defined %}closing {% endif -%}
    {%- if why is not defined %}why {% endif -%}
    {%- if paragraphs is defined and paragraphs is string %}list:paragraphs {% endif -%}
    {%- if facts is defined and facts is string %}list:facts {% endif -%}
    {%- if closing is defined and closing is string %}list:closing {% endif -%}";

/// What is wrong with words that a city wrote itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordsFault {
    /// The line, from 1, if it is in one.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl WordsFault {
    fn of(error: &Error) -> Self {
        let mut words = error.to_string();
        // The line is told beside it, and under which name we keep the words is nobody's business.
        if let Some(at) = words.find(" (in ") {
            words.truncate(at);
        }
        // A value that is only looked at in the layout is of no line of the letter.
        if error.name().is_some_and(|name| name.starts_with("own/")) {
            Self { line: error.line(), message: words }
        } else {
            Self { line: None, message: format!("while the letter is laid out: {words}") }
        }
    }
}

/// The letters whose words a city can write itself: `outcome.resident.fr`…
#[must_use]
pub fn own_letters() -> Vec<String> {
    every().map(|(letter, language)| format!("{letter}.{}", language.tag())).collect()
}

fn every() -> impl Iterator<Item = (LetterName, Language)> {
    let letters = LetterName::all().filter(|letter| letter.may_be_own());
    letters.flat_map(|letter| [Language::Fr, Language::En].map(|language| (letter, language)))
}

/// What is wrong with these words; nothing when the letter can be written with them, whatever it says.
///
/// # Panics
/// When a template of our own does not parse; a test parses each.
#[must_use]
pub fn check_words(own: &LetterWords) -> Vec<WordsFault> {
    let named = every().find(|(letter, language)| own.code == format!("{letter}.{}", language.tag()));
    let Some((letter, language)) = named else {
        let message = format!("there is no such letter; the letters are {}", own_letters().join(", "));
        return vec![WordsFault { line: None, message }];
    };
    let mut environment = OURS.clone();
    let name = own_name(&own.code, FORMS[0]);
    if let Err(error) = environment.add_template_owned(name.clone(), own.source.clone()) {
        return vec![WordsFault::of(&error)];
    }
    let sender = Sender {
        name: "Ville".into(),
        email: "ville@example.org".into(),
        address: "Place de l’Hôtel de Ville".into(),
        phone: "01 23 45 67 89".into(),
        returns_to: None,
    };
    let values = |bare| sample(letter, language, bare).values(&sender, Zone::PARIS);
    let (Ok(full), Ok(bare)) = (values(false), values(true)) else {
        return vec![WordsFault { line: None, message: "the sample lacks something".into() }];
    };
    let template = environment.get_template(&name).expect("it was just added");
    let known: BTreeSet<String> = full.try_iter().into_iter().flatten().map(|key| key.to_string()).collect();
    let mut asked: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    asked.sort();
    let globals = ["layout", "range", "dict", "debug", "namespace"];
    let unknown: Vec<WordsFault> = asked
        .iter()
        .filter(|name| !known.contains(*name) && !globals.contains(&name.as_str()))
        .map(|name| WordsFault { line: line_of(&own.source, name), message: unknown_variable(name, &known) })
        .collect();
    if !unknown.is_empty() {
        return unknown;
    }
    let replaced = replaced(&own.source, &known);
    if !replaced.is_empty() {
        return replaced;
    }
    environment.add_template("layout.probe", PROBE).expect("it is a template");
    let template = environment.get_template(&name).expect("it was just added");
    match template.render(context! { layout => "layout.probe", ..full.clone() }) {
        Ok(written) => {
            let Some(missing) = written.trim().strip_prefix(REACHED) else {
                return vec![WordsFault { line: Some(1), message: "a letter begins with {% extends layout %}".into() }];
            };
            let missing = missing.split_whitespace();
            let fault = |name: &str| match name.strip_prefix("list:") {
                Some(list) => WordsFault {
                    line: line_of(&own.source, list),
                    message: format!("« {list} » is a list: write [\"…\", \"…\"]"),
                },
                None => WordsFault {
                    line: None,
                    message: format!("« {name} » is not set: each letter needs {}", NEEDED.join(", ")),
                },
            };
            let missing: Vec<WordsFault> = missing.map(fault).collect();
            if !missing.is_empty() {
                return missing;
            }
        }
        Err(error) => return vec![WordsFault::of(&error)],
    }
    tried(own, &sender, language, [full, bare])
}

/// What is wrong with the letters that the words make of these values.
fn tried(own: &LetterWords, sender: &Sender, language: Language, values: [Value; 2]) -> Vec<WordsFault> {
    let paper = Stationery::new(sender.clone(), Zone::PARIS, std::slice::from_ref(own));
    let mut nones = Vec::new();
    for values in values {
        match paper.parts(language, &values, |form| own_name(&own.code, form)) {
            Err(error) => return vec![WordsFault::of(&error)],
            Ok(parts) if parts.subject.trim().is_empty() || parts.subject.contains(['\r', '\n']) => {
                return vec![WordsFault { line: None, message: "the subject has to be one line".into() }];
            }
            Ok(parts) => nones.push(parts.text.to_lowercase().matches("none").count()),
        }
    }
    if nones.is_sorted() && nones.first() != nones.last() {
        let message = "where a value is absent, the letter says « none »: ask first, {% if expected_on %}…".to_owned();
        return vec![WordsFault { line: None, message }];
    }
    Vec::new()
}

/// Values that the words would set themselves: where the link leads, who writes and how the resident stops it is not theirs.
fn replaced(source: &str, known: &BTreeSet<String>) -> Vec<WordsFault> {
    let mut faults = Vec::new();
    let mut begins = 0;
    for piece in source.split("{%") {
        let line = source[..begins].matches('\n').count() + 1;
        begins += piece.len() + 2;
        let statement = piece.split("%}").next().unwrap_or_default().trim_start_matches(['-', '+']).trim_start();
        let Some(targets) = statement.strip_prefix("set").filter(|rest| rest.starts_with(char::is_whitespace)) else {
            continue;
        };
        let targets = targets.split('=').next().unwrap_or_default();
        let names = targets.split(|c: char| !c.is_alphanumeric() && c != '_');
        faults.extend(
            names
                .filter(|name| known.contains(*name) || *name == "layout")
                .map(|name| WordsFault {
                    line: Some(line), message: format!("« {name} » is ours, and cannot be set")
                }),
        );
    }
    faults
}

fn unknown_variable(name: &str, known: &BTreeSet<String>) -> String {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    format!("there is no variable « {name} »; a letter knows {}", known.join(", "))
}

/// The first line in which the word stands.
fn line_of(source: &str, word: &str) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    source.lines().position(|line| line.split(|c| !part(c)).any(|piece| piece == word)).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letter::templates::WORDS;

    const SOUND: &str = "{% extends layout %}
{% set subject = \"Votre demande \" ~ reference %}
{% set title = \"Votre demande\" %}
{% set paragraphs = [\"Bonjour,\"] %}
{% set facts = [[\"Objet\", category]] %}
{% set action = \"Suivre\" %}
{% set closing = [] %}
{% set why = \"Parce que.\" %}
";

    fn wrong(code: &str, source: &str) -> Vec<(Option<usize>, String)> {
        let words = LetterWords { code: code.into(), source: source.into() };
        check_words(&words).into_iter().map(|fault| (fault.line, fault.message)).collect()
    }

    fn only(source: &str) -> (Option<usize>, String) {
        let mut faults = wrong("outcome.resident.fr", source);
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.remove(0)
    }

    #[test]
    fn each_of_our_own_letters_passes() {
        let own = own_letters();
        for (code, source) in WORDS.into_iter().filter(|(code, _)| own.iter().any(|own| own == code)) {
            assert_eq!(wrong(code, source), [], "{code}");
        }
        assert_eq!(wrong("outcome.resident.fr", SOUND), []);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let (line, words) = only(&SOUND.replace("category", "categroy"));
        assert_eq!(line, Some(5));
        assert!(words.contains("« categroy »") && words.contains(" category,"), "{words}");
        let (line, words) = only(&SOUND.replace("{% set action = \"Suivre\" %}\n", ""));
        assert_eq!((line, words.starts_with("« action » is not set")), (None, true), "{words}");
        let (line, words) = only(&SOUND.replace("{% set title = \"Votre demande\" %}", "{% set title = %}"));
        assert_eq!(line, Some(3), "{words}");
        let (line, words) = only("Bonjour");
        assert_eq!((line, words.as_str()), (Some(1), "a letter begins with {% extends layout %}"));
        let (line, words) = only(&SOUND.replace("\"Bonjour,\"", "service_phone ~ reference|dragons"));
        assert_eq!(line, Some(4), "{words}");
        let (_, words) = only(&SOUND.replace("Votre demande \" ~ reference", "a\\nb\""));
        assert_eq!(words, "the subject has to be one line");
    }

    #[test]
    fn a_letter_that_is_none_of_ours_is_refused() {
        for code in
            ["outcome.service.fr", "outcome.resident.de", "invitation.fr", "../outcome.resident.fr", "layout.html"]
        {
            let faults = wrong(code, SOUND);
            assert!(faults.len() == 1 && faults[0].1.starts_with("there is no such letter"), "{code}: {faults:?}");
        }
    }

    #[test]
    fn words_reach_nothing_outside_and_end() {
        let include = only(&SOUND.replace("{% set title", "{% include \"/etc/passwd\" %}{% set title"));
        assert!(include.1.contains("template not found"), "{include:?}");
        let endless = "{% for i in range(100000) %}{% for j in range(100000) %}{{ i }}{% endfor %}{% endfor %}";
        let endless = only(&SOUND.replace("{% set title", &format!("{endless}{{% set title")));
        assert!(endless.1.contains("fuel"), "{endless:?}");
    }

    #[test]
    fn what_is_ours_stays_ours_and_lists_are_lists() {
        let evil = "{% set link = \"https://evil.example/\" %}\n{%- set unsubscribe, sender = none, 1 %}";
        let faults = wrong("outcome.resident.fr", &format!("{SOUND}\n{evil}"));
        let words: Vec<&str> = faults.iter().map(|(_, words)| words.as_str()).collect();
        assert_eq!(
            words,
            ["link", "unsubscribe", "sender"].map(|name| format!("« {name} » is ours, and cannot be set")),
            "{faults:?}"
        );
        let (line, words) = only(&SOUND.replace("{% set closing = [] %}", "{% set closing = \"Merci\" %}"));
        assert!(line.is_some() && words == "« closing » is a list: write [\"…\", \"…\"]", "{words}");
    }

    #[test]
    fn words_are_plain_text() {
        for hostile in ["\"<img src=x>\"|safe", "captured"] {
            let source = format!("{{% set captured %}}<img src=y>{{% endset %}}{SOUND}");
            let source = source.replace("\"Bonjour,\"", hostile);
            let own = LetterWords { code: "outcome.resident.fr".into(), source };
            let letter = LetterName::all().find(|letter| letter.to_string() == "outcome.resident").unwrap();
            let sender = Sender {
                name: "Ville".into(),
                email: "v@example.org".into(),
                address: "-".into(),
                phone: "-".into(),
                returns_to: None,
            };
            let values = sample(letter, Language::Fr, false).values(&sender, Zone::PARIS).unwrap();
            let paper = Stationery::new(sender, Zone::PARIS, std::slice::from_ref(&own));
            let parts = paper.parts(Language::Fr, &values, |form| own_name(&own.code, form)).unwrap();
            assert!(parts.html.contains("&lt;img") && !parts.html.contains("<img"), "{}", parts.html);
        }
    }

    #[test]
    fn what_may_be_absent_is_tried_absent() {
        let (line, words) = only(&SOUND.replace("category]", "service_phone[0]]"));
        assert_eq!((line, words.as_str()), (None, "while the letter is laid out: undefined value"));
        let (_, words) = only(&SOUND.replace("\"Bonjour,\"", "\"Téléphone \" ~ service_phone"));
        assert!(words.contains("« none »"), "{words}");
    }
}
