//! The signature under e-mails.

use anyhow::{Result, bail};

use crate::instance::Dkim;
use crate::secret;

/// The city's signature under its e-mails (DKIM), when no mail server after this program signs; the private RSA key comes
/// from `DKIM_KEY`, or from the file that `DKIM_KEY_FILE` names.
#[derive(clap::Args)]
pub(crate) struct DkimOptions {
    /// Under which name the public key is published: continuum, for continuum._domainkey.ville.example.
    #[arg(long, env = "DKIM_SELECTOR", requires = "dkim_domain")]
    dkim_selector: Option<String>,
    /// Whose signature it is: the domain of the sender's address, or one above it.
    #[arg(long, env = "DKIM_DOMAIN", requires = "dkim_selector")]
    dkim_domain: Option<String>,
}

impl DkimOptions {
    /// The signature. One of which a part is missing is refused: e-mails would leave without it, and nobody would notice.
    pub(crate) fn dkim(self) -> Result<Option<Dkim>> {
        let said = |value: Option<String>| value.filter(|value| !value.is_empty());
        let key = secret::of_environment("DKIM_KEY")?;
        let dkim = match (said(self.dkim_selector), said(self.dkim_domain), key) {
            (None, None, None) => return Ok(None),
            (Some(selector), Some(domain), Some(key)) => Dkim { selector, domain, key },
            _ => bail!(
                "a signature under e-mails needs --dkim-selector, --dkim-domain and DKIM_KEY, or DKIM_KEY_FILE: not all \
                 of them are there"
            ),
        };
        dkim.signature()?;
        Ok(Some(dkim))
    }
}
