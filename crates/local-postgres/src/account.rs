//! The account that runs PostgreSQL when the program is root, which PostgreSQL refuses.
//!
//! Deliberately absent: accounts kept elsewhere than in `/etc/passwd`; the two that are wanted are local ones.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::sys;

/// `nobody` on a system whose `/etc/passwd` does not say.
const NOBODY: u32 = 65_534;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// The account to switch to, or `None` when the program is not root and stays who it is.
///
/// Existing data keeps its owner: `postgres` may have been created on this machine after the data.
pub(crate) fn unprivileged(cluster: &Path) -> Option<Account> {
    if sys::effective_user() != 0 {
        return None;
    }
    if let Ok(metadata) = fs::metadata(cluster)
        && metadata.uid() != 0
    {
        let (uid, gid) = (metadata.uid(), metadata.gid());
        return Some(Account { name: format!("user {uid}"), uid, gid });
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let known = ["postgres", "nobody"].into_iter().find_map(|name| in_passwd(&passwd, name));
    Some(known.unwrap_or(Account { name: "nobody".to_owned(), uid: NOBODY, gid: NOBODY }))
}

impl Account {
    /// The first folder on the way to `path` that the account may not enter; access lists are not looked at.
    pub(crate) fn closed_folder(&self, path: &Path) -> Option<PathBuf> {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let mut folders: Vec<&Path> = path.ancestors().collect();
        folders.reverse();
        folders.into_iter().find(|folder| !self.may_enter(folder)).map(Path::to_path_buf)
    }

    fn may_enter(&self, folder: &Path) -> bool {
        let Ok(metadata) = fs::metadata(folder) else {
            return false;
        };
        let bit = if metadata.uid() == self.uid {
            0o100
        } else if metadata.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        metadata.mode() & bit != 0
    }
}

/// Root's own entries are passed over, as are negative ids (macOS's `nobody`).
fn in_passwd(passwd: &str, name: &str) -> Option<Account> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    let uid = fields.next()?.parse().ok().filter(|uid| *uid != 0)?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account { name: name.to_owned(), uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::temporary;

    #[test]
    fn accounts_are_read_from_passwd() {
        let passwd =
            "root:x:0:0::/root:/bin/sh\npostgres:x:101:104:PostgreSQL,,,:/var:/bin/bash\nnobody:*:-2:-2::/:/x\n";
        let postgres = Account { name: "postgres".to_owned(), uid: 101, gid: 104 };
        assert_eq!(in_passwd(passwd, "postgres"), Some(postgres));
        assert_eq!(in_passwd(passwd, "nobody"), None, "negative ids are not portable");
        assert_eq!(in_passwd(passwd, "post"), None, "the whole name counts");
        assert_eq!(in_passwd(passwd, "root"), None, "PostgreSQL refuses root");
    }

    #[test]
    fn a_folder_of_mode_0700_is_closed_to_others() {
        let place = tempfile::tempdir().unwrap();
        let private = temporary(place.path(), "private").unwrap();
        let below = private.path().join("below");
        fs::create_dir(&below).unwrap();
        let stranger = Account { name: "stranger".to_owned(), uid: 4_000_001, gid: 4_000_001 };
        assert_eq!(stranger.closed_folder(&below), Some(private.path().canonicalize().unwrap()));
        assert_eq!(stranger.closed_folder(Path::new("/")), None);
    }
}
