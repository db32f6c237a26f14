//! Reading one file of a city's folder: a plain file in it, not too big. Anything else could hold the program up, or bring
//! in what is not the city's.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

/// The bytes of a file, named as in the city's folder; `most` at most.
///
/// # Errors
///
/// Why it is not read, in words that a clerk understands.
pub(super) fn read(folder: &Path, name: &str, most: u64) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    let path = folder.join(name).canonicalize().map_err(unreadable)?;
    if !path.starts_with(folder.canonicalize().map_err(unreadable)?) {
        return Err("is a link that leads out of the city's folder: put the file itself there".to_owned());
    }
    // Looked at before it is opened: opening a pipe waits for somebody who writes into it.
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err("is not a plain file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > most {
        return Err(format!("has more than {most} bytes"));
    }
    Ok(bytes)
}
