//! The tests: through HTTP, in the users' words, against a real PostgreSQL that is started here, once, and stopped at
//! the end. `cargo test` runs them; `cargo test --test all NAME` runs those whose name contains NAME.
//!
//! This binary is also every other process that the tests need: told so by its first argument, it is the program itself
//! or a mail server. A run of all tests fails if an operation of the API was called by none of them, or a page looked at
//! by none.

mod account;
mod architecture;
mod attack;
mod audit;
mod cafe;
mod calendar;
mod client;
mod concern;
mod concurrency;
mod contract;
mod documents;
mod event;
mod front;
mod hotspot;
mod idempotency;
mod inbound;
mod input;
mod integrate;
mod masking;
mod notify;
mod ogc;
mod oidc;
mod open311;
mod open_data;
mod partner;
mod permission;
mod place;
mod program;
mod resilience;
mod restitution;
mod retention;
mod rights;
mod routing;
mod saved_filter;
mod session;
mod sign_in;
mod statistics;
mod support;
mod ticket;
mod token;
mod tracking;
mod watch;
mod webhook;
mod year;

use std::process::ExitCode;
use std::thread;

use libtest_mimic::{Arguments, Trial};
use support::Test;

fn all() -> Vec<Test> {
    [
        account::tests(),
        architecture::tests(),
        attack::tests(),
        audit::tests(),
        audit::tampering::tests(),
        cafe::tests(),
        calendar::tests(),
        client::tests(),
        concern::tests(),
        concern::attach::tests(),
        concern::duplicate::tests(),
        concern::question::tests(),
        concern::suggest::tests(),
        concurrency::tests(),
        contract::tests(),
        contract::compatible::tests(),
        contract::complete::tests(),
        contract::story::tests(),
        contract::link::tests(),
        documents::tests(),
        event::tests(),
        front::tests(),
        hotspot::tests(),
        idempotency::tests(),
        inbound::tests(),
        masking::tests(),
        input::tests(),
        integrate::tests(),
        notify::tests(),
        partner::tests(),
        permission::tests(),
        place::tests(),
        oidc::tests(),
        ogc::tests(),
        open311::tests(),
        open_data::tests(),
        program::tests(),
        resilience::tests(),
        restitution::tests(),
        retention::tests(),
        retention::neighbour::tests(),
        retention::page::tests(),
        retention::resident::tests(),
        retention::rest::tests(),
        rights::tests(),
        routing::tests(),
        saved_filter::tests(),
        session::tests(),
        sign_in::tests(),
        sign_in::browser::tests(),
        sign_in::linking::tests(),
        sign_in::redeeming::tests(),
        statistics::tests(),
        ticket::tests(),
        token::tests(),
        tracking::tests(),
        tracking::browser::tests(),
        tracking::feedback::tests(),
        tracking::link::tests(),
        tracking::mails::tests(),
        tracking::slip::tests(),
        watch::tests(),
        webhook::tests(),
        year::tests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("continuum") => {
            let arguments = std::iter::once("continuum".to_owned()).chain(arguments);
            actix_web::rt::System::new().block_on(continuum::main(arguments.map(Into::into)))
        }
        Some("smtp-server") => support::smtp::run(arguments),
        Some("smtp-send") => support::smtp::send::run(arguments),
        _ => run(),
    }
}

fn run() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Many tests wait for what has to take its time: meanwhile, one more runs than there are processors.
    let processors = thread::available_parallelism().map_or(1, usize::from);
    arguments.test_threads = arguments.test_threads.or(Some(processors + 1));
    let whole = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
    if !arguments.list {
        rustls::crypto::ring::default_provider().install_default().expect("nobody else has installed one");
        support::database::start();
    }
    let conclusion = libtest_mimic::run(&arguments, all().into_iter().map(Trial::from).collect());
    support::browser::stop();
    support::database::stop();
    let (uncalled, unseen) = if whole {
        (support::contract::never_called(), support::browser::never_checked())
    } else {
        (Vec::new(), Vec::new())
    };
    for operation in &uncalled {
        eprintln!("no test calls the operation {operation}");
    }
    for page in &unseen {
        eprintln!("no test looks at the page {page}");
    }
    let complete = uncalled.is_empty() && unseen.is_empty();
    if conclusion.has_failed() || !complete { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
