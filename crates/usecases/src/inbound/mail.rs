//! An e-mail as it came, taken apart.

use domain::email::Undelivered;
use domain::id::MessageId;
use mail_parser::{Address, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use sha2::{Digest, Sha256};
use store::outbox::Mark;

use super::quote::{cleaned, own_words};
use super::{automatic, html};

/// How many attachments are looked at.
const ATTACHMENTS: usize = 20;

/// How many are known by their names, those that are looked at too.
const NAMES: usize = 100;

/// An e-mail, taken apart.
#[derive(Debug)]
pub(super) struct Mail {
    /// Tells it from others: two copies of one e-mail to the same address have the same. See [`Mail::answers`].
    pub(super) digest: [u8; 32],
    /// Who says that they wrote it, in lower case. Several are one after the other, which is nobody's address.
    pub(super) from: Option<String>,
    /// What the addresses that it came to carry: `b` or `r`, and a token. Those that the mail server names come first.
    pub(super) marks: Vec<(Mark, String)>,
    /// A machine wrote it: nobody waits for an answer.
    pub(super) automatic: bool,
    /// What it reports of the delivery of another.
    pub(super) report: Option<Report>,
    pub(super) subject: String,
    /// What its writer says, without what they answer to.
    pub(super) text: String,
    /// All that was written, where none of it is its writer's own.
    pub(super) cut: String,
    /// The names and contents of its first attachments.
    pub(super) attachments: Vec<(String, Vec<u8>)>,
    /// The names of those after them, which are not looked at.
    pub(super) beyond: Vec<String>,
}

/// What a delivery status notification (RFC 3464) says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    /// The address takes no mail.
    Gone,
    /// Anything else: delivered, delayed, a full mailbox.
    Otherwise,
}

impl Mail {
    /// Takes an e-mail apart; none when it is none. `recipient` is where the mail server was told to deliver it to.
    pub(super) fn read(raw: &[u8], recipient: Option<&str>) -> Option<Self> {
        let message = MessageParser::new().parse(raw)?;
        // Whatever bytes there are, something can be made of them: an e-mail says who wrote it.
        message.from().or_else(|| message.sender())?;
        let report = report(&message);
        let (text, cut) = texts(&message);
        let subject: String =
            message.subject().unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
        let name = |part: &MessagePart<'_>| {
            let unnamed = if part.is_message() { "message.eml" } else { "" };
            part.attachment_name().unwrap_or(unnamed).to_owned()
        };
        let mut parts = message.attachments();
        let first = parts.by_ref().take(ATTACHMENTS);
        let attachments = first.map(|part| (name(part), part.contents().to_vec())).collect();
        let beyond = parts.take(NAMES - ATTACHMENTS).map(name).collect();
        let mut mail = Self {
            digest: [0; 32],
            from: from(&message),
            marks: addresses(&message, recipient).iter().filter_map(|address| mark(address)).collect(),
            automatic: report.is_some() || is_automatic(&message) || automatic::is_automatic(&subject),
            report,
            subject,
            text,
            cut,
            attachments,
            beyond,
        };
        mail.digest = mail.digest_of(id(&message).unwrap_or(raw));
        Some(mail)
    }

    /// Says what it answers to: copies for two of our addresses are two e-mails.
    pub(super) fn answers(&mut self, to: MessageId) {
        self.digest = Sha256::new().chain_update(self.digest).chain_update(to.0).finalize().into();
    }

    /// Of what its writer made of it, which servers on the way leave as it is: neither the headers that they add nor the
    /// transfer encoding. Its id alone would let whoever repeats one, a broken mail program or a liar, keep words away.
    fn digest_of(&self, id: &[u8]) -> [u8; 32] {
        let from = self.from.as_deref().unwrap_or_default();
        let words = [id, from.as_bytes(), self.subject.as_bytes(), self.text.as_bytes()];
        let files = self.attachments.iter().flat_map(|(name, content)| [name.as_bytes(), content]);
        let mut hash = Sha256::new();
        for part in words.into_iter().chain(files).chain(self.beyond.iter().map(String::as_bytes)) {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

/// Who says that they wrote it (RFC 5322, 3.6.2: one header, which may name several).
fn from(message: &Message<'_>) -> Option<String> {
    let lists = message.header_values("From").filter_map(HeaderValue::as_address);
    let all = lists.flat_map(Address::iter).map(|from| from.address().unwrap_or("?"));
    let all: Vec<&str> = all.take(ATTACHMENTS).collect();
    (!all.is_empty() && all != ["?"]).then(|| all.join(", ").to_lowercase())
}

/// What its writer says, and, where that is nothing, all that was written. Pictures may stand between parts of a text; some
/// programs leave the plain text empty.
fn texts(message: &Message<'_>) -> (String, String) {
    let written = |part: &MessagePart<'_>| match &part.body {
        PartType::Text(text) => Some(cleaned(text)),
        PartType::Html(page) => Some(cleaned(&html::text(page))),
        PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) | PartType::Multipart(_) => None,
    };
    let joined = |parts: Vec<String>| parts.join("\n\n").trim().to_owned();
    let plain = joined(message.text_bodies().filter_map(written).collect());
    let own = own_words(&plain);
    if !own.is_empty() {
        return (own, String::new());
    }
    let page = joined(message.html_bodies().filter_map(written).collect());
    let own = own_words(&page);
    let cut = if !own.is_empty() {
        String::new()
    } else if plain.is_empty() {
        page
    } else {
        plain
    };
    (own, cut)
}

