//! Secrets come from the environment or from files, never from the command line, where every user of the machine reads
//! them.

use std::fs;

use anyhow::{Context as _, Result, bail};
use secrecy::SecretString;

/// The secret of the variable `name`, or of the file that the variable `name_FILE` names; none when neither is set.
///
/// # Errors
/// When both are set, or the file cannot be read.
pub(crate) fn of_environment(name: &str) -> Result<Option<SecretString>> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let file = format!("{name}_FILE");
    match (set(name), set(&file)) {
        (Some(_), Some(_)) => bail!("{name} and {file} are both set: which one is meant?"),
        (Some(secret), None) => Ok(Some(secret.into())),
        (None, Some(path)) => {
            let text = fs::read_to_string(&path).with_context(|| format!("{path} ({file}) cannot be read"))?;
            Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned().into()))
        }
        (None, None) => Ok(None),
    }
}
