//! iCalendar, as far as a calendar of events needs it: content lines, folded, and texts, escaped (RFC 5545, 3.1 and 3.3.11).

use chrono::{DateTime, Utc};

/// How long a line is at most, octets without the line break.
const WIDTH: usize = 75;

/// An iCalendar text that is being written.
#[derive(Default)]
pub(super) struct Ical(String);

impl Ical {
    /// A property of which the value needs no escaping.
    pub(super) fn line(&mut self, name: &str, value: &str) {
        let mut used = 0;
        for c in name.chars().chain([':']).chain(value.chars()) {
            if used + c.len_utf8() > WIDTH {
                self.0.push_str("\r\n ");
                used = 1;
            }
            self.0.push(c);
            used += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    /// A property of which the value is a text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\\' | ';' | ',' => escaped.extend(['\\', c]),
                '\n' => escaped.push_str("\\n"),
                c if c.is_control() => {}
                c => escaped.push(c),
            }
        }
        self.line(name, &escaped);
    }
}

impl From<Ical> for String {
    fn from(ical: Ical) -> Self {
        ical.0
    }
}

/// An instant (RFC 5545, 3.3.5, form 2).
pub(super) fn utc(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_between_characters() {
        for length in 0..200 {
            let value = "é".repeat(length);
            let mut ical = Ical::default();
            ical.line("SUMMARY", &value);
            let text = String::from(ical);
            assert!(text.ends_with("\r\n"));
            assert!(text.split("\r\n").all(|line| line.len() <= WIDTH), "{length}");
            assert_eq!(text.replace("\r\n ", ""), format!("SUMMARY:{value}\r\n"));
        }
    }

    #[test]
    fn a_text_can_begin_no_line_of_its_own() {
        let mut ical = Ical::default();
        ical.text("SUMMARY", "Marché, place; a\\b\r\nATTENDEE:x\u{7}");
        assert_eq!(String::from(ical), "SUMMARY:Marché\\, place\\; a\\\\b\\nATTENDEE:x\r\n");
    }
}
