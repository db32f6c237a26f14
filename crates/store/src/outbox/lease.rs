//! Leasing messages, with all that is needed to write them: one statement. From the first attempt on, it is settled which
//! messages one e-mail tells of: a repeat is the same e-mail.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::account::Affair;
use domain::concern::News;
use domain::id::{EventId, LinkId, MessageId, PartnerLinkId};
use domain::language::Language;
use domain::rights::Person;
use domain::ticket::notice::{Kind, Recipient};
use domain::ticket::{Event, Feedback};
use sea_orm::{ConnectionTrait as _, FromQueryResult};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::TICKET_LIST;
use super::leased::{About, AboutConcern, Addressee, AffairTopic, Door, LATE, Leased, Topic};
use super::returns::Returns;
use crate::connect::sql;
use crate::resident::{Contact, tracking_token};
use crate::ticket::entity as ticket_entity;
use crate::{Error, Result, Store};

#[derive(FromQueryResult)]
pub(super) struct LeasedRow {
    message_id: Uuid,
    mail: Uuid,
    kind: String,
    pub(super) recipient: Value,
    attempts: i32,
    since: Option<DateTime<Utc>>,
    leaves_at: Option<DateTime<Utc>>,
    about: Option<Value>,
    event_version: Option<i64>,
    event_id: Option<Uuid>,
    at: Option<DateTime<Utc>>,
    actor: Option<Value>,
    fact: Option<Value>,
    category: Option<Value>,
    service: Option<Value>,
    contact: Option<String>,
    link_expires_at: Option<DateTime<Utc>>,
    session_address: Option<String>,
    session_agent: Option<String>,
    secret_hint: Option<String>,
    secret_expires_at: Option<DateTime<Utc>>,
    client_name: Option<String>,
    mailbox: Option<String>,
    door_id: Option<Uuid>,
    door_expires_at: Option<DateTime<Utc>>,
    door_purpose: Option<Value>,
    person_email: Option<String>,
    person_id: Option<Uuid>,
    person_language: Option<String>,
    person_roles: Option<Vec<String>>,
    person_services: Option<Vec<String>>,
    key_id: Option<String>,
    sealed: Option<Vec<u8>>,
    generation: Option<i32>,
    ended_at: Option<DateTime<Utc>>,
    mails_stopped_at: Option<DateTime<Utc>>,
    tells_concern: bool,
    referred: Option<Value>,
    main_reference: Option<String>,
    organisation: Option<String>,
    heard_at: Option<DateTime<Utc>>,
    #[sea_orm(nested)]
    ticket: Option<ticket_entity::Model>,
}

/// Why a message to a resident is not sent.
pub const SILENT: &str = "the resident wants no mails, or their link was ended";

