use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use domain::account::Affair;
use domain::city::Sender;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::id::{ClientSecretId, LinkId, MessageId, SessionId, TicketId};
use domain::language::Language;
use domain::ticket::event::RefusalReason;
use domain::ticket::notice::Kind;
use mail_parser::{MessageParser, MimeHeaders};
use serde_json::json;
use uuid::Uuid;

use super::{
    AffairLetter, ComposeError, LateLetter, LateService, LateTicket, Letter, NewsLetter, Stationery, Told, Turn,
    compose, compose_affair, compose_late, compose_news, templates,
};

const AUDIENCES: [Audience; 3] = [Audience::Service, Audience::Agent, Audience::Resident];

const ISSUER: &str = "https://auth.agentconnect.gouv.fr/api/v2";

fn sender() -> Sender {
    Sender {
        name: "Ville d’Amiens – Police municipale".into(),
        email: "cafes-police@ville-amiens.example".into(),
        address: "Police municipale, square Friant-les-Quatre-Chênes, 80000 Amiens".into(),
        phone: "03 22 97 40 40".into(),
    }
}

fn paper() -> Stationery {
    Stationery::new(sender(), &[])
}

fn at(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, day, hour, minute, 0).unwrap()
}

fn letter(kind: Kind, audience: Audience, language: Language) -> Letter {
    let (category, service) = match language {
        Language::Fr => ("Dépôt sauvage", "Propreté urbaine"),
        Language::En => ("Illegal dumping", "Street cleaning"),
    };
    let (to, link) = match audience {
        Audience::Service => ("proprete@ville-amiens.example", "https://continuum.example/tickets/AMI-26-000123"),
        Audience::Agent => ("agent@ville-amiens.example", "https://continuum.example/tickets/AMI-26-000123"),
        Audience::Resident => (
            "habitante@courriel.example",
            "https://continuum.example/suivi/Tq3Zp0cJ0dGkV6bWm1xY8rHs2nLf4uAe?lang=fr&page=1",
        ),
    };
    let outcome = kind == Kind::Outcome;
    Letter {
        id: MessageId(Uuid::from_u128(0x019c_e000_0000_7000_8000_0000_0000_0001)),
        ticket: TicketId(Uuid::from_u128(0x019c_e000_0000_7000_8000_0000_0000_00aa)),
        kind,
        audience,
        language,
        to: to.into(),
        reference: "AMI-26-000123".into(),
        category: category.into(),
        service_name: service.into(),
        service_phone: Some("03 22 97 40 41".into()),
        filed_at: at(12, 13, 30),
        ack_due_at: at(16, 16, 0),
        resolve_due_at: at(30, 15, 0),
        expected_on: (kind == Kind::Acknowledged).then(|| NaiveDate::from_ymd_opt(2026, 3, 20).unwrap()),
        closure_reason: outcome.then_some(ClosureReason::WorkDone),
        body_told: None,
        refusal_reason: (kind == Kind::Refused).then_some(RefusalReason::OutsideArea),
        turn: match kind {
            Kind::Progress => Some(Turn::Scheduled(NaiveDate::from_ymd_opt(2026, 3, 20).unwrap())),
            Kind::Watched => Some(Turn::TakenInHand),
            _ => None,
        },
        member: false,
        link: link.parse().unwrap(),
        at: at(13, 8, 5),
    }
}

fn told(number: u32, kind: Kind, fact: serde_json::Value, minute: u32) -> Told {
    let reference = format!("AMI-26-{number:06}");
    Told {
        ticket: TicketId(Uuid::from_u128(u128::from(number))),
        link: Some(format!("https://continuum.example/v1/tickets/{reference}").parse().unwrap()),
        reference,
        category: Some("Dépôt sauvage".into()),
        service_name: "Propreté urbaine".into(),
        kind,
        fact: serde_json::from_value(fact).unwrap(),
        at: at(13, 8, minute),
    }
}

