//! E-mail as files: one `.eml` for each, which a mail program opens.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use domain::id::MessageId;
use lettre::Message;
use lettre::message::header::Date;

use super::{DeliveryError, TransportError};
use crate::post::Post;

/// A folder that e-mail is written into.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Result<Self, TransportError> {
        match DirBuilder::new().recursive(true).mode(0o700).create(&path) {
            Ok(()) => Ok(Self { path }),
            Err(source) => Err(TransportError::Folder { path, source }),
        }
    }

    /// Writes it as a mail server delivers it: with where reports would go (RFC 5321, 4.4).
    pub(super) async fn deliver(&self, Post { message, envelope }: &Post, id: MessageId) -> Result<(), DeliveryError> {
        let name = format!("{}-{id}.eml", date(message));
        let mut bytes =
            envelope.from().map(|from| format!("Return-Path: <{from}>\r\n").into_bytes()).unwrap_or_default();
        bytes.extend(message.formatted());
        let folder = self.path.clone();
        match tokio::task::spawn_blocking(move || write(&folder, &name, &bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(DeliveryError::Transient(format!("{}: {error}", self.path.display()))),
            Err(_) => Err(DeliveryError::Transient(format!("{}: writing was interrupted", self.path.display()))),
        }
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

/// The message's date, so that names sort by it and a repeat has the same one.
fn date(message: &Message) -> String {
    let date = message.headers().get::<Date>().map_or(SystemTime::UNIX_EPOCH, SystemTime::from);
    DateTime::<Utc>::from(date).format("%Y%m%dT%H%M%SZ").to_string()
}

/// Writes the file whole or not at all, even when the machine stops meanwhile.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let turn = COUNT.fetch_add(1, Ordering::Relaxed);
    let unfinished = folder.join(format!(".{name}.{}.{turn}", std::process::id()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, folder.join(name))?;
        File::open(folder)?.sync_all()
    })();
    if written.is_err() {
        // Best effort: what remains is hidden and read by nobody.
        fs::remove_file(&unfinished).ok();
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use domain::id::MessageId;
    use lettre::Message;
    use store::outbox::Returns;
    use uuid::Uuid;

    use super::super::{DeliveryError, Transport};
    use crate::post::Post;

    const ID: MessageId = MessageId(Uuid::from_u128(1));

    fn message(words: &str) -> Post {
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_773_389_101);
        let message = Message::builder().date(at).from("a@a.example".parse().unwrap());
        let message = message.to("b@b.example".parse().unwrap()).body(words.to_owned()).unwrap();
        Post::new(message, None, &Returns::default(), None).unwrap()
    }

    fn mode(path: &std::path::Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_message_is_one_file_for_the_owner_and_a_repeat_replaces_it() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b");
        let transport = Transport::folder(&path).unwrap();
        transport.deliver(&message("first"), ID).await.unwrap();
        transport.deliver(&message("second"), ID).await.unwrap();

        let names: Vec<_> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["20260313T080501Z-00000000-0000-0000-0000-000000000001.eml"]);
        let file = path.join(&names[0]);
        assert!(std::fs::read_to_string(&file).unwrap().ends_with("second"));
        assert_eq!((mode(&path), mode(&file)), (0o700, 0o600));
        assert_eq!(transport.describe(), format!("each e-mail is written as a file into {}", path.display()));
    }

    #[tokio::test]
    async fn a_folder_that_went_away_is_worth_another_attempt() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("mail");
        let transport = Transport::folder(&path).unwrap();
        std::fs::remove_dir(&path).unwrap();
        let error = transport.deliver(&message("words"), ID).await.unwrap_err();
        assert!(matches!(&error, DeliveryError::Transient(why) if why.contains("mail")), "{error}");

        let file = root.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(Transport::folder(file.join("mail")).is_err());
    }
}
