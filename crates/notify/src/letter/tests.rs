//! Letters, as they are sent.

mod letters;
mod lists;

use std::collections::BTreeSet;
use std::path::Path;

use domain::account::Affair;
use domain::city::Sender;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::language::Language;
use domain::letter::LetterName;
use domain::ticket::event::RefusalReason;
use domain::ticket::notice::Kind;
use domain::time::Zone;
use mail_parser::{MessageParser, MimeHeaders};

use super::{
    AffairLetter, ComposeError, ConcernLetter, Letter, ListLetter, NewsLetter, Stationery, TicketLetter, Turn, sample,
};
use letters::{
    AUDIENCES, every_affair, every_concern, every_late, every_letter, every_list, every_news, letter, sender,
};

fn paper() -> Stationery {
    Stationery::new(sender(), Zone::PARIS, &[])
}

fn raw_of(letter: &Letter) -> String {
    String::from_utf8(letter.compose(&paper()).unwrap().formatted()).unwrap()
}

fn ticket(letter: &TicketLetter) -> Letter {
    Letter::Ticket(Box::new(letter.clone()))
}

fn raw(letter: &TicketLetter) -> String {
    raw_of(&ticket(letter))
}

fn raw_list(letter: &ListLetter) -> String {
    raw_of(&Letter::List(letter.clone()))
}

fn raw_affair(letter: &AffairLetter) -> String {
    raw_of(&Letter::Affair(letter.clone()))
}

fn raw_news(letter: &NewsLetter) -> String {
    raw_of(&Letter::News(letter.clone()))
}

/// Every letter that there is, composed: its language, and what leaves.
fn everything() -> Vec<(Language, String)> {
    let letters = every_letter().into_iter().map(|(_, letter)| (letter.language, raw(&letter)));
    let affairs = every_affair().into_iter().map(|(_, letter)| (letter.language, raw_affair(&letter)));
    let concerns = every_concern().into_iter().map(|(_, letter)| (letter.language, raw_of(&Letter::Concern(letter))));
    let lists = every_list().into_iter().map(|(_, letter)| (letter.language, raw_list(&letter)));
    let news = every_news().into_iter().map(|(_, letter)| (letter.language, raw_news(&letter)));
    let late = every_late().into_iter().map(|(_, letter)| (letter.language, raw_of(&Letter::Late(letter))));
    letters.chain(affairs).chain(concerns).chain(lists).chain(news).chain(late).collect()
}

fn headers(raw: &str) -> &str {
    raw.split_once("\r\n\r\n").unwrap().0
}

/// The subject, the text and the HTML, as a mail program decodes them.
fn read(raw: &str) -> (String, String, String) {
    let message = MessageParser::new().parse(raw).unwrap();
    assert_eq!((message.text_body_count(), message.html_body_count()), (1, 1));
    (
        message.subject().unwrap().to_owned(),
        message.body_text(0).unwrap().into_owned(),
        message.body_html(0).unwrap().into_owned(),
    )
}

fn check(name: &str, raw: &str) {
    let (subject, text, html) = read(raw);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        let text = text.replace("\r\n", "\n");
        let head = headers(raw).replace("\r\n", "\n");
        insta::assert_snapshot!(format!("{name}.txt"), format!("{head}\n\n[{subject}]\n\n{text}"));
        insta::assert_snapshot!(format!("{name}.html"), html.replace("\r\n", "\n"));
    });
}

#[test]
fn every_letter_reads_as_it_was_approved() {
    for (name, letter) in every_letter() {
        check(&name, &raw(&letter));
    }
    for (name, letter) in every_affair() {
        check(&name, &raw_affair(&letter));
    }
    for (name, letter) in every_list() {
        check(&name, &raw_of(&Letter::List(letter)));
    }
    for (name, letter) in every_concern() {
        check(&name, &raw_of(&Letter::Concern(letter)));
    }
    for (name, letter) in every_news() {
        check(&name, &raw_news(&letter));
    }
    for (name, letter) in every_late() {
        check(&name, &raw_of(&Letter::Late(letter)));
    }
}

