//! Turning a letter into its subject, its text and its HTML.
//!
//! A file of words per kind, audience and language (`acknowledged.resident.fr.jinja`) sets what is said; three layouts
//! (`layout.subject.jinja`, `layout.txt.jinja`, `layout.html.jinja`) give it its form, so that the text and the HTML
//! can never say different things. Words are written with plain spaces: French no-break spaces are put in here.

use std::sync::LazyLock;

use domain::city::{LetterWords, Sender, tel};
use domain::language::Language;
use domain::letter::LetterName;
use domain::time::Zone;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior, Value, context, escape_formatter};

use super::ComposeError;
use super::context::NO_BREAK;

macro_rules! sources {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("../../templates/", $name, ".jinja")))),*] };
}

/// The words of each letter, in both languages.
pub(super) const WORDS: [(&str, &str); 90] = sources![
    "referral.service.fr",
    "referral.service.en",
    "referral.partner.fr",
    "referral.partner.en",
    "renewed.service.fr",
    "renewed.service.en",
    "refused.service.fr",
    "refused.service.en",
    "acknowledged.agent.fr",
    "acknowledged.agent.en",
    "acknowledged.resident.fr",
    "acknowledged.resident.en",
    "outcome.agent.fr",
    "outcome.agent.en",
    "outcome.resident.fr",
    "outcome.resident.en",
    "progress.agent.fr",
    "progress.agent.en",
    "withdrawn.service.fr",
    "withdrawn.service.en",
    "reminder.service.fr",
    "reminder.service.en",
    "reminder.agent.fr",
    "reminder.agent.en",
    "due_again.service.fr",
    "due_again.service.en",
    "watched.service.fr",
    "watched.service.en",
    "assigned.agent.fr",
    "assigned.agent.en",
    "mention.agent.fr",
    "mention.agent.en",
    "message.agent.fr",
    "message.agent.en",
    "message.service.fr",
    "message.service.en",
    "message.resident.fr",
    "message.resident.en",
    "answered.agent.fr",
    "answered.agent.en",
    "answered.service.fr",
    "answered.service.en",
    "unattended.service.fr",
    "unattended.service.en",
    "cancelled.resident.fr",
    "cancelled.resident.en",
    "forwarded.resident.fr",
    "forwarded.resident.en",
    "merged.resident.fr",
    "merged.resident.en",
    "asked_again.resident.fr",
    "asked_again.resident.en",
    "received.fr",
    "received.en",
    "link_renewed.fr",
    "link_renewed.en",
    "resumed.fr",
    "resumed.en",
    "undeliverable.agent.fr",
    "undeliverable.agent.en",
    "undeliverable.service.fr",
    "undeliverable.service.en",
    "invitation.fr",
    "invitation.en",
    "password_reset.fr",
    "password_reset.en",
    "password_changed.fr",
    "password_changed.en",
    "second_factor_changed.fr",
    "second_factor_changed.en",
    "identity_changed.fr",
    "identity_changed.en",
    "recovery_code_used.fr",
    "recovery_code_used.en",
    "session_stolen.fr",
    "session_stolen.en",
    "secret_expires.fr",
    "secret_expires.en",
    "webhook_disabled.fr",
    "webhook_disabled.en",
    "list.cafe.fr",
    "list.cafe.en",
    "unplaced_mail.fr",
    "unplaced_mail.en",
    "turns.fr",
    "turns.en",
    "digest.fr",
    "digest.en",
    "late.fr",
    "late.en",
];

/// The words that all letters of a language share.
const FRAMES: [(&str, &str); 2] = sources!["frame.fr", "frame.en"];

const LAYOUTS: [(&str, &str); 3] = sources!["layout.subject", "layout.txt", "layout.html"];

/// The last part of a layout's name; whether HTML is escaped hangs on it.
pub(super) const FORMS: [&str; 3] = ["subject", "txt", "html"];

/// How much a letter may cost to write (minijinja's fuel): some fifty times what the longest of ours does.
const FUEL: u64 = 500_000;

/// Our words and layouts, parsed once.
pub(super) static OURS: LazyLock<Environment<'static>> =
    LazyLock::new(|| environment().expect("the templates are part of the program, and tests parse each of them"));

/// The three texts of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// One line.
    pub subject: String,
    /// The whole as plain text.
    pub text: String,
    /// The whole as a document of its own.
    pub html: String,
}