/// Messages with all that is needed to write them, the first one first; `leased` is which.
macro_rules! as_told {
    ($leased:literal) => {
        concat!(
            $leased,
            "
    select m.id as message_id, coalesce(m.mail, m.id) as mail, m.kind, m.recipient, m.attempts, m.since,
        m.leaves_at, m.about, e.version as event_version, e.id as event_id, e.at, e.actor, e.fact, c.definition as category, s.definition as service,
        to_service.mailbox, person.email as person_email, person.id as person_id, person.language as person_language,
        person.roles as person_roles,
        array(select service_code from service_member where user_id = person.id) as person_services, contact.key_id,
        contact.sealed, link.generation, link.ended_at, link.mails_stopped_at, m.concern_id is not null as tells_concern,
        main.reference as main_reference,
        (select o.definition ->> 'name' from organisation o where o.code = s.definition ->> 'organisation') as organisation,
        case when m.concern_id is not null then (
            select jsonb_agg(jsonb_build_object('reference', r.reference, 'state', r.state, 'service', rs.definition) order by r.id)
            from ticket r join service rs on rs.code = r.service_code
            where r.id in (
                select id from ticket where concern_id = m.concern_id
                union all select ticket_id from concern_follow where concern_id = m.concern_id
            )
        ) end as referred,
        heard.filed_at as heard_at, to_client.contact, account_link.expires_at as link_expires_at,
        session.address as session_address, session.agent as session_agent, secret.hint as secret_hint,
        secret.expires_at as secret_expires_at, to_client.name as client_name, door.id as door_id,
        door.expires_at as door_expires_at, door.access -> 'purpose' as door_purpose, t.*
    from leased m
    left join ticket t on t.id = m.ticket_id
    left join ticket_event e on e.ticket_id = m.ticket_id and e.version = m.event_version
    -- Of the notice that it went to another organisation, where it went then (CRPA L114-2).
    left join service s on s.code = case when m.kind = 'forwarded' then e.fact ->> 'service' else t.service_code end
    left join service to_service on to_service.code = m.recipient ->> 'code'
    left join lateral (
        select l.id, l.expires_at, l.access from partner_link l
        where l.ticket_id = m.ticket_id and l.service_code = to_service.code and to_service.definition ? 'access'
        order by l.id desc limit 1
    ) door on true
    left join user_account person on person.id = (m.recipient ->> 'user')::uuid and person.active
    left join resident_contact contact on contact.concern_id = (m.recipient ->> 'concern')::uuid
    left join tracking_link link on link.concern_id = contact.concern_id
    left join concern heard on heard.id = coalesce(contact.concern_id, t.concern_id, m.concern_id)
    left join category c on c.code = coalesce(t.category_code, heard.category_code)
    left join ticket main on main.id = t.duplicate_of
    left join api_client to_client on to_client.id = (m.recipient ->> 'client')::uuid
    left join account_link on account_link.id = (m.about ->> 'link')::uuid
    left join session on session.id = (m.about ->> 'session')::uuid
    left join client_secret secret on secret.id = (m.about ->> 'secret')::uuid
    order by m.seq"
        )
    };
}
pub(super) use as_told;

const LEASE: &str = as_told!(
    "
    with ready as (
        select id, lane, seq, bundled, mail from outbox o
        where state = 'pending' and planned and due_at <= $1 and (leased_until is null or leased_until <= $1)
            and not exists (select from outbox e where e.lane = o.lane and e.state = 'pending' and e.seq < o.seq)
        order by seq limit $3 for update skip locked
    ), chosen as (
        select id, coalesce(mail, id) as mail from ready
        union
        select o.id, r.mail from ready r join outbox o on o.mail = r.mail and o.state = 'pending'
        union
        select w.id, r.id from ready r cross join lateral (
            select o.id from outbox o
            where r.bundled and r.mail is null and o.lane = r.lane and o.state = 'pending' and o.seq > r.seq
                and o.planned and o.bundled and o.mail is null and o.due_at <= $1
                and not exists (
                    select from outbox e
                    where e.lane = r.lane and e.state = 'pending' and e.seq < o.seq and not e.bundled
                )
            order by o.seq limit 500
        ) w
    ), leased as (
        update outbox o set leased_until = $2, attempts = attempts + 1, mail = c.mail
        from chosen c where o.id = c.id and o.state = 'pending' and o.planned returning o.*
    )"
);

