//! Sheets « Vous avez dit, nous avons fait »: drawn up when they are asked for, and kept as they are when an officer
//! publishes them.

pub use store::restitution::{Of, Published};

use auth::Grant;
use auth::permission::PublishSheets;
use chrono::{Days, NaiveDate};
use domain::audit::Act;
use domain::city::City;
use domain::id::{ConcernId, RestitutionId};
use domain::restitution::{Said, Sheet, Subject, draw_up};
use std::collections::BTreeSet;
use store::restitution::Heard;

use crate::once::{Done, KeyReused, Once};
use crate::{Context, NoCity, of};

/// How many days a sheet of an area covers at most.
pub const MOST_DAYS: i64 = 731;

/// Why there is no sheet.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// There is no such café; or the sheet that should be withdrawn is not published.
    #[error("there is no such thing")]
    NotFound,
    /// The city has no such area.
    #[error("the city has no such area")]
    UnknownArea,
    /// The last day comes before the first one.
    #[error("the last day comes before the first one")]
    EndsBeforeItBegins,
    /// More days than a sheet covers.
    #[error("a sheet covers {MOST_DAYS} days at most")]
    TooLong,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A sheet as it is now, and whether it is published.
///
/// # Errors
/// See [`SheetError`].
pub async fn read(
    cx: &Context,
    _who: &Grant<PublishSheets>,
    asked: &Of,
) -> Result<(Sheet, Option<Published>), SheetError> {
    let loaded = cx.city()?;
    let (subject, heard) = subject(cx, of(&loaded), asked).await?;
    let (said, elsewhere) = cx.store.said(asked, &heard).await?;
    let (sheet, _) = sheet(cx, of(&loaded), subject, &said, &elsewhere);
    Ok((sheet, cx.store.published(asked).await?))
}

/// Publishes a sheet as it is now: from then on, its link shows that. The link is the one of before, unless it was
/// withdrawn.
///
/// # Errors
/// See [`SheetError`].
pub async fn publish(
    cx: &Context,
    who: &Grant<PublishSheets>,
    asked: &Of,
    once: Once<'_, Published>,
) -> Result<Done<Published>, SheetError> {
    let loaded = cx.city()?;
    let (subject, heard) = subject(cx, of(&loaded), asked).await?;
    once.run(cx, async |tx| {
        tx.hold_restitutions().await?;
        let (said, elsewhere) = tx.said(asked, &heard).await?;
        let (sheet, counted) = sheet(cx, of(&loaded), subject, &said, &elsewhere);
        let content = serde_json::to_value(&sheet).map_err(|error| store::Error::Corrupt(error.to_string()))?;
        let id = RestitutionId(cx.ids.next());
        let published = tx.publish_restitution(id, asked, &content, &counted, who.person().user, cx.now()).await?;
        tx.audit(&who.record(published_as(asked, published.id), cx.now()));
        Ok(published)
    })
    .await
}

/// Withdraws a published sheet, if it was not before: its link leads nowhere from then on.
///
/// # Errors
/// See [`SheetError`].
pub async fn withdraw(cx: &Context, who: &Grant<PublishSheets>, asked: &Of) -> Result<(), SheetError> {
    let tx = cx.store.begin().await?;
    tx.hold_restitutions().await?;
    let withdrawn = tx.withdraw_restitution(asked, who.person().user, cx.now()).await?;
    let (sheet, was_shown) = withdrawn.ok_or(SheetError::NotFound)?;
    if was_shown {
        tx.audit(&who.record(Act::SheetWithdrawn { sheet }, cx.now()));
    }
    Ok(tx.commit().await?)
}

fn published_as(of: &Of, sheet: RestitutionId) -> Act {
    match of {
        Of::Cafe(cafe) => Act::SheetPublished { sheet, cafe: Some(*cafe), area: None, days: None },
        Of::Area { zoning, area, from, to } => {
            let area = Some(format!("{zoning}:{area}"));
            Act::SheetPublished { sheet, cafe: None, area, days: Some((*from, *to)) }
        }
    }
}

/// The sheet that a link shows; none when it leads nowhere, or not any more.
///
/// # Errors
/// When the database does not answer, or holds a sheet that this program does not understand.
pub async fn shown(cx: &Context, token: &str) -> Result<Option<(Sheet, Published)>, store::Error> {
    let Some((content, published)) = cx.store.restitution(token).await? else { return Ok(None) };
    let sheet = serde_json::from_value(content).map_err(|error| store::Error::Corrupt(error.to_string()))?;
    Ok(Some((sheet, published)))
}

/// What is asked for, as it is called, and which concerns it tells of.
async fn subject(cx: &Context, city: &City, asked: &Of) -> Result<(Subject, Heard), SheetError> {
    match asked {
        Of::Cafe(id) => {
            let cafe = cx.store.cafe(*id).await?.ok_or(SheetError::NotFound)?;
            let on = city.zone().day_of(cafe.starts_at);
            Ok((Subject::Cafe { title: cafe.title.to_string(), on }, Heard::At(*id)))
        }
        Of::Area { zoning, area, from, to } => {
            if to < from {
                return Err(SheetError::EndsBeforeItBegins);
            }
            if (*to - *from).num_days() >= MOST_DAYS {
                return Err(SheetError::TooLong);
            }
            let known = city.zoning(zoning).ok_or(SheetError::UnknownArea)?;
            let name = known.area(area).ok_or(SheetError::UnknownArea)?.name.clone();
            let begins = |day: NaiveDate| city.zone().midnight(day).ok_or(SheetError::TooLong);
            let after = to.checked_add_days(Days::new(1)).ok_or(SheetError::TooLong)?;
            let heard =
                Heard::In { zoning: zoning.clone(), area: area.clone(), from: begins(*from)?, until: begins(after)? };
            Ok((Subject::Area { zoning: known.name.clone(), area: name, from: *from, to: *to }, heard))
        }
    }
}

fn sheet(
    cx: &Context,
    city: &City,
    subject: Subject,
    said: &[Said],
    elsewhere: &BTreeSet<ConcernId>,
) -> (Sheet, BTreeSet<ConcernId>) {
    let (restitution, counted) = draw_up(said, &city.catalogue, city.zone(), elsewhere);
    (Sheet { subject, restitution, drawn_up_at: cx.now() }, counted)
}