/// What letters are written with: who writes, by which clocks, and the words.
pub struct Stationery {
    pub(super) sender: Sender,
    pub(super) zone: Zone,
    words: Environment<'static>,
}

impl Stationery {
    /// Our words, and those that the city wrote itself in their place. What is none of a letter is left out: a letter is
    /// not to stay behind for its words.
    ///
    /// # Panics
    /// When a template of our own does not parse; a test parses each.
    #[must_use]
    pub fn new(sender: Sender, zone: Zone, own: &[LetterWords]) -> Self {
        let mut words = OURS.clone();
        for LetterWords { code, source } in own {
            for form in FORMS {
                if let Err(error) = words.add_template_owned(own_name(code, form), source.clone()) {
                    tracing::error!(letter = %code, %error, "the city's words are no template; ours are used");
                }
            }
        }
        Self { sender, zone, words }
    }

    /// The subject, the text and the HTML of a letter with these values: in the city's words, if it wrote some and they fit;
    /// else in ours.
    pub(super) fn render(&self, letter: LetterName, language: Language, values: &Value) -> Result<Parts, ComposeError> {
        let code = format!("{letter}.{}", language.tag());
        if self.words.get_template(&own_name(&code, FORMS[0])).is_ok() {
            match self.parts(language, values, |form| own_name(&code, form)) {
                Ok(parts) => return Ok(parts),
                Err(error) => tracing::error!(letter = %code, %error, "the city's words do not fit; ours are used"),
            }
        }
        Ok(self.parts(language, values, |form| format!("{code}.{form}"))?)
    }

    pub(super) fn parts(
        &self,
        language: Language,
        values: &Value,
        name: impl Fn(&str) -> String,
    ) -> Result<Parts, minijinja::Error> {
        let [subject, text, html] = FORMS;
        let form = |form: &str| -> Result<String, minijinja::Error> {
            let values = context! { layout => format!("layout.{form}.jinja"), ..values.clone() };
            Ok(typeset(self.words.get_template(&name(form))?.render(values)?, language))
        };
        Ok(Parts { subject: form(subject)?.trim_end().to_owned(), text: form(text)?, html: form(html)? })
    }
}

/// Under which name the city's words are kept, beside ours.
pub(super) fn own_name(code: &str, form: &str) -> String {
    format!("own/{code}.{form}")
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
        Some((_, "html")) => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    environment.set_formatter(format_value);
    environment.add_filter("tel", tel);
    for (name, source) in FRAMES.into_iter().chain(LAYOUTS) {
        environment.add_template_owned(format!("{name}.jinja"), source)?;
    }
    for (name, source) in WORDS {
        for form in FORMS {
            environment.add_template_owned(format!("{name}.{form}"), source)?;
        }
    }
    Ok(environment)
}

/// Escapes a text for HTML as minijinja does, but leaves `/` alone: an address and a date stay readable in the source,
/// and no attribute value stands without quotation marks. Nothing is safe by its own saying: a city's words are plain text.
fn format_value(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    let (AutoEscape::Html, Some(text)) = (state.auto_escape(), value.as_str()) else {
        return escape_formatter(out, state, value);
    };
    for piece in text.split_inclusive(['&', '<', '>', '"', '\'']) {
        let (plain, special) = match piece.char_indices().next_back() {
            Some((at, '&')) => (&piece[..at], "&amp;"),
            Some((at, '<')) => (&piece[..at], "&lt;"),
            Some((at, '>')) => (&piece[..at], "&gt;"),
            Some((at, '"')) => (&piece[..at], "&quot;"),
            Some((at, '\'')) => (&piece[..at], "&#39;"),
            _ => (piece, ""),
        };
        out.write_str(plain)?;
        out.write_str(special)?;
    }
    Ok(())
}

/// The text with the no-break spaces of French: before « : ; ! ? » » and after « « ».
fn typeset(text: String, language: Language) -> String {
    match language {
        Language::En => text,
        Language::Fr => {
            let mut spaced = text.replace("« ", &format!("«{NO_BREAK}"));
            for mark in [':', ';', '!', '?', '»'] {
                spaced = spaced.replace(&format!(" {mark}"), &format!("{NO_BREAK}{mark}"));
            }
            spaced
        }
    }
}
