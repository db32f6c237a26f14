//! Letters that are looked at: written as the worker writes them, and not sent.

use domain::city::City;
use notify::letter::{ComposeError, Letter, Stationery, sample};
use url::Url;
use usecases::notification::{About, Addressee, Leased, Told, Written};

/// Writes letters whose links begin with `public_url`.
pub(crate) struct Letters {
    pub(crate) public_url: Url,
}

impl usecases::notification::Letters for Letters {
    fn write(
        &self,
        city: &City,
        about: &About,
        told: Option<(&Leased, &Told, &Addressee)>,
    ) -> Result<Option<Written>, String> {
        let letter = match told {
            None => sample(about.kind, about.audience, about.language, false),
            Some((leased, told, addressee)) => {
                let letter = notify::letter_about(&self.public_url, leased, told, addressee);
                // A service is written to in French; its words in another language are there to be seen too.
                Letter { language: about.language, ..letter.map_err(|error| error.to_string())? }
            }
        };
        match Stationery::new(city.settings.sender.clone(), &city.letters).render(&letter) {
            Ok(parts) => Ok(Some(Written { subject: parts.subject, text: parts.text, html: parts.html })),
            Err(ComposeError::Pair { .. }) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}
