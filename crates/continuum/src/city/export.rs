//! From a [`City`] to the files that it can be read from: what was changed over the API can be reviewed, kept under
//! version control and loaded elsewhere.
//!
//! Deliberately absent: the comments of the files that a city was loaded from, which no database keeps, and `demo.yaml`,
//! whose invented people are no part of a city.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use domain::city::{City, LetterWords};
use tempfile::TempDir;

use super::plain::{block, list};
use super::{letters, zoning};

/// Why a city's files were not written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is something already.
    #[error("{folder} is not empty: name a folder that is empty, or one that is not there yet", folder = .0.display())]
    NotEmpty(PathBuf),
    /// Something cannot be written down.
    #[error("{0} cannot be written: {1}")]
    Unwritable(String, String),
    /// The disk or its permissions.
    #[error("{folder} cannot be written: {1}", folder = .0.display())]
    Disk(PathBuf, io::Error),
}

/// Writes a city's files into a folder that is empty or not there yet: all of them, or none. Into a folder that is there
/// they are moved one after the other, so that only somebody who ends the program right then sees some of them.
///
/// # Errors
/// See [`ExportError`].
pub fn export(city: &City, folder: &Path) -> Result<(), ExportError> {
    let failed = |error| ExportError::Disk(folder.to_owned(), error);
    let folder = match folder.canonicalize() {
        Ok(there) if !is_empty(&there).map_err(failed)? => return Err(ExportError::NotEmpty(folder.to_owned())),
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => folder.to_owned(),
        Err(error) => return Err(failed(error)),
    };
    let files = files(city)?;
    if folder.is_dir() { fill(&folder, files) } else { make(&folder, files) }.map_err(failed)
}

type Files = Vec<(String, String)>;

/// Makes a folder with these files: beside its place, so that a rename puts all there at once.
fn make(folder: &Path, files: Files) -> io::Result<()> {
    let beside = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = draft(beside, files)?;
    fs::rename(draft.path(), folder)?;
    // It is there no longer under that name.
    drop(draft.keep());
    Ok(())
}

/// Puts these files into a folder that is there and stays: it may be a mount point, the folder that somebody stands in, or
/// one in a folder where nothing else may be written.
fn fill(folder: &Path, files: Files) -> io::Result<()> {
    let draft = draft(folder, files)?;
    let mut moved = Vec::new();
    let outcome = fs::read_dir(draft.path())?.try_for_each(|entry| {
        let entry = entry?;
        let to = folder.join(entry.file_name());
        if to.try_exists()? {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                format!("{} came into it meanwhile", to.display()),
            ));
        }
        fs::rename(entry.path(), &to)?;
        moved.push(to);
        Ok(())
    });
    if outcome.is_err() {
        for path in moved {
            if path.is_dir() {
                fs::remove_dir_all(path)?;
            } else {
                fs::remove_file(path)?;
            }
        }
    }
    outcome
}

/// The files in a folder of their own, which goes away unless it is kept.
fn draft(within: &Path, files: Files) -> io::Result<TempDir> {
    let usual = fs::Permissions::from_mode(0o777);
    let draft = tempfile::Builder::new().prefix(".continuum-").permissions(usual).tempdir_in(within)?;
    for (name, text) in files {
        let path = draft.path().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    Ok(draft)
}

fn is_empty(folder: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(folder)?.next().is_none())
}

/// The files of a city: names and texts.
fn files(city: &City) -> Result<Files, ExportError> {
    let mut files = vec![
        file("city", &block(&city.settings)),
        file("organisations", &list(&city.organisations)),
        file("calendars", &list(&city.calendars)),
        file("services", &list(&city.services)),
        file("catalogue", &list(&city.catalogue)),
        file("routing", &list(&city.rules.rules)),
    ]
    .into_iter()
    .collect::<Result<Vec<_>, _>>()?;
    for zoning in &city.zonings {
        let name = format!("zonings/{}.geojson", zoning.code);
        let text = zoning::text(zoning).map_err(|error| ExportError::Unwritable(name.clone(), error.to_string()))?;
        files.push((name, text));
    }
    for LetterWords { code, source } in &city.letters {
        files.push((format!("{}/{code}{}", letters::FOLDER, letters::ENDING), source.clone()));
    }
    Ok(files)
}

fn file(name: &str, body: &Result<String, String>) -> Result<(String, String), ExportError> {
    let file = format!("{name}.yaml");
    match body {
        Ok(body) => {
            let heading = heading(name).replace('\n', "\n# ");
            let text =
                format!("# yaml-language-server: $schema=../schema/{name}.schema.json\n#\n# {heading}\n\n{body}");
            Ok((file, text))
        }
        Err(error) => Err(ExportError::Unwritable(file, error.clone())),
    }
}

/// What a file is, for the clerk who opens it.
fn heading(name: &str) -> &'static str {
    match name {
        "city" => "La ville : ce qui vaut pour elle tout entière.",
        "organisations" => "Les organismes auxquels les services appartiennent.",
        "calendars" => {
            "Les calendriers : quand un service est ouvert. Un jour qui n’est pas nommé est fermé.\n\
             Les délais ne courent que pendant ces heures."
        }
        "services" => "Les services compétents : qui reçoit les saisines.",
        "catalogue" => "Le catalogue des motifs : de quoi parlent les habitants.",
        _ => {
            "Les règles d’orientation : à quel service va une doléance.\n\
             Elles sont essayées dans l’ordre ; la première qui convient l’emporte ; la dernière reçoit tout le reste."
        }
    }
}
