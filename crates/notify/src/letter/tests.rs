//! Letters, as they are sent.

mod letters;

use std::collections::BTreeSet;
use std::path::Path;

use domain::account::Affair;
use domain::city::Sender;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::language::{Label, Language};
use domain::ticket::event::RefusalReason;
use domain::ticket::list::{Line, TicketList};
use domain::ticket::notice::Kind;
use mail_parser::{MessageParser, MimeHeaders};

use super::{
    AffairLetter, ComposeError, ConcernLetter, Letter, ListLetter, compose, compose_affair, compose_concern,
    compose_list, templates,
};
use letters::{AUDIENCES, every_affair, every_concern, every_letter, every_list, letter, lines, list_letter, sender};

fn raw_list(letter: &ListLetter) -> String {
    String::from_utf8(compose_list(letter, &sender()).unwrap().formatted()).unwrap()
}

fn raw_concern(letter: &ConcernLetter) -> String {
    String::from_utf8(compose_concern(letter, &sender()).unwrap().formatted()).unwrap()
}

fn raw_affair(letter: &AffairLetter) -> String {
    String::from_utf8(compose_affair(letter, &sender()).unwrap().formatted()).unwrap()
}

/// Every letter that there is, composed: its language, and what leaves.
fn everything() -> Vec<(Language, String)> {
    let letters = every_letter().into_iter().map(|(_, letter)| (letter.language, raw(&letter)));
    let affairs = every_affair().into_iter().map(|(_, letter)| (letter.language, raw_affair(&letter)));
    let concerns = every_concern().into_iter().map(|(_, letter)| (letter.language, raw_concern(&letter)));
    let lists = every_list().into_iter().map(|(_, letter)| (letter.language, raw_list(&letter)));
    letters.chain(affairs).chain(concerns).chain(lists).collect()
}

fn raw(letter: &Letter) -> String {
    String::from_utf8(compose(letter, &sender()).unwrap().formatted()).unwrap()
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
        check(&name, &raw_list(&letter));
    }
    for (name, letter) in every_concern() {
        check(&name, &raw_concern(&letter));
    }
}

#[test]
fn an_outcome_names_the_body_that_was_told() {
    for (name, audience) in [("resident", Audience::Resident), ("agent", Audience::Agent)] {
        let letter = Letter {
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
        let letter = Letter { silence: true, ..letter(Kind::Referral, Audience::Service, language) };
        check(&format!("referral.service.{}.silence", language.tag()), &raw(&letter));
    }
}

#[test]
fn an_acknowledgement_without_a_date_promises_none() {
    for (language, absent) in [(Language::Fr, "prévoit"), (Language::En, "expects")] {
        let dateless = Letter {
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
                let letter = Letter { closure_reason: Some(reason), ..letter(Kind::Outcome, audience, language) };
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
            raw(&Letter { refusal_reason: Some(reason), ..letter(Kind::Refused, Audience::Service, language) });
        }
    }
}

#[test]
fn nobody_else_is_written_to() {
    let mut refused = 0;
    for kind in Kind::ALL {
        for audience in AUDIENCES.into_iter().filter(|audience| templates::words(kind, *audience).is_none()) {
            let error = compose(&letter(kind, audience, Language::Fr), &sender()).unwrap_err();
            assert!(matches!(error, ComposeError::Pair { .. }), "{error}");
            refused += 1;
        }
    }
    assert_eq!(refused, 26);
}

#[test]
fn every_file_of_words_is_reachable_and_every_letter_has_one() {
    let files: BTreeSet<String> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("layout.") && !name.starts_with("frame."))
        .collect();
    let affairs = every_affair().into_iter().map(|(_, letter)| (letter.affair.code(), letter.language));
    let affairs = affairs.map(|(code, language)| format!("{code}.{}", language.tag()));
    let concerns =
        every_concern().into_iter().map(|(_, letter)| format!("{}.{}", letter.news.code(), letter.language.tag()));
    let lists = ["list.cafe.fr", "list.cafe.en"].map(ToOwned::to_owned);
    let letters = every_letter().into_iter().map(|(name, _)| name).chain(affairs).chain(concerns).chain(lists);
    let letters: BTreeSet<String> = letters.map(|name| format!("{name}.jinja")).collect();
    assert_eq!(files, letters);
}

#[test]
fn a_letter_that_lacks_what_it_must_say_is_not_written() {
    let outcome = Letter { closure_reason: None, ..letter(Kind::Outcome, Audience::Resident, Language::Fr) };
    let refused = Letter { refusal_reason: None, ..letter(Kind::Refused, Audience::Service, Language::Fr) };
    for letter in [outcome, refused] {
        assert!(matches!(compose(&letter, &sender()), Err(ComposeError::Missing(_))));
    }
}

