//! The keys of an installation, in a folder that is readable by its owner only, and shared by several instances:
//!
//! - `token-signing.pem` and `token-TIME.pem` sign access tokens: each from the time of its name on, until the next one
//!   does. Instances look for new ones while they run ([`Keys::token_keys`]).
//! - `residents.key` seals what residents left, `accounts.key` the seeds of second factors; links are derived from them.
//!   `residents.next.key` is there while the former is replaced, `residents-ID.key` is what was: for backups.
//! - `audit-seal.pem` seals the audit log. Its public half lies beside it, in a file that is named after it
//!   (`audit-seal-ID.pub`) and stays when the key is replaced: move `audit-seal.pem` away, and the next start makes
//!   another; what the earlier one sealed is verified with its public half.

use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use auth::token::{LIFETIME, TokenKey};
use auth::{SealKeys, Tokens};
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use store::{SealingKey, SealingKeys};

/// How long a new key is published before it signs: longer than instances take to find it, and than those who verify
/// our tokens may keep the key set.
const PUBLISHED_BEFORE: Duration = Duration::hours(1);

/// How long instances take at most to find a new key.
const FOUND_WITHIN: Duration = Duration::minutes(1);

/// How the time stands in a file's name.
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// The keys of an installation.
#[derive(Clone)]
pub struct Keys {
    /// Where new keys that sign access tokens are looked for, if anywhere.
    pub folder: Option<PathBuf>,
    /// They sign access tokens, each from its time on.
    pub token: Vec<TokenKey>,
    /// They seal what is kept.
    pub sealing: SealingKeys,
    /// It seals the audit log.
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
        read_or_make(&folder.join("token-signing.pem"), || Ok(Tokens::generate_key()?))?;
        let sealing =
            SealingKeys { residents: sealing_key(folder, "residents")?, accounts: sealing_key(folder, "accounts")? };
        Ok(Self {
            folder: Some(folder.to_owned()),
            token: Self::token_keys(folder)?,
            sealing,
            seal: seal_keys(folder)?,
        })
    }

    /// The keys that sign access tokens, as they lie in the folder now.
    ///
    /// # Errors
    /// When a file cannot be read, or its name says no time.
    pub fn token_keys(folder: &Path) -> Result<Vec<TokenKey>> {
        let mut keys = Vec::new();
        for path in files(folder, "token-", "pem")? {
            let pem = read(&path)?.into();
            keys.push(TokenKey { signs_from: signs_from(&path)?, pem });
        }
        Ok(keys)
    }

    /// Makes a key that signs access tokens, soon or `at_once`, and removes those whose last token has expired a day ago.
    /// At once also removes those that have not begun to sign: they lay where the one lay that has leaked. Returns it,
    /// its file, and the files of those.
    ///
    /// # Errors
    /// When a file cannot be read, made or removed.
    pub fn rotate(folder: &Path, now: DateTime<Utc>, at_once: bool) -> Result<(TokenKey, PathBuf, Vec<PathBuf>)> {
        let signs_from = now + if at_once { FOUND_WITHIN } else { PUBLISHED_BEFORE };
        let path = folder.join(format!("token-{}.pem", signs_from.format(TIME)));
        if path.exists() {
            bail!("{} is there already", path.display());
        }
        let pem = read_or_make(&path, || Ok(Tokens::generate_key()?))?.into();
        let remove =
            |path: &Path| fs::remove_file(path).with_context(|| format!("{} cannot be removed", path.display()));
        let mut paths = files(folder, "token-", "pem")?;
        let pending = |other: &mut PathBuf| *other != path && self::signs_from(other).is_ok_and(|from| from > now);
        let mut gone: Vec<PathBuf> = if at_once { paths.extract_if(.., pending).collect() } else { Vec::new() };
        gone.iter().try_for_each(|path| remove(path))?;
        paths.sort_by_cached_key(|path| self::signs_from(path).unwrap_or_default());
        for pair in paths.windows(2) {
            let [earlier, next] = pair else { continue };
            if self::signs_from(next)? + LIFETIME + Duration::days(1) < now {
                remove(earlier)?;
                gone.push(earlier.clone());
            }
        }
        Ok((TokenKey { signs_from: self::signs_from(&path)?, pem }, path, gone))
    }
}

/// The residents' key that is to take the place of the one at hand, in its folder.
pub(crate) struct NextResidents {
    folder: PathBuf,
}

