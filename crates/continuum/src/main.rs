//! `continuum`: see `continuum --help`.

use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    continuum::main(std::env::args_os()).await
}
