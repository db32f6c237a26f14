//! What the fuzz targets reach of this crate (`crates/fuzz`); what they once found is read again by the test below.

use super::mail::Mail;

/// Takes an e-mail apart. What stands with a ticket afterwards can be stored and shown. Whether it is an e-mail.
///
/// # Panics
/// When that does not hold.
pub fn email(raw: &[u8]) -> bool {
    let Some(mail) = Mail::read(raw, Some("continuum+b-0000@example.org")) else { return false };
    for text in [&mail.subject, &mail.text, &mail.cut] {
        assert!(!text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
    }
    assert_eq!(Mail::read(raw, None).map(|mail| mail.digest), Some(mail.digest), "one e-mail, one digest");
    true
}

#[test]
fn e_mails_that_were_found() {
    let found = std::fs::read_dir("../fuzz/corpus/email").unwrap().map(|found| found.unwrap().path());
    let accepted = found.filter(|found| email(&std::fs::read(found).unwrap())).count();
    assert!(accepted >= 4, "the fuzzer begins with e-mails");
}
