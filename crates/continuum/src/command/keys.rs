//! `continuum keys`.

use anyhow::Result;
use domain::audit::{Act, By, Record};
use domain::clock::Clock as _;

use super::database::DatabaseOptions;
use super::tell;
use crate::SystemClock;
use crate::keys;

/// Replace the key that signs access tokens.
#[derive(clap::Args)]
pub struct Keys {
    #[command(subcommand)]
    command: KeysCommand,
}

/// What to do with keys.
#[derive(clap::Subcommand)]
enum KeysCommand {
    /// Make a new key that signs access tokens. Nothing restarts: instances find it in the keys folder within a minute,
    /// publish it, sign with it an hour later, and accept what the earlier one signed until that has expired.
    Rotate {
        /// Sign with it in a minute: when the earlier key has leaked. A key that another `rotate` has made and that does
        /// not sign yet is removed. Remove the earlier one's file from the keys folder a minute later, so that what it
        /// signed is no longer accepted.
        #[arg(long)]
        now: bool,
        #[command(flatten)]
        database: DatabaseOptions,
    },
}

impl Keys {
    pub(crate) async fn run(self) -> Result<()> {
        let KeysCommand::Rotate { now: at_once, database: options } = self.command;
        let now = SystemClock.now();
        let database = options.open().await?;
        let store = options.store(&database)?;
        // An installation that has no key yet makes its first one.
        options.keys()?;
        let (key, path, gone) = keys::Keys::rotate(&options.keys_dir(), now, at_once)?;
        let kid = key.kid()?;
        let record =
            Record { at: now, by: By::Operator, from: None, act: Act::KeysRotated { kid: kid.clone() }, why: None };
        store.audit(&record).await?;
        store.close().await;
        database.stop().await?;
        for path in gone {
            tell(format_args!("{} is removed: it did not sign yet, and may have leaked too.", path.display()));
        }
        let from = key.signs_from.format("%Y-%m-%d %H:%M:%S UTC");
        tell(format_args!("{} signs from {from} on. Its id: {kid}.", path.display()));
        Ok(())
    }
}