#[test]
fn a_service_with_an_address_is_written_to_there() {
    let (police, own) = ("square Friant-les-Quatre-Chênes", "12, quai de la Passerelle, 80000 Amiens");
    for (_, mut letter) in every_concern().into_iter().filter(|(name, _)| name.starts_with("received.two")) {
        let said = |letter: &ConcernLetter| {
            let (_, text, html) = read(&raw_of(&Letter::Concern(letter.clone())));
            let label = letter.language.pick(("Adresse", "Address"));
            assert_eq!([text.contains(label), html.contains(own)], [text.contains(own); 2], "{text}");
            (text.contains(own), text.matches(police).count())
        };
        assert_eq!(said(&letter), (false, 2), "to write to us, and at the foot");
        letter.tickets[0].address = Some(own.into());
        assert_eq!(said(&letter), (true, 2), "the other service has none of its own");
        letter.tickets[1].address = Some(own.into());
        assert_eq!(said(&letter), (true, 1));
    }
}

#[test]
fn a_member_reads_why_the_mail_of_the_service_comes_to_them() {
    for language in [Language::Fr, Language::En] {
        let letter = TicketLetter { member: true, ..letter(Kind::Referral, Audience::Service, language) };
        check(&format!("referral.service.{}.member", language.tag()), &raw(&letter));
    }
}

#[test]
fn an_outcome_names_the_body_that_was_told() {
    for (name, audience) in [("resident", Audience::Resident), ("agent", Audience::Agent)] {
        let letter = TicketLetter {
            closure_reason: Some(ClosureReason::NotCompetent),
            body_told: Some("Département de la Somme".into()),
            service_phone: None,
            asks: false,
            ..letter(Kind::Outcome, audience, Language::Fr)
        };
        check(&format!("outcome.{name}.fr.body-told"), &raw(&letter));
    }
}

#[test]
fn the_desk_reads_that_a_partner_was_silent() {
    for language in [Language::Fr, Language::En] {
        let letter = TicketLetter { silence: true, ..letter(Kind::Referral, Audience::Service, language) };
        check(&format!("referral.service.{}.silence", language.tag()), &raw(&letter));
    }
}

#[test]
fn a_partner_reads_that_its_silence_took_the_ticket_back() {
    for language in [Language::Fr, Language::En] {
        let withdrawn = letter(Kind::Withdrawn, Audience::Service, language);
        let letter = TicketLetter {
            silence: true,
            answer_was_due_at: Some(withdrawn.ack_due_at),
            turn: Some(Turn::Rerouted),
            ..withdrawn
        };
        check(&format!("withdrawn.service.{}.silence", language.tag()), &raw(&letter));
        // Of a ticket that returned before the date was kept.
        let (_, text, _) = read(&raw(&TicketLetter { answer_was_due_at: None, ..letter }));
        assert!(!text.contains("16/03/2026") && !text.contains("16\u{a0}March"), "{text}");
    }
}

#[test]
fn an_acknowledgement_without_a_date_promises_none() {
    for (language, absent) in [(Language::Fr, "prévoit"), (Language::En, "expects")] {
        let dateless = TicketLetter {
            expected_on: None,
            service_phone: None,
            ..letter(Kind::Acknowledged, Audience::Resident, language)
        };
        let (_, text, html) = read(&raw(&dateless));
        assert!(!text.contains(absent) && !html.contains(absent), "{text}");
        // Without a telephone of the service, the sender's stands in.
        assert_eq!(text.matches("03\u{a0}22\u{a0}97\u{a0}40\u{a0}40").count(), 2, "{text}");
    }
}

#[test]
fn every_reason_can_be_told() {
    for language in [Language::Fr, Language::En] {
        for reason in ClosureReason::ALL {
            for audience in [Audience::Agent, Audience::Resident] {
                let letter = TicketLetter { closure_reason: Some(reason), ..letter(Kind::Outcome, audience, language) };
                let (_, text, _) = read(&raw(&letter));
                assert!(!text.contains(" ici") && !text.contains("here."), "a mail is not the page: {text}");
            }
        }
        for reason in [
            RefusalReason::NotCompetent,
            RefusalReason::OutsideArea,
            RefusalReason::Duplicate,
            RefusalReason::InsufficientInformation,
            RefusalReason::Other,
        ] {
            raw(&TicketLetter { refusal_reason: Some(reason), ..letter(Kind::Refused, Audience::Service, language) });
        }
    }
}

