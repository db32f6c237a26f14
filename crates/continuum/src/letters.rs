//! Letters that are looked at: written as the worker writes them, and not sent.

use domain::city::City;
use domain::language::Language;
use domain::letter::LetterName;
use notify::Writer;
use notify::letter::{ComposeError, Letter, Parts, Stationery, sample};
use url::Url;
use usecases::notification::{Real, Topic, Written};

/// Writes letters whose links begin with `public_url`.
pub(crate) struct Letters {
    pub(crate) public_url: Url,
}

impl Letters {
    fn real(&self, city: &City, name: LetterName, language: Language, real: &Real) -> Result<Letter, ComposeError> {
        let Real { mail, addressee: to, late } = real;
        let writer = Writer { public_url: &self.public_url, desk: &city.settings.dispatcher_desk, mail, to, language };
        match (&mail.topic, name) {
            (Topic::Ticket(first), LetterName::Turns | LetterName::Digest) => {
                let turns: Vec<_> = std::iter::once(&**first).chain(&mail.also).collect();
                writer.news(&turns, name == LetterName::Digest)
            }
            (Topic::Ticket(about), _) => writer.turn(about),
            (Topic::Concern(about), _) => writer.concern(about),
            (Topic::List(list), _) => writer.list(list),
            (Topic::Affair(topic), _) => writer.affair(topic),
            (Topic::Late, _) => writer.late(late.as_ref().ok_or(ComposeError::Missing("tickets"))?),
        }
    }
}

impl usecases::notification::Letters for Letters {
    fn write(&self, city: &City, name: LetterName, language: Language, real: Option<&Real>) -> Result<Written, String> {
        let letter = match real {
            None => Ok(sample(name, language, false)),
            Some(real) => self.real(city, name, language, real),
        };
        let paper = Stationery::new(city.settings.sender.clone(), city.zone(), &city.letters);
        let parts = letter.and_then(|letter| letter.parts(&paper)).map_err(|error| error.to_string())?;
        let Parts { subject, text, html } = parts;
        Ok(Written { subject, text, html })
    }
}
