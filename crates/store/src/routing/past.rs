//! What rules have done: where past concerns went, and what became of their tickets.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::city::question::Replies;
use domain::concern::Origin;
use domain::id::{CategoryCode, ConcernId, RuleCode, ServiceCode};
use domain::place::Areas;
use domain::routing::Quality;
use domain::ticket::event::RefusalReason;
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Page, Result, Store, one_more};

/// A concern that rules sent somewhere.
#[derive(Debug, Clone)]
pub struct Past {
    /// Its id.
    pub concern: ConcernId,
    /// The reference of its first ticket.
    pub reference: String,
    /// What it is about.
    pub category: CategoryCode,
    /// How it was heard.
    pub origin: Origin,
    /// The areas of its place, as they were when it was filed.
    pub areas: Areas,
    /// What was answered to the category's questions.
    pub replies: Replies,
    /// What the resident said, as it was kept.
    pub description: Option<String>,
    /// When it was filed.
    pub filed_at: DateTime<Utc>,
    /// The rule that sent it.
    pub rule: RuleCode,
    /// The services that it was sent to, in the order of their codes.
    pub sent_to: Vec<ServiceCode>,
}

/// Where a page of past concerns begins: after this one.
#[derive(Debug, Clone, Copy)]
pub struct Before {
    filed_at: DateTime<Utc>,
    concern: ConcernId,
}

#[derive(FromQueryResult)]
struct PastRow {
    id: Uuid,
    reference: String,
    category_code: String,
    origin: String,
    areas: Value,
    answers: Value,
    description: Option<String>,
    filed_at: DateTime<Utc>,
    rule: String,
    sent_to: Vec<String>,
}

impl TryFrom<PastRow> for Past {
    type Error = Error;

    fn try_from(row: PastRow) -> Result<Self> {
        let services: std::result::Result<_, _> = row.sent_to.into_iter().map(ServiceCode::try_from).collect();
        Ok(Self {
            concern: ConcernId(row.id),
            reference: row.reference,
            category: row.category_code.try_into().map_err(Error::corrupt)?,
            origin: Origin::from_code(&row.origin).ok_or_else(|| Error::corrupt("a concern has an unknown origin"))?,
            areas: serde_json::from_value(row.areas).map_err(Error::corrupt)?,
            replies: serde_json::from_value(row.answers).map_err(Error::corrupt)?,
            description: row.description,
            filed_at: row.filed_at,
            rule: row.rule.try_into().map_err(Error::corrupt)?,
            sent_to: services.map_err(Error::corrupt)?,
        })
    }
}

#[derive(FromQueryResult)]
struct CountRow {
    rule: String,
    service: String,
    kind: String,
    detail: Option<String>,
    count: i64,
}

impl Store {
    /// A page of the concerns that rules have sent somewhere, the last filed first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn past_concerns(&self, before: Option<Before>, limit: u64) -> Result<Page<Past, Before>> {
        let statement = sql(
            "select c.id, sent.reference, c.category_code, c.origin, c.areas, c.answers, c.description, c.filed_at,
                 sent.rule, sent.services as sent_to
             from concern c
             cross join lateral (
                 select min(t.reference) as reference, min(t.sent ->> 'rule') as rule,
                     array_agg(h.service_code order by h.service_code) as services
                 from ticket t join handover h on h.ticket_id = t.id and h.number = 1
                 where t.concern_id = c.id and t.sent is not null
                 having count(*) > 0
             ) sent
             where c.outcome = 'referred' and ($1::timestamptz is null or (c.filed_at, c.id) < ($1, $2::uuid))
             order by c.filed_at desc, c.id desc limit $3",
            [
                before.map(|before| before.filed_at).into(),
                before.map(|before| before.concern.0).into(),
                one_more(limit).into(),
            ],
        );
        let rows = PastRow::find_by_statement(statement).all(&self.db).await?;
        let past = rows.into_iter().map(Past::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(past, limit, |past| Before { filed_at: past.filed_at, concern: past.concern }))
    }

    /// What became of the tickets that rules sent to services, of concerns that were filed between the two times.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn routing_quality(&self, from: DateTime<Utc>, before: DateTime<Utc>) -> Result<Vec<Quality>> {
        let statement = sql(
            "with sent as materialized (
                 select t.id, t.sent ->> 'rule' as rule, h.service_code as service, h.answer,
                     t.service_code as now_at
                 from ticket t join handover h on h.ticket_id = t.id and h.number = 1
                 where t.sent is not null and t.filed_at >= $1 and t.filed_at < $2
             )
             select rule, service, 'sent' as kind, null as detail, count(*) as count from sent group by 1, 2
             union all
             select rule, service, 'accepted', null, count(*) from sent where answer = 'accepted' group by 1, 2
             union all
             select rule, service, 'refused', e.reason, count(*)
             from sent cross join lateral (
                 select fact ->> 'reason' as reason from ticket_event e
                 where e.ticket_id = sent.id and fact ->> 'type' = 'refused' order by version limit 1
             ) e where answer = 'refused' group by 1, 2, 4
             union all
             select rule, service, 'rerouted', now_at, count(*) from sent where now_at <> service group by 1, 2, 4",
            [from.into(), before.into()],
        );
        let mut all: BTreeMap<(RuleCode, ServiceCode), Quality> = BTreeMap::new();
        for row in CountRow::find_by_statement(statement).all(&self.db).await? {
            let rule: RuleCode = row.rule.as_str().parse().map_err(Error::corrupt)?;
            let service: ServiceCode = row.service.as_str().parse().map_err(Error::corrupt)?;
            let quality = all.entry((rule.clone(), service.clone())).or_insert_with(|| Quality::new(rule, service));
            add(quality, &row)?;
        }
        Ok(all.into_values().collect())
    }
}

fn add(quality: &mut Quality, row: &CountRow) -> Result<()> {
    let count = u64::try_from(row.count).map_err(Error::corrupt)?;
    let detail = || row.detail.clone().ok_or_else(|| Error::corrupt("a count says not of what"));
    match row.kind.as_str() {
        "sent" => quality.sent = count,
        "accepted" => quality.accepted = Some(count),
        "refused" => {
            let reason: RefusalReason = serde_json::from_value(detail()?.into()).map_err(Error::corrupt)?;
            quality.refused.insert(reason, count);
        }
        _ => {
            quality.rerouted.insert(detail()?.try_into().map_err(Error::corrupt)?, count);
        }
    }
    Ok(())
}