#[test]
fn nobody_else_is_written_to() {
    let mut refused = 0;
    for kind in Kind::ALL {
        for audience in AUDIENCES.into_iter().filter(|audience| !kind.is_told_to(*audience)) {
            let error = ticket(&letter(kind, audience, Language::Fr)).compose(&paper()).unwrap_err();
            assert!(matches!(error, ComposeError::Pair { .. }), "{error}");
            refused += 1;
        }
    }
    assert_eq!(refused, 33);
}

#[test]
fn every_letter_has_a_file_of_words_in_each_language_and_every_file_is_one() {
    let files: BTreeSet<String> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("layout.") && !name.starts_with("frame."))
        .collect();
    let named = LetterName::all().flat_map(|letter| [format!("{letter}.fr.jinja"), format!("{letter}.en.jinja")]);
    assert_eq!(files, named.collect());
}

#[test]
fn the_sample_of_each_letter_is_that_letter() {
    for name in LetterName::all() {
        assert_eq!(LetterName::from_name(&name.to_string()), Some(name));
        for (language, bare) in
            [(Language::Fr, true), (Language::Fr, false), (Language::En, true), (Language::En, false)]
        {
            let letter = sample(name, language, bare);
            assert_eq!(letter.name().unwrap(), name);
            read(&raw_of(&letter));
        }
    }
}

#[test]
fn a_letter_that_lacks_what_it_must_say_is_not_written() {
    let outcome = TicketLetter { closure_reason: None, ..letter(Kind::Outcome, Audience::Resident, Language::Fr) };
    let refused = TicketLetter { refusal_reason: None, ..letter(Kind::Refused, Audience::Service, Language::Fr) };
    for letter in [outcome, refused] {
        assert!(matches!(ticket(&letter).compose(&paper()), Err(ComposeError::Missing(_))));
    }
}

#[test]
fn an_address_that_is_not_one_is_refused_without_being_repeated() {
    for to in ["habitante", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", ""] {
        let letter = TicketLetter { to: to.into(), ..letter(Kind::Outcome, Audience::Resident, Language::Fr) };
        let error = ticket(&letter).compose(&paper()).unwrap_err();
        assert!(matches!(error, ComposeError::Recipient), "{error}");
        assert!(to.is_empty() || !format!("{error} {error:?}").contains(to));
    }
}

#[test]
fn an_international_domain_is_written_as_servers_take_it() {
    let letter = TicketLetter {
        to: "habitante@château.example".into(),
        ..letter(Kind::Outcome, Audience::Resident, Language::Fr)
    };
    assert!(headers(&raw(&letter)).contains("\r\nTo: habitante@xn--chteau-xta.example\r\n"));
}

#[test]
fn no_value_adds_a_header_a_line_or_a_tag() {
    let hostile = "Voirie\r\nBcc: victim@elsewhere.example\r\n\r\n<script>alert(1)</script>\u{202e}";
    for (_, letter) in every_letter() {
        let plain = raw(&letter);
        let letter = TicketLetter {
            service_name: hostile.into(),
            category: hostile.into(),
            reference: hostile.into(),
            service_phone: Some(hostile.into()),
            body_told: Some(hostile.into()),
            main: Some(hostile.into()),
            ..letter
        };
        let from = Sender { name: hostile.into(), address: hostile.into(), phone: hostile.into(), ..sender() };
        let raw =
            String::from_utf8(ticket(&letter).compose(&Stationery::new(from, Zone::PARIS, &[])).unwrap().formatted())
                .unwrap();
        let names = |raw: &str| -> Vec<String> {
            let own = headers(raw).lines().filter(|line| !line.starts_with(' '));
            own.map(|line| line.split(':').next().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&raw), names(&plain));
        let (subject, text, html) = read(&raw);
        assert!(!subject.contains(['\r', '\n']));
        assert!(text.lines().all(|line| !line.starts_with("Bcc")), "{text}");
        assert!(!html.contains("<script"), "{html}");
    }
}