impl NextResidents {
    /// In that folder.
    pub(crate) fn of_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("residents.next.key")
    }

    /// The one that was made before, should somebody have been broken off.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn pending(&self) -> Result<Option<SealingKey>> {
        self.path().exists().then(|| sealing_key(&self.folder, "residents.next")).transpose()
    }

    /// The keys that were replaced before, which lie beside it.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn former(&self) -> Result<Vec<SealingKey>> {
        let names = files(&self.folder, "residents-", "key")?;
        let stems = names.iter().filter_map(|path| path.file_stem().and_then(OsStr::to_str));
        stems.map(|name| sealing_key(&self.folder, name)).collect()
    }

    /// Makes one, and lays the key of that id, which it is to replace, beside it under another name. What was made before
    /// has sealed nothing here and may have leaked too: it is put aside.
    ///
    /// # Errors
    /// When a file cannot be made.
    pub(crate) fn make(&self, id: &str) -> Result<SealingKey> {
        if let Some(pending) = self.pending()? {
            let aside = self.former_path(pending.id());
            fs::rename(self.path(), &aside).with_context(|| format!("{} cannot be made", aside.display()))?;
        }
        let (place, former) = (self.place(), self.former_path(id));
        match fs::hard_link(&place, &former) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("{} cannot be made", former.display()));
            }
            Ok(()) | Err(_) => {}
        }
        let key = sealing_key(&self.folder, "residents.next")?;
        // Whoever reads the earlier one reads this one, also when an administrator runs this.
        let path = self.path();
        let file = fs::OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(&path);
        hand_over(&file.with_context(|| format!("{} cannot be read", path.display()))?, &place)?;
        // It is found again whatever happens: soon all is sealed with it.
        fs::File::open(&self.folder)?.sync_all()?;
        Ok(key)
    }

    /// Puts it in the place of the earlier one. At every moment one of them is in that place.
    ///
    /// # Errors
    /// When the file cannot be moved.
    pub(crate) fn put_in_place(&self) -> Result<()> {
        let place = self.place();
        fs::rename(self.path(), &place).with_context(|| {
            format!(
                "all is sealed anew, but {} cannot be replaced: move {} there",
                place.display(),
                self.path().display()
            )
        })?;
        Ok(fs::File::open(&self.folder)?.sync_all()?)
    }

    fn place(&self) -> PathBuf {
        self.folder.join("residents.key")
    }

    /// Where the key of that id lies once it was replaced.
    pub(crate) fn former_path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("residents-{id}.key"))
    }
}

/// From when on a key signs: its file's name says so; the first one signs from the beginning.
fn signs_from(path: &Path) -> Result<DateTime<Utc>> {
    let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
    let time = name.strip_prefix("token-").unwrap_or_default();
    if time == "signing" {
        return Ok(DateTime::UNIX_EPOCH);
    }
    let time = NaiveDateTime::parse_from_str(time, TIME);
    Ok(time.with_context(|| format!("{}: expected token-20260310T090000Z.pem", path.display()))?.and_utc())
}

/// The key of that name that seals what is kept.
fn sealing_key(folder: &Path, name: &str) -> Result<SealingKey> {
    let path = folder.join(format!("{name}.key"));
    let text = read_or_make(&path, || Ok(SealingKey::generate()))?;
    SealingKey::from_base64(&text).ok_or_else(|| anyhow!("{} does not hold 32 random bytes in base64", path.display()))
}

