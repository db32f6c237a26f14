//! The post: what the mail server took, as those who got it read it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::support::smtp::{Received, SmtpServer};

/// A letter that arrived.
#[derive(Debug)]
pub struct Letter {
    /// When.
    pub at: DateTime<Utc>,
    pub to: String,
    pub subject: String,
    pub text: String,
    /// The references that it mentions.
    pub references: BTreeSet<String>,
    /// Where an answer goes.
    pub reply_to: String,
    /// Where a report goes that it did not arrive.
    pub returns_to: String,
}

impl Letter {
    /// Its subject and its text.
    pub fn says(&self, words: &str) -> bool {
        self.subject.contains(words) || self.text.contains(words)
    }

    /// The path of the first link in it that begins so, without what stands behind a `#`.
    pub fn link(&self, begin: &str) -> Option<String> {
        let link = self.text[self.text.find(begin)?..].split_whitespace().next()?;
        Some(link.split('#').next()?.trim_end_matches("/unsubscribe").trim_end_matches(['.', ')', '>']).to_owned())
    }
}

/// Every letter of the year, in the order of arrival.
#[derive(Debug, Default)]
pub struct Post {
    pub letters: Vec<Letter>,
    to: BTreeMap<String, Vec<usize>>,
}

impl Post {
    /// Takes over what has arrived since. Gives the number of the first new letter.
    pub fn collect(&mut self, server: &SmtpServer, at: DateTime<Utc>) -> usize {
        let first = self.letters.len();
        for received in server.messages_from(first) {
            let letter = read(&received, at);
            self.to.entry(letter.to.clone()).or_default().push(self.letters.len());
            self.letters.push(letter);
        }
        first
    }

    /// Whatever went to an address.
    pub fn to<'a>(&'a self, address: &str) -> impl Iterator<Item = &'a Letter> + use<'a> {
        self.to.get(address).into_iter().flatten().map(|letter| &self.letters[*letter])
    }

    /// Every address that something went to.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.to.keys().map(String::as_str)
    }
}

fn read(received: &Received, at: DateTime<Utc>) -> Letter {
    let message = &received.message;
    let [to] = received.envelope.to.as_slice() else { panic!("one recipient a letter: {:?}", received.envelope) };
    // A machine that knows its manners does not answer (RFC 3834).
    assert_eq!(message.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    // Read aloud, a space is a space.
    let (subject, text) = (message.subject().unwrap(), message.body_text(0).unwrap());
    let (subject, text) = (subject.replace('\u{a0}', " "), text.replace('\u{a0}', " "));
    let references = references(&subject).chain(references(&text)).collect();
    let reply_to = message.reply_to().unwrap().first().unwrap().address().unwrap().to_owned();
    Letter { at, to: to.clone(), subject, text, references, reply_to, returns_to: received.envelope.from.clone() }
}

/// The references in a text. A link's token may have `AMI-` in it too, now and then.
fn references(text: &str) -> impl Iterator<Item = String> {
    let whole = |rest: &str| -> String { rest.chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect() };
    let numbers = text.split("AMI-").skip(1).map(move |rest| whole(rest).trim_end_matches('-').to_owned());
    numbers.filter(|number| number.len() >= "26-000001".len()).map(|number| format!("AMI-{number}"))
}