fn news_letter(language: Language, turns: Vec<Told>) -> NewsLetter {
    NewsLetter {
        id: MessageId(Uuid::from_u128(0x019c_e000_0000_7000_8000_0000_0000_0004)),
        language,
        to: "agent@ville-amiens.example".into(),
        turns,
        list: "https://continuum.example/v1/tickets".parse().unwrap(),
        at: at(13, 8, 40),
    }
}

/// Each letter that tells of several turns, in both languages.
fn every_news() -> Vec<(String, NewsLetter)> {
    let mut letters = Vec::new();
    for language in [Language::Fr, Language::En] {
        let one = vec![
            told(123, Kind::Acknowledged, json!({ "type": "acknowledged" }), 5),
            told(123, Kind::Message, json!({ "type": "acknowledged" }), 9),
            told(123, Kind::Progress, json!({ "type": "scheduled", "scheduled_for": "2026-03-20" }), 12),
        ];
        letters.push((format!("turns.{}", language.tag()), news_letter(language, one.clone())));
        let hidden = Told { category: None, link: None, ..told(124, Kind::Watched, json!({ "type": "started" }), 20) };
        let several = one.into_iter().chain([hidden]).collect();
        letters.push((format!("digest.{}", language.tag()), news_letter(language, several)));
    }
    letters
}

fn late_letter(language: Language, count: u32, more: usize) -> LateLetter {
    let ticket = |number: u32| LateTicket {
        reference: format!("AMI-26-{number:06}"),
        category: (!number.is_multiple_of(3)).then(|| "Dépôt sauvage".to_owned()),
        link: format!("https://continuum.example/v1/tickets/AMI-26-{number:06}").parse().unwrap(),
        in_hand: number.is_multiple_of(2),
        due_at: at(10, 8, number),
    };
    let services = ["Propreté urbaine", "Voirie"].into_iter().enumerate().map(|(nth, name)| LateService {
        name: name.into(),
        tickets: (1..=count).filter(|number| *number as usize % 2 == nth).map(ticket).collect(),
    });
    LateLetter {
        id: MessageId(Uuid::from_u128(0x019c_e000_0000_7000_8000_0000_0000_0005)),
        language,
        to: "regulation@ville-amiens.example".into(),
        services: services.filter(|service| !service.tickets.is_empty()).collect(),
        more,
        list: "https://continuum.example/v1/tickets?late=true".parse().unwrap(),
        at: at(13, 6, 30),
    }
}

/// Each list of what is late, in both languages.
fn every_late() -> Vec<(String, LateLetter)> {
    let mut letters = Vec::new();
    for language in [Language::Fr, Language::En] {
        letters.push((format!("late.{}", language.tag()), late_letter(language, 4, 12)));
        letters.push((format!("late.one.{}", language.tag()), late_letter(language, 1, 0)));
    }
    letters
}

fn raw_news(letter: &NewsLetter) -> String {
    String::from_utf8(compose_news(letter, &paper()).unwrap().formatted()).unwrap()
}

fn raw_late(letter: &LateLetter) -> String {
    String::from_utf8(compose_late(letter, &paper()).unwrap().formatted()).unwrap()
}

/// Each letter that is ever sent, in both languages.
fn every_letter() -> Vec<(String, Letter)> {
    let mut letters = Vec::new();
    for kind in Kind::ALL {
        for audience in AUDIENCES {
            for language in [Language::Fr, Language::En] {
                if let Some(words) = templates::words(kind, audience) {
                    letters.push((format!("{words}.{}", language.tag()), letter(kind, audience, language)));
                }
            }
        }
    }
    letters
}