impl Store {
    /// Leases the e-mails that are due, at most `limit`, each the first of its lane; each tells of 500 messages at most,
    /// and further ones leave in the next. One that cannot be read, as a newer version wrote it, keeps no other waiting.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lease_messages(&self, now: DateTime<Utc>, until: DateTime<Utc>, limit: u64) -> Result<Vec<Leased>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let statement = sql(LEASE, [now.into(), until.into(), limit.into()]);
        let rows = LeasedRow::find_by_statement(statement).all(&self.db).await?;
        let (mut leased, mut unread) = (Vec::new(), BTreeSet::new());
        for row in rows {
            let id = MessageId(row.mail);
            if let Err(error) = self.gather(&mut leased, row) {
                tracing::error!(mail = %id, %error, "an e-mail cannot be read");
                unread.insert(id);
            }
        }
        leased.retain(|mail| !unread.contains(&mail.id));
        Ok(leased)
    }

    fn gather(&self, leased: &mut Vec<Leased>, mut row: LeasedRow) -> Result<()> {
        let id = MessageId(row.mail);
        match leased.iter_mut().find(|mail| mail.id == id) {
            Some(mail) => {
                let recipient = serde_json::from_value(row.recipient.take()).map_err(Error::corrupt)?;
                let about = about_ticket(row, recipient)?;
                mail.since = mail.since.max(about.at);
                mail.also.push(about);
            }
            None => leased.push(self.leased(row)?),
        }
        Ok(())
    }

    /// Gives e-mails back that were leased until then and not sent: others may send them at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn give_mails_back(&self, mails: &[MessageId], until: DateTime<Utc>) -> Result<()> {
        let ids: Vec<Uuid> = mails.iter().map(|mail| mail.0).collect();
        let statement = sql(
            "update outbox set leased_until = null where mail = any($1) and state = 'pending' and leased_until = $2",
            [ids.into(), until.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    fn leased(&self, mut row: LeasedRow) -> Result<Leased> {
        let recipient: Recipient = serde_json::from_value(row.recipient.take()).map_err(Error::corrupt)?;
        let addressee = self.addressee(&recipient, &mut row)?;
        let since = row.since.or(row.at).ok_or_else(|| Error::corrupt("a message tells of nothing"))?;
        let (id, attempt, leaves_at) = (MessageId(row.mail), row.attempts, row.leaves_at.unwrap_or(since));
        let silent = row.ended_at.or(row.mails_stopped_at).is_some();
        let topic = match row.about.take() {
            Some(_) if row.kind == LATE => Topic::Late,
            Some(about) if row.kind == TICKET_LIST => {
                Topic::List(serde_json::from_value(about).map_err(Error::corrupt)?)
            }
            Some(about) => Topic::Affair(self.affair(about, row)?),
            None if row.tells_concern => Topic::Concern(Box::new(about_concern(row)?)),
            None => Topic::Ticket(Box::new(about_ticket(row, recipient.clone())?)),
        };
        let moot = match &topic {
            _ if silent => Some(SILENT),
            Topic::Ticket(about) if about.kind == Kind::AskedAgain && about.ticket.feedback != Feedback::AskedAgain => {
                Some("the question is settled")
            }
            Topic::Ticket(_) | Topic::Concern(_) | Topic::Affair(_) | Topic::List(_) | Topic::Late => None,
        };
        let returns = Returns::of(&self.keys.residents, id);
        Ok(Leased { id, recipient, addressee, topic, also: Vec::new(), moot, attempt, since, leaves_at, returns })
    }

    fn addressee(&self, recipient: &Recipient, row: &mut LeasedRow) -> Result<Option<Addressee>> {
        let language = |tag: &str| if tag == Language::En.tag() { Language::En } else { Language::Fr };
        Ok(match recipient {
            Recipient::Service { .. } => {
                let door = self.door(row)?;
                row.mailbox.take().map(|email| Addressee::Service { email, door })
            }
            Recipient::Client { .. } => row.contact.take().map(|email| Addressee::Service { email, door: None }),
            Recipient::Person { .. } | Recipient::Member { .. } => {
                let person = person(row)?;
                let address = row.person_email.take().zip(row.person_language.take());
                address.zip(person).map(|((email, tag), person)| Addressee::Person {
                    email,
                    language: language(&tag),
                    person,
                })
            }
            Recipient::Resident { concern } => match (&row.key_id, &row.sealed, row.generation) {
                (Some(key_id), Some(sealed), Some(generation)) => {
                    let contact = Contact::open(&self.keys.residents, *concern, key_id, sealed)?;
                    contact.email.map(|email| Addressee::Resident {
                        concern: *concern,
                        email,
                        language: contact.language,
                        token: tracking_token(&self.keys.residents, *concern, generation),
                    })
                }
                _ => None,
            },
        })
    }

    pub(super) fn door(&self, row: &mut LeasedRow) -> Result<Option<Door>> {
        let (Some(id), Some(expires_at)) = (row.door_id, row.door_expires_at) else { return Ok(None) };
        let token = crate::partner::token(&self.keys.accounts, PartnerLinkId(id));
        Ok(Some(Door { token, expires_at, purpose: parse(row.door_purpose.take())? }))
    }

    fn affair(&self, about: Value, row: LeasedRow) -> Result<AffairTopic> {
        let affair: Affair = serde_json::from_value(about).map_err(Error::corrupt)?;
        let token = match &affair {
            Affair::Invitation { link } | Affair::PasswordReset { link } => Some(self.link_token(*link)),
            Affair::PasswordChanged
            | Affair::SecondFactorChanged { .. }
            | Affair::IdentityChanged { .. }
            | Affair::RecoveryCodeUsed { .. }
            | Affair::SessionStolen { .. }
            | Affair::SecretExpires { .. }
            | Affair::WebhookDisabled { .. }
            | Affair::UnplacedMail => None,
        };
        let stolen = matches!(affair, Affair::SessionStolen { .. });
        Ok(AffairTopic {
            affair,
            token,
            expires_at: row.link_expires_at.or(row.secret_expires_at),
            place: stolen.then_some((row.session_address, row.session_agent)),
            program: row.client_name,
            hint: row.secret_hint,
        })
    }

    fn link_token(&self, link: LinkId) -> String {
        crate::link::token(&self.keys.accounts, link)
    }
}

/// The person as they are now; none when there is none, or their account is disabled.
fn person(row: &mut LeasedRow) -> Result<Option<Person>> {
    let Some((id, roles)) = row.person_id.zip(row.person_roles.take()) else { return Ok(None) };
    crate::user::person(id, &roles, row.person_services.take().unwrap_or_default()).map(Some)
}

pub(super) fn about_ticket(row: LeasedRow, recipient: Recipient) -> Result<About> {
    let lost = || Error::corrupt("a message tells of an event that is not there");
    let (Some(ticket), Some(id), Some(version), Some(at)) = (row.ticket, row.event_id, row.event_version, row.at)
    else {
        return Err(lost());
    };
    Ok(About {
        message: MessageId(row.message_id),
        kind: Kind::from_code(&row.kind).ok_or_else(|| Error::corrupt("a message is of an unknown kind"))?,
        ticket: crate::ticket::ticket(ticket)?,
        event: Event { id: EventId(id), version, at, by: parse(row.actor)?, fact: parse(row.fact)? },
        category: parse(row.category)?,
        service: parse(row.service)?,
        main: row.main_reference,
        organisation: row.organisation,
        recipient,
        at: row.since.unwrap_or(at),
        heard_at: heard(row.heard_at)?,
    })
}

fn about_concern(row: LeasedRow) -> Result<AboutConcern> {
    Ok(AboutConcern {
        news: News::from_code(&row.kind).ok_or_else(|| Error::corrupt("a message is of an unknown kind"))?,
        category: parse(row.category)?,
        tickets: row.referred.map(|referred| parse(Some(referred))).transpose()?.unwrap_or_default(),
        heard_at: heard(row.heard_at)?,
    })
}

fn heard(at: Option<DateTime<Utc>>) -> Result<DateTime<Utc>> {
    at.ok_or_else(|| Error::corrupt("a message tells of a concern that is not there"))
}

fn parse<T: DeserializeOwned>(value: Option<Value>) -> Result<T> {
    serde_json::from_value(value.unwrap_or_default()).map_err(Error::corrupt)
}
