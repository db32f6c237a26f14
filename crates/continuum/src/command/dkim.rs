//! The signature under e-mails.

use anyhow::{Context as _, Result};

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
    pub(crate) fn dkim(self) -> Result<Option<Dkim>> {
        let Some((selector, domain)) = self.dkim_selector.zip(self.dkim_domain) else { return Ok(None) };
        let key = secret::of_environment("DKIM_KEY")?;
        let dkim = Dkim { selector, domain, key: key.context("--dkim-selector needs DKIM_KEY, or DKIM_KEY_FILE")? };
        dkim.signature()?;
        Ok(Some(dkim))
    }
}
