//! One e-mail sent by a process of its own, since whom a process trusts (`SSL_CERT_FILE`) is settled by its
//! environment: `smtp-send URL RECIPIENT`.

use std::path::Path;
use std::process::{Command, ExitCode};
use store::outbox::Returns;

use chrono::{TimeZone, Utc};
use domain::city::Sender;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::id::{MessageId, TicketId};
use domain::language::Language;
use domain::ticket::notice::Kind;
use domain::time::Zone;
use notify::letter::{Letter, Stationery, TicketLetter};
use notify::post::Post;
use notify::transport::{DeliveryError, Transport};
use uuid::Uuid;

/// An outcome for that resident.
pub fn letter(to: &str, number: u128) -> (Post, MessageId) {
    let id = MessageId(Uuid::from_u128(number));
    let at = Utc.with_ymd_and_hms(2026, 3, 13, 8, 5, 0).single().expect("a moment");
    let letter = TicketLetter {
        id,
        ticket: TicketId(Uuid::from_u128(1)),
        kind: Kind::Outcome,
        audience: Audience::Resident,
        language: Language::Fr,
        to: to.to_owned(),
        reference: "AMI-26-000123".to_owned(),
        category: "Dépôt sauvage".to_owned(),
        service_name: "Propreté urbaine".to_owned(),
        service_phone: None,
        filed_at: at,
        ack_due_at: at,
        resolve_due_at: at,
        expected_on: None,
        closure_reason: Some(ClosureReason::WorkDone),
        body_told: None,
        refusal_reason: None,
        turn: None,
        main: None,
        asks: true,
        explained: false,
        silence: false,
        answer_was_due_at: None,
        partner: None,
        member: false,
        link: "https://continuum.example/suivi/abc".parse().expect("a URL"),
        unsubscribe: None,
        at,
    };
    let sender = Sender {
        name: "Ville d’Amiens".to_owned(),
        email: "cafes-police@ville-amiens.example".to_owned(),
        address: "80000 Amiens".to_owned(),
        phone: "03 22 97 40 40".to_owned(),
        returns_to: None,
    };
    let letter =
        Letter::Ticket(Box::new(letter)).compose(&Stationery::new(sender, Zone::PARIS, &[])).expect("a letter");
    (Post::new(letter, None, &Returns::default(), None).expect("a message that can leave"), id)
}

/// The process's main; `args` are those after `smtp-send`. Says `delivered`, `transient WORDS`, `permanent WORDS` or `gone WORDS`.
///
/// # Panics
/// When the arguments make no sense.
pub fn run(args: impl IntoIterator<Item = String>) -> ExitCode {
    let args: Vec<String> = args.into_iter().collect();
    let [url, to] = args.as_slice() else { panic!("smtp-send URL RECIPIENT") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (post, id) = letter(to, 1);
    let outcome = runtime.block_on(async { Transport::smtp(url).expect("a transport").deliver(&post, id).await });
    match outcome {
        Ok(()) => println!("delivered"),
        Err(DeliveryError::Transient(words)) => println!("transient {words}"),
        Err(DeliveryError::Permanent(words)) => println!("permanent {words}"),
        Err(DeliveryError::Gone(words)) => println!("gone {words}"),
    }
    ExitCode::SUCCESS
}

/// What a process that trusts that certificate, or only the system's, says of the delivery.
pub fn trusting(certificate: Option<&Path>, url: &str, to: &str) -> String {
    let mut command = Command::new(std::env::current_exe().expect("this program's path"));
    command.args(["smtp-send", url, to]);
    if let Some(certificate) = certificate {
        command.env_remove("SSL_CERT_DIR").env("SSL_CERT_FILE", certificate);
    }
    let output = command.output().expect("a process that sends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("words").trim().to_owned()
}
