//! What the fuzz targets reach of this crate (`crates/fuzz`); what they once found is read again by the test below.

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::{Error, Files, Made, Settings};

/// Where uploads are looked into.
pub struct Place {
    files: Files,
    runtime: Runtime,
    _folder: TempDir,
}

impl Place {
    /// In a folder of its own.
    ///
    /// # Panics
    /// When there is no room for it.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a folder is made")]
    pub fn new() -> Self {
        let folder = TempDir::new().expect("there is room for a folder");
        let files = Files::new(Settings::in_folder(folder.path())).expect("a folder is a place");
        let runtime = Builder::new_current_thread().enable_all().build().expect("threads can be had");
        Self { files, runtime, _folder: folder }
    }

    fn make(&self, bytes: &[u8]) -> Result<Made, Error> {
        self.runtime.block_on(async {
            let mut spool = self.files.receive().await?;
            spool.take(bytes).await?;
            self.files.make(spool.end().await?).await
        })
    }

    /// Looks into an upload. It is refused, or what was made of it is accepted again, as the same. Whether it was accepted.
    ///
    /// # Panics
    /// When that does not hold.
    pub fn attachment(&self, bytes: &[u8]) -> bool {
        match self.make(bytes) {
            Ok(made) => {
                let again = self.make(&made.content).expect("what was made is accepted");
                assert_eq!((again.media_type, again.dimensions), (made.media_type, made.dimensions));
                true
            }
            Err(Error::Refused(_)) => false,
            Err(other) => unreachable!("{other}"),
        }
    }
}

#[test]
fn attachments_that_were_found() {
    let place = Place::new();
    let found = std::fs::read_dir("../fuzz/corpus/attachment").unwrap().map(|found| found.unwrap().path());
    let accepted = found.filter(|found| place.attachment(&std::fs::read(found).unwrap())).count();
    assert!(accepted >= 4, "the fuzzer begins with one of each kind that is accepted");
}
