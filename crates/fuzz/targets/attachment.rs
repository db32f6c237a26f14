//! A photograph or a document, and what is made of it.
#![no_main]

use std::sync::LazyLock;

use files::{Error, Files, Made, Settings};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

struct Place {
    files: Files,
    runtime: Runtime,
    _folder: TempDir,
}

impl Place {
    fn new() -> Self {
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
}

fuzz_target!(|bytes: &[u8]| {
    static PLACE: LazyLock<Place> = LazyLock::new(Place::new);
    match PLACE.make(bytes) {
        Ok(made) => {
            let again = PLACE.make(&made.content).expect("what was made is accepted");
            assert_eq!((again.media_type, again.dimensions), (made.media_type, made.dimensions));
        }
        Err(Error::Refused(_)) => {}
        Err(other) => unreachable!("{other}"),
    }
});
