//! `continuum openapi`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::tell;

/// Write the OpenAPI document, or compare it.
#[derive(clap::Args)]
pub struct Openapi {
    /// The file.
    #[arg(default_value = "openapi/openapi.json")]
    file: PathBuf,
    /// Write nothing; exit with 1 if the file is not what this program serves.
    #[arg(long)]
    check: bool,
}

impl Openapi {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let document = serde_json::to_string_pretty(&api::document())? + "\n";
        let file = self.file.display();
        if self.check {
            let kept = fs::read_to_string(&self.file).with_context(|| format!("{file} cannot be read"))?;
            if kept == document {
                tell(format_args!("{file} is what this program serves."));
                return Ok(ExitCode::SUCCESS);
            }
            tell(format_args!("{file} is not what this program serves: run `continuum openapi`."));
            return Ok(ExitCode::FAILURE);
        }
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        fs::write(&self.file, document).with_context(|| format!("{file} cannot be written"))?;
        tell(format_args!("{file} is written."));
        Ok(ExitCode::SUCCESS)
    }
}
