//! What the fuzz targets reach of this crate (`crates/fuzz`); what they once found is read again by the test below.

use super::mail::Mail;

/// Takes an e-mail apart. What stands with a ticket afterwards can be stored and shown.
///
/// # Panics
/// When that does not hold.
pub fn email(raw: &[u8]) {
    let Some(mail) = Mail::read(raw, Some("continuum+b-0000@example.org")) else { return };
    for text in [&mail.subject, &mail.text, &mail.cut] {
        assert!(!text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
    }
    assert_eq!(Mail::read(raw, None).map(|mail| mail.digest), Some(mail.digest), "one e-mail, one digest");
}

#[test]
fn e_mails_that_were_found() {
    for found in std::fs::read_dir("../fuzz/corpus/email").unwrap() {
        email(&std::fs::read(found.unwrap().path()).unwrap());
    }
}
