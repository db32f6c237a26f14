//! The two keys of an installation: one signs access tokens, the other seals what residents left. Each lies in a file of
//! its own, readable by its owner only. Several instances share the folder.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use auth::Tokens;
use store::ResidentKey;

/// The keys of an installation.
#[derive(Clone)]
pub struct Keys {
    /// Signs access tokens: Ed25519, PKCS #8, PEM.
    pub token_pem: String,
    /// Seals what residents left.
    pub resident: ResidentKey,
}

impl Keys {
    /// The keys of a folder; those that are missing are made.
    ///
    /// # Errors
    /// When a file cannot be read or made, or holds something else.
    pub fn of_folder(folder: &Path) -> Result<Self> {
        let private = |mode| {
            use std::os::unix::fs::DirBuilderExt as _;
            fs::DirBuilder::new().recursive(true).mode(mode).create(folder)
        };
        private(0o700).with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        let token_pem = read_or_make(&folder.join("token-signing.pem"), || Ok(Tokens::generate_key()?))?;
        let path = folder.join("residents.key");
        let resident = read_or_make(&path, || Ok(ResidentKey::generate()))?;
        let resident = ResidentKey::from_base64(&resident);
        let resident = resident.ok_or_else(|| anyhow!("{} does not hold 32 bytes in base64", path.display()))?;
        Ok(Self { token_pem, resident })
    }
}

/// The file's text; a new one, when there is no file. Of two instances that make it at once, one wins and both use its.
fn read_or_make(path: &Path, make: impl FnOnce() -> Result<String>) -> Result<String> {
    use std::os::unix::fs::OpenOptionsExt as _;
    match fs::read_to_string(path) {
        Ok(text) => return Ok(text),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
    // Written aside and linked into place: nobody ever reads half a key.
    let aside = path.with_extension(format!("new.{}", std::process::id()));
    let write = || -> Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        file.write_all(make()?.as_bytes())?;
        file.sync_all()?;
        match fs::hard_link(&aside, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    };
    let written = write().with_context(|| format!("{} cannot be made", path.display()));
    fs::remove_file(&aside).with_context(|| format!("{} cannot be removed", aside.display()))?;
    written?;
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_kept_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("keys");
        let made = Keys::of_folder(&folder).unwrap();
        let read = Keys::of_folder(&folder).unwrap();
        assert_eq!((made.token_pem, made.resident.id()), (read.token_pem, read.resident.id()));
        let bits = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((bits("token-signing.pem"), bits("residents.key"), bits("")), (0o600, 0o600, 0o700));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing is left aside");
    }
}
