//! Places that come back: without a token coarsely and from five concerns on, with one that may read hotspots as the API
//! tells them.

use auth::Grant;
use auth::permission::ReadHotspots;
use domain::id::{CategoryCode, HotspotId};
use serde_json::{Value, json};
use usecases::hotspot::{Hotspot, OnMap, Public};

use super::at;
use crate::answer::Wrong;
use crate::items::{Found, Reading, after};
use crate::query::Asked;

pub(crate) async fn page(reading: &Reading<'_>, asked: &Asked) -> Result<Found, Wrong> {
    let after = after(asked, |cursor| cursor.parse().ok().map(HotspotId))?;
    let on_map = OnMap {
        id: None,
        families: asked.filter("family").and_then(|code| code.parse().ok()).into_iter().collect(),
        areas: asked.areas(),
        active: asked.filter("active").map(|active| active == "true"),
        within: asked.bounds,
        during: asked.during,
    };
    let (features, next) = found(reading, &on_map, after, asked.limit).await?;
    Ok((features, next.map(|id| id.to_string())))
}

pub(crate) async fn one(reading: &Reading<'_>, id: &str) -> Result<Option<Value>, Wrong> {
    let Ok(id) = id.parse().map(HotspotId) else { return Ok(None) };
    let on_map = OnMap { id: Some(id), ..OnMap::default() };
    Ok(found(reading, &on_map, None, 1).await?.0.pop())
}

async fn found(
    reading: &Reading<'_>,
    on_map: &OnMap,
    after: Option<HotspotId>,
    limit: u64,
) -> Result<(Vec<Value>, Option<HotspotId>), Wrong> {
    let grant: Option<Grant<ReadHotspots>> = reading.who.as_ref().and_then(|who| who.grant().ok());
    Ok(if let Some(grant) = grant {
        let page = usecases::hotspot::on_map(reading.cx, &grant, on_map, after, limit).await?;
        (page.items.iter().map(|hotspot| own(reading, hotspot)).collect(), page.next)
    } else {
        let page = usecases::hotspot::public(reading.cx, on_map, after, limit).await?;
        (page.items.iter().map(|hotspot| public(reading, hotspot)).collect(), page.next)
    })
}

fn label<'a>(reading: &'a Reading<'_>, family: &'a CategoryCode) -> &'a str {
    reading.city.category(family).map_or(family.as_str(), |family| family.label.in_language(reading.language))
}

fn public(reading: &Reading<'_>, hotspot: &Public) -> Value {
    let properties = json!({
        "family": hotspot.family,
        "family_label": label(reading, &hotspot.family),
        "active": true,
        "street": hotspot.street,
        "concerns": hotspot.about,
        "first_month": hotspot.first_month,
        "last_month": hotspot.last_month,
    });
    at(&hotspot.id.to_string(), hotspot.near, &hotspot.areas, properties)
}

fn own(reading: &Reading<'_>, hotspot: &Hotspot) -> Value {
    let zone = reading.city.zone();
    let month = |at| zone.local(at).format("%Y-%m").to_string();
    let mut properties = json!({
        "family": hotspot.family,
        "family_label": label(reading, &hotspot.family),
        "active": hotspot.active,
        "street": hotspot.street,
        "concerns": hotspot.concerns,
        "first_month": month(hotspot.first_at),
        "last_month": month(hotspot.last_at),
    });
    if let Some(ever) = hotspot.ever {
        properties["concerns_ever"] = ever.into();
    }
    at(&hotspot.id.to_string(), hotspot.centre, &hotspot.areas, properties)
}
