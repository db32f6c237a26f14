//! `continuum inbound`.

use std::ffi::OsString;
use std::io::Read as _;
use std::process::ExitCode;

use actix_web::rt::spawn;
use anyhow::{Context as _, Result};
use usecases::inbound::{MAX_BYTES, ReceiveError, take};

use super::database::DatabaseOptions;
use super::files::FileOptions;
use super::tell;

/// The mail server keeps the e-mail and tries again (sysexits.h). Every failure ends so, whatever it is: after any other code the
/// e-mail would be sent back to whoever wrote it.
pub(super) const EX_TEMPFAIL: u8 = 75;
/// The e-mail is none.
const EX_DATAERR: u8 = 65;

/// Take one e-mail from the standard input, as a mail server hands it to a program. Ends with 0 when it was taken, 65 when
/// it is no e-mail, 75 when the mail server should try again: after any failure, without a database, and before a city
/// is loaded.
#[derive(clap::Args)]
pub struct Inbound {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    files: FileOptions,
    /// The address that the mail server delivers it to: Postfix calls it `original_recipient`.
    #[arg(long)]
    recipient: Option<String>,
}

/// Whether these arguments ask for it, also where they are not understood.
pub(super) fn is_asked_for(arguments: &[OsString]) -> bool {
    let mut words = arguments.iter().skip(1);
    while let Some(word) = words.next() {
        if word == "--log-format" {
            words.next();
        } else if !word.as_encoded_bytes().starts_with(b"-") {
            return word == "inbound";
        }
    }
    false
}

impl Inbound {
    /// The code to end with. What fails is the caller's to end with [`EX_TEMPFAIL`].
    pub(crate) async fn run(self) -> Result<ExitCode> {
        self.database.need_database()?;
        // In a task of its own, so that a panic is a failure as any other.
        let received = spawn(async move { self.received().await }).await;
        received?.context("the e-mail cannot be taken now")
    }

    async fn received(&self) -> Result<ExitCode> {
        let database = self.database.open().await?;
        let context = self.database.context_with(&database, self.files.settings(&self.database.data_dir)?).await?;
        // Where there is no city, it is the wrong database: a report would tell of no letter there, and be gone.
        context.city()?;
        let mut raw = Vec::new();
        std::io::stdin().take(MAX_BYTES as u64 + 1).read_to_end(&mut raw).context("the e-mail cannot be read")?;
        let outcome = take(&context, raw, self.recipient.as_deref()).await;
        context.store.announce_messages().await?;
        context.store.close().await;
        database.stop().await?;
        match outcome {
            Ok(outcome) => {
                tell(serde_json::to_string(&outcome)?);
                Ok(ExitCode::SUCCESS)
            }
            Err(error @ (ReceiveError::NotAnEmail | ReceiveError::TooLarge)) => {
                tell(error);
                Ok(ExitCode::from(EX_DATAERR))
            }
            Err(error) => Err(error.into()),
        }
    }
}
