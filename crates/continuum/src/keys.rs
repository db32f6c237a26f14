//! The three keys of an installation: one signs access tokens, one encrypts what residents left, one seals the audit log.
//! Each lies in a file of its own, readable by its owner only. Several instances share the folder.
//!
//! The audit log's key has its public half beside it, in a file that is named after it (`audit-seal-ID.pub`) and stays
//! when the key is replaced: move `audit-seal.pem` away, and the next start makes another; what the earlier one sealed
//! is verified with its public half.

use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use auth::{SealKeys, Tokens};
use store::ResidentKey;

/// The keys of an installation.
#[derive(Clone)]
pub struct Keys {
    /// Signs access tokens: Ed25519, PKCS #8, PEM.
    pub token_pem: String,
    /// Seals what residents left.
    pub resident: ResidentKey,
    /// Seals the audit log.
    pub seal: SealKeys,
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
        Ok(Self { token_pem, resident, seal: seal_keys(folder)? })
    }
}

/// The key that seals the audit log, and the public halves of those that did before.
fn seal_keys(folder: &Path) -> Result<SealKeys> {
    let path = folder.join("audit-seal.pem");
    let pem = read_or_make(&path, || Ok(SealKeys::generate_key()?))?;
    let mut keys = SealKeys::new(&pem).with_context(|| path.display().to_string())?;
    read_or_make(&folder.join(format!("audit-seal-{}.pub", keys.id())), || Ok(keys.public_pem()?))?;
    for file in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = file?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if name.starts_with("audit-seal-") && path.extension() == Some(OsStr::new("pub")) {
            let pem = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
            keys.trust(&pem).with_context(|| path.display().to_string())?;
        }
    }
    Ok(keys)
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
        assert_eq!(made.seal.id(), read.seal.id());
        let bits = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((bits("token-signing.pem"), bits("residents.key"), bits("")), (0o600, 0o600, 0o700));
        assert_eq!(bits("audit-seal.pem"), 0o600);
        let public = format!("audit-seal-{}.pub", made.seal.id());
        assert!(folder.join(public).exists());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 4, "nothing is left aside");
    }

    #[test]
    fn a_seal_outlives_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let earlier = Keys::of_folder(folder.path()).unwrap().seal.sign("a text");
        fs::remove_file(folder.path().join("audit-seal.pem")).unwrap();
        let keys = Keys::of_folder(folder.path()).unwrap().seal;
        assert_ne!(keys.id(), earlier.key_id);
        assert_eq!(keys.verify("a text", &earlier), Ok(()));
        fs::write(folder.path().join("audit-seal-other.pub"), "not a key").unwrap();
        let refused = Keys::of_folder(folder.path()).err().unwrap();
        assert!(format!("{refused:#}").contains("audit-seal-other.pub: not an Ed25519 key"), "{refused:#}");
    }
}
