//! `continuum keys`.

use anyhow::{Result, bail};
use domain::audit::{Act, By, Record};
use domain::clock::Clock as _;
use store::{Replaced, SealingKey, Store};

use super::database::DatabaseOptions;
use super::tell;
use crate::SystemClock;
use crate::keys::{self, NextResidents};

/// Replace keys.
#[derive(clap::Args)]
pub struct Keys {
    #[command(subcommand)]
    command: KeysCommand,
}

/// What to do with keys.
#[derive(clap::Subcommand)]
enum KeysCommand {
    /// Make a new key that signs access tokens. Nothing restarts: instances find it in the keys folder within a minute,
    /// publish it, sign with it an hour later, and accept what the earlier one signed until that has expired. Where
    /// machines have copies of the folder, copy it to each before it signs, and remove from each what is removed here.
    Rotate {
        /// Sign with it in a minute: when the earlier key has leaked. A key that another `rotate` has made and that does
        /// not sign yet is removed. Remove the earlier one's file from the keys folder a minute later, so that what it
        /// signed is no longer accepted.
        #[arg(long)]
        now: bool,
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Put another key in the place of residents.key, when it has leaked or whoever knew it has left: all that residents
    /// left is sealed anew. Stop every instance before. Links and slips that residents have lead nowhere afterwards: the
    /// next e-mail holds another link. The earlier key stays in the folder under another name, for backups.
    ReplaceResidents {
        #[command(flatten)]
        database: DatabaseOptions,
    },
}

impl Keys {
    pub(crate) async fn run(self) -> Result<()> {
        match self.command {
            KeysCommand::Rotate { now, database } => rotate(now, &database).await,
            KeysCommand::ReplaceResidents { database } => replace_residents(&database).await,
        }
    }
}

async fn rotate(at_once: bool, options: &DatabaseOptions) -> Result<()> {
    let now = SystemClock.now();
    let database = options.open().await?;
    let store = options.store(&database)?;
    // An installation that has no key yet makes its first one.
    options.keys()?;
    let (key, path, gone) = keys::Keys::rotate(&options.keys_dir(), now, at_once)?;
    let kid = key.kid()?;
    store.audit(&record(Act::KeysRotated { kid: kid.clone() })).await?;
    store.close().await;
    database.stop().await?;
    for path in gone {
        tell(format_args!(
            "{} is removed: its last token has expired, or it did not sign yet and may have leaked too.",
            path.display()
        ));
    }
    let from = key.signs_from.format("%Y-%m-%d %H:%M:%S UTC");
    tell(format_args!("{} signs from {from} on. Its id: {kid}.", path.display()));
    Ok(())
}

fn record(act: Act) -> Record {
    Record { at: SystemClock.now(), by: By::Operator, from: None, act, why: None }
}

async fn replace_residents(options: &DatabaseOptions) -> Result<()> {
    options.need_keys()?;
    let next = NextResidents::of_folder(&options.keys_dir());
    let earlier = options.keys()?.sealing.residents;
    let database = options.open().await?;
    let store = options.store(&database)?;
    let outcome = sealed_anew(&store, &earlier, &next).await;
    store.close().await;
    database.stop().await?;
    match outcome? {
        Some(Replaced { contacts, mails, links, slips, sheets }) => tell(format_args!(
            "Sealed anew: {contacts} contact(s) of residents, {mails} e-mail(s) that belong nowhere. Dead: {links} link(s), \
             {slips} slip(s). Published sheets with another link: {sheets}."
        )),
        None => tell(format_args!("All was sealed anew before this was broken off.")),
    }
    next.put_in_place()?;
    let former = next.former_path(earlier.id());
    tell(format_args!(
        "residents.key is another one now. {} opens backups that were made before: destroy it with the last of them.",
        former.display()
    ));
    Ok(())
}

/// What was made anew with the next key; none when that had happened already.
async fn sealed_anew(store: &Store, earlier: &SealingKey, next: &NextResidents) -> Result<Option<Replaced>> {
    let tx = store.begin().await?;
    if !tx.hold_residents().await? {
        bail!("another process of this city is connected to its database: stop every instance first");
    }
    if let Some(pending) = next.pending()?
        && tx.is_sealed_with(&pending).await?
    {
        return Ok(None);
    }
    let former = next.former()?;
    let key = next.make(earlier.id())?;
    let replaced = tx.replace_residents_key(&former, &key).await?;
    tx.audit(&record(Act::ResidentsKeyReplaced { kid: key.id().to_owned() }));
    tx.commit().await?;
    Ok(Some(replaced))
}
