//! What the tests stand on: databases, a city with its people, mail servers, and the contract that every answer is held
//! against.

pub mod browser;
pub mod caller;
pub mod city;
pub mod clamd;
pub mod contract;
pub mod database;
pub mod deaf;
pub mod dkim;
pub mod files;
pub mod geocoder;
pub mod install;
pub mod network;
pub mod node;
pub mod oidc;
pub mod program;
pub mod promtool;
pub mod python;
pub mod s3;
pub mod smtp;
pub mod standardwebhooks;

use std::pin::Pin;
use std::time::Duration;

use libtest_mimic::Trial;

/// A test.
pub struct Test {
    name: String,
    patience: Duration,
    run: fn() -> Pin<Box<dyn Future<Output = ()>>>,
}

impl Test {
    pub fn new(module: &str, name: &str, run: fn() -> Pin<Box<dyn Future<Output = ()>>>) -> Self {
        let module = module.split_once("::").map_or("", |(_, module)| module);
        Self { name: format!("{module}::{name}"), patience: PATIENCE, run }
    }

    /// The same test, which may take that long.
    pub fn patient(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

/// A test that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_mins(6);

impl From<Test> for Trial {
    fn from(Test { name, patience, run }: Test) -> Self {
        Self::test(name, move || {
            actix_web::rt::System::new()
                .block_on(async { tokio::time::timeout(patience, run()).await.map_err(|_| "the test hangs".into()) })
        })
    }
}

/// Lists the tests of a module: async functions without arguments. One that is not listed is dead code, which the
/// compiler tells.
#[macro_export]
macro_rules! tests {
    ($($name:ident),+ $(,)?) => {
        pub fn tests() -> Vec<$crate::support::Test> {
            vec![$($crate::support::Test::new(module_path!(), stringify!($name), || Box::pin($name()))),+]
        }
    };
}
