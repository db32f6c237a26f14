//! Letters of what there is not: to look at the words, and to try those that a city wrote itself.

use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};
use domain::account::Affair;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::concern::News;
use domain::id::{ClientSecretId, ConcernId, LinkId, MessageId, SessionId, TicketId, WebhookId};
use domain::language::{Label, Language};
use domain::letter::LetterName;
use domain::ticket::Fact;
use domain::ticket::State;
use domain::ticket::event::RefusalReason;
use domain::ticket::list::{Line, Occasion, TicketList};
use domain::ticket::notice::Kind;
use url::Url;
use uuid::Uuid;

use super::{
    AffairLetter, ConcernLetter, LateLetter, LateService, LateTicket, Letter, ListLetter, NewsLetter, Partner,
    ReferredTo, TicketLetter, Told, Turn,
};

const TO: &str = "nobody@example.org";
const REFERENCE: &str = "VIL-26-000123";
const OTHER: &str = "VIL-26-000124";
const CATEGORY: (&str, &str) = ("Dépôt sauvage", "Illegal dumping");
const SERVICE: (&str, &str) = ("Propreté urbaine", "Street cleaning");

/// A letter that says everything that such a letter can say, or, `bare`, only what it must.
///
/// # Panics
/// Never: what is made up is well made, and a test writes each letter.
#[must_use]
pub fn sample(letter: LetterName, language: Language, bare: bool) -> Letter {
    match letter {
        LetterName::Ticket(kind, audience) => Letter::Ticket(Box::new(ticket(kind, audience, language, bare))),
        LetterName::Partner => {
            let referral = ticket(Kind::Referral, Audience::Service, language, bare);
            Letter::Ticket(Box::new(TicketLetter { partner: Some(partner(language)), ..referral }))
        }
        LetterName::Concern(news) => Letter::Concern(concern(news, language, bare)),
        LetterName::Turns | LetterName::Digest => Letter::News(news(letter == LetterName::Digest, language, bare)),
        LetterName::Late => Letter::Late(late(language, bare)),
        LetterName::Cafe => Letter::List(list(language, bare)),
        LetterName::UnplacedMail => Letter::Affair(affair(Affair::UnplacedMail, language)),
        LetterName::Account(code) => Letter::Affair(affair(account(code), language)),
    }
}

fn ticket(kind: Kind, audience: Audience, language: Language, bare: bool) -> TicketLetter {
    let ends = matches!(kind, Kind::Outcome | Kind::AskedAgain);
    let resident = audience == Audience::Resident;
    TicketLetter {
        id: MessageId(Uuid::nil()),
        ticket: TicketId(Uuid::nil()),
        kind,
        audience,
        language,
        to: TO.into(),
        reference: REFERENCE.into(),
        category: language.pick(CATEGORY).to_owned(),
        service_name: language.pick(SERVICE).to_owned(),
        service_phone: (!bare).then(|| "01 23 45 67 89".into()),
        filed_at: at(10),
        ack_due_at: at(13),
        resolve_due_at: at(27),
        expected_on: day().filter(|_| !bare && kind == Kind::Acknowledged),
        closure_reason: ends.then_some(ClosureReason::NotCompetent),
        body_told: (ends && !bare)
            .then(|| language.pick(("le conseil départemental", "the county council")).to_owned()),
        refusal_reason: (kind == Kind::Refused).then_some(RefusalReason::OutsideArea),
        turn: matches!(kind, Kind::Progress | Kind::Watched).then_some(Turn::TakenInHand),
        main: (kind == Kind::Merged && !bare).then(|| OTHER.into()),
        asks: kind == Kind::AskedAgain || (kind == Kind::Outcome && resident && !bare),
        explained: kind == Kind::Cancelled && !bare,
        silence: false,
        answer_was_due_at: (!bare).then(|| at(11)),
        partner: (kind == Kind::Renewed).then(|| partner(language)),
        member: false,
        link: link(),
        unsubscribe: (resident && !bare).then(link),
        at: at(12),
    }
}

fn partner(language: Language) -> Partner {
    let purpose = ("la convention signée avec la ville", "the agreement signed with the city");
    Partner { purpose: language.pick(purpose).to_owned(), expires_at: at(20) }
}

fn concern(news: News, language: Language, bare: bool) -> ConcernLetter {
    let ticket = |reference: &str, phone: Option<&str>, state| ReferredTo {
        reference: reference.to_owned(),
        service: language.pick(SERVICE).to_owned(),
        phone: phone.map(ToOwned::to_owned),
        address: phone.map(|_| "1, place de la Mairie".to_owned()),
        state,
    };
    let one = || ticket(REFERENCE, Some("01 23 45 67 89"), State::Acknowledged);
    let tickets = if bare { Vec::new() } else { vec![one(), ticket(OTHER, None, State::Submitted)] };
    ConcernLetter {
        id: MessageId(Uuid::nil()),
        concern: ConcernId(Uuid::nil()),
        news,
        language,
        to: TO.into(),
        category: language.pick(CATEGORY).to_owned(),
        filed_at: at(10),
        tickets,
        link: link(),
        unsubscribe: link(),
        at: at(10),
    }
}

