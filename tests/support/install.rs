//! What the tests install for themselves, under the target folder, on first use.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A folder with what `wanted` asks for. It is installed when it is missing, or was installed for something else; of several
/// processes that want it, the others wait for the first.
pub fn once(name: &str, wanted: &str, install: impl FnOnce(&Path)) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("a folder for the packages");
    let guard = File::create(folder.join("lock")).expect("a lock file");
    guard.lock().expect("a lock");
    let installed = folder.join("installed");
    if fs::read_to_string(&installed).is_ok_and(|present| present == wanted) {
        return folder;
    }
    install(&folder);
    fs::write(installed, wanted).expect("the mark of an installation");
    folder
}