#[test]
fn no_value_of_an_affair_adds_a_header_a_line_or_a_tag() {
    let hostile = "x\r\nBcc: victim@elsewhere.example\r\n\r\n<script>alert(1)</script>\u{202e}";
    for (_, letter) in every_affair() {
        let affair = match letter.affair {
            Affair::IdentityChanged { linked, .. } => Affair::IdentityChanged { issuer: hostile.into(), linked },
            other => other,
        };
        let letter = AffairLetter {
            affair,
            address: letter.address.map(|_| hostile.into()),
            agent: letter.agent.map(|_| hostile.into()),
            program: letter.program.map(|_| hostile.into()),
            ..letter
        };
        let (subject, text, html) = read(&raw_affair(&letter));
        assert!(!subject.contains(['\r', '\n']));
        assert!(text.lines().all(|line| !line.starts_with("Bcc")), "{text}");
        assert!(!html.contains("<script"), "{html}");
    }
}

#[test]
fn the_link_of_an_account_stands_in_its_letter_only() {
    for (name, letter) in every_affair() {
        let (subject, text, html) = read(&raw_affair(&letter));
        let linked = letter.link.is_some();
        assert_eq!(text.contains("/account/"), linked, "{name}");
        assert_eq!(html.contains("/account/"), linked, "{name}");
        assert!(!subject.contains("/account/"));
        let without = AffairLetter { link: None, program: None, ..letter };
        let needs = linked || name.starts_with("secret_expires") || name.starts_with("webhook_disabled");
        assert_eq!(matches!(Letter::Affair(without).compose(&paper()), Err(ComposeError::Missing(_))), needs, "{name}");
    }
}

#[test]
fn mails_of_a_ticket_form_one_conversation_and_a_repeat_is_the_same_mail() {
    for (_, letter) in every_letter() {
        let first = raw(&letter);
        assert_eq!(first, raw(&letter));
        let message = MessageParser::new().parse(&first).unwrap();
        assert_eq!(message.message_id().unwrap(), format!("{}@ville-amiens.example", letter.id));
        let conversation = format!("ticket.{}@ville-amiens.example", letter.ticket);
        assert_eq!(message.in_reply_to().as_text(), Some(conversation.as_str()));
        assert_eq!(message.references().as_text(), Some(conversation.as_str()));
        assert_eq!(message.content_type().unwrap().subtype(), Some("alternative"));
    }
}

#[test]
fn the_address_stands_in_to_only_and_the_category_in_no_subject() {
    for (_, letter) in every_letter() {
        let raw = raw(&letter);
        let (subject, text, html) = read(&raw);
        assert!(subject.contains(&letter.reference) && !subject.contains(&letter.category), "{subject}");
        assert_eq!(raw.matches(&letter.to).count(), 1);
        assert!(!text.contains(&letter.to) && !html.contains(&letter.to));
        // Who watches a ticket does not see it.
        let linked = letter.kind != Kind::Watched;
        assert_eq!(text.contains(letter.link.as_str()), linked, "{text}");
        let links = if linked { 2 } else { 0 } + usize::from(letter.unsubscribe.is_some());
        assert_eq!(html.matches("href=\"https:").count(), links);
    }
}

#[test]
fn html_fetches_nothing_and_french_spaces_stay_out_of_its_style() {
    for (_, raw) in everything() {
        let (_, _, html) = read(&raw);
        for remote in ["<img", "<link", "src=", "url(", "@import", "<script", "<iframe"] {
            assert!(!html.contains(remote), "{remote}");
        }
        let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        assert!(style.is_ascii());
    }
}

#[test]
fn a_conditional_french_sentence_keeps_its_marks_together() {
    for (_, raw) in everything().into_iter().filter(|(language, _)| *language == Language::Fr) {
        let (subject, text, html) = read(&raw);
        for words in [subject, text, html] {
            for mark in [" :", " ;", " !", " ?", " »", "« "] {
                assert!(!words.contains(mark), "{mark} in {words}");
            }
            assert!(!words.contains("none") || words.contains("text-decoration:none"), "{words}");
        }
    }
}