/// Each letter about an account or a program, in both languages.
fn every_affair() -> Vec<(String, AffairLetter)> {
    let (link, session) = (LinkId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)));
    let affairs = [
        ("invitation", Affair::Invitation { link }),
        ("password_reset", Affair::PasswordReset { link }),
        ("password_changed", Affair::PasswordChanged),
        ("second_factor_changed", Affair::SecondFactorChanged { enabled: true }),
        ("second_factor_changed.removed", Affair::SecondFactorChanged { enabled: false }),
        ("identity_changed", Affair::IdentityChanged { issuer: ISSUER.into(), linked: true }),
        ("identity_changed.removed", Affair::IdentityChanged { issuer: ISSUER.into(), linked: false }),
        ("recovery_code_used", Affair::RecoveryCodeUsed { left: 9 }),
        ("recovery_code_used.one", Affair::RecoveryCodeUsed { left: 1 }),
        ("recovery_code_used.none", Affair::RecoveryCodeUsed { left: 0 }),
        ("session_stolen", Affair::SessionStolen { session }),
        ("secret_expires", Affair::SecretExpires { secret: ClientSecretId(Uuid::from_u128(3)) }),
    ];
    let letter = |affair: Affair, language: Language| {
        let linked = matches!(affair, Affair::Invitation { .. } | Affair::PasswordReset { .. });
        let stolen = matches!(affair, Affair::SessionStolen { .. });
        let secret = matches!(affair, Affair::SecretExpires { .. });
        AffairLetter {
            id: MessageId(Uuid::from_u128(0x019c_e000_0000_7000_8000_0000_0000_0002)),
            affair,
            language,
            to: "agent@ville-amiens.example".into(),
            link: linked.then(|| "https://continuum.example/account/Tq3Zp0cJ0dGkV6bWm1xY8rHs2nLf4uAe".parse().unwrap()),
            expires_at: (linked || secret).then(|| at(20, 8, 5)),
            address: stolen.then(|| "192.0.2.7".into()),
            agent: stolen.then(|| "Mozilla/5.0 (X11; Linux x86_64)".into()),
            secret: secret.then(|| ("Portail de la ville".into(), "9f2c".into())),
            at: at(13, 8, 5),
        }
    };
    let mut letters = Vec::new();
    for (name, affair) in affairs {
        for language in [Language::Fr, Language::En] {
            letters.push((format!("{name}.{}", language.tag()), letter(affair.clone(), language)));
        }
    }
    letters
}

fn raw_affair(letter: &AffairLetter) -> String {
    String::from_utf8(compose_affair(letter, &paper()).unwrap().formatted()).unwrap()
}

/// Every letter that there is, composed: its language, and what leaves.
fn everything() -> Vec<(Language, String)> {
    let letters = every_letter().into_iter().map(|(_, letter)| (letter.language, raw(&letter)));
    let affairs = every_affair().into_iter().map(|(_, letter)| (letter.language, raw_affair(&letter)));
    let news = every_news().into_iter().map(|(_, letter)| (letter.language, raw_news(&letter)));
    let late = every_late().into_iter().map(|(_, letter)| (letter.language, raw_late(&letter)));
    letters.chain(affairs).chain(news).chain(late).collect()
}

fn raw(letter: &Letter) -> String {
    String::from_utf8(compose(letter, &paper()).unwrap().formatted()).unwrap()
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
    for (name, letter) in every_news() {
        check(&name, &raw_news(&letter));
    }
    for (name, letter) in every_late() {
        check(&name, &raw_late(&letter));
    }
}

#[test]
fn a_member_reads_why_the_mail_of_the_service_comes_to_them() {
    for language in [Language::Fr, Language::En] {
        let letter = Letter { member: true, ..letter(Kind::Referral, Audience::Service, language) };
        check(&format!("referral.service.{}.member", language.tag()), &raw(&letter));
    }
}

#[test]
fn a_digest_lists_fifty_tickets_and_how_many_more_there_are() {
    let turn = |number| told(number, Kind::Progress, json!({ "type": "started" }), 5);
    let (subject, text, html) = read(&raw_news(&news_letter(Language::Fr, (1..=53).map(turn).collect())));
    assert_eq!(subject, "Des nouvelles de 53 saisines");
    assert_eq!((text.matches("AMI-26-").count(), html.matches("<th").count()), (100, 50), "each with its link");
    assert!(text.contains("Et 3 autres saisines"), "{text}");
    assert!(matches!(compose_news(&news_letter(Language::Fr, Vec::new()), &paper()), Err(ComposeError::Missing(_))));
    assert!(matches!(compose_late(&late_letter(Language::Fr, 0, 0), &paper()), Err(ComposeError::Missing(_))));
}