/// The files of a folder that are so called.
fn files(folder: &Path, prefix: &str, extension: &str) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for file in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = file?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if name.starts_with(prefix) && path.extension() == Some(OsStr::new(extension)) {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// The key that seals the audit log, and the public halves of those that did before.
fn seal_keys(folder: &Path) -> Result<SealKeys> {
    let path = folder.join("audit-seal.pem");
    let pem = read_or_make(&path, || Ok(SealKeys::generate_key()?))?;
    let mut keys = SealKeys::new(&pem).with_context(|| path.display().to_string())?;
    read_or_make(&folder.join(format!("audit-seal-{}.pub", keys.id())), || Ok(keys.public_pem()?))?;
    for path in files(folder, "audit-seal-", "pub")? {
        keys.trust(&read(&path)?).with_context(|| path.display().to_string())?;
    }
    Ok(keys)
}

/// Whether everybody on this machine can read a secret.
fn is_open(path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    let has = |path: &Path, bit| Ok::<_, std::io::Error>(fs::metadata(path)?.permissions().mode() & bit != 0);
    let is_secret = path.extension() != Some(OsStr::new("pub"));
    Ok(is_secret && has(path, 0o004)? && path.parent().map_or(Ok(true), |folder| has(folder, 0o001))?)
}

/// The file's text; a new one, when there is no file. Of two instances that make it at once, one wins and both use its.
fn read_or_make(path: &Path, make: impl FnOnce() -> Result<String>) -> Result<String> {
    match fs::read_to_string(path) {
        Ok(text) => {
            // It still starts: some mount their secrets so.
            if is_open(path)? {
                tracing::warn!("everybody on this machine can read {}: it is for its owner only", path.display());
            }
            return Ok(text);
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
    // Written aside and linked into place: nobody ever reads half a key.
    let aside = path.with_extension(format!("new.{}", std::process::id()));
    let write = || -> Result<()> {
        match fs::remove_file(&aside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        // Made anew and spoken of as it is open: whoever else may write here leads root to no other file.
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        file.write_all(make()?.as_bytes())?;
        // Made by an administrator, it is for the service all the same.
        if file.metadata()?.uid() == 0
            && let Some(folder) = path.parent()
        {
            hand_over(&file, folder)?;
        }
        file.sync_all()?;
        match fs::hard_link(&aside, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    };
    let written = write().with_context(|| format!("{} cannot be made", path.display()));
    let removed = fs::remove_file(&aside).with_context(|| format!("{} cannot be removed", aside.display()));
    // What could not be made cannot be removed either.
    written?;
    removed?;
    read(path)
}

/// Hands a file to whom another one, or a folder, belongs.
fn hand_over(file: &fs::File, like: &Path) -> Result<()> {
    let of = fs::metadata(like)?;
    if file.metadata()?.uid() != of.uid() {
        std::os::unix::fs::fchown(file, Some(of.uid()), Some(of.gid()))
            .with_context(|| format!("it cannot be handed to whom {} belongs", like.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_key_is_published_before_it_signs_and_removed_after_its_last_token() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        Keys::of_folder(folder).unwrap();
        let now: DateTime<Utc> = "2026-03-10T09:00:00Z".parse().unwrap();
        let (TokenKey { signs_from, .. }, path, _) = Keys::rotate(folder, now, false).unwrap();
        assert!(path.ends_with("token-20260310T100000Z.pem"), "{}", path.display());
        assert_eq!(signs_from, now + Duration::hours(1));
        let mut keys = Keys::token_keys(folder).unwrap();
        keys.sort_by_key(|key| key.signs_from);
        assert_eq!(keys.iter().map(|key| key.signs_from).collect::<Vec<_>>(), [DateTime::UNIX_EPOCH, signs_from]);
        assert!(Keys::rotate(folder, now, false).is_err(), "twice in a second");
        let (soon, _, gone) = Keys::rotate(folder, now + Duration::days(2), true).unwrap();
        assert_eq!(gone, [folder.join("token-signing.pem")]);
        assert_eq!(soon.signs_from, now + Duration::days(2) + Duration::minutes(1));
        assert!(!folder.join("token-signing.pem").exists(), "its last token has expired");
        assert!(path.exists(), "it signs");
        let (pending, path, _) = Keys::rotate(folder, now + Duration::days(9), false).unwrap();
        let (instead, _, gone) = Keys::rotate(folder, now + Duration::days(9) + Duration::minutes(5), true).unwrap();
        assert_eq!(gone, std::slice::from_ref(&path));
        assert!(!path.exists(), "it may have leaked too, and would soon have signed");
        assert!(instead.signs_from < pending.signs_from);
        let left = Keys::token_keys(folder).unwrap();
        assert_eq!(left.iter().map(|key| key.signs_from).max(), Some(instead.signs_from));
        fs::write(folder.join("token-soon.pem"), "").unwrap();
        assert!(Keys::token_keys(folder).is_err());
    }

    #[test]
    fn keys_are_made_once_and_kept_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("keys");
        let made = Keys::of_folder(&folder).unwrap();
        let read = Keys::of_folder(&folder).unwrap();
        let ids = |keys: &Keys| {
            let SealingKeys { residents, accounts } = &keys.sealing;
            [residents.id(), accounts.id(), keys.seal.id()].map(ToOwned::to_owned)
        };
        assert_eq!(ids(&made), ids(&read));
        assert_eq!(made.token.len(), 1);
        assert_eq!(made.token[0].pem.expose_secret(), read.token[0].pem.expose_secret());
        let bits = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((bits("token-signing.pem"), bits("residents.key"), bits("")), (0o600, 0o600, 0o700));
        assert_eq!((bits("audit-seal.pem"), bits("accounts.key")), (0o600, 0o600));
        let public = format!("audit-seal-{}.pub", made.seal.id());
        assert!(folder.join(&public).exists());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 5, "nothing is left aside");
        let chmod =
            |name: &str, bits| fs::set_permissions(folder.join(name), fs::Permissions::from_mode(bits)).unwrap();
        let open = || ["accounts.key", &public].map(|name| is_open(&folder.join(name)).unwrap());
        assert_eq!(open(), [false, false]);
        chmod("accounts.key", 0o644);
        assert_eq!(open(), [false, false], "nobody comes into the folder");
        chmod("", 0o755);
        assert_eq!(open(), [true, false], "the public half is for everybody");
    }

    #[test]
    fn what_an_administrator_makes_is_for_the_folders_owner() {
        const SERVICE: u32 = 10_001;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        // Nobody else can hand anything over.
        let is_root = fs::metadata(folder).unwrap().uid() == 0;
        if is_root {
            std::os::unix::fs::chown(folder, Some(SERVICE), Some(SERVICE)).unwrap();
        }
        let owner = fs::metadata(folder).unwrap().uid();
        Keys::of_folder(folder).unwrap();
        let now = "2026-03-10T09:00:00Z".parse().unwrap();
        Keys::rotate(folder, now, false).unwrap();
        NextResidents::of_folder(folder).make("earlier").unwrap();
        for file in fs::read_dir(folder).unwrap() {
            let file = file.unwrap();
            assert_eq!(file.metadata().unwrap().uid(), owner, "{}", file.path().display());
        }
    }

    #[test]
    fn why_a_key_cannot_be_made_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let aside = folder.path().join(format!("residents.new.{}", std::process::id()));
        fs::create_dir(aside).unwrap();
        let refused = Keys::of_folder(folder.path()).err().unwrap();
        assert!(format!("{refused:#}").contains("residents.key cannot be made: Is a directory"), "{refused:#}");
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