#[test]
fn an_address_that_is_not_one_is_refused_without_being_repeated() {
    for to in ["habitante", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", ""] {
        let letter = Letter { to: to.into(), ..letter(Kind::Outcome, Audience::Resident, Language::Fr) };
        let error = compose(&letter, &sender()).unwrap_err();
        assert!(matches!(error, ComposeError::Recipient), "{error}");
        assert!(to.is_empty() || !format!("{error} {error:?}").contains(to));
    }
}

#[test]
fn an_international_domain_is_written_as_servers_take_it() {
    let letter =
        Letter { to: "habitante@château.example".into(), ..letter(Kind::Outcome, Audience::Resident, Language::Fr) };
    assert!(headers(&raw(&letter)).contains("\r\nTo: habitante@xn--chteau-xta.example\r\n"));
}

#[test]
fn no_value_adds_a_header_a_line_or_a_tag() {
    let hostile = "Voirie\r\nBcc: victim@elsewhere.example\r\n\r\n<script>alert(1)</script>\u{202e}";
    for (_, letter) in every_letter() {
        let plain = raw(&letter);
        let letter = Letter {
            service_name: hostile.into(),
            category: hostile.into(),
            reference: hostile.into(),
            service_phone: Some(hostile.into()),
            body_told: Some(hostile.into()),
            main: Some(hostile.into()),
            ..letter
        };
        let from = Sender { name: hostile.into(), address: hostile.into(), phone: hostile.into(), ..sender() };
        let raw = String::from_utf8(compose(&letter, &from).unwrap().formatted()).unwrap();
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
            secret: letter.secret.map(|(_, hint)| (hostile.into(), hint)),
            ..letter
        };
        let (subject, text, html) = read(&raw_affair(&letter));
        assert!(!subject.contains(['\r', '\n']));
        assert!(text.lines().all(|line| !line.starts_with("Bcc")), "{text}");
        assert!(!html.contains("<script"), "{html}");
    }
}

#[test]
fn a_list_links_each_ticket_and_says_no_more_of_a_restricted_one() {
    for (_, letter) in every_list() {
        let (subject, text, html) = read(&raw_list(&letter));
        for line in &letter.list.lines {
            let link = format!("https://continuum.example/v1/tickets/{}", line.reference);
            assert!(text.contains(&link) && html.contains(&format!("href=\"{link}\"")), "{text}");
            assert!(!subject.contains(&line.reference));
        }
        assert_eq!(html.matches("href=\"https:").count(), letter.list.lines.len());
    }
    let (_, text, _) = read(&raw_list(&list_letter(Language::Fr, lines().split_off(0), 0)));
    assert!(text.lines().any(|line| line == "AMI-25-000017"), "{text}");
    let order: Vec<usize> = [9, 12, 14, 17].iter().map(|n| text.find(&format!("AMI-25-{n:06}")).unwrap()).collect();
    assert!(order.is_sorted(), "those first that are due first: {text}");
    let none = list_letter(Language::Fr, Vec::new(), 0);
    assert!(matches!(compose_list(&none, &sender()), Err(ComposeError::Missing("tickets"))));
}

#[test]
fn no_value_of_a_list_adds_a_header_a_line_or_a_tag() {
    let hostile = "x\r\nBcc: victim@elsewhere.example\r\n\r\n<script>alert(1)</script>\u{202e}";
    let label = Label { fr: hostile.into(), en: hostile.into() };
    let line = Line { reference: hostile.into(), subject: Some(label), due_at: None };
    let (subject, text, html) = read(&raw_list(&list_letter(Language::Fr, vec![line], 0)));
    assert!(!subject.contains(['\r', '\n']));
    assert!(text.lines().all(|line| !line.starts_with("Bcc")), "{text}");
    assert!(!html.contains("<script"), "{html}");
}

#[test]
fn a_long_list_tells_how_many_more_there_are() {
    let line = |number: u32| Line { reference: format!("AMI-25-{number:06}"), subject: None, due_at: None };
    let list = TicketList::new(list_letter(Language::Fr, lines(), 0).list.occasion, (0..53).map(line).collect());
    assert_eq!((list.lines.len(), list.more), (50, 3));
}

#[test]
fn the_link_of_an_account_stands_in_its_letter_only() {
    for (name, letter) in every_affair() {
        let (subject, text, html) = read(&raw_affair(&letter));
        let linked = letter.link.is_some();
        assert_eq!(text.contains("/account/"), linked, "{name}");
        assert_eq!(html.contains("/account/"), linked, "{name}");
        assert!(!subject.contains("/account/"));
        let without = AffairLetter { link: None, secret: None, ..letter };
        let needs = linked || name.starts_with("secret_expires");
        assert_eq!(matches!(compose_affair(&without, &sender()), Err(ComposeError::Missing(_))), needs, "{name}");
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
