use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use domain::account::Affair;
use domain::city::Sender;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::concern::News;
use domain::id::{ClientSecretId, ConcernId, LinkId, MessageId, SessionId, TicketId};
use domain::language::{Label, Language};
use domain::ticket::event::RefusalReason;
use domain::ticket::list::{Line, Occasion, TicketList};
use domain::ticket::notice::Kind;
use mail_parser::{MessageParser, MimeHeaders};
use uuid::Uuid;

use super::{
    AffairLetter, ComposeError, ConcernLetter, Letter, ListLetter, Partner, Turn, compose, compose_affair,
    compose_concern, compose_list, templates,
};

const AUDIENCES: [Audience; 3] = [Audience::Service, Audience::Agent, Audience::Resident];

const UNSUBSCRIBE: &str = "https://continuum.example/v1/tracking/Tq3Zp0cJ0dGkV6bWm1xY8r/unsubscribe";

const ISSUER: &str = "https://auth.agentconnect.gouv.fr/api/v2";

fn sender() -> Sender {
    Sender {
        name: "Ville d’Amiens – Police municipale".into(),
        email: "cafes-police@ville-amiens.example".into(),
        address: "Police municipale, square Friant-les-Quatre-Chênes, 80000 Amiens".into(),
        phone: "03 22 97 40 40".into(),
        returns_to: None,
    }
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
    let outcome = matches!(kind, Kind::Outcome | Kind::AskedAgain);
    let resident = audience == Audience::Resident;
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
        main: (kind == Kind::Merged).then(|| "AMI-26-000101".into()),
        asks: outcome && resident,
        silence: false,
        partner: (kind == Kind::Renewed).then(|| partner(language)),
        link: link.parse().unwrap(),
        unsubscribe: resident.then(|| UNSUBSCRIBE.parse().unwrap()),
        at: at(13, 8, 5),
    }
}

fn partner(language: Language) -> Partner {
    let purpose = language.pick((
        "la convention de tranquillité résidentielle signée avec la ville",
        "the agreement on peace in housing estates signed with the city",
    ));
    Partner { purpose: purpose.to_owned(), expires_at: at(20, 8, 5) }
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
    for language in [Language::Fr, Language::En] {
        let referral = letter(Kind::Referral, Audience::Service, language);
        let letter = Letter { partner: Some(partner(language)), ..referral };
        letters.push((format!("referral.partner.{}", language.tag()), letter));
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
        ("unplaced_mail", Affair::UnplacedMail),
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

fn lines() -> Vec<Line> {
    let line = |number: u32, subject: Option<(&str, &str)>, due_at| Line {
        reference: format!("AMI-25-{number:06}"),
        subject: subject.map(|(fr, en)| Label { fr: fr.into(), en: en.into() }),
        due_at,
    };
    vec![
        line(17, None, None),
        line(14, Some(("Éclairage public en panne", "Street light out")), None),
        line(12, Some(("Dépôt sauvage", "Illegal dumping")), Some(at(30, 15, 0))),
        line(9, Some(("Nid-de-poule", "Pothole")), Some(at(16, 16, 30))),
    ]
}

fn list_letter(language: Language, lines: Vec<Line>, more: usize) -> ListLetter {
    let occasion = Occasion::Cafe {
        title: "Café avec un policier, marché du Pigeonnier".to_owned().try_into().unwrap(),
        address: Some("Place du Pays d’Auge".to_owned().try_into().unwrap()),
        starts_at: at(26, 8, 0),
    };
    ListLetter {
        id: MessageId(Uuid::from_u128(0x019c_e000_0000_7000_8000_0000_0000_0003)),
        language,
        to: "proprete@ville-amiens.example".into(),
        list: TicketList { more, ..TicketList::new(occasion, lines) },
        tickets: "https://continuum.example/v1/tickets/".parse().unwrap(),
        at: at(13, 8, 5),
    }
}

/// Each letter that lists tickets, in both languages.
fn every_list() -> Vec<(String, ListLetter)> {
    let mut letters = Vec::new();
    for language in [Language::Fr, Language::En] {
        let tag = language.tag();
        letters.push((format!("list.cafe.{tag}"), list_letter(language, lines(), 0)));
        letters.push((format!("list.cafe.one.{tag}"), list_letter(language, lines().split_off(3), 0)));
        letters.push((format!("list.cafe.more.{tag}"), list_letter(language, lines().split_off(3), 12)));
    }
    letters
}

fn raw_list(letter: &ListLetter) -> String {
    String::from_utf8(compose_list(letter, &sender()).unwrap().formatted()).unwrap()
}

/// Each letter about a concern as a whole, in both languages.
fn every_concern() -> Vec<(String, ConcernLetter)> {
    let ticket = |number: u32, service: &str, phone: Option<&str>| {
        (format!("AMI-26-{number:06}"), service.to_owned(), phone.map(ToOwned::to_owned))
    };
    let one = vec![ticket(123, "Propreté urbaine", Some("03 22 97 40 41"))];
    let two = vec![ticket(123, "Propreté urbaine", Some("03 22 97 40 41")), ticket(124, "Voirie", None)];
    let cases = [
        ("received", News::Received, one),
        ("received.two", News::Received, two),
        ("received.answered", News::Received, Vec::new()),
        ("link_renewed", News::LinkRenewed, Vec::new()),
    ];
    let mut letters = Vec::new();
    for (name, news, tickets) in cases {
        for language in [Language::Fr, Language::En] {
            let letter = ConcernLetter {
                id: MessageId(Uuid::from_u128(0x019c_e000_0000_7000_8000_0000_0000_0003)),
                concern: ConcernId(Uuid::from_u128(0x019c_e000_0000_7000_8000_0000_0000_00cc)),
                news,
                language,
                to: "habitante@courriel.example".into(),
                category: language.pick(("Dépôt sauvage", "Illegal dumping")).into(),
                filed_at: at(12, 13, 30),
                tickets: tickets.clone(),
                link: "https://continuum.example/v1/tracking/Tq3Zp0cJ0dGkV6bWm1xY8r".parse().unwrap(),
                unsubscribe: UNSUBSCRIBE.parse().unwrap(),
                at: at(12, 13, 30),
            };
            letters.push((format!("{name}.{}", language.tag()), letter));
        }
    }
    letters
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