fn news(digest: bool, language: Language, bare: bool) -> NewsLetter {
    let told = |number: u128, reference: &str, kind, fact, day| Told {
        ticket: TicketId(Uuid::from_u128(number)),
        reference: reference.to_owned(),
        category: (!bare).then(|| language.pick(CATEGORY).to_owned()),
        service_name: language.pick(SERVICE).to_owned(),
        link: (!bare).then(link),
        kind,
        audience: Audience::Agent,
        fact,
        at: at(day),
    };
    let mut turns = vec![
        told(1, REFERENCE, Kind::Acknowledged, acknowledged(), 11),
        told(1, REFERENCE, Kind::Progress, Fact::Started { note: None }, 12),
    ];
    if digest {
        turns.push(told(2, OTHER, Kind::Acknowledged, acknowledged(), 12));
    }
    NewsLetter {
        id: MessageId(Uuid::nil()),
        language,
        to: TO.into(),
        mailbox: bare,
        digest,
        turns,
        list: link(),
        at: at(12),
    }
}

const fn acknowledged() -> Fact {
    Fact::Acknowledged { assignee: None, expected_on: None, note: None }
}

fn late(language: Language, bare: bool) -> LateLetter {
    let ticket = |reference: &str, in_hand| LateTicket {
        reference: reference.to_owned(),
        category: (!bare).then(|| language.pick(CATEGORY).to_owned()),
        link: link(),
        in_hand,
        due_at: at(11),
    };
    let mut tickets = vec![ticket(REFERENCE, false)];
    if !bare {
        tickets.push(ticket(OTHER, true));
    }
    LateLetter {
        id: MessageId(Uuid::nil()),
        language,
        to: TO.into(),
        services: vec![LateService { name: language.pick(SERVICE).to_owned(), tickets }],
        more: if bare { 0 } else { 3 },
        list: link(),
        at: at(12),
    }
}

fn list(language: Language, bare: bool) -> ListLetter {
    let line = |reference: &str| Line {
        reference: reference.to_owned(),
        subject: (!bare).then(|| Label { fr: CATEGORY.0.to_owned(), en: CATEGORY.1.to_owned() }),
        due_at: (!bare).then(|| at(27)),
    };
    let title = "Café avec un policier".to_owned().try_into().expect("it is a title");
    let address = "Place du Marché".to_owned().try_into().expect("it is an address");
    let occasion = Occasion::Cafe { title, address: (!bare).then_some(address), starts_at: at(26) };
    let lines = if bare { vec![line(REFERENCE)] } else { vec![line(REFERENCE), line(OTHER)] };
    ListLetter {
        id: MessageId(Uuid::nil()),
        language,
        to: TO.into(),
        list: TicketList { more: if bare { 0 } else { 3 }, ..TicketList::new(occasion, lines) },
        tickets: link(),
        at: at(12),
    }
}

fn account(code: &str) -> Affair {
    match code {
        "invitation" => Affair::Invitation { link: LinkId(Uuid::nil()) },
        "password_reset" => Affair::PasswordReset { link: LinkId(Uuid::nil()) },
        "second_factor_changed" => Affair::SecondFactorChanged { enabled: true },
        "identity_changed" => Affair::IdentityChanged { issuer: "https://example.org".into(), linked: true },
        "recovery_code_used" => Affair::RecoveryCodeUsed { left: 9 },
        "session_stolen" => Affair::SessionStolen { session: SessionId(Uuid::nil()) },
        "secret_expires" => Affair::SecretExpires { secret: ClientSecretId(Uuid::nil()) },
        "webhook_disabled" => {
            Affair::WebhookDisabled { webhook: WebhookId(Uuid::nil()), host: "hooks.example.org".into(), gone: false }
        }
        _ => Affair::PasswordChanged,
    }
}

fn affair(affair: Affair, language: Language) -> AffairLetter {
    let linked = matches!(affair, Affair::Invitation { .. } | Affair::PasswordReset { .. });
    let secret = matches!(affair, Affair::SecretExpires { .. });
    let webhook = matches!(affair, Affair::WebhookDisabled { .. });
    let stolen = matches!(affair, Affair::SessionStolen { .. });
    AffairLetter {
        id: MessageId(Uuid::nil()),
        affair,
        language,
        to: TO.into(),
        link: linked.then(link),
        expires_at: (linked || secret).then(|| at(20)),
        address: stolen.then(|| "192.0.2.7".into()),
        agent: stolen.then(|| "Mozilla/5.0 (X11; Linux x86_64)".into()),
        program: (secret || webhook).then(|| "Portail".into()),
        hint: secret.then(|| "9f2c".into()),
        at: at(12),
    }
}

fn link() -> Url {
    Url::parse("https://example.org/continuum/").expect("it is a URL")
}

const fn day() -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(2026, 3, 20)
}

fn at(day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, day, 13, 30, 0).single().expect("it is a time")
}
