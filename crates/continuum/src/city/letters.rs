//! The letters whose words a city wrote itself: `letters/outcome.resident.fr.jinja`, in place of ours of that name.

use std::path::Path;

use domain::city::LetterWords;
use notify::letter::check_words;

use super::Located;

/// Where they are.
pub(super) const FOLDER: &str = "letters";
/// How their files end.
pub(super) const ENDING: &str = ".jinja";

/// How many bytes a letter's words have at most.
const MOST: u64 = 64 * 1024;

/// The letters of a folder, by name; none when it has no such folder. What is wrong is added to `faults`.
pub(super) fn read(folder: &Path, faults: &mut Vec<Located>) -> Vec<LetterWords> {
    let letters = folder.join(FOLDER);
    if !letters.exists() {
        return Vec::new();
    }
    let names = match names(&letters) {
        Ok(names) => names,
        Err(error) => {
            faults.push(fault(FOLDER.to_owned(), None, format!("cannot be read: {error}")));
            return Vec::new();
        }
    };
    let mut all = Vec::new();
    for name in names {
        let file = format!("{FOLDER}/{name}");
        let Some(code) = name.strip_suffix(ENDING) else {
            faults.push(fault(file, None, format!("a letter's file ends with {ENDING}")));
            continue;
        };
        let text = super::file::read(folder, &file, MOST)
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "is not UTF-8: save the file as UTF-8".to_owned()));
        let source = match text {
            Ok(source) => source,
            Err(message) => {
                faults.push(fault(file, None, message));
                continue;
            }
        };
        let words = LetterWords { code: code.to_owned(), source };
        let wrong = check_words(&words).into_iter().map(|wrong| fault(file.clone(), wrong.line, wrong.message));
        faults.extend(wrong);
        all.push(words);
    }
    all
}

fn names(folder: &Path) -> std::io::Result<Vec<String>> {
    let names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect::<std::io::Result<_>>()?;
    // Editors and file managers leave files of their own.
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    Ok(names)
}

fn fault(file: String, line: Option<usize>, message: String) -> Located {
    Located { file, line, column: None, field: String::new(), message }
}
