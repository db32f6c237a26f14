//! The letters of these tests.

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use domain::account::Affair;
use domain::city::Sender;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::concern::News;
use domain::id::{ClientSecretId, ConcernId, LinkId, MessageId, SessionId, TicketId, WebhookId};
use domain::language::{Label, Language};
use domain::ticket::State;
use domain::ticket::event::RefusalReason;
use domain::ticket::list::{Line, Occasion, TicketList};
use domain::ticket::notice::Kind;
use serde_json::json;
use uuid::Uuid;

use super::super::{
    AffairLetter, ConcernLetter, LateLetter, LateService, LateTicket, ListLetter, NewsLetter, Partner, ReferredTo,
    TicketLetter, Told, Turn,
};

pub(super) const AUDIENCES: [Audience; 3] = [Audience::Service, Audience::Agent, Audience::Resident];

const UNSUBSCRIBE: &str = "https://continuum.example/v1/tracking/Tq3Zp0cJ0dGkV6bWm1xY8r/unsubscribe";

const ISSUER: &str = "https://auth.agentconnect.gouv.fr/api/v2";

/// Where events were sent.
const HOST: &str = "hooks.ville.example";

pub(super) fn sender() -> Sender {
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

pub(super) fn letter(kind: Kind, audience: Audience, language: Language) -> TicketLetter {
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
    TicketLetter {
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
        explained: false,
        silence: false,
        answer_was_due_at: None,
        partner: (kind == Kind::Renewed).then(|| partner(language)),
        member: false,
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
pub(super) fn every_letter() -> Vec<(String, TicketLetter)> {
    let mut letters = Vec::new();
    for kind in Kind::ALL {
        for audience in AUDIENCES {
            for language in [Language::Fr, Language::En] {
                if kind.is_told_to(audience) {
                    let name = format!("{}.{}.{}", kind.code(), audience.code(), language.tag());
                    letters.push((name, letter(kind, audience, language)));
                }
            }
        }
    }
    for language in [Language::Fr, Language::En] {
        let referral = letter(Kind::Referral, Audience::Service, language);
        let to_partner = TicketLetter { partner: Some(partner(language)), ..referral.clone() };
        let back = |letter: &TicketLetter, turn| TicketLetter { turn: Some(turn), ..letter.clone() };
        let of_resident = |kind| letter(kind, Audience::Resident, language);
        let variants = [
            ("referral.service.reopened", back(&referral, Turn::Reopened)),
            ("referral.service.unmerged", back(&referral, Turn::Unmerged)),
            ("referral.partner.reopened", back(&to_partner, Turn::Reopened)),
            ("referral.partner", to_partner),
            ("cancelled.resident.explained", TicketLetter { explained: true, ..of_resident(Kind::Cancelled) }),
            ("forwarded.resident.silence", TicketLetter { silence: true, ..of_resident(Kind::Forwarded) }),
            ("forwarded.resident.beside", back(&of_resident(Kind::Forwarded), Turn::Referred)),
        ];
        letters.extend(variants.map(|(name, letter)| (format!("{name}.{}", language.tag()), letter)));
    }
    letters
}

/// Each letter about an account or a program, in both languages.
pub(super) fn every_affair() -> Vec<(String, AffairLetter)> {
    let (link, session) = (LinkId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)));
    let webhook = WebhookId(Uuid::from_u128(4));
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
        ("webhook_disabled", Affair::WebhookDisabled { webhook, host: HOST.into(), gone: false }),
        ("webhook_disabled.gone", Affair::WebhookDisabled { webhook, host: HOST.into(), gone: true }),
        ("unplaced_mail", Affair::UnplacedMail),
    ];
    let letter = |affair: Affair, language: Language| {
        let linked = matches!(affair, Affair::Invitation { .. } | Affair::PasswordReset { .. });
        let stolen = matches!(affair, Affair::SessionStolen { .. });
        let secret = matches!(affair, Affair::SecretExpires { .. });
        let webhook = matches!(affair, Affair::WebhookDisabled { .. });
        AffairLetter {
            id: MessageId(Uuid::from_u128(0x019c_e000_0000_7000_8000_0000_0000_0002)),
            affair,
            language,
            to: "agent@ville-amiens.example".into(),
            link: linked.then(|| "https://continuum.example/account/Tq3Zp0cJ0dGkV6bWm1xY8rHs2nLf4uAe".parse().unwrap()),
            expires_at: (linked || secret).then(|| at(20, 8, 5)),
            address: stolen.then(|| "192.0.2.7".into()),
            agent: stolen.then(|| "Mozilla/5.0 (X11; Linux x86_64)".into()),
            program: (secret || webhook).then(|| "Portail de la ville".into()),
            hint: secret.then(|| "9f2c".into()),
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

pub(super) fn lines() -> Vec<Line> {
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

pub(super) fn list_letter(language: Language, lines: Vec<Line>, more: usize) -> ListLetter {
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
pub(super) fn every_list() -> Vec<(String, ListLetter)> {
    let mut letters = Vec::new();
    for language in [Language::Fr, Language::En] {
        let tag = language.tag();
        letters.push((format!("list.cafe.{tag}"), list_letter(language, lines(), 0)));
        letters.push((format!("list.cafe.one.{tag}"), list_letter(language, lines().split_off(3), 0)));
        letters.push((format!("list.cafe.more.{tag}"), list_letter(language, lines().split_off(3), 12)));
    }
    letters
}

/// Each letter about a concern as a whole, in both languages.
pub(super) fn every_concern() -> Vec<(String, ConcernLetter)> {
    let ticket = |number: u32, service: &str, phone: Option<&str>| ReferredTo {
        reference: format!("AMI-26-{number:06}"),
        service: service.to_owned(),
        phone: phone.map(ToOwned::to_owned),
        address: None,
        state: if number == 123 { State::Resolved } else { State::Submitted },
    };
    let one = vec![ticket(123, "Propreté urbaine", Some("03 22 97 40 41"))];
    let two = vec![ticket(123, "Propreté urbaine", Some("03 22 97 40 41")), ticket(124, "Voirie", None)];
    let cases = [
        ("received", News::Received, one),
        ("received.two", News::Received, two.clone()),
        ("received.answered", News::Received, Vec::new()),
        ("link_renewed", News::LinkRenewed, Vec::new()),
        ("resumed", News::Resumed, two),
        ("resumed.answered", News::Resumed, Vec::new()),
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

pub(super) fn told(number: u32, kind: Kind, fact: serde_json::Value, minute: u32) -> Told {
    let reference = format!("AMI-26-{number:06}");
    Told {
        ticket: TicketId(Uuid::from_u128(u128::from(number))),
        link: Some(format!("https://continuum.example/v1/tickets/{reference}").parse().unwrap()),
        reference,
        category: Some("Dépôt sauvage".into()),
        service_name: "Propreté urbaine".into(),
        kind,
        audience: Audience::Agent,
        fact: serde_json::from_value(fact).unwrap(),
        at: at(13, 8, minute),
    }
}

pub(super) fn news_letter(language: Language, turns: Vec<Told>) -> NewsLetter {
    NewsLetter {
        id: MessageId(Uuid::from_u128(0x019c_e000_0000_7000_8000_0000_0000_0004)),
        language,
        to: "agent@ville-amiens.example".into(),
        mailbox: false,
        digest: turns.iter().any(|told| told.ticket != turns[0].ticket),
        turns,
        list: "https://continuum.example/v1/tickets".parse().unwrap(),
        at: at(13, 8, 40),
    }
}

/// Each letter that tells of several turns, in both languages.
pub(super) fn every_news() -> Vec<(String, NewsLetter)> {
    let mut letters = Vec::new();
    for language in [Language::Fr, Language::En] {
        let one = vec![
            told(123, Kind::Acknowledged, json!({ "type": "acknowledged" }), 5),
            told(123, Kind::Message, json!({ "type": "acknowledged" }), 9),
            told(123, Kind::Answered, json!({ "type": "acknowledged" }), 10),
            told(123, Kind::Progress, json!({ "type": "scheduled", "scheduled_for": "2026-03-20" }), 12),
        ];
        let turns = news_letter(language, one.clone());
        letters.push((format!("turns.{}", language.tag()), turns.clone()));
        letters.push((format!("turns.mailbox.{}", language.tag()), NewsLetter { mailbox: true, ..turns }));
        let hidden = Told { category: None, link: None, ..told(124, Kind::Watched, json!({ "type": "started" }), 20) };
        let several = one.into_iter().chain([hidden]).collect();
        letters.push((format!("digest.{}", language.tag()), news_letter(language, several)));
    }
    letters
}

pub(super) fn late_letter(language: Language, count: u32, more: usize) -> LateLetter {
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
pub(super) fn every_late() -> Vec<(String, LateLetter)> {
    let mut letters = Vec::new();
    for language in [Language::Fr, Language::En] {
        letters.push((format!("late.{}", language.tag()), late_letter(language, 4, 12)));
        letters.push((format!("late.one.{}", language.tag()), late_letter(language, 1, 0)));
    }
    letters
}