/// What its mail program calls it alone: its `Message-ID`, or, if it has none, when it was written.
fn id<'a>(message: &'a Message<'_>) -> Option<&'a [u8]> {
    let date = || message.header_raw("Date").map(str::trim);
    message.message_id().or_else(date).map(str::as_bytes)
}

/// Every address that the e-mail may have come to: where it was delivered, then whom its writer wrote to.
fn addresses(message: &Message<'_>, recipient: Option<&str>) -> Vec<String> {
    let mut found: Vec<String> = recipient.map(ToOwned::to_owned).into_iter().collect();
    for name in ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"] {
        found.extend(message.header_values(name).filter_map(HeaderValue::as_text).map(ToOwned::to_owned));
        let lists = message.header_values(name).filter_map(HeaderValue::as_address);
        found.extend(lists.flat_map(Address::iter).filter_map(|address| address.address()).map(ToOwned::to_owned));
    }
    for list in [message.to(), message.cc()].into_iter().flatten() {
        found.extend(list.iter().filter_map(|address| address.address()).map(ToOwned::to_owned));
    }
    found
}

/// What an address of ours carries: `retours+rTOKEN@ville.example`.
fn mark(address: &str) -> Option<(Mark, String)> {
    let (local, _) = address.trim_matches(['<', '>', ' ']).rsplit_once('@')?;
    let (_, marked) = local.rsplit_once('+')?;
    let token = marked.get(1..).filter(|token| token.bytes().all(|byte| byte.is_ascii_alphanumeric()))?;
    match marked.as_bytes().first()?.to_ascii_lowercase() {
        b'b' => Some((Mark::Bounce, token.to_owned())),
        b'r' => Some((Mark::Reply, token.to_owned())),
        _ => None,
    }
}

/// Whether a machine wrote it (RFC 3834; what programs did before it; RFC 5321, 4.5.5: no return path).
fn is_automatic(message: &Message<'_>) -> bool {
    let said = |name: &str| message.header_raw(name).map(|value| value.trim().to_lowercase());
    said("Auto-Submitted").is_some_and(|value| !value.starts_with("no") || value.starts_with("no-"))
        || said("Precedence").is_some_and(|value| ["bulk", "junk", "list", "auto_reply"].contains(&value.as_str()))
        || said("Return-Path").is_some_and(|value| value == "<>")
        || ["X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id", "X-Failed-Recipients"]
            .iter()
            .any(|name| message.header_raw(*name).is_some())
}