#[test]
fn no_value_of_a_digest_adds_a_header_a_line_or_a_tag() {
    let hostile = "x\r\nBcc: victim@elsewhere.example\r\n\r\n<script>alert(1)</script>\u{202e}";
    let turn = |number| Told {
        reference: hostile.into(),
        category: Some(hostile.into()),
        service_name: hostile.into(),
        ..told(number, Kind::Progress, json!({ "type": "started" }), 5)
    };
    for turns in [vec![turn(1), turn(1)], vec![turn(1), turn(2)]] {
        let (subject, text, html) = read(&raw_news(&news_letter(Language::Fr, turns)));
        assert!(!subject.contains(['\r', '\n']));
        assert!(text.lines().all(|line| !line.starts_with("Bcc")), "{text}");
        assert!(!html.contains("<script"), "{html}");
    }
}

#[test]
fn an_outcome_names_the_body_that_was_told() {
    for (name, audience) in [("resident", Audience::Resident), ("agent", Audience::Agent)] {
        let letter = Letter {
            closure_reason: Some(ClosureReason::NotCompetent),
            body_told: Some("Département de la Somme".into()),
            service_phone: None,
            ..letter(Kind::Outcome, audience, Language::Fr)
        };
        check(&format!("outcome.{name}.fr.body-told"), &raw(&letter));
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
            let error = compose(&letter(kind, audience, Language::Fr), &paper()).unwrap_err();
            assert!(matches!(error, ComposeError::Pair { .. }), "{error}");
            refused += 1;
        }
    }
    assert_eq!(refused, 17);
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
    let lists = ["turns", "digest", "late"].iter().flat_map(|name| [format!("{name}.fr"), format!("{name}.en")]);
    let letters = every_letter().into_iter().map(|(name, _)| name).chain(affairs).chain(lists);
    let letters: BTreeSet<String> = letters.map(|name| format!("{name}.jinja")).collect();
    assert_eq!(files, letters);
}

#[test]
fn a_letter_that_lacks_what_it_must_say_is_not_written() {
    let outcome = Letter { closure_reason: None, ..letter(Kind::Outcome, Audience::Resident, Language::Fr) };
    let refused = Letter { refusal_reason: None, ..letter(Kind::Refused, Audience::Service, Language::Fr) };
    for letter in [outcome, refused] {
        assert!(matches!(compose(&letter, &paper()), Err(ComposeError::Missing(_))));
    }
}

#[test]
fn an_address_that_is_not_one_is_refused_without_being_repeated() {
    for to in ["habitante", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", ""] {
        let letter = Letter { to: to.into(), ..letter(Kind::Outcome, Audience::Resident, Language::Fr) };
        let error = compose(&letter, &paper()).unwrap_err();
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
            ..letter
        };
        let from = Sender { name: hostile.into(), address: hostile.into(), phone: hostile.into(), ..sender() };
        let raw = String::from_utf8(compose(&letter, &Stationery::new(from, &[])).unwrap().formatted()).unwrap();
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
fn the_link_of_an_account_stands_in_its_letter_only() {
    for (name, letter) in every_affair() {
        let (subject, text, html) = read(&raw_affair(&letter));
        let linked = letter.link.is_some();
        assert_eq!(text.contains("/account/"), linked, "{name}");
        assert_eq!(html.contains("/account/"), linked, "{name}");
        assert!(!subject.contains("/account/"));
        let without = AffairLetter { link: None, secret: None, ..letter };
        let needs = linked || name.starts_with("secret_expires");
        assert_eq!(matches!(compose_affair(&without, &paper()), Err(ComposeError::Missing(_))), needs, "{name}");
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
        assert_eq!(html.matches("href=\"https:").count(), if linked { 2 } else { 0 });
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