/// What a report says (RFC 3464, 2.3): the first recipient's `Action` and `Status`. Each of our e-mails has one recipient.
fn report(message: &Message<'_>) -> Option<Report> {
    let is_report = message.content_type().is_some_and(|content_type| {
        content_type.ctype().eq_ignore_ascii_case("multipart")
            && content_type.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("report"))
    });
    if !is_report {
        return None;
    }
    let status = message.parts.iter().find(|part| {
        part.content_type().is_some_and(|content_type| {
            content_type.ctype().eq_ignore_ascii_case("message")
                && content_type.subtype().is_some_and(|s| s.eq_ignore_ascii_case("delivery-status"))
        })
    });
    let fields = status.map(|part| String::from_utf8_lossy(part.contents()).into_owned()).unwrap_or_default();
    let field = |name: &str| {
        fields.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_lowercase())
        })
    };
    let failed = field("Action").as_deref() == Some("failed");
    // « 5.1.1 (bad destination mailbox address) »
    let status = field("Status").unwrap_or_default();
    let status = status.split_whitespace().next().unwrap_or_default();
    Some(match Undelivered::of(status) {
        Undelivered::Gone if failed => Report::Gone,
        Undelivered::Gone | Undelivered::Otherwise => Report::Otherwise,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(headers: &str, body: &str) -> Option<Mail> {
        let raw =
            format!("From: Voirie <Voirie@ville.example>\r\nMessage-ID: <1@ville.example>\r\n{headers}\r\n\r\n{body}");
        Mail::read(raw.as_bytes(), None)
    }

    #[test]
    fn an_answer_is_read_whatever_the_mail_program() {
        let plain =
            mail("To: retours+rABC234@ville.example\r\nSubject: =?utf-8?q?Re=3A_Saisine_r=C3=A9gl=C3=A9e?=", "Fait.")
                .unwrap();
        assert_eq!(plain.from.as_deref(), Some("voirie@ville.example"));
        assert_eq!(plain.marks, [(Mark::Reply, "ABC234".to_owned())]);
        assert_eq!((plain.subject.as_str(), plain.text.as_str()), ("Re: Saisine réglée", "Fait."));
        assert!(!plain.automatic && plain.report.is_none());
        let latin = "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable";
        assert_eq!(mail(latin, "Le d=E9p=F4t est enlev=E9.").unwrap().text, "Le dépôt est enlevé.");
        let html = "Content-Type: text/html; charset=utf-8";
        assert_eq!(mail(html, "<p>Fait <b>hier</b>.</p><style>p{}</style>").unwrap().text, "Fait hier.");
    }

    #[test]
    fn every_way_of_saying_where_it_came_to_is_looked_at() {
        for header in [
            "To: Ville <RETOURS+Rabc@ville.example>",
            "To: x@y.example\r\nCc: retours+rabc@ville.example",
            "To: x@y.example\r\nDelivered-To: retours+rabc@ville.example",
            "To: x@y.example\r\nX-Original-To: <retours+rabc@ville.example>",
        ] {
            let marks = mail(header, "Fait.").unwrap().marks;
            assert_eq!(marks, [(Mark::Reply, "abc".to_owned())], "{header}");
        }
        let raw = b"From: a@b.example\r\n\r\nFait.";
        let told = Mail::read(raw, Some("retours+babc@ville.example")).unwrap();
        assert_eq!(told.marks, [(Mark::Bounce, "abc".to_owned())]);
        assert_eq!(mail("To: retours@ville.example", "Fait.").unwrap().marks, []);
    }

    #[test]
    fn machines_are_known_by_what_they_say() {
        for header in [
            "Auto-Submitted: auto-replied",
            "Auto-Submitted: Auto-Generated; owner-email=\"x\"",
            "Precedence: bulk",
            "Return-Path: <>",
            "X-Autoreply: yes",
            "List-Id: <l.example>",
        ] {
            assert!(mail(header, "Je suis absent.").unwrap().automatic, "{header}");
        }
        for header in ["Auto-Submitted: no", "Return-Path: <voirie@ville.example>", "Precedence: normal"] {
            assert!(!mail(header, "Fait.").unwrap().automatic, "{header}");
        }
    }

    fn notification(action: &str, status: &str) -> Option<Report> {
        let headers = "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"";
        let body = format!(
            "--b\r\nContent-Type: text/plain\r\n\r\nUndelivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
             Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; h@mail.example\r\nAction: {action}\r\n\
             Status: {status}\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n--b\r\nContent-Type: \
             text/rfc822-headers\r\n\r\nSubject: x\r\n\r\n--b--\r\n"
        );
        mail(headers, &body).unwrap().report
    }

    #[test]
    fn a_report_says_whether_the_address_is_gone() {
        assert_eq!(notification("failed", "5.1.1"), Some(Report::Gone));
        assert_eq!(notification("Failed", "5.1.1 (no such user)"), Some(Report::Gone));
        for (action, status) in
            [("failed", "5.2.2"), ("delayed", "4.4.1"), ("relayed", "2.0.0"), ("failed", "4.4.7"), ("delayed", "5.1.1")]
        {
            assert_eq!(notification(action, status), Some(Report::Otherwise), "{action} {status}");
        }
        assert_eq!(
            mail("Content-Type: multipart/report; boundary=b", "--b--").unwrap().report,
            Some(Report::Otherwise)
        );
    }

    #[test]
    fn several_who_say_that_they_wrote_it_are_nobody() {
        let of = |headers: &str| Mail::read(format!("{headers}\r\n\r\nFait.").as_bytes(), None).unwrap().from;
        let both = Some("a@b.example, c@d.example".to_owned());
        assert_eq!(of("From: A@b.example, C <c@d.example>"), both);
        assert_eq!(of("From: a@b.example\r\nSubject: x\r\nFrom: c@d.example"), both);
        assert_eq!(of("From: Eux: a@b.example, c@d.example;"), both);
        assert_eq!(of("From: A <a@b.example>"), Some("a@b.example".to_owned()));
        assert_eq!(of("Sender: a@b.example"), None);
    }

    #[test]
    fn every_part_of_the_text_is_read() {
        let parts = |types: [&str; 2], texts: [&str; 2], kind: &str| {
            let part = |(media_type, text)| format!("--b\r\nContent-Type: {media_type}\r\n\r\n{text}\r\n");
            let body: String = types.into_iter().zip(texts).map(part).collect();
            mail(&format!("Content-Type: multipart/{kind}; boundary=\"b\""), &format!("{body}--b--\r\n")).unwrap()
        };
        let (plain, html) = ("text/plain", "text/html");
        assert_eq!(parts([plain, plain], ["Avant.", "Après."], "mixed").text, "Avant.\n\nAprès.");
        assert_eq!(parts([plain, html], ["", "<p>Fait.<p>Oui."], "alternative").text, "Fait.\nOui.");
        assert_eq!(parts([plain, html], ["Fait.", "<p>Autre."], "alternative").text, "Fait.");
        let nothing = parts([plain, html], ["> Où ?\r\n> Là", "<blockquote type=cite>Où ?"], "alternative");
        assert_eq!((nothing.text.as_str(), nothing.cut.as_str()), ("", "> Où ?\n> Là"));
        let attached = "text/plain; name=\"a.txt\"\r\nContent-Disposition: attachment; filename=\"a.txt\"";
        let files = parts([attached, "message/rfc822"], ["Un.", "From: a@b.example\r\n\r\nDeux."], "mixed").attachments;
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a.txt", "message.eml"]);
        assert!(files.iter().all(|(_, content)| !content.is_empty()), "{files:?}");
    }

    #[test]
    fn attachments_come_along_and_copies_are_known() {
        let headers = "Content-Type: multipart/mixed; boundary=\"b\"";
        let body = "--b\r\nContent-Type: text/plain\r\n\r\nVoici.\r\n--b\r\nContent-Type: image/jpeg; name=\"rue.jpg\"\r\n\
                    Content-Disposition: attachment; filename=\"rue.jpg\"\r\nContent-Transfer-Encoding: base64\r\n\r\n\
                    /9j/4AAQ\r\n--b--\r\n";
        let one = mail(headers, body).unwrap();
        assert_eq!(one.text, "Voici.");
        assert_eq!(one.attachments, [("rue.jpg".to_owned(), vec![0xff, 0xd8, 0xff, 0xe0, 0, 0x10])]);
        let copy = mail(&format!("Received: from mx.example by ville.example\r\n{headers}"), body).unwrap();
        assert_eq!(one.digest, copy.digest, "it came another way");
        assert_ne!(one.digest, mail(headers, &body.replace("Voici", "Voilà")).unwrap().digest, "other words");
        let other = Mail::read(b"From: a@b.example\r\nMessage-ID: <2@x>\r\n\r\n", None).unwrap();
        assert_ne!(one.digest, other.digest);
    }

    #[test]
    fn attachments_after_the_twentieth_are_known_by_their_names() {
        let read = |count: usize| {
            let part = |n| format!("--b\r\nContent-Disposition: attachment; filename=\"{n}.jpg\"\r\n\r\nx\r\n");
            let parts: String = (1..=count).map(part).collect();
            mail("Content-Type: multipart/mixed; boundary=\"b\"", &format!("{parts}--b--\r\n")).unwrap()
        };
        let known = |mail: &Mail| (mail.attachments.len(), mail.beyond.clone());
        assert_eq!(known(&read(20)), (20, Vec::new()));
        assert_eq!(known(&read(22)), (20, vec!["21.jpg".to_owned(), "22.jpg".to_owned()]));
        assert_eq!(read(150).beyond.len(), 80);
        assert_ne!(read(21).digest, read(22).digest);
    }

    #[test]
    fn any_bytes_are_an_e_mail_or_none() {
        for raw in [&b""[..], b"\0\0", b"\xff\xfe", b"To: a@b.example\r\n\r\n", b"\r\n\r\n"] {
            assert!(Mail::read(raw, Some("\u{0}+r@")).is_none(), "{raw:?}");
        }
    }
}
